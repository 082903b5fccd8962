package chip

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"padarozhnik/devices"
	"padarozhnik/devices/chip/apdu"
	"padarozhnik/devices/chip/products"
	"padarozhnik/devices/chip/scp03"
	"padarozhnik/station/lds"
)

// channel is the way on which a chip takes commands that write. Do sends one; EncryptKey encrypts
// key material for the chip, where the channel has a key for that.
//
// With a product's data it is all that tells families of chips apart: a driver is a channel, an
// access protocol, and a file in package products.
type channel interface {
	Do(ctx context.Context, c apdu.Command) (apdu.Response, error)
	EncryptKey(b []byte) []byte
	End()
}

// inClear is the channel of a chip that takes commands from whoever holds it.
type inClear struct{ link *link }

// Do sends one command as it is.
func (c inClear) Do(ctx context.Context, cmd apdu.Command) (apdu.Response, error) {
	return c.link.plain(ctx, cmd)
}

// EncryptKey returns what it got: products refuse sealed fields in such a channel.
func (inClear) EncryptKey(b []byte) []byte { return b }

// End has nothing to end.
func (inClear) End() {}

// openChannel selects the application, where it is not selected in clear already, and opens the
// way on which the product is written.
func (w *work) openChannel(ctx context.Context) (channel, error) {
	if !w.selected {
		if err := w.leave(ctx); err != nil {
			return nil, err
		}
		if _, err := w.plain(ctx, w.selection(0x0C, 0)); err != nil {
			return nil, err
		}
		w.selected = true
	}
	if w.product.Channel == products.ChannelPlain {
		return inClear{w.link}, nil
	}
	s, err := scp03.Host{Rand: w.rand, KeyVersion: w.product.KeyVersion}.Open(ctx, w.card, w.order.SCP03)
	if errors.Is(err, scp03.ErrCryptogram) || errors.Is(err, apdu.AuthFailed) {
		return nil, fmt.Errorf("%w: its keys are not those of the order: %w", devices.ErrWrongBlank, err)
	}
	if err != nil {
		return nil, err
	}
	return s, nil
}

// dataRoom is how many bytes of data one command of the channel carries.
func (w *work) dataRoom() int {
	n := w.product.Limits.Short
	if w.command > 0 {
		n = w.command - 7 // header 4, length 3
	}
	if w.product.Channel == products.ChannelSCP03 {
		return scp03.DataRoom(n)
	}
	return n
}

// field gives the fields of a step a copy of what the order has for them.
func (w *work) field(name string) []byte {
	switch name {
	case products.FieldApplication:
		return bytes.Clone(w.product.Application)
	case products.FieldMRZHash:
		return bytes.Clone(w.order.MRZHash)
	case products.FieldCAN:
		return []byte(w.order.CAN)
	case products.FieldChipAuth:
		if len(w.order.Auth.Private) == 0 {
			return nil
		}
		return append([]byte{byte(w.order.Auth.ParameterID)}, w.order.Auth.Private...)
	}
	return w.zoneField(name)
}

// zoneField finds a part of the MRZ information: number (9), birth (6) and expiry (6), each with
// its check digit behind it. The number is padded, as it stands in the MRZ.
func (w *work) zoneField(name string) []byte {
	places := map[string][2]int{
		products.FieldNumber: {0, 9}, products.FieldBirth: {10, 16}, products.FieldExpiry: {17, 23},
	}
	place, ok := places[name]
	dg1, err := lds.ParseDG1(filesOf(w.order.Files)["DG1"])
	if !ok || err != nil {
		return nil
	}
	d, err := dg1.Document()
	if err != nil || len(d.Information()) != 24 {
		return nil
	}
	return []byte(d.Information()[place[0]:place[1]])
}

// perform sends the command of a step. A store whose fields the order does not fill is left out.
func (w *work) perform(ctx context.Context, c channel, s products.Step) error {
	data, complete := s.Data.Expand(w.field, c.EncryptKey)
	if !complete {
		return nil
	}
	defer clear(data)
	_, err := c.Do(ctx, apdu.Command{CLA: s.CLA, INS: s.INS, P1: s.P1, P2: s.P2, Data: data})
	if err != nil {
		return fmt.Errorf("%s: %w", s.Do, refusedToHold(err))
	}
	return nil
}

// refusedToHold names the chip's own word for what it cannot take.
func refusedToHold(err error) error {
	if errors.Is(err, apdu.UnknownInstruction) || errors.Is(err, apdu.UnknownClass) {
		return fmt.Errorf("%w: %w", devices.ErrForeignChip, err) // a chip of another kind than configured
	}
	if errors.Is(err, apdu.NoMemory) || errors.Is(err, apdu.WrongData) || errors.Is(err, apdu.FileExists) {
		return fmt.Errorf("%w: %w", devices.ErrCannotHold, err)
	}
	return err
}

// erase clears the secrets of the work's own copy of the order.
func (w *work) erase() {
	scp03.Zero(w.order.SCP03)
	clear(w.order.MRZHash)
	clear(w.order.Auth.Private)
	w.order.CAN = ""
}
