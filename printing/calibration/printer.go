package calibration

import (
	"errors"
	"fmt"
	"math"

	"padarozhnik/printing"
	"padarozhnik/printing/measure"
)

// Limits of a printer. What is farther off is out of order, and no drawing cures it.
const (
	PrintsWanted = 3    // that are averaged
	VerifyMM     = 0.25 // within which a verification print must lie
	maxOffsetMM  = 3.0
	maxTurnDeg   = 1.5
	maxScale     = 0.010
	maxRestMM    = 0.12 // root of the mean square that the affine map leaves
	maxSpreadMM  = 0.15 // between prints
)

// Conditions of a device that a technician can cure.
var (
	// ErrOutOfReach: the device is farther off than a correction may make good.
	ErrOutOfReach = errors.New("device is farther off than a correction may make good")
	// ErrUnsteady: the prints differ among themselves, or no map explains where the marks lie.
	ErrUnsteady = errors.New("prints differ too much among themselves")
	// ErrOutOfTolerance: the verification lies outside of the tolerance.
	ErrOutOfTolerance = errors.New("device is out of tolerance")
)

// Printer is what the targets say of a printer: a point of the page is printed at Error of it.
type Printer struct {
	Error        measure.Affine `json:"error"`
	OffsetXMM    float64        `json:"offsetXMM"` // of the page's centre
	OffsetYMM    float64        `json:"offsetYMM"`
	TurnDeg      float64        `json:"turnDeg"` // clockwise
	ScaleX       float64        `json:"scaleX"`
	ScaleY       float64        `json:"scaleY"`
	RestMM       float64        `json:"restMM"`       // root of the mean square of what the map leaves
	WorstMM      float64        `json:"worstMM"`      // the greatest
	SpreadMM     float64        `json:"spreadMM"`     // standard deviation between prints
	ConfidenceMM float64        `json:"confidenceMM"` // 95 % of the map's own error at the first character of the MRZ
	Prints       int            `json:"prints"`
}

// Placement undoes the printer's error.
func (p Printer) Placement() printing.Placement { return Placement(p.Error.Inverse()) }

// Placement is a map of page millimetres as a page is placed by it.
func Placement(t measure.Affine) printing.Placement {
	return printing.Placement{XX: t.A, XY: t.B, YX: t.D, YY: t.E, XMM: t.C, YMM: t.F}
}

// Solve averages prints of the target and finds the printer's error. A result that may not be used comes
// with ErrOutOfReach or ErrUnsteady.
func Solve(prints []Print) (Printer, error) {
	target := PrinterTarget()
	var all, means []measure.Pair
	for i, m := range target.Marks {
		var sum measure.Point
		for _, p := range prints {
			all = append(all, measure.Pair{From: m.Point, To: p.Marks[i]})
			sum = sum.Add(p.Marks[i])
		}
		n := float64(max(1, len(prints)))
		means = append(means, measure.Pair{From: m.Point, To: measure.Point{X: sum.X / n, Y: sum.Y / n}})
	}
	t, err := measure.Fit(all)
	if err != nil {
		return Printer{}, err
	}
	centre := measure.Point{X: target.WidthMM / 2, Y: target.HeightMM / 2}
	off := t.Apply(centre).Sub(centre)
	out := Printer{Error: t, OffsetXMM: off.X, OffsetYMM: off.Y, TurnDeg: t.RotationDeg(), ScaleX: t.ScaleX(), ScaleY: t.ScaleY(),
		Prints: len(prints), SpreadMM: spread(prints)}
	rests := t.Residuals(means)
	out.RestMM = measure.RMS(rests)
	for _, r := range rests {
		out.WorstMM = math.Max(out.WorstMM, r)
	}
	out.ConfidenceMM = confidence(out, all)
	return out, out.check()
}

// check refuses a printer that no correction makes good.
func (p Printer) check() error {
	switch {
	case math.Hypot(p.OffsetXMM, p.OffsetYMM) > maxOffsetMM, math.Abs(p.TurnDeg) > maxTurnDeg,
		math.Abs(p.ScaleX-1) > maxScale, math.Abs(p.ScaleY-1) > maxScale:
		return fmt.Errorf("offset %.2f, %.2f mm, turn %.2f degrees, scale %.4f x %.4f: %w",
			p.OffsetXMM, p.OffsetYMM, p.TurnDeg, p.ScaleX, p.ScaleY, ErrOutOfReach)
	case p.RestMM > maxRestMM || p.SpreadMM > maxSpreadMM:
		return fmt.Errorf("%.3f mm left, %.3f mm between prints: %w", p.RestMM, p.SpreadMM, ErrUnsteady)
	}
	return nil
}

// spread is the standard deviation of where whole prints lie, of the two axes together.
func spread(prints []Print) float64 {
	if len(prints) < 2 {
		return 0
	}
	var places []measure.Point
	var mean measure.Point
	for _, p := range prints {
		var c measure.Point
		for _, m := range p.Marks {
			c = c.Add(measure.Point{X: m.X / float64(len(p.Marks)), Y: m.Y / float64(len(p.Marks))})
		}
		places = append(places, c)
		mean = mean.Add(measure.Point{X: c.X / float64(len(prints)), Y: c.Y / float64(len(prints))})
	}
	sum := 0.0
	for _, c := range places {
		d := c.Sub(mean)
		sum += d.X*d.X + d.Y*d.Y
	}
	return math.Sqrt(sum / float64(2*(len(prints)-1)))
}

// confidence is twice the standard error at the first character of the machine readable zone: what the
// prints' spread leaves after averaging, and what the marks' rests leave there by their leverage.
func confidence(p Printer, all []measure.Pair) float64 {
	first := measure.Point{X: 7, Y: 75.4} // of the upper line (ICAO Doc 9303-4, 4.2.3)
	var mean measure.Point
	n := float64(len(all))
	for _, q := range all {
		mean = mean.Add(measure.Point{X: q.From.X / n, Y: q.From.Y / n})
	}
	var xx, yy float64
	for _, q := range all {
		d := q.From.Sub(mean)
		xx, yy = xx+d.X*d.X, yy+d.Y*d.Y
	}
	d := first.Sub(mean)
	leverage := 1/n + d.X*d.X/xx + d.Y*d.Y/yy
	fed := p.SpreadMM * p.SpreadMM / float64(max(1, p.Prints))
	return 2 * math.Sqrt(p.RestMM*p.RestMM*leverage+fed)
}

// Verification is a target that was printed through the placement.
type Verification struct {
	WorstMM   float64 `json:"worstMM"` // the mark farthest from its place
	OffsetXMM float64 `json:"offsetXMM"`
	OffsetYMM float64 `json:"offsetYMM"`
	OK        bool    `json:"ok"`
}

// Verify holds a print against the tolerance.
func Verify(p Print) Verification {
	var v Verification
	target := PrinterTarget()
	n := float64(len(target.Marks))
	for i, m := range target.Marks {
		d := p.Marks[i].Sub(m.Point)
		v.OffsetXMM, v.OffsetYMM = v.OffsetXMM+d.X/n, v.OffsetYMM+d.Y/n
		v.WorstMM = math.Max(v.WorstMM, d.Length())
	}
	v.OK = v.WorstMM <= VerifyMM
	return v
}
