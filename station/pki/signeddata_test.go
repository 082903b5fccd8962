package pki_test

import (
	"bytes"
	"crypto"
	"errors"
	mathrand "math/rand/v2"
	"testing"

	"padarozhnik/station/pki"
	"padarozhnik/station/pki/ec"
)

func sign(t testing.TB, c chain, content []byte, hash crypto.Hash) []byte {
	t.Helper()
	raw, err := pki.SignData(pki.CardSecurity(), content, c.signerKey, c.signer, hash)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func TestSignData(t *testing.T) {
	content := []byte("contents of any length")
	for _, test := range []struct {
		name  string
		curve *ec.Curve
		hash  crypto.Hash
		want  crypto.Hash
	}{
		{"P-256, own strength", ec.P256(), 0, crypto.SHA256},
		{"P-384, own strength", ec.P384(), 0, crypto.SHA384},
		{"P-521, own strength", ec.P521(), 0, crypto.SHA512},
		{"brainpoolP320r1", ec.BrainpoolP320r1(), 0, crypto.SHA384},
		{"brainpoolP512r1", ec.BrainpoolP512r1(), crypto.SHA512, crypto.SHA512},
		{"brainpoolP256r1 with SHA-512", ec.BrainpoolP256r1(), crypto.SHA512, crypto.SHA512},
		{"P-224 with SHA-256", ec.P224(), crypto.SHA256, crypto.SHA256},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := newChain(t, ec.P256(), test.curve)
			d, err := pki.ParseSignedData(sign(t, c, content, test.hash))
			if err != nil {
				t.Fatal(err)
			}
			if err := d.Verify(); err != nil {
				t.Error(err)
			}
			if d.Hash != test.want || d.Algorithm.Hash != test.want || d.Algorithm.Scheme != pki.ECDSA {
				t.Errorf("hash %v, signature %+v", d.Hash, d.Algorithm)
			}
			if !bytes.Equal(d.Content, content) || !d.ContentType.Equal(pki.CardSecurity()) || len(d.Tolerated) > 0 {
				t.Errorf("content %q of %v, %q", d.Content, d.ContentType, d.Tolerated)
			}
			if d.Signer() == nil || !bytes.Equal(d.Signer().Raw, c.signer.Raw) {
				t.Error("certificate is not embedded")
			}
			if err := d.VerifyWith(c.root); !errors.Is(err, pki.ErrSignature) {
				t.Errorf("with the root: %v", err)
			}
		})
	}
}

func TestRefusedToSign(t *testing.T) {
	c, other := newChain(t, ec.P256(), ec.P256()), newChain(t, ec.P256(), ec.P256())
	for name, test := range map[string]struct {
		key  crypto.Signer
		cert *pki.Certificate
		hash crypto.Hash
		want error
	}{
		"another's key": {other.signerKey, c.signer, 0, pki.ErrKey},
		"root":          {c.rootKey, c.root, 0, pki.ErrProfile},
		"SHA-1":         {c.signerKey, c.signer, crypto.SHA1, pki.ErrUnsupported},
		"SHA-224":       {c.signerKey, c.signer, crypto.SHA224, pki.ErrUnsupported},
	} {
		raw, err := pki.SignData(pki.CardSecurity(), []byte("x"), test.key, test.cert, test.hash)
		if !errors.Is(err, test.want) || raw != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// flips are how many single-bit changes are tried on each structure.
const flips = 2000

// flipped calls verify on copies of b with one bit changed: every bit of a short b, a sample of a
// long one. None may pass.
func flipped(t *testing.T, b []byte, verify func([]byte) error) {
	t.Helper()
	if err := verify(b); err != nil {
		t.Fatalf("unchanged: %v", err)
	}
	random := mathrand.New(mathrand.NewPCG(1, 2))
	for _, bit := range random.Perm(8 * len(b))[:min(flips, 8*len(b))] {
		changed := bytes.Clone(b)
		changed[bit/8] ^= 1 << (bit % 8)
		if verify(changed) == nil {
			t.Errorf("bit %d of byte %d of %d changed and verified", bit%8, bit/8, len(b))
		}
	}
}

func TestFlippedBits(t *testing.T) {
	c := newChain(t, ec.P256(), ec.P256())
	store := c.store(t)
	t.Run("certificate", func(t *testing.T) {
		flipped(t, c.signer.Raw, func(b []byte) error {
			cert, err := pki.ParseCertificate(b)
			if err == nil {
				_, err = store.Verify(cert, start(), "PP")
			}
			return err
		})
	})
	t.Run("root", func(t *testing.T) {
		flipped(t, c.root.Raw, func(b []byte) error {
			cert, err := pki.ParseCertificate(b)
			if err == nil {
				err = pki.NewTrustStore().AddAnchor(cert, "")
			}
			return err
		})
	})
	t.Run("list", func(t *testing.T) {
		flipped(t, c.list(t, start(), c.signer.SerialNumber).Raw, func(b []byte) error {
			list, err := pki.ParseCRL(b)
			if err == nil {
				err = c.store(t).AddCRL(list)
			}
			return err
		})
	})
	t.Run("signed data", func(t *testing.T) {
		flipped(t, sign(t, c, []byte("contents"), 0), func(b []byte) error {
			d, err := pki.ParseSignedData(b)
			if err != nil {
				return err
			}
			if err := d.Verify(); err != nil {
				return err
			}
			_, err = store.Verify(d.Signer(), start(), "PP")
			return err
		})
	})
}
