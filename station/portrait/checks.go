package portrait

import (
	"fmt"
	"image"
	"math"
)

// Outcome is the verdict of one check, better ones first.
type Outcome int

// Outcomes.
const (
	Pass Outcome = iota
	Warn
	Fail
)

// String returns "pass", "warn" or "fail".
func (o Outcome) String() string {
	switch o {
	case Pass:
		return "pass"
	case Warn:
		return "warn"
	}
	return "fail"
}

// MarshalText writes the outcome as its word.
func (o Outcome) MarshalText() ([]byte, error) { return []byte(o.String()), nil }

// Keys of the checks. They are stable: the text that names a cure is chosen by them.
const (
	KeyFaces        = "faces"
	KeyEyeDistance  = "eye-distance"
	KeyRoll         = "roll"
	KeyHeadSize     = "head-size"
	KeyHeadPlace    = "head-place"
	KeySaturation   = "saturation"
	KeyExposure     = "exposure"
	KeyBackground   = "background"
	KeyIllumination = "illumination"
	KeySharpness    = "sharpness"
	KeyDynamicRange = "dynamic-range"
)

// Check is one measure of a picture.
type Check struct {
	Key         string  `json:"key"`
	Value       float64 `json:"value"`
	Unit        string  `json:"unit"`
	Limit       string  `json:"limit"` // as it was applied, for the screen
	Basis       string  `json:"basis"` // the standard's section, or the practice that it follows
	Provisional bool    `json:"provisional"`
	Outcome     Outcome `json:"outcome"`
}

const (
	basisProvisional = "provisional"
	basisPortrait    = "ICAO Doc 9303-3, 3.9.1"
	basisFraming     = "ICAO Doc 9303-3, 3.9.1.3"
	basisDistance    = "practice of ISO/IEC 19794-5"
	basisChildren    = "practice for children, ISO/IEC 39794-5"
	basisOneFace     = "ISO/IEC 29794-5, single face present"
)

// measure makes all checks. Places in the finding are relative to bounds, full starts at 0, 0.
func measure(full gray, f Finding, bounds image.Rectangle) []Check {
	second := f.share
	head := f.region().Sub(bounds.Min)
	crop := f.Crop.Sub(bounds.Min)
	dark, bright, clipped := exposure(full, head)
	return []Check{
		{KeyFaces, 100 * second, "%", "second face <= 30", basisOneFace, false, above(second, secondShare, secondShare)},
		{KeyEyeDistance, f.EyeDistance, "px", ">= 120, at least 90", basisDistance, false, under(f.EyeDistance, 120, 90)},
		f.rollCheck(),
		f.headSizeCheck(),
		f.headPlaceCheck(),
		{KeySaturation, 100 * clipped, "%", "< 0.1", basisPortrait, false, above(clipped, 0.001, 0.001)},
		{
			KeyExposure, 100 * (dark + bright), "%", "<= 12, at most 25", basisProvisional, true,
			above(dark+bright, 0.12, 0.25),
		},
		backgroundCheck(full, crop),
		illuminationCheck(full, f, bounds.Min),
		sharpnessCheck(full, head, f.EyeDistance),
		dynamicRangeCheck(full, head),
	}
}

// above judges a value that should be small.
func above(v, warn, fail float64) Outcome {
	switch {
	case v > fail:
		return Fail
	case v > warn:
		return Warn
	}
	return Pass
}

// under judges a value that should be large.
func under(v, warn, fail float64) Outcome {
	return above(-v, -warn, -fail)
}

// region is the face from brows to chin without hair, in picture coordinates.
func (f Finding) region() image.Rectangle {
	d := f.EyeDistance
	x, y := (f.LeftPupil.X+f.RightPupil.X)/2, (f.LeftPupil.Y+f.RightPupil.Y)/2
	return image.Rect(int(x-0.95*d), int(y-0.8*d), int(x+0.95*d), int(y+1.6*d))
}

func (f Finding) rollCheck() Check {
	roll := math.Atan2(f.RightPupil.Y-f.LeftPupil.Y, f.RightPupil.X-f.LeftPupil.X) * 180 / math.Pi
	warn, fail := f.sitter.roll()
	return Check{
		KeyRoll, roll, "degrees", fmt.Sprintf("<= %g, at most %g", warn, fail), basisProvisional, true,
		above(math.Abs(roll), warn, fail),
	}
}

func (f Finding) headSizeCheck() Check {
	share := 100 * (f.sitter.crown() + chinBelow) * f.EyeDistance / float64(f.Crop.Dy())
	least, basis, provisional := 70.0, basisFraming, false
	if f.sitter != Adult {
		least, basis, provisional = 50, basisChildren, true
	}
	return Check{
		KeyHeadSize, share, "% of height", fmt.Sprintf("%g to 80", least), basis, provisional,
		max(above(share, 80, 80), under(share, least, least)),
	}
}

// headPlaceCheck measures by how much the crop had to be moved from the head, in eye distances.
func (f Finding) headPlaceCheck() Check {
	middle := float64(f.Crop.Min.X+f.Crop.Max.X) / 2
	top := f.Crown.Y - aboveCrown*float64(f.Crop.Dy())
	off := math.Hypot(middle-(f.Crown.X+f.Chin.X)/2, float64(f.Crop.Min.Y)-top) / f.EyeDistance
	return Check{
		KeyHeadPlace, off, "eye distances", "<= 0.25, at most 0.45", basisProvisional, true, above(off, 0.25, 0.45),
	}
}

// exposure returns the shares of dark, bright and saturated pixels.
func exposure(g gray, r image.Rectangle) (dark, bright, clipped float64) {
	count, total := g.histogram(r)
	if total == 0 {
		return 1, 0, 1
	}
	sum := func(from, to int) float64 {
		n := 0
		for _, c := range count[from : to+1] {
			n += c
		}
		return float64(n) / float64(total)
	}
	return sum(0, 25), sum(247, 255), sum(0, 0) + sum(255, 255)
}

// backgroundCheck measures the upper corners of the crop, where no head reaches.
func backgroundCheck(g gray, crop image.Rectangle) Check {
	w, h := crop.Dx()/9, crop.Dy()/4
	left := image.Rect(crop.Min.X, crop.Min.Y, crop.Min.X+w, crop.Min.Y+h)
	right := image.Rect(crop.Max.X-w, crop.Min.Y, crop.Max.X, crop.Min.Y+h)
	a, n := g.histogram(left)
	b, m := g.histogram(right)
	var sum, squares float64
	for v := range a {
		k := float64(a[v] + b[v])
		sum += k * float64(v)
		squares += k * float64(v) * float64(v)
	}
	total := float64(n + m)
	deviation := math.Sqrt(max(0, squares/total-square(sum/total)))
	return Check{KeyBackground, deviation, "levels", "<= 12, at most 25", basisProvisional, true, above(deviation, 12, 25)}
}

// illuminationCheck compares the cheeks: the darker one's luminance over the brighter one's.
func illuminationCheck(g gray, f Finding, origin image.Point) Check {
	d := f.EyeDistance
	cheek := func(p Point, outward float64) float64 {
		x, y := p.X-float64(origin.X)+outward*0.08*d, p.Y-float64(origin.Y)+0.62*d
		return g.mean(image.Rect(int(x-0.14*d), int(y-0.14*d), int(x+0.14*d), int(y+0.14*d)))
	}
	a, b := cheek(f.LeftPupil, -1), cheek(f.RightPupil, 1)
	ratio := min(a, b) / max(1, a, b)
	return Check{KeyIllumination, ratio, "ratio", ">= 0.8, at least 0.6", basisProvisional, true, under(ratio, 0.8, 0.6)}
}

func (g gray) mean(r image.Rectangle) float64 {
	count, total := g.histogram(r)
	sum := 0
	for v, n := range count {
		sum += v * n
	}
	return float64(sum) / float64(max(1, total))
}

// Sharpness is judged at one size, so that a large picture is not held sharper than a small one.
const (
	sharpEyes = 90.0 // pixels between the eyes
	sharpWarn = 35.0
	sharpFail = 15.0
)

// sharpnessCheck is the variance of the Laplacian over the face.
func sharpnessCheck(g gray, head image.Rectangle, eyes float64) Check {
	face := g.resampled(head, min(1, sharpEyes/eyes))
	var sum, squares float64
	n := 0
	for y := 1; y < face.height-1; y++ {
		for x := 1; x < face.width-1; x++ {
			at := func(dx, dy int) float64 { return float64(face.pix[(y+dy)*face.width+x+dx]) }
			v := at(-1, 0) + at(1, 0) + at(0, -1) + at(0, 1) - 4*at(0, 0)
			sum += v
			squares += v * v
			n++
		}
	}
	count := float64(max(1, n))
	variance := squares/count - square(sum/count)
	return Check{
		KeySharpness, variance, "variance", ">= 35, at least 15", basisProvisional, true,
		under(variance, sharpWarn, sharpFail),
	}
}

// dynamicRangeCheck is the entropy of the face's luminance.
func dynamicRangeCheck(g gray, head image.Rectangle) Check {
	count, total := g.histogram(head)
	bits := 0.0
	for _, n := range count {
		if n > 0 {
			p := float64(n) / float64(total)
			bits -= p * math.Log2(p)
		}
	}
	return Check{KeyDynamicRange, bits, "bits", ">= 7, at least 6", basisProvisional, true, under(bits, 7, 6)}
}

func square(v float64) float64 { return v * v }
