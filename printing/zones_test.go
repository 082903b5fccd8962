package printing_test

import (
	"errors"
	"image"
	"testing"

	"padarozhnik/printing"
)

// TestZonesHoldTheirInk looks at the page itself: within a zone's Ink is ink up to every edge, and
// around it is none.
func TestZonesHoldTheirInk(t *testing.T) {
	const dpi = 600
	p := anna()
	p.Signature = signed()
	l := layout(t)
	zones, err := l.Zones(p)
	if err != nil {
		t.Fatal(err)
	}
	img := render(t, p, dpi)
	seen := map[string]bool{}
	for _, z := range zones {
		seen[z.Name] = true
		if z.Kind != printing.KindText && z.Kind != printing.KindMRZ {
			continue
		}
		if z.Empty() {
			t.Errorf("%s is empty", z.Name)
			continue
		}
		black := blackWithin(img, z.Ink.Grown(0.25).Pixels(dpi))
		ink := z.Ink.Pixels(dpi)
		if !black.In(ink.Inset(-2)) {
			t.Errorf("%s: ink in %v, zone says %v", z.Name, black, ink)
		}
		slack := 0.7 // of the first and last letters' bearings
		if z.Kind == printing.KindMRZ {
			slack = 3.2 // the last cell holds a narrow digit
		}
		if float64(ink.Dx()-black.Dx())*25.4/dpi > slack || float64(ink.Dy()-black.Dy())*25.4/dpi > 0.35 {
			t.Errorf("%s: ink in %v only, zone says %v", z.Name, black, ink)
		}
	}
	for _, name := range []string{"surname", "can", "portrait", "ghost", "signature", "mrz_upper", "mrz_lower", "barcode"} {
		if !seen[name] {
			t.Errorf("no zone %s", name)
		}
	}
}

// blackWithin is the smallest rectangle around black ink in a part of the page.
func blackWithin(img *image.RGBA, r image.Rectangle) image.Rectangle {
	var out image.Rectangle
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for x := r.Min.X; x < r.Max.X; x++ {
			if c := img.RGBAAt(x, y); c.R < 100 && c.G < 60 {
				out = out.Union(image.Rect(x, y, x+1, y+1))
			}
		}
	}
	return out
}

func TestZonesOfAnIncompletePage(t *testing.T) {
	l := layout(t)
	p := anna()
	p.PersonalNumber, p.CAN = "", ""
	zones, err := l.Zones(p)
	if err != nil {
		t.Fatal(err)
	}
	for _, z := range zones {
		if want := z.Name == "personal_number" || z.Name == "can" || z.Name == "signature"; z.Empty() != want {
			t.Errorf("%s: empty %v", z.Name, z.Empty())
		}
	}
	p.Surname = ""
	var missing *printing.MissingError
	if _, err := l.Zones(p); !errors.As(err, &missing) || missing.Field != "surname" {
		t.Errorf("got %v", err)
	}
}
