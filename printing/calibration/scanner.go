package calibration

import (
	"errors"
	"fmt"
	"image"
	"math"
	"slices"

	"padarozhnik/printing/measure"
)

// Limits of a scanner.
const (
	maxScannerScale = 0.010 // that is corrected; a scanner farther off is out of order
	maxScannerShear = 0.005
	maxScannerRest  = 0.08 // mm, root of the mean square
	maxGreyError    = 0.15 // of the whole range, from the straight line
	darkestBlack    = 70   // grey level
	lightestWhite   = 190
)

// ErrGrey: the scanner's greys are not in order; the lamp, the lid or a setting is at fault.
var ErrGrey = errors.New("greys of the scanner are not in order")

// Scanner is what a card says of a scanner.
type Scanner struct {
	Geometry  measure.Geometry `json:"geometry"`
	RestMM    float64          `json:"restMM"`
	WorstMM   float64          `json:"worstMM"`
	SkewDeg   float64          `json:"skewDeg"` // of the card on the glass
	Black     float64          `json:"black"`   // grey level
	White     float64          `json:"white"`
	Gamma     float64          `json:"gamma"`
	GreyError float64          `json:"greyError"` // share of the range, the worst patch
	Greys     []float64        `json:"greys"`
}

// MeasureScanner measures a scan of the scanner's card. A result that may not be used comes with
// ErrOutOfReach, ErrUnsteady or ErrGrey.
func MeasureScanner(img image.Image, dpi int) (Scanner, Sight, error) {
	s, err := measure.NewScan(img, dpi, measure.Geometry{})
	if err != nil {
		return Scanner{}, Sight{}, fmt.Errorf("scanner's card: %w: %w", ErrNoTarget, err)
	}
	t := ScannerTarget()
	rough, err := roughCard(s, t)
	if err != nil {
		return Scanner{}, Sight{}, fmt.Errorf("scanner's card: %w", err)
	}
	marks, err := findMarks(s, t, rough)
	if err != nil {
		return Scanner{}, Sight{}, fmt.Errorf("scanner's card: %w", err)
	}
	var pairs []measure.Pair
	for i, m := range t.Marks {
		pairs = append(pairs, measure.Pair{From: m.Point, To: s.Glass(marks[i])})
	}
	card, err := measure.Fit(pairs)
	if err != nil {
		return Scanner{}, Sight{}, err
	}
	out := Scanner{}
	out.Geometry, out.SkewDeg = split(card)
	rests := card.Residuals(pairs)
	out.RestMM, out.WorstMM = measure.RMS(rests), slices.Max(rests)
	out.readGreys(s, t, card)
	return out, cardSight(s, t, card, out.SkewDeg, marks), out.check()
}

// cardSight shows the marks of a card as they lie once its turn on the glass is taken out: what is left is
// the scanner's own error.
func cardSight(s *measure.Scan, t Target, card measure.Affine, skewDeg float64, marks []measure.Point) Sight {
	sin, cos := math.Sincos(skewDeg * math.Pi / 180)
	centre := measure.Point{X: t.WidthMM / 2, Y: t.HeightMM / 2}
	there := card.Apply(centre)
	turned := measure.Affine{A: cos, B: -sin, D: sin, E: cos} // of sheet millimetres onto the glass, about the centre
	turned.C = there.X - cos*centre.X + sin*centre.Y
	turned.F = there.Y - sin*centre.X - cos*centre.Y
	back := turned.Inverse()
	var at []measure.Point
	for _, px := range marks {
		at = append(at, back.Apply(s.Glass(px)))
	}
	return sighted(s, s.ToPixels().After(turned), t, at)
}

// split takes the turn of the card out of what the scanner did to it: an upper triangle times a turn.
func split(t measure.Affine) (measure.Geometry, float64) {
	length := math.Hypot(t.D, t.E) // the second row is (0, ScaleY) turned
	sin, cos := t.D/length, t.E/length
	return measure.Geometry{ScaleX: t.A*cos - t.B*sin, ScaleY: length, Shear: t.A*sin + t.B*cos},
		math.Atan2(sin, cos) * 180 / math.Pi
}

func (s Scanner) check() error {
	g := s.Geometry
	switch {
	case math.Abs(g.ScaleX-1) > maxScannerScale, math.Abs(g.ScaleY-1) > maxScannerScale, math.Abs(g.Shear) > maxScannerShear:
		return fmt.Errorf("scale %.4f x %.4f, shear %.4f: %w", g.ScaleX, g.ScaleY, g.Shear, ErrOutOfReach)
	case s.RestMM > maxScannerRest:
		return fmt.Errorf("%.3f mm left: %w", s.RestMM, ErrUnsteady)
	case s.Black > darkestBlack, s.White < lightestWhite, s.GreyError > maxGreyError, !slices.IsSorted(s.Greys):
		return fmt.Errorf("black %.0f, white %.0f, %.0f %% off the line: %w", s.Black, s.White, 100*s.GreyError, ErrGrey)
	}
	return nil
}

// readGreys reads the ladder. The card's place is in glass millimetres of an exact scanner.
func (s *Scanner) readGreys(scan *measure.Scan, t Target, card measure.Affine) {
	for _, g := range t.Greys {
		sum, n := 0.0, 0.0
		for dy := -0.6 * g.HalfMM; dy <= 0.6*g.HalfMM; dy += 0.1 {
			for dx := -0.6 * g.HalfMM; dx <= 0.6*g.HalfMM; dx += 0.1 {
				px := scan.Pixels(card.Apply(measure.Point{X: g.X + dx, Y: g.Y + dy}))
				sum, n = sum+scan.Gray.At(px), n+1
			}
		}
		s.Greys = append(s.Greys, sum/n)
	}
	s.Black, s.White = s.Greys[0], s.Greys[len(s.Greys)-1]
	span := math.Max(1, s.White-s.Black)
	var num, den float64
	for i, g := range t.Greys {
		want, seen := float64(g.Level)/255, (s.Greys[i]-s.Black)/span
		s.GreyError = math.Max(s.GreyError, math.Abs(seen-want))
		if want > 0.05 && want < 0.95 && seen > 0 {
			num, den = num+math.Log(seen)*math.Log(want), den+math.Log(want)*math.Log(want)
		}
	}
	s.Gamma = num / den
}

// roughCard finds where the card lies, to a few millimetres: by its dark spots of the size of marks, of
// which one is full.
func roughCard(s *measure.Scan, t Target) (measure.Affine, error) {
	spots := darkSpots(s)
	perMM := s.DPI / 25.4
	var full *spot
	for i := range spots {
		if spots[i].full {
			if full != nil {
				return measure.Affine{}, ErrNoTarget
			}
			full = &spots[i]
		}
	}
	if full == nil || len(spots) < len(t.Marks) {
		return measure.Affine{}, ErrNoTarget
	}
	for i, turned := range []bool{false, true} {
		var pairs []measure.Pair
		for _, m := range t.Marks {
			way := m.Sub(t.Marks[0].Point)
			if turned {
				way = measure.Point{X: -way.X, Y: -way.Y}
			}
			want := measure.Point{X: full.X + way.X*perMM, Y: full.Y + way.Y*perMM}
			for _, o := range spots {
				if o.Sub(want).Length() < 15*perMM {
					pairs = append(pairs, measure.Pair{From: m.Point, To: o.Point})
				}
			}
		}
		if len(pairs) != len(t.Marks) {
			continue
		}
		if i == 1 {
			return measure.Affine{}, ErrTurned
		}
		return measure.Fit(pairs)
	}
	return measure.Affine{}, ErrNoTarget
}
