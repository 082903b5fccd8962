// Package portrait examines the picture of an applicant, cuts the portrait out of it and encodes it
// for the chip (ICAO Doc 9303-3, 3.9).
//
// It measures what can be measured (faces, pupils, exposure, background, sharpness) and says for
// every measure its limit, where the limit comes from, and whether it is provisional. What it
// cannot measure (closed eyes, yaw, glasses, a covered face) stays with the operator: there is no
// guess in a Finding. Crown and chin are estimated from the eyes, and named as estimates.
//
// The same picture gives the same verdict, always: nothing here is random. Faces are found with
// the pixel-intensity cascades of Markuš, Ahlberg and Forchheimer in their Go form (pigo, MIT
// licence, see cascade/LICENSE).
package portrait

import (
	"errors"
	"fmt"
	"image"
)

// Conditions that a person can cure with another picture.
var (
	// ErrNoFace is returned where no face, or no pair of eyes, was found.
	ErrNoFace = errors.New("no face in the picture")
	// ErrSeveralFaces is returned where a second face is more than an accident of the background.
	ErrSeveralFaces = errors.New("several faces in the picture")
	// ErrTooSmall is returned for a picture without the pixels for a portrait.
	ErrTooSmall = errors.New("picture too small")
	// ErrTooLarge is returned for a picture of more pixels than are worth opening.
	ErrTooLarge = errors.New("picture too large")
	// ErrNotPicture is returned for bytes that are neither JPEG nor PNG.
	ErrNotPicture = errors.New("not a JPEG or PNG picture")
	// ErrDamaged is returned for a JPEG or PNG picture that breaks off or contradicts itself. It also is
	// ErrNotPicture.
	ErrDamaged = fmt.Errorf("damaged: %w", ErrNotPicture)
	// ErrMoving is returned for a picture that moves: a portrait is one. It also is ErrNotPicture.
	ErrMoving = fmt.Errorf("animated: %w", ErrNotPicture)
	// ErrCrop is returned for a crop that is not 7 wide and 9 high, leaves the picture, or is too small.
	ErrCrop = errors.New("crop is not of the portrait's shape")
	// ErrCannotFit is returned by Encode where the picture does not fit at any bearable quality.
	ErrCannotFit = errors.New("picture does not fit")
)

// Point is a place in a picture in pixels, with fractions.
type Point struct {
	X float64 `json:"x"`
	Y float64 `json:"y"`
}

// Finding is what is known of a picture with one face.
type Finding struct {
	Face        image.Rectangle `json:"face"`      // as the finder saw it
	LeftPupil   Point           `json:"leftPupil"` // left in the picture
	RightPupil  Point           `json:"rightPupil"`
	EyeDistance float64         `json:"eyeDistance"` // pixels between the pupils
	Crown       Point           `json:"crown"`       // estimated from the eyes
	Chin        Point           `json:"chin"`        // estimated from the eyes
	Crop        image.Rectangle `json:"crop"`        // 7 wide, 9 high, within the picture
	Checks      []Check         `json:"checks"`

	sitter Sitter
	share  float64 // of the second face
}

// Ticks lists what the officer has to look at, for the person by whose rules the picture was measured.
func (f Finding) Ticks() []string { return f.sitter.Ticks() }

// Outcome returns the worst outcome of all checks.
func (f Finding) Outcome() Outcome {
	worst := Pass
	for _, c := range f.Checks {
		worst = max(worst, c.Outcome)
	}
	return worst
}

// Check returns the check of a key.
func (f Finding) Check(key string) (Check, bool) {
	for _, c := range f.Checks {
		if c.Key == key {
			return c, true
		}
	}
	return Check{}, false
}

// Examine finds the one face of a picture, that of a grown person, and measures it. It returns ErrNoFace, ErrSeveralFaces,
// ErrTooSmall or ErrTooLarge where there is nothing to measure; a measure out of its limit is no
// error but a Check.
func Examine(img image.Image) (Finding, error) {
	finder, err := NewFinder()
	if err != nil {
		return Finding{}, err
	}
	return finder.Examine(img)
}

// Examine is the function of that name with cascades that are already unpacked.
func (f *Finder) Examine(img image.Image) (Finding, error) { return f.ExamineFor(img, Adult) }

// ExamineFor is Examine by the rules for a person's age.
func (f *Finder) ExamineFor(img image.Image, sitter Sitter) (Finding, error) {
	bounds := img.Bounds()
	if bounds.Dx() < minSide || bounds.Dy() < minSide {
		return Finding{}, fmt.Errorf("%d x %d pixels: %w", bounds.Dx(), bounds.Dy(), ErrTooSmall)
	}
	if int64(bounds.Dx())*int64(bounds.Dy()) > MaxPixels {
		return Finding{}, fmt.Errorf("%d x %d pixels: %w", bounds.Dx(), bounds.Dy(), ErrTooLarge)
	}
	full := grayOf(img)
	work, scale := full.reduced(workSide)
	face, share, err := f.face(work)
	if err != nil {
		return Finding{}, err
	}
	left, right, err := f.pupils(work, face)
	if err != nil {
		return Finding{}, err
	}
	finding := Finding{
		sitter: sitter, share: share,
		Face:      face.rectangle(scale).Add(bounds.Min).Intersect(bounds),
		LeftPupil: left.scaled(scale, bounds.Min), RightPupil: right.scaled(scale, bounds.Min),
	}
	if err := finding.frame(bounds); err != nil {
		return Finding{}, err
	}
	finding.Checks = measure(full, finding, bounds)
	return finding, nil
}
