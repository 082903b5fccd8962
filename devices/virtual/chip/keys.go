package chip

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"errors"
	"io"
	"math/big"

	"padarozhnik/devices"
	"padarozhnik/devices/chip/activeauth"
	"padarozhnik/devices/chip/apdu"
	"padarozhnik/devices/chip/domain"
	"padarozhnik/devices/chip/pace"
)

// AuthKey is a static private key, of Chip Authentication or of chip authentication mapping. Number
// is 0 where it has none.
type AuthKey struct {
	ParameterID int    `json:"parameterId"`
	Private     []byte `json:"private"`
	Number      byte   `json:"number,omitempty"`
}

// ActiveKey is the private key of Active Authentication: RSA where it is set, else on a curve.
type ActiveKey struct {
	RSA         []byte `json:"rsa,omitempty"` // RSAPrivateKey, DER
	ParameterID int    `json:"parameterId,omitempty"`
	Private     []byte `json:"private,omitempty"`
	HashBytes   int    `json:"hashBytes"`
}

var errNoKey = errors.New("no key loaded")

func (k *AuthKey) key() (domain.Group, *big.Int, error) {
	if k == nil {
		return domain.Group{}, nil, errNoKey
	}
	g, err := domain.ByParameterID(k.ParameterID)
	if err != nil {
		return g, nil, err
	}
	d, err := g.Private(k.Private)
	return g, d, err
}

// named tells whether a terminal's reference means this key; it may be left out.
func (k *AuthKey) named(reference []byte) bool {
	return k != nil && (reference == nil || k.Number != 0 && bytes.Equal(reference, []byte{k.Number}))
}

// mappingKey is the private key that a protocol needs beside the password: none, or that of chip
// authentication mapping on the same curve. It returns false where the chip does not have it.
func (s *State) mappingKey(info pace.Info) (*big.Int, bool) {
	if info.Protocol.Mapping != pace.ChipAuthMapping {
		return nil, true
	}
	_, d, err := s.Mapping.key()
	return d, err == nil && s.Mapping.ParameterID == info.ParameterID
}

// signer makes the key ready.
func (k *ActiveKey) signer(rand io.Reader) (activeauth.Signer, error) {
	s := activeauth.Signer{Rand: rand}
	for _, h := range []crypto.Hash{crypto.SHA1, crypto.SHA224, crypto.SHA256, crypto.SHA384, crypto.SHA512} {
		if h.Size() == k.HashBytes {
			s.Hash = h
		}
	}
	var err error
	if len(k.RSA) > 0 {
		s.RSA, err = x509.ParsePKCS1PrivateKey(k.RSA)
		return s, err
	}
	s.ECDSA, err = domain.SigningKey(k.ParameterID, k.Private)
	return s, err
}

// maxStored bounds the blocks of one data grouping.
const maxStored = 4096

// storeData takes one data grouping, encrypted under the DEK: identifier (2), length (1, or FF and
// 2), content. It may come in several blocks: it is whole when its length is, and the block that says
// it is the last must make it so. A grouping that locks the chip has no content.
func (c *Chip) storeData(r request) apdu.Response {
	const encryptedGroup, lastBlock = 0x68, 0x80
	if r.P1&0x78 != encryptedGroup || len(c.ram.storing)+len(r.Data) > maxStored {
		c.ram.storing = nil
		return status(apdu.WrongData)
	}
	c.ram.storing = append(c.ram.storing, r.Data...)
	group, sealed, missing := grouping(c.ram.storing)
	if missing > 0 && r.P1&lastBlock == 0 {
		return status(apdu.OK)
	}
	c.ram.storing = nil
	if missing != 0 {
		return status(apdu.WrongData)
	}
	if last := c.state.dialect().Last; last != 0 && group == last {
		return c.close()
	}
	value, err := c.ram.channel.DecryptKey(sealed)
	if err != nil {
		return status(apdu.WrongData)
	}
	return c.commit(func(s *State) apdu.Status {
		s.Life = Partial
		return s.set(group, value)
	})
}

// grouping splits a data grouping. missing is how many bytes are not here yet, at least: below 0 there
// are too many.
func grouping(b []byte) (group uint16, content []byte, missing int) {
	if len(b) < 3 {
		return 0, nil, 3 - len(b)
	}
	group, n, rest := uint16(b[0])<<8|uint16(b[1]), int(b[2]), b[3:]
	if n == 0xFF {
		if len(rest) < 2 {
			return 0, nil, 2 - len(rest)
		}
		n, rest = int(rest[0])<<8|int(rest[1]), rest[2:]
	}
	return group, rest, n - len(rest)
}

// set takes one secret.
func (s *State) set(group uint16, value []byte) apdu.Status {
	var err error
	known := s.dialect().Groups
	switch group {
	case 0:
		return apdu.ReferenceNotFound
	case known.MRZ:
		if len(value) != 20 {
			return apdu.WrongData
		}
		s.MRZHash = value
	case known.CAN:
		if len(value) != 6 || bytes.ContainsFunc(value, func(r rune) bool { return r < '0' || r > '9' }) {
			return apdu.WrongData
		}
		s.CAN = string(value)
	case known.Auth:
		s.Auth, err = authKey(append([]byte{0}, value...))
	case known.Numbered:
		s.Auth, err = authKey(value)
	case known.Mapping:
		s.Mapping, err = authKey(value)
	case known.Active:
		s.Active, err = activeKey(value)
	default:
		return apdu.ReferenceNotFound
	}
	if err != nil {
		return apdu.WrongData
	}
	return apdu.OK
}

// authKey reads number, domain parameters and private key.
func authKey(value []byte) (*AuthKey, error) {
	if len(value) < 3 {
		return nil, errNoKey
	}
	k := &AuthKey{Number: value[0], ParameterID: int(value[1]), Private: bytes.Clone(value[2:])}
	_, _, err := k.key()
	return k, err
}

func activeKey(value []byte) (*ActiveKey, error) {
	if len(value) < 3 {
		return nil, errNoKey
	}
	k := &ActiveKey{HashBytes: int(value[0])}
	if value[1] == 0 {
		k.RSA = bytes.Clone(value[2:])
	} else {
		k.ParameterID, k.Private = int(value[1]), bytes.Clone(value[2:])
	}
	s, err := k.signer(nil)
	if err == nil && s.Hash == 0 {
		err = errNoKey
	}
	return k, err
}

// NewOldPassport is a locked chip with BAC only, for reading what citizens bring along.
func NewOldPassport(files []devices.ChipFile, mrzHash []byte) (State, error) {
	s := State{Version: stateVersion, Life: Locked, Old: true, ChipID: make([]byte, chipIDSize), MRZHash: mrzHash}
	return s, s.putFiles(files, false)
}

// NewPassport is a locked chip with all that an order holds, of whatever kind: also with what no new
// book may have and no driver writes, for reading it. bac makes it take Basic Access Control too.
func NewPassport(o devices.ChipOrder, bac bool) (State, error) {
	id := append(make([]byte, chipIDSize), o.ChipID...)
	s := State{
		Version: stateVersion, Life: Locked, BAC: bac, ChipID: id[len(id)-chipIDSize:],
		MRZHash: o.MRZHash, CAN: o.CAN,
	}
	if len(o.Auth.Private) > 0 {
		s.Auth = &AuthKey{ParameterID: o.Auth.ParameterID, Private: o.Auth.Private, Number: byte(o.Auth.KeyID)}
	}
	if k := o.Mapping; len(k.Private) > 0 {
		s.Mapping = &AuthKey{ParameterID: k.ParameterID, Private: k.Private, Number: byte(k.KeyID)}
	}
	if k := o.Active; !k.IsZero() {
		s.Active = &ActiveKey{RSA: k.RSA, ParameterID: k.ParameterID, Private: k.Private, HashBytes: k.HashBits / 8}
	}
	info, err := atrInfo()
	if err != nil {
		return State{}, err
	}
	s.Files = []File{info}
	return s, s.putFiles(o.Files, true)
}
