// Package abroad makes other countries for tests: a CSCA, a document signer, master lists and revocation lists.
package abroad

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"math/big"
	"testing"
	"time"

	"padarozhnik/station/pki"
)

// Nation is a country with the certificates of its CSCA and of a document signer.
type Nation struct {
	Root, Signer *pki.Certificate
	key          *ecdsa.PrivateKey
	since        time.Time
}

// New makes a country, named by two letters, whose keys begin at a time.
func New(t testing.TB, country string, since time.Time) Nation {
	t.Helper()
	n := Nation{key: newKey(t), since: since}
	var err error
	n.Root, err = pki.NewCSCA(pki.CSCASpec{
		Subject: pki.Name{Country: country, CommonName: "CSCA"}, AltName: pki.AltName{Locality: country + "A"},
		CRLPoints: []string{"https://pki.example.org/crl"}, NotBefore: since, KeyUse: pki.Span{Years: 5},
		SignerKeyUse: pki.Span{Months: 3}, DocumentValidity: pki.Span{Years: 10},
	}, n.key, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	n.Signer, err = pki.NewDocumentSigner(pki.SignerSpec{
		Subject: pki.Name{Country: country, CommonName: "DS"}, DocumentTypes: []string{"P"}, NotBefore: since,
		KeyUse: pki.Span{Months: 3}, DocumentValidity: pki.Span{Years: 10},
	}, newKey(t).Public(), n.Root, n.key, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// List signs a master list of the country's own root and others, under a signer of its own.
func (n Nation) List(t testing.TB, signed time.Time, others ...*pki.Certificate) []byte {
	t.Helper()
	key := newKey(t)
	cert, err := pki.NewMasterListSigner(pki.MasterListSignerSpec{
		Subject:   pki.Name{Country: n.Root.Subject.Country, CommonName: "MLS"},
		NotBefore: n.since, KeyUse: pki.Span{Years: 1},
	}, key.Public(), n.Root, n.key, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	m, err := pki.NewMasterList(pki.MasterListSpec{
		Certificates: append([]*pki.Certificate{n.Root}, others...), SigningTime: signed,
	}, key, cert)
	if err != nil {
		t.Fatal(err)
	}
	return m.Raw
}

// Revoke signs a revocation list of that number and time with certificates on it.
func (n Nation) Revoke(t testing.TB, number int64, at time.Time, revoked ...*pki.Certificate) []byte {
	t.Helper()
	spec := pki.CRLSpec{Number: big.NewInt(number), ThisUpdate: at, NextUpdate: at.AddDate(0, 0, 30)}
	for _, c := range revoked {
		spec.Revoked = append(spec.Revoked, pki.Revocation{SerialNumber: c.SerialNumber, At: at})
	}
	list, err := pki.NewCRL(spec, n.Root, n.key, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return list.Raw
}

func newKey(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}
