//go:build guest

package usb_test

import (
	"context"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"

	"padarozhnik/devices/usb"
	"padarozhnik/devices/virtual/usbip"
)

// silence is how long a pipe may stand still in tests of devices that fall silent.
const silence = 2 * time.Second

// pageDPI is how fine pages are that are printed in order: as an office prints them where a kernel carries them.
const pageDPI = 600

// newBus is the kernel's bus inside the guest.
func newBus(t *testing.T) bus {
	t.Helper()
	if os.Getenv("PADAROZHNIK_GUEST") != "1" {
		return newCableBus(t)
	}
	return newKernelBus(t)
}

// kernelBus is the bus of the guest's kernel. Devices are plugged into its virtual host controller.
type kernelBus struct {
	usb.Kernel
	work sync.WaitGroup
}

func newKernelBus(t *testing.T) *kernelBus {
	t.Helper()
	if out, err := exec.CommandContext(t.Context(), "modprobe", "vhci-hcd").CombinedOutput(); err != nil {
		t.Fatalf("modprobe: %v: %s", err, out)
	}
	b := &kernelBus{Kernel: usb.NewKernel()}
	t.Cleanup(func() {
		b.work.Wait()
		b.gone(t)
	})
	return b
}

func (b *kernelBus) plug(t *testing.T, d *usbip.Device) {
	t.Helper()
	b.attach(t, d)
	b.await(t, d.Shape(), 1)
}

// attach gives a device to the kernel, which need not like it.
func (b *kernelBus) attach(t *testing.T, d *usbip.Device) {
	t.Helper()
	port, err := usbip.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	plugged := make(chan struct{})
	b.work.Go(func() {
		if err := d.Attach(context.Background(), port, func() { close(plugged) }); err != nil {
			t.Errorf("attached: %v", err)
		}
	})
	select {
	case <-plugged:
	case <-time.After(10 * time.Second):
		t.Fatal("kernel does not take the device")
	}
}

func (b *kernelBus) gone(t *testing.T) {
	t.Helper()
	b.await(t, usbip.Shape{}, 0)
}

// await waits until the kernel lists so many of the virtual devices that have a serial number, or whatever they say of
// themselves, a product's number. It tells nobody when it has read a device whole, but the guest's udevd, which is not
// there.
func (b *kernelBus) await(t *testing.T, s usbip.Shape, want int) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; {
		found, err := b.Look(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for _, p := range found {
			if p.Layout.Vendor == usbip.Vendor && (s.Serial == "" || p.Serial == s.Serial) &&
				(s.Product == 0 || p.Layout.Product == s.Product) {
				n++
			}
		}
		if n == want {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("the kernel lists %d devices, want %d", n, want)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func TestGuestListed(t *testing.T)          { TestListed(t) }
func TestGuestPrintOverIPP(t *testing.T)    { TestPrintOverIPP(t) }
func TestGuestPrintOverPipe(t *testing.T)   { TestPrintOverPipe(t) }
func TestGuestScan(t *testing.T)            { TestScanOverCable(t) }
func TestGuestComposite(t *testing.T)       { TestComposite(t) }
func TestGuestFaultsOverIPP(t *testing.T)   { TestFaultsOverIPP(t) }
func TestGuestFaultsOverPipe(t *testing.T)  { TestFaultsOverPipe(t) }
func TestGuestFaultsOfScanner(t *testing.T) { TestFaultsOfScanner(t) }
func TestGuestLeftAlone(t *testing.T)       { TestLeftAlone(t) }
func TestGuestHeldOverIPP(t *testing.T)     { TestHeldOverIPP(t) }
func TestGuestHeldOverPipe(t *testing.T)    { TestHeldOverPipe(t) }
func TestGuestUnplugged(t *testing.T)       { TestUnpluggedAnywhere(t) }
