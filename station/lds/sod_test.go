package lds_test

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"errors"
	mathrand "math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"padarozhnik/station/lds"
	"padarozhnik/station/pki"
	"padarozhnik/station/pki/ec"
)

// office is a document signer below its root.
type office struct {
	key, rootKey crypto.Signer
	root, signer *pki.Certificate
}

func (o office) trust(t testing.TB) *pki.TrustStore {
	t.Helper()
	s := pki.NewTrustStore()
	if err := s.AddAnchor(o.root, "test"); err != nil {
		t.Fatal(err)
	}
	return s
}

func sodIssued() time.Time { return time.Date(2026, 12, 1, 8, 0, 0, 0, time.UTC) }

func newOffice(t testing.TB, rootCurve, signerCurve *ec.Curve) office {
	t.Helper()
	var keys [2]crypto.Signer
	for i, curve := range []*ec.Curve{rootCurve, signerCurve} {
		d, _, err := curve.GenerateKey(rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		if keys[i], err = curve.PrivateKey(d); err != nil {
			t.Fatal(err)
		}
	}
	root, err := pki.NewCSCA(pki.CSCASpec{
		Subject:   pki.Name{Country: "UT", CommonName: "CSCA Utopia"},
		AltName:   pki.AltName{Locality: "UTO"},
		CRLPoints: []string{"https://utopia.example/csca.crl"},
		NotBefore: sodIssued(), KeyUse: pki.Span{Years: 5}, SignerKeyUse: pki.Span{Months: 3},
		DocumentValidity: pki.Span{Years: 10},
	}, keys[0], rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := pki.NewDocumentSigner(pki.SignerSpec{
		Subject:       pki.Name{Country: "UT", CommonName: "Document Signer"},
		DocumentTypes: []string{"P"}, NotBefore: sodIssued(), KeyUse: pki.Span{Months: 3},
		DocumentValidity: pki.Span{Years: 10},
	}, keys[1].Public(), root, keys[0], rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return office{keys[1], keys[0], root, signer}
}

func sodFiles() map[int][]byte {
	return map[int][]byte{
		1:  {0x61, 0x03, 'D', 'G', '1'},
		2:  append([]byte{0x75, 0x82, 0x04, 0x00}, bytes.Repeat([]byte{0x5A}, 1024)...),
		14: {0x6E, 0x02, 0x31, 0x00},
	}
}

func sodSpec(hash crypto.Hash) lds.SODSpec {
	return lds.SODSpec{DataGroups: sodFiles(), Hash: hash, Issued: sodIssued(), DocumentCode: "PP"}
}

func TestSOD(t *testing.T) {
	for _, test := range []struct {
		name         string
		root, signer *ec.Curve
		hash, want   crypto.Hash
	}{
		{"P-256", ec.P256(), ec.P256(), 0, crypto.SHA256},
		{"P-384", ec.P384(), ec.P384(), 0, crypto.SHA384},
		{"brainpool root", ec.BrainpoolP384r1(), ec.P256(), crypto.SHA256, crypto.SHA256},
		{"brainpool", ec.BrainpoolP512r1(), ec.BrainpoolP256r1(), crypto.SHA512, crypto.SHA512},
	} {
		t.Run(test.name, func(t *testing.T) {
			o := newOffice(t, test.root, test.signer)
			file, err := lds.SignSOD(sodSpec(test.hash), o.key, o.signer)
			if err != nil {
				t.Fatal(err)
			}
			sod, err := lds.ParseSOD(file)
			if err != nil {
				t.Fatal(err)
			}
			if sod.Hash != test.want || sod.LDSVersion != "0108" || sod.UnicodeVersion != "040000" {
				t.Errorf("hash %v, versions %q %q", sod.Hash, sod.LDSVersion, sod.UnicodeVersion)
			}
			if len(sod.SignedData.Tolerated) > 0 || sod.Signer == nil {
				t.Errorf("tolerated %q", sod.SignedData.Tolerated)
			}
			checkSOD(t, sod, o)
			judgeByOpenSSL(t, file)
		})
	}
}

// checkSOD verifies everything a reader verifies, and that wrong data groups are found.
func checkSOD(t *testing.T, sod *lds.SOD, o office) {
	t.Helper()
	if err := sod.Verify(); err != nil {
		t.Error(err)
	}
	trust := pki.NewTrustStore()
	if err := trust.AddAnchor(o.root, "test"); err != nil {
		t.Fatal(err)
	}
	if _, err := trust.VerifyIssue(sod.Signer, sodIssued(), "PP"); err != nil {
		t.Error(err)
	}
	for number, ef := range sodFiles() {
		if err := sod.CheckDataGroup(number, ef); err != nil {
			t.Error(err)
		}
		if err := sod.CheckDataGroup(number, ef[:len(ef)-1]); !errors.Is(err, pki.ErrSignature) {
			t.Errorf("short data group %d: %v", number, err)
		}
	}
	for _, number := range []int{0, 3, 99} {
		if err := sod.CheckDataGroup(number, sodFiles()[1]); !errors.Is(err, pki.ErrSignature) {
			t.Errorf("data group %d, which is not there: %v", number, err)
		}
	}
}

// judgeByOpenSSL lets openssl verify the signed data inside tag 77.
func judgeByOpenSSL(t *testing.T, file []byte) {
	t.Helper()
	if _, err := exec.LookPath("openssl"); err != nil {
		t.Fatal("openssl is not installed: run make deps")
	}
	dir := t.TempDir()
	name := filepath.Join(dir, "sod.cms")
	inner := file[2+int(file[1]&0x7F):] // a SOD is longer than 127 bytes
	if err := os.WriteFile(name, inner, 0o600); err != nil {
		t.Fatal(err)
	}
	for want, args := range map[string][]string{
		"erification successful": {"cms", "-verify", "-noverify", "-inform", "DER", "-in", name, "-out", name + ".out"},
		"2.23.136.1.1.1":         {"asn1parse", "-inform", "DER", "-in", name},
	} {
		out, err := exec.Command("openssl", args...).CombinedOutput()
		if err != nil || !strings.Contains(string(out), want) {
			t.Errorf("openssl %s: %v\n%s", args[0], err, out)
		}
	}
}

func TestSODRefused(t *testing.T) {
	o, other := newOffice(t, ec.P256(), ec.P256()), newOffice(t, ec.P256(), ec.P256())
	for name, test := range map[string]struct {
		spoil func(*lds.SODSpec)
		want  error
	}{
		"after the key use":  {func(s *lds.SODSpec) { s.Issued = sodIssued().AddDate(0, 3, 1) }, pki.ErrOutsideKeyUse},
		"before it":          {func(s *lds.SODSpec) { s.Issued = sodIssued().Add(-time.Second) }, pki.ErrExpired},
		"identity card":      {func(s *lds.SODSpec) { s.DocumentCode = "I" }, pki.ErrDocumentType},
		"no code":            {func(s *lds.SODSpec) { s.DocumentCode = "" }, lds.ErrContent},
		"no date":            {func(s *lds.SODSpec) { s.Issued = time.Time{} }, lds.ErrContent},
		"one data group":     {func(s *lds.SODSpec) { delete(s.DataGroups, 2); delete(s.DataGroups, 14) }, lds.ErrContent},
		"contents only":      {func(s *lds.SODSpec) { s.DataGroups[1] = []byte("DG1") }, lds.ErrContent},
		"swapped":            {func(s *lds.SODSpec) { s.DataGroups[1] = s.DataGroups[14] }, lds.ErrContent},
		"data group 17":      {func(s *lds.SODSpec) { s.DataGroups[17] = s.DataGroups[1] }, lds.ErrContent},
		"something appended": {func(s *lds.SODSpec) { s.DataGroups[1] = append(s.DataGroups[1], 0) }, lds.ErrContent},
		"SHA-1":              {func(s *lds.SODSpec) { s.Hash = crypto.SHA1 }, pki.ErrUnsupported},
	} {
		t.Run(name, func(t *testing.T) {
			spec := sodSpec(0)
			test.spoil(&spec)
			file, err := lds.SignSOD(spec, o.key, o.signer)
			if !errors.Is(err, test.want) || file != nil {
				t.Errorf("%v, want %v", err, test.want)
			}
		})
	}
	if _, err := lds.SignSOD(sodSpec(0), other.key, o.signer); !errors.Is(err, pki.ErrKey) {
		t.Errorf("another's key: %v", err)
	}
	signed, err := pki.SignData(pki.CardSecurity(), []byte{0x31, 0x00}, o.key, o.signer, 0)
	if err != nil {
		t.Fatal(err)
	}
	file := append([]byte{0x77, 0x82, byte(len(signed) >> 8), byte(len(signed))}, signed...)
	if _, err := lds.ParseSOD(file); !errors.Is(err, lds.ErrMalformed) {
		t.Errorf("EF.CardSecurity as EF.SOD: %v", err)
	}
}

// TestSODFlippedBits changes single bits. None may pass for a reader with the right root.
func TestSODFlippedBits(t *testing.T) {
	o := newOffice(t, ec.P256(), ec.P256())
	file, err := lds.SignSOD(sodSpec(0), o.key, o.signer)
	if err != nil {
		t.Fatal(err)
	}
	trust := pki.NewTrustStore()
	if err := trust.AddAnchor(o.root, "test"); err != nil {
		t.Fatal(err)
	}
	passes := func(b []byte) bool {
		sod, err := lds.ParseSOD(b)
		if err != nil || sod.Verify() != nil {
			return false
		}
		_, err = trust.Verify(sod.Signer, sodIssued(), "PP")
		return err == nil
	}
	if !passes(file) {
		t.Fatal("unchanged EF.SOD does not verify")
	}
	random := mathrand.New(mathrand.NewPCG(3, 4))
	for _, bit := range random.Perm(8 * len(file))[:2000] {
		changed := bytes.Clone(file)
		changed[bit/8] ^= 1 << (bit % 8)
		if passes(changed) {
			t.Errorf("bit %d of byte %d of %d changed and verified", bit%8, bit/8, len(file))
		}
	}
}

func FuzzParseSOD(f *testing.F) {
	o := newOffice(f, ec.P256(), ec.P256())
	file, err := lds.SignSOD(sodSpec(0), o.key, o.signer)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(file)
	f.Add([]byte{0x77, 0x02, 0x30, 0x00})
	f.Fuzz(func(t *testing.T, b []byte) {
		sod, err := lds.ParseSOD(b)
		if err != nil {
			return
		}
		if len(sod.DataGroups) < 2 {
			t.Error("fewer than two digests")
		}
		_ = sod.Verify()
		_ = sod.CheckDataGroup(1, b)
	})
}

func BenchmarkSignSOD(b *testing.B) {
	o := newOffice(b, ec.P256(), ec.P256())
	for b.Loop() {
		if _, err := lds.SignSOD(sodSpec(0), o.key, o.signer); err != nil {
			b.Fatal(err)
		}
	}
}
