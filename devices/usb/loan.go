package usb

import (
	"context"
	"errors"
	"fmt"
	"time"

	"padarozhnik/devices"
)

// Sizes of transfers. Reads are multiples of 1024 and so of every packet: a buffer that is smaller than the
// packet that comes loses it.
const (
	readBytes  = 32 << 10
	writeBytes = 64 << 10
)

// loan is an interface in the hands of one borrower. Reads may go on beside writes; each of the two belongs to
// one goroutine.
type loan struct {
	owner   *owner
	open    *open
	setting Setting
	kind    Kind
	face    Interface

	in, out []byte // buffers, which a transfer that does not come back keeps
}

// giveBack returns the interface to its owner with what went wrong with it. No transfer may be on its way but
// one that is stuck.
func (p *loan) giveBack(err error) { p.owner.backs <- returned{p, err} }

// read makes one transfer in and returns what came, valid until the next. No bytes and no error are an empty
// transfer.
func (p *loan) read(ctx context.Context) ([]byte, error) {
	if p.in == nil {
		p.in = make([]byte, readBytes)
	}
	in := p.in // which a call that is left behind keeps
	n, err := p.transfer(ctx, func(ctx context.Context) (int, error) { return p.face.Read(ctx, in) })
	if errors.Is(err, devices.ErrHangs) {
		p.in = nil
		return nil, err
	}
	return p.in[:min(max(n, 0), readBytes)], err
}

// write makes transfers out until all bytes are over, and returns how many are.
func (p *loan) write(ctx context.Context, b []byte) (int, error) {
	sent := 0
	for sent < len(b) {
		if p.out == nil {
			p.out = make([]byte, writeBytes)
		}
		part := p.out[:copy(p.out, b[sent:])]
		n, err := p.transfer(ctx, func(ctx context.Context) (int, error) { return p.face.Write(ctx, part) })
		if errors.Is(err, devices.ErrHangs) {
			p.out = nil
		}
		sent += min(max(n, 0), len(part))
		if err == nil && n < len(part) {
			err = fmt.Errorf("%d of %d bytes: %w", n, len(part), ErrBroken)
		}
		if err != nil {
			return sent, err
		}
		if p.open.quirk.ZeroLength && sent == len(b) && sent%p.setting.Out.Packet == 0 {
			_, err := p.transfer(ctx, func(ctx context.Context) (int, error) { return p.face.Write(ctx, nil) })
			return sent, err
		}
	}
	return sent, nil
}

// transfer makes one transfer, and does not wait for one that does not come back after its context has ended:
// that one is devices.ErrHangs.
func (p *loan) transfer(ctx context.Context, do func(context.Context) (int, error)) (int, error) {
	type result struct {
		n   int
		err error
	}
	done := make(chan result, 1)
	p.open.calls.Go(func() {
		n, err := do(ctx)
		done <- result{n, err}
	})
	select {
	case r := <-done:
		return r.n, r.err
	case <-ctx.Done():
	}
	late := time.NewTimer(p.owner.link.timing.Stuck)
	defer late.Stop()
	select {
	case r := <-done:
		return r.n, r.err
	case <-late.C:
		return 0, fmt.Errorf("transfer does not end: %w", devices.ErrHangs)
	}
}

// control makes a request on the control pipe. It may be made while transfers go on.
func (p *loan) control(r Request, data []byte) (int, error) {
	const limit = 3 * time.Second
	own := make([]byte, len(data)) // a call that does not come back keeps its buffer
	copy(own, data)
	n, err := within(limit+p.owner.link.timing.Stuck, &p.open.calls, func() (int, error) {
		return p.open.handle.Control(limit, r, own)
	}, nil)
	if err == nil && r.Type&0x80 != 0 {
		copy(data, own)
	}
	return n, err
}

// Requests of the printer class (USB Printer Class 1.1, 4.2).
const (
	classIn        = 0xa1
	classOut       = 0x21
	classOutOther  = 0x23 // as version 1.0 had it, to "other"
	codeDeviceID   = 0
	codePortStatus = 1
	codeSoftReset  = 2
)

// softReset makes the printer forget what it has, by the request of version 1.0 or that of 1.1.
func (p *loan) softReset() error {
	var err error
	for _, kind := range []uint8{classOutOther, classOut} {
		_, err = p.control(Request{Type: kind, Code: codeSoftReset, Index: uint16(p.setting.Interface)}, nil)
		if !errors.Is(err, ErrStalled) {
			return err
		}
	}
	return err
}

// maxSettled bounds what is read away.
const maxSettled = 4 << 20

// settle reads away what is left of an older exchange, until nothing comes for a while.
func (p *loan) settle() error {
	total, empty := 0, 0
	for {
		ctx, cancel := context.WithTimeout(p.owner.ctx, p.owner.link.timing.Quiet)
		b, err := p.read(ctx)
		quiet := ctx.Err() != nil
		cancel()
		if len(b) == 0 {
			empty++
		}
		total += len(b)
		switch {
		case quiet && len(b) == 0 && !errors.Is(err, devices.ErrHangs):
			return nil
		case err != nil && !errors.Is(err, context.DeadlineExceeded):
			return err
		case total > maxSettled:
			return fmt.Errorf("device does not stop sending: %w", devices.ErrProtocol)
		case empty > 20:
			return nil // it has nothing to say and says so
		}
	}
}
