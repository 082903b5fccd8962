package pki_test

import (
	"bytes"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"padarozhnik/station/pki"
	"padarozhnik/station/pki/ec"
)

// openssl runs openssl in a fresh folder with the files and returns what it printed.
func openssl(t *testing.T, dir string, args ...string) string {
	t.Helper()
	if _, err := exec.LookPath("openssl"); err != nil {
		t.Fatal("openssl is not installed: run make deps")
	}
	cmd := exec.Command("openssl", args...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("openssl %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

func write(t *testing.T, dir, name string, b []byte) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, dir, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestOpenSSLReadsOurs(t *testing.T) {
	for _, curve := range []*ec.Curve{ec.P256(), ec.P384(), ec.BrainpoolP256r1(), ec.BrainpoolP512r1()} {
		t.Run(curve.Name(), func(t *testing.T) {
			c, dir := newChain(t, curve, curve), t.TempDir()
			write(t, dir, "csca.der", c.root.Raw)
			write(t, dir, "dsc.der", c.signer.Raw)
			write(t, dir, "csca.crl", c.list(t, start(), c.signer.SerialNumber).Raw)
			write(t, dir, "data.cms", sign(t, c, []byte("contents"), 0))
			contains(t, openssl(t, dir, "x509", "-inform", "DER", "-in", "csca.der", "-noout", "-text"),
				"CA:TRUE, pathlen:0", "X509v3 Key Usage: critical", "Certificate Sign, CRL Sign", "Private Key Usage Period",
				"Not Before: Dec  1 08:00:00 2026 GMT, Not After: Dec  1 08:00:00 2031 GMT", "Not After : Mar  1 08:00:00 2042 GMT",
				"DirName:/L=UTO", "email:csca@utopia.example", "URI:https://utopia.example/csca.crl",
				"Field Type: prime-field", "Cofactor:  1 (0x1)", "Generator (uncompressed)", "C = UT, O = Utopia")
			contains(t, openssl(t, dir, "x509", "-inform", "DER", "-in", "dsc.der", "-noout", "-text"),
				"Digital Signature\n", "X509v3 Authority Key Identifier", "2.23.136.1.1.6.2")
			openssl(t, dir, "x509", "-inform", "DER", "-in", "csca.der", "-out", "csca.pem")
			contains(t, openssl(t, dir, "crl", "-inform", "DER", "-in", "csca.crl", "-noout", "-text", "-CAfile", "csca.pem"),
				"verify OK", "Version 2 (0x1)", "X509v3 CRL Number", "Serial Number: ")
			openssl(t, dir, "cms", "-verify", "-noverify", "-inform", "DER", "-in", "data.cms", "-out", "content")
			if got := string(read(t, dir, "content")); got != "contents" {
				t.Errorf("openssl read %q", got)
			}
			openssl(t, dir, "asn1parse", "-inform", "DER", "-in", "data.cms")
		})
	}
}

// TestCountryOnRSA signs everything with RSA-PSS. OpenSSL, which refuses explicit curves in a chain,
// can follow this one to its root.
func TestCountryOnRSA(t *testing.T) {
	keys := make([]crypto.Signer, 2)
	for i, bits := range []int{3072, 2048} {
		key, err := rsa.GenerateKey(rand.Reader, bits)
		if err != nil {
			t.Fatal(err)
		}
		keys[i] = key
	}
	c, dir := chainOf(t, rootSpec(), signerSpec(), keys[0], keys[1]), t.TempDir()
	if c.root.Algorithm.Scheme != pki.RSAPSS || c.root.Algorithm.SaltLength != 32 || len(c.root.Defects) > 0 {
		t.Errorf("%+v, defects %q", c.root.Algorithm, c.root.Defects)
	}
	if _, err := c.store(t).VerifyIssue(c.signer, start(), "PP"); err != nil {
		t.Error(err)
	}
	raw := sign(t, c, []byte("contents"), 0)
	flipped(t, raw, func(b []byte) error {
		d, err := pki.ParseSignedData(b)
		if err != nil {
			return err
		}
		if err := d.Verify(); err != nil {
			return err
		}
		_, err = c.store(t).Verify(d.Signer(), start(), "PP")
		return err
	})
	write(t, dir, "csca.der", c.root.Raw)
	write(t, dir, "data.cms", raw)
	write(t, dir, "csca.crl", c.list(t, start()).Raw)
	openssl(t, dir, "x509", "-inform", "DER", "-in", "csca.der", "-out", "csca.pem")
	openssl(t, dir, "cms", "-verify", "-inform", "DER", "-in", "data.cms", "-CAfile", "csca.pem", "-purpose", "any",
		"-attime", fmt.Sprint(start().Unix()+1), "-out", "content")
	contains(t, openssl(t, dir, "crl", "-inform", "DER", "-in", "csca.crl", "-noout", "-text", "-CAfile", "csca.pem"),
		"verify OK", "rsassaPss")
	weak, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := pki.NewCSCA(rootSpec(), weak, rand.Reader); !errors.Is(err, pki.ErrUnsupported) {
		t.Errorf("a root of 1024 bits: %v", err)
	}
}

func contains(t *testing.T, text string, want ...string) {
	t.Helper()
	for _, w := range want {
		if !strings.Contains(text, w) {
			t.Errorf("openssl does not print %q in\n%s", w, text)
		}
	}
}

// TestWeReadOpenSSL covers what we never write: RSA of both paddings, named curves, key identifiers.
func TestWeReadOpenSSL(t *testing.T) {
	pss := []string{"-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:32"}
	for name, test := range map[string]struct {
		newKey  []string
		request []string
		sign    []string
		scheme  pki.Scheme
		weak    bool
		want    error

		tolerated string
	}{
		"RSA": {newKey: []string{"-newkey", "rsa:2048"}, scheme: pki.RSAPKCS1},
		"RSA-PSS": {newKey: []string{"-newkey", "rsa:2048"}, request: pss, scheme: pki.RSAPSS,
			sign: []string{"-keyopt", "rsa_padding_mode:pss", "-keyopt", "rsa_pss_saltlen:32"}},
		"RSA-PSS key": {newKey: []string{"-newkey", "rsa-pss", "-pkeyopt", "rsa_keygen_bits:2048"}, request: pss,
			scheme: pki.RSAPSS, sign: []string{"-keyopt", "rsa_pss_saltlen:32"}},
		"named curve": {newKey: []string{"-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:brainpoolP384r1"},
			scheme: pki.ECDSA},
		"explicit curve": {newKey: []string{"-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-384",
			"-pkeyopt", "ec_param_enc:explicit"}, scheme: pki.ECDSA},
		"key identifier": {newKey: []string{"-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"},
			sign: []string{"-keyid"}, scheme: pki.ECDSA, tolerated: "signer is named by key identifier"},
		"BER": {newKey: []string{"-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"},
			sign: []string{"-stream"}, scheme: pki.ECDSA, tolerated: "signed data is BER, not DER"},
		"curve outside the standard": {newKey: []string{"-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:secp256k1"},
			want: pki.ErrUnsupported},
		"SHA-1": {newKey: []string{"-newkey", "rsa:2048"}, request: []string{"-sha1"}, sign: []string{"-md", "sha1"},
			scheme: pki.RSAPKCS1, weak: true},
		"SHA-1 RSA-PSS": {newKey: []string{"-newkey", "rsa:2048"}, request: []string{"-sha1",
			"-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:20"},
			sign:   []string{"-md", "sha1", "-keyopt", "rsa_padding_mode:pss", "-keyopt", "rsa_pss_saltlen:20"},
			scheme: pki.RSAPSS, weak: true},
		"SHA-1 ECDSA": {newKey: []string{"-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"},
			request: []string{"-sha1"}, sign: []string{"-md", "sha1"}, scheme: pki.ECDSA, weak: true},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			args := append([]string{"req", "-x509", "-noenc", "-subj", "/C=UT/CN=Old Signer", "-sha256", "-days", "3650",
				"-keyout", "key.pem", "-out", "cert.pem", "-addext", "keyUsage=digitalSignature,keyCertSign"}, test.newKey...)
			openssl(t, dir, append(args, test.request...)...)
			block, _ := pem.Decode(read(t, dir, "cert.pem"))
			cert, err := pki.ParseCertificate(block.Bytes)
			if test.want != nil {
				if !errors.Is(err, test.want) {
					t.Errorf("%v, want %v", err, test.want)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if cert.Algorithm.Scheme != test.scheme || cert.Algorithm.Weak() != test.weak {
				t.Errorf("scheme %v, weak %v", cert.Algorithm.Scheme, cert.Algorithm.Weak())
			}
			if err := cert.CheckSignatureFrom(cert); err != nil {
				t.Error(err)
			}
			if d := verifyTheirs(t, dir, test.sign, test.tolerated); d.Algorithm.Weak() != test.weak {
				t.Errorf("weak %v", d.Algorithm.Weak())
			}
		})
	}
}

// verifyTheirs lets openssl sign data and checks it, and that a changed byte is found.
func verifyTheirs(t *testing.T, dir string, options []string, tolerated string) *pki.SignedData {
	t.Helper()
	write(t, dir, "content", []byte("their contents"))
	args := []string{"cms", "-sign", "-binary", "-nodetach", "-econtent_type", "2.23.136.1.1.1", "-md", "sha256",
		"-in", "content", "-signer", "cert.pem", "-inkey", "key.pem", "-outform", "DER", "-out", "data.cms"}
	openssl(t, dir, append(args, options...)...)
	raw := read(t, dir, "data.cms")
	d, err := pki.ParseSignedData(raw)
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Verify(); err != nil {
		t.Error(err)
	}
	if got := strings.Join(d.Tolerated, ", "); got != tolerated {
		t.Errorf("tolerated %q, want %q", got, tolerated)
	}
	changed, err := pki.ParseSignedData(bytes.Replace(raw, []byte("their"), []byte("Their"), 1))
	if err != nil {
		t.Fatal(err)
	}
	if err := changed.Verify(); !errors.Is(err, pki.ErrSignature) {
		t.Errorf("changed contents: %v", err)
	}
	return d
}
