package hub

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"padarozhnik/devices/usb"
	"padarozhnik/devices/virtual/usbip"
)

// Kernel is the bus of this machine's kernel, into whose virtual host controller devices are plugged
// (vhci-hcd, which needs root).
type Kernel struct {
	usb.Kernel
	work   sync.WaitGroup
	mu     sync.Mutex
	serial []string // guarded by mu; of what was plugged in
	failed error    // guarded by mu; what serving ended with
}

// NewKernel returns the machine's bus with nothing plugged in.
func NewKernel() *Kernel { return &Kernel{Kernel: usb.NewKernel()} }

// listTime is within which the kernel has read a device, or has forgotten it.
const listTime = 30 * time.Second

// Plug plugs a device in, and returns when the kernel lists it.
func (k *Kernel) Plug(d *usbip.Device) error {
	port, err := usbip.FreePort()
	if err != nil {
		return err
	}
	serial := d.Shape().Serial
	k.mu.Lock()
	k.serial = append(k.serial, serial)
	k.mu.Unlock()
	attached := make(chan error, 2)
	k.work.Go(func() {
		err := d.Attach(context.Background(), port, func() { attached <- nil })
		k.mu.Lock()
		k.failed = errors.Join(k.failed, err)
		k.mu.Unlock()
		attached <- err
	})
	if err := <-attached; err != nil {
		return err
	}
	return k.await([]string{serial}, true)
}

// Gone waits until what was plugged in has been unplugged, and the kernel has forgotten it.
func (k *Kernel) Gone() error {
	k.work.Wait()
	k.mu.Lock()
	serial, failed := k.serial, k.failed
	k.serial, k.failed = nil, nil
	k.mu.Unlock()
	return errors.Join(failed, k.await(serial, false))
}

// await looks until the kernel lists each of the devices, or none of them. It tells nobody when it has read one
// but udev, which need not run.
func (k *Kernel) await(serials []string, there bool) error {
	for deadline := time.Now().Add(listTime); ; time.Sleep(20 * time.Millisecond) {
		found, err := k.Look(context.Background())
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(serials, func(s string) bool {
			return slices.ContainsFunc(found, func(p usb.Plugged) bool { return p.Serial == s }) != there
		}) {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("kernel lists %d devices after %v; of %v each was awaited: %v", len(found), listTime, serials, there)
		}
	}
}
