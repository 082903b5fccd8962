package inspection_test

import (
	"testing"
	"time"

	"padarozhnik/printing/inspection"
	"padarozhnik/printing/measure"
	"padarozhnik/station/mrz/ocr"
)

// BenchmarkInspect compares a scanned page with its order. The baseline of the same run is the reading of
// its machine readable zone alone, which is a part of it.
func BenchmarkInspect(b *testing.B) {
	p := cached(b, 1, 300)
	serial := p.serial()
	page := p.person(serial)
	img := p.good(page, serial, measure.Point{}, nil)
	var inspect, read time.Duration
	for b.Loop() {
		start := time.Now()
		art, err := inspection.DrawArtwork(b.Context(), p.layout, serial, scanDPI)
		if err != nil {
			b.Fatal(err)
		}
		order, err := inspection.Prepare(b.Context(), page, art)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := order.Inspect(b.Context(), img, measure.Geometry{}); err != nil {
			b.Fatal(err)
		}
		between := time.Now()
		if _, err := ocr.Read(b.Context(), img, scanDPI); err != nil {
			b.Fatal(err)
		}
		inspect, read = inspect+between.Sub(start), read+time.Since(between)
	}
	b.ReportMetric(inspect.Seconds()/read.Seconds(), "inspect/read")
}
