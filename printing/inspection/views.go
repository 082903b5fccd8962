package inspection

import (
	"image"

	"padarozhnik/printing/measure"
)

// Views are the page as it was ordered and as it was seen, in greys, laid on each other, with the places that
// differ: what an inspector holds side by side. All are nil or empty where the page was not found. They show
// the page and are as personal as it.
func (r *Result) Views() (want, seen *image.Gray, places []image.Rectangle) {
	if r.seen == nil {
		return nil, nil, nil
	}
	for _, b := range r.frames() {
		if p := b.Pixels(r.dpi).Intersect(image.Rect(0, 0, r.seen.W, r.seen.H)); !p.Empty() {
			places = append(places, p)
		}
	}
	return grayed(r.want), grayed(r.seen), places
}

// grayed is a plane as a picture.
func grayed(p *measure.Plane) *image.Gray {
	img := image.NewGray(image.Rect(0, 0, p.W, p.H))
	for i, v := range p.Pix {
		img.Pix[i] = uint8(min(max(v, 0), 255))
	}
	return img
}
