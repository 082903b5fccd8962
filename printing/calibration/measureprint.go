package calibration

import (
	"fmt"
	"image"

	"padarozhnik/printing/measure"
)

// Print is one target as it was measured: where its marks lie on the page, in page millimetres, in the
// order of PrinterTarget.
type Print struct {
	WidthMM  float64         `json:"widthMM"` // of the page
	HeightMM float64         `json:"heightMM"`
	SkewDeg  float64         `json:"skewDeg"` // of the page on the glass
	Marks    []measure.Point `json:"marks"`
}

// MeasurePrint measures a printed target on the scan of its page.
func MeasurePrint(img image.Image, dpi int, g measure.Geometry) (Print, Sight, error) {
	s, err := measure.NewScan(img, dpi, g)
	if err != nil {
		return Print{}, Sight{}, err
	}
	page, err := measure.FindPage(s)
	if err != nil {
		return Print{}, Sight{}, err
	}
	marks, err := findMarks(s, PrinterTarget(), page.Map())
	if err != nil {
		return Print{}, Sight{}, fmt.Errorf("printed target: %w", err)
	}
	p := Print{WidthMM: page.WidthMM, HeightMM: page.HeightMM, SkewDeg: page.SkewDeg()}
	for _, px := range marks {
		p.Marks = append(p.Marks, page.ToPage(px))
	}
	return p, sighted(s, page.Map(), PrinterTarget(), p.Marks), nil
}
