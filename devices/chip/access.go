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

// openPACE runs the best PACE of a chip whose master file is selected (pace.Choose). It stays
// selected in the new session until a file of the application is read.
func (l *link) openPACE(ctx context.Context, cardAccess []byte, pw pace.Password) (pace.Info, error) {
	infos, err := pace.ParseInfos(cardAccess)
	if err != nil {
		return pace.Info{}, err
	}
	info, ambiguous, err := pace.Choose(infos)
	if err != nil {
		return pace.Info{}, err
	}
	return info, l.runPACE(ctx, info, ambiguous, pw)
}

// runPACE runs PACE as one info says. named has the terminal say which domain parameters it means.
func (l *link) runPACE(ctx context.Context, info pace.Info, named bool, pw pace.Password) error {
	t := pace.Terminal{Rand: l.rand, NameParameters: named}
	session, proof, err := t.Run(ctx, l.card, info, pw)
	if err != nil {
		return err
	}
	l.ch.Session, l.short, l.master, l.mapping = session, true, true, proof
	l.reopen = func(ctx context.Context) error {
		if err := l.reset(ctx); err != nil {
			return err
		}
		return l.runPACE(ctx, info, named, pw)
	}
	return nil
}

// enter selects, in a session of PACE, the master file or the application, unless it is selected
// already.
func (l *link) enter(ctx context.Context, master bool) error {
	if l.master == master {
		return nil
	}
	c := l.selection(0x0C, 0)
	if master {
		c = masterSelection()
	}
	if _, err := l.ch.Do(ctx, c); err != nil {
		return err
	}
	l.master = master
	return nil
}

// masterSelection selects the master file.
func masterSelection() apdu.Command {
	return apdu.Command{INS: 0xA4, P2: 0x0C, Data: []byte{0x3F, 0x00}}
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
	if _, err := l.plain(ctx, l.selection(0x0C, 0)); err != nil {
		if _, ok := apdu.StatusOf(err); ok {
			return true, l.foreign(ctx, err)
		}
		return true, err
	}
	if len(mrzHash) == 0 {
		return true, fmt.Errorf("%w: chip has no PACE and asks for the MRZ", devices.ErrWrongPassword)
	}
	session, err := bac.Terminal{Rand: l.rand}.Run(ctx, l.card, mrzHash)
	if s, ok := apdu.StatusOf(err); ok && (s == apdu.UnknownInstruction || s == apdu.UnknownClass) {
		return l.openPlain(ctx)
	}
	if err != nil {
		return true, err
	}
	l.ch.Session, l.short, l.master = session, false, false
	l.reopen = func(ctx context.Context) error {
		if err := l.reset(ctx); err != nil {
			return err
		}
		_, err := l.openBAC(ctx, mrzHash)
		return err
	}
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
