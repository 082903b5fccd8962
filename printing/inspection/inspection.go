// Package inspection compares the printed data page of a booklet, as a scanner shows it, with the page
// that was ordered.
//
// The page is found by its edges. What was ordered is drawn at the scan's own resolution, ink and
// artwork apart, because the artwork was printed by the maker of the booklets and the ink by the
// office: the two lie to each other as the printer's calibration left them. The ink is registered by
// pieces of the machine readable zone and of the texts, which gives the position of the print, and
// then expected and seen picture are laid on each other, with the scan's own blur and greys, and
// compared by zone. A text is compared in a window as small as a stroke, so that one wrong letter
// shows, be it as like the right one as l is to I; the portrait by its tones and by whole lines;
// the rest of the page for ink that nobody ordered.
//
// The machine readable zone is read under the reader's strict gate besides.
//
// A result says what differs and where, and draws it. It never holds what is written there; its
// picture shows the page and is as personal as the page itself.
package inspection

import (
	"context"
	"errors"
	"fmt"
	"image"
	"math"
	"strings"

	"padarozhnik/printing"
	"padarozhnik/printing/measure"
	"padarozhnik/station/mrz/ocr"
)

// Tolerances of the position (ICAO Doc 9303-4, 4.2.3: the first character 6.0 +-1.0 mm from the left
// edge, each code line within its printing zone of 4.3 mm, which leaves 0.9 mm). The office's own are
// tighter: a printer that was calibrated lies within 0.25 mm, and what is far beyond that has slipped.
const (
	standardXMM = 1.0
	standardYMM = 0.9
	officeMM    = 0.6
	maxTurnDeg  = 0.5
)

// Position is where the print lies on its page.
type Position struct {
	FirstXMM float64 `json:"firstXMM"` // left edge of the page to the first character of the zone
	UpperMM  float64 `json:"upperMM"`  // bottom edge to the centre of the upper line, at its first character
	LowerMM  float64 `json:"lowerMM"`
	ShiftXMM float64 `json:"shiftXMM"` // of the print's centre from its place
	ShiftYMM float64 `json:"shiftYMM"`
	TurnDeg  float64 `json:"turnDeg"`
}

// Area is a part of the page that differs, in page millimetres.
type Area struct {
	Zone  string       `json:"zone"`
	Cause string       `json:"cause"` // text, tone, line, ink
	Place printing.Box `json:"place"`
}

// Finding is one thing that was compared. It holds nothing personal.
type Finding struct {
	What   string `json:"what"`
	OK     bool   `json:"ok"`
	Reason string `json:"reason"`
}

// Result is what a page is, beside its order.
type Result struct {
	Inked    bool      `json:"inked"` // a machine readable zone stands on the page
	MRZOK    bool      `json:"mrzOk"` // and it is the order's, beyond doubt
	Position Position  `json:"position"`
	Findings []Finding `json:"findings"`
	Areas    []Area    `json:"areas"`

	// Scores are shares of the limits, by what was compared: how near a page came to being refused.
	Scores map[string]float64 `json:"scores"`

	seen *measure.Plane // registered, in greys of the expected picture
	want *measure.Plane
	dpi  int
}

// OK tells whether everything agrees.
func (r *Result) OK() bool {
	for _, f := range r.Findings {
		if !f.OK {
			return false
		}
	}
	return len(r.Findings) > 0
}

func (r *Result) add(what string, ok bool, reason string, args ...any) {
	r.Findings = append(r.Findings, Finding{what, ok, fmt.Sprintf(reason, args...)})
}

// Inspect compares a scan with what was ordered. What cannot be found or read is a finding; an error
// says that the comparison itself could not be made.
func (o *Order) Inspect(ctx context.Context, img image.Image, g measure.Geometry) (*Result, error) {
	r := &Result{dpi: o.dpi, Scores: map[string]float64{}}
	img, err := o.readZone(ctx, img, r)
	if err != nil {
		return r, err
	}
	if !r.Inked {
		return r, nil
	}
	scan, err := measure.NewScan(img, o.dpi, g)
	if err != nil {
		return r, err
	}
	page, err := measure.FindPage(scan)
	if errors.Is(err, measure.ErrNoPage) {
		r.add("page edges", false, "not found: the page must lie flat, with some of the glass around it")
		return r, nil
	}
	if err != nil {
		return r, err
	}
	r.add("page size", math.Abs(page.WidthMM-measure.PageWidthMM) <= 1 && math.Abs(page.HeightMM-measure.PageHeightMM) <= 1,
		"%.2f x %.2f mm", page.WidthMM, page.HeightMM)
	c, ok := o.register(scan, page)
	if !ok {
		r.add("print position", false, "the print could not be laid on what was ordered")
		return r, nil
	}
	r.place(c.ink, o)
	if err := ctx.Err(); err != nil {
		return r, err
	}
	c.compare(r)
	return r, nil
}

// readZone reads the machine readable zone under the strict gate, and returns the picture upright.
func (o *Order) readZone(ctx context.Context, img image.Image, r *Result) (image.Image, error) {
	read, err := ocr.Read(ctx, img, o.dpi)
	if errors.Is(err, ocr.ErrNoMRZ) {
		r.add("page MRZ", false, "no machine readable zone on the page")
		return img, nil
	}
	if err != nil {
		return img, err
	}
	r.Inked = true
	same := strings.Join(read.Lines, "\n") == strings.Join(o.page.MRZ[:], "\n")
	switch {
	case same && read.Accepted:
		r.MRZOK = true
		r.add("page MRZ", true, "read from the printed page without doubt, equal to the order")
	case same:
		r.add("page MRZ", false, "equal to the order, but read with doubts: print too weak or page soiled")
	default:
		r.add("page MRZ", false, "differs from the order")
	}
	return upright(img, read.Angle), nil
}

// place judges the position of the print.
func (r *Result) place(ink measure.Affine, o *Order) {
	m := o.layout.MRZPlace()
	upper := ink.Apply(measure.Point{X: m.LeftMM, Y: m.CentreMM[0]})
	lower := ink.Apply(measure.Point{X: m.LeftMM, Y: m.CentreMM[1]})
	middle := measure.Point{X: o.layout.WidthMM / 2, Y: o.layout.HeightMM / 2}
	shift := ink.Apply(middle).Sub(middle)
	p := Position{
		FirstXMM: upper.X, UpperMM: measure.PageHeightMM - upper.Y, LowerMM: measure.PageHeightMM - lower.Y,
		ShiftXMM: shift.X, ShiftYMM: shift.Y, TurnDeg: ink.RotationDeg(),
	}
	r.Position = p
	offX := math.Abs(p.FirstXMM - m.LeftMM)
	offY := math.Max(math.Abs(upper.Y-m.CentreMM[0]), math.Abs(lower.Y-m.CentreMM[1]))
	off := math.Max(math.Max(offX, offY), math.Max(math.Abs(shift.X), math.Abs(shift.Y)))
	switch {
	case offX > standardXMM || offY > standardYMM:
		r.add("print position", false, "%.2f and %.2f mm off: outside of ICAO Doc 9303-4, 4.2.3", offX, offY)
	case off > officeMM || math.Abs(p.TurnDeg) > maxTurnDeg:
		r.add("print position", false, "%.2f mm and %.2f degrees off: more than a calibrated printer may", off, p.TurnDeg)
	default:
		r.add("print position", true, "%.2f mm and %.2f degrees off", off, p.TurnDeg)
	}
}

// upright turns a picture by quarters so that the zone's lines run to the right.
func upright(img image.Image, angle float64) image.Image {
	quarters := int(math.Round(angle/90)+4) % 4
	if quarters == 0 {
		return img
	}
	b := img.Bounds()
	w, h := b.Dx(), b.Dy()
	if quarters != 2 {
		w, h = h, w
	}
	out := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			var at image.Point // of the picture
			switch quarters {
			case 1: // lines run downwards
				at = image.Pt(b.Dx()-1-y, x)
			case 2:
				at = image.Pt(b.Dx()-1-x, b.Dy()-1-y)
			case 3:
				at = image.Pt(y, b.Dy()-1-x)
			}
			out.Set(x, y, img.At(b.Min.X+at.X, b.Min.Y+at.Y))
		}
	}
	return out
}
