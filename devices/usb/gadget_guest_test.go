//go:build guest

package usb_test

import (
	"bytes"
	"errors"
	"io"
	"regexp"
	"strings"
	"sync"
	"testing"

	"padarozhnik/devices"
	"padarozhnik/devices/stream"
	"padarozhnik/devices/usb"
	"padarozhnik/devices/virtual/gadget"
)

// press is the program behind the kernel's own printer: it takes what comes, and says when a job has ended.
type press struct {
	printer *gadget.Printer

	mu     sync.Mutex
	came   bytes.Buffer // guarded by mu
	pullAt int          // guarded by mu; bytes after which the cable is pulled; 0: never
	pulled chan struct{}
}

var endOfJob = regexp.MustCompile(`@PJL EOJ NAME="([^"]*)"\r\n\x1b%-12345X`)

func (p *press) run() {
	buf := make([]byte, 16<<10)
	for {
		n, err := p.printer.Read(buf)
		if err != nil {
			return
		}
		p.mu.Lock()
		p.came.Write(buf[:n])
		pull := p.pullAt > 0 && p.came.Len() >= p.pullAt
		said := p.answer()
		if pull {
			p.pullAt = 0
		}
		p.mu.Unlock()
		if pull {
			_ = p.printer.Disconnect()
			close(p.pulled)
		}
		if said != "" {
			_, _ = io.WriteString(p.printer, said)
		}
	}
}

// answer is what the printer says to what came. The caller holds mu.
func (p *press) answer() string {
	b := p.came.Bytes()
	if m := endOfJob.FindSubmatch(b); m != nil {
		return "@PJL USTATUS JOB\r\nEND\r\nNAME=\"" + string(m[1]) + "\"\r\nPAGES=1\r\n\f"
	}
	if bytes.Contains(b, []byte("INFO STATUS")) && !bytes.Contains(b, []byte("JOB")) {
		p.came.Reset()
		return "@PJL INFO STATUS\r\nCODE=10001\r\nONLINE=TRUE\r\n\f"
	}
	return ""
}

// take returns what came, and begins anew.
func (p *press) take() []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	b := bytes.Clone(p.came.Bytes())
	p.came.Reset()
	return b
}

// TestGuestGadget prints on the printer that the kernel itself is: a device that none of us made.
func TestGuestGadget(t *testing.T) {
	device, err := gadget.Plug("MFG:Utopia;MDL:Gadget;CMD:PJL,PWGRaster;  ", "G1")
	if err != nil {
		t.Fatal(err)
	}
	p := &press{printer: device, pulled: make(chan struct{})}
	done := make(chan struct{})
	go func() {
		defer close(done)
		p.run()
	}()
	l := usb.NewLink(usb.Address{Vendor: 0x0525, Product: 0xa4a8, Serial: "G1"}, usb.Options{Timing: quick})
	defer l.Close()
	id, err := l.Port().Identify(t.Context())
	if err != nil || id.Maker != "Utopia" || id.Model != "Gadget" {
		t.Fatalf("%+v, %v", id, err)
	}
	printer := stream.New(l.Port(), stream.PWG{})
	if err := printer.Print(t.Context(), sheet(small), nil); err != nil {
		t.Fatal(err)
	}
	var page bytes.Buffer
	if err := (stream.PWG{}).Encode(&page, sheet(small), nil); err != nil {
		t.Fatal(err)
	}
	if came := p.take(); !bytes.Contains(came, page.Bytes()) || !strings.HasPrefix(string(came), "\x1b%-12345X@PJL") {
		t.Errorf("%d bytes came, and the page of %d is not in them as it is", len(came), page.Len())
	}
	if err := device.SetStatus(0x38); err != nil {
		t.Fatal(err)
	}
	if err := printer.Print(t.Context(), sheet(small), nil); !errors.Is(err, devices.ErrNoBooklet) {
		t.Errorf("without paper: %v", err)
	}
	if err := device.SetStatus(0x18); err != nil {
		t.Fatal(err)
	}
	p.take()
	p.mu.Lock()
	p.pullAt = 40_000
	p.mu.Unlock()
	if err := printer.Print(t.Context(), sheet(small), nil); !errors.Is(err, devices.ErrPrintInDoubt) ||
		!errors.Is(err, devices.ErrUnreachable) {
		t.Errorf("pulled: %v", err)
	}
	<-p.pulled
	<-done
	if err := device.Connect(); err != nil {
		t.Fatal(err)
	}
	done = make(chan struct{})
	go func() {
		defer close(done)
		p.run()
	}()
	p.take()
	if err := printer.Print(t.Context(), sheet(small), nil); err != nil {
		t.Errorf("plugged in again: %v", err)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	if err := device.Unplug(); err != nil {
		t.Error(err)
	}
	<-done
}
