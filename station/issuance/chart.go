package issuance

import (
	"bytes"
	"fmt"
	"math"
	"time"
)

// Measures of a chart in its own units, pixels of a screen.
const (
	chartWidth  = 640.0
	chartHeight = 240.0
	chartLeft   = 52.0
	chartTop    = 14.0
	chartFloor  = 34.0 // below the curves: dates
)

// Chart draws the history of a device as SVG: for a printer its offsets along both axes, for a scanner its
// scales, in millimetres over the page. A calibration that was out of tolerance is drawn hollow.
func Chart(history []Calibration) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %g %g" font-family="sans-serif" font-size="11">`+"\n",
		chartWidth, chartHeight)
	b.WriteString(`<rect width="100%" height="100%" fill="#fff"/>` + "\n")
	most := 0.25
	for _, c := range history {
		x, y := c.axes()
		most = math.Max(most, math.Max(math.Abs(x), math.Abs(y)))
	}
	middle, half := chartTop+(chartHeight-chartTop-chartFloor)/2, (chartHeight-chartTop-chartFloor)/2
	at := func(mm float64) float64 { return middle - mm/most*half }
	for _, mm := range []float64{-most, 0, most} {
		fmt.Fprintf(&b, `<line x1="%g" x2="%g" y1="%.1f" y2="%.1f" stroke="#c5ccd1"/>`, chartLeft, chartWidth-12, at(mm), at(mm))
		fmt.Fprintf(&b, `<text x="%g" y="%.1f" text-anchor="end">%.2f mm</text>`+"\n", chartLeft-6, at(mm)+4, mm)
	}
	place := func(i int) float64 {
		return chartLeft + 16 + (chartWidth-chartLeft-44)*float64(i)/math.Max(1, float64(len(history)-1))
	}
	for axis, ink := range []string{"#1b5e7a", "#b0662a"} {
		value := func(c Calibration) float64 {
			x, y := c.axes()
			return []float64{x, y}[axis]
		}
		b.WriteString(`<polyline fill="none" stroke="` + ink + `" points="`)
		for i, c := range history {
			fmt.Fprintf(&b, "%.1f,%.1f ", place(i), at(value(c)))
		}
		b.WriteString(`"/>` + "\n")
		for i, c := range history {
			fill := ink
			if !c.OK {
				fill = "#fff"
			}
			fmt.Fprintf(&b, `<circle cx="%.1f" cy="%.1f" r="4" fill="%s" stroke="%s"/>`+"\n", place(i), at(value(c)), fill, ink)
		}
		fmt.Fprintf(&b, `<text x="%g" y="%g" fill="%s">%s</text>`+"\n", chartLeft+40*float64(axis), chartHeight-6, ink, []string{"x", "y"}[axis])
	}
	for i, c := range history {
		if i == 0 || i == len(history)-1 {
			anchor := []string{"start", "end"}[min(i, 1)]
			fmt.Fprintf(&b, `<text x="%.1f" y="%g" text-anchor="%s">%s</text>`+"\n", place(i), chartHeight-20, anchor,
				time.Unix(c.Time, 0).UTC().Format(time.DateOnly))
		}
	}
	b.WriteString("</svg>\n")
	return b.Bytes()
}

// axes are the two figures of a calibration that a chart shows, in millimetres.
func (c Calibration) axes() (x, y float64) {
	switch {
	case c.Printer != nil:
		return c.Printer.OffsetXMM, c.Printer.OffsetYMM
	case c.Scanner != nil:
		return (c.Scanner.Geometry.ScaleX - 1) * 125, (c.Scanner.Geometry.ScaleY - 1) * 88
	}
	return 0, 0
}
