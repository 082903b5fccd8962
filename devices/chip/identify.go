package chip

import (
	"context"
	"fmt"

	"padarozhnik/devices"
	"padarozhnik/devices/chip/apdu"
	"padarozhnik/station/lds/tlv"
)

// identify reads life and identifier from a chip that was just reset, and its buffers.
func (l *link) identify(ctx context.Context) (devices.ChipState, error) {
	if err := l.readBuffers(ctx); err != nil {
		return devices.ChipState{}, err
	}
	r, err := l.plain(ctx, l.firstSelection())
	if err != nil {
		if _, ok := apdu.StatusOf(err); !ok {
			return devices.ChipState{}, err
		}
		return l.identifyClosed(ctx, r.Status)
	}
	life, err := l.life(ctx, r.Data)
	if err != nil {
		return devices.ChipState{}, err
	}
	if life != devices.LifeBlank && life != devices.LifePartial {
		// An old passport lets its application be selected, but its files ask for a key.
		return l.identifyOld(ctx)
	}
	l.selected = true
	if l.product.Identifier.Length == 0 {
		return devices.ChipState{Life: life}, nil
	}
	id, err := l.chipID(ctx)
	if err != nil {
		return devices.ChipState{}, fmt.Errorf("%w: no chip identifier: %w", devices.ErrForeignChip, err)
	}
	return devices.ChipState{ChipID: id, Life: life}, nil
}

// firstSelection asks for file control parameters where the product tells its stage in them.
func (l *link) firstSelection() apdu.Command {
	if l.product.Life.Probe != "" {
		return l.selection(0x0C, 0)
	}
	return l.selection(0x04, apdu.MaxShort)
}

// identifyClosed looks at a chip that does not let its application be selected: a locked passport
// announces PACE, anything else is no passport.
func (l *link) identifyClosed(ctx context.Context, s apdu.Status) (devices.ChipState, error) {
	if s.Refused() {
		if _, err := l.readFree(ctx, "EF.CardAccess"); err == nil {
			return devices.ChipState{Life: devices.LifeLocked}, nil
		} else if _, ok := apdu.StatusOf(err); !ok {
			return devices.ChipState{}, err
		}
	}
	return devices.ChipState{}, l.foreign(ctx, s)
}

// paymentDirectory is the name under which payment cards list their applications (EMV Book B).
const paymentDirectory = "2PAY.SYS.DDF01"

// foreign says what kind of card has no passport on it, as far as that can be told without opening
// it. cause is why it is none.
func (l *link) foreign(ctx context.Context, cause error) error {
	_, err := l.plain(ctx, apdu.Command{INS: 0xA4, P1: 0x04, Data: []byte(paymentDirectory), Ne: apdu.MaxShort})
	if _, refused := apdu.StatusOf(err); err != nil && !refused {
		return err
	}
	if err == nil {
		return fmt.Errorf("%w: %w", devices.ErrForeignChip, devices.ErrBankCard)
	}
	return fmt.Errorf("%w: application: %w", devices.ErrForeignChip, cause)
}

func (l *link) identifyOld(ctx context.Context) (devices.ChipState, error) {
	_, err := l.selectFile(ctx, "EF.COM")
	if err == nil {
		_, err = l.plain(ctx, apdu.Command{INS: 0xB0, Ne: 8})
	}
	s, ok := apdu.StatusOf(err)
	switch {
	case ok && s.Refused():
		return devices.ChipState{Life: devices.LifeLocked}, nil
	case err != nil && !ok:
		return devices.ChipState{}, err
	}
	return devices.ChipState{Life: devices.LifeUnknown}, nil
}

// life finds the life cycle status byte in file control parameters, or selects the file whose
// answer tells.
func (l *link) life(ctx context.Context, parameters []byte) (devices.Life, error) {
	if probe := l.product.Life.Probe; probe != "" {
		_, err := l.selectFile(ctx, probe)
		switch s, ok := apdu.StatusOf(err); {
		case err == nil:
			return devices.LifePartial, nil
		case ok && s == apdu.FileNotFound:
			return devices.LifeBlank, nil
		case ok:
			return devices.LifeUnknown, nil
		}
		return devices.LifeUnknown, err
	}
	b, err := tlv.Path(parameters, 0x62, 0x8A)
	if err != nil || len(b) != 1 {
		return devices.LifeUnknown, nil
	}
	switch b[0] {
	case l.product.Life.Blank:
		return devices.LifeBlank, nil
	case l.product.Life.Partial:
		return devices.LifePartial, nil
	case l.product.Life.Locked:
		return devices.LifeLocked, nil
	}
	return devices.LifeUnknown, nil
}

// chipID reads the identifier that the chip's maker gave it.
func (l *link) chipID(ctx context.Context) ([]byte, error) {
	where := l.product.Identifier
	data, err := l.getData(ctx, where.Tag)
	if err != nil {
		return nil, err
	}
	if len(data) < where.Offset+where.Length {
		return nil, fmt.Errorf("%w: production data of %d bytes", devices.ErrProtocol, len(data))
	}
	return append([]byte(nil), data[where.Offset:where.Offset+where.Length]...), nil
}

func (l *link) getData(ctx context.Context, tag uint16) ([]byte, error) {
	r, err := l.ch.Do(ctx, apdu.Command{CLA: 0x80, INS: 0xCA, P1: byte(tag >> 8), P2: byte(tag), Ne: apdu.MaxShort})
	if err != nil {
		return nil, err
	}
	return tlv.Path(r.Data, uint32(tag))
}
