package printing

import (
	"bytes"
	"fmt"
	"image"
	"math"
	"sync"

	"github.com/go-text/typesetting/font"
	"github.com/go-text/typesetting/font/opentype"

	"padarozhnik/resources"
)

// press is what one layout's pages share: typefaces, the shapes of letters, the artwork at the last
// resolution used. It may be used by several goroutines.
type press struct {
	code codeFace // never changes

	mu                 sync.Mutex // guards what follows
	regular, bold, ocr *typeface

	z       rasterizer
	letters map[letterKey]*shape
	words   map[wordKey]*shape
	ground  *ground
}

// newPress reads the typefaces.
func newPress() (*press, error) {
	p := &press{letters: map[letterKey]*shape{}, words: map[wordKey]*shape{}}
	for _, f := range []struct {
		dst  **typeface
		data []byte
	}{{&p.regular, resources.NotoSansRegular}, {&p.bold, resources.NotoSansBold}, {&p.ocr, resources.OCRB}} {
		face, err := font.ParseTTF(bytes.NewReader(f.data))
		if err != nil {
			return nil, fmt.Errorf("typeface: %w", err)
		}
		*f.dst = newTypeface(face.Font)
	}
	p.code = measure(p.ocr)
	return p, nil
}

// Limits of the caches: a few hundred kilobytes of letters, one overprint and one watermark.
const (
	maxLetters = 2048
	maxWords   = 4
)

// phases is how many places within a pixel, along each axis, a letter is drawn at.
const phases = 4

// letterKey names the shape of a letter: its face and number, how its ems lie on the device, and its
// place within a pixel.
type letterKey struct {
	face   *font.Font
	glyph  font.GID
	ems    affine
	px, py uint8
}

// letter returns the shape of a glyph whose origin lies at a place in pixels, and by how many whole
// pixels it is to be moved. ems takes ems, y upwards, to pixels.
func (p *press) letter(t *typeface, glyph font.GID, ems affine, at point) (*shape, image.Point) {
	x := int(math.Floor(float64(at.x*phases) + 0.5))
	y := int(math.Floor(float64(at.y*phases) + 0.5))
	key := letterKey{t.face.Font, glyph, ems, uint8(x & (phases - 1)), uint8(y & (phases - 1))}
	by := image.Pt(x>>2, y>>2)
	if s, ok := p.letters[key]; ok {
		return s, by
	}
	ems.x0, ems.y0 = float64(key.px)/phases, float64(key.py)/phases
	p.z.fill(t.outline(glyph), ems)
	s := shapeOf(&p.z, everywhere)
	if len(p.letters) >= maxLetters {
		clear(p.letters)
	}
	p.letters[key] = s
	return s, by
}

// wordKey names the shape of a large word.
type wordKey struct {
	text string
	base baseline
	page affine
}

// everywhere clips nothing that a page can hold.
var everywhere = image.Rect(-1<<15, -1<<15, 1<<15, 1<<15)

// outline returns the shape of one glyph in ems, y upwards.
func (t *typeface) outline(glyph font.GID) outline {
	data, ok := t.face.GlyphData(glyph).(font.GlyphOutline)
	if !ok {
		return nil
	}
	kinds := map[opentype.SegmentOp]byte{
		opentype.SegmentOpMoveTo: 'M', opentype.SegmentOpLineTo: 'L',
		opentype.SegmentOpQuadTo: 'Q', opentype.SegmentOpCubeTo: 'C',
	}
	o := make(outline, 0, len(data.Segments))
	for _, seg := range data.Segments {
		step := op{kind: kinds[seg.Op]}
		for k := range step.points() {
			step.p[k] = point{float64(seg.Args[k].X) / t.em, float64(seg.Args[k].Y) / t.em}
		}
		o = append(o, step)
	}
	return o
}
