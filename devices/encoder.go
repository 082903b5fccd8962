package devices

import (
	"context"
	"time"

	"padarozhnik/station/pki"
)

// Life is the state of a chip as far as it can be told from outside.
type Life int

// Lives of a chip.
const (
	LifeUnknown Life = iota
	LifeBlank        // takes personalisation, holds no passport yet
	LifePartial      // personalisation began and did not end
	LifeLocked       // personalised and locked
)

// ChipFile is one elementary file of the passport. Name is the standard's ("DG1", "EF.SOD",
// "EF.COM", "EF.CardAccess"); Data is the whole file, tag and length included.
type ChipFile struct {
	Name string `json:"name" cbor:"name"`
	Data []byte `json:"-" cbor:"data"`
}

// SCP03Keys are the GlobalPlatform static keys of one chip, AES-128 each.
type SCP03Keys struct {
	Enc []byte `json:"enc" cbor:"enc"`
	Mac []byte `json:"mac" cbor:"mac"`
	Dek []byte `json:"dek" cbor:"dek"`
}

// ChipAuthKey is a static key pair of the chip for Chip Authentication (ICAO Doc 9303-11, 6.2), whose
// public half stands in DG14, or for PACE with chip authentication mapping (4.4.3.5), whose public
// half stands in EF.CardSecurity. One without Private is no key.
type ChipAuthKey struct {
	ParameterID int    `json:"parameterId" cbor:"parameterId"`         // standardized domain parameters, 12 = P-256
	Private     []byte `json:"private" cbor:"private"`                 // big endian, as long as the group order
	KeyID       int    `json:"keyId,omitempty" cbor:"keyId,omitempty"` // 1 to 127; 0 for a key without a number
}

// ActiveAuthKey is the chip's key pair for Active Authentication (ICAO Doc 9303-11, 6.1), by RSA or on
// a curve. The public half stands in DG15. The zero value is no key.
type ActiveAuthKey struct {
	RSA         []byte `json:"rsa,omitempty" cbor:"rsa,omitempty"` // RSAPrivateKey (RFC 8017, A.1.2), DER
	ParameterID int    `json:"parameterId,omitempty" cbor:"parameterId,omitempty"`
	Private     []byte `json:"private,omitempty" cbor:"private,omitempty"`   // as long as the group order
	HashBits    int    `json:"hashBits,omitempty" cbor:"hashBits,omitempty"` // SHA-2; 160 is SHA-1, for RSA alone
}

// IsZero tells that there is no key.
func (k ActiveAuthKey) IsZero() bool { return len(k.RSA) == 0 && len(k.Private) == 0 }

// ChipOrder is all that goes into one chip. MRZHash is SHA-1 over the MRZ information (document
// number, birth, expiry, each with its check digit): K of PACE, and K_seed of BAC in its first 16
// bytes (ICAO Doc 9303-11, 4.3.2 and 9.7.3).
type ChipOrder struct {
	ChipID  []byte      `json:"chipId" cbor:"chipId"`
	Files   []ChipFile  `json:"files" cbor:"files"`
	MRZHash []byte      `json:"mrzHash" cbor:"mrzHash"`
	CAN     string      `json:"can" cbor:"can"`
	Auth    ChipAuthKey `json:"auth" cbor:"auth"`
	SCP03   SCP03Keys   `json:"scp03" cbor:"scp03"`

	Mapping ChipAuthKey   `json:"mapping,omitzero" cbor:"mapping,omitzero"` // of PACE with chip authentication mapping
	Active  ActiveAuthKey `json:"active,omitzero" cbor:"active,omitzero"`
}

// Password opens a chip: the hash of the MRZ information, or the card access number.
type Password struct {
	MRZHash []byte
	CAN     string
}

// Verdict is the result of one security mechanism, with its reason in plain words. It holds no
// personal data.
type Verdict struct {
	Mechanism string `json:"mechanism"` // "PACE", "passive authentication", "chip authentication", "lock", ...
	OK        bool   `json:"ok"`
	Reason    string `json:"reason"`
}

// ChipProof is what a personalised chip has proven before and after its lock.
type ChipProof struct {
	Verdicts []Verdict `json:"verdicts"`
	Bytes    int       `json:"bytes"`   // written and read back
	Resumed  bool      `json:"resumed"` // earlier writing was found and continued
}

// ChipReading is a chip read through its access protocol and verified. A mechanism that failed
// stands in Verdicts with OK false; Files holds what could be read.
type ChipReading struct {
	ChipID   []byte
	Files    []ChipFile
	Verdicts []Verdict
}

// File returns the named file of a reading, or nil.
func (r ChipReading) File(name string) []byte {
	for _, f := range r.Files {
		if f.Name == name {
			return f.Data
		}
	}
	return nil
}

// Failed returns the first verdict that is not OK.
func (r ChipReading) Failed() (Verdict, bool) {
	for _, v := range r.Verdicts {
		if !v.OK {
			return v, true
		}
	}
	return Verdict{}, false
}

// ChipState is what an encoder can tell of the chip on its reader without opening it.
type ChipState struct {
	ChipID []byte // identifier given by the chip's maker; nil where a locked chip keeps it closed
	Life   Life
}

// Encoder writes, proves and reads passport chips. It owns one reader.
//
// Wait returns when a chip lies on the reader, or with the context's error; it does not touch the
// chip.
//
// Personalise writes the order, reads it back through the access protocol byte for byte, runs
// passive authentication against trust at the time now, has the chip prove each key of the order,
// locks the chip, and proves that plain reading and any writing are refused. It may be called again for the same order after a
// torn chip and continues where the bytes end; on a chip that already is locked and holds exactly
// the order it proves that and returns without writing. It never locks a chip whose read-back did
// not match.
type Encoder interface {
	Identify(ctx context.Context) (Identity, error)
	Wait(ctx context.Context) error
	Chip(ctx context.Context) (ChipState, error)
	Personalise(ctx context.Context, o ChipOrder, trust *pki.TrustStore, now time.Time, report Report) (ChipProof, error)
	Inspect(ctx context.Context, p Password, trust *pki.TrustStore, now time.Time, report Report) (ChipReading, error)
}
