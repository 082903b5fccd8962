package printing

import (
	"fmt"
	"strings"

	"github.com/go-text/typesetting/font"
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
	bottom, top := l.capital()
	em := l.ocrEm()
	place := MRZPlace{LeftMM: l.MRZ.LeftMM, PitchMM: l.MRZ.PitchMM, CapMM: (top - bottom) * em}
	for i, fromBottom := range [2]float64{l.MRZ.UpperMM, l.MRZ.LowerMM} {
		place.CentreMM[i] = l.HeightMM - fromBottom
		place.BaselineMM[i] = place.CentreMM[i] + (top+bottom)/2*em
	}
	return place
}

// ocrEm is the em size, in millimetres, at which OCR-B has the pitch of size 1.
func (l *Layout) ocrEm() float64 {
	gid, _ := l.ocr.NominalGlyph('H')
	return l.MRZ.PitchMM / (float64(font.NewFace(l.ocr).HorizontalAdvance(gid)) / float64(l.ocr.Upem()))
}

// capital returns the lower and upper edge of OCR-B's H over its baseline, in ems.
func (l *Layout) capital() (bottom, top float64) {
	gid, _ := l.ocr.NominalGlyph('H')
	e, _ := font.NewFace(l.ocr).GlyphExtents(gid)
	em := float64(l.ocr.Upem())
	return float64(e.YBearing+e.Height) / em, float64(e.YBearing) / em
}

// bearing is the white to the left of a full-width letter, in ems.
func (l *Layout) bearing() float64 {
	gid, _ := l.ocr.NominalGlyph('M')
	e, _ := font.NewFace(l.ocr).GlyphExtents(gid)
	return float64(e.XBearing) / float64(l.ocr.Upem())
}

// drawMRZ prints the two lines in pure black, each character in its own cell of the pitch.
func (c *canvas) drawMRZ(l *Layout, lines [2]string) error {
	face := newTypeface(l.ocr)
	place, em := l.MRZPlace(), l.ocrEm()
	left := l.MRZ.LeftMM - l.bearing()*em
	for i, line := range lines {
		if err := checkMRZ(line); err != nil {
			return err
		}
		var o outline
		for k, r := range line {
			gid, ok := l.ocr.NominalGlyph(r)
			if !ok {
				return &GlyphError{Field: "mrz"}
			}
			at := upright(point{left + float64(k)*l.MRZ.PitchMM, place.BaselineMM[i]}, em)
			o = face.glyph(o, placed{glyph: gid}, at)
		}
		c.fill(o, ink{}, 1)
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
