package printing

import (
	"fmt"
	"strings"
)

// mrzLength is the number of characters in a line of TD3 (ICAO Doc 9303-4, 4.2.2).
const mrzLength = 44

// MRZPlace says where the machine readable zone of a page stands, in millimetres from the top left
// corner of the page. Index 0 is the upper line.
type MRZPlace struct {
	CentreMM   [2]float64 // centres of the capital letters of each line
	BaselineMM [2]float64
	LeftMM     float64 // ink of a full-width first letter
	PitchMM    float64
	CapMM      float64 // height of a capital letter, ink to ink
}

// MRZPlace returns the measures of the machine readable zone. The baseline follows from the
// height of the capital H in the face itself, so that its middle lies on the code line's centre.
func (l *Layout) MRZPlace() MRZPlace {
	face, em := l.press.code, l.ocrEm()
	place := MRZPlace{LeftMM: l.MRZ.LeftMM, PitchMM: l.MRZ.PitchMM, CapMM: (face.top - face.bottom) * em}
	for i, fromBottom := range [2]float64{l.MRZ.UpperMM, l.MRZ.LowerMM} {
		place.CentreMM[i] = l.HeightMM - fromBottom
		place.BaselineMM[i] = place.CentreMM[i] + float64((face.top+face.bottom)/2*em)
	}
	return place
}

// ocrEm is the em size, in millimetres, at which OCR-B has the pitch of size 1.
func (l *Layout) ocrEm() float64 { return l.MRZ.PitchMM / l.press.code.advance }

// codeFace is what the typeface of the machine readable zone measures, in ems: the edges of the
// capital H over its baseline, the advance of every letter, the white to the left of a full-width one.
type codeFace struct{ bottom, top, advance, bearing float64 }

func measure(t *typeface) codeFace {
	glyph, _ := t.face.NominalGlyph('H')
	wide, _ := t.face.NominalGlyph('M')
	e, _ := t.face.GlyphExtents(glyph)
	w, _ := t.face.GlyphExtents(wide)
	return codeFace{
		bottom: float64(e.YBearing+e.Height) / t.em, top: float64(e.YBearing) / t.em,
		advance: float64(t.face.HorizontalAdvance(glyph)) / t.em, bearing: float64(w.XBearing) / t.em,
	}
}

// mrz prints the two lines in pure black, each character in its own cell of the pitch.
func (c *composer) mrz(lines [2]string) error {
	face := c.press.ocr
	place, em := c.l.MRZPlace(), c.l.ocrEm()
	left := c.l.MRZ.LeftMM - float64(c.press.code.bearing*em)
	for i, line := range lines {
		if err := checkMRZ(line); err != nil {
			return err
		}
		s := setting{face: face, text: line, width: mrzLength * c.press.code.advance}
		for k, r := range line {
			gid, ok := face.face.NominalGlyph(r)
			if !ok {
				return &GlyphError{Field: "mrz"}
			}
			s.glyphs = append(s.glyphs, placed{glyph: gid, char: r, x: float64(k) * c.press.code.advance})
		}
		c.text(textLine{s, baseline{point{left, place.BaselineMM[i]}, em, 0}}, personal, inkBlack)
	}
	return nil
}

// checkMRZ refuses a line that no reader could read.
func checkMRZ(line string) error {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789<"
	if line == "" {
		return &MissingError{Field: "mrz"}
	}
	if strings.Trim(line, alphabet) != "" {
		return &GlyphError{Field: "mrz"}
	}
	if len(line) != mrzLength {
		return fmt.Errorf("page field mrz: %d characters, want %d (ICAO Doc 9303-4, 4.2.2)", len(line), mrzLength)
	}
	return nil
}
