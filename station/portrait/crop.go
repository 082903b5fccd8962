package portrait

import (
	"fmt"
	"image"
	"math"

	"golang.org/x/image/draw"
)

// Shape and standard size of the portrait: 7 to 9, as 35 x 45 mm (ICAO Doc 9303-3, 3.9.1.2).
const (
	ratioWidth     = 7
	ratioHeight    = 9
	StandardWidth  = 420 // pixels; about 110 of them lie between the pupils
	StandardHeight = StandardWidth * ratioHeight / ratioWidth
)

// Proportions of an adult head in distances between the pupils, by which crown and chin are
// estimated; children's heads are longer above the eyes, so the operator looks at the frame.
const (
	crownAbove = 1.80
	chinBelow  = 1.85
)

// Placing of the head in the crop.
const (
	headShare  = 0.75 // of the crop's height from crown to chin, the middle of what is allowed
	aboveCrown = 0.10 // of the crop's height
)

// frame estimates crown and chin and lays the crop around the head. Where the picture is too small
// for it, the crop is smaller, keeps its shape, and the head-size check says so.
func (f *Finding) frame(bounds image.Rectangle) error {
	dx, dy := f.RightPupil.X-f.LeftPupil.X, f.RightPupil.Y-f.LeftPupil.Y
	f.EyeDistance = math.Hypot(dx, dy)
	middle := Point{(f.LeftPupil.X + f.RightPupil.X) / 2, (f.LeftPupil.Y + f.RightPupil.Y) / 2}
	down := Point{-dy, dx} // one eye distance along the head's axis
	f.Crown = Point{middle.X - f.sitter.crown()*down.X, middle.Y - f.sitter.crown()*down.Y}
	f.Chin = Point{middle.X + chinBelow*down.X, middle.Y + chinBelow*down.Y}
	height := (f.sitter.crown() + chinBelow) * f.EyeDistance / headShare
	unit := min(int(math.Round(height/ratioHeight)), bounds.Dx()/ratioWidth, bounds.Dy()/ratioHeight)
	if unit < minSide/ratioHeight {
		return fmt.Errorf("face of %.0f pixels between the eyes: %w", f.EyeDistance, ErrTooSmall)
	}
	w, h := ratioWidth*unit, ratioHeight*unit
	x := int(math.Round((f.Crown.X+f.Chin.X)/2)) - w/2
	y := int(math.Round(f.Crown.Y - aboveCrown*float64(h)))
	x = max(bounds.Min.X, min(x, bounds.Max.X-w))
	y = max(bounds.Min.Y, min(y, bounds.Max.Y-h))
	f.Crop = image.Rect(x, y, x+w, y+h)
	return nil
}

// Reframe measures a finding again with a crop that the officer has moved: the checks that depend on it
// change, the others stay. The crop must be 7 wide and 9 high to within a pixel and lie in the picture;
// otherwise, or where it holds no face, Reframe returns ErrCrop.
func Reframe(img image.Image, f Finding, crop image.Rectangle) (Finding, error) {
	off := crop.Dx()*ratioHeight - crop.Dy()*ratioWidth
	middle := image.Pt(int(f.LeftPupil.X+f.RightPupil.X)/2, int(f.LeftPupil.Y+f.RightPupil.Y)/2)
	if off > ratioHeight || off < -ratioHeight || crop.Dx() < minSide*ratioWidth/ratioHeight ||
		!crop.In(img.Bounds()) || !middle.In(crop) {
		return f, fmt.Errorf("%d x %d pixels: %w", crop.Dx(), crop.Dy(), ErrCrop)
	}
	f.Crop = crop
	f.Checks = measure(grayOf(img), f, img.Bounds())
	return f, nil
}

// Crop cuts a rectangle out of a picture at the standard size. A rectangle of another shape than 7
// to 9 is cut down around its middle: nothing is ever stretched.
func Crop(img image.Image, r image.Rectangle) image.Image {
	return CropAt(img, r, StandardWidth)
}

// CropAt is Crop at another width in pixels, for printing.
func CropAt(img image.Image, r image.Rectangle, width int) image.Image {
	r = shaped(r.Intersect(img.Bounds()))
	width = max(ratioWidth, width/ratioWidth*ratioWidth)
	out := image.NewRGBA(image.Rect(0, 0, width, width*ratioHeight/ratioWidth))
	if r.Empty() {
		draw.Draw(out, out.Bounds(), image.White, image.Point{}, draw.Src)
		return out
	}
	draw.CatmullRom.Scale(out, out.Bounds(), img, r, draw.Src, nil)
	return out
}

// shaped returns the largest rectangle of the portrait's shape within r, around its middle.
func shaped(r image.Rectangle) image.Rectangle {
	unit := min(r.Dx()/ratioWidth, r.Dy()/ratioHeight)
	w, h := unit*ratioWidth, unit*ratioHeight
	x, y := r.Min.X+(r.Dx()-w)/2, r.Min.Y+(r.Dy()-h)/2
	return image.Rect(x, y, x+w, y+h)
}
