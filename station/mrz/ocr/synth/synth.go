// Package synth draws pages with machine readable zones for tests and benchmarks: Utopian data
// pages as a scanner or a camera would deliver them, with every fault that can be turned up by a
// number. The same Page and seed give the same picture.
package synth

import (
	"bytes"
	"image"
	"image/jpeg"
	"math"
	"math/rand/v2"

	"golang.org/x/image/vector"

	"padarozhnik/station/mrz/ocr/ocrb"
)

// Size of a data page, and the place of its zone (ICAO Doc 9303-4, 2.1 and 3.2), in millimetres.
const (
	pageWidth   = 125.0
	pageHeight  = 88.0
	firstLeft   = 6.0
	lowestLine  = 9.40 // middle of the lowest line above the lower edge
	lineSpacing = 6.35
)

// Page says what to draw. Lengths are in millimetres, grey levels from 0 to 255. Zero fields are
// harmless but for DPI, the size of the canvas, and the grey levels.
type Page struct {
	Lines    []string // of the zone; none for a page without one
	DPI      int
	WidthMM  float64 // canvas
	HeightMM float64
	XMM, YMM float64 // middle of the page on the canvas
	Degrees  float64 // turn of the page, clockwise
	SlantX   float64 // perspective: how much nearer the right edge is than the middle, as a share
	SlantY   float64 // the same for the lower edge
	Paper    float64 // grey level
	Ink      float64
	Around   float64 // grey level beside the page
	Pattern  float64 // swing of the background pattern in grey levels
	Print    bool    // words and a portrait in the visual zone
	Gain     float64 // of the ink's spread: -0.25 to 0.25 thin to bold
	BlurMM   float64
	Noise    float64 // standard deviation in grey levels
	Quality  int     // of JPEG; 0 for none
	Mirror   bool    // the picture is mirrored
	Seed     uint64

	Face      Face    // nil for Outline
	SigmaMM   float64 // of a lens's blur
	Light     float64 // how much darker the page is on one side, as a share
	LightFrom float64 // direction of the dark side, radians
	Folds     []Fold
	Glares    []Glare
	Marks     []Mark
}

// Draw returns the picture.
func (p *Page) Draw() *image.Gray {
	random := rand.New(rand.NewPCG(p.Seed, 0x9303))
	w, h := int(p.WidthMM/25.4*float64(p.DPI)), int(p.HeightMM/25.4*float64(p.DPI))
	mask := image.NewAlpha(image.Rect(0, 0, w, h))
	z := vector.NewRasterizer(1, 1)
	for i, line := range p.Lines {
		p.write(z, mask, line, firstLeft, p.lineMiddle(i)+ocrb.PitchMM/2, 1)
	}
	if p.Print {
		p.visualZone(z, mask, random)
	}
	p.spread(mask)
	p.damage(z, mask)
	out := p.paper(mask, random)
	if p.Mirror {
		for y := range h {
			row := out.Pix[y*out.Stride : y*out.Stride+w]
			for i, j := 0, w-1; i < j; i, j = i+1, j-1 {
				row[i], row[j] = row[j], row[i]
			}
		}
	}
	box(out.Pix, w, h, int(math.Round(p.BlurMM/25.4*float64(p.DPI))))
	soften(out.Pix, w, h, p.SigmaMM/25.4*float64(p.DPI))
	noise(out.Pix, p.Noise, random)
	return p.compressed(out)
}

// Point turns a place on the page, in millimetres from its upper left corner, into pixels of the
// picture (of the unmirrored one).
func (p *Page) Point(xMM, yMM float64) (x, y float64) {
	sin, cos := math.Sincos(p.Degrees * math.Pi / 180)
	dx, dy := xMM-pageWidth/2, yMM-pageHeight/2
	scale := float64(p.DPI) / 25.4
	f := scale / (1 - p.SlantX*dx/(pageWidth/2) - p.SlantY*dy/(pageHeight/2))
	return p.XMM*scale + f*(dx*cos-dy*sin), p.YMM*scale + f*(dx*sin+dy*cos)
}

// places returns the way back from a pixel to the page.
func (p *Page) places() func(x, y float64) (xMM, yMM float64) {
	sin, cos := math.Sincos(p.Degrees * math.Pi / 180)
	scale := float64(p.DPI) / 25.4
	slantX, slantY := p.SlantX/(pageWidth/2), p.SlantY/(pageHeight/2)
	return func(x, y float64) (xMM, yMM float64) {
		ux, uy := x/scale-p.XMM, y/scale-p.YMM
		ux, uy = ux*cos+uy*sin, -ux*sin+uy*cos
		w := 1 / (1 + slantX*ux + slantY*uy)
		return ux*w + pageWidth/2, uy*w + pageHeight/2
	}
}

// Cell returns the middle of a character of the zone in pixels of the unmirrored picture.
func (p *Page) Cell(line, column int) (x, y float64) {
	return p.Point(firstLeft+(float64(column)+0.5)*ocrb.PitchMM, p.lineMiddle(line))
}

// write draws a text with its first cell's left edge and its baseline at a place on the page.
func (p *Page) write(z *vector.Rasterizer, mask *image.Alpha, text string, xMM, baseMM, size float64) {
	face := p.Face
	if face == nil {
		face = Outline{}
	}
	for i, r := range text {
		left := xMM + float64(i)*ocrb.PitchMM*size
		pen := func(q ocrb.Point) (x, y float64) {
			return p.Point(left+q.X*ocrb.PitchMM*size, baseMM-q.Y*ocrb.PitchMM*size)
		}
		bounds := image.Rectangle{}
		for _, corner := range []ocrb.Point{{X: 0, Y: -0.2}, {X: 1, Y: -0.2}, {X: 0, Y: 1.3}, {X: 1, Y: 1.3}} {
			x, y := pen(corner)
			bounds = bounds.Union(image.Rect(int(x)-1, int(y)-1, int(x)+2, int(y)+2))
		}
		bounds = bounds.Intersect(mask.Bounds())
		if bounds.Empty() {
			continue
		}
		z.Reset(bounds.Dx(), bounds.Dy())
		face.Draw(r, z, func(q ocrb.Point) (float32, float32) {
			x, y := pen(q)
			return float32(x - float64(bounds.Min.X)), float32(y - float64(bounds.Min.Y))
		})
		z.Draw(mask, bounds, image.Opaque, image.Point{})
	}
}

// visualZone puts words and a portrait above the zone.
func (p *Page) visualZone(z *vector.Rasterizer, mask *image.Alpha, random *rand.Rand) {
	for y := 12.0; y < 58; y += 5.5 {
		word := make([]byte, 5+random.IntN(22))
		for i := range word {
			word[i] = ocrb.Alphabet[random.IntN(36)]
		}
		p.write(z, mask, string(word), 48, y, 0.55+0.3*random.Float64())
	}
	for range 60 { // a dark, uneven patch
		cx, cy := 6+33*random.Float64(), 14+42*random.Float64()
		x0, y0 := p.Point(cx, cy)
		radius := (1 + 3*random.Float64()) / 25.4 * float64(p.DPI)
		for y := int(y0 - radius); y <= int(y0+radius); y++ {
			for x := int(x0 - radius); x <= int(x0+radius); x++ {
				if !(image.Point{X: x, Y: y}).In(mask.Rect) || math.Hypot(float64(x)-x0, float64(y)-y0) > radius {
					continue
				}
				at := y*mask.Stride + x
				mask.Pix[at] = uint8(min(255, int(mask.Pix[at])+60))
			}
		}
	}
}

// compressed passes the picture through JPEG.
func (p *Page) compressed(m *image.Gray) *image.Gray {
	if p.Quality == 0 {
		return m
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: p.Quality}); err != nil {
		panic("synth: encode to memory: " + err.Error())
	}
	back, err := jpeg.Decode(&b)
	if err != nil {
		panic("synth: decode what was encoded: " + err.Error())
	}
	return back.(*image.Gray)
}
