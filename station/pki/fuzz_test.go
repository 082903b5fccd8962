package pki_test

import (
	"testing"

	"padarozhnik/station/pki"
)

// goldenStore trusts the golden root.
func goldenStore(f *testing.F) *pki.TrustStore {
	f.Helper()
	root, err := pki.ParseCertificate(golden(f, "csca.der"))
	if err != nil {
		f.Fatal(err)
	}
	s := pki.NewTrustStore()
	if err := s.AddAnchor(root, "golden"); err != nil {
		f.Fatal(err)
	}
	return s
}

func FuzzParseCertificate(f *testing.F) {
	f.Add(golden(f, "csca.der"))
	f.Add(golden(f, "dsc.der"))
	store := goldenStore(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		cert, err := pki.ParseCertificate(b)
		if err != nil {
			return
		}
		if cert.PublicKey == nil || cert.SerialNumber == nil || len(cert.Defects) > 64 {
			t.Error("half a certificate")
		}
		_ = pki.NewTrustStore().AddAnchor(cert, "")
		_, _ = store.Verify(cert, start(), "PP")
	})
}

func FuzzParseCRL(f *testing.F) {
	f.Add(golden(f, "csca.crl"))
	signer, err := pki.ParseCertificate(golden(f, "dsc.der"))
	if err != nil {
		f.Fatal(err)
	}
	store := goldenStore(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		list, err := pki.ParseCRL(b)
		if err != nil {
			return
		}
		list.Revokes(signer)
		_ = store.AddCRL(list)
	})
}

func FuzzParseSignedData(f *testing.F) {
	f.Add(golden(f, "data.cms"))
	f.Fuzz(func(t *testing.T, b []byte) {
		d, err := pki.ParseSignedData(b)
		if err == nil && d.Verify() == nil && d.Signer() == nil {
			t.Error("verified without a signer")
		}
	})
}

func FuzzParsePublicKey(f *testing.F) {
	f.Add(golden(f, "key.der"))
	f.Fuzz(func(t *testing.T, b []byte) {
		key, err := pki.ParsePublicKey(b)
		if err == nil && (key.Curve == nil) == (key.RSA == nil) {
			t.Error("neither or both kinds of key")
		}
	})
}
