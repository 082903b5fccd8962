package printing

import (
	"errors"
	"fmt"
	"image"
	"image/color"
	"regexp"
	"strings"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/oned"
)

// ErrNoSerial is returned where no bar code of a serial can be read.
var ErrNoSerial = errors.New("no serial in the picture")

var serialForm = regexp.MustCompile(`^[A-Z0-9]{1,16}$`)

// quietModules is the white before and after a Code 128, in modules.
const quietModules = 10

// minModuleMM is the narrowest module that a scan at 200 dpi still resolves.
const minModuleMM = 0.21

// barcode prints the serial as Code 128 on a white panel, to be read from the bottom upwards,
// and as text beside it.
func (c *composer) barcode(serial string) error {
	if !serialForm.MatchString(serial) {
		return errSerial(serial)
	}
	code, err := oned.NewCode128Writer().EncodeWithoutHint(serial, gozxing.BarcodeFormat_CODE_128, 0, 1)
	if err != nil {
		return fmt.Errorf("bar code: %w", err)
	}
	bars := barsOf(code)
	b := c.l.Barcode
	module := min(b.ModuleMM, b.HeightMM/float64(len(bars)+2*quietModules))
	if module < minModuleMM {
		return fmt.Errorf("bar code of %d modules does not fit its place", len(bars))
	}
	length := module * float64(len(bars)+2*quietModules)
	bottom := b.YMM + (b.HeightMM+length)/2
	c.clear(Box{b.XMM - 0.5, bottom - length, b.WidthMM + 1, length})
	var o outline
	for i, dark := range bars {
		if dark {
			o.rectangle(Box{b.XMM, bottom - module*float64(quietModules+i+1), b.WidthMM, module})
		}
	}
	c.shape(o, printed, inkBlack)
	s, err := c.press.bold.set(serial, 0.12)
	if err != nil {
		return fmt.Errorf("serial: %w", err)
	}
	const size = 1.75
	start := point{b.XMM - 0.95, bottom - (length-s.width*size)/2}
	c.text(textLine{s, baseline{start, size, 90}}, printed, colour{inkTitle, 1})
	return nil
}

// barsOf returns the modules of a code without the quiet zone.
func barsOf(code *gozxing.BitMatrix) []bool {
	bars := make([]bool, code.GetWidth())
	first, last := -1, -1
	for x := range bars {
		bars[x] = code.Get(x, 0)
		if bars[x] && first < 0 {
			first = x
		}
		if bars[x] {
			last = x
		}
	}
	if first < 0 {
		return nil
	}
	return bars[first : last+1]
}

// errSerial says what a serial must look like.
func errSerial(serial string) error {
	return fmt.Errorf("serial of %d characters: want 1 to 16 letters A-Z and digits", len(serial))
}

// ReadSerial reads the serial of a blank from a scan of its page, at 200 dpi or more, in any of the
// four orientations and up to three degrees askew. It looks along lines through the picture and
// wants two of them to agree and none to differ; otherwise it returns ErrNoSerial.
func ReadSerial(img image.Image) (string, error) {
	r := img.Bounds()
	if r.Dx() < 16 || r.Dy() < 16 || r.Dx() > 1<<15 || r.Dy() > 1<<15 {
		return "", fmt.Errorf("picture of %d x %d pixels: %w", r.Dx(), r.Dy(), ErrNoSerial)
	}
	luma := grayAt(img)
	votes := map[string]int{}
	step := max(1, max(r.Dx(), r.Dy())/320)
	for y := r.Min.Y + step/2; y < r.Max.Y; y += step {
		line := make([]byte, r.Dx())
		for x := range line {
			line[x] = luma(r.Min.X+x, y)
		}
		vote(votes, line)
	}
	for x := r.Min.X + step/2; x < r.Max.X; x += step {
		line := make([]byte, r.Dy())
		for y := range line {
			line[y] = luma(x, r.Min.Y+y)
		}
		vote(votes, line)
	}
	if len(votes) == 1 {
		for serial, n := range votes {
			if n >= 2 {
				return serial, nil
			}
		}
	}
	return "", ErrNoSerial
}

// grayAt returns a reader of luminance, fast for the pictures that scans decode to.
func grayAt(img image.Image) func(x, y int) byte {
	switch m := img.(type) {
	case *image.Gray:
		return func(x, y int) byte { return m.GrayAt(x, y).Y }
	case *image.YCbCr:
		return func(x, y int) byte { return m.Y[m.YOffset(x, y)] }
	case *image.RGBA:
		return func(x, y int) byte {
			p := m.Pix[m.PixOffset(x, y):]
			return byte((299*int(p[0]) + 587*int(p[1]) + 114*int(p[2]) + 500) / 1000)
		}
	}
	return func(x, y int) byte { return color.GrayModel.Convert(img.At(x, y)).(color.Gray).Y }
}

// shortest is the least pixels of a line that can hold a code: one character is 46 modules.
const shortest = 46

// vote reads one line, in both directions, and counts each serial found on it. A foreign code is no
// vote.
func vote(votes map[string]int, line []byte) {
	if len(line) < shortest {
		return
	}
	bitmap, err := gozxing.NewBinaryBitmap(gozxing.NewGlobalHistgramBinarizer(newScanLine(line)))
	if err != nil {
		return
	}
	result, err := oned.NewCode128Reader().DecodeWithoutHints(bitmap)
	if err != nil {
		return
	}
	if s := strings.TrimSpace(result.GetText()); serialForm.MatchString(s) {
		votes[s]++
	}
	ends := result.GetResultPoints()
	if len(ends) != 2 {
		return
	}
	from, to := int(min(ends[0].GetX(), ends[1].GetX()))/finer, int(max(ends[0].GetX(), ends[1].GetX()))/finer
	if from < 0 || to > len(line) || to-from < shortest/2 {
		return
	}
	vote(votes, line[:from])
	vote(votes, line[to:])
}

// finer is how many steps a pixel of a scan is cut into.
const finer = 4

// scanLine is a picture of one row for the bar code reader, four times as fine as the scan: edges
// between pixels keep their place when the reader goes to black and white.
type scanLine struct {
	gozxing.LuminanceSourceBase
	row []byte
}

func newScanLine(line []byte) *scanLine {
	row := make([]byte, (len(line)-1)*finer+1)
	for i := range row {
		a, t := i/finer, i%finer
		row[i] = line[a]
		if t != 0 {
			row[i] = byte((int(line[a])*(finer-t) + int(line[a+1])*t) / finer)
		}
	}
	return &scanLine{gozxing.LuminanceSourceBase{Width: len(row), Height: 1}, row}
}

// GetRow implements gozxing.LuminanceSource.
func (s *scanLine) GetRow(_ int, row []byte) ([]byte, error) {
	return append(row[:0], s.row...), nil
}

// GetMatrix implements gozxing.LuminanceSource.
func (s *scanLine) GetMatrix() []byte { return s.row }

// Invert implements gozxing.LuminanceSource.
func (s *scanLine) Invert() gozxing.LuminanceSource { return gozxing.LuminanceSourceInvert(s) }

// String implements gozxing.LuminanceSource. It shows nothing of the scan.
func (s *scanLine) String() string { return "scan line" }
