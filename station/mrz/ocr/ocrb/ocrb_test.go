package ocrb_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/go-text/typesetting/font"
	"github.com/go-text/typesetting/font/opentype"

	"padarozhnik/station/mrz/ocr/ocrb"
)

var update = flag.Bool("update", false, "rewrite glyphs.txt from the installed font")

const (
	face   = "/usr/share/fonts/opentype/ocr-b/OCRB.otf"
	golden = "glyphs.txt"
)

const head = `# Outlines of the characters of a machine readable zone, from OCRB.otf of Debian's fonts-ocr-b.
# The face is in the public domain. A line per glyph: character, advance, steps (M move, L line,
# C cubic curve) in font units, Y up. Rewritten by: go test ./station/mrz/ocr/ocrb -update
`

// outlines writes the glyph file from an OpenType face.
func outlines(data []byte) (string, error) {
	f, err := font.ParseTTF(bytes.NewReader(data))
	if err != nil {
		return "", err
	}
	var b strings.Builder
	b.WriteString(head)
	for _, r := range ocrb.Alphabet {
		gid, ok := f.NominalGlyph(r)
		if !ok {
			return "", fmt.Errorf("face has no %q", r)
		}
		glyph, ok := f.GlyphData(gid).(font.GlyphOutline)
		if !ok {
			return "", fmt.Errorf("glyph %q is no outline", r)
		}
		fmt.Fprintf(&b, "%c %s", r, number(f.HorizontalAdvance(gid)))
		for _, s := range glyph.Segments {
			op := map[opentype.SegmentOp]string{opentype.SegmentOpMoveTo: "M", opentype.SegmentOpLineTo: "L",
				opentype.SegmentOpCubeTo: "C"}[s.Op]
			if op == "" {
				return "", fmt.Errorf("glyph %q has a step of kind %d", r, s.Op)
			}
			b.WriteString(" " + op)
			for _, p := range s.ArgsSlice() {
				fmt.Fprintf(&b, " %s %s", number(p.X), number(p.Y))
			}
		}
		b.WriteByte('\n')
	}
	return b.String(), nil
}

func number(v float32) string { return strconv.FormatFloat(float64(v), 'f', -1, 32) }

func TestOutlinesOfTheFace(t *testing.T) {
	data, err := os.ReadFile(face)
	if err != nil {
		t.Fatal("the OCR-B face is missing: install the Debian package fonts-ocr-b (make deps)")
	}
	got, err := outlines(data)
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Error("glyphs.txt is not what the installed face holds; look, then run with -update")
	}
}

func TestGlyphsFitTheirCells(t *testing.T) {
	for _, g := range ocrb.Glyphs() {
		low, high := g.Bounds()
		if low.X < 0 || high.X > 1 || low.Y < -0.1 || high.Y > 1.3 || high.Y-low.Y < 0.4 {
			t.Errorf("%c spans %.2f..%.2f x %.2f..%.2f", g.Rune, low.X, high.X, low.Y, high.Y)
		}
	}
}
