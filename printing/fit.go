package printing

import (
	"errors"
	"strings"
	"unicode/utf8"
)

// leading is the distance of wrapped lines in ems.
const leading = 1.08

// setValue fits a value into its field and places its lines. The caller holds the press.
func (p *press) setValue(f Field, value string) ([]textLine, error) {
	face := p.regular
	if f.Face == "bold" {
		face = p.bold
	}
	lines, size, err := fit(f, face, value)
	if errors.Is(err, errGlyph) {
		return nil, &GlyphError{Field: f.Name}
	}
	if err != nil {
		return nil, err
	}
	step := size * leading
	first := f.YMM - 0.4*step*float64(len(lines)-1)
	var out []textLine
	for i, s := range lines {
		out = append(out, textLine{s, baseline{point{f.XMM, first + float64(float64(i)*step)}, size, 0}})
	}
	return out, nil
}

// fit finds how a value is set: the lines and their em size in millimetres.
func fit(f Field, face *typeface, value string) ([]setting, float64, error) {
	whole, err := face.set(value, 0)
	if err != nil {
		return nil, 0, err
	}
	if whole.width == 0 {
		return nil, 0, &MissingError{Field: f.Name}
	}
	if size := f.WidthMM / whole.width; size >= f.MinSizeMM {
		return []setting{whole}, min(size, f.SizeMM), nil
	}
	var lines []setting
	for rest := pieces(value); len(rest) > 0; {
		if len(lines) == f.Lines {
			return nil, 0, &FitError{Field: f.Name}
		}
		line, used, err := longest(face, rest, f.WidthMM/f.MinSizeMM)
		if err != nil {
			return nil, 0, err
		}
		if used == 0 {
			return nil, 0, &FitError{Field: f.Name}
		}
		lines, rest = append(lines, line), rest[used:]
	}
	return lines, f.MinSizeMM, nil
}

// longest sets as many pieces as fit into a line of a width in ems, and says how many.
func longest(face *typeface, rest []string, width float64) (setting, int, error) {
	var line setting
	text := ""
	for n, piece := range rest {
		text += piece
		s, err := face.set(strings.TrimRight(text, " "), 0)
		if err != nil {
			return setting{}, 0, err
		}
		if s.width > width {
			return line, n, nil
		}
		line = s
	}
	return line, len(rest), nil
}

// pieces cuts a value where a line may end: after a space, a hyphen or a slash, but not before one.
func pieces(value string) []string {
	var out []string
	start := 0
	for i, r := range value {
		rest := value[i+utf8.RuneLen(r):]
		if r == '-' || r == ' ' && !strings.HasPrefix(rest, "/") || r == '/' && !strings.HasPrefix(rest, " ") {
			out = append(out, value[start:i+1])
			start = i + 1
		}
	}
	if start < len(value) {
		out = append(out, value[start:])
	}
	return out
}
