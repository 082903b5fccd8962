package pki

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"strings"
	"sync/atomic"
	"time"
)

// maxPassed bounds the notes on one master list.
const maxPassed = 256

// Anchor is a CSCA certificate and its origin in words ("handed over by the embassy, 3 May 2026").
type Anchor struct {
	Certificate *Certificate
	Origin      string
}

// anchor is an Anchor as the store keeps it: the bytes, which may be a part of a master list, and
// the parsed certificate once it has been used.
type anchor struct {
	raw    []byte
	keyID  []byte
	origin string
	proved atomic.Pointer[Certificate]
}

// certificate parses the anchor. Only what has been parsed before becomes an anchor.
func (a *anchor) certificate() *Certificate {
	if c := a.proved.Load(); c != nil {
		return c
	}
	c, err := ParseCertificate(a.raw)
	if err != nil {
		return nil
	}
	return c
}

// usable returns the certificate with its own signature proved, nil where that is wrong. The first
// use of an anchor from a master list pays for the proof, not the reading of the whole list.
func (a *anchor) usable() *Certificate {
	if c := a.proved.Load(); c != nil {
		return c
	}
	c := a.certificate()
	if c == nil || c.claimsSelfSigned() && c.CheckSignatureFrom(c) != nil {
		return nil
	}
	a.proved.Store(c)
	return c
}

// checkAnchor wants a CA that can stand for a country.
func (c *Certificate) checkAnchor() error {
	switch {
	case !c.IsCA || c.KeyUsage != 0 && c.KeyUsage&UseCertSign == 0:
		return fmt.Errorf("anchor is no CA: %w", ErrProfile)
	case len(c.UnknownCritical) > 0:
		return fmt.Errorf("anchor has an unknown critical extension: %w", ErrProfile)
	case len(c.Country()) != 2 || !sameCountry(c.Issuer, c.Subject):
		return fmt.Errorf("anchor without a country: %w", ErrProfile)
	}
	return nil
}

// AddAnchor takes a self-signed CSCA certificate as a root. It returns ErrUntrusted for a
// certificate that is not self-signed, ErrProfile for one that is no CA, and ErrSignature. Adding
// the same certificate again changes nothing.
func (s *TrustStore) AddAnchor(c *Certificate, origin string) error {
	if !c.claimsSelfSigned() {
		return fmt.Errorf("anchor is not self-signed: %w", ErrUntrusted)
	}
	if err := c.CheckSignatureFrom(c); err != nil {
		return fmt.Errorf("anchor: %w", err)
	}
	if err := c.checkAnchor(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if a := s.add(c, origin); a != nil {
		a.proved.Store(c)
	}
	return nil
}

// add keeps an anchor and returns it, nil where it is here already; mu is held.
func (s *TrustStore) add(c *Certificate, origin string) *anchor {
	digest := sha256.Sum256(c.Raw)
	if s.known[digest] {
		return nil
	}
	if s.known == nil {
		s.known, s.national = map[[sha256.Size]byte]bool{}, map[string][]*anchor{}
	}
	a := &anchor{raw: c.Raw, keyID: c.SubjectKeyID, origin: origin}
	s.known[digest] = true
	s.anchors = append(s.anchors, a)
	s.national[c.Country()] = append(s.national[c.Country()], a)
	return a
}

// Anchors returns the anchors in the order they were added.
func (s *TrustStore) Anchors() []Anchor {
	s.mu.RLock()
	defer s.mu.RUnlock()
	out := make([]Anchor, len(s.anchors))
	for i, a := range s.anchors {
		out[i] = Anchor{a.certificate(), a.origin}
	}
	return out
}

// signedBy finds the anchor of a country whose key made a signature: those with the key identifier
// first, then the country's others. exact tells which it was. check is CheckSignatureFrom of what
// was signed. mu is held.
func (s *TrustStore) signedBy(issuer Name, keyID []byte, check func(*Certificate) error) (Anchor, bool, error) {
	national := s.national[strings.ToUpper(issuer.Country)]
	if len(national) == 0 {
		return Anchor{}, false, fmt.Errorf("country %q: %w", issuer.Country, ErrUntrusted)
	}
	var failure error
	for _, exact := range []bool{true, false} {
		for _, a := range national {
			if (len(keyID) > 0 && bytes.Equal(a.keyID, keyID)) != exact {
				continue
			}
			c := a.usable()
			if c == nil {
				continue
			}
			err := check(c)
			if err == nil {
				return Anchor{c, a.origin}, exact, nil
			}
			if failure == nil && exact {
				failure = err
			}
		}
	}
	if failure == nil {
		failure = fmt.Errorf("no CSCA key of country %q has signed: %w", issuer.Country, ErrUntrusted)
	}
	return Anchor{}, false, failure
}

// FollowLink passes trust on from an anchor to the key that a link certificate names, also where the
// country's CSCA changed its name with it (ICAO Doc 9303-12, 4.3.4). root is the new self-signed
// certificate and becomes the anchor; where it is nil, the link itself does. The time is that of the
// decision, zero for the time the link begins. It returns ErrUntrusted where no anchor issued the
// link, ErrSignature, ErrProfile, ErrRevoked, ErrExpired, and ErrOutsideKeyUse where the old key
// was no longer to be used when the link was made.
func (s *TrustStore) FollowLink(link, root *Certificate, at time.Time) error {
	if err := s.followLink(link, root, at); err != nil {
		return fmt.Errorf("link certificate: %w", err)
	}
	return nil
}

func (s *TrustStore) followLink(link, root *Certificate, at time.Time) error {
	if !link.claimsLink() {
		return fmt.Errorf("is none: %w", ErrProfile)
	}
	if err := link.checkAnchor(); err != nil {
		return err
	}
	if at.IsZero() {
		at = link.NotBefore
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	path, err := s.path(link, at)
	if err != nil {
		return err
	}
	if !path.Anchor.KeyUse.Contains(link.NotBefore) {
		return fmt.Errorf("old CSCA: %w", ErrOutsideKeyUse)
	}
	origin := fmt.Sprintf("link certificate %x under %s", link.SerialNumber, path.Origin)
	if root == nil {
		s.add(link, origin)
		return nil
	}
	if !root.PublicKey.Equal(link.PublicKey) || !sameName(root.RawSubject, link.RawSubject) {
		return fmt.Errorf("leads to another key or name: %w", ErrProfile)
	}
	if !root.claimsSelfSigned() {
		return fmt.Errorf("new root is not self-signed: %w", ErrUntrusted)
	}
	if err := firstError(root.checkAnchor(), root.CheckSignatureFrom(root)); err != nil {
		return err
	}
	s.add(root, origin)
	return nil
}

// Admission tells what came of a master list.
type Admission struct {
	Signer Path     // to the master list's signer
	Added  int      // new anchors
	Known  int      // certificates that were anchors before
	Passed []string // why certificates were passed over, for the record
}

// AddMasterList takes the CSCA certificates of a master list as anchors, with the origin and the
// list's country as theirs. The list must be signed by a signer under an anchor that is here
// already, valid and not revoked at that time; zero is the time the list was signed. Links in the
// list become anchors as its roots do: the signer vouches for each key. A root's own signature is
// proved when it is first used. Errors are those of Verify; nothing is added then.
func (s *TrustStore) AddMasterList(m *MasterList, at time.Time, origin string) (Admission, error) {
	if err := m.Verify(); err != nil {
		return Admission{}, err
	}
	if at.IsZero() {
		at = m.SigningTime
	}
	if at.IsZero() {
		at = m.Signer.NotBefore
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	path, err := s.path(m.Signer, at)
	if err != nil {
		return Admission{Signer: path}, fmt.Errorf("master list signer: %w", err)
	}
	if !m.SigningTime.IsZero() && !m.Signer.KeyUse.Contains(m.SigningTime) {
		return Admission{Signer: path}, fmt.Errorf("master list signer: %w", ErrOutsideKeyUse)
	}
	origin = fmt.Sprintf("master list of %s, %s", m.Signer.Country(), origin)
	result := Admission{Signer: path}
	n := 0
	for c, err := range m.Certificates() {
		n++
		if err == nil {
			err = c.checkAnchor()
		}
		switch {
		case err != nil && len(result.Passed) < maxPassed:
			result.Passed = append(result.Passed, fmt.Sprintf("certificate %d: %v", n, err))
		case err != nil:
		case s.add(c, origin) != nil:
			result.Added++
		default:
			result.Known++
		}
	}
	return result, nil
}
