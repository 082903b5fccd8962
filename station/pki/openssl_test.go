package pki_test

import (
	"bytes"
	"encoding/pem"
	"errors"
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
		t.Skip("openssl is not installed")
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
		"SHA-1": {newKey: []string{"-newkey", "rsa:2048"}, request: []string{"-sha1"}, want: pki.ErrUnsupported},
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
			if cert.Algorithm.Scheme != test.scheme {
				t.Errorf("scheme %v", cert.Algorithm.Scheme)
			}
			if err := cert.CheckSignatureFrom(cert); err != nil {
				t.Error(err)
			}
			verifyTheirs(t, dir, test.sign, test.tolerated)
		})
	}
}

// verifyTheirs lets openssl sign data and checks it, and that a changed byte is found.
func verifyTheirs(t *testing.T, dir string, options []string, tolerated string) {
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
	changed := bytes.Replace(raw, []byte("their"), []byte("Their"), 1)
	if d, err = pki.ParseSignedData(changed); err != nil {
		t.Fatal(err)
	}
	if err := d.Verify(); !errors.Is(err, pki.ErrSignature) {
		t.Errorf("changed contents: %v", err)
	}
}
