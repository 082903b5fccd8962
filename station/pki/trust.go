package pki

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// TrustStore holds the CSCA certificates that a verifier believes in, each with where it came from,
// and the newest revocation list of each country. The zero value is empty and ready. It may be
// used by several goroutines at a time.
type TrustStore struct {
	mu       sync.RWMutex
	anchors  []*anchor            // in the order they were added
	national map[string][]*anchor // by country in capitals
	known    map[[sha256.Size]byte]bool
	lists    map[string]*CRL // by country in capitals
	backward map[string]bool // the country's newest list has a lower number than the one before
}

// Path is the chain that Verify found.
type Path struct {
	Signer    *Certificate
	Anchor    *Certificate
	Origin    string
	List      *CRL     // the list that was asked, nil where the country has none here
	Tolerated []string // defects that were overlooked, for the record
}

// NewTrustStore returns an empty store.
func NewTrustStore() *TrustStore { return &TrustStore{} }

// AddCRL takes a revocation list that an anchor of its country signed; anchors come first. An older
// list than the one at hand is verified and dropped. It returns ErrUntrusted where no anchor of
// the country is known and ErrSignature where none has signed it.
func (s *TrustStore) AddCRL(list *CRL) error {
	country := strings.ToUpper(list.Issuer.Country)
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, _, err := s.signedBy(list.Issuer, list.AuthorityKeyID, list.CheckSignatureFrom); err != nil {
		return err
	}
	if old := s.lists[country]; old != nil && !list.newerThan(old) {
		return nil
	}
	if s.lists == nil {
		s.lists, s.backward = map[string]*CRL{}, map[string]bool{}
	}
	if old := s.lists[country]; old != nil {
		s.backward[country] = old.Number != nil && list.Number != nil && list.Number.Cmp(old.Number) < 0
	}
	s.lists[country] = list
	return nil
}

func (l *CRL) newerThan(o *CRL) bool {
	if l.ThisUpdate.Equal(o.ThisUpdate) && l.Number != nil && o.Number != nil {
		return l.Number.Cmp(o.Number) > 0
	}
	return l.ThisUpdate.After(o.ThisUpdate)
}

// Lists returns the revocation list of each country that has one, in order of country.
func (s *TrustStore) Lists() []*CRL {
	s.mu.RLock()
	defer s.mu.RUnlock()
	var out []*CRL
	for _, list := range s.lists {
		out = append(out, list)
	}
	slices.SortFunc(out, func(a, b *CRL) int { return strings.Compare(a.Issuer.Country, b.Issuer.Country) })
	return out
}

// Verify decides whether a document signer is to be believed at a date: the anchor among the
// country's CSCA keys, validity of both certificates, the country's revocation list, and whether
// the signer may sign documents of this code (ICAO Doc 9303-12, 6). An empty code asks nothing
// about the type.
//
// The date is that of the inspection. A signer's key is used for weeks and its documents live for
// years, so at an inspection only the beginning of the key's use is compared; VerifyIssue compares
// both ends. Errors are ErrUntrusted, ErrSignature, ErrExpired, ErrRevoked, ErrOutsideKeyUse,
// ErrDocumentType and ErrProfile; the Path is filled as far as it was found.
func (s *TrustStore) Verify(signer *Certificate, at time.Time, documentCode string) (Path, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	path, err := s.path(signer, at)
	if err != nil {
		return path, fmt.Errorf("document signer: %w", err)
	}
	return path, path.checkUse(documentCode)
}

// path finds the anchor above a signer and compares dates and revocation list; mu is held.
func (s *TrustStore) path(signer *Certificate, at time.Time) (Path, error) {
	path := Path{Signer: signer}
	anchor, exact, err := s.signedBy(signer.Issuer, signer.AuthorityKeyID, signer.CheckSignatureFrom)
	if err != nil {
		return path, err
	}
	path.Anchor, path.Origin = anchor.Certificate, anchor.Origin
	path.List = s.lists[signer.Country()]
	path.Tolerated = tolerated(path, exact, at)
	if s.backward[signer.Country()] {
		path.Tolerated = append(path.Tolerated, "revocation list has a lower number than an older one")
	}
	if err := path.checkDates(at); err != nil {
		return path, err
	}
	if path.List == nil {
		return path, nil
	}
	for _, c := range []*Certificate{path.Signer, path.Anchor} {
		if path.List.Revokes(c) {
			return path, fmt.Errorf("serial number %x: %w", c.SerialNumber, ErrRevoked)
		}
	}
	return path, nil
}

// VerifyIssue is Verify at the moment a document is issued: the date must also lie within the
// signer's private key usage period, and the anchor must have been within its own when it
// certified the signer.
func (s *TrustStore) VerifyIssue(signer *Certificate, issued time.Time, documentCode string) (Path, error) {
	path, err := s.Verify(signer, issued, documentCode)
	if err != nil {
		return path, err
	}
	if !signer.KeyUse.Contains(issued) {
		return path, fmt.Errorf("document signer: %w", ErrOutsideKeyUse)
	}
	if !path.Anchor.KeyUse.Contains(signer.NotBefore) {
		return path, fmt.Errorf("CSCA: %w", ErrOutsideKeyUse)
	}
	return path, nil
}

func (p Path) checkDates(at time.Time) error {
	if !(Period{p.Signer.NotBefore, p.Signer.NotAfter}).Contains(at) {
		return ErrExpired
	}
	if !(Period{p.Anchor.NotBefore, p.Anchor.NotAfter}).Contains(at) {
		return fmt.Errorf("CSCA: %w", ErrExpired)
	}
	if start := p.Signer.KeyUse.NotBefore; !start.IsZero() && at.Before(start) {
		return ErrOutsideKeyUse
	}
	return nil
}

func (p Path) checkUse(documentCode string) error {
	switch {
	case p.Signer.IsCA || p.Signer.KeyUsage&UseDigitalSignature == 0:
		return fmt.Errorf("not a document signer: %w", ErrProfile)
	case p.Signer.extended(oidMasterListSigner), p.Signer.extended(oidDeviationSigner):
		return fmt.Errorf("signer of lists, not of documents: %w", ErrProfile)
	case len(p.Signer.UnknownCritical) > 0:
		return fmt.Errorf("unknown critical extension: %w", ErrProfile)
	}
	return p.Signer.checkDocumentType(documentCode)
}

// tolerated lists what a strict profile would refuse and this path overlooks.
func tolerated(p Path, exact bool, at time.Time) []string {
	var notes []string
	add := func(is bool, note string) {
		if is {
			notes = append(notes, note)
		}
	}
	for _, d := range p.Signer.Defects {
		notes = append(notes, "document signer: "+d)
	}
	for _, d := range p.Anchor.Defects {
		notes = append(notes, "CSCA: "+d)
	}
	add(!exact, "document signer: authority key identifier does not lead to the CSCA")
	add(!sameName(p.Signer.RawIssuer, p.Anchor.RawSubject), "document signer: issuer is not the CSCA's name")
	add(p.Signer.KeyUse.IsZero(), "document signer: no private key usage period")
	add(p.Signer.DocumentTypes == nil, "document signer: no document type list")
	add(p.Signer.BasicConstraints, "document signer: basic constraints are present")
	add(p.Signer.ExtendedKeyUsage != nil, "document signer: extended key usage is present")
	add(p.Anchor.KeyUsage == 0, "CSCA: no key usage")
	add(p.List == nil, "no revocation list of the country")
	if p.List != nil {
		due := p.List.NextUpdate
		add(!due.IsZero() && at.After(due), "revocation list is older than its next update")
	}
	return notes
}
