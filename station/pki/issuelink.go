package pki

import (
	"bytes"
	"crypto"
	"fmt"
	"io"
	"time"
)

// NewLink certifies the key of a new CSCA with the old one's, so that a verifier who trusts the old
// root can come to trust the new one (ICAO Doc 9303-12, 4.3.4 and 7.1.1). The link is valid from at,
// which must lie in the old key's use, as long as both roots are, and says NameChange where the
// country's name changed between them. hash 0 is as strong as the old key.
func NewLink(root, old *Certificate, oldKey crypto.Signer, at time.Time, hash crypto.Hash, rand io.Reader) (
	*Certificate, error) {
	at = at.UTC().Truncate(time.Second)
	s, err := caSigning(old, oldKey, hash, UseCertSign, at)
	if err != nil {
		return nil, fmt.Errorf("link certificate: %w", err)
	}
	if !root.IsCA || !root.claimsSelfSigned() || root.PublicKey.Equal(old.PublicKey) ||
		!sameCountry(root.Subject, old.Subject) {
		return nil, fmt.Errorf("link certificate: not a new root of the country: %w", ErrProfile)
	}
	end := old.NotAfter
	if root.NotAfter.Before(end) {
		end = root.NotAfter
	}
	t := template{
		issuer: old.RawSubject, subject: root.RawSubject, public: root.PublicKey, validity: Period{at, end},
		extensions: extensionSet{
			authorityKeyID: old.SubjectKeyID, subjectKeyID: root.SubjectKeyID, keyUsage: root.KeyUsage, ca: true,
			keyUse: root.KeyUse, subjectAlt: root.SubjectAltName, issuerAlt: old.SubjectAltName,
			crlPoints: root.CRLPoints, nameChange: !bytes.Equal(root.RawSubject, old.RawSubject),
		},
	}
	c, err := t.issue(s, rand)
	if err != nil {
		return nil, fmt.Errorf("link certificate: %w", err)
	}
	if err := c.CheckSignatureFrom(old); err != nil {
		return nil, fmt.Errorf("link certificate: %w", err)
	}
	return c, nil
}
