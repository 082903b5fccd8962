package chip

import (
	"cmp"
	"context"
	"encoding/asn1"
	"errors"
	"fmt"

	"padarozhnik/devices"
	"padarozhnik/devices/chip/activeauth"
	"padarozhnik/devices/chip/apdu"
	"padarozhnik/devices/chip/chipauth"
	"padarozhnik/devices/chip/domain"
	"padarozhnik/devices/chip/sm"
	"padarozhnik/station/lds"
)

// authenticateChip runs Chip Authentication with the key in DG14 and reads a byte under the new
// keys, which only the holder of the private key has. The returned error is devices.ErrNotAuthentic
// where the chip does not have them. A session that breaks from here on is not opened again: the chip
// behind it would not have proven anything.
func (l *link) authenticateChip(ctx context.Context, key chipauth.Key) error {
	session, err := chipauth.Terminal{Rand: l.rand}.Run(ctx, &l.ch, key)
	if err != nil {
		return notAuthentic(err)
	}
	l.endSession()
	l.ch.Session, l.reopen = session, nil
	if _, err := l.readAt(ctx, "EF.COM", 0, headSize); err != nil {
		return notAuthentic(err)
	}
	return nil
}

// answerChallenge runs Active Authentication with the key in DG15. The returned error is
// devices.ErrNotAuthentic where the chip does not sign.
func (l *link) answerChallenge(ctx context.Context, key activeauth.Key) error {
	t := activeauth.Terminal{Rand: l.rand, Extended: l.response > 0}
	return notAuthentic(t.Run(ctx, &l.ch, key))
}

// notAuthentic takes a chip's refusal, and an answer that does not open or does not verify, for a
// failed proof; what the reader or the service did is passed on.
func notAuthentic(err error) error {
	if _, refused := apdu.StatusOf(err); refused {
		return fmt.Errorf("%w: %w", devices.ErrNotAuthentic, err)
	}
	for _, failed := range []error{
		sm.ErrNotProtected, sm.ErrMAC, sm.ErrMalformed, sm.ErrMissing, sm.ErrUnexpected, sm.ErrPadding, sm.ErrStatus,
		sm.ErrEnded, apdu.ErrShort, chipauth.ErrProtocol, chipauth.ErrUnsupported, activeauth.ErrSignature,
		activeauth.ErrUnsupported,
	} {
		if errors.Is(err, failed) {
			return fmt.Errorf("%w: %w", devices.ErrNotAuthentic, err)
		}
	}
	return err
}

// errNothingToRun says of a DG14 that it announces Chip Authentication in no way that we have.
var errNothingToRun = errors.New("announces nothing that can be run")

// authenticationKey finds the best key of DG14 whose protocol can be run: AES before 3DES, then the
// larger group, then the longer cipher key. It returns false for a chip that announces no Chip
// Authentication, and an error for one that announces only what nobody can run.
func authenticationKey(dg14 []byte) (best chipauth.Key, announced bool, err error) {
	d, err := lds.ParseDG14(dg14)
	if err != nil {
		return chipauth.Key{}, false, err
	}
	if len(d.Infos.ChipAuthentication) == 0 {
		return chipauth.Key{}, false, nil
	}
	keys, err := staticKeys(d.Infos)
	if err != nil {
		return chipauth.Key{}, true, err
	}
	found := false
	for _, i := range d.Infos.ChipAuthentication {
		p, ok := protocolOf(i)
		for _, k := range keys {
			if !ok || k.group.OnCurve() != p.OnCurve || !k.goesWith(i.KeyID, len(keys)) {
				continue
			}
			key, err := k.under(p)
			if err != nil {
				return chipauth.Key{}, true, err
			}
			if !found || better(key, best) {
				best, found = key, true
			}
		}
	}
	if !found {
		return chipauth.Key{}, true, fmt.Errorf("chip authentication: %w", errNothingToRun)
	}
	return best, true, nil
}

// protocolOf reads a protocol of version 1.
func protocolOf(i lds.ChipAuthenticationInfo) (chipauth.Protocol, bool) {
	b, err := content(i.OID)
	if err != nil || i.Version != 1 {
		return chipauth.Protocol{}, false
	}
	p, err := chipauth.ParseOID(b)
	return p, err == nil
}

func better(a, b chipauth.Key) bool {
	old := func(k chipauth.Key) bool { return k.Protocol.Suite == sm.TripleDES }
	if old(a) != old(b) {
		return old(b)
	}
	strength := func(k chipauth.Key) int {
		if k.Group.OnCurve() {
			return k.Group.Field().BitLen() / 2
		}
		return k.Group.Field().BitLen() / 18 // 2048 bits withstand about as much as a curve of 224
	}
	return cmp.Or(cmp.Compare(strength(a), strength(b)), cmp.Compare(a.Protocol.Suite, b.Protocol.Suite)) > 0
}

// staticKey is a public key of the chip, on a curve or not.
type staticKey struct {
	group  domain.Group
	public domain.Element
	number *int
}

// staticKeys are all keys of a set of infos that lie in a group we can work with.
func staticKeys(infos lds.SecurityInfos) ([]staticKey, error) {
	var out []staticKey
	for _, k := range infos.ChipAuthenticationKeys {
		curve, _, err := k.Curve()
		if err != nil {
			return nil, err
		}
		g := domain.Curve(curve)
		public, err := g.Parse(k.Point)
		if err != nil {
			return nil, err
		}
		out = append(out, staticKey{g, public, k.KeyID})
	}
	for _, k := range infos.ChipAuthenticationKeysDH {
		g := domain.Modular(k.Group)
		public, err := g.Parse(k.Public.Bytes())
		if err != nil {
			return nil, err
		}
		out = append(out, staticKey{g, public, k.KeyID})
	}
	return out, nil
}

// goesWith tells whether the key is the one that an info means: by its number, which may be left out
// where there is no other key (ICAO Doc 9303-11, 9.2.5).
func (k staticKey) goesWith(number *int, keys int) bool {
	if number == nil || k.number == nil {
		return keys == 1 || number == k.number
	}
	return *number == *k.number
}

func (k staticKey) under(p chipauth.Protocol) (chipauth.Key, error) {
	key := chipauth.Key{Protocol: p, Group: k.group, Public: k.public}
	if k.number == nil {
		return key, nil
	}
	var err error
	key.KeyID, err = content(*k.number)
	return key, err
}

// challengeKey finds the key of Active Authentication in DG15, and for one on a curve its hash in
// DG14 (ICAO Doc 9303-11, 9.2.4).
func challengeKey(dg15, dg14 []byte) (activeauth.Key, error) {
	d, err := lds.ParseDG15(dg15)
	if err != nil {
		return activeauth.Key{}, err
	}
	if d.Key.RSA != nil {
		return activeauth.Key{RSA: d.Key.RSA}, nil
	}
	key := activeauth.Key{Curve: d.Key.Curve, Point: d.Key.Point}
	infos, err := lds.ParseDG14(dg14)
	if err != nil {
		return activeauth.Key{}, fmt.Errorf("signature of DG15: %w", err)
	}
	if len(infos.Infos.ActiveAuthentication) != 1 {
		return activeauth.Key{}, fmt.Errorf("%w: DG14 does not name the signature", activeauth.ErrUnsupported)
	}
	key.Hash, err = activeauth.ParseSignature(infos.Infos.ActiveAuthentication[0].Signature)
	return key, err
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
