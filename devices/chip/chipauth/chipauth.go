// Package chipauth is Chip Authentication version 1 with ECDH and AES (ICAO Doc 9303-11, 6.2): the
// chip proves that it holds the private key to the public key in DG14, because nobody else could
// go on with the session keys that follow from it. Terminal and Respond are the two ends.
package chipauth

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/big"

	"padarozhnik/devices/chip/apdu"
	"padarozhnik/devices/chip/sm"
	"padarozhnik/station/lds/tlv"
	"padarozhnik/station/pki/ec"
)

// Errors of a run.
var (
	// ErrUnsupported: the protocol is not ECDH with AES.
	ErrUnsupported = errors.New("chip authentication: protocol not supported")
	// ErrProtocol: the other side's message does not hold what it must.
	ErrProtocol = errors.New("chip authentication: out of protocol")
)

var identifierPrefix = []byte{0x04, 0x00, 0x7F, 0x00, 0x07, 0x02, 0x02, 0x03, 0x02}

// OID is the content of the object identifier id-CA-ECDH with a suite (ICAO Doc 9303-11, 9.2.7).
func OID(s sm.Suite) []byte {
	return append(append([]byte(nil), identifierPrefix...), byte(s)+1)
}

// ParseOID reads the suite from the content of an object identifier. It returns ErrUnsupported
// for anything but ECDH with AES.
func ParseOID(oid []byte) (sm.Suite, error) {
	n := len(identifierPrefix)
	if len(oid) != n+1 || string(oid[:n]) != string(identifierPrefix) || oid[n] < 2 || oid[n] > 4 {
		return 0, fmt.Errorf("%w: object identifier %X", ErrUnsupported, oid)
	}
	return sm.Suite(oid[n]) - 1, nil
}

// Key is a chip's public key as DG14 states it. KeyID is nil where the chip has one key without a
// number.
type Key struct {
	Suite  sm.Suite
	Curve  *ec.Curve
	Public ec.Point
	KeyID  []byte
}

// Terminal runs Chip Authentication inside an open session. Rand gives the ephemeral key.
type Terminal struct{ Rand io.Reader }

// Run agrees on new session keys. The chip has proven nothing yet: it does with the first
// response that opens under the new session.
func (t Terminal) Run(ctx context.Context, ch *sm.Channel, k Key) (*sm.Session, error) {
	if k.Suite == sm.TripleDES {
		return nil, ErrUnsupported
	}
	own, public, err := k.Curve.GenerateKey(t.Rand)
	if err != nil {
		return nil, fmt.Errorf("chip authentication: ephemeral key: %w", err)
	}
	data := tlv.Append(nil, 0x80, OID(k.Suite))
	if k.KeyID != nil {
		data = tlv.Append(data, 0x84, k.KeyID)
	}
	if _, err := ch.Do(ctx, apdu.Command{INS: 0x22, P1: 0x41, P2: 0xA4, Data: data}); err != nil {
		return nil, fmt.Errorf("chip authentication: %w", err)
	}
	c := apdu.Command{INS: 0x86, Ne: apdu.MaxShort, Data: tlv.Encode(0x7C, tlv.Encode(0x80, k.Curve.Bytes(public)))}
	r, err := ch.Do(ctx, c)
	if err != nil {
		return nil, fmt.Errorf("chip authentication: %w", err)
	}
	if _, err := tlv.Path(r.Data, 0x7C); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrProtocol, err)
	}
	return session(k.Suite, k.Curve, own, k.Public)
}

// Respond is the chip's end of GENERAL AUTHENTICATE: it takes the terminal's ephemeral public key
// and returns the answer, which still goes out under the old session, and the session after it.
func Respond(s sm.Suite, c *ec.Curve, private *big.Int, data []byte) (answer []byte, next *sm.Session, err error) {
	b, err := tlv.Path(data, 0x7C, 0x80)
	if err != nil {
		return nil, nil, fmt.Errorf("%w: %w", ErrProtocol, err)
	}
	public, err := c.Point(b)
	if err != nil {
		return nil, nil, fmt.Errorf("%w: %w", ErrProtocol, err)
	}
	next, err = session(s, c, private, public)
	return []byte{0x7C, 0}, next, err
}

func session(s sm.Suite, c *ec.Curve, own *big.Int, peer ec.Point) (*sm.Session, error) {
	k := c.Mul(own, peer)
	if k.IsInfinity() {
		return nil, fmt.Errorf("%w: agreement at infinity", ErrProtocol)
	}
	secret := k.X.FillBytes(make([]byte, c.Size()))
	defer clear(secret)
	return sm.FromSecret(s, secret)
}
