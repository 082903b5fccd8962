package issuance_test

import (
	"errors"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"os"
	"slices"
	"testing"

	"padarozhnik/station"
	"padarozhnik/station/issuance"
)

// TestInspectionSeesAScratch: a page from which a line of ink is missing does not pass, the findings name
// the zones, and a picture shows where; the same page passes without the scratch.
func TestInspectionSeesAScratch(t *testing.T) {
	o := newOffice(t, 2)
	v := &visit{office: o, desk: o.desk(nil)}
	d, ctx := v.desk, t.Context()
	c := v.until(station.StageProducing)
	for must(d.Case(ctx, c.Token))(t).Stage == station.StageProducing && v.stateOf(c.Serial) != station.StatePrinted {
		if _, err := v.next(ctx, d); err != nil {
			t.Fatal(err)
		}
	}
	path := v.table.PagePath(string(c.Serial))
	good := must(os.ReadFile(path))(t)
	f := must(os.Open(path))(t)
	page := must(png.Decode(f))(t)
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	scratched := image.NewRGBA(page.Bounds())
	draw.Draw(scratched, scratched.Rect, page, page.Bounds().Min, draw.Src)
	mm := func(v float64) int { return int(v * 300 / 25.4) }
	white := image.NewUniform(color.RGBA{245, 245, 240, 255})
	draw.Draw(scratched, image.Rect(mm(2), mm(23.2), mm(120), mm(23.5)), white, image.Point{}, draw.Src)
	v.page(string(c.Serial), scratched)
	e, err := d.Inspect(ctx, v.seat(d, "I"), c.Token, nil, d.Charter.Profile.Visual...)
	if !errors.Is(err, issuance.ErrInspection) || e.Difference() == nil {
		t.Fatalf("a scratched page: %v", err)
	}
	var failed []string
	for _, found := range e.Findings {
		if !found.OK {
			failed = append(failed, found.What)
		}
	}
	if !slices.Contains(failed, "page surname") || !slices.Contains(failed, "page portrait") || slices.Contains(failed, "page MRZ") || slices.Contains(failed, "print position") {
		t.Errorf("found wrong: %v", failed)
	}
	if err := os.WriteFile(path, good, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Inspect(ctx, v.seat(d, "I"), c.Token, nil, d.Charter.Profile.Visual...); err != nil {
		t.Errorf("the page without the scratch: %v", err)
	}
}

func (v *visit) stateOf(serial station.Serial) station.State {
	v.t.Helper()
	for _, b := range must(v.desk.Stock(v.t.Context()))(v.t) {
		if b.Serial == serial {
			return b.State
		}
	}
	return ""
}
