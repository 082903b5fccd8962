package pki_test

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"padarozhnik/station/pki"
	"padarozhnik/station/pki/ec"
)

// lister is a country that publishes master lists.
type lister struct {
	chain
	key  crypto.Signer
	cert *pki.Certificate
}

func newLister(t testing.TB) lister {
	t.Helper()
	return listerOf(t, newChain(t, ec.P256(), ec.P256()))
}

func listerOf(t testing.TB, c chain) lister {
	t.Helper()
	l := lister{chain: c, key: newKey(t, ec.P256())}
	var err error
	l.cert, err = pki.NewMasterListSigner(pki.MasterListSignerSpec{
		Subject:   pki.Name{Country: "UT", Organization: "Utopia", CommonName: "Master List Signer"},
		NotBefore: start(), KeyUse: pki.Span{Years: 1},
	}, l.key.Public(), l.root, l.rootKey, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func (l lister) list(t testing.TB, certificates ...*pki.Certificate) *pki.MasterList {
	t.Helper()
	m, err := pki.NewMasterList(pki.MasterListSpec{
		Certificates: certificates, SigningTime: start().Add(time.Hour), Along: []*pki.Certificate{l.root},
	}, l.key, l.cert)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// foreign is the chain of another country.
func foreign(t testing.TB, country string) chain {
	t.Helper()
	rs, ss := rootSpec(), signerSpec()
	rs.Subject.Country, ss.Subject.Country = country, country
	return chainFrom(t, rs, ss, ec.P256(), ec.P256())
}

func TestMasterList(t *testing.T) {
	l, a, b := newLister(t), foreign(t, "XA"), foreign(t, "XB")
	m, err := pki.ParseMasterList(l.list(t, b.root, l.root, a.root, b.root).Raw)
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Verify(); err != nil {
		t.Error(err)
	}
	if m.Len != 3 || !m.SigningTime.Equal(start().Add(time.Hour)) || len(m.Defects) > 0 ||
		!bytes.Equal(m.Signer.Raw, l.cert.Raw) {
		t.Errorf("%d certificates, signed %v, defects %q", m.Len, m.SigningTime, m.Defects)
	}
	want := [][]byte{l.root.Raw, a.root.Raw, b.root.Raw}
	slices.SortFunc(want, bytes.Compare)
	var got [][]byte
	for c, err := range m.Certificates() {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, c.Raw)
	}
	if !slices.EqualFunc(got, want, bytes.Equal) {
		t.Error("other certificates than were put in, or not in the order of DER")
	}
	for range m.Certificates() {
		break
	}
}

func TestProfileOfMasterListSigner(t *testing.T) {
	c := newLister(t).cert
	if c.IsCA || c.BasicConstraints || c.KeyUsage != pki.UseDigitalSignature || c.DocumentTypes != nil {
		t.Errorf("CA %v, usage %b, types %v", c.IsCA, c.KeyUsage, c.DocumentTypes)
	}
	if len(c.ExtendedKeyUsage) != 1 || c.ExtendedKeyUsage[0].String() != "2.23.136.1.1.3" {
		t.Errorf("extended key usage %v", c.ExtendedKeyUsage)
	}
	if want := start().AddDate(1, 0, 0); !c.NotAfter.Equal(want) || !c.KeyUse.NotAfter.Equal(want) || len(c.Defects) > 0 {
		t.Errorf("until %v, key until %v, %q", c.NotAfter, c.KeyUse.NotAfter, c.Defects)
	}
}

// TestListAndDocumentSignersAreApart: neither key can do the other's work.
func TestListAndDocumentSignersAreApart(t *testing.T) {
	l := newLister(t)
	if _, err := l.store(t).Verify(l.cert, start(), "PP"); !errors.Is(err, pki.ErrProfile) {
		t.Errorf("list signer signs documents: %v", err)
	}
	if err := l.cert.CheckSigning(start(), "PP"); !errors.Is(err, pki.ErrProfile) {
		t.Errorf("list signer is asked to: %v", err)
	}
	spec := pki.MasterListSpec{Certificates: []*pki.Certificate{l.root}, SigningTime: start()}
	if _, err := pki.NewMasterList(spec, l.signerKey, l.signer); !errors.Is(err, pki.ErrProfile) {
		t.Errorf("document signer signs lists: %v", err)
	}
	raw, err := pki.SignData(pki.CSCAMasterList(), []byte{0x30, 5, 2, 1, 0, 0x31, 0}, l.signerKey, l.signer, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := pki.ParseMasterList(raw); !errors.Is(err, pki.ErrProfile) {
		t.Errorf("list by a document signer: %v", err)
	}
}

func TestRefusedMasterLists(t *testing.T) {
	l := newLister(t)
	good := pki.MasterListSpec{Certificates: []*pki.Certificate{l.root}, SigningTime: start()}
	for name, test := range map[string]struct {
		spoil func(*pki.MasterListSpec)
		key   crypto.Signer
		want  error
	}{
		"empty": {func(s *pki.MasterListSpec) { s.Certificates = nil }, l.key, pki.ErrProfile},
		"document signer": {
			func(s *pki.MasterListSpec) { s.Certificates = []*pki.Certificate{l.signer} }, l.key, pki.ErrProfile,
		},
		"too early":     {func(s *pki.MasterListSpec) { s.SigningTime = start().Add(-time.Hour) }, l.key, pki.ErrExpired},
		"too late":      {func(s *pki.MasterListSpec) { s.SigningTime = start().AddDate(1, 0, 1) }, l.key, pki.ErrExpired},
		"another's key": {func(*pki.MasterListSpec) {}, l.signerKey, pki.ErrKey},
	} {
		spec := good
		test.spoil(&spec)
		if m, err := pki.NewMasterList(spec, test.key, l.cert); !errors.Is(err, test.want) || m != nil {
			t.Errorf("%s: %v, want %v", name, err, test.want)
		}
	}
	for name, b := range map[string][]byte{
		"empty": nil, "certificate": l.root.Raw, "signed data": golden(t, "data.cms"),
	} {
		if _, err := pki.ParseMasterList(b); !errors.Is(err, pki.ErrMalformed) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestMasterListBits changes every fourth byte of a list: it is refused or does not verify.
func TestMasterListBits(t *testing.T) {
	l := newLister(t)
	raw := l.list(t, l.root, foreign(t, "XA").root).Raw
	for i := 0; i < len(raw); i += 4 {
		changed := slices.Clone(raw)
		changed[i] ^= 1 << (i / 4 % 8)
		m, err := pki.ParseMasterList(changed)
		if err != nil {
			continue
		}
		// The bytes of certificates that go along are not signed; the list is what it was.
		if _, err := l.store(t).AddMasterList(m, time.Time{}, ""); err == nil && !sameList(m, raw) {
			t.Fatalf("byte %d: another list is believed", i)
		}
	}
}

func sameList(m *pki.MasterList, raw []byte) bool {
	first, err := pki.ParseMasterList(raw)
	if err != nil {
		return false
	}
	var a, b []byte
	for c := range first.Certificates() {
		a = append(a, c.Raw...)
	}
	for c, err := range m.Certificates() {
		if err != nil {
			return false
		}
		b = append(b, c.Raw...)
	}
	return bytes.Equal(a, b)
}

func TestAddMasterList(t *testing.T) {
	l, a := newLister(t), foreign(t, "XA")
	m := l.list(t, l.root, a.root)
	if _, err := pki.NewTrustStore().AddMasterList(m, start(), "file"); !errors.Is(err, pki.ErrUntrusted) {
		t.Errorf("list of a stranger: %v", err)
	}
	s := l.store(t)
	got, err := s.AddMasterList(m, start(), "by courier")
	if err != nil || got.Added != 1 || got.Known != 1 || len(got.Passed) > 0 || got.Signer.Anchor != l.root {
		t.Fatalf("%+v, %v", got, err)
	}
	path, err := s.Verify(a.signer, start(), "PP")
	if err != nil || path.Origin != "master list of UT, by courier" || !bytes.Equal(path.Anchor.Raw, a.root.Raw) {
		t.Errorf("%q, %v", path.Origin, err)
	}
	origins := s.Anchors()
	if len(origins) != 2 || origins[0].Origin != "test" || origins[1].Certificate.Country() != "XA" {
		t.Errorf("%v", origins)
	}
	if _, err := s.AddMasterList(m, start().AddDate(2, 0, 0), ""); !errors.Is(err, pki.ErrExpired) {
		t.Errorf("after the signer's time: %v", err)
	}
	if err := s.AddCRL(l.chain.list(t, start(), l.cert.SerialNumber)); err != nil {
		t.Fatal(err)
	}
	if _, err := s.AddMasterList(m, start(), ""); !errors.Is(err, pki.ErrRevoked) {
		t.Errorf("of a revoked signer: %v", err)
	}
}

// TestForgedRootInMasterList: a root whose own signature is wrong vouches for nobody.
func TestForgedRootInMasterList(t *testing.T) {
	l, a := newLister(t), foreign(t, "XA")
	forged := slices.Clone(a.root.Raw)
	forged[len(forged)-1] ^= 1
	c, err := pki.ParseCertificate(forged)
	if err != nil {
		t.Fatal(err)
	}
	s := l.store(t)
	if _, err := s.AddMasterList(l.list(t, c), start(), ""); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Verify(a.signer, start(), "PP"); !errors.Is(err, pki.ErrUntrusted) {
		t.Errorf("%v", err)
	}
}

// TestUnreadableInMasterList: what cannot be read is passed over and named.
func TestUnreadableInMasterList(t *testing.T) {
	l, a := newLister(t), foreign(t, "XA")
	broken := *a.root
	broken.Raw = []byte{0x30, 3, 2, 1, 1}
	m := l.list(t, &broken, a.root)
	got, err := l.store(t).AddMasterList(m, start(), "")
	if err != nil || got.Added != 1 || len(got.Passed) != 1 || !strings.Contains(got.Passed[0], "certificate 1") {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestLoadTrustWithMasterList(t *testing.T) {
	l, a := newLister(t), foreign(t, "XA")
	folder := fstest.MapFS{
		"csca.der": {Data: l.root.Raw},
		"list.ml":  {Data: l.list(t, l.root, a.root).Raw},
		"xa.crl":   {Data: a.list(t, start(), a.signer.SerialNumber).Raw},
	}
	s, err := pki.LoadTrust(folder)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Verify(a.signer, start(), "PP"); !errors.Is(err, pki.ErrRevoked) {
		t.Errorf("list of a country from the master list: %v", err)
	}
	if _, err := pki.LoadTrustAt(folder, start().AddDate(2, 0, 0)); !errors.Is(err, pki.ErrExpired) {
		t.Errorf("read when the signer has expired: %v", err)
	}
	folder["ut.crl"] = &fstest.MapFile{Data: l.chain.list(t, start(), l.cert.SerialNumber).Raw}
	if _, err := pki.LoadTrust(folder); !errors.Is(err, pki.ErrRevoked) || !strings.Contains(err.Error(), "list.ml") {
		t.Errorf("list of a revoked signer: %v", err)
	}
	delete(folder, "csca.der")
	delete(folder, "ut.crl")
	if _, err := pki.LoadTrust(folder); !errors.Is(err, pki.ErrUntrusted) {
		t.Errorf("list without its country's root: %v", err)
	}
}

func TestOpenSSLReadsOurMasterList(t *testing.T) {
	l, dir := newLister(t), t.TempDir()
	certificates := []*pki.Certificate{l.root}
	for i := range 20 {
		certificates = append(certificates, foreign(t, fmt.Sprintf("X%c", 'A'+i)).root)
	}
	m := l.list(t, certificates...)
	write(t, dir, "list.ml", m.Raw)
	openssl(t, dir, "cms", "-verify", "-noverify", "-inform", "DER", "-in", "list.ml", "-out", "content")
	text := openssl(t, dir, "asn1parse", "-inform", "DER", "-in", "content")
	if got := strings.Count(text, ":d=2 "); got != m.Len {
		t.Errorf("openssl counts %d certificates, want %d", got, m.Len)
	}
	contains(t, openssl(t, dir, "cms", "-cmsout", "-print", "-noout", "-inform", "DER", "-in", "list.ml"),
		"2.23.136.1.1.2", "signingTime", "subjectKeyIdentifier")
	openssl(t, dir, "cms", "-verify", "-noverify", "-inform", "DER", "-in", "list.ml", "-out", "content")
}
