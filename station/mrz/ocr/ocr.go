// Package ocr reads the machine readable zone from a scanned page: a recogniser for the one face,
// the one pitch and the few layouts that ICAO Doc 9303-3 to 9303-7 allow.
//
// # Life of a page
//
// The page is reduced to about ten pixels a character, where thin dark strokes are marked and
// smeared into bars. Long parallel bars at the distance of a zone's lines are its possible places
// (find). On the page at full resolution each line is straightened, its pitch and phase measured,
// and characters matched roughly to learn where the line truly runs (follow). Then every cell is
// cut out at 24 pixels a character, flattened, and matched against the OCR-B outlines by
// normalised cross-correlation between the pixels (read). Both directions are tried, and lines
// that run up or down the picture where none across it was accepted. A page on which nothing reads
// well is searched again at about fifteen pixels a character, without its specks.
//
// # What is accepted
//
// A reading is accepted without a person only if mrz.Parse finds no defect in the characters as
// they were seen, no character was replaced because its field forbids it, and the weakest
// character is above a bar in score and in distance to its runner-up. A field's alphabet may
// choose what is shown to a person; check digits choose nothing at all. Rules that repair a
// reading until its check digits fit accept noise.
package ocr

import (
	"cmp"
	"context"
	"errors"
	"image"
	"math"
	"slices"
	"strings"

	"padarozhnik/station/mrz"
	"padarozhnik/station/mrz/ocr/ocrb"
)

// ErrNoMRZ is returned for a picture on which no machine readable zone was found.
var ErrNoMRZ = errors.New("no machine readable zone on the picture")

// Char is one character as it was seen.
type Char struct {
	Rune        rune
	Score       float64 // normalised cross-correlation, 1 for a perfect print
	Second      rune    // the nearest other character that the field allows; 0 where there is none
	SecondScore float64
	Margin      float64         // between what is shown and Second, in the distance of the two shapes
	Box         image.Rectangle // on the picture given to Read
	Field       mrz.Field       // that the character belongs to
	Others      []rune          // what else the field allows here than what is shown, likeliest first
}

// Place is the place of a character: line and column from 0.
type Place struct{ Line, Column int }

// Result is a reading. Lines holds what a person should be shown first: the characters as seen,
// but where a field's alphabet forbids one, the best that it allows.
type Result struct {
	Lines    []string
	Chars    [][]Char
	Angle    float64 // of the lines on the picture, degrees clockwise, -180 to 180
	Accepted bool    // good without a person's eyes
	Doubtful []Place // characters to look at first; none where Accepted, or where the whole page is poor
}

// workDPI is the resolution that a picture is brought near to, from above, before it is read.
const workDPI = 230

// Bounds of a picture: less holds no zone, more is no page.
const (
	minSide   = 100
	maxPixels = 200 << 20
)

// Read finds and reads the machine readable zone of a picture of the given resolution, which may
// be a tenth off. A resolution of 0 means that none is known: the sizes of a data page, an open
// book and an A4 page are then tried. Read returns ErrNoMRZ where nothing looks like a zone, and
// the context's error if it ends first.
func Read(ctx context.Context, img image.Image, dpi int) (Result, error) {
	b := img.Bounds()
	if min(b.Dx(), b.Dy()) < minSide || b.Dx() > maxPixels/b.Dy() || dpi < 0 {
		return Result{}, ErrNoMRZ
	}
	guesses := []int{dpi}
	if dpi == 0 {
		guesses = guessDPI(b)
	}
	best, err := readAny(ctx, img, guesses, quick)
	if err == nil && best.mean < leastPage {
		var again reading
		if again, err = readAny(ctx, img, guesses, careful); again.better(&best) {
			best = again
		}
	}
	if err != nil {
		return Result{}, err
	}
	if best.mean < leastMean {
		return Result{}, ErrNoMRZ
	}
	return best.result(b), nil
}

// readAny reads a picture as of each resolution in turn and returns the best reading.
func readAny(ctx context.Context, img image.Image, guesses []int, searches []search) (best reading, err error) {
	for _, guess := range guesses {
		r, err := readAt(ctx, img, guess, searches)
		if err != nil {
			return reading{}, err
		}
		if r.better(&best) {
			best = r
		}
		if best.accepted {
			break
		}
	}
	return best, nil
}

// guessDPI supposes that the longer side of a picture is that of a data page (125 mm), of an open
// book (176 mm) or of an A4 page (297 mm).
func guessDPI(b image.Rectangle) []int {
	var guesses []int
	for _, mm := range []float64{125, 176, 297} {
		if dpi := int(float64(max(b.Dx(), b.Dy())) / mm * 25.4); dpi >= 100 {
			guesses = append(guesses, dpi)
		}
	}
	return guesses
}

// readAt reads a picture whose resolution is taken as known.
func readAt(ctx context.Context, img image.Image, dpi int, searches []search) (reading, error) {
	reduce := max(1, dpi/workDPI)
	work := grayOf(img, reduce)
	pitch := float64(dpi) / float64(reduce) * ocrb.PitchMM / 25.4
	var best reading
	for _, s := range searches {
		again := max(1, int(float64(dpi)/float64(reduce)/s.dpi+0.5))
		small := s.prepare(work.shrink(again))
		for i, p := range [...]*plane{small, small.transposed()} {
			for _, z := range findZones(p, pitch/float64(again), s) {
				if err := ctx.Err(); err != nil {
					return reading{}, err
				}
				if i == 1 {
					z = z.transposed()
				}
				r := readZone(work, z.enlarged(again), pitch)
				if r.reduce = reduce; r.better(&best) {
					best = r
				}
				if best.accepted || best.mean >= goodPage { // this is the zone, be it good without a person or not
					return best, nil
				}
			}
		}
	}
	return best, nil
}

// goodPage is the mean score beyond which no other place of a page reads better.
const goodPage = 0.87

// result turns a reading into what the caller gets; b is the picture's bounds.
func (r *reading) result(b image.Rectangle) Result {
	out := Result{Accepted: r.accepted, Doubtful: r.doubtful, Angle: degrees(r.lines[0].track.axis.angle)}
	for i, line := range r.lines {
		out.Lines = append(out.Lines, string(r.shown[i]))
		chars := make([]Char, len(line.cells))
		for c := range line.cells {
			m := &line.cells[c]
			choice := line.choices[c]
			chars[c] = Char{Rune: runeAt(m.best), Score: m.score(), Margin: choice.margin,
				Box: line.box(c, r.reduce, b)}
			r.describe(&chars[c], Place{Line: i, Column: c})
			if choice.rival >= 0 {
				chars[c].Second, chars[c].SecondScore = runeAt(choice.rival), m.scores[choice.rival]
			}
		}
		out.Chars = append(out.Chars, chars)
	}
	return out
}

// mostOthers bounds what a person is offered for a character beside the proposal.
const mostOthers = 4

// describe fills in the field of a character and what else the field allows.
func (r *reading) describe(char *Char, at Place) {
	for _, f := range r.fieldsOf() {
		if f.line != at.Line || at.Column < f.from || at.Column >= f.to {
			continue
		}
		char.Field = f.name
		scores := &r.lines[at.Line].cells[at.Column].scores
		var list []int
		for i := range scores {
			if c := ocrb.Alphabet[i]; c != r.shown[at.Line][at.Column] && strings.IndexByte(f.alphabet, c) >= 0 {
				list = append(list, i)
			}
		}
		slices.SortStableFunc(list, func(a, b int) int { return cmp.Compare(scores[b], scores[a]) })
		for _, i := range list[:min(len(list), mostOthers)] {
			char.Others = append(char.Others, runeAt(i))
		}
	}
}

// runeAt is a character of the alphabet by its number.
func runeAt(i int) rune { return rune(ocrb.Alphabet[i]) }

// box is the smallest upright rectangle on the picture around a character's cell.
func (l *line) box(c, reduce int, b image.Rectangle) image.Rectangle {
	x0, y0, x1, y1 := math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)
	for _, corner := range [...][2]float64{{0.1, -0.62}, {0.9, -0.62}, {0.1, 0.58}, {0.9, 0.58}} {
		x, y := l.track.at(float64(c)+corner[0], corner[1])
		x, y = (x+0.5)*float64(reduce), (y+0.5)*float64(reduce)
		x0, y0, x1, y1 = min(x0, x), min(y0, y), max(x1, x), max(y1, y)
	}
	box := image.Rect(int(math.Floor(x0)), int(math.Floor(y0)), int(math.Ceil(x1)), int(math.Ceil(y1)))
	return box.Add(b.Min).Intersect(b)
}

// degrees turns an angle into degrees from -180 to 180.
func degrees(rad float64) float64 {
	return math.Remainder(rad*180/math.Pi, 360)
}
