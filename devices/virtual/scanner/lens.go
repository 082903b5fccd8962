package scanner

import (
	"image"
	"image/color"
	"math"
	"math/rand/v2"

	"golang.org/x/image/draw"
	"golang.org/x/image/math/f64"
)

// Lens is how a scanner gets measures and greys wrong, as a calibration must find out: a true way of
// (x, y) on the glass is seen as (ScaleX x + Shear y, ScaleY y). The zero value is exact.
type Lens struct {
	ScaleX float64 // 0 stands for 1
	ScaleY float64 // 0 stands for 1
	Shear  float64
	Gamma  float64 // of the greys, 0 stands for 1
	Dark   float64 // grey levels that black is seen as
}

// affine is the lens as a map of pictures; lengths keep their unit.
func (l Lens) affine() f64.Aff3 {
	one := func(v float64) float64 {
		if v == 0 {
			return 1
		}
		return v
	}
	return f64.Aff3{one(l.ScaleX), l.Shear, 0, 0, one(l.ScaleY), 0}
}

// after is the map that does first and then m.
func after(m, first f64.Aff3) f64.Aff3 {
	return f64.Aff3{
		m[0]*first[0] + m[1]*first[3], m[0]*first[1] + m[1]*first[4], m[0]*first[2] + m[1]*first[5] + m[2],
		m[3]*first[0] + m[4]*first[3], m[3]*first[1] + m[4]*first[4], m[3]*first[2] + m[4]*first[5] + m[5],
	}
}

// tone bends the greys of a picture.
func (l Lens) tone(m *image.RGBA) {
	if (l.Gamma == 0 || l.Gamma == 1) && l.Dark == 0 {
		return
	}
	gamma := l.Gamma
	if gamma == 0 {
		gamma = 1
	}
	var table [256]uint8
	for i := range table {
		table[i] = uint8(math.Round(l.Dark + (255-l.Dark)*math.Pow(float64(i)/255, gamma)))
	}
	for i := 0; i < len(m.Pix); i += 4 {
		m.Pix[i], m.Pix[i+1], m.Pix[i+2] = table[m.Pix[i]], table[m.Pix[i+1]], table[m.Pix[i+2]]
	}
}

// The corner of the glass where books lie, 170 x 130 mm, in the protocol's units.
const (
	cornerWidth  = 2007
	cornerHeight = 1535
)

// Picture is what a scanner with these settings sees of a book's page, before it is encoded: the
// corner of the glass where books lie. number is that of the scan and decides, with the seed, how the
// page lies and what noise there is.
func (set Settings) Picture(page image.Image, dpi int, number uint64) *image.RGBA {
	corner := order{region: region{W: cornerWidth, H: cornerHeight}, dpi: dpi}
	return set.picture(page, pageWidthMM, false, corner, rand.New(rand.NewPCG(set.Seed, number)))
}

// Sheet is what a scanner with these settings sees of a sheet of a width that lies at the origin: the
// whole glass.
func (set Settings) Sheet(page image.Image, widthMM float64, dpi int, number uint64) *image.RGBA {
	whole := order{region: region{W: glassWidth, H: glassHeight}, dpi: dpi}
	return set.picture(page, widthMM, true, whole, rand.New(rand.NewPCG(set.Seed, number)))
}

// picture draws what lies on the glass as the sensor sees it.
func (set Settings) picture(page image.Image, widthMM float64, sheet bool, o order, random *rand.Rand) *image.RGBA {
	w, h := o.size()
	glass := image.NewRGBA(image.Rect(0, 0, w, h))
	draw.Draw(glass, glass.Bounds(), image.NewUniform(lid), image.Point{}, draw.Src)
	perMM := float64(o.dpi) / 25.4
	scale := widthMM * perMM / float64(page.Bounds().Dx()) // page pixels to picture pixels
	region := f64.Aff3{1, 0, -float64(o.region.X) / unitsPerMM * perMM, 0, 1, -float64(o.region.Y) / unitsPerMM * perMM}
	place := f64.Aff3{scale, 0, 0, 0, scale, 0}
	if !sheet {
		place = set.lay(page, scale, perMM, random)
	}
	place = after(region, after(set.Lens.affine(), place))
	if sheet && place[0] == scale && place[4] == scale && place[1] == 0 {
		draw.CatmullRom.Scale(glass, sheetBounds(page, scale, place), page, page.Bounds(), draw.Over, nil)
	} else {
		edged := withRim(page)
		draw.BiLinear.Transform(glass, place, edged, edged.Bounds(), draw.Over, nil)
	}
	set.Lens.tone(glass)
	blur(glass, int(math.Round(set.BlurMM*perMM)))
	addNoise(glass, set.Noise, random)
	return glass
}

// sheetBounds is where a page of the folder lands in the picture.
func sheetBounds(page image.Image, scale float64, place f64.Aff3) image.Rectangle {
	w, h := float64(page.Bounds().Dx())*scale, float64(page.Bounds().Dy())*scale
	at := func(x, y float64) image.Point {
		return image.Pt(int(math.Round(x+place[2])), int(math.Round(y+place[5])))
	}
	return image.Rectangle{Min: at(0, 0), Max: at(w, h)}
}

// lay maps the pixels of a book's page to the glass: scaled, turned about the page's middle by the
// scan's own angle, and shifted.
func (set Settings) lay(page image.Image, scale, perMM float64, random *rand.Rand) f64.Aff3 {
	sin, cos := math.Sincos((2*random.Float64() - 1) * set.SkewDeg * math.Pi / 180)
	dx := (bookLeftMM + (2*random.Float64()-1)*set.ShiftMM) * perMM
	dy := (bookTopMM + (2*random.Float64()-1)*set.ShiftMM) * perMM
	b := page.Bounds()
	mx, my := float64(b.Min.X)+float64(b.Dx())/2, float64(b.Min.Y)+float64(b.Dy())/2
	cx, cy := dx+float64(b.Dx())/2*scale, dy+float64(b.Dy())/2*scale
	return f64.Aff3{
		scale * cos, -scale * sin, cx - scale*cos*mx + scale*sin*my,
		scale * sin, scale * cos, cy - scale*sin*mx - scale*cos*my,
	}
}

// rim is how many pixels of the lid are drawn around a page: its edge then falls between pixels as
// smoothly as everything else.
const rim = 4

// withRim returns a page with some of the lid around it, in the same coordinates.
func withRim(page image.Image) *image.RGBA {
	b := page.Bounds()
	out := image.NewRGBA(b.Inset(-rim))
	draw.Draw(out, out.Rect, image.NewUniform(color.Color(lid)), image.Point{}, draw.Src)
	draw.Draw(out, b, page, b.Min, draw.Over)
	return out
}
