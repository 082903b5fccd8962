package usb_test

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"sync"
	"testing"
	"time"

	"padarozhnik/devices"
	"padarozhnik/devices/escl"
	"padarozhnik/devices/ipp"
	"padarozhnik/devices/stream"
	"padarozhnik/devices/usb"
	"padarozhnik/devices/virtual/desk"
	"padarozhnik/devices/virtual/printer"
	"padarozhnik/devices/virtual/scanner"
	"padarozhnik/devices/virtual/usbip"
)

// The tests of this package run twice. On any machine the bus is one of this process (cable_test.go), which
// speaks USB/IP to the emulators. In the guest (kernel_guest_test.go) it is the kernel's own: the emulators are plugged
// into its virtual host controller, and gousb, libusb and usbfs stand between.

// quick are deadlines that are short: tests of what goes wrong wait for them. A kernel under emulation takes longer.
var quick = usb.Timing{
	Open: 20 * time.Second, Idle: 300 * time.Millisecond, Silence: silence, Drain: 3 * time.Second,
	Stuck: 10 * time.Second, Quiet: 30 * time.Millisecond, Poll: 50 * time.Millisecond, Patience: time.Second,
	Job: 10 * time.Second,
}

const serial = "U0001"

// bench is a desk with one device on a cable.
type bench struct {
	t       *testing.T
	bus     bus
	desk    *desk.Desk
	printer *printer.Printer
	device  *usbip.Device
	timing  usb.Timing
	links   []*usb.Link
}

// bus is where a test plugs devices in.
type bus interface {
	usb.Bus
	// plug plugs a device in, and returns when the bus lists it.
	plug(t *testing.T, d *usbip.Device)
	// gone waits until the bus no longer lists the device.
	gone(t *testing.T)
}

// begin makes a bench and checks at the end that nothing of it is left.
func begin(t *testing.T) *bench {
	t.Helper()
	noneLost(t)
	dir := t.TempDir()
	d, err := desk.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	p, err := printer.Open(dir, printer.Options{PrintTime: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		p.Work(ctx)
	}()
	t.Cleanup(func() {
		stop()
		<-done
	})
	return &bench{t: t, timing: quick, bus: newBus(t), desk: d, printer: p}
}

// withPrinter plugs a passport printer in.
func (b *bench) withPrinter() *bench { return b.with(usbip.Printer(b.printer, serial, false)) }

// with plugs a device in.
func (b *bench) with(d *usbip.Device) *bench {
	b.t.Helper()
	b.device = d
	b.t.Cleanup(d.Close)
	b.bus.plug(b.t, d)
	return b
}

// scannerOf is a virtual scanner of the desk.
func (b *bench) scannerOf() *scanner.Scanner {
	return scanner.New(scanner.Settings{Desk: b.desk, Quality: 80})
}

// patient lets the device take its time: for tests of what is in order, on machines that are slow.
func (b *bench) patient() *bench {
	b.timing.Silence = time.Minute
	b.timing.Job = time.Minute
	return b
}

// book lays a new book on a place of the desk, with a page of so many dots per inch.
func (b *bench) book(serial string, at desk.Place, dpi int) {
	b.t.Helper()
	if _, err := b.desk.AddBook(serial); err != nil {
		b.t.Fatal(err)
	}
	if err := os.WriteFile(b.desk.PagePath(serial), blankPage(dpi), 0o600); err != nil {
		b.t.Fatal(err)
	}
	if err := b.desk.Move(serial, at); err != nil {
		b.t.Fatal(err)
	}
}

// Pictures are made once for all tests: a kernel under emulation takes seconds for each.
var blankPages, inkedPages sync.Map // of []byte and of *image.Paletted, by dots per inch

// blankPage is a white page in a file.
func blankPage(dpi int) []byte {
	if made, ok := blankPages.Load(dpi); ok {
		return made.([]byte)
	}
	page := image.NewRGBA(size(dpi))
	draw.Draw(page, page.Rect, image.White, image.Point{}, draw.Src)
	var buf bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestSpeed}).Encode(&buf, page); err != nil {
		panic(err) // a buffer takes everything
	}
	blankPages.Store(dpi, buf.Bytes())
	return buf.Bytes()
}

// link is the way to the device by the address of its make.
func (b *bench) link(product uint16) *usb.Link {
	a := usb.Address{Vendor: usbip.Vendor, Product: product, Serial: serial}
	l := usb.NewLink(a, usb.Options{Bus: b.bus, Timing: b.timing})
	b.links = append(b.links, l)
	b.t.Cleanup(func() {
		if err := l.Close(); err != nil {
			b.t.Error(err)
		}
	})
	return l
}

// ippOn is the printer behind a link, over IPP.
func ippOn(t *testing.T, l *usb.Link) *ipp.Printer {
	t.Helper()
	p, err := ipp.New("ipp://localhost/ipp/print", l.Transport(), ipp.Options{
		Answer: 20 * time.Second, Send: 40 * time.Second, Job: 40 * time.Second, Poll: 20 * time.Millisecond,
		Reach: time.Second, Cancel: 500 * time.Millisecond,
	})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// pipeOn is the printer behind a link, over the printer class.
func pipeOn(l *usb.Link) *stream.Printer { return stream.New(l.Port(), stream.PWG{}) }

// scannerOn is the scanner behind a link.
func scannerOn(t *testing.T, l *usb.Link) *escl.Scanner {
	t.Helper()
	s, err := escl.New("http://localhost/eSCL", l.Transport(), escl.Timing{
		Call: 20 * time.Second, Page: 40 * time.Second, Busy: 2 * time.Second, MinPause: 10 * time.Millisecond,
		MaxPause: 50 * time.Millisecond,
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func size(dpi int) image.Rectangle {
	pixels := func(mm int) int { return (mm*dpi*10 + 127) / 254 }
	return image.Rect(0, 0, pixels(125), pixels(88))
}

// sheet is a page with enough on it to be some hundred kilobytes long.
func sheet(dpi int) devices.Sheet {
	made, ok := inkedPages.Load(dpi)
	if !ok {
		made = noisyPage(dpi)
		inkedPages.Store(dpi, made)
	}
	return devices.Sheet{Image: made.(*image.Paletted), DPI: dpi, Title: "U0000001"}
}

func noisyPage(dpi int) *image.Paletted {
	img := image.NewPaletted(size(dpi), color.Palette{color.White, color.Black, color.RGBA{0x20, 0x60, 0xa0, 0xff}})
	seed := uint32(1)
	for y := 0; y < img.Rect.Dy(); y++ {
		row := img.Pix[y*img.Stride : (y+1)*img.Stride]
		for x := range row[:len(row)/3] {
			seed = seed*1664525 + 1013904223
			row[x] = uint8(seed >> 30 % 3)
		}
	}
	return img
}

// inked tells whether a book's page carries ink.
func (b *bench) inked(serial string) bool {
	b.t.Helper()
	f, err := os.Open(b.desk.PagePath(serial))
	if err != nil {
		b.t.Fatal(err)
	}
	defer f.Close()
	img, err := png.Decode(f)
	if err != nil {
		b.t.Fatal(err)
	}
	for y := range img.Bounds().Dy() / 8 {
		for x := range img.Bounds().Dx() / 3 {
			if r, _, _, _ := img.At(x, y*8).RGBA(); r < 0x8000 {
				return true
			}
		}
	}
	return false
}

// cleared tells whether an error is a condition that a person can do something about.
func cleared(err error) bool {
	for _, c := range []error{devices.ErrUnreachable, devices.ErrProtocol, devices.ErrBusy, devices.ErrPrintInDoubt,
		devices.ErrStuck, devices.ErrNoBooklet, devices.ErrTrouble} {
		if errors.Is(err, c) {
			return true
		}
	}
	return false
}

// noneLost fails a test that leaves goroutines or open files behind.
func noneLost(t *testing.T) {
	t.Helper()
	goroutines, files := runtime.NumGoroutine(), openFiles(t)
	t.Cleanup(func() {
		deadline := time.Now().Add(20 * time.Second)
		for runtime.NumGoroutine() > goroutines || openFiles(t) > files {
			if time.Now().After(deadline) {
				stacks := make([]byte, 1<<20)
				t.Fatalf("%d goroutines before, %d after; %d files before, %d after\n%s", goroutines, runtime.NumGoroutine(),
					files, openFiles(t), stacks[:runtime.Stack(stacks, true)])
			}
			time.Sleep(10 * time.Millisecond)
		}
	})
}

// openFiles counts the files that this process holds open, but for the poller's own.
func openFiles(t *testing.T) int {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, e := range entries {
		if _, err := strconv.Atoi(e.Name()); err != nil {
			continue
		}
		if to, err := os.Readlink(filepath.Join("/proc/self/fd", e.Name())); err == nil && to != "anon_inode:[eventpoll]" &&
			to != "anon_inode:[eventfd]" {
			n++
		}
	}
	return n
}
