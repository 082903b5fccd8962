package pki_test

import (
	"testing"

	"padarozhnik/station/pki"
)

// goldenStore trusts the golden root.
func goldenStore(f testing.TB) *pki.TrustStore {
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

func FuzzParseMasterList(f *testing.F) {
	f.Add(golden(f, "list.ml"))
	f.Add(golden(f, "data.cms"))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := pki.ParseMasterList(b)
		if err != nil {
			return
		}
		n := 0
		for c, err := range m.Certificates() {
			if n++; err == nil && c.PublicKey == nil {
				t.Error("half a certificate")
			}
		}
		if n != m.Len || m.Signer == nil {
			t.Errorf("%d certificates, announced %d", n, m.Len)
		}
		_, _ = goldenStore(t).AddMasterList(m, start(), "")
	})
}

func FuzzFollowLink(f *testing.F) {
	f.Add(golden(f, "link.der"))
	f.Add(golden(f, "csca.der"))
	root, err := pki.ParseCertificate(golden(f, "csca.der"))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		link, err := pki.ParseCertificate(b)
		if err != nil {
			return
		}
		store := goldenStore(t)
		if err := store.FollowLink(link, nil, start().AddDate(4, 0, 0)); err == nil && link.CheckSignatureFrom(root) != nil {
			t.Error("followed a link that the root did not sign")
		}
	})
}
