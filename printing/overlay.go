package printing

import (
	"fmt"
	"image"

	"golang.org/x/image/draw"
)

// asRGBA returns a picture as RGBA, without a copy where it is one.
func asRGBA(src image.Image) *image.RGBA {
	if rgba, ok := src.(*image.RGBA); ok {
		return rgba
	}
	out := image.NewRGBA(src.Bounds())
	draw.Draw(out, out.Rect, src, src.Bounds().Min, draw.Src)
	return out
}

// Overlay lays ink on a blank and returns the printed page: every channel is multiplied, so white
// leaves the blank as it was. Both pictures must have one size.
func Overlay(blank, layer image.Image) (*image.RGBA, error) {
	b, i := asRGBA(blank), asRGBA(layer)
	if b.Rect.Size() != i.Rect.Size() {
		return nil, fmt.Errorf("overlay of %v on a page of %v", i.Rect.Size(), b.Rect.Size())
	}
	out := image.NewRGBA(image.Rectangle{Max: b.Rect.Size()})
	for y := range out.Rect.Dy() {
		rb := b.Pix[b.PixOffset(b.Rect.Min.X, b.Rect.Min.Y+y):]
		ri := i.Pix[i.PixOffset(i.Rect.Min.X, i.Rect.Min.Y+y):]
		ro := out.Pix[y*out.Stride : (y+1)*out.Stride]
		for x := 0; x < len(ro); x += 4 {
			for k := x; k < x+3; k++ {
				ro[k] = uint8((uint32(rb[k])*uint32(ri[k]) + 127) / 255)
			}
			ro[x+3] = 0xff
		}
	}
	return out, nil
}
