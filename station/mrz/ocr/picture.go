package ocr

import (
	"image"
	"math"

	"golang.org/x/image/draw"
	"golang.org/x/image/math/f64"
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

// linePitch is the pixels a character takes in the picture of a whole line.
const linePitch = 24

// Line cuts a whole line out of the picture that was read, straight and upright, for a person to compare
// with its characters: each takes 24 pixels, the first begins one character from the left.
func (r Result) Line(img image.Image, number int) image.Image {
	chars := r.Chars[number]
	first, last := centre(chars[0].Box), centre(chars[len(chars)-1].Box)
	dx, dy := last[0]-first[0], last[1]-first[1]
	pitch := math.Hypot(dx, dy) / float64(max(1, len(chars)-1))
	out := image.NewGray(image.Rect(0, 0, (len(chars)+2)*linePitch, 2*linePitch))
	draw.Draw(out, out.Rect, image.White, image.Point{}, draw.Src)
	if pitch < 1 {
		return out
	}
	scale := linePitch / pitch
	cos, sin := scale*dx/(pitch*float64(len(chars)-1)), scale*dy/(pitch*float64(len(chars)-1))
	x, y := 1.5*linePitch, 1.0*linePitch // where the middle of the first character goes
	draw.CatmullRom.Transform(out, f64.Aff3{
		cos, sin, x - cos*first[0] - sin*first[1],
		-sin, cos, y + sin*first[0] - cos*first[1],
	}, img, r.around(number, pitch).Intersect(img.Bounds()), draw.Src, nil)
	return out
}

// around is the part of the picture that a line takes, with room.
func (r Result) around(number int, pitch float64) image.Rectangle {
	var box image.Rectangle
	for _, c := range r.Chars[number] {
		box = box.Union(c.Box)
	}
	return box.Inset(-int(3 * pitch))
}

func centre(r image.Rectangle) [2]float64 {
	return [2]float64{float64(r.Min.X+r.Max.X) / 2, float64(r.Min.Y+r.Max.Y) / 2}
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
