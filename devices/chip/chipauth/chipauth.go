// Package chipauth is Chip Authentication version 1 (ICAO Doc 9303-11, 6.2): the chip proves that it
// holds the private key to the public key in DG14, because nobody else could go on with the session
// keys that follow from it. Terminal and Agree are the two ends.
//
// The key lies on a curve or among integers modulo a prime. With AES the terminal names the protocol
// (MSE:Set AT) and gives its ephemeral key in GENERAL AUTHENTICATE; with 3DES, which only old
// passports have, one command does both (MSE:Set KAT).
//
// Timing is that of package domain: the chip's private key must not be on a group with variable time
// where an attacker can measure. At a terminal only the ephemeral key is at work.
package chipauth

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/big"

	"padarozhnik/devices/chip/apdu"
	"padarozhnik/devices/chip/domain"
	"padarozhnik/devices/chip/sm"
	"padarozhnik/station/lds/tlv"
)

// Errors of a run.
var (
	// ErrUnsupported: the protocol is none of Chip Authentication, or its key is of another kind.
	ErrUnsupported = errors.New("chip authentication: protocol not supported")
	// ErrProtocol: the other side's message does not hold what it must.
	ErrProtocol = errors.New("chip authentication: out of protocol")
)

var identifierPrefix = []byte{0x04, 0x00, 0x7F, 0x00, 0x07, 0x02, 0x02, 0x03}

// Last arcs but one: id-CA-DH and id-CA-ECDH (ICAO Doc 9303-11, 9.2.7).
const (
	arcDH   = 1
	arcECDH = 2
)

// Protocol is a kind of key agreement and a cipher suite: one object identifier below id-CA.
type Protocol struct {
	OnCurve bool // ECDH, and not DH
	Suite   sm.Suite
}

// OID is the content of the protocol's object identifier.
func (p Protocol) OID() []byte {
	arc := byte(arcDH)
	if p.OnCurve {
		arc = arcECDH
	}
	return append(append([]byte(nil), identifierPrefix...), arc, byte(p.Suite)+1)
}

// String names the protocol.
func (p Protocol) String() string {
	if p.OnCurve {
		return "CA-ECDH " + p.Suite.String()
	}
	return "CA-DH " + p.Suite.String()
}

// ParseOID reads the content of an object identifier. It returns ErrUnsupported for anything but
// Chip Authentication.
func ParseOID(oid []byte) (Protocol, error) {
	n := len(identifierPrefix)
	if len(oid) != n+2 || string(oid[:n]) != string(identifierPrefix) || oid[n] < arcDH || oid[n] > arcECDH ||
		oid[n+1] < 1 || oid[n+1] > 4 {
		return Protocol{}, fmt.Errorf("%w: object identifier %X", ErrUnsupported, oid)
	}
	return Protocol{OnCurve: oid[n] == arcECDH, Suite: sm.Suite(oid[n+1]) - 1}, nil
}

// Key is a chip's public key as DG14 states it. KeyID is nil where the chip has one key without a
// number.
type Key struct {
	Protocol Protocol
	Group    domain.Group
	Public   domain.Element
	KeyID    []byte
}

// Tags of the commands (ICAO Doc 9303-11, 6.2.4).
const (
	tagProtocol  = 0x80
	tagReference = 0x84
	tagEphemeral = 0x91
	tagDynamic   = 0x7C
	tagPublic    = 0x80
)

// Terminal runs Chip Authentication inside an open session. Rand gives the ephemeral key.
type Terminal struct{ Rand io.Reader }

// Run agrees on new session keys. The chip has proven nothing yet: it does with the first
// response that opens under the new session.
func (t Terminal) Run(ctx context.Context, ch *sm.Channel, k Key) (*sm.Session, error) {
	if k.Group.IsZero() || k.Group.OnCurve() != k.Protocol.OnCurve {
		return nil, fmt.Errorf("%w: %s with another kind of key", ErrUnsupported, k.Protocol)
	}
	own, public, err := k.Group.Generate(t.Rand)
	if err != nil {
		return nil, fmt.Errorf("chip authentication: ephemeral key: %w", err)
	}
	send := sendTemplates
	if k.Protocol.Suite == sm.TripleDES {
		send = sendKeyAgreement
	}
	if err := send(ctx, ch, k, k.Group.Bytes(public)); err != nil {
		return nil, err
	}
	return session(k.Protocol.Suite, k.Group, own, k.Public)
}

// sendKeyAgreement is MSE:Set KAT (ICAO Doc 9303-11, 6.2.4.1).
func sendKeyAgreement(ctx context.Context, ch *sm.Channel, k Key, public []byte) error {
	data := tlv.Encode(tagEphemeral, public)
	if k.KeyID != nil {
		data = tlv.Append(data, tagReference, k.KeyID)
	}
	if _, err := ch.Do(ctx, apdu.Command{INS: 0x22, P1: 0x41, P2: 0xA6, Data: data}); err != nil {
		return fmt.Errorf("chip authentication: %w", err)
	}
	return nil
}

// sendTemplates is MSE:Set AT and GENERAL AUTHENTICATE (ICAO Doc 9303-11, 6.2.4.2).
func sendTemplates(ctx context.Context, ch *sm.Channel, k Key, public []byte) error {
	data := tlv.Encode(tagProtocol, k.Protocol.OID())
	if k.KeyID != nil {
		data = tlv.Append(data, tagReference, k.KeyID)
	}
	if _, err := ch.Do(ctx, apdu.Command{INS: 0x22, P1: 0x41, P2: 0xA4, Data: data}); err != nil {
		return fmt.Errorf("chip authentication: %w", err)
	}
	c := apdu.Command{INS: 0x86, Ne: apdu.MaxShort, Data: tlv.Encode(tagDynamic, tlv.Encode(tagPublic, public))}
	r, err := ch.Do(ctx, c)
	if err != nil {
		return fmt.Errorf("chip authentication: %w", err)
	}
	if _, err := tlv.Path(r.Data, tagDynamic); err != nil {
		return fmt.Errorf("%w: %w", ErrProtocol, err)
	}
	return nil
}

// Request is what a terminal's MSE:Set AT or Set KAT asks of the chip. Reference is nil where it
// names no key.
type Request struct {
	Protocol  Protocol // of Set AT
	Reference []byte
	Public    []byte // of Set KAT: the ephemeral key
}

// ParseSetAT reads the data of MSE:Set AT.
func ParseSetAT(data []byte) (Request, error) {
	list, err := tlv.Elements(data)
	if err != nil {
		return Request{}, fmt.Errorf("%w: %w", ErrProtocol, err)
	}
	oid, _ := tlv.Find(list, tagProtocol)
	p, err := ParseOID(oid)
	if err != nil {
		return Request{}, err
	}
	reference, _ := tlv.Find(list, tagReference)
	return Request{Protocol: p, Reference: reference}, nil
}

// ParseSetKAT reads the data of MSE:Set KAT.
func ParseSetKAT(data []byte) (Request, error) {
	list, err := tlv.Elements(data)
	if err != nil {
		return Request{}, fmt.Errorf("%w: %w", ErrProtocol, err)
	}
	public, ok := tlv.Find(list, tagEphemeral)
	if !ok {
		return Request{}, fmt.Errorf("%w: no ephemeral key", ErrProtocol)
	}
	reference, _ := tlv.Find(list, tagReference)
	return Request{Reference: reference, Public: public}, nil
}

// Respond is the chip's end of GENERAL AUTHENTICATE: it takes the terminal's ephemeral public key
// and returns the answer, which still goes out under the old session, and the session after it.
func Respond(s sm.Suite, g domain.Group, private *big.Int, data []byte) (answer []byte, next *sm.Session, err error) {
	b, err := tlv.Path(data, tagDynamic, tagPublic)
	if err != nil {
		return nil, nil, fmt.Errorf("%w: %w", ErrProtocol, err)
	}
	next, err = Agree(s, g, private, b)
	return []byte{tagDynamic, 0}, next, err
}

// Agree is the chip's half of the key agreement with the terminal's ephemeral public key.
func Agree(s sm.Suite, g domain.Group, private *big.Int, ephemeral []byte) (*sm.Session, error) {
	public, err := g.Parse(ephemeral)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrProtocol, err)
	}
	return session(s, g, private, public)
}

func session(s sm.Suite, g domain.Group, own *big.Int, peer domain.Element) (*sm.Session, error) {
	k, err := g.Mul(own, peer)
	if err != nil {
		return nil, fmt.Errorf("%w: agreement: %w", ErrProtocol, err)
	}
	secret := g.Secret(k)
	defer clear(secret)
	return sm.FromSecret(s, secret)
}
