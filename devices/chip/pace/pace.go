// Package pace is Password Authenticated Connection Establishment with generic mapping over
// elliptic curves (ICAO Doc 9303-11, 4.4 and 9.5): a terminal that knows a short password and a
// chip that holds it agree on strong session keys.
//
// The run has four rounds of GENERAL AUTHENTICATE. The chip hides a nonce under the password;
// both sides map the nonce to a generator of the curve that only they know; they agree on a key
// with that generator; each proves by a token that it came to the same key. Terminal and Chip are
// the two ends, and share every formula. Other mappings (integrated, chip authentication mapping)
// differ in the mapping round only: Mapping says which one a protocol wants, and an end that does
// not have it answers ErrUnsupported.
package pace

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/des"
	"errors"
	"fmt"
	"math/big"

	"padarozhnik/devices/chip/sm"
	"padarozhnik/station/lds/tlv"
	"padarozhnik/station/pki/ec"
)

// Errors of a run.
var (
	// ErrUnsupported: the protocol or its domain parameters are not offered here.
	ErrUnsupported = errors.New("pace: protocol not supported")
	// ErrPassword: the other side came to another key, so its password differs.
	ErrPassword = errors.New("pace: password refused")
	// ErrToken: the chip's proof is wrong although it accepted ours.
	ErrToken = errors.New("pace: wrong authentication token")
	// ErrProtocol: a message does not hold what its round asks for.
	ErrProtocol = errors.New("pace: out of protocol")
)

// Mapping is the way from the nonce to the ephemeral generator.
type Mapping byte

// Mappings over elliptic curves, by their number in the protocol's object identifier.
const (
	GenericMapping    Mapping = 2
	IntegratedMapping Mapping = 4
	ChipAuthMapping   Mapping = 6
)

// Protocol is a mapping and a cipher suite: one object identifier below id-PACE.
type Protocol struct {
	Mapping Mapping
	Suite   sm.Suite
}

var identifierPrefix = []byte{0x04, 0x00, 0x7F, 0x00, 0x07, 0x02, 0x02, 0x04}

// OID is the content of the protocol's object identifier (ICAO Doc 9303-11, 9.2.3).
func (p Protocol) OID() []byte {
	return append(append([]byte(nil), identifierPrefix...), byte(p.Mapping), byte(p.Suite)+1)
}

// String names the protocol.
func (p Protocol) String() string {
	switch p.Mapping {
	case GenericMapping:
		return "PACE-ECDH-GM " + p.Suite.String()
	case IntegratedMapping:
		return "PACE-ECDH-IM " + p.Suite.String()
	case ChipAuthMapping:
		return "PACE-ECDH-CAM " + p.Suite.String()
	}
	return fmt.Sprintf("PACE mapping %d %s", p.Mapping, p.Suite)
}

// ParseProtocol reads the content of an object identifier. It returns ErrUnsupported for one that
// is no PACE over elliptic curves.
func ParseProtocol(oid []byte) (Protocol, error) {
	n := len(identifierPrefix)
	if len(oid) != n+2 || string(oid[:n]) != string(identifierPrefix) {
		return Protocol{}, fmt.Errorf("%w: object identifier %X", ErrUnsupported, oid)
	}
	p := Protocol{Mapping: Mapping(oid[n]), Suite: sm.Suite(oid[n+1]) - 1}
	known := p.Mapping == GenericMapping || p.Mapping == IntegratedMapping || p.Mapping == ChipAuthMapping
	if !known || p.Suite < sm.TripleDES || p.Suite > sm.AES256 {
		return Protocol{}, fmt.Errorf("%w: object identifier %X", ErrUnsupported, oid)
	}
	return p, nil
}

// Info is one PACEInfo of EF.CardAccess: a protocol on standardized domain parameters.
type Info struct {
	Protocol    Protocol
	ParameterID int
}

// Supported tells whether this package can run the protocol.
func (i Info) Supported() bool {
	_, err := i.curve()
	return err == nil
}

func (i Info) curve() (*ec.Curve, error) {
	if i.Protocol.Mapping != GenericMapping {
		return nil, fmt.Errorf("%w: %s", ErrUnsupported, i.Protocol)
	}
	c, err := ec.ByParameterID(i.ParameterID)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnsupported, err)
	}
	return c, nil
}

// ParseInfos finds the PACEInfos in an EF.CardAccess, in the file's order (ICAO Doc 9303-11,
// 9.2.1). Other SecurityInfos, and PACE over integers modulo a prime, are passed over.
func ParseInfos(cardAccess []byte) ([]Info, error) {
	set, _, err := tlv.Read(cardAccess)
	if err != nil {
		return nil, fmt.Errorf("EF.CardAccess: %w", err)
	}
	if set.Tag != 0x31 {
		return nil, fmt.Errorf("EF.CardAccess: %w: tag %X", tlv.ErrInvalid, set.Tag)
	}
	sequences, err := tlv.Elements(set.Value)
	if err != nil {
		return nil, fmt.Errorf("EF.CardAccess: %w", err)
	}
	var infos []Info
	for _, s := range sequences {
		fields, err := tlv.Elements(s.Value)
		if err != nil {
			return nil, fmt.Errorf("EF.CardAccess: %w", err)
		}
		if len(fields) != 3 || fields[0].Tag != 6 || fields[1].Tag != 2 || fields[2].Tag != 2 {
			continue
		}
		p, err := ParseProtocol(fields[0].Value)
		if err != nil || string(fields[1].Value) != "\x02" || len(fields[2].Value) != 1 {
			continue
		}
		infos = append(infos, Info{Protocol: p, ParameterID: int(fields[2].Value[0])})
	}
	return infos, nil
}

// Password is a secret with its reference in the protocol (ICAO Doc 9303-11, 4.4.4.1).
type Password struct {
	Reference byte
	secret    []byte
}

// References of passwords.
const (
	ReferenceMRZ = 1
	ReferenceCAN = 2
)

// MRZ is the password that is printed in the machine readable zone: SHA-1 over the MRZ
// information, 20 bytes.
func MRZ(hash []byte) Password { return Password{Reference: ReferenceMRZ, secret: hash} }

// CAN is the card access number: the characters as printed.
func CAN(digits string) Password { return Password{Reference: ReferenceCAN, secret: []byte(digits)} }

// nonceSize is the smallest multiple of the block that is as long as the key.
func nonceSize(s sm.Suite) int {
	b := s.BlockSize()
	return (s.KeySize() + b - 1) / b * b
}

// cryptNonce encrypts or decrypts the nonce under the password (ICAO Doc 9303-11, 4.4.3.3): CBC
// with a zero vector, no padding.
func cryptNonce(s sm.Suite, pw Password, b []byte, encrypt bool) ([]byte, error) {
	block, err := nonceCipher(s, pw)
	if err != nil {
		return nil, err
	}
	if len(b) == 0 || len(b)%block.BlockSize() != 0 || len(b) > maxNonce {
		return nil, fmt.Errorf("%w: nonce of %d bytes", ErrProtocol, len(b))
	}
	out := make([]byte, len(b))
	iv := make([]byte, block.BlockSize())
	if encrypt {
		cipher.NewCBCEncrypter(block, iv).CryptBlocks(out, b)
	} else {
		cipher.NewCBCDecrypter(block, iv).CryptBlocks(out, b)
	}
	return out, nil
}

func nonceCipher(s sm.Suite, pw Password) (cipher.Block, error) {
	key := s.DeriveKey(pw.secret, sm.CounterPi)
	defer clear(key)
	return s.Block(key)
}

// mapGeneric is G' = s*G + H with H agreed on by the mapping keys (ICAO Doc 9303-11, 4.4.3.3.1).
func mapGeneric(c *ec.Curve, nonce []byte, own *big.Int, peer ec.Point) (ec.Point, error) {
	h := c.Mul(own, peer)
	g := c.AddPoints(c.BaseMul(new(big.Int).SetBytes(nonce)), h)
	if h.IsInfinity() || g.IsInfinity() {
		return ec.Point{}, fmt.Errorf("%w: mapping to infinity", ErrProtocol)
	}
	return g, nil
}

// agree is the x coordinate of own*peer (ICAO Doc 9303-11, 9.6).
func agree(c *ec.Curve, own *big.Int, peer ec.Point) ([]byte, error) {
	k := c.Mul(own, peer)
	if k.IsInfinity() {
		return nil, fmt.Errorf("%w: agreement at infinity", ErrProtocol)
	}
	return k.X.FillBytes(make([]byte, c.Size())), nil
}

// token authenticates the other side's ephemeral public key (ICAO Doc 9303-11, 4.4.3.4).
func token(p Protocol, c *ec.Curve, ksMac []byte, public ec.Point) ([]byte, error) {
	input := tlv.Encode(0x7F49, tlv.Encode(0x06, p.OID()), tlv.Encode(0x86, c.Bytes(public)))
	if p.Suite == sm.TripleDES {
		input = sm.Pad(input, des.BlockSize)
	}
	return p.Suite.MAC(ksMac, input)
}

// keys are the two session keys of a run.
type keys struct{ enc, mac []byte }

func deriveKeys(s sm.Suite, secret []byte) keys {
	return keys{enc: s.DeriveKey(secret, sm.CounterEnc), mac: s.DeriveKey(secret, sm.CounterMac)}
}

func (k keys) zero() {
	clear(k.enc)
	clear(k.mac)
}

// maxNonce bounds what a chip may send.
const maxNonce = 4 * aes.BlockSize
