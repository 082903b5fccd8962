package chip

import (
	"context"
	"errors"
	"fmt"

	"padarozhnik/devices"
	"padarozhnik/devices/chip/apdu"
	"padarozhnik/devices/chip/products"
	"padarozhnik/devices/chip/scp03"
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
	if w.command > 0 {
		return roomIn(w.product, w.command-7) // header 4, length 3
	}
	return roomIn(w.product, w.product.Limits.Short)
}

// roomIn is what the product's channel leaves of so many bytes of data.
func roomIn(p *products.Product, n int) int {
	if p.Channel == products.ChannelSCP03 {
		return scp03.DataRoom(n)
	}
	return n
}

// perform sends the command of a step, and more of them where one does not hold the data. A store
// whose fields the order does not fill is left out.
func (w *work) perform(ctx context.Context, c channel, s products.Step) error {
	data, complete := s.Data.Expand(w.field, c.EncryptKey)
	if !complete {
		return nil
	}
	defer clear(data)
	cmd := apdu.Command{CLA: s.CLA, INS: s.INS, P1: s.P1, P2: s.P2}
	room := w.dataRoom()
	for rest := data; ; cmd.P2++ {
		cmd.P1, cmd.Data, rest = s.P1, rest, nil
		if len(cmd.Data) > room && s.More != 0 {
			cmd.P1, cmd.Data, rest = s.More, cmd.Data[:room], cmd.Data[room:]
		}
		if _, err := c.Do(ctx, cmd); err != nil {
			return fmt.Errorf("%s: %w", s.Do, refusedToHold(err))
		}
		if len(rest) == 0 {
			return nil
		}
	}
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
