package portrait

import (
	_ "embed" // the cascades
	"fmt"
	"image"

	pigo "github.com/esimov/pigo/core"
)

//go:embed cascade/facefinder
var faceCascade []byte

//go:embed cascade/puploc
var pupilBytes []byte

// Limits of finding.
const (
	minSide      = 120  // pixels of a picture's shorter side
	workSide     = 1200 // pixels of the longer side on which faces are sought
	minScore     = 60.0 // of a face; blank walls and noise stay below 20
	secondShare  = 0.30 // of the first face's score makes a second face
	smallestFace = 0.14 // of the shorter side
)

// Finder finds faces and pupils. It is immutable and may be used by several goroutines at a time.
type Finder struct {
	faces *pigo.Pigo
	eyes  *pupilCascade
}

// NewFinder unpacks the cascades.
func NewFinder() (*Finder, error) {
	faces, err := pigo.NewPigo().Unpack(faceCascade)
	if err != nil {
		return nil, fmt.Errorf("face cascade: %w", err)
	}
	eyes, err := unpackPupils(pupilBytes)
	if err != nil {
		return nil, fmt.Errorf("pupil cascade: %w", err)
	}
	return &Finder{faces, eyes}, nil
}

// face is a square in the working picture.
type face struct {
	x, y, size int // centre and side
	score      float64
}

func (f face) rectangle(scale int) image.Rectangle {
	h := f.size / 2
	return image.Rect((f.x-h)*scale, (f.y-h)*scale, (f.x+h)*scale, (f.y+h)*scale)
}

func (f face) holds(x, y int) bool {
	return 2*max(x-f.x, f.x-x) < f.size && 2*max(y-f.y, f.y-y) < f.size
}

// face returns the one face of a picture and the score of the next best one as a share of its own.
func (f *Finder) face(g gray) (face, float64, error) {
	shorter := min(g.width, g.height)
	params := pigo.CascadeParams{
		MinSize: int(smallestFace * float64(shorter)), MaxSize: shorter, ShiftFactor: 0.08, ScaleFactor: 1.08,
		ImageParams: pigo.ImageParams{Pixels: g.pix, Rows: g.height, Cols: g.width, Dim: g.width},
	}
	// Detections arrive row by row; clusters of equal score keep that order only if the scores are
	// told apart, so the best is chosen by score, then place.
	var best face
	clusters := f.faces.ClusterDetections(f.faces.RunCascade(params, 0), 0.2)
	for _, c := range clusters {
		candidate := face{c.Col, c.Row, c.Scale, float64(c.Q)}
		if candidate.before(best) {
			best = candidate
		}
	}
	if best.score < minScore {
		return face{}, 0, ErrNoFace
	}
	share := 0.0
	for _, c := range clusters {
		if !best.holds(c.Col, c.Row) {
			share = max(share, float64(c.Q)/best.score)
		}
	}
	if share > secondShare {
		return face{}, share, ErrSeveralFaces
	}
	return best, share, nil
}

func (f face) before(g face) bool {
	switch {
	case f.score != g.score:
		return f.score > g.score
	case f.y != g.y:
		return f.y < g.y
	}
	return f.x < g.x
}
