package usb

import (
	"context"
	"errors"
	"fmt"

	"padarozhnik/devices"
	"padarozhnik/devices/ieee1284"
	"padarozhnik/devices/stream"
)

// Port is the pipe of a device of the printer class (USB Printer Class 1.1). It implements stream.Port.
type Port struct{ link *Link }

var _ stream.Port = (*Port)(nil)

// Port returns the pipe of the printer class.
func (l *Link) Port() *Port { return &Port{l} }

// with borrows the interface for something short.
func (p *Port) with(ctx context.Context, do func(*loan) error) error {
	i, err := p.link.borrow(ctx, Pipe)
	if err != nil {
		return err
	}
	err = do(i)
	if errors.Is(err, devices.ErrUnsupported) {
		i.giveBack(nil)
	} else {
		i.giveBack(err)
	}
	return condition(err)
}

// Identify implements stream.Port.
func (p *Port) Identify(ctx context.Context) (devices.Identity, error) {
	found, err := p.link.find(ctx)
	if err != nil {
		return devices.Identity{}, err
	}
	id := found.identity()
	err = p.with(ctx, func(i *loan) error {
		said, err := i.deviceID()
		if err == nil {
			found.DeviceID = said
			id = found.identity()
		}
		return err
	})
	return id, err
}

// Commands are the page languages that the printer lists.
func (p *Port) Commands(ctx context.Context) (commands []string, err error) {
	err = p.with(ctx, func(i *loan) error {
		said, err := i.deviceID()
		commands = ieee1284.Parse(said).Commands
		return err
	})
	return commands, err
}

// State implements stream.Port. A printer that says in PJL how it is is asked so.
func (p *Port) State(ctx context.Context) (devices.PrinterState, error) {
	s := devices.PrinterState{Idle: true, DPI: []int{300, 600, 1200}}
	err := p.with(ctx, func(i *loan) error {
		b, err := i.status()
		if err != nil {
			return err
		}
		s.Conditions = b.conditions()
		speaks, err := i.speaksPJL()
		if err != nil || !speaks {
			return err
		}
		code, err := i.askPJL(ctx)
		if err == nil {
			s.Conditions, s.Warnings = refined(s.Conditions, code)
		}
		return err
	})
	s.Idle = err == nil && len(s.Conditions) == 0
	return s, err
}

// portStatus is the answer to GET_PORT_STATUS.
type portStatus byte

// conditions are what a port says of its printer, which is little.
func (s portStatus) conditions() []error {
	const paperEmpty, selected, noError = 0x20, 0x10, 0x08
	switch {
	case s&paperEmpty != 0:
		return []error{devices.ErrNoBooklet}
	case s&noError == 0:
		return []error{devices.ErrTrouble}
	case s&selected == 0:
		return []error{devices.ErrBusy}
	}
	return nil
}

// idleStatus is how a port stands that a device cannot tell.
const idleStatus = 0x18

// status asks how the port stands. A device that does not know the request is well.
func (p *loan) status() (portStatus, error) {
	var b [1]byte
	r := Request{Type: classIn, Code: codePortStatus, Index: uint16(p.setting.Interface)}
	n, err := p.control(r, b[:])
	switch {
	case errors.Is(err, ErrStalled):
		return idleStatus, nil
	case err != nil:
		return 0, fmt.Errorf("port status: %w", err)
	case n < 1:
		return idleStatus, nil
	}
	return portStatus(b[0]), nil
}

// deviceID asks for the identity string. A device that has none gives "".
func (p *loan) deviceID() (string, error) {
	var b [1024]byte
	r := Request{Type: classIn, Code: codeDeviceID, Index: uint16(p.setting.Interface<<8 | p.setting.Alternate)}
	n, err := p.control(r, b[:])
	if errors.Is(err, ErrStalled) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("device id: %w", err)
	}
	return ieee1284.Decode(b[:min(max(n, 0), len(b))]), nil
}

// readable tells whether the pipe back is read.
func (p *loan) readable() bool { return p.setting.In.Address != 0 && !no(p.open.quirk.ReadBack) }

// speaksPJL tells whether the printer says in PJL when a page is done.
func (p *loan) speaksPJL() (bool, error) {
	switch {
	case !p.readable():
		return false, nil
	case p.open.quirk.End != endAuto:
		return p.open.quirk.End == endPJL, nil
	}
	said, err := p.deviceID()
	return ieee1284.Parse(said).Knows("PJL"), err
}

// Begin implements stream.Port.
func (p *Port) Begin(ctx context.Context, title, extension string) (stream.Document, error) {
	i, err := p.link.borrow(ctx, Pipe)
	if err != nil {
		return nil, err
	}
	pjl, err := i.speaksPJL()
	if err != nil {
		i.giveBack(err)
		return nil, condition(err)
	}
	return newDocument(ctx, i, pjl, title, extension), nil
}

// refined are the conditions and warnings of a printer that says in PJL how it is.
func refined(found []error, code int) (conditions, warnings []error) {
	cond, warn := meaningOf(code)
	if warn != nil {
		warnings = append(warnings, warn)
	}
	if cond != nil {
		return []error{cond}, warnings
	}
	return found, warnings
}
