package usb_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"padarozhnik/devices"
	"padarozhnik/devices/usb"
	"padarozhnik/devices/virtual/desk"
	"padarozhnik/devices/virtual/usbip"
)

// limit is within which every fault must have ended in an error: the sum of the deadlines that may follow one
// another, and room for a loaded machine.
const limit = 60 * time.Second

// case of a fault: the word that plants it, and whether the work survives it.
type faultCase struct {
	word     string
	survived bool
}

// silent tells whether the device falls silent, so that the work must wait for that.
func (c faultCase) silent() bool {
	return slices.ContainsFunc([]string{"deaf", "http=garbage", "http=cut", "http=huge-length"},
		func(word string) bool { return strings.HasPrefix(c.word, word) })
}

// name is the word as part of a booklet's number.
func (c faultCase) name() string {
	kept := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, c.word)
	return strings.ToUpper(kept[:min(len(kept), 13)])
}

// strike lets faults strike one device, one after another: those at which it falls silent over a link that does not
// wait long for it. After each of them no goroutine and no file more is held than before.
func (b *bench) strike(product uint16, cases []faultCase,
	work func(*bench, faultCase, *usb.Link) func(context.Context, int) error) {
	b.t.Helper()
	for _, silent := range []bool{false, true} {
		if silent {
			b.timing.Silence = silence
		}
		l := b.link(product)
		for _, c := range cases {
			if c.silent() == silent {
				b.t.Run(c.word, func(t *testing.T) { b.run(t, c, l, work(b, c, l)) })
			}
		}
	}
}

// run plants a fault, does the work, and does it once more without the fault and without opening the link anew by
// hand.
func (b *bench) run(t *testing.T, c faultCase, l *usb.Link, work func(ctx context.Context, n int) error) {
	t.Helper()
	before := holding(t)
	f, err := usbip.ParseFault(c.word)
	if err != nil {
		t.Fatal(err)
	}
	b.device.Plant(f)
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	err = work(ctx, 1)
	switch {
	case ctx.Err() != nil:
		t.Fatalf("did not end by itself: %v", err)
	case c.survived && err != nil:
		t.Errorf("got %v", err)
	case !c.survived && !cleared(err):
		t.Errorf("got %v, want a condition", err)
	}
	b.device.Cure()
	if f.Kind == usbip.Unplugged || f.Kind == usbip.UnpluggedIn || f.Kind == usbip.WrongLength {
		b.bus.gone(t)
		b.bus.plug(t, b.device) // replugged
	}
	if err := work(t.Context(), 2); err != nil {
		t.Errorf("the next one: %v", err)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	b.device.Restart()
	before.settle(t, c.word)
}

// print prints a page on a book of its own, and holds the result against the ink.
func (b *bench) print(p devices.Printer, name string) func(context.Context, int) error {
	return func(ctx context.Context, n int) error {
		serial := fmt.Sprintf("%s%d", name, n)
		b.book(serial, desk.Printer, small)
		page := sheet(small)
		page.Title = serial
		err := p.Print(ctx, page, nil)
		if err == nil && !b.inked(serial) {
			b.t.Errorf("%s: printed without ink", name)
		}
		if err != nil && b.inked(serial) && !errors.Is(err, devices.ErrPrintInDoubt) {
			b.t.Errorf("%s: ink, and no doubt: %v", name, err)
		}
		if err := b.desk.Clear(desk.Printer); err != nil {
			b.t.Error(err)
		}
		return err
	}
}

// cableFaults are those that strike any work, at positions that it reaches.
func cableFaults() []faultCase {
	return []faultCase{
		{"stall-out@3000", false}, {"stall-in@20", false}, {"deaf-out@3000", false}, {"deaf-in@20", false},
		{"unplug@3000", false}, {"unplug-in@20", false}, {"babble@20", false}, {"wrong-length@20", false},
		{"short=50", true}, {"zero=5", true}, {"slow=2ms", true},
	}
}

func TestFaultsOverIPP(t *testing.T) {
	cases := cableFaults()
	for _, word := range usbip.Hostilities() {
		cases = append(cases, faultCase{"http=" + word, word == "tail"})
	}
	begin(t).withPrinter().strike(usbip.PrinterProduct, cases,
		func(b *bench, c faultCase, l *usb.Link) func(context.Context, int) error {
			if c.word == "http=tail" {
				return fetch(l) // an answer in order, and rubbish behind it: the next must not meet that
			}
			return b.print(ippOn(b.t, l), "I"+c.name())
		})
}

// fetch makes one exchange that needs no more than an answer.
func fetch(l *usb.Link) func(context.Context, int) error {
	return func(ctx context.Context, _ int) error {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://localhost/", nil)
		if err != nil {
			return err
		}
		res, err := l.Transport().RoundTrip(req)
		if err != nil {
			return err
		}
		return res.Body.Close()
	}
}

func TestFaultsOverPipe(t *testing.T) {
	begin(t).withPrinter().strike(usbip.PrinterProduct, cableFaults(),
		func(b *bench, c faultCase, l *usb.Link) func(context.Context, int) error {
			return b.print(pipeOn(l), "P"+c.name())
		})
}

func TestFaultsOfScanner(t *testing.T) {
	cases := cableFaults()
	for n := range cases {
		switch cases[n].word { // a scan sends little and gets much
		case "stall-out@3000", "deaf-out@3000", "unplug@3000":
			cases[n].word = cases[n].word[:len(cases[n].word)-4] + "500"
		}
	}
	b := begin(t)
	b.with(usbip.Scanner(b.scannerOf(), serial))
	b.book("U0000001", desk.Scanner, small)
	b.strike(usbip.ScannerProduct, append(cases, faultCase{"unplug-in@9000", false}, faultCase{"babble@9000", false}),
		func(b *bench, _ faultCase, l *usb.Link) func(context.Context, int) error {
			s := scannerOn(b.t, l)
			return func(ctx context.Context, _ int) error {
				_, err := s.Scan(ctx, devices.ScanSettings{DPI: 100, Region: devices.Region{WidthMM: 80, HeightMM: 60}}, nil)
				return err
			}
		})
}

// TestLeftAlone: whoever leaves in the middle of an exchange gets away at once, and the pipe can be used again.
func TestLeftAlone(t *testing.T) {
	b := begin(t).withPrinter()
	p := ippOn(t, b.link(usbip.PrinterProduct))
	b.device.Plant(usbip.Fault{Kind: usbip.Slow, Delay: 30 * time.Millisecond})
	b.book("U0000001", desk.Printer, small)
	for n := range 4 {
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			time.Sleep(time.Duration(n) * 40 * time.Millisecond)
			cancel()
		}()
		if err := p.Print(ctx, sheet(small), nil); err == nil || !errors.Is(err, context.Canceled) && !cleared(err) {
			t.Errorf("left after %d ms: %v", 40*n, err)
		}
	}
	b.device.Cure()
	if err := b.print(p, "L")(t.Context(), 1); err != nil {
		t.Error(err)
	}
}

// TestUnpluggedAnywhere pulls the cable at random places of a page, over either way. Never does the driver say that
// a page was printed on which the printer had not all; when the cable is back, the next page is printed, without
// opening anything by hand; and each time that the cable is out no goroutine and no file more is held than before the
// first page.
func TestUnpluggedAnywhere(t *testing.T) {
	b := begin(t).withPrinter()
	l := b.link(usbip.PrinterProduct)
	ways := map[string]devices.Printer{"I": ippOn(t, l), "P": pipeOn(l)}
	random, length := rand.New(rand.NewPCG(9, 30)), encoded(small)
	b.device.Unplug()
	b.bus.gone(t)
	before := holding(t)
	for n := range 30 {
		b.bus.plug(t, b.device)
		way, at := []string{"I", "P"}[n%2], random.Int64N(length)
		b.device.Plant(usbip.Fault{Kind: usbip.Unplugged, At: at})
		work := b.print(ways[way], fmt.Sprintf("%s%dN", way, n))
		if err := work(t.Context(), 1); !cleared(err) {
			t.Errorf("unplugged at %d: %v", at, err)
		}
		b.device.Cure()
		b.bus.gone(t)
		if n%5 == 0 {
			b.bus.plug(t, b.device)
			if err := work(t.Context(), 2); err != nil {
				t.Errorf("plugged in again after %d: %v", at, err)
			}
			b.device.Unplug()
			b.bus.gone(t)
		}
		if err := l.Close(); err != nil {
			t.Error(err)
		}
		before.settle(t, fmt.Sprintf("unplugged at %d", at))
	}
}
