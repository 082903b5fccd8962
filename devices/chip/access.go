package chip

import (
	"context"
	"errors"
	"fmt"

	"padarozhnik/devices"
	"padarozhnik/devices/chip/apdu"
	"padarozhnik/devices/chip/bac"
	"padarozhnik/devices/chip/pace"
	"padarozhnik/station/lds"
)

// passwordOf takes the MRZ where both are given: it opens every chip.
func passwordOf(p devices.Password) (pace.Password, error) {
	switch {
	case len(p.MRZHash) > 0:
		return pace.MRZ(p.MRZHash), nil
	case p.CAN != "":
		return pace.CAN(p.CAN), nil
	}
	return pace.Password{}, errors.New("no password given")
}

// opened is how PACE opened a chip. proof is not nil with chip authentication mapping, and yet to be
// verified.
type opened struct {
	info  pace.Info
	proof *pace.Proof
}

// openPACE runs the best PACE of a chip that was just reset (pace.Choose) and selects the application
// in the new session.
func (l *link) openPACE(ctx context.Context, cardAccess []byte, pw pace.Password) (opened, error) {
	o, err := l.runPACE(ctx, cardAccess, pw)
	if err != nil {
		return o, err
	}
	return o, l.enter(ctx, false)
}

// runPACE is openPACE without the selection: the master file is still selected.
func (l *link) runPACE(ctx context.Context, cardAccess []byte, pw pace.Password) (opened, error) {
	infos, err := pace.ParseInfos(cardAccess)
	if err != nil {
		return opened{}, err
	}
	info, ambiguous, err := pace.Choose(infos)
	if err != nil {
		return opened{}, err
	}
	return l.runProtocol(ctx, info, ambiguous, pw)
}

// runProtocol runs PACE as one info says.
func (l *link) runProtocol(ctx context.Context, info pace.Info, named bool, pw pace.Password) (opened, error) {
	t := pace.Terminal{Rand: l.rand, NameParameters: named}
	session, proof, err := t.Run(ctx, l.card, info, pw)
	if err != nil {
		return opened{info: info}, err
	}
	l.ch.Session, l.short, l.master = session, true, true
	return opened{info: info, proof: proof}, nil
}

// enter selects, in a session of PACE, the master file or the application, unless it is selected
// already.
func (l *link) enter(ctx context.Context, master bool) error {
	if l.master == master {
		return nil
	}
	c := l.selection(0x0C, 0)
	if master {
		c = apdu.Command{INS: 0xA4, P2: 0x0C, Data: []byte{0x3F, 0x00}}
	}
	if _, err := l.ch.Do(ctx, c); err != nil {
		return err
	}
	l.master = master
	return nil
}

// announcesPACE tells whether an EF.CardAccess speaks of PACE at all, in a way that we can run or
// not. Without it a chip is opened by Basic Access Control (ICAO Doc 9303-11, 4.2).
func announcesPACE(cardAccess []byte) bool {
	if cardAccess == nil {
		return false
	}
	f, err := lds.ParseCardAccess(cardAccess)
	return err != nil || len(f.Infos.PACE) > 0
}

// openBAC selects the application in clear and runs Basic Access Control. It returns false for a
// chip without any access control, as the standard allowed until its eighth edition, and
// devices.ErrUnsupported for one that is closed by other means.
func (l *link) openBAC(ctx context.Context, mrzHash []byte) (protected bool, err error) {
	if len(mrzHash) == 0 {
		return true, fmt.Errorf("%w: chip has no PACE and asks for the MRZ", devices.ErrWrongPassword)
	}
	if _, err := l.plain(ctx, l.selection(0x0C, 0)); err != nil {
		if _, ok := apdu.StatusOf(err); ok {
			return true, fmt.Errorf("%w: application: %w", devices.ErrForeignChip, err)
		}
		return true, err
	}
	session, err := bac.Terminal{Rand: l.rand}.Run(ctx, l.card, mrzHash)
	if s, ok := apdu.StatusOf(err); ok && (s == apdu.UnknownInstruction || s == apdu.UnknownClass) {
		return l.openPlain(ctx)
	}
	if err != nil {
		return true, err
	}
	l.ch.Session, l.short = session, false
	return true, nil
}

// openPlain looks whether a chip that does not know Basic Access Control is open.
func (l *link) openPlain(ctx context.Context) (protected bool, err error) {
	_, err = l.readAt(ctx, "EF.COM", 0, headSize)
	if _, refused := apdu.StatusOf(err); refused {
		return true, fmt.Errorf("%w: access protocol: %w", devices.ErrUnsupported, err)
	}
	return false, err
}
