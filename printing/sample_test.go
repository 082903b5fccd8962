package printing_test

import (
	"image"
	"image/color"
	"math"
	"sync"
	"testing"

	"padarozhnik/printing"
)

// anna is the specimen holder of ICAO Doc 9303-4, appendix B, with names in two scripts.
func anna() printing.Page {
	return printing.Page{
		DocumentCode:    "PP",
		Issuer:          "UTO",
		Number:          "L898902C3",
		Surname:         "ERIKSSON",
		GivenNames:      "ANNA MARIA",
		SurnameLocal:    "ЭРЫКСАН",
		GivenNamesLocal: "ГАННА МАРЫЯ",
		Nationality:     "УТОПІЯ / UTOPIAN",
		PersonalNumber:  "ZE184226B",
		Birth:           printing.DateText(1974, 8, 12),
		Sex:             "F",
		PlaceOfBirth:    "ЗЕНІТ / ZENITH",
		Issue:           printing.DateText(2026, 4, 16),
		Expiry:          printing.DateText(2036, 4, 15),
		Authority:       "МЗС УТОПІІ / MFA OF UTOPIA",
		CAN:             "618203",
		MRZ: [2]string{
			"PPUTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<",
			"L898902C36UTO7408122F1204159ZE184226B<<<<<10",
		},
		Portrait: drawn(315, 405),
	}
}

// spot is a soft ellipse of one colour on a drawn portrait; lengths are shares of the picture.
type spot struct {
	x, y, rx, ry, soft float64
	c                  color.RGBA
}

// drawn paints a portrait of nobody.
func drawn(w, h int) *image.RGBA {
	hair, skin := color.RGBA{84, 58, 44, 255}, color.RGBA{222, 181, 156, 255}
	light, shade := color.RGBA{238, 205, 184, 255}, color.RGBA{176, 128, 106, 255}
	dark, lip := color.RGBA{48, 34, 30, 255}, color.RGBA{172, 92, 88, 255}
	spots := []spot{
		{.50, .42, .285, .345, .04, hair}, {.34, .60, .12, .23, .05, hair}, {.66, .60, .12, .23, .05, hair},
		{.50, 1.13, .50, .35, .02, color.RGBA{44, 62, 84, 255}}, {.50, .80, .105, .20, .03, shade},
		{.50, .93, .15, .10, .03, skin}, {.50, .46, .225, .30, .03, skin}, {.50, .30, .16, .08, .1, light},
		{.40, .55, .075, .06, .1, light}, {.60, .55, .075, .06, .1, light}, {.50, .70, .09, .04, .08, shade},
		{.41, .435, .068, .04, .06, shade}, {.59, .435, .068, .04, .06, shade},
		{.50, .50, .018, .09, .03, light}, {.50, .577, .045, .012, .02, shade},
		{.41, .395, .062, .010, .012, hair}, {.59, .395, .062, .010, .012, hair},
		{.41, .44, .040, .015, .008, color.RGBA{240, 236, 230, 255}},
		{.59, .44, .040, .015, .008, color.RGBA{240, 236, 230, 255}},
		{.41, .44, .018, .016, .006, dark}, {.59, .44, .018, .016, .006, dark},
		{.50, .648, .072, .020, .015, lip}, {.50, .648, .062, .004, .006, dark},
		{.50, .195, .20, .075, .05, hair}, {.31, .33, .05, .13, .05, hair}, {.69, .33, .05, .13, .05, hair},
	}
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			px, py := (float64(x)+.5)/float64(w), (float64(y)+.5)/float64(h)
			v := [3]float64{226 - 8*py, 231 - 8*py, 234 - 6*py}
			for _, s := range spots {
				d := math.Hypot((px-s.x)/s.rx, (py-s.y)/s.ry)
				edge := s.soft/math.Min(s.rx, s.ry) + 1e-6
				a := min(1, max(0, (1+edge/2-d)/edge))
				for k, c := range [3]uint8{s.c.R, s.c.G, s.c.B} {
					v[k] += (float64(c) - v[k]) * a
				}
			}
			img.SetRGBA(x, y, color.RGBA{uint8(v[0]), uint8(v[1]), uint8(v[2]), 255})
		}
	}
	return img
}

// signed is a signature of nobody.
func signed() image.Image {
	img := image.NewGray(image.Rect(0, 0, 480, 90))
	for i := range img.Pix {
		img.Pix[i] = 255
	}
	for i := range 4000 {
		t := float64(i) / 4000
		x := 20 + 440*t + 14*math.Sin(40*t)
		y := 46 + 30*math.Exp(-2*t)*math.Sin(46*t) + 6*math.Cos(17*t)
		for dy := -2; dy <= 2; dy++ {
			for dx := -1; dx <= 1; dx++ {
				img.SetGray(int(x)+dx, int(y)+dy, color.Gray{30})
			}
		}
	}
	return img
}

// utopia is the page of Utopia, with its caches.
var utopia = sync.OnceValues(printing.Utopia)

// layout returns the page of Utopia.
func layout(t testing.TB) printing.Layout {
	t.Helper()
	l, err := utopia()
	if err != nil {
		t.Fatal(err)
	}
	return l
}
