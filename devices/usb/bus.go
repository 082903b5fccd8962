package usb

import (
	"context"
	"errors"
	"time"

	"padarozhnik/devices"
)

// What a transfer can end with besides success. Links turn these into conditions of package devices.
var (
	// ErrGone: the device is not there any more.
	ErrGone = errors.New("device was unplugged")
	// ErrStalled: the device refused; its endpoint stands still until it is set up again.
	ErrStalled = errors.New("endpoint stalled")
	// ErrBabble: the device sent more than it was asked for.
	ErrBabble = errors.New("device sent more than asked for")
	// ErrBroken: the transfer failed on the cable or in the controller.
	ErrBroken = errors.New("transfer failed")
)

// Plugged is a device on a bus.
type Plugged struct {
	Bus, Number          int // as the kernel counts them; another number after each plugging in
	Maker, Model, Serial string
	DeviceID             string // where a driver of the kernel has already asked for it
	Layout               Layout
	Denied               bool // this user may not open it
	Hangs                bool // the kernel waits for it, and does not say what it calls itself
}

// Bus is where devices hang. Kernel is the machine's own; virtual devices can be reached without a kernel
// through devices/virtual/usbip.
type Bus interface {
	// Look lists what is plugged in. It opens nothing and disturbs no device.
	Look(ctx context.Context) ([]Plugged, error)
	// Open opens a device that Look found, and sets a configuration that is not set. It returns an error
	// wrapping devices.ErrDenied, devices.ErrTaken or ErrGone.
	Open(p Plugged, config int) (Handle, error)
}

// Handle is an open device. Its calls may be made from several goroutines, but Reset and Close only when
// every interface is closed and no call is on its way.
type Handle interface {
	// Claim takes an interface from whatever driver holds it, and selects the alternate setting, even the only
	// one: that makes both sides forget what was on its way. bare leaves the setting as it is.
	Claim(s Setting, bare bool) (Interface, error)
	// Control makes a request on the control pipe and returns how many bytes of data went over.
	Control(limit time.Duration, r Request, data []byte) (int, error)
	// Reset resets the port. After an error the handle is of no use.
	Reset() error
	Close() error
}

// Interface is a claimed interface with its two pipes. Reads and writes go on at the same time; each ends
// with its context, whose error it then returns together with the bytes that went over.
type Interface interface {
	Read(ctx context.Context, b []byte) (int, error)
	Write(ctx context.Context, b []byte) (int, error)
	// Close gives the interface back to the kernel's driver.
	Close() error
}

// Request is a request on the control pipe (USB 2.0, 9.3).
type Request struct {
	Type, Code   uint8
	Value, Index uint16
}

// Condition names what a failed transfer means to a person.
func condition(err error) error {
	switch {
	case err == nil, errors.Is(err, devices.ErrUnreachable), errors.Is(err, devices.ErrProtocol):
		return err
	case errors.Is(err, ErrBabble):
		return errors.Join(devices.ErrProtocol, err)
	case errors.Is(err, ErrGone), errors.Is(err, ErrStalled), errors.Is(err, ErrBroken):
		return errors.Join(devices.ErrUnreachable, err)
	}
	return err
}
