package portrait

import (
	"image"
)

// upright turns a picture by its Exif orientation, in its own kind of pixels.
func upright(img image.Image, orientation int) image.Image {
	if orientation == 1 {
		return img
	}
	switch m := img.(type) {
	case *image.Gray:
		pix, w, h := turn(m.Pix, m.Stride, m.Rect.Dx(), m.Rect.Dy(), 1, orientation)
		return &image.Gray{Pix: pix, Stride: w, Rect: image.Rect(0, 0, w, h)}
	case *image.YCbCr:
		return uprightColour(m, orientation)
	}
	b := img.Bounds()
	out := image.NewRGBA(image.Rect(0, 0, b.Dx(), b.Dy()))
	for y := range b.Dy() {
		for x := range b.Dx() {
			out.Set(x, y, img.At(b.Min.X+x, b.Min.Y+y))
		}
	}
	pix, w, h := turn(out.Pix, out.Stride, b.Dx(), b.Dy(), 4, orientation)
	return &image.RGBA{Pix: pix, Stride: 4 * w, Rect: image.Rect(0, 0, w, h)}
}

// turnedRatio is how the colour of a picture is sampled once its sides are swapped.
var turnedRatio = map[image.YCbCrSubsampleRatio]image.YCbCrSubsampleRatio{
	image.YCbCrSubsampleRatio444: image.YCbCrSubsampleRatio444,
	image.YCbCrSubsampleRatio420: image.YCbCrSubsampleRatio420,
	image.YCbCrSubsampleRatio422: image.YCbCrSubsampleRatio440,
	image.YCbCrSubsampleRatio440: image.YCbCrSubsampleRatio422,
}

// uprightColour turns the three planes of a JPEG. A picture whose colour is sampled in another way than
// cameras do, or with an odd side, is turned pixel by pixel.
func uprightColour(m *image.YCbCr, orientation int) image.Image {
	b := m.Rect
	ratio, known := turnedRatio[m.SubsampleRatio]
	if !known || b.Dx()%2 != 0 || b.Dy()%2 != 0 {
		flat := image.NewRGBA(image.Rect(0, 0, b.Dx(), b.Dy()))
		for y := range b.Dy() {
			for x := range b.Dx() {
				flat.Set(x, y, m.YCbCrAt(b.Min.X+x, b.Min.Y+y))
			}
		}
		pix, w, h := turn(flat.Pix, flat.Stride, b.Dx(), b.Dy(), 4, orientation)
		return &image.RGBA{Pix: pix, Stride: 4 * w, Rect: image.Rect(0, 0, w, h)}
	}
	if orientation < 5 {
		ratio = m.SubsampleRatio
	}
	cw, ch := b.Dx(), b.Dy()
	if m.SubsampleRatio == image.YCbCrSubsampleRatio420 || m.SubsampleRatio == image.YCbCrSubsampleRatio422 {
		cw /= 2
	}
	if m.SubsampleRatio == image.YCbCrSubsampleRatio420 || m.SubsampleRatio == image.YCbCrSubsampleRatio440 {
		ch /= 2
	}
	out := &image.YCbCr{SubsampleRatio: ratio}
	var w, h int
	out.Y, w, h = turn(m.Y, m.YStride, b.Dx(), b.Dy(), 1, orientation)
	out.Cb, out.CStride, _ = turn(m.Cb, m.CStride, cw, ch, 1, orientation)
	out.Cr, _, _ = turn(m.Cr, m.CStride, cw, ch, 1, orientation)
	out.YStride, out.Rect = w, image.Rect(0, 0, w, h)
	return out
}

// turn copies a plane of pixels of the given size in bytes to where an orientation puts them. Orientations
// from 5 on swap the sides.
func turn(pix []byte, stride, w, h, size, orientation int) (out []byte, width, height int) {
	width, height = w, h
	if orientation >= 5 {
		width, height = h, w
	}
	out = make([]byte, size*width*height)
	for y := range height {
		for x := range width {
			sx, sy := x, y
			if orientation >= 5 {
				sx, sy = y, x
			}
			switch orientation {
			case 2, 7, 3, 8:
				sx = w - 1 - sx
			}
			switch orientation {
			case 3, 4, 6, 7:
				sy = h - 1 - sy
			}
			copy(out[size*(y*width+x):][:size], pix[sy*stride+sx*size:][:size])
		}
	}
	return out, width, height
}
