package pace

import (
	"context"
	"crypto/subtle"
	"fmt"
	"io"
	"math/big"

	"padarozhnik/devices/chip/apdu"
	"padarozhnik/devices/chip/sm"
	"padarozhnik/station/lds/tlv"
	"padarozhnik/station/pki/ec"
)

// Tags in the dynamic authentication data 7C (ICAO Doc 9303-11, 4.4.4.2).
const (
	tagDynamic      = 0x7C
	tagNonce        = 0x80
	tagMapTerminal  = 0x81
	tagMapChip      = 0x82
	tagKeyTerminal  = 0x83
	tagKeyChip      = 0x84
	tagProofReader  = 0x85
	tagProofChip    = 0x86
	tagProtocol     = 0x80
	tagReference    = 0x83
	tagParameterID  = 0x84
	insAuthenticate = 0x86
)

// Terminal runs PACE against a chip.
type Terminal struct {
	// Rand gives the ephemeral keys: crypto/rand.Reader, or fixed bytes in a test.
	Rand io.Reader
	// NameParameters adds the number of the domain parameters to the first command. It is needed
	// where EF.CardAccess offers one protocol with several of them.
	NameParameters bool
}

// Run opens the chip with a password and returns the session that every further command must go
// through. It returns ErrUnsupported, or ErrPassword where the chip came to another key.
func (t Terminal) Run(ctx context.Context, chip apdu.Transmitter, info Info, pw Password) (*sm.Session, error) {
	curve, err := info.curve()
	if err != nil {
		return nil, err
	}
	r := run{ctx: ctx, chip: chip, info: info, curve: curve, rand: t.Rand}
	if err := r.choose(pw.Reference, t.NameParameters); err != nil {
		return nil, err
	}
	nonce, err := r.nonce(pw)
	if err != nil {
		return nil, err
	}
	defer clear(nonce)
	generator, err := r.mapping(nonce)
	if err != nil {
		return nil, err
	}
	k, mine, theirs, err := r.agreement(generator)
	if err != nil {
		return nil, err
	}
	defer k.zero()
	if err := r.prove(k, mine, theirs); err != nil {
		return nil, err
	}
	return sm.New(info.Protocol.Suite, k.enc, k.mac, nil)
}

// run is one execution. It lives for one call of Run, which is why it may carry the context.
type run struct {
	ctx   context.Context
	chip  apdu.Transmitter
	info  Info
	curve *ec.Curve
	rand  io.Reader
}

// choose names protocol and password (MSE:Set AT).
func (r *run) choose(reference byte, nameParameters bool) error {
	data := tlv.Append(nil, tagProtocol, r.info.Protocol.OID())
	data = tlv.Append(data, tagReference, []byte{reference})
	if nameParameters {
		data = tlv.Append(data, tagParameterID, []byte{byte(r.info.ParameterID)})
	}
	answer, err := apdu.Exchange(r.ctx, r.chip, apdu.Command{INS: 0x22, P1: 0xC1, P2: 0xA4, Data: data})
	if err != nil && answer.Status&0xFFF0 != 0x63C0 { // 63CX tells the tries left and goes on
		return fmt.Errorf("pace: choose protocol: %w", err)
	}
	return nil
}

// round exchanges one object for another. last ends the command chain.
func (r *run) round(send, want uint32, value []byte, last bool) ([]byte, error) {
	c := apdu.Command{CLA: 0x10, INS: insAuthenticate, Data: []byte{tagDynamic, 0}, Ne: apdu.MaxShort}
	if value != nil {
		c.Data = tlv.Encode(tagDynamic, tlv.Encode(send, value))
	}
	if last {
		c.CLA = 0
	}
	answer, err := apdu.Exchange(r.ctx, r.chip, c)
	if err != nil {
		return nil, err
	}
	v, err := tlv.Path(answer.Data, tagDynamic, want)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrProtocol, err)
	}
	return v, nil
}

func (r *run) nonce(pw Password) ([]byte, error) {
	z, err := r.round(0, tagNonce, nil, false)
	if err != nil {
		return nil, fmt.Errorf("pace: nonce: %w", err)
	}
	return cryptNonce(r.info.Protocol.Suite, pw, z, false)
}

func (r *run) mapping(nonce []byte) (ec.Point, error) {
	own, public, err := r.curve.GenerateKey(r.rand)
	if err != nil {
		return ec.Point{}, fmt.Errorf("pace: mapping key: %w", err)
	}
	answer, err := r.round(tagMapTerminal, tagMapChip, r.curve.Bytes(public), false)
	if err != nil {
		return ec.Point{}, fmt.Errorf("pace: mapping: %w", err)
	}
	peer, err := r.curve.Point(answer)
	if err != nil {
		return ec.Point{}, fmt.Errorf("%w: mapping: %w", ErrProtocol, err)
	}
	return mapGeneric(r.curve, nonce, own, peer)
}

// agreement derives the session keys with the mapped generator.
func (r *run) agreement(generator ec.Point) (k keys, mine, theirs ec.Point, err error) {
	own, _, err := r.curve.GenerateKey(r.rand)
	if err != nil {
		return keys{}, mine, theirs, fmt.Errorf("pace: ephemeral key: %w", err)
	}
	mine = r.curve.Mul(own, generator)
	answer, err := r.round(tagKeyTerminal, tagKeyChip, r.curve.Bytes(mine), false)
	if err != nil {
		return keys{}, mine, theirs, fmt.Errorf("pace: key agreement: %w", err)
	}
	if theirs, err = r.curve.Point(answer); err != nil {
		return keys{}, mine, theirs, fmt.Errorf("%w: key agreement: %w", ErrProtocol, err)
	}
	k, err = sessionKeys(r.info.Protocol, r.curve, own, mine, theirs)
	return k, mine, theirs, err
}

// sessionKeys agrees on the secret. Equal public keys would let a chip mirror the terminal (ICAO
// Doc 9303-11, 4.4.1).
func sessionKeys(p Protocol, c *ec.Curve, own *big.Int, mine, theirs ec.Point) (keys, error) {
	if mine.Equal(theirs) {
		return keys{}, fmt.Errorf("%w: both public keys are the same", ErrProtocol)
	}
	secret, err := agree(c, own, theirs)
	if err != nil {
		return keys{}, err
	}
	defer clear(secret)
	return deriveKeys(p.Suite, secret), nil
}

// prove exchanges the tokens. A chip with another password refuses here.
func (r *run) prove(k keys, mine, theirs ec.Point) error {
	proof, err := token(r.info.Protocol, r.curve, k.mac, theirs)
	if err != nil {
		return err
	}
	answer, err := r.round(tagProofReader, tagProofChip, proof, true)
	if err != nil {
		if status, ok := apdu.StatusOf(err); ok && refusal(status) {
			return fmt.Errorf("%w: %w", ErrPassword, status)
		}
		return fmt.Errorf("pace: mutual authentication: %w", err)
	}
	want, err := token(r.info.Protocol, r.curve, k.mac, mine)
	if err != nil {
		return err
	}
	if subtle.ConstantTimeCompare(want, answer) != 1 {
		return ErrToken
	}
	return nil
}

// refusal tells the status words that chips give for a wrong token: 6300 and 63CX by the standard,
// the others by some makers.
func refusal(s apdu.Status) bool {
	return s == apdu.AuthFailed || s&0xFFF0 == 0x63C0 || s == apdu.SecurityStatus || s == apdu.SMObjectWrong
}
