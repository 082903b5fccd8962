package attest

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"fmt"
	"slices"

	"padarozhnik/station"
	"padarozhnik/station/journal"
)

// Row is a row of revoked books or blanks, both ends included, and a word for why.
type Row struct {
	First  station.Serial `cbor:"1,keyasint" json:"first"`
	Last   station.Serial `cbor:"2,keyasint" json:"last"`
	Reason string         `cbor:"3,keyasint" json:"reason"`
	Since  station.Date   `cbor:"4,keyasint" json:"since"`
}

// Has tells whether a serial lies in the row. Serials of a row are of one length.
func (r Row) Has(s station.Serial) bool {
	return len(s) == len(r.First) && len(s) == len(r.Last) && s >= r.First && s <= r.Last
}

// Revocations is the list of books that are valid no more, whoever shows them. What was reported lost and
// is found stays on it.
type Revocations struct {
	State   string       `cbor:"1,keyasint" json:"state"` // that issues, three letters
	Version int          `cbor:"2,keyasint" json:"version"`
	Made    station.Date `cbor:"3,keyasint" json:"made"`
	Rows    []Row        `cbor:"4,keyasint" json:"rows"` // by first serial
}

// listMagic begins the file of a list.
const listMagic = "PADAROZHNIK-REVOCATIONS-1\n"

// maxList bounds a file, in bytes.
const maxList = 1 << 20

// Find returns the row that a serial lies in.
func (l Revocations) Find(s station.Serial) (Row, bool) {
	i := slices.IndexFunc(l.Rows, func(r Row) bool { return r.Has(s) })
	if i < 0 {
		return Row{}, false
	}
	return l.Rows[i], true
}

// SignRevocations writes a list as a file, signed by the vault.
func SignRevocations(l Revocations, seal []byte, vault crypto.Signer) ([]byte, error) {
	if len(seal) == 0 {
		return nil, fmt.Errorf("revocations: the vault's key is not sealed: %w", ErrMalformed)
	}
	raw, err := sign(l, overList, seal, vault)
	if err != nil {
		return nil, err
	}
	if len(raw) > maxList {
		return nil, fmt.Errorf("revocations: %d bytes: %w", len(raw), ErrMalformed)
	}
	return append([]byte(listMagic), raw...), nil
}

// CheckRevocations checks a list against headquarters' key alone.
func CheckRevocations(file []byte, root *ecdsa.PublicKey) (Revocations, error) {
	var l Revocations
	raw, ok := bytes.CutPrefix(file, []byte(listMagic))
	if !ok || len(raw) > maxList {
		return l, fmt.Errorf("revocations: %w", ErrMalformed)
	}
	s, err := openSealed(raw, overList, root, &l)
	if err != nil {
		return Revocations{}, fmt.Errorf("revocations: %w", err)
	}
	if s.Name != VaultName {
		return Revocations{}, fmt.Errorf("revocations under the seal of %s: %w", s.Name, ErrForged)
	}
	return l, nil
}

// ReadRevocations reads a list that came by a way which vouches for it: a directive of the vault.
func ReadRevocations(file []byte) (Revocations, error) {
	var l Revocations
	var in signed
	raw, ok := bytes.CutPrefix(file, []byte(listMagic))
	if !ok || len(raw) > maxList || journal.Decode(raw, &in) != nil || journal.Decode(in.Body, &l) != nil {
		return Revocations{}, fmt.Errorf("revocations: %w", ErrMalformed)
	}
	return l, nil
}
