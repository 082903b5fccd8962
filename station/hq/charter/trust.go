package charter

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"padarozhnik/station"
	"padarozhnik/station/pki"
)

// Bounds of trust lists. A master list in circulation takes about a megabyte.
const (
	MaxTrust   = 16 << 20 // bytes of a signed list
	maxSources = 512
	maxRoots   = 64  // of one source
	maxOrigin  = 300 // bytes
)

const trustType = "padarozhnik/trust/1"

// ErrOtherTrust: the trust list is not the one that the charter names.
var ErrOtherTrust = errors.New("trust list is not the one that came with the charter")

// TrustList is what headquarters knows of other countries' CSCA keys. Each version replaces the one
// before.
type TrustList struct {
	Version int      `cbor:"1,keyasint"`
	Signed  int64    `cbor:"2,keyasint"` // Unix time, in seconds
	Sources []Source `cbor:"3,keyasint"` // in the order in which they are to be read
	// Lists are other countries' revocation lists, the newest of each, after the certificates that sign them.
	Lists []ForeignCRL `cbor:"4,keyasint,omitempty"`
}

// ForeignCRL is another country's revocation list, as that country signed it.
type ForeignCRL struct {
	Origin string `cbor:"1,keyasint"` // in words
	CRL    []byte `cbor:"2,keyasint"` // DER
}

// Source is one way on which certificates came to headquarters: roots handed over by hand, and below
// them perhaps the master list of their country, which is kept as that country signed it, so that a
// station proves once more what headquarters has proved.
type Source struct {
	Origin string   `cbor:"1,keyasint"` // in words, as an inspecting officer will read them
	Roots  [][]byte `cbor:"2,keyasint"` // self-signed CSCA certificates, DER
	List   []byte   `cbor:"3,keyasint,omitempty"`
}

// SignTrust checks a trust list and puts it into its envelope. It returns ErrMalformed, also for a list
// that is larger than MaxTrust.
func SignTrust(l TrustList, root crypto.Signer) ([]byte, error) {
	if err := l.check(); err != nil {
		return nil, fmt.Errorf("sign trust list: %w", err)
	}
	raw, err := envelop(l, trustType, MaxTrust, root)
	if err != nil {
		return nil, fmt.Errorf("sign trust list: %w", err)
	}
	return raw, nil
}

// ParseTrust reads a trust list and verifies the root's signature. It proves nothing about the
// certificates: AddTo does.
func ParseTrust(raw []byte, root *ecdsa.PublicKey) (TrustList, error) {
	var l TrustList
	if err := open(raw, trustType, MaxTrust, root, &l); err != nil {
		return l, fmt.Errorf("trust list: %w", err)
	}
	if err := l.check(); err != nil {
		return l, fmt.Errorf("trust list: %w", err)
	}
	return l, nil
}

// Ref names a signed list in a charter.
func (l TrustList) Ref(raw []byte) *station.TrustRef {
	sum := sha256.Sum256(raw)
	return &station.TrustRef{Version: l.Version, Digest: sum[:], Size: int64(len(raw))}
}

// Accompany reads the trust list that goes along with a charter. Another one than the charter names is
// ErrOtherTrust, however well it is signed: an older list would bring back a root that was withdrawn.
func Accompany(c station.Charter, raw []byte, root *ecdsa.PublicKey) (TrustList, error) {
	if c.Trust == nil {
		return TrustList{}, fmt.Errorf("charter names none: %w", ErrOtherTrust)
	}
	sum := sha256.Sum256(raw)
	if int64(len(raw)) != c.Trust.Size || !bytes.Equal(sum[:], c.Trust.Digest) {
		return TrustList{}, ErrOtherTrust
	}
	l, err := ParseTrust(raw, root)
	if err == nil && l.Version != c.Trust.Version {
		err = fmt.Errorf("version %d, not %d: %w", l.Version, c.Trust.Version, ErrOtherTrust)
	}
	return l, err
}

func (l TrustList) check() error {
	if l.Version < 1 || len(l.Sources) > maxSources || len(l.Lists) > maxSources {
		return fmt.Errorf("version %d, %d sources: %w", l.Version, len(l.Sources), ErrMalformed)
	}
	for i, s := range l.Sources {
		if s.Origin == "" || len(s.Origin) > maxOrigin || len(s.Roots) > maxRoots || len(s.Roots) == 0 && len(s.List) == 0 {
			return fmt.Errorf("source %d, %d roots, origin of %d bytes: %w", i+1, len(s.Roots), len(s.Origin), ErrMalformed)
		}
	}
	for i, f := range l.Lists {
		if f.Origin == "" || len(f.Origin) > maxOrigin || len(f.CRL) == 0 {
			return fmt.Errorf("revocation list %d, origin of %d bytes: %w", i+1, len(f.Origin), ErrMalformed)
		}
	}
	return nil
}

// AddTo makes the certificates anchors of a store, each with its origin, and gives it the revocation lists
// that they sign. Master lists are verified under
// the roots of their own source, of sources before it, and of the store. They are judged at the time
// they were signed: the list as a whole was judged when the root signed it. An error names the source;
// the store is then not to be used.
func (l TrustList) AddTo(store *pki.TrustStore) error {
	for _, s := range l.Sources {
		if _, err := s.AddTo(store, time.Time{}); err != nil {
			return fmt.Errorf("trust list: %s: %w", s.Origin, err)
		}
	}
	for _, f := range l.Lists {
		if err := f.addTo(store); err != nil {
			return fmt.Errorf("trust list: %s: %w", f.Origin, err)
		}
	}
	return nil
}

func (f ForeignCRL) addTo(store *pki.TrustStore) error {
	list, err := pki.ParseCRL(f.CRL)
	if err != nil {
		return err
	}
	return store.AddCRL(list)
}

// AddTo makes the certificates of one source anchors of a store. at is when its master list is judged,
// zero for the time it was signed. The result is zero where the source has no list.
func (s Source) AddTo(store *pki.TrustStore, at time.Time) (pki.Admission, error) {
	for _, der := range s.Roots {
		c, err := pki.ParseCertificate(der)
		if err != nil {
			return pki.Admission{}, err
		}
		if err := store.AddAnchor(c, s.Origin); err != nil {
			return pki.Admission{}, err
		}
	}
	if len(s.List) == 0 {
		return pki.Admission{}, nil
	}
	m, err := pki.ParseMasterList(s.List)
	if err != nil {
		return pki.Admission{}, err
	}
	return store.AddMasterList(m, at, s.Origin)
}
