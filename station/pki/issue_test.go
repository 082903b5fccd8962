package pki_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"io"
	"math/big"
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"padarozhnik/station/pki"
	"padarozhnik/station/pki/ec"
)

func TestIssueOnEveryCurve(t *testing.T) {
	for _, c := range []*ec.Curve{
		ec.P224(), ec.P256(), ec.P384(), ec.P521(), ec.BrainpoolP224r1(), ec.BrainpoolP256r1(),
		ec.BrainpoolP320r1(), ec.BrainpoolP384r1(), ec.BrainpoolP512r1(),
	} {
		t.Run(c.Name(), func(t *testing.T) {
			chain := newChain(t, c, c)
			if err := chain.signer.CheckSignatureFrom(chain.root); err != nil {
				t.Error(err)
			}
			if err := chain.root.CheckSignatureFrom(chain.signer); !errors.Is(err, pki.ErrProfile) {
				t.Errorf("a document signer certified: %v", err)
			}
			for _, cert := range []*pki.Certificate{chain.root, chain.signer} {
				if cert.PublicKey.Curve != c || !cert.PublicKey.Explicit || len(cert.Defects) > 0 {
					t.Errorf("curve %v, explicit %v, defects %q", cert.PublicKey.Curve.Name(),
						cert.PublicKey.Explicit, cert.Defects)
				}
			}
		})
	}
}

func TestProfileOfRoot(t *testing.T) {
	c := newChain(t, ec.BrainpoolP384r1(), ec.P256()).root
	spec := rootSpec()
	if !c.IsCA || c.PathLen != 0 || c.KeyUsage != pki.UseCertSign|pki.UseCRLSign {
		t.Errorf("CA %v, path %d, usage %b", c.IsCA, c.PathLen, c.KeyUsage)
	}
	if got, want := c.NotAfter, start().AddDate(15, 3, 0); !got.Equal(want) {
		t.Errorf("valid until %v, want %v", got, want)
	}
	if want := (pki.Period{NotBefore: start(), NotAfter: start().AddDate(5, 0, 0)}); c.KeyUse != want {
		t.Errorf("key use %v", c.KeyUse)
	}
	if !reflect.DeepEqual(c.SubjectAltName, spec.AltName) || !reflect.DeepEqual(c.IssuerAltName, spec.AltName) {
		t.Errorf("alternative names %v, %v", c.SubjectAltName, c.IssuerAltName)
	}
	if c.Subject != spec.Subject || c.Issuer != spec.Subject || !slices.Equal(c.CRLPoints, spec.CRLPoints) {
		t.Errorf("subject %v, issuer %v, points %v", c.Subject, c.Issuer, c.CRLPoints)
	}
	if !bytes.Equal(c.SubjectKeyID, c.PublicKey.KeyID()) || c.DocumentTypes != nil {
		t.Error("key identifier or document types")
	}
}

func TestProfileOfDocumentSigner(t *testing.T) {
	chain := newChain(t, ec.P384(), ec.P256())
	c := chain.signer
	if c.IsCA || c.BasicConstraints || c.KeyUsage != pki.UseDigitalSignature || c.ExtendedKeyUsage != nil {
		t.Errorf("CA %v, constraints %v, usage %b", c.IsCA, c.BasicConstraints, c.KeyUsage)
	}
	if got, want := c.NotAfter, start().AddDate(10, 3, 0); !got.Equal(want) {
		t.Errorf("valid until %v, want %v", got, want)
	}
	if !bytes.Equal(c.AuthorityKeyID, chain.root.SubjectKeyID) || !bytes.Equal(c.RawIssuer, chain.root.RawSubject) {
		t.Error("does not lead to its issuer")
	}
	if c.SerialNumber.Sign() <= 0 || c.SerialNumber.BitLen() > 159 {
		t.Errorf("serial number of %d bits", c.SerialNumber.BitLen())
	}
	if !slices.Equal(c.DocumentTypes, []string{"P"}) || c.IssuerAltName.Locality != "UTO" {
		t.Errorf("document types %v, locality %q", c.DocumentTypes, c.IssuerAltName.Locality)
	}
}

func TestRefusedRoots(t *testing.T) {
	for name, spoil := range map[string]func(*pki.CSCASpec){
		"country in small letters": func(s *pki.CSCASpec) { s.Subject.Country = "ut" },
		"no common name":           func(s *pki.CSCASpec) { s.Subject.CommonName = "" },
		"no locality":              func(s *pki.CSCASpec) { s.AltName.Locality = "" },
		"no distribution point":    func(s *pki.CSCASpec) { s.CRLPoints = nil },
		"ftp":                      func(s *pki.CSCASpec) { s.CRLPoints = []string{"ftp://utopia.example/crl"} },
		"no key use":               func(s *pki.CSCASpec) { s.KeyUse = pki.Span{} },
		"negative document":        func(s *pki.CSCASpec) { s.DocumentValidity = pki.Span{Years: -1} },
	} {
		t.Run(name, func(t *testing.T) {
			spec := rootSpec()
			spoil(&spec)
			c, err := pki.NewCSCA(spec, newKey(t, ec.P256()), rand.Reader)
			if !errors.Is(err, pki.ErrProfile) || c != nil {
				t.Errorf("%v", err)
			}
		})
	}
	if _, err := pki.NewCSCA(rootSpec(), newKey(t, ec.P256()), bytes.NewReader(nil)); !errors.Is(err, io.EOF) {
		t.Errorf("without randomness: %v", err)
	}
}

func TestRefusedDocumentSigners(t *testing.T) {
	good := newChain(t, ec.P256(), ec.P256())
	for name, test := range map[string]struct {
		spoil func(*pki.SignerSpec)
		want  error
	}{
		"before the root's key use": {func(s *pki.SignerSpec) { s.NotBefore = start().Add(-time.Hour) }, pki.ErrExpired},
		"after the root's key use": {
			func(s *pki.SignerSpec) { s.NotBefore = start().AddDate(5, 0, 1) }, pki.ErrOutsideKeyUse,
		},
		"outlives the root": {
			func(s *pki.SignerSpec) { s.DocumentValidity = pki.Span{Years: 16} }, pki.ErrOutsideKeyUse,
		},
		"another country":   {func(s *pki.SignerSpec) { s.Subject.Country = "XU" }, pki.ErrProfile},
		"no document types": {func(s *pki.SignerSpec) { s.DocumentTypes = nil }, pki.ErrProfile},
		"bad document type": {func(s *pki.SignerSpec) { s.DocumentTypes = []string{"P<"} }, pki.ErrProfile},
		"no key use":        {func(s *pki.SignerSpec) { s.KeyUse = pki.Span{} }, pki.ErrProfile},
	} {
		t.Run(name, func(t *testing.T) {
			spec := signerSpec()
			test.spoil(&spec)
			c, err := pki.NewDocumentSigner(spec, good.signerKey.Public(), good.root, good.rootKey, rand.Reader)
			if !errors.Is(err, test.want) || c != nil {
				t.Errorf("%v, want %v", err, test.want)
			}
		})
	}
	last := signerSpec()
	last.NotBefore = start().AddDate(5, 0, 0)
	if _, err := pki.NewDocumentSigner(last, good.signerKey.Public(), good.root, good.rootKey, rand.Reader); err != nil {
		t.Errorf("on the last day of the root's key: %v", err)
	}
	_, err := pki.NewDocumentSigner(signerSpec(), good.signerKey.Public(), good.root, good.signerKey, rand.Reader)
	if !errors.Is(err, pki.ErrKey) {
		t.Errorf("by another's key: %v", err)
	}
	_, err = pki.NewDocumentSigner(signerSpec(), good.rootKey.Public(), good.root, good.rootKey, rand.Reader)
	if !errors.Is(err, pki.ErrProfile) {
		t.Errorf("for the root's own key: %v", err)
	}
}

// TestIssueAnything draws specs and reads back what was built.
func TestIssueAnything(t *testing.T) {
	key := newKey(t, ec.P256())
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringMatching(`[A-Za-zА-Яа-яІіЎў0-9&@* .-]{1,64}`)
		spec := pki.CSCASpec{
			Subject: pki.Name{
				Country: rapid.StringMatching(`[A-Z]{2}`).Draw(t, "country"), Organization: text.Draw(t, "organization"),
				Unit: text.Draw(t, "unit"), CommonName: text.Draw(t, "name"),
				SerialNumber: rapid.StringMatching(`[0-9]{0,8}`).Draw(t, "serial"),
			},
			AltName:          pki.AltName{Locality: rapid.StringMatching(`[A-Z]{1,3}`).Draw(t, "locality")},
			CRLPoints:        []string{"http://x.example/" + rapid.StringMatching(`[a-z]{0,300}`).Draw(t, "point")},
			NotBefore:        time.Unix(rapid.Int64Range(946684800, 2900000000).Draw(t, "start"), 0).UTC(),
			KeyUse:           pki.Span{Years: rapid.IntRange(0, 9).Draw(t, "years"), Days: 1},
			SignerKeyUse:     pki.Span{Months: 3},
			DocumentValidity: pki.Span{Years: 10},
		}
		c, err := pki.NewCSCA(spec, key, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		if c.Subject != spec.Subject || !c.NotBefore.Equal(spec.NotBefore) || len(c.Defects) > 0 ||
			!c.KeyUse.NotAfter.Equal(spec.KeyUse.After(spec.NotBefore)) || !slices.Equal(c.CRLPoints, spec.CRLPoints) {
			t.Errorf("%+v became %+v with %q", spec, c.Subject, c.Defects)
		}
		again, err := pki.ParseCertificate(bytes.Clone(c.Raw))
		if err != nil || !reflect.DeepEqual(again, c) {
			t.Errorf("reads differently again: %v", err)
		}
	})
}

func TestSpan(t *testing.T) {
	day := func(y, m, d int) time.Time { return time.Date(y, time.Month(m), d, 12, 0, 0, 0, time.UTC) }
	for name, test := range map[string]struct {
		from time.Time
		span pki.Span
		want time.Time
	}{
		"end of a short month": {day(2027, 1, 31), pki.Span{Months: 1}, day(2027, 2, 28)},
		"leap day":             {day(2028, 2, 29), pki.Span{Years: 10}, day(2038, 2, 28)},
		"over the year":        {day(2026, 11, 30), pki.Span{Months: 3}, day(2027, 2, 28)},
		"days":                 {day(2026, 12, 31), pki.Span{Days: 1}, day(2027, 1, 1)},
		"all":                  {day(2026, 12, 1), pki.Span{Years: 5, Months: 3, Days: 2}, day(2032, 3, 3)},
	} {
		if got := test.span.After(test.from); !got.Equal(test.want) {
			t.Errorf("%s: %v, want %v", name, got, test.want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		a := time.Unix(rapid.Int64Range(0, 4e9).Draw(t, "a"), 0)
		b := a.Add(time.Duration(rapid.IntRange(0, 4e6).Draw(t, "later")) * time.Second)
		s := pki.Span{Years: rapid.IntRange(0, 9).Draw(t, "years"), Months: rapid.IntRange(0, 30).Draw(t, "months")}
		if s.After(b).Before(s.After(a).Truncate(24 * time.Hour)) {
			t.Errorf("%v from %v ends before %v", s, b, a)
		}
	})
}

func TestRevocationList(t *testing.T) {
	for _, curve := range []*ec.Curve{ec.P384(), ec.BrainpoolP256r1()} {
		c := newChain(t, curve, ec.P256())
		empty := c.list(t, start())
		if empty.Revokes(c.signer) || len(empty.Defects) > 0 {
			t.Errorf("empty list revokes, or %q", empty.Defects)
		}
		list := c.list(t, start(), big.NewInt(5), c.signer.SerialNumber)
		if !list.Revokes(c.signer) || list.Revokes(c.root) || len(list.Revoked) != 2 || len(list.Defects) > 0 {
			t.Errorf("list does not revoke, or %q", list.Defects)
		}
		if !bytes.Equal(list.AuthorityKeyID, c.root.SubjectKeyID) || list.Number.Int64() != start().Unix() {
			t.Error("key identifier or number")
		}
		if err := list.CheckSignatureFrom(newChain(t, curve, ec.P256()).root); !errors.Is(err, pki.ErrSignature) {
			t.Errorf("verifies by another root: %v", err)
		}
	}
}

func TestRefusedRevocationLists(t *testing.T) {
	c := newChain(t, ec.P256(), ec.P256())
	entry := pki.Revocation{SerialNumber: big.NewInt(7), At: start()}
	for name, test := range map[string]struct {
		spoil func(*pki.CRLSpec)
		want  error
	}{
		"91 days":           {func(s *pki.CRLSpec) { s.NextUpdate = start().AddDate(0, 0, 91) }, pki.ErrProfile},
		"backwards":         {func(s *pki.CRLSpec) { s.NextUpdate = start() }, pki.ErrProfile},
		"no number":         {func(s *pki.CRLSpec) { s.Number = nil }, pki.ErrProfile},
		"twice":             {func(s *pki.CRLSpec) { s.Revoked = []pki.Revocation{entry, entry} }, pki.ErrProfile},
		"no serial":         {func(s *pki.CRLSpec) { s.Revoked = []pki.Revocation{{At: start()}} }, pki.ErrProfile},
		"after the key use": {func(s *pki.CRLSpec) { *s = laterList() }, pki.ErrOutsideKeyUse},
	} {
		spec := pki.CRLSpec{Number: big.NewInt(1), ThisUpdate: start(), NextUpdate: start().AddDate(0, 0, 90)}
		test.spoil(&spec)
		if _, err := pki.NewCRL(spec, c.root, c.rootKey, rand.Reader); !errors.Is(err, test.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func laterList() pki.CRLSpec {
	at := start().AddDate(5, 0, 1)
	return pki.CRLSpec{Number: big.NewInt(1), ThisUpdate: at, NextUpdate: at.AddDate(0, 0, 1)}
}
