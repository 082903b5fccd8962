package icons_test

import (
	"bytes"
	"flag"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"math"
	"os"
	"strings"
	"testing"

	"golang.org/x/image/vector"

	"padarozhnik/resources/icons"
)

var update = flag.Bool("update", false, "draw the icons again")

const side = 512

// point is a place on the square of the sign.
type point struct{ x, y float32 }

// curve is a cubic Bézier curve on from the last point; a straight line has no control points.
type curve struct {
	straight bool
	a, b, to point
}

// shape is one closed path of one colour.
type shape struct {
	fill color.NRGBA
	from point
	path []curve
}

func rgb(v uint32) color.NRGBA {
	return color.NRGBA{R: uint8(v >> 16), G: uint8(v >> 8), B: uint8(v), A: 0xff}
}

func mirror(p point) point { return point{side - p.x, p.y} }

// sign lists the shapes from the ground up.
func sign() []shape {
	leaf, shadow, vein, road := rgb(0x86b98a), rgb(0x6aa178), rgb(0x3f7a5c), rgb(0xf7f3ea)
	out := []shape{ground(rgb(0x14343b))}
	base, tip := point{256, 452}, point{256, 132}
	left := []curve{{a: point{66, 398}, b: point{132, 246}, to: tip}}
	right := []curve{{a: mirror(point{66, 398}), b: mirror(point{132, 246}), to: tip}}
	out = append(out, shape{leaf, base, append(left, curve{straight: true, to: base})},
		shape{shadow, base, append(right, curve{straight: true, to: base})})
	for _, v := range []struct{ out, up, thick float32 }{{128, 372, 11}, {68, 356, 9}} {
		outer := curve{a: point{256 - v.out - v.thick, v.up}, b: point{256 - 0.62*v.out - v.thick, 262}, to: point{253, 170}}
		inner := curve{a: point{256 - 0.62*v.out, 262}, b: point{256 - v.out, v.up}, to: point{252, 436}}
		out = append(out, shape{vein, point{252, 436}, []curve{outer, inner}})
		for _, c := range []*curve{&outer, &inner} {
			c.a, c.b, c.to = mirror(c.a), mirror(c.b), mirror(c.to)
		}
		out = append(out, shape{vein, point{260, 436}, []curve{outer, inner}})
	}
	out = append(out, shape{road, point{226, 512}, []curve{
		{a: point{214, 440}, b: point{274, 380}, to: point{250, 312}},
		{a: point{240, 276}, b: point{250, 236}, to: point{254, 178}},
		{straight: true, to: point{260, 178}},
		{a: point{264, 236}, b: point{258, 272}, to: point{270, 308}},
		{a: point{298, 384}, b: point{262, 440}, to: point{290, 512}},
		{straight: true, to: point{226, 512}},
	}})
	return append(out, star(rgb(0x14343b), 90, 40), star(rgb(0xf2b134), 78, 28))
}

func ground(fill color.NRGBA) shape {
	const r, k = 104, 46 // radius, and where a quarter of a circle has its control points
	far, near := float32(side-r), float32(side-k)
	return shape{fill, point{r, 0}, []curve{
		{straight: true, to: point{far, 0}}, {a: point{near, 0}, b: point{side, k}, to: point{side, r}},
		{straight: true, to: point{side, far}}, {a: point{side, near}, b: point{near, side}, to: point{far, side}},
		{straight: true, to: point{r, side}}, {a: point{k, side}, b: point{0, near}, to: point{0, far}},
		{straight: true, to: point{0, r}}, {a: point{0, k}, b: point{k, 0}, to: point{r, 0}},
	}}
}

// star has four long and four short rays, as on the rose of a compass.
func star(fill color.NRGBA, long, short float64) shape {
	s := shape{fill: fill}
	for i := range 16 {
		radius := 0.24 * long
		switch i % 4 {
		case 0:
			radius = long
		case 2:
			radius = short * 1.25
		}
		angle := float64(i)*math.Pi/8 - math.Pi/2
		p := point{256 + float32(radius*math.Cos(angle)), 100 + float32(radius*math.Sin(angle))}
		if i == 0 {
			s.from = p
			continue
		}
		s.path = append(s.path, curve{straight: true, to: p})
	}
	return s
}

func drawPNG() ([]byte, error) {
	img := image.NewNRGBA(image.Rect(0, 0, side, side))
	for _, s := range sign() {
		r := vector.NewRasterizer(side, side)
		r.MoveTo(s.from.x, s.from.y)
		for _, c := range s.path {
			if c.straight {
				r.LineTo(c.to.x, c.to.y)
			} else {
				r.CubeTo(c.a.x, c.a.y, c.b.x, c.b.y, c.to.x, c.to.y)
			}
		}
		r.ClosePath()
		r.DrawOp = draw.Over
		r.Draw(img, img.Bounds(), image.NewUniform(s.fill), image.Point{})
	}
	var b bytes.Buffer
	err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&b, img)
	return b.Bytes(), err
}

func drawSVG() []byte {
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d">`+"\n", side, side)
	for _, s := range sign() {
		fmt.Fprintf(&b, `<path fill="#%02x%02x%02x" d="M%g %g`, s.fill.R, s.fill.G, s.fill.B, s.from.x, s.from.y)
		for _, c := range s.path {
			if c.straight {
				fmt.Fprintf(&b, "L%.1f %.1f", c.to.x, c.to.y)
			} else {
				fmt.Fprintf(&b, "C%g %g %g %g %g %g", c.a.x, c.a.y, c.b.x, c.b.y, c.to.x, c.to.y)
			}
		}
		b.WriteString(`Z"/>` + "\n")
	}
	b.WriteString("</svg>\n")
	return []byte(b.String())
}

func TestSignIsWhatThisTestDraws(t *testing.T) {
	drawn, err := drawPNG()
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile("padarozhnik.png", drawn, 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile("padarozhnik.svg", drawSVG(), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if !bytes.Equal(drawn, icons.Padarozhnik) {
		t.Error("padarozhnik.png is not what this test draws; run it with -update")
	}
	svg, err := os.ReadFile("padarozhnik.svg")
	if err != nil || !bytes.Equal(svg, drawSVG()) {
		t.Errorf("padarozhnik.svg is not what this test draws (%v); run it with -update", err)
	}
}
