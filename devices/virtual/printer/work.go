package printer

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"image"
	"image/png"
	"io"
	"math"
	"os"
	"time"

	"golang.org/x/image/draw"

	"padarozhnik/devices/virtual/desk"
	"padarozhnik/printing/pwg"
)

// deskPlace is where the printer takes its books.
const deskPlace = desk.Printer

// maxPixels is the largest page: 125 x 88 mm at 1200 dpi, and some more.
const maxPixels = 32 << 20

// The page in hundredths of a millimetre, and how far a medium may differ (ICAO Doc 9303-4, 2.1).
const (
	pageWidth     = 12500
	pageHeight    = 8800
	pageTolerance = 75
)

// work prints what waits until ctx ends.
func (p *Printer) work(ctx context.Context) {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-p.wake:
		case <-tick.C:
		}
		p.expire()
		if j := p.next(); j != nil {
			p.print(ctx, j)
		}
	}
}

// next takes the oldest job that can be printed now and begins to process it.
func (p *Printer) next() *job {
	if !p.waiting() || !p.powered() || len(p.reasons()) > 0 {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, j := range p.jobs {
		if j.state == statePending {
			j.state, j.reason, j.processing = stateProcessing, "job-printing", p.o.Now()
			return j
		}
	}
	return nil
}

// waiting tells whether any job could be printed.
func (p *Printer) waiting() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, j := range p.jobs {
		if j.state == statePending {
			return true
		}
	}
	return false
}

// print inks one page in two halves, and fails between them where a fault is planted.
func (p *Printer) print(ctx context.Context, j *job) {
	serial, err := p.loaded()
	if err == nil && serial == "" {
		err = desk.ErrNoBook
	}
	var ink *image.RGBA
	if err == nil {
		ink, err = p.decode(j.document)
	}
	if err != nil {
		p.o.Log.Error("page not printed", "job", j.id, "error", err)
		p.end(j, stateAborted, "aborted-by-system")
		return
	}
	fault := p.planted()
	p.mu.Lock()
	pace := p.pace
	p.mu.Unlock()
	pause(ctx, pace/2)
	p.mu.Lock()
	cancelled := j.cancel
	p.mu.Unlock()
	half := cancelled || fault == Jam || fault == PowerLost || ctx.Err() != nil
	lines := ink.Rect.Dy()
	if half {
		lines /= 2
	}
	if err := p.ink(serial, p.shift().on(p.lie(), ink, dpiOf(ink), j.id), lines); err != nil {
		p.o.Log.Error("page not printed", "job", j.id, "error", err)
		p.end(j, stateAborted, "aborted-by-system")
		return
	}
	switch {
	case fault == PowerLost, fault == PowerLostLate:
		p.losePower()
		return
	case fault == Jam:
		p.mu.Lock()
		p.jammed = true
		p.endLocked(j, stateAborted, "aborted-by-system")
		p.mu.Unlock()
		return
	case ctx.Err() != nil:
		return
	case half:
		p.eject(serial)
		p.end(j, stateCanceled, "job-canceled-by-user")
		return
	}
	pause(ctx, pace/2)
	p.eject(serial)
	p.mu.Lock()
	defer p.mu.Unlock()
	j.pages = 1
	p.endLocked(j, stateCompleted, "job-completed-successfully")
}

// dpiOf is the resolution of a page that lies as the book does.
func dpiOf(page *image.RGBA) float64 { return float64(page.Rect.Dx()) * 2540 / pageWidth }

// eject lays the book into the drawer, unless a hand was faster.
func (p *Printer) eject(serial string) {
	if lies, err := p.desk.At(deskPlace); err != nil || lies != serial {
		return
	}
	if err := p.desk.Clear(deskPlace); err != nil {
		p.o.Log.Error("book not ejected", "serial", serial, "error", err)
	}
}

// decode reads a kept document as the page lies on the book.
func (p *Printer) decode(path string) (*image.RGBA, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return p.page(f)
}

// page reads one page of the book's size from PWG raster. It refuses more pages than one: a book
// has one data page.
func (p *Printer) page(r io.Reader) (*image.RGBA, error) {
	d := pwg.NewDecoder(bufio.NewReader(r), maxPixels)
	img, h, err := d.DecodePage()
	if err != nil {
		return nil, err
	}
	if _, err := d.Next(); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("more than one page: %w", pwg.ErrFormat)
	}
	x, y := hundredths(h.Width, h.DPIX), hundredths(h.Height, h.DPIY)
	wantX, wantY := p.medium()
	if !near(x, wantX) || !near(y, wantY) {
		return nil, fmt.Errorf("page of %.1f x %.1f mm: %w", float64(x)/100, float64(y)/100, pwg.ErrFormat)
	}
	return p.lying(img), nil
}

// lying is a page that came as it lies on the book.
func (p *Printer) lying(img image.Image) *image.RGBA {
	out := image.NewRGBA(image.Rectangle{Max: img.Bounds().Size()})
	draw.Draw(out, out.Rect, img, image.Point{}, draw.Src)
	if p.o.ShortEdge {
		return turnRight(out)
	}
	return out
}

// breakOff leaves on the book in the printer what a document laid on it before it broke off.
func (p *Printer) breakOff(j *job, came io.Reader) error {
	serial, err := p.loaded()
	if err != nil || serial == "" || len(p.reasons()) > 0 {
		return err
	}
	img, _, _ := pwg.NewDecoder(came, maxPixels).DecodePage() // white where it is not whole
	if img == nil {
		return nil
	}
	p.mu.Lock()
	j.processing = p.o.Now()
	p.mu.Unlock()
	layer := p.lying(img)
	return p.ink(serial, p.shift().on(p.lie(), layer, dpiOf(layer), j.id), layer.Rect.Dy())
}

// medium is the book as it is fed, across and along.
func (p *Printer) medium() (x, y int) {
	if p.o.ShortEdge {
		return pageHeight, pageWidth
	}
	return pageWidth, pageHeight
}

func hundredths(pixels, dpi int) int { return int(math.Round(float64(pixels) * 2540 / float64(dpi))) }

func near(a, b int) bool { return a >= b-pageTolerance && a <= b+pageTolerance }

// turnRight turns a picture that came with its top to the left.
func turnRight(src *image.RGBA) *image.RGBA {
	w, h := src.Rect.Dy(), src.Rect.Dx()
	out := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			from := src.PixOffset(y, w-1-x)
			copy(out.Pix[out.PixOffset(x, y):], src.Pix[from:from+4])
		}
	}
	return out
}

// ink multiplies the first lines of a page onto the picture of a book and writes it safely. Ink of
// another resolution is fitted to the picture.
func (p *Printer) ink(serial string, layer *image.RGBA, lines int) error {
	path := p.desk.PagePath(serial)
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	paper, err := decodePNG(f)
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	size := paper.Rect.Size()
	if layer.Rect.Size() != size {
		lines = lines * size.Y / layer.Rect.Dy()
		fitted := image.NewRGBA(paper.Rect)
		draw.CatmullRom.Scale(fitted, fitted.Rect, layer, layer.Rect, draw.Src, nil)
		layer = fitted
	}
	for i := range paper.Pix[:lines*paper.Stride] {
		if i%4 != 3 {
			paper.Pix[i] = uint8((uint32(paper.Pix[i])*uint32(layer.Pix[i]) + 127) / 255)
		}
	}
	return replace(path, func(w io.Writer) error {
		return (&png.Encoder{CompressionLevel: png.BestSpeed}).Encode(w, paper)
	})
}

// decodePNG reads a picture of bounded size as RGBA.
func decodePNG(r io.ReadSeeker) (*image.RGBA, error) {
	c, err := png.DecodeConfig(r)
	if err != nil {
		return nil, err
	}
	if c.Width < 1 || c.Height < 1 || c.Width > maxPixels/c.Height {
		return nil, fmt.Errorf("picture of %d x %d pixels", c.Width, c.Height)
	}
	if _, err := r.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	img, err := png.Decode(bufio.NewReader(r))
	if err != nil {
		return nil, err
	}
	out := image.NewRGBA(image.Rectangle{Max: img.Bounds().Size()})
	draw.Draw(out, out.Rect, img, img.Bounds().Min, draw.Src)
	return out, nil
}

// pause waits, or returns early when ctx ends.
func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}
