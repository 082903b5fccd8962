package usb_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"sync"
	"testing"
	"time"

	"padarozhnik/devices"
	"padarozhnik/devices/usb"
	"padarozhnik/devices/virtual/usbip"
)

// cableBus is a bus without a kernel: it speaks USB/IP to each device that is plugged in.
type cableBus struct {
	mu      sync.Mutex
	plugged []*cable // guarded by mu
	number  int      // guarded by mu; of the last device that was plugged in
}

// cable is a device that is plugged in.
type cable struct {
	device *usbip.Device
	number int
	host   *usbip.Host
	done   chan struct{}

	mu    sync.Mutex
	taken map[int]bool // guarded by mu; interfaces
}

func newCableBus(t *testing.T) *cableBus {
	b := &cableBus{}
	t.Cleanup(func() {
		b.mu.Lock()
		plugged := slices.Clone(b.plugged)
		b.mu.Unlock()
		for _, c := range plugged {
			_ = c.host.Close()
			<-c.done
		}
	})
	return b
}

func (b *cableBus) plug(t *testing.T, d *usbip.Device) {
	t.Helper()
	near, far := net.Pipe()
	c := &cable{device: d, host: usbip.NewHost(near), done: make(chan struct{}), taken: map[int]bool{}}
	b.mu.Lock()
	b.number++
	c.number = b.number
	b.mu.Unlock()
	go func() {
		defer close(c.done)
		if err := d.Serve(context.Background(), far); err != nil {
			t.Errorf("served: %v", err)
		}
		_ = c.host.Close()
		b.mu.Lock()
		defer b.mu.Unlock()
		b.plugged = slices.DeleteFunc(b.plugged, func(o *cable) bool { return o == c })
	}()
	h := &cableHandle{c}
	if _, err := h.Control(10*time.Second, usb.Request{Type: 0x80}, make([]byte, 2)); err != nil {
		t.Fatalf("plugged in: %v", err)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.plugged = append(b.plugged, c)
}

func (b *cableBus) gone(t *testing.T) {
	t.Helper()
	b.mu.Lock()
	plugged := slices.Clone(b.plugged)
	b.mu.Unlock()
	for _, c := range plugged {
		<-c.done
	}
}

// Look implements usb.Bus.
func (b *cableBus) Look(context.Context) ([]usb.Plugged, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	var out []usb.Plugged
	for _, c := range b.plugged {
		layout, err := usb.ParseLayout(c.device.Descriptors())
		if err != nil {
			continue
		}
		s := c.device.Shape()
		out = append(out, usb.Plugged{
			Bus: 1, Number: c.number, Maker: s.Maker, Model: s.Model, Serial: s.Serial, Layout: layout,
		})
	}
	return out, nil
}

// Open implements usb.Bus.
func (b *cableBus) Open(p usb.Plugged, _ int) (usb.Handle, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, c := range b.plugged {
		if c.number == p.Number {
			return &cableHandle{c}, nil
		}
	}
	return nil, usb.ErrGone
}

type cableHandle struct{ cable *cable }

func (h *cableHandle) Claim(s usb.Setting, bare bool) (usb.Interface, error) {
	h.cable.mu.Lock()
	defer h.cable.mu.Unlock()
	if h.cable.taken[s.Interface] {
		return nil, devices.ErrTaken
	}
	if !bare {
		const setInterface = 11
		r := usb.Request{Type: 1, Code: setInterface, Value: uint16(s.Alternate), Index: uint16(s.Interface)}
		if _, err := h.Control(time.Second*5, r, nil); err != nil {
			return nil, err
		}
	}
	h.cable.taken[s.Interface] = true
	return &cableInterface{h.cable, s}, nil
}

func (h *cableHandle) Control(limit time.Duration, r usb.Request, data []byte) (int, error) {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	n, err := h.cable.host.Control(ctx, usbip.Setup{Type: r.Type, Code: r.Code, Value: r.Value, Index: r.Index}, data)
	return n, said(err)
}

func (h *cableHandle) Reset() error {
	const setConfiguration = 9
	_, err := h.Control(5*time.Second, usb.Request{Code: setConfiguration, Value: 1}, nil)
	return err
}

func (h *cableHandle) Close() error {
	h.cable.mu.Lock()
	defer h.cable.mu.Unlock()
	if len(h.cable.taken) > 0 {
		return fmt.Errorf("closed with interfaces %v claimed", h.cable.taken)
	}
	return nil
}

type cableInterface struct {
	cable   *cable
	setting usb.Setting
}

func (i *cableInterface) Read(ctx context.Context, b []byte) (int, error) {
	n, err := i.cable.host.Bulk(ctx, i.setting.In.Address, b)
	return n, said(err)
}

func (i *cableInterface) Write(ctx context.Context, b []byte) (int, error) {
	n, err := i.cable.host.Bulk(ctx, i.setting.Out.Address, b)
	return n, said(err)
}

func (i *cableInterface) Close() error {
	i.cable.mu.Lock()
	defer i.cable.mu.Unlock()
	delete(i.cable.taken, i.setting.Interface)
	return nil
}

// said is an error of the emulator in the words of the driver.
func said(err error) error {
	for _, e := range []struct{ is, mean error }{
		{usbip.ErrStall, usb.ErrStalled}, {usbip.ErrBabble, usb.ErrBabble}, {usbip.ErrGone, usb.ErrGone},
		{usbip.ErrBroken, usb.ErrBroken},
	} {
		if errors.Is(err, e.is) {
			return e.mean
		}
	}
	return err
}
