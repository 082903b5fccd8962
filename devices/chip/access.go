package chip

import (
	"context"
	"encoding/asn1"
	"errors"
	"fmt"

	"padarozhnik/devices"
	"padarozhnik/devices/chip/apdu"
	"padarozhnik/devices/chip/bac"
	"padarozhnik/devices/chip/chipauth"
	"padarozhnik/devices/chip/pace"
	"padarozhnik/devices/chip/sm"
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

// openPACE runs PACE on a chip that was just reset and selects the application in the new session.
func (l *link) openPACE(ctx context.Context, cardAccess []byte, pw pace.Password) (pace.Info, error) {
	infos, err := pace.ParseInfos(cardAccess)
	if err != nil {
		return pace.Info{}, err
	}
	info, ambiguous, err := chooseInfo(infos)
	if err != nil {
		return pace.Info{}, err
	}
	t := pace.Terminal{Rand: l.rand, NameParameters: ambiguous}
	session, err := t.Run(ctx, l.card, info, pw)
	if err != nil {
		return info, err
	}
	l.ch.Session, l.short = session, true
	l.reopen = func(ctx context.Context) error {
		if err := l.reset(ctx); err != nil {
			return err
		}
		_, err := l.openPACE(ctx, cardAccess, pw)
		return err
	}
	_, err = l.ch.Do(ctx, l.selection(0x0C, 0))
	return info, err
}

// chooseInfo takes the first protocol that can be run, and tells whether the chip offers it with
// several domain parameters.
func chooseInfo(infos []pace.Info) (chosen pace.Info, ambiguous bool, err error) {
	for _, i := range infos {
		if !i.Supported() {
			continue
		}
		for _, other := range infos {
			ambiguous = ambiguous || (other.Protocol == i.Protocol && other != i)
		}
		return i, ambiguous, nil
	}
	return pace.Info{}, false, fmt.Errorf("%w: none of %d offers", pace.ErrUnsupported, len(infos))
}

// openBAC selects the application in clear and runs Basic Access Control.
func (l *link) openBAC(ctx context.Context, mrzHash []byte) error {
	if _, err := l.plain(ctx, l.selection(0x0C, 0)); err != nil {
		if _, ok := apdu.StatusOf(err); ok {
			return l.foreign(ctx, err)
		}
		return err
	}
	if len(mrzHash) == 0 {
		return fmt.Errorf("%w: chip has no PACE and asks for the MRZ", devices.ErrWrongPassword)
	}
	session, err := bac.Terminal{Rand: l.rand}.Run(ctx, l.card, mrzHash)
	if err != nil {
		return err
	}
	l.ch.Session, l.short = session, false
	l.reopen = func(ctx context.Context) error {
		if err := l.reset(ctx); err != nil {
			return err
		}
		return l.openBAC(ctx, mrzHash)
	}
	return nil
}

// authenticateChip runs Chip Authentication with the key in DG14 and reads a byte under the new
// keys, which only the holder of the private key has. The returned error is devices.ErrNotAuthentic
// where the chip does not have them.
func (l *link) authenticateChip(ctx context.Context, key chipauth.Key) error {
	session, err := chipauth.Terminal{Rand: l.rand}.Run(ctx, &l.ch, key)
	if err != nil {
		return notAuthentic(err)
	}
	l.endSession()
	l.ch.Session = session
	if _, err := l.readAt(ctx, "EF.COM", 0, headSize); err != nil {
		return notAuthentic(err)
	}
	return nil
}

// notAuthentic takes a chip's refusal, and an answer that does not open, for a failed proof; what
// the reader or the service did is passed on.
func notAuthentic(err error) error {
	_, refused := apdu.StatusOf(err)
	if refused || errors.Is(err, sm.ErrNotProtected) || errors.Is(err, sm.ErrMAC) || errors.Is(err, sm.ErrMalformed) ||
		errors.Is(err, sm.ErrMissing) || errors.Is(err, chipauth.ErrProtocol) {
		return fmt.Errorf("%w: %w", devices.ErrNotAuthentic, err)
	}
	return err
}

// authenticationKey finds the first key of DG14 whose protocol can be run. It returns false for a
// chip that offers none.
func authenticationKey(dg14 []byte) (chipauth.Key, bool, error) {
	d, err := lds.ParseDG14(dg14)
	if err != nil {
		return chipauth.Key{}, false, err
	}
	for _, k := range d.Infos.ChipAuthenticationKeys {
		for _, i := range d.Infos.ChipAuthentication {
			suite, ok := suiteOf(i.OID)
			if !ok || !sameNumber(k.KeyID, i.KeyID) {
				continue
			}
			curve, point, err := k.Curve()
			if err != nil {
				return chipauth.Key{}, false, err
			}
			key := chipauth.Key{Suite: suite, Curve: curve, Public: point}
			if k.KeyID != nil {
				if key.KeyID, err = content(*k.KeyID); err != nil {
					return chipauth.Key{}, false, err
				}
			}
			return key, true, nil
		}
	}
	return chipauth.Key{}, false, nil
}

func suiteOf(oid lds.OID) (sm.Suite, bool) {
	b, err := content(oid)
	if err != nil {
		return 0, false
	}
	s, err := chipauth.ParseOID(b)
	return s, err == nil
}

// content is the content of a value's DER encoding.
func content(v any) ([]byte, error) {
	b, err := asn1.Marshal(v)
	if err != nil {
		return nil, err
	}
	var raw asn1.RawValue
	if _, err := asn1.Unmarshal(b, &raw); err != nil {
		return nil, err
	}
	return raw.Bytes, nil
}

func sameNumber(a, b *int) bool {
	if a == nil || b == nil {
		return a == b
	}
	return *a == *b
}
