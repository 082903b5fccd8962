// Package signature lifts a handwritten signature off the paper that it was scanned on: ink stays, paper
// becomes transparent, dust and the edges of the sheet go. The same picture gives the same bytes.
package signature

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
)

// Conditions that a person can cure with another scan.
var (
	// ErrEmpty is returned where no ink was found.
	ErrEmpty = errors.New("no signature on the picture")
	// ErrNotSignature is returned for a picture with more ink than a signature has: a text, a photograph.
	ErrNotSignature = errors.New("picture is no signature")
)

// Size of what Lift returns, in pixels: a signature of 60 x 20 mm at 300 dpi.
const (
	MaxWidth  = 720
	MaxHeight = 240
)

// Bounds of a signature on its picture.
const (
	blocks      = 24     // of the longer side, in which paper is measured
	leastInk    = 40     // grey levels darker than the paper
	fullInk     = 110    // at which ink is opaque
	leastShare  = 0.0004 // of the picture's pixels
	mostShare   = 0.22   // of the pixels within the signature's frame
	leastSpeck  = 0.004  // of all ink: smaller pieces are dust
	marginShare = 0.06   // of the signature's height is left around it
	maxPixels   = 60_000_000
)

// Lift finds the signature on a picture and returns it as PNG, black ink on nothing.
func Lift(img image.Image) ([]byte, error) {
	b := img.Bounds()
	if b.Dx() < 40 || b.Dy() < 20 || b.Dx() > maxPixels/b.Dy() {
		return nil, fmt.Errorf("%d x %d pixels: %w", b.Dx(), b.Dy(), ErrNotSignature)
	}
	s := newSheet(img)
	s.subtractPaper()
	frame, share, err := s.frame()
	if err != nil {
		return nil, err
	}
	if share > mostShare {
		return nil, fmt.Errorf("ink covers %.0f %% of its frame: %w", 100*share, ErrNotSignature)
	}
	var out bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&out, s.lift(frame)); err != nil {
		return nil, fmt.Errorf("signature: %w", err)
	}
	return out.Bytes(), nil
}

// sheet is a picture's ink: 0 for paper, up to 255.
type sheet struct {
	w, h int
	ink  []uint8
}

// newSheet reads the luminance.
func newSheet(img image.Image) *sheet {
	b := img.Bounds()
	s := &sheet{w: b.Dx(), h: b.Dy(), ink: make([]uint8, b.Dx()*b.Dy())}
	for y := range s.h {
		row := s.ink[y*s.w : (y+1)*s.w]
		switch m := img.(type) {
		case *image.Gray:
			copy(row, m.Pix[m.PixOffset(b.Min.X, b.Min.Y+y):])
		case *image.YCbCr:
			copy(row, m.Y[m.YOffset(b.Min.X, b.Min.Y+y):])
		default:
			for x := range row {
				row[x] = color.GrayModel.Convert(img.At(b.Min.X+x, b.Min.Y+y)).(color.Gray).Y
			}
		}
	}
	return s
}

// subtractPaper turns luminance into darkness against the paper near by, which is the level that most of a
// block is at.
func (s *sheet) subtractPaper() {
	size := max(8, max(s.w, s.h)/blocks)
	across, down := (s.w+size-1)/size, (s.h+size-1)/size
	paper := make([]int, across*down)
	for by := range down {
		for bx := range across {
			paper[by*across+bx] = s.level(bx*size, by*size, size)
		}
	}
	at := func(bx, by int) int { return paper[min(max(by, 0), down-1)*across+min(max(bx, 0), across-1)] }
	for y := range s.h {
		fy := 2*y/size - 1 // half blocks, so that levels pass into one another
		for x := range s.w {
			fx := 2*x/size - 1
			level := (at(fx>>1, fy>>1) + at((fx+1)>>1, fy>>1) + at(fx>>1, (fy+1)>>1) + at((fx+1)>>1, (fy+1)>>1)) / 4
			dark := level - int(s.ink[y*s.w+x])
			s.ink[y*s.w+x] = uint8(min(max(dark, 0), 255))
		}
	}
}

// level is the luminance that three quarters of a block are not above.
func (s *sheet) level(x0, y0, size int) int {
	var count [256]int
	total := 0
	for y := y0; y < min(y0+size, s.h); y++ {
		for _, v := range s.ink[y*s.w+x0 : y*s.w+min(x0+size, s.w)] {
			count[v]++
			total++
		}
	}
	left := total * 3 / 4
	for v, n := range count {
		if left -= n; left < 0 {
			return v
		}
	}
	return 255
}

// piece is a connected set of ink.
type piece struct {
	box   image.Rectangle
	start int // one of its pixels
	n     int
	edge  bool
}

// frame finds the rectangle of the signature and erases what is none: dust, and what runs along the
// picture's edge. It returns the share of ink in it.
func (s *sheet) frame() (image.Rectangle, float64, error) {
	pieces, total := s.pieces()
	if float64(total) < leastShare*float64(s.w*s.h) {
		return image.Rectangle{}, 0, ErrEmpty
	}
	var frame image.Rectangle
	ink := 0
	for _, p := range pieces {
		if p.edge || float64(p.n) < leastSpeck*float64(total) {
			s.flood(p.start, func(at int) { s.ink[at] = 0 })
			continue
		}
		frame = frame.Union(p.box)
		ink += p.n
	}
	if frame.Empty() || frame.Dx() < s.w/40 && frame.Dy() < s.h/40 {
		return image.Rectangle{}, 0, ErrEmpty
	}
	share := float64(ink) / float64(frame.Dx()*frame.Dy())
	margin := max(2, int(marginShare*float64(frame.Dy())))
	return frame.Inset(-margin).Intersect(image.Rect(0, 0, s.w, s.h)), share, nil
}

// pieces labels the connected ink and counts it. What touches the edge and is long is the sheet's own edge.
func (s *sheet) pieces() (list []piece, total int) {
	seen := make([]bool, len(s.ink))
	for start, v := range s.ink {
		if v < leastInk || seen[start] {
			continue
		}
		p := piece{start: start}
		s.flood(start, func(at int) {
			x, y := at%s.w, at/s.w
			seen[at] = true
			p.n++
			p.box = p.box.Union(image.Rect(x, y, x+1, y+1))
		})
		touches := p.box.Min.X == 0 || p.box.Min.Y == 0 || p.box.Max.X == s.w || p.box.Max.Y == s.h
		if p.edge = touches && (p.box.Dx() > s.w*3/4 || p.box.Dy() > s.h*3/4); !p.edge {
			total += p.n
		}
		list = append(list, p)
	}
	return list, total
}

// flood visits each pixel of the ink that hangs together with one.
func (s *sheet) flood(start int, visit func(at int)) {
	seen := map[int]bool{start: true}
	for stack := []int{start}; len(stack) > 0; {
		at := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		x, y := at%s.w, at/s.w
		for ny := max(y-1, 0); ny <= min(y+1, s.h-1); ny++ {
			for nx := max(x-1, 0); nx <= min(x+1, s.w-1); nx++ {
				if next := ny*s.w + nx; !seen[next] && s.ink[next] >= leastInk {
					seen[next] = true
					stack = append(stack, next)
				}
			}
		}
		visit(at)
	}
}

// lift draws the frame's ink at the size of a signature field, by averaging.
func (s *sheet) lift(frame image.Rectangle) *image.NRGBA {
	scale := max(1, float64(frame.Dx())/MaxWidth, float64(frame.Dy())/MaxHeight)
	w, h := max(1, int(float64(frame.Dx())/scale)), max(1, int(float64(frame.Dy())/scale))
	out := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		y0, y1 := frame.Min.Y+int(float64(y)*scale), frame.Min.Y+max(int(float64(y+1)*scale), int(float64(y)*scale)+1)
		for x := range w {
			x0, x1 := frame.Min.X+int(float64(x)*scale), frame.Min.X+max(int(float64(x+1)*scale), int(float64(x)*scale)+1)
			sum, n := 0, 0
			for sy := y0; sy < min(y1, s.h); sy++ {
				for sx := x0; sx < min(x1, s.w); sx++ {
					sum += opacity(s.ink[sy*s.w+sx])
					n++
				}
			}
			out.Pix[out.PixOffset(x, y)+3] = uint8(sum / max(n, 1))
		}
	}
	return out
}

// opacity of ink of a darkness.
func opacity(dark uint8) int {
	return min(max(255*(int(dark)-leastInk/2)/(fullInk-leastInk/2), 0), 255)
}
