package portrait

import (
	"encoding/binary"
	"errors"
	"image"
	"math"
	"slices"
)

// pupilCascade is a cascade of regression trees that walk from a rough place to a pupil. The
// module that ships it also evaluates it, but starts from random places; this evaluation starts
// from fixed ones, so that a picture gives one answer. Layout, little endian: stages, scale (float),
// trees per stage, depth; then per tree the nodes of four signed bytes (row and column of two
// pixels to compare, in 1/256 of the window) and the leaves of two floats (step in rows and
// columns).
type pupilCascade struct {
	stages, trees, depth int
	shrink               float64
	nodes                []int8
	leaves               []float32
}

const pupilHeader = 16

var errCascade = errors.New("cascade malformed")

func unpackPupils(b []byte) (*pupilCascade, error) {
	if len(b) < pupilHeader {
		return nil, errCascade
	}
	word := func(i int) uint32 { return binary.LittleEndian.Uint32(b[4*i:]) }
	c := &pupilCascade{
		stages: int(word(0)), shrink: float64(math.Float32frombits(word(1))), trees: int(word(2)), depth: int(word(3)),
	}
	if c.stages < 1 || c.stages > 64 || c.trees < 1 || c.trees > 1024 || c.depth < 1 || c.depth > 16 {
		return nil, errCascade
	}
	leaves := 1 << c.depth
	nodeBytes, leafBytes := 4*(leaves-1), 8*leaves
	b = b[pupilHeader:]
	if len(b) != c.stages*c.trees*(nodeBytes+leafBytes) {
		return nil, errCascade
	}
	for ; len(b) > 0; b = b[nodeBytes+leafBytes:] {
		for _, v := range b[:nodeBytes] {
			c.nodes = append(c.nodes, int8(v))
		}
		for i := range 2 * leaves {
			c.leaves = append(c.leaves, math.Float32frombits(binary.LittleEndian.Uint32(b[nodeBytes+4*i:])))
		}
	}
	return c, nil
}

// walk runs all stages from a start and returns where they end.
func (c *pupilCascade) walk(g gray, x, y, size float64) (float64, float64) {
	leaves := 1 << c.depth
	node, leaf := 0, 0
	for range c.stages {
		var dx, dy float64
		window := int(math.Round(size))
		pixel := func(row, col int8) uint8 {
			r := (256*int(y) + int(row)*window) >> 8
			k := (256*int(x) + int(col)*window) >> 8
			return g.pix[max(0, min(g.height-1, r))*g.width+max(0, min(g.width-1, k))]
		}
		for range c.trees {
			i := 0
			for range c.depth {
				n := c.nodes[node+4*i:]
				i = 2*i + 1
				if pixel(n[0], n[1]) > pixel(n[2], n[3]) {
					i++
				}
			}
			i -= leaves - 1
			dy += float64(c.leaves[leaf+2*i])
			dx += float64(c.leaves[leaf+2*i+1])
			node += 4 * (leaves - 1)
			leaf += 2 * leaves
		}
		x, y = x+dx*size, y+dy*size
		size *= c.shrink
	}
	return x, y
}

// Starts of the walks around the rough place: a grid of offsets in shares of the window, and three
// sizes of it.
const (
	startStep  = 0.025
	startSteps = 2 // to each side
)

// locate walks from all starts and takes the median, so that a few lost walks do not matter.
func (c *pupilCascade) locate(g gray, x, y, size float64) Point {
	var xs, ys []float64
	for _, k := range []float64{0.93, 1, 1.07} {
		for i := -startSteps; i <= startSteps; i++ {
			for j := -startSteps; j <= startSteps; j++ {
				px, py := c.walk(g, x+float64(i)*startStep*size, y+float64(j)*startStep*size, size*k)
				xs, ys = append(xs, px), append(ys, py)
			}
		}
	}
	slices.Sort(xs)
	slices.Sort(ys)
	return Point{xs[len(xs)/2], ys[len(ys)/2]}
}

// pupils locates both eyes of a face. They must lie where a face has them, else ErrNoFace.
func (f *Finder) pupils(g gray, at face) (left, right Point, err error) {
	size := float64(at.size)
	x, y := float64(at.x), float64(at.y)-0.08*size
	left = f.eyes.locate(g, x-0.18*size, y, 0.25*size)
	right = f.eyes.locate(g, x+0.18*size, y, 0.25*size)
	apart := math.Hypot(right.X-left.X, right.Y-left.Y)
	if apart < 0.2*size || apart > 0.6*size || right.X-left.X < 0.15*size ||
		!at.holds(int(left.X), int(left.Y)) || !at.holds(int(right.X), int(right.Y)) {
		return Point{}, Point{}, ErrNoFace
	}
	return left, right, nil
}

// scaled moves a point of the working picture, at the middle of its pixel, into the picture.
func (p Point) scaled(scale int, origin image.Point) Point {
	k := float64(scale)
	return Point{(p.X+0.5)*k + float64(origin.X), (p.Y+0.5)*k + float64(origin.Y)}
}
