package pki_test

import (
	"crypto"
	"crypto/rand"
	"math/big"
	"testing"
	"time"

	"padarozhnik/station/pki"
	"padarozhnik/station/pki/ec"
)

// chain is one country's root, document signer and revocation list.
type chain struct {
	rootKey, signerKey crypto.Signer
	root, signer       *pki.Certificate
}

func start() time.Time { return time.Date(2026, 12, 1, 8, 0, 0, 0, time.UTC) }

func newKey(t testing.TB, c *ec.Curve) crypto.Signer {
	t.Helper()
	d, _, err := c.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	key, err := c.PrivateKey(d)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func rootSpec() pki.CSCASpec {
	return pki.CSCASpec{
		Subject: pki.Name{Country: "UT", Organization: "Utopia", Unit: "Passport Office", CommonName: "CSCA Utopia"},
		AltName: pki.AltName{
			Locality: "UTO", Emails: []string{"csca@utopia.example"}, URIs: []string{"https://utopia.example/pki"},
		},
		CRLPoints:        []string{"https://utopia.example/csca.crl", "ldap://ldap.utopia.example/c=UT"},
		NotBefore:        start(),
		KeyUse:           pki.Span{Years: 5},
		SignerKeyUse:     pki.Span{Months: 3},
		DocumentValidity: pki.Span{Years: 10},
	}
}

func signerSpec() pki.SignerSpec {
	return pki.SignerSpec{
		Subject:          pki.Name{Country: "UT", Organization: "Utopia", CommonName: "Document Signer", SerialNumber: "1"},
		DocumentTypes:    []string{"P"},
		NotBefore:        start(),
		KeyUse:           pki.Span{Months: 3},
		DocumentValidity: pki.Span{Years: 10},
	}
}

func newChain(t testing.TB, root, signer *ec.Curve) chain {
	t.Helper()
	return chainFrom(t, rootSpec(), signerSpec(), root, signer)
}

func chainFrom(t testing.TB, rs pki.CSCASpec, ss pki.SignerSpec, root, signer *ec.Curve) chain {
	t.Helper()
	return chainOf(t, rs, ss, newKey(t, root), newKey(t, signer))
}

func chainOf(t testing.TB, rs pki.CSCASpec, ss pki.SignerSpec, root, signer crypto.Signer) chain {
	t.Helper()
	c := chain{rootKey: root, signerKey: signer}
	var err error
	if c.root, err = pki.NewCSCA(rs, c.rootKey, rand.Reader); err != nil {
		t.Fatal(err)
	}
	c.signer, err = pki.NewDocumentSigner(ss, c.signerKey.Public(), c.root, c.rootKey, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func (c chain) list(t testing.TB, at time.Time, revoked ...*big.Int) *pki.CRL {
	t.Helper()
	spec := pki.CRLSpec{Number: big.NewInt(at.Unix()), ThisUpdate: at, NextUpdate: at.AddDate(0, 0, 90)}
	for _, serial := range revoked {
		spec.Revoked = append(spec.Revoked, pki.Revocation{SerialNumber: serial, At: at})
	}
	list, err := pki.NewCRL(spec, c.root, c.rootKey, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func (c chain) store(t testing.TB) *pki.TrustStore {
	t.Helper()
	s := pki.NewTrustStore()
	if err := s.AddAnchor(c.root, "test"); err != nil {
		t.Fatal(err)
	}
	return s
}
