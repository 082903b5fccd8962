package signature_test

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"image/png"
	"math"
	"math/rand/v2"
	"testing"

	"padarozhnik/station/signature"
)

// signed is a scan of a card with a scrawl: paper darker to one side, noise, dust, the card's edge.
func signed(w, h int, scrawl bool) *image.Gray {
	r := rand.New(rand.NewPCG(5, 6))
	m := image.NewGray(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			m.Pix[y*w+x] = uint8(235 - 60*x/w + r.IntN(13) - 6)
		}
	}
	dot := func(cx, cy, radius float64, level uint8) {
		for y := int(cy - radius); y <= int(cy+radius); y++ {
			for x := int(cx - radius); x <= int(cx+radius); x++ {
				if math.Hypot(float64(x)-cx, float64(y)-cy) <= radius && (image.Point{X: x, Y: y}).In(m.Rect) {
					m.SetGray(x, y, color.Gray{Y: level})
				}
			}
		}
	}
	for range 12 {
		dot(float64(r.IntN(w)), float64(r.IntN(h)), 1.2, 90)
	}
	for x := range w {
		m.SetGray(x, h-1, color.Gray{Y: 20})
		m.SetGray(x, h-2, color.Gray{Y: 20})
	}
	if scrawl {
		for i := range 4000 {
			t := float64(i) / 4000
			dot(float64(w)*(0.25+0.5*t), float64(h)*(0.5+0.18*math.Sin(31*t)*math.Cos(7*t)), 2.2, 45)
		}
	}
	return m
}

func TestLift(t *testing.T) {
	a, err := signature.Lift(signed(900, 400, true))
	if err != nil {
		t.Fatal(err)
	}
	b, err := signature.Lift(signed(900, 400, true).SubImage(image.Rect(0, 0, 900, 400)))
	if err != nil || !bytes.Equal(a, b) {
		t.Errorf("the same scan gave other bytes: %v", err)
	}
	img, err := png.Decode(bytes.NewReader(a))
	if err != nil {
		t.Fatal(err)
	}
	size := img.Bounds().Size()
	if size.X < 440 || size.X > 500 || size.Y < 110 || size.Y > 200 {
		t.Errorf("frame of %v", size)
	}
	ink, clear := 0, 0
	for y := range size.Y {
		for x := range size.X {
			c := color.NRGBAModel.Convert(img.At(x, y)).(color.NRGBA)
			if c.R != 0 || c.G != 0 || c.B != 0 {
				t.Fatalf("colour %v", c)
			}
			switch {
			case c.A > 200:
				ink++
			case c.A < 20:
				clear++
			}
		}
	}
	if all := size.X * size.Y; ink < all/60 || clear < all*3/4 {
		t.Errorf("%d of %d pixels are ink, %d clear", ink, all, clear)
	}
	for y := range 3 { // what is left around it
		for x := range size.X {
			if _, _, _, alpha := img.At(x, y).RGBA(); alpha > 0x4000 {
				t.Fatal("dust in the margin")
			}
		}
	}
}

func TestLarge(t *testing.T) {
	a, err := signature.Lift(signed(2400, 1200, true))
	if err != nil {
		t.Fatal(err)
	}
	img, err := png.Decode(bytes.NewReader(a))
	if err != nil || img.Bounds().Dx() > signature.MaxWidth || img.Bounds().Dy() > signature.MaxHeight || len(a) > 60_000 {
		t.Errorf("%v, %d bytes, %v", img.Bounds(), len(a), err)
	}
}

func TestNoSignature(t *testing.T) {
	black := image.NewGray(image.Rect(0, 0, 300, 200))
	checks := image.NewGray(image.Rect(0, 0, 300, 200))
	for i := range checks.Pix {
		x, y := i%300, i/300
		if x < 60 || x >= 240 || y < 50 || y >= 150 || (x/4+y/4)%2 == 0 {
			checks.Pix[i] = 255
		}
	}
	for name, tt := range map[string]struct {
		img  image.Image
		want error
	}{
		"empty card": {signed(900, 400, false), signature.ErrEmpty},
		"all black":  {black, signature.ErrEmpty},
		"chequered":  {checks, signature.ErrNotSignature},
		"tiny":       {image.NewGray(image.Rect(0, 0, 10, 10)), signature.ErrNotSignature},
	} {
		if _, err := signature.Lift(tt.img); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", name, err, tt.want)
		}
	}
}
