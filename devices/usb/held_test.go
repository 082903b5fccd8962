package usb_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"padarozhnik/devices"
	"padarozhnik/devices/ipp"
	"padarozhnik/devices/stream"
	"padarozhnik/devices/usb"
	"padarozhnik/devices/virtual/desk"
	"padarozhnik/devices/virtual/usbip"
)

func TestHeldOverIPP(t *testing.T) {
	hangs(t, usbip.Fault{Kind: usbip.HeldOut, At: 5000}, func(l *usb.Link) devices.Printer {
		p, err := ipp.New("ipp://localhost/ipp/print", l.Transport(), ipp.Options{
			Poll: 20 * time.Millisecond, Reach: 300 * time.Millisecond, Cancel: 500 * time.Millisecond,
		})
		if err != nil {
			t.Fatal(err)
		}
		return p
	})
}

func TestHeldOverPipe(t *testing.T) {
	hangs(t, usbip.Fault{Kind: usbip.HeldOut, At: 5000}, func(l *usb.Link) devices.Printer {
		return stream.New(l.Port(), stream.PWG{})
	})
}

// hangs prints on a device that in the middle of a page neither answers nor lets go of a transfer that is called off: not
// even the kernel gets it back, and whoever asks the kernel for it waits with it. The driver leaves its call behind and
// says so; a scanner that is open goes on; what is plugged in is listed; and nothing piles up behind the one that hangs.
// When that lives again it prints, and so does what was plugged in meanwhile.
func hangs(t *testing.T, f usbip.Fault, driver func(*usb.Link) devices.Printer) {
	b := begin(t)
	b.timing.Silence, b.timing.Stuck, b.timing.Open = silence, silence/2, 2*silence
	b.withPrinter()
	scan := b.scanning()
	p := driver(b.link(usbip.PrinterProduct))
	print := b.print(p, "H")
	if err := errors.Join(scan(t.Context()), print(t.Context(), 0)); err != nil {
		t.Fatal(err)
	}
	b.device.Plant(f)
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	if err := print(ctx, 1); !errors.Is(err, devices.ErrHangs) || !errors.Is(err, devices.ErrPrintInDoubt) || ctx.Err() != nil {
		t.Errorf("a page on a device that hangs: %v", err)
	}
	if err := scan(ctx); err != nil {
		t.Errorf("a scan beside it: %v", err)
	}
	late := b.pluggedBeside()
	before := holding(t)
	for n := range 3 {
		if err := print(ctx, 10+n); !errors.Is(err, devices.ErrHangs) || errors.Is(err, devices.ErrPrintInDoubt) || ctx.Err() != nil {
			t.Errorf("a page while it hangs: %v", err)
		}
		before.settle(t, "a page while it hangs")
	}
	b.device.Cure()
	revived(t, "the one that hung", func() error { _, err := p.State(t.Context()); return err })
	revived(t, "the one beside it", late)
	if err := errors.Join(print(t.Context(), 2), scan(t.Context())); err != nil {
		t.Errorf("the next page: %v", err)
	}
}

// revived waits until a device that was waited for works again. Until then it says that it hangs, and nothing else.
func revived(t *testing.T, name string, ask func() error) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; {
		err := ask()
		if err == nil {
			return
		}
		if !errors.Is(err, devices.ErrHangs) || time.Now().After(deadline) {
			t.Fatalf("%s, when it lives again: %v", name, err)
		}
	}
}

// scanning plugs in a scanner that stays open, and returns what scans a page.
func (b *bench) scanning() func(context.Context) error {
	b.t.Helper()
	d := usbip.Scanner(b.scannerOf(), "S0001")
	b.t.Cleanup(d.Close)
	b.bus.plug(b.t, d)
	b.book("U0000009", desk.Scanner, small)
	timing := quick
	timing.Idle = time.Minute
	l := usb.NewLink(usb.Address{Vendor: usbip.Vendor, Product: usbip.ScannerProduct, Serial: "S0001"},
		usb.Options{Bus: b.bus, Timing: timing})
	b.t.Cleanup(func() {
		if err := l.Close(); err != nil {
			b.t.Error(err)
		}
	})
	s := scannerOn(b.t, l)
	return func(ctx context.Context) error {
		_, err := s.Scan(ctx, devices.ScanSettings{DPI: 100, Region: devices.Region{WidthMM: 80, HeightMM: 60}}, nil)
		return err
	}
}

// pluggedBeside plugs in one more device beside the one that hangs: it is listed. Whether it can be opened before that
// lives again is the kernel's; trying ends in time. It returns what asks the device who it is.
func (b *bench) pluggedBeside() func() error {
	b.t.Helper()
	d := usbip.Scanner(b.scannerOf(), "S0002")
	b.t.Cleanup(d.Close)
	b.bus.plug(b.t, d)
	found, err := usb.ListOn(b.t.Context(), b.bus)
	if err != nil || len(found) != 3 {
		b.t.Errorf("listed %+v, %v", found, err)
	}
	l := usb.NewLink(usb.Address{Vendor: usbip.Vendor, Product: usbip.ScannerProduct, Serial: "S0002"},
		usb.Options{Bus: b.bus, Timing: b.timing})
	b.t.Cleanup(func() {
		if err := l.Close(); err != nil {
			b.t.Error(err)
		}
	})
	s := scannerOn(b.t, l)
	ask := func() error {
		_, err := s.Identify(b.t.Context())
		return err
	}
	if err := ask(); err != nil && !errors.Is(err, devices.ErrHangs) {
		b.t.Errorf("opened beside the one that hangs: %v", err)
	}
	return ask
}
