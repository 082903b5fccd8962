package station

import (
	"fmt"
	"slices"
)

// Role is one kind of work that an officer may be entrusted with.
type Role string

// Roles of an office.
const (
	RoleEnrol      Role = "enrol"
	RoleApprove    Role = "approve"
	RoleOperate    Role = "operate"
	RoleInspect    Role = "inspect"
	RoleCustody    Role = "custody"
	RoleTechnician Role = "technician"
	RoleSecurity   Role = "security"
)

// Officer is a person of the office as everybody else sees them: a pseudonym, a key and roles.
// Their name is known to headquarters alone.
type Officer struct {
	Pseudonym string `cbor:"1,keyasint" json:"pseudonym"`
	KeyID     string `cbor:"2,keyasint" json:"keyId"`
	Roles     []Role `cbor:"3,keyasint" json:"roles"`
	SPKI      []byte `cbor:"4,keyasint" json:"spki"` // signing key, DER SubjectPublicKeyInfo
	HPKE      []byte `cbor:"5,keyasint" json:"hpke"` // key to which a case is wrapped for this officer
	Until     Date   `cbor:"6,keyasint" json:"until"`
}

// May returns nil if the officer holds the role on that day.
func (o Officer) May(r Role, on Date) error {
	if !slices.Contains(o.Roles, r) {
		return fmt.Errorf("%s as %s: %w", o.Pseudonym, r, ErrRole)
	}
	if !o.Until.IsZero() && o.Until.Before(on) {
		return fmt.Errorf("%s: appointment ended: %w", o.Pseudonym, ErrRole)
	}
	return nil
}

// Charter is what headquarters' root tells a station under its signature: who it is, by which
// rules it works, who its officers are, and whom it may believe.
type Charter struct {
	Version   int       `cbor:"1,keyasint"`
	Station   string    `cbor:"2,keyasint"`
	Profile   Profile   `cbor:"3,keyasint"`
	Officers  []Officer `cbor:"4,keyasint"`
	StationID string    `cbor:"5,keyasint"` // key identifier of the station's own key
	Vault     []byte    `cbor:"6,keyasint"` // HPKE key of the vault
	VaultSPKI []byte    `cbor:"7,keyasint"` // signing key of the vault: directives and orders
	Ledger    string    `cbor:"8,keyasint"` // note verifier of the ledger's checkpoints
	Anchors   [][]byte  `cbor:"9,keyasint"` // CSCA certificates, DER
	CRLs      [][]byte  `cbor:"10,keyasint"`
	Trust     *TrustRef `cbor:"11,keyasint,omitempty"` // nil: nobody but the own country is known
	Epoch     uint64    `cbor:"12,keyasint,omitempty"` // of the station's hardware; 0 stands for 1, the first
	Former    []Former  `cbor:"13,keyasint,omitempty"` // keys that signed on this chain and do no more

	// Signers are the document signers that the office ever had of its own, newest last. Mission says
	// which one is in force.
	Signers []MissionSigner `cbor:"32,keyasint,omitempty"`
}

// TrustRef names the list of other countries' CSCA certificates that goes along with a charter. The list
// is too large to be in it, and the same for every station.
type TrustRef struct {
	Version int    `cbor:"1,keyasint"`
	Digest  []byte `cbor:"2,keyasint"` // SHA-256 of the signed list
	Size    int64  `cbor:"3,keyasint"` // bytes
}

// Officer returns the officer with a key.
func (c Charter) Officer(keyID string) (Officer, bool) {
	for _, o := range c.Officers {
		if o.KeyID == keyID {
			return o, true
		}
	}
	return Officer{}, false
}

// WithRole lists the officers who hold a role.
func (c Charter) WithRole(r Role) []Officer {
	var out []Officer
	for _, o := range c.Officers {
		if slices.Contains(o.Roles, r) {
			out = append(out, o)
		}
	}
	return out
}
