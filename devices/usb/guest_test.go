package usb_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"padarozhnik/devices/usb"
	"padarozhnik/devices/virtual/usbip"
)

// kernelBus is the bus of the guest's kernel. Devices are plugged into its virtual host controller.
type kernelBus struct {
	usb.Kernel
	work sync.WaitGroup
}

func newKernelBus(t *testing.T) *kernelBus {
	b := &kernelBus{Kernel: usb.NewKernel()}
	t.Cleanup(func() {
		b.work.Wait()
		b.gone(t)
	})
	return b
}

func (b *kernelBus) plug(t *testing.T, d *usbip.Device) {
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
	b.await(t, d.Shape(), 1)
}

func (b *kernelBus) gone(t *testing.T) {
	t.Helper()
	b.await(t, usbip.Shape{}, 0)
}

// await waits until the kernel lists so many of the virtual devices. It tells nobody when it has read a device
// whole, but the guest's udevd, which is not there.
func (b *kernelBus) await(t *testing.T, s usbip.Shape, want int) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; {
		found, err := b.Look(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for _, p := range found {
			if p.Layout.Vendor == usbip.Vendor && (s.Serial == "" || p.Serial == s.Serial) {
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
