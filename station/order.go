package station

// ChipFile is one elementary file of the order's chip: the standard's name and the whole file.
type ChipFile struct {
	Name string `cbor:"1,keyasint" json:"name"`
	Data []byte `cbor:"2,keyasint" json:"-"`
}

// ChipSecrets are what a chip keeps to itself: they exist in the sealed order and in the chip. A key
// that the profile does not choose is empty.
type ChipSecrets struct {
	CAN         string `cbor:"1,keyasint" json:"can"`
	ParameterID int    `cbor:"2,keyasint" json:"parameterId"` // of the keys on a curve
	Private     []byte `cbor:"3,keyasint" json:"private"`     // of chip authentication
	Enc         []byte `cbor:"4,keyasint" json:"enc"`         // SCP03 keys of this very chip
	Mac         []byte `cbor:"5,keyasint" json:"mac"`
	Dek         []byte `cbor:"6,keyasint" json:"dek"`

	KeyID   int       `cbor:"7,keyasint,omitempty" json:"keyId,omitempty"` // of Private, where there are several keys
	Mapping StaticKey `cbor:"8,keyasint,omitzero" json:"mapping,omitzero"`
	Active  ActiveKey `cbor:"9,keyasint,omitzero" json:"active,omitzero"`
}

// ChipAccess are the keys by which the personaliser of one blank is reached (SCP03, AES-128 each).
type ChipAccess struct {
	Enc []byte `cbor:"1,keyasint"`
	Mac []byte `cbor:"2,keyasint"`
	Dek []byte `cbor:"3,keyasint"`
}

// StaticKey is the private key of PACE with chip authentication mapping, and its number in
// EF.CardSecurity.
type StaticKey struct {
	KeyID   int    `cbor:"1,keyasint" json:"keyId"`
	Private []byte `cbor:"2,keyasint" json:"private"`
}

// ActiveKey is the private key of active authentication: by RSA, as RSAPrivateKey (RFC 8017, A.1.2), or
// on the curve of the other keys.
type ActiveKey struct {
	RSA      []byte `cbor:"1,keyasint,omitempty" json:"rsa,omitempty"`
	Private  []byte `cbor:"2,keyasint,omitempty" json:"private,omitempty"`
	HashBits int    `cbor:"3,keyasint" json:"hashBits"` // of the SHA-2 in a signature
}

// Hidden lists everything in the secrets that is to be cleared after use, but for the CAN.
func (s ChipSecrets) Hidden() [][]byte {
	return [][]byte{s.Private, s.Enc, s.Mac, s.Dek, s.Mapping.Private, s.Active.RSA, s.Active.Private}
}

// Order is headquarters' production order: everything that goes onto the page and into the chip of
// one blank. It is personal and secret, travels sealed to the station, and is destroyed when the
// case closes.
type Order struct {
	Case      CaseToken   `cbor:"1,keyasint" json:"case"`
	Serial    Serial      `cbor:"2,keyasint" json:"serial"`
	ChipID    []byte      `cbor:"3,keyasint" json:"chipId"`
	Profile   int         `cbor:"4,keyasint" json:"profile"` // version of the profile it was made under
	Applicant Applicant   `cbor:"5,keyasint" json:"applicant"`
	Issue     Date        `cbor:"6,keyasint" json:"issue"`
	Expiry    Date        `cbor:"7,keyasint" json:"expiry"`
	MRZ       [2]string   `cbor:"8,keyasint" json:"mrz"`
	MRZHash   []byte      `cbor:"9,keyasint" json:"mrzHash"` // SHA-1 over the MRZ information
	Portrait  []byte      `cbor:"10,keyasint" json:"-"`
	Files     []ChipFile  `cbor:"11,keyasint" json:"files"`
	Secrets   ChipSecrets `cbor:"12,keyasint" json:"secrets"`
}

// File returns the named file, or nil.
func (o Order) File(name string) []byte {
	for _, f := range o.Files {
		if f.Name == name {
			return f.Data
		}
	}
	return nil
}

// Decision is what an approving officer binds themselves to, sealed to the vault: the blank, the
// dates, and the hashes of the data groups that the approved application gives. Headquarters
// recomputes them and signs only if they agree.
type Decision struct {
	Case    CaseToken         `cbor:"1,keyasint"`
	Serial  Serial            `cbor:"2,keyasint"`
	Issue   Date              `cbor:"3,keyasint"`
	Expiry  Date              `cbor:"4,keyasint"`
	Hashes  map[string][]byte `cbor:"5,keyasint"` // SHA-256 over DG1 and DG2, by name
	Reason  string            `cbor:"6,keyasint"`
	Instead Serial            `cbor:"7,keyasint,omitempty"` // the spoiled blank that this one replaces
}
