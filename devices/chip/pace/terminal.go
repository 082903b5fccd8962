package pace

import (
	"context"
	"crypto/subtle"
	"fmt"
	"io"

	"padarozhnik/devices/chip/apdu"
	"padarozhnik/devices/chip/domain"
	"padarozhnik/devices/chip/sm"
	"padarozhnik/station/lds/tlv"
)

// Tags in the dynamic authentication data 7C (ICAO Doc 9303-11, 4.4.5), and of MSE:Set AT.
const (
	tagDynamic      = 0x7C
	tagNonce        = 0x80
	tagMapTerminal  = 0x81
	tagMapChip      = 0x82
	tagKeyTerminal  = 0x83
	tagKeyChip      = 0x84
	tagProofReader  = 0x85
	tagProofChip    = 0x86
	tagChipAuth     = 0x8A
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
// through. With chip authentication mapping it also returns the chip's proof, which is yet to be
// verified; else proof is nil. It returns ErrUnsupported, or ErrPassword where the chip came to
// another key.
func (t Terminal) Run(ctx context.Context, chip apdu.Transmitter, info Info, pw Password) (
	session *sm.Session, proof *Proof, err error) {
	group, err := info.group()
	if err != nil {
		return nil, nil, err
	}
	r := run{ctx: ctx, chip: chip, info: info, group: group, rand: t.Rand}
	if err := r.choose(pw.Reference, t.NameParameters); err != nil {
		return nil, nil, err
	}
	nonce, err := r.nonce(pw)
	if err != nil {
		return nil, nil, err
	}
	defer clear(nonce)
	generator, err := r.mapping(nonce)
	if err != nil {
		return nil, nil, err
	}
	k, mine, theirs, err := r.agreement(generator)
	if err != nil {
		return nil, nil, err
	}
	defer k.zero()
	if proof, err = r.prove(k, mine, theirs); err != nil {
		return nil, nil, err
	}
	session, err = sm.New(info.Protocol.Suite, k.enc, k.mac, nil)
	return session, proof, err
}

// run is one execution. It lives for one call of Run, which is why it may carry the context.
type run struct {
	ctx    context.Context
	chip   apdu.Transmitter
	info   Info
	group  domain.Group
	rand   io.Reader
	mapped domain.Element // the chip's public mapping key
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

// round exchanges one object for the content of the answer's template. last ends the command chain.
// Integers of 2048 bits need extended length, which every chip that has them takes here (ICAO Doc
// 9303-11, 9.3.1.2).
func (r *run) round(send uint32, value []byte, last bool) ([]byte, error) {
	c := apdu.Command{CLA: 0x10, INS: insAuthenticate, Data: []byte{tagDynamic, 0}, Ne: apdu.MaxShort}
	if value != nil {
		c.Data = tlv.Encode(tagDynamic, tlv.Encode(send, value))
	}
	if c.IsExtended() {
		c.Ne = apdu.MaxExtended
	}
	if last {
		c.CLA = 0
	}
	answer, err := apdu.Exchange(r.ctx, r.chip, c)
	if err != nil {
		return nil, err
	}
	inner, err := tlv.Path(answer.Data, tagDynamic)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrProtocol, err)
	}
	return inner, nil
}

// object is the content of an object that must be in an answer.
func object(inner []byte, tag uint32) ([]byte, error) {
	v, err := tlv.Path(inner, tag)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrProtocol, err)
	}
	return v, nil
}

func (r *run) nonce(pw Password) ([]byte, error) {
	inner, err := r.round(0, nil, false)
	if err != nil {
		return nil, fmt.Errorf("pace: nonce: %w", err)
	}
	z, err := object(inner, tagNonce)
	if err != nil {
		return nil, err
	}
	if r.info.Protocol.Mapping.integrated() && len(z) != nonceSize(r.info.Protocol.Suite) {
		return nil, fmt.Errorf("%w: nonce of %d bytes", ErrProtocol, len(z))
	}
	return cryptNonce(r.info.Protocol.Suite, pw, z, false)
}

// exchange sends a public key and reads the chip's.
func (r *run) exchange(send, want uint32, public domain.Element) (domain.Element, error) {
	inner, err := r.round(send, r.group.Bytes(public), false)
	if err != nil {
		return domain.Element{}, err
	}
	b, err := object(inner, want)
	if err != nil {
		return domain.Element{}, err
	}
	peer, err := r.group.Parse(b)
	if err != nil {
		return domain.Element{}, fmt.Errorf("%w: %w", ErrProtocol, err)
	}
	return peer, nil
}

func (r *run) mapping(nonce []byte) (domain.Element, error) {
	if r.info.Protocol.Mapping.integrated() {
		return r.integrated(nonce)
	}
	own, public, err := r.group.Generate(r.rand)
	if err != nil {
		return domain.Element{}, fmt.Errorf("pace: mapping key: %w", err)
	}
	if r.mapped, err = r.exchange(tagMapTerminal, tagMapChip, public); err != nil {
		return domain.Element{}, fmt.Errorf("pace: mapping: %w", err)
	}
	return mapGeneric(r.group, nonce, own, r.mapped)
}

// integrated sends the second nonce. The chip's answer must be empty (ICAO Doc 9303-11, 4.4.5.2.2).
func (r *run) integrated(nonce []byte) (domain.Element, error) {
	t := make([]byte, r.info.Protocol.Suite.KeySize())
	if _, err := io.ReadFull(r.rand, t); err != nil {
		return domain.Element{}, fmt.Errorf("pace: draw nonce: %w", err)
	}
	inner, err := r.round(tagMapTerminal, t, false)
	if err != nil {
		return domain.Element{}, fmt.Errorf("pace: mapping: %w", err)
	}
	if b, err := tlv.Path(inner, tagMapChip); len(inner) > 0 && (err != nil || len(b) > 0) {
		return domain.Element{}, fmt.Errorf("%w: mapping data of %d bytes", ErrProtocol, len(inner))
	}
	return mapIntegrated(r.info.Protocol.Suite, r.group, nonce, t)
}

// agreement derives the session keys with the mapped generator.
func (r *run) agreement(generator domain.Element) (k keys, mine, theirs domain.Element, err error) {
	own, err := r.group.Draw(r.rand)
	if err != nil {
		return keys{}, mine, theirs, fmt.Errorf("pace: ephemeral key: %w", err)
	}
	if mine, err = r.group.Mul(own, generator); err != nil {
		return keys{}, mine, theirs, outOfProtocol("ephemeral key", err)
	}
	if theirs, err = r.exchange(tagKeyTerminal, tagKeyChip, mine); err != nil {
		return keys{}, mine, theirs, fmt.Errorf("pace: key agreement: %w", err)
	}
	k, err = sessionKeys(r.info.Protocol.Suite, r.group, own, mine, theirs)
	return k, mine, theirs, err
}

// prove exchanges the tokens. A chip with another password refuses here.
func (r *run) prove(k keys, mine, theirs domain.Element) (*Proof, error) {
	proof, err := token(r.info.Protocol, r.group, k.mac, theirs)
	if err != nil {
		return nil, err
	}
	inner, err := r.round(tagProofReader, proof, true)
	if err != nil {
		if status, ok := apdu.StatusOf(err); ok && refusal(status) {
			return nil, fmt.Errorf("%w: %w", ErrPassword, status)
		}
		return nil, fmt.Errorf("pace: mutual authentication: %w", err)
	}
	answer, err := object(inner, tagProofChip)
	if err != nil {
		return nil, err
	}
	want, err := token(r.info.Protocol, r.group, k.mac, mine)
	if err != nil {
		return nil, err
	}
	if subtle.ConstantTimeCompare(want, answer) != 1 {
		return nil, ErrToken
	}
	return r.chipProof(k, inner)
}

// chipProof takes the chip authentication data, which must be there with chip authentication mapping
// and must not without (ICAO Doc 9303-11, 4.4.5).
func (r *run) chipProof(k keys, inner []byte) (*Proof, error) {
	cryptogram, err := tlv.Path(inner, tagChipAuth)
	if r.info.Protocol.Mapping != ChipAuthMapping {
		if err == nil {
			return nil, fmt.Errorf("%w: chip authentication data that nobody asked for", ErrProtocol)
		}
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("%w: chip authentication data: %w", ErrProtocol, err)
	}
	return openProof(r.info.Protocol.Suite, r.group, k.enc, cryptogram, r.mapped)
}

// refusal tells the status words that chips give for a wrong token: 6300 and 63CX by the standard,
// the others by some makers.
func refusal(s apdu.Status) bool {
	return s == apdu.AuthFailed || s&0xFFF0 == 0x63C0 || s == apdu.SecurityStatus || s == apdu.SMObjectWrong
}
