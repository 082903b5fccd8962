// Package hub is a bus of this process: what a host controller and its kernel are to devices/usb, for virtual
// devices where there is no kernel to plug them into. It speaks USB/IP to each device that is plugged in.
package hub

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"sync"
	"time"
	"unicode/utf16"

	"padarozhnik/devices"
	"padarozhnik/devices/usb"
	"padarozhnik/devices/virtual/usbip"
)

// callLimit is within which a device answers a request on its control pipe.
const callLimit = 10 * time.Second

// Bus is a bus with sockets for any number of devices. Its zero value is ready.
type Bus struct {
	mu      sync.Mutex
	plugged []*socket // guarded by mu
	number  int       // guarded by mu; of the last device that was plugged in
}

var _ usb.Bus = (*Bus)(nil)

// socket is where one device is plugged in.
type socket struct {
	host    *usbip.Host
	plugged usb.Plugged
	done    chan struct{}
	err     error // that its serving ended with; once done is closed

	mu    sync.Mutex
	taken map[int]bool // guarded by mu; interfaces
}

// Plug plugs a device in, and returns when it answers. It stays until its cable is pulled or the bus is closed.
func (b *Bus) Plug(d *usbip.Device) error {
	near, far := net.Pipe()
	return b.join(near, func() error { return d.Serve(context.Background(), far) })
}

// Import plugs in a device that a program serves over TCP (usbip.Listen), under the name that it has there.
func (b *Bus) Import(ctx context.Context, address, busID string) error {
	conn, err := usbip.Import(ctx, address, busID)
	if err != nil {
		return err
	}
	return b.join(conn, nil)
}

// join adds the device at the other end of a connection. served, which may be nil, serves it.
func (b *Bus) join(conn net.Conn, served func() error) error {
	s := &socket{host: usbip.NewHost(conn), done: make(chan struct{}), taken: map[int]bool{}}
	b.mu.Lock()
	b.number++
	s.plugged.Bus, s.plugged.Number = 1, b.number
	b.mu.Unlock()
	go func() {
		defer close(s.done)
		if served != nil {
			s.err = served()
		}
		<-s.host.Done()
		b.mu.Lock()
		defer b.mu.Unlock()
		b.plugged = slices.DeleteFunc(b.plugged, func(o *socket) bool { return o == s })
	}()
	if err := s.enumerate(); err != nil {
		return fmt.Errorf("plug in: %w", errors.Join(err, s.pull()))
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.plugged = append(b.plugged, s)
	return nil
}

// enumerate asks a device what it is, as a kernel does with one that was plugged in. A device whose descriptors
// cannot be read has a layout of nothing.
func (s *socket) enumerate() error {
	head, err := s.descriptor(1, 0, 18)
	if err != nil {
		return err
	}
	config, err := s.descriptor(2, 0, 9)
	if err == nil && len(config) >= 4 {
		config, err = s.descriptor(2, 0, int(config[2])|int(config[3])<<8)
	}
	if err != nil {
		return err
	}
	if s.plugged.Layout, err = usb.ParseLayout(append(head, config...)); err != nil {
		return nil
	}
	for i, into := range []*string{&s.plugged.Maker, &s.plugged.Model, &s.plugged.Serial} {
		text, err := s.descriptor(3, i+1, 255)
		if err != nil {
			return err
		}
		var units []uint16
		for n := 2; n+1 < len(text); n += 2 {
			units = append(units, uint16(text[n])|uint16(text[n+1])<<8)
		}
		*into = string(utf16.Decode(units))
	}
	return nil
}

// descriptor asks for a descriptor (GET_DESCRIPTOR, USB 2.0, 9.4.3).
func (s *socket) descriptor(kind, index, length int) ([]byte, error) {
	const getDescriptor = 6
	b := make([]byte, length)
	n, err := (&handle{s}).Control(callLimit, usb.Request{Type: 0x80, Code: getDescriptor, Value: uint16(kind<<8 | index)}, b)
	return b[:n], err
}

// pull ends the connection and returns what serving it ended with.
func (s *socket) pull() error {
	_ = s.host.Close()
	<-s.done
	return s.err
}

// Gone waits until every device that is plugged in now has been unplugged.
func (b *Bus) Gone() error {
	var failed error
	for _, s := range b.all() {
		<-s.done
		failed = errors.Join(failed, s.err)
	}
	return failed
}

// Close unplugs every device.
func (b *Bus) Close() error {
	var failed error
	for _, s := range b.all() {
		failed = errors.Join(failed, s.pull())
	}
	return failed
}

func (b *Bus) all() []*socket {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.plugged)
}

// Look implements usb.Bus.
func (b *Bus) Look(context.Context) ([]usb.Plugged, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	var out []usb.Plugged
	for _, s := range b.plugged {
		out = append(out, s.plugged)
	}
	return out, nil
}

// Open implements usb.Bus.
func (b *Bus) Open(p usb.Plugged, _ int) (usb.Handle, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, s := range b.plugged {
		if s.plugged.Number == p.Number {
			return &handle{s}, nil
		}
	}
	return nil, usb.ErrGone
}

type handle struct{ socket *socket }

// Claim implements usb.Handle.
func (h *handle) Claim(s usb.Setting, bare bool) (usb.Interface, error) {
	h.socket.mu.Lock()
	defer h.socket.mu.Unlock()
	if h.socket.taken[s.Interface] {
		return nil, devices.ErrTaken
	}
	if !bare {
		const setInterface = 11
		r := usb.Request{Type: 1, Code: setInterface, Value: uint16(s.Alternate), Index: uint16(s.Interface)}
		if _, err := h.Control(callLimit, r, nil); err != nil {
			return nil, err
		}
	}
	h.socket.taken[s.Interface] = true
	return &face{h.socket, s}, nil
}

// Control implements usb.Handle.
func (h *handle) Control(limit time.Duration, r usb.Request, data []byte) (int, error) {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	n, err := h.socket.host.Control(ctx, usbip.Setup{Type: r.Type, Code: r.Code, Value: r.Value, Index: r.Index}, data)
	return n, meant(err)
}

// Reset implements usb.Handle.
func (h *handle) Reset() error {
	const setConfiguration = 9
	_, err := h.Control(callLimit, usb.Request{Code: setConfiguration, Value: 1}, nil)
	return err
}

// Close implements usb.Handle. It is an error to leave interfaces claimed.
func (h *handle) Close() error {
	h.socket.mu.Lock()
	defer h.socket.mu.Unlock()
	if len(h.socket.taken) > 0 {
		return fmt.Errorf("closed with interfaces %v claimed", h.socket.taken)
	}
	return nil
}

type face struct {
	socket  *socket
	setting usb.Setting
}

// Read implements usb.Interface.
func (i *face) Read(ctx context.Context, b []byte) (int, error) {
	n, err := i.socket.host.Bulk(ctx, i.setting.In.Address, b)
	return n, meant(err)
}

// Write implements usb.Interface.
func (i *face) Write(ctx context.Context, b []byte) (int, error) {
	n, err := i.socket.host.Bulk(ctx, i.setting.Out.Address, b)
	return n, meant(err)
}

// Close implements usb.Interface.
func (i *face) Close() error {
	i.socket.mu.Lock()
	defer i.socket.mu.Unlock()
	delete(i.socket.taken, i.setting.Interface)
	return nil
}

// meant is an error of the emulator in the words of the driver.
func meant(err error) error {
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
