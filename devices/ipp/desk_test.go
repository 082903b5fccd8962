package ipp_test

import (
	"bytes"
	"context"
	"image"
	"image/png"
	"io"
	"net"
	"net/http"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/OpenPrinting/goipp"

	"padarozhnik/devices"
	"padarozhnik/devices/ipp"
	"padarozhnik/devices/virtual/desk"
	"padarozhnik/devices/virtual/printer"
)

const (
	serial = "UT0000001"
	dpi    = 150
	width  = 738
	height = 520

	// cancelTime is ample: a page is inked slowly under the race detector.
	cancelTime = 10 * time.Second
)

// office is a desk with one book in a running virtual printer.
type office struct {
	desk    *desk.Desk
	printer *printer.Printer
	uri     string
}

func open(t testing.TB, o printer.Options) *office {
	t.Helper()
	dir := t.TempDir()
	d, err := desk.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.AddBook(serial); err != nil {
		t.Fatal(err)
	}
	writePNG(t, d.PagePath(serial), paper())
	if err := d.Move(serial, desk.Printer); err != nil {
		t.Fatal(err)
	}
	p, err := printer.Open(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- p.Serve(ctx, l) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return &office{d, p, "ipp://" + l.Addr().String() + printer.Path}
}

// driver returns the driver under test with short deadlines.
func (o *office) driver(t testing.TB, transport http.RoundTripper) *ipp.Printer {
	t.Helper()
	p, err := ipp.New(o.uri, transport, ipp.Options{
		Answer: 5 * time.Second, Send: 10 * time.Second, Job: 10 * time.Second, Poll: 20 * time.Millisecond,
		Reach: 200 * time.Millisecond, Cancel: cancelTime,
	})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// page reads the picture of the book.
func (o *office) page(t testing.TB) *image.RGBA {
	t.Helper()
	b, err := os.ReadFile(o.desk.PagePath(serial))
	if err != nil {
		t.Fatal(err)
	}
	img, err := png.Decode(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	out, ok := img.(*image.RGBA)
	if !ok {
		t.Fatalf("page is a %T", img)
	}
	return out
}

func writePNG(t testing.TB, path string, img image.Image) {
	t.Helper()
	var buf bytes.Buffer
	if err := png.Encode(&buf, img); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, buf.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
}

// paper is a blank page in light green.
func paper() *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, width, height))
	for i := 0; i < len(img.Pix); i += 4 {
		copy(img.Pix[i:], []byte{200, 240, 210, 255})
	}
	return img
}

// sheet is a page of ink that is unlike itself in every direction.
func sheet() devices.Sheet { return devices.Sheet{Image: ink(), DPI: dpi, Title: serial} }

var ink = sync.OnceValue(func() *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, width, height))
	for i := 0; i < len(img.Pix); i += 4 {
		x, y := i/4%width, i/4/width
		copy(img.Pix[i:], []byte{uint8(x / 3), uint8(y / 3), uint8((x + y) / 10), 255})
	}
	return img
})

// printed is the paper under the whole sheet.
var printed = sync.OnceValue(func() *image.RGBA {
	out := paper()
	for i := range out.Pix {
		if i%4 != 3 {
			out.Pix[i] = uint8((uint32(out.Pix[i])*uint32(ink().Pix[i]) + 127) / 255)
		}
	}
	return out
})

// inked tells how much of the page carries the sheet's ink: the share of lines that are right, and
// whether every other line is untouched.
func inked(t testing.TB, got *image.RGBA) (share float64, restUntouched bool) {
	t.Helper()
	want, blank := printed(), paper()
	lines := 0
	restUntouched = true
	for at := 0; at < len(got.Pix); at += got.Stride {
		row := got.Pix[at : at+got.Stride]
		if bytes.Equal(row, want.Pix[at:at+got.Stride]) {
			lines++
		} else if !bytes.Equal(row, blank.Pix[at:at+got.Stride]) {
			restUntouched = false
		}
	}
	return float64(lines) / height, restUntouched
}

// meddler is a cable on which a test listens and cuts in: it sees the operation of every request.
type meddler struct{ cut cut }

// cut answers a request, or passes it on.
type cut = func(op goipp.Op, pass pass) (*http.Response, error)

// pass sends a request as it is.
type pass = func() (*http.Response, error)

func (m *meddler) RoundTrip(r *http.Request) (*http.Response, error) {
	head := make([]byte, 4)
	if _, err := io.ReadFull(r.Body, head); err != nil {
		return nil, err
	}
	r = r.Clone(r.Context())
	rest := r.Body
	r.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(head), rest), rest}
	return m.cut(goipp.Op(head[2])<<8|goipp.Op(head[3]), func() (*http.Response, error) {
		return http.DefaultTransport.RoundTrip(r)
	})
}

// answer makes the response of a printer.
func answer(m *goipp.Message) *http.Response {
	b, _ := m.EncodeBytes()
	return &http.Response{
		StatusCode: http.StatusOK, ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{},
		Body: io.NopCloser(bytes.NewReader(b)),
	}
}
