package printing

import (
	"bytes"
	"context"
	"image"
	"math"

	"padarozhnik/printing/pwg"
)

// ground is what the maker of the booklets prints on every page alike. It is kept packed, some lines
// together: a quarter of what its pixels would take.
type ground struct {
	dpi   int
	size  image.Point
	bands [][]byte // bandLines lines each, in runs
}

// copyTo writes a part of the ground into a band of the page.
func (g *ground) copyTo(b *band) {
	spare := []byte(nil)
	for n := b.rect.Min.Y / bandLines; n*bandLines < b.rect.Max.Y; n++ {
		src := g.bands[n]
		for y := n * bandLines; y < min((n+1)*bandLines, b.rect.Max.Y); y++ {
			row := spare
			if y >= b.rect.Min.Y {
				row = b.row(y)
			} else if row == nil {
				spare = make([]byte, 3*g.size.X)
				row = spare
			}
			var err error
			if src, err = pwg.Unpack(row, src, pwg.SRGB); err != nil {
				panic("ground: " + err.Error()) // packed by us
			}
		}
	}
}

// newGround draws the artwork, the title and the symbol of the chip.
func newGround(ctx context.Context, l *Layout, dpi int) (*ground, error) {
	scale := float64(dpi) / mmPerInch
	d := &drawing{size: l.Size(dpi), m: affine{xx: scale, yy: scale}}
	d.artwork(l)
	if err := d.title(l); err != nil {
		return nil, err
	}
	d.chip(point{l.Blank.ChipXMM, l.Blank.ChipYMM}, l.Blank.ChipWidthMM)

	g := &ground{dpi: dpi, size: d.size}
	b := &band{pix: make([]byte, 3*d.size.X*bandLines)}
	for y := 0; y < d.size.Y; y += bandLines {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		b.rect = image.Rect(0, y, d.size.X, min(y+bandLines, d.size.Y))
		b.pix = b.pix[:3*d.size.X*b.rect.Dy()]
		b.white()
		for _, layer := range d.layers {
			d.ink(layer, b)
		}
		var packed []byte
		for y := b.rect.Min.Y; y < b.rect.Max.Y; y++ {
			packed = pwg.Pack(packed, b.row(y), pwg.SRGB)
		}
		g.bands = append(g.bands, bytes.Clone(packed))
	}
	return g, nil
}

// drawing is the maker's print on its way to pixels: one layer of ink after the other.
type drawing struct {
	size   image.Point
	m      affine // millimetres to pixels
	z      rasterizer
	layers []layer
}

// layer is one shape in an ink.
type layer struct {
	segments []segment
	tint     *tint
	full     uint64 // how much of the ink is laid, in 65536ths
}

// fill adds an outline. strength is how much of the ink is laid, 0 to 1.
func (g *drawing) fill(o outline, t *tint, strength float64) {
	g.z.fill(o, g.m)
	g.layers = append(g.layers, layer{g.z.segments, t, uint64(math.Floor(float64(strength*65536) + 0.5))})
	g.z.segments = nil
}

// ink lays a layer into a band.
func (g *drawing) ink(l layer, b *band) {
	t := l.tint
	g.z.segments = l.segments
	g.z.rows(b.rect, func(x0, y int, cover []uint8) {
		row := b.row(y)[3*x0:]
		for i, c := range cover {
			if c == 0 {
				continue
			}
			x := x0 + i
			amount := l.full * uint64(c)
			if !t.everywhere {
				if far := max(t.columns[x], t.rows[y]); far < 65536 {
					share := uint64(t.keep) + uint64(65536-t.keep)*uint64(far)>>16
					amount = amount * share >> 16
				}
			}
			pix := row[3*i : 3*i+3 : 3*i+3]
			for k, taken := range t.taken[x] {
				pass := 65536 - (amount*uint64(taken)+255*255/2)/(255*255)
				pix[k] = uint8((uint64(pix[k])*pass + 1<<15) >> 16)
			}
		}
	})
	g.z.segments = nil
}

// tint is an ink that changes across the page, and is lighter where a veil lies.
type tint struct {
	taken      [][3]uint32 // for each column: 255 less what the ink lets through
	columns    []uint32    // of the veil: 65536 where it ends
	rows       []uint32
	keep       uint32 // share of the ink inside the veil, in 65536ths
	everywhere bool   // there is no veil
}

// solid is one ink all over.
func (g *drawing) solid(i ink) *tint { return g.iris(i, i, i) }

// iris changes from one ink to the next over the width of the page, as a split fountain does.
func (g *drawing) iris(left, middle, right ink) *tint {
	t := &tint{taken: make([][3]uint32, g.size.X), everywhere: true}
	for x := range t.taken {
		share := 2 * float64(x) / float64(g.size.X)
		a, b := left, middle
		if share > 1 {
			a, b, share = middle, right, share-1
		}
		share = smooth(share)
		for k, ends := range [3][2]uint8{{a.r, b.r}, {a.g, b.g}, {a.b, b.b}} {
			through := float64(ends[0]) + float64((float64(ends[1])-float64(ends[0]))*share)
			t.taken[x][k] = 255 - uint32(math.Floor(through+0.5))
		}
	}
	return t
}

// smooth runs from 0 to 1 with level ends.
func smooth(t float64) float64 { return float64(float64(t*t) * (3 - 2*t)) }

// veiled lightens an ink inside a box to a share of its strength, with an edge that fades over soft
// millimetres outside, so that a portrait lies on calm paper and yet grows out of the artwork.
func (g *drawing) veiled(t *tint, b Box, keep, soft float64) *tint {
	fade := func(n int, from, length float64) []uint32 {
		out := make([]uint32, n)
		for i := range out {
			mm := (float64(i) + 0.5) / g.m.xx
			outside := max(from-mm, mm-from-length, 0)
			out[i] = uint32(math.Floor(float64(smooth(min(1, outside/soft))*65536) + 0.5))
		}
		return out
	}
	t.columns, t.rows = fade(g.size.X, b.XMM, b.WidthMM), fade(g.size.Y, b.YMM, b.HeightMM)
	t.keep, t.everywhere = uint32(math.Floor(float64(keep*65536)+0.5)), false
	return t
}

// RenderBlank draws a data page as the maker of the booklets delivers it: artwork, the state's name,
// the symbol of the chip inside, the bar code of the serial. It is slow beside Render for the first
// page at a resolution.
func RenderBlank(ctx context.Context, serial string, l Layout, dpi int) (*image.RGBA, error) {
	x, err := newPixels(&l, Options{DPI: dpi})
	if err != nil {
		return nil, err
	}
	if !serialForm.MatchString(serial) {
		return nil, errSerial(serial)
	}
	l.press.mu.Lock()
	defer l.press.mu.Unlock()
	c := composer{&l, l.press, x}
	if err := c.blank(ctx, serial); err != nil {
		return nil, err
	}
	return x.forme.RGBA(ctx)
}
