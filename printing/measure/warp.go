package measure

import "math"

// Warp returns a plane of w x h pixels, each taken from where t leads its middle.
func (p *Plane) Warp(t Affine, w, h int) *Plane {
	out := NewPlane(w, h)
	for y := range h {
		row := out.Pix[y*w : (y+1)*w]
		at := t.Apply(Point{0.5, float64(y) + 0.5})
		for x := range row {
			fx, fy := at.X-0.5, at.Y-0.5
			ix, iy := int(math.Floor(fx)), int(math.Floor(fy))
			if ix < 0 || iy < 0 || ix+1 >= p.W || iy+1 >= p.H {
				row[x] = float32(p.At(at))
			} else {
				tx, ty := float32(fx-float64(ix)), float32(fy-float64(iy))
				q := p.Pix[iy*p.W+ix:]
				below := p.Pix[(iy+1)*p.W+ix:]
				upper := q[0] + (q[1]-q[0])*tx
				row[x] = upper + (below[0]+(below[1]-below[0])*tx-upper)*ty
			}
			at.X, at.Y = at.X+t.A, at.Y+t.D
		}
	}
	return out
}

// Blur softens a plane by a Gaussian of a standard deviation in pixels.
func (p *Plane) Blur(sigma float64) *Plane {
	if sigma < 0.05 {
		return p
	}
	n := int(math.Ceil(3 * sigma))
	kernel := make([]float32, 2*n+1)
	sum := float32(0)
	for i := range kernel {
		d := float64(i - n)
		kernel[i] = float32(math.Exp(-d * d / (2 * sigma * sigma)))
		sum += kernel[i]
	}
	for i := range kernel {
		kernel[i] /= sum
	}
	return p.convolved(kernel, true).convolved(kernel, false)
}

// convolved runs a kernel along the rows or the columns; the edge goes on outside.
func (p *Plane) convolved(kernel []float32, along bool) *Plane {
	out := NewPlane(p.W, p.H)
	n := len(kernel) / 2
	for y := range p.H {
		row := out.Pix[y*p.W : (y+1)*p.W]
		for k, v := range kernel {
			if !along {
				from := p.Pix[clamp(y+k-n, p.H)*p.W:]
				for x := range row {
					row[x] += v * from[x]
				}
				continue
			}
			from := p.Pix[y*p.W : (y+1)*p.W]
			for x := range row {
				row[x] += v * from[clamp(x+k-n, p.W)]
			}
		}
	}
	return out
}

// Box is the mean over squares of 2r+1 pixels; the edge goes on outside.
func (p *Plane) Box(r int) *Plane {
	kernel := make([]float32, 2*r+1)
	for i := range kernel {
		kernel[i] = 1 / float32(len(kernel))
	}
	return p.convolved(kernel, true).convolved(kernel, false)
}
