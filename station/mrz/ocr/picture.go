package ocr

import (
	"image"

	"golang.org/x/image/draw"
)

// pictureHeight is the least height in pixels at which a doubtful character is shown.
const pictureHeight = 96

// Picture cuts a character with its neighbours out of the picture that was read, upright and large enough to
// look at: what a person decides on a doubtful character by.
func (r Result) Picture(img image.Image, at Place) image.Image {
	line := r.Chars[at.Line]
	box := line[at.Column].Box
	for c := max(0, at.Column-1); c <= min(len(line)-1, at.Column+1); c++ {
		box = box.Union(line[c].Box)
	}
	box = box.Inset(-2).Intersect(img.Bounds())
	part := image.NewGray(image.Rect(0, 0, box.Dx(), box.Dy()))
	draw.Draw(part, part.Rect, img, box.Min, draw.Src)
	turned := quarter(part, r.Angle)
	scale := max(1, (pictureHeight+turned.Rect.Dy()-1)/max(1, turned.Rect.Dy()))
	out := image.NewGray(image.Rect(0, 0, turned.Rect.Dx()*scale, turned.Rect.Dy()*scale))
	draw.CatmullRom.Scale(out, out.Rect, turned, turned.Rect, draw.Src, nil)
	return out
}

// quarter turns a picture by the quarter turns in an angle of its lines.
func quarter(m *image.Gray, degrees float64) *image.Gray {
	turns := 0
	for d := degrees; d > 45; d -= 90 {
		turns++
	}
	for d := degrees; d < -45; d += 90 {
		turns += 3
	}
	for range turns % 4 { // each turns the picture a quarter against the clock
		w, h := m.Rect.Dx(), m.Rect.Dy()
		out := image.NewGray(image.Rect(0, 0, h, w))
		for y := range w {
			for x := range h {
				out.Pix[y*out.Stride+x] = m.Pix[x*m.Stride+w-1-y]
			}
		}
		m = out
	}
	return m
}
