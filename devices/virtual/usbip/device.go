// Package usbip emulates printers and scanners that hang on a USB cable, at the level of transfers: what a
// host controller would carry, it speaks as USB/IP. The same emulator serves three ways. A test talks to it
// through a Bus without a kernel; Attach plugs it into this machine's kernel (vhci-hcd), where gousb, libusb
// and usbfs see a device like any other; Listen serves it over TCP, for `usbip attach` on another desk.
//
// A Device has interfaces, each with one or more alternate settings, and behind each setting a Function: an
// HTTP server (IPP over USB, 07/01/04) or the pipe of the printer class (07/01/02). The functions are backed
// by the virtual printer and the virtual scanner, so a page that is printed over the cable lies on the desk.
//
// The emulator sees whole transfers, not packets. Faults are planted on demand; see Fault.
package usbip

import (
	"context"
	"encoding/binary"
	"errors"
	"sync"
)

// errStall makes a transfer end with a stall.
var errStall = errors.New("stall")

// Setup is a request on the control pipe (USB 2.0, 9.3).
type Setup struct {
	Type, Code           uint8
	Value, Index, Length uint16
}

func parseSetup(b [8]byte) Setup {
	word := func(n int) uint16 { return binary.LittleEndian.Uint16(b[n:]) }
	return Setup{b[0], b[1], word(2), word(4), word(6)}
}

// Function is what stands behind one alternate setting. Its pipes are used by one goroutine each.
type Function interface {
	// Protocol is the interface's protocol below 07/01.
	Protocol() uint8
	// Request answers a class request, or returns an error for a stall.
	Request(s Setup) ([]byte, error)
	// Out takes the bytes of one transfer, and blocks while the device has no room.
	Out(ctx context.Context, b []byte) error
	// Await blocks until In has something to give.
	Await(ctx context.Context) error
	// In gives at most so many bytes of what waits.
	In(most int) []byte
	// Reset forgets what is on its way, as SET_INTERFACE and SOFT_RESET ask.
	Reset()
	// Close ends the function and what it runs.
	Close()
}

// face is one interface.
type face struct {
	settings []Function
	selected int // guarded by Device.mu
}

// Device is one emulated device. It can be served to one host at a time.
type Device struct {
	shape      Shape
	interfaces []*face

	mu        sync.Mutex
	faults    faults          // guarded by mu
	halted    map[uint8]bool  // guarded by mu; endpoint addresses that stall until they are cleared
	deaf      map[uint8]bool  // guarded by mu; interfaces that take nothing until they are reset
	held      map[uint8]bool  // guarded by mu; endpoints that do not even let go of a transfer
	connected map[*link]bool  // guarded by mu
	hear      []chan struct{} // guarded by mu; closed when something was cleared
}

// New returns a device with interfaces, each a list of alternate settings.
func New(shape Shape, interfaces ...[]Function) *Device {
	d := &Device{shape: shape, halted: map[uint8]bool{}, deaf: map[uint8]bool{}, held: map[uint8]bool{},
		connected: map[*link]bool{}}
	for _, settings := range interfaces {
		d.interfaces = append(d.interfaces, &face{settings: settings})
	}
	return d
}

// Shape is what the device says of itself.
func (d *Device) Shape() Shape { return d.shape }

// Close unplugs the device and ends its functions.
func (d *Device) Close() {
	d.Unplug()
	for _, f := range d.interfaces {
		for _, s := range f.settings {
			s.Close()
		}
	}
}

// Unplug pulls the cable out of every host. The device forgets what was on its way.
func (d *Device) Unplug() {
	d.mu.Lock()
	var links []*link
	for l := range d.connected {
		links = append(links, l)
	}
	d.mu.Unlock()
	for _, l := range links {
		l.close()
	}
}

// function returns the selected setting of an interface, or nil.
func (d *Device) function(number int) Function {
	d.mu.Lock()
	defer d.mu.Unlock()
	if number < 0 || number >= len(d.interfaces) {
		return nil
	}
	f := d.interfaces[number]
	return f.settings[f.selected]
}

// reset makes an interface forget what is on its way, and clears its endpoints.
func (d *Device) reset(number int) {
	f := d.function(number)
	if f == nil {
		return
	}
	d.clear(uint8(number+1), uint8(number+1)|0x80)
	f.Reset()
}

// clear ends the stall and the deafness of endpoints.
func (d *Device) clear(addresses ...uint8) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, a := range addresses {
		delete(d.halted, a)
		delete(d.deaf, a)
	}
	for _, c := range d.hear {
		close(c)
	}
	d.hear = nil
}

// Restart is what a reset of the port does to every interface: it forgets what was on its way, and hangs up.
func (d *Device) Restart() {
	d.mu.Lock()
	clear(d.held)
	d.mu.Unlock()
	for n, f := range d.interfaces {
		d.mu.Lock()
		f.selected = 0
		d.mu.Unlock()
		for _, s := range f.settings {
			s.Reset()
		}
		d.clear(uint8(n+1), uint8(n+1)|0x80)
	}
}

// control answers a request on the control pipe.
func (d *Device) control(s Setup) ([]byte, error) {
	switch {
	case s.Type&0x60 == 0x20:
		number := int(s.Index & 0xff)
		if s.Code == 0 && s.Type&0x80 != 0 {
			number = int(s.Index >> 8) // GET_DEVICE_ID names its interface in the high byte
		}
		f := d.function(number)
		if f == nil {
			return nil, errStall
		}
		if s.Code == 2 {
			d.reset(number)
			return nil, nil
		}
		return f.Request(s)
	case s.Type&0x60 != 0:
		return nil, errStall
	}
	return d.standard(s)
}

// Standard requests (USB 2.0, table 9-4).
const (
	getStatus        = 0
	clearFeature     = 1
	getDescriptor    = 6
	getConfiguration = 8
	setConfiguration = 9
	getInterface     = 10
	setInterface     = 11
)

func (d *Device) standard(s Setup) ([]byte, error) {
	switch s.Code {
	case getStatus:
		return []byte{0, 0}, nil
	case clearFeature:
		if s.Type&0x1f == 2 {
			d.clear(uint8(s.Index))
		}
		return nil, nil
	case getDescriptor:
		return d.descriptor(s)
	case getConfiguration:
		return []byte{1}, nil
	case setConfiguration:
		d.Restart()
		return nil, nil
	case getInterface:
		d.mu.Lock()
		defer d.mu.Unlock()
		if int(s.Index) >= len(d.interfaces) {
			return nil, errStall
		}
		return []byte{byte(d.interfaces[s.Index].selected)}, nil
	case setInterface:
		return nil, d.choose(int(s.Index), int(s.Value))
	}
	return nil, errStall
}

// choose selects an alternate setting. The one that was selected, and the new one, forget what was on its
// way: so both sides begin anew.
func (d *Device) choose(number, alt int) error {
	d.mu.Lock()
	if number >= len(d.interfaces) || alt >= len(d.interfaces[number].settings) {
		d.mu.Unlock()
		return errStall
	}
	before := d.interfaces[number].settings[d.interfaces[number].selected]
	d.interfaces[number].selected = alt
	d.mu.Unlock()
	before.Reset()
	d.reset(number)
	return nil
}

func (d *Device) descriptor(s Setup) ([]byte, error) {
	var b []byte
	switch s.Value >> 8 {
	case 1:
		b = d.bent(d.deviceDescriptor())
	case 2:
		b = d.bent(d.configDescriptor())
	case 3:
		b = d.bent(d.stringDescriptor(uint8(s.Value)))
	}
	if b == nil {
		return nil, errStall
	}
	return b, nil
}
