package printer

import (
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"io"
	"io/fs"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"

	"golang.org/x/image/draw"
	"golang.org/x/image/math/f64"
)

// Shift is how far a printer is from laying ink where it was told to: the page is scaled along each
// axis and turned about its centre, and then moved. Jitter is new for each page.
type Shift struct {
	XMM      float64 `json:"xMM"` // to the right
	YMM      float64 `json:"yMM"` // downwards
	Degrees  float64 `json:"degrees"`
	ScaleX   float64 `json:"scaleX"`   // 0 stands for 1
	ScaleY   float64 `json:"scaleY"`   // 0 stands for 1
	JitterMM float64 `json:"jitterMM"` // standard deviation of what each page adds, along each axis
}

// limits of a shift: a printer that is farther off prints no passports.
const (
	maxShiftMM      = 20
	maxShiftDegrees = 10
)

// check refuses numbers that are no printer's.
func (s Shift) check() error {
	ok := math.Abs(s.XMM) <= maxShiftMM && math.Abs(s.YMM) <= maxShiftMM && math.Abs(s.Degrees) <= maxShiftDegrees &&
		s.JitterMM >= 0 && s.JitterMM <= 1
	for _, scale := range []float64{s.ScaleX, s.ScaleY} {
		ok = ok && (scale == 0 || scale >= 0.9 && scale <= 1.1)
	}
	if !ok {
		return errors.New("shift out of range")
	}
	return nil
}

// page is the shift of one page: with the jitter of its number in it.
func (s Shift) page(number int) Shift {
	if s.JitterMM > 0 {
		r := rand.New(rand.NewPCG(uint64(number), 0x7072696e74))
		s.XMM += s.JitterMM * r.NormFloat64()
		s.YMM += s.JitterMM * r.NormFloat64()
		s.JitterMM = 0
	}
	return s
}

// affine takes pixels of a page of w x h pixels to where the printer lays them.
func (s Shift) affine(w, h int, pixelsPerMM float64) f64.Aff3 {
	one := func(v float64) float64 {
		if v == 0 {
			return 1
		}
		return v
	}
	sin, cos := math.Sincos(s.Degrees * math.Pi / 180)
	a, b := cos*one(s.ScaleX), -sin*one(s.ScaleY)
	d, e := sin*one(s.ScaleX), cos*one(s.ScaleY)
	cx, cy := float64(w)/2, float64(h)/2
	return f64.Aff3{
		a, b, cx - a*cx - b*cy + s.XMM*pixelsPerMM,
		d, e, cy - d*cx - e*cy + s.YMM*pixelsPerMM,
	}
}

// Apply returns a layer of ink as this printer lays it, as page number; the layer itself where
// nothing moves.
func (s Shift) Apply(layer *image.RGBA, dpi float64, number int) *image.RGBA {
	return s.on(Lie{}, layer, dpi, number)
}

// on is Apply on a page that lies in the printer in some way: the layer as it comes to stand on the
// page.
func (s Shift) on(l Lie, layer *image.RGBA, dpi float64, number int) *image.RGBA {
	s = s.page(number)
	if s == (Shift{}) && l == (Lie{}) {
		return layer
	}
	w, h := layer.Rect.Dx(), layer.Rect.Dy()
	page := Shift{XMM: l.XMM, YMM: l.YMM, Degrees: l.Degrees}.affine(w, h, dpi/25.4)
	return moved(layer, after(inverse(page), s.affine(w, h, dpi/25.4)))
}

// after returns the map that applies b first and then a.
func after(a, b f64.Aff3) f64.Aff3 {
	return f64.Aff3{
		a[0]*b[0] + a[1]*b[3], a[0]*b[1] + a[1]*b[4], a[0]*b[2] + a[1]*b[5] + a[2],
		a[3]*b[0] + a[4]*b[3], a[3]*b[1] + a[4]*b[4], a[3]*b[2] + a[4]*b[5] + a[5],
	}
}

func inverse(a f64.Aff3) f64.Aff3 {
	det := a[0]*a[4] - a[1]*a[3]
	i := f64.Aff3{a[4] / det, -a[1] / det, 0, -a[3] / det, a[0] / det, 0}
	i[2], i[5] = -i[0]*a[2]-i[1]*a[5], -i[3]*a[2]-i[4]*a[5]
	return i
}

// moved returns a layer under a map of its pixels, on white.
func moved(layer *image.RGBA, m f64.Aff3) *image.RGBA {
	out := image.NewRGBA(layer.Rect)
	for i := range out.Pix {
		out.Pix[i] = 0xff
	}
	draw.CatmullRom.Transform(out, m, layer, layer.Rect, draw.Over, nil)
	return out
}

// ShiftFile is the file that misplaces the printer's ink: a Shift as JSON.
func (p *Printer) ShiftFile() string { return filepath.Join(p.dir, "faults", "shift.json") }

// Misplace writes the shift file, or removes it for the zero Shift. It holds from the next page on.
func (p *Printer) Misplace(s Shift) error {
	if err := s.check(); err != nil {
		return fmt.Errorf("misplace ink: %w", err)
	}
	if s == (Shift{}) {
		if err := os.Remove(p.ShiftFile()); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("misplace ink: %w", err)
		}
		return nil
	}
	err := replace(p.ShiftFile(), func(w io.Writer) error { return json.NewEncoder(w).Encode(s) })
	if err != nil {
		return fmt.Errorf("misplace ink: %w", err)
	}
	return nil
}

// shift reads the shift file. A file that it cannot read moves nothing.
func (p *Printer) shift() Shift {
	b, err := os.ReadFile(p.ShiftFile())
	if err != nil {
		return Shift{}
	}
	var s Shift
	if err := json.Unmarshal(b, &s); err != nil || s.check() != nil {
		p.o.Log.Warn("unreadable shift", "file", p.ShiftFile())
		return Shift{}
	}
	return s
}
