package printing

import "image"

// band is some whole lines of a page in pixels of three bytes, red first. rect is where they lie on
// the page; its left edge is 0.
type band struct {
	pix  []byte
	rect image.Rectangle
}

// row returns one line by its place on the page.
func (b *band) row(y int) []byte {
	stride := 3 * b.rect.Dx()
	return b.pix[(y-b.rect.Min.Y)*stride:][:stride]
}

// white clears a band to paper.
func (b *band) white() {
	if len(b.pix) == 0 {
		return
	}
	b.pix[0] = 0xff
	for n := 1; n < len(b.pix); n *= 2 {
		copy(b.pix[n:], b.pix[:n])
	}
}

// item is something on a page: it knows which pixels it may touch and inks its part of a band.
type item interface {
	extent() image.Rectangle
	ink(b *band)
}

// mark is a shape at a place in an ink.
type mark struct {
	shape *shape
	by    image.Point
	dose  *dose
}

func (m mark) extent() image.Rectangle { return m.shape.bounds.Add(m.by) }
func (m mark) ink(b *band)             { m.shape.draw(b, m.by, m.dose) }

// paper is a box of which every ink is taken off.
type paper image.Rectangle

func (p paper) extent() image.Rectangle { return image.Rectangle(p) }

func (p paper) ink(b *band) {
	r := image.Rectangle(p).Intersect(b.rect)
	for y := r.Min.Y; y < r.Max.Y; y++ {
		row := b.row(y)[3*r.Min.X : 3*r.Max.X]
		for i := range row {
			row[i] = 0xff
		}
	}
}

// picture is a patch of pixels of three bytes. Its inks lie over what is below, as all inks do; on
// white paper that is the picture itself.
type picture struct {
	pix   []byte
	rect  image.Rectangle
	white bool // nothing lies below
}

func (p picture) extent() image.Rectangle { return p.rect }

func (p picture) ink(b *band) {
	r := p.rect.Intersect(b.rect)
	for y := r.Min.Y; y < r.Max.Y; y++ {
		from := 3 * ((y-p.rect.Min.Y)*p.rect.Dx() + r.Min.X - p.rect.Min.X)
		row := b.row(y)[3*r.Min.X : 3*r.Max.X]
		if p.white {
			copy(row, p.pix[from:])
			continue
		}
		for i, v := range p.pix[from:][:len(row)] {
			row[i] = uint8((uint32(row[i])*uint32(v) + 127) / 255)
		}
	}
}

// tone is a patch of coverage in an ink.
type tone struct {
	cover []uint8
	rect  image.Rectangle
	dose  *dose
}

func (t tone) extent() image.Rectangle { return t.rect }

func (t tone) ink(b *band) {
	r := t.rect.Intersect(b.rect)
	for y := r.Min.Y; y < r.Max.Y; y++ {
		from := (y-t.rect.Min.Y)*t.rect.Dx() + r.Min.X - t.rect.Min.X
		pix := b.row(y)[3*r.Min.X:]
		for i, c := range t.cover[from : from+r.Dx()] {
			if c != 0 {
				lay(pix[3*i:3*i+3:3*i+3], &t.dose[c])
			}
		}
	}
}
