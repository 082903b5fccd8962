package ec_test

import (
	"bytes"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"math/big"
	"os/exec"
	"strings"
	"testing"

	"padarozhnik/station/pki/ec"
	"padarozhnik/station/published"
)

func all() []*ec.Curve {
	return []*ec.Curve{
		ec.P192(), ec.P224(), ec.P256(), ec.P384(), ec.P521(),
		ec.BrainpoolP192r1(), ec.BrainpoolP224r1(), ec.BrainpoolP256r1(),
		ec.BrainpoolP320r1(), ec.BrainpoolP384r1(), ec.BrainpoolP512r1(),
	}
}

func opensslName(c *ec.Curve) string {
	switch c.Name() {
	case "P-192":
		return "prime192v1"
	case "P-224":
		return "secp224r1"
	case "P-256":
		return "prime256v1"
	case "P-384":
		return "secp384r1"
	case "P-521":
		return "secp521r1"
	}
	return c.Name()
}

func TestPublishedPACEMapping(t *testing.T) {
	var vectors map[string]json.RawMessage
	published.Doc9303(t, &vectors)
	for _, name := range []string{"pace_gm_ecdh_G1", "pace_cam_ecdh_I1"} {
		t.Run(name, func(t *testing.T) {
			v := map[string]any{}
			if err := json.Unmarshal(vectors[name], &v); err != nil {
				t.Fatal(err)
			}
			mappedExchange(t, ec.BrainpoolP256r1(), func(key string) []byte {
				s, _ := v[key].(string)
				b, err := hex.DecodeString(s)
				if err != nil || len(b) == 0 {
					t.Fatalf("vector %s: %v", key, err)
				}
				return b
			})
		})
	}
}

// mappedExchange recomputes every point of generic mapping (ICAO Doc 9303-11, 4.4.3.3.1).
func mappedExchange(t *testing.T, c *ec.Curve, vector func(string) []byte) {
	t.Helper()
	num := func(key string) *big.Int { return new(big.Int).SetBytes(vector(key)) }
	point := func(key string) ec.Point {
		b := vector(key)
		if len(b) == 64 {
			b = append([]byte{4}, b...)
		}
		p, err := c.Point(b)
		if err != nil {
			t.Fatalf("%s: %v", key, err)
		}
		return p
	}
	same := func(key string, got ec.Point) {
		t.Helper()
		if want := point(key); !want.Equal(got) {
			t.Errorf("%s: %x, want %x", key, c.Bytes(got), c.Bytes(want))
		}
	}
	same("map_terminal_public", c.BaseMul(num("map_terminal_private")))
	same("map_chip_public", c.BaseMul(num("map_chip_private")))
	h := c.Mul(num("map_terminal_private"), point("map_chip_public"))
	same("shared_H", h)
	g := c.AddPoints(c.BaseMul(num("nonce_s")), h)
	same("mapped_generator", g)
	same("ka_terminal_public", c.Mul(num("ka_terminal_private"), g))
	same("ka_chip_public", c.Mul(num("ka_chip_private"), g))
	k := c.Mul(num("ka_terminal_private"), point("ka_chip_public"))
	if got := k.X.FillBytes(make([]byte, c.Size())); !bytes.Equal(got, vector("shared_secret_K")) {
		t.Errorf("K = %x", got)
	}
}

func TestGroupLaws(t *testing.T) {
	for _, c := range all() {
		t.Run(c.Name(), func(t *testing.T) {
			g := ec.Point{X: c.Gx, Y: c.Gy}
			if !c.OnCurve(g) || !c.P.ProbablyPrime(10) || !c.N.ProbablyPrime(10) {
				t.Fatal("bad constants")
			}
			a, p := generate(t, c)
			b, q := generate(t, c)
			sum := new(big.Int).Add(a, b)
			minusOne := new(big.Int).Sub(c.N, big.NewInt(1))
			negative := ec.Point{X: p.X, Y: new(big.Int).Sub(c.P, p.Y)}
			same := func(what string, x, y ec.Point) {
				t.Helper()
				if !x.Equal(y) {
					t.Errorf("%s: %v and %v", what, x, y)
				}
			}
			same("aG+bG = (a+b)G", c.AddPoints(p, q), c.BaseMul(sum))
			same("a(bG) = b(aG)", c.Mul(a, q), c.Mul(b, p))
			same("P+P = 2P", c.AddPoints(p, p), c.Mul(big.NewInt(2), p))
			same("(N-1)P = -P", c.Mul(minusOne, p), negative)
			same("-1 P = -P", c.Mul(big.NewInt(-1), p), negative)
			same("P-P", c.AddPoints(p, negative), ec.Point{})
			same("NP", c.Mul(c.N, p), ec.Point{})
			same("0G", c.BaseMul(new(big.Int)), ec.Point{})
			same("P+0", c.AddPoints(p, ec.Point{}), p)
			same("0+P", c.AddPoints(ec.Point{}, p), p)
			same("base = point", c.BaseMul(a), c.Mul(a, g))
			off := ec.Point{X: p.X, Y: new(big.Int).Xor(p.Y, big.NewInt(1))}
			same("off curve", c.Mul(a, off), ec.Point{})
			same("off curve", c.AddPoints(p, off), ec.Point{})
			same("off curve", c.AddPoints(ec.Point{}, off), ec.Point{})
		})
	}
}

func generate(t *testing.T, c *ec.Curve) (*big.Int, ec.Point) {
	t.Helper()
	d, p, err := c.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return d, p
}

func TestLookups(t *testing.T) {
	for _, c := range all() {
		byID, err1 := ec.ByParameterID(c.ParameterID())
		byOID, err2 := ec.ByOID(c.OID())
		byNumbers, err3 := ec.ByParams(c.P, c.A, c.B, c.Gx, c.Gy, c.N)
		of, err4 := ec.Of(c.ECDSACurve())
		own, err5 := ec.Of(c)
		if err := errors.Join(err1, err2, err3, err4, err5); err != nil {
			t.Fatal(err)
		}
		if byID != c || byOID != c || byNumbers != c || of != c || own != c {
			t.Errorf("%s: found another curve", c.Name())
		}
		other := new(big.Int).Add(c.Gx, big.NewInt(1))
		if _, err := ec.ByParams(c.P, c.A, c.B, other, c.Gy, c.N); !errors.Is(err, ec.ErrUnknownCurve) {
			t.Errorf("%s with another generator: %v", c.Name(), err)
		}
	}
	for _, id := range []int{-1, 0, 7, 19} {
		if _, err := ec.ByParameterID(id); !errors.Is(err, ec.ErrUnknownCurve) {
			t.Errorf("parameters %d: %v", id, err)
		}
	}
}

func TestPointBytes(t *testing.T) {
	for _, c := range all() {
		t.Run(c.Name(), func(t *testing.T) {
			_, p := generate(t, c)
			good := c.Bytes(p)
			if q, err := c.Point(good); err != nil || !q.Equal(p) {
				t.Fatalf("round trip: %v", err)
			}
			moved := bytes.Clone(good)
			moved[len(moved)-1] ^= 1
			compressed := append([]byte{2 + byte(p.Y.Bit(0))}, good[1:1+c.Size()]...)
			zero := make([]byte, len(good))
			zero[0] = 4
			beyond := bytes.Repeat([]byte{0xFF}, len(good))
			beyond[0] = 4
			for name, b := range map[string][]byte{
				"moved": moved, "compressed": compressed, "infinity": {0}, "empty": nil, "zero": zero,
				"beyond the field": beyond, "short": good[:len(good)-1], "long": append(bytes.Clone(good), 0),
			} {
				if _, err := c.Point(b); !errors.Is(err, ec.ErrPoint) {
					t.Errorf("%s: %v", name, err)
				}
			}
		})
	}
}

func TestAgainstStandardLibrary(t *testing.T) {
	for c, std := range map[*ec.Curve]ecdh.Curve{
		ec.P256(): ecdh.P256(), ec.P384(): ecdh.P384(), ec.P521(): ecdh.P521(),
	} {
		d, p := generate(t, c)
		theirs, err := std.GenerateKey(rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		ours, err := std.NewPrivateKey(d.FillBytes(make([]byte, c.Size())))
		if err != nil || !bytes.Equal(ours.PublicKey().Bytes(), c.Bytes(p)) {
			t.Fatalf("%s: public key differs: %v", c.Name(), err)
		}
		want, err := ours.ECDH(theirs.PublicKey())
		if err != nil {
			t.Fatal(err)
		}
		q, err := c.Point(theirs.PublicKey().Bytes())
		if err != nil {
			t.Fatal(err)
		}
		if got := c.Mul(d, q).X.FillBytes(make([]byte, c.Size())); !bytes.Equal(got, want) {
			t.Errorf("%s: shared secret differs", c.Name())
		}
	}
	if ec.P224().ECDSACurve() != elliptic.P224() {
		t.Error("P-224 is not the standard library's")
	}
}

func TestECDSA(t *testing.T) {
	digest := sha256.Sum256([]byte("Utopia"))
	for _, c := range all() {
		d, _ := generate(t, c)
		key, err := c.PrivateKey(d)
		if err != nil {
			t.Fatal(err)
		}
		sig, err := ecdsa.SignASN1(rand.Reader, key, digest[:])
		if err != nil {
			t.Fatalf("%s: %v", c.Name(), err)
		}
		if !ecdsa.VerifyASN1(&key.PublicKey, digest[:], sig) {
			t.Errorf("%s: signature does not verify", c.Name())
		}
		wrong := sha256.Sum256([]byte("utopia"))
		if ecdsa.VerifyASN1(&key.PublicKey, wrong[:], sig) {
			t.Errorf("%s: signature verifies for another message", c.Name())
		}
		if found, _, err := ec.FromPublicKey(&key.PublicKey); err != nil || found != c {
			t.Errorf("%s: from public key: %v", c.Name(), err)
		}
	}
}

// TestAgainstOpenSSL lets openssl make a key on each curve and compares its public point.
func TestAgainstOpenSSL(t *testing.T) {
	if _, err := exec.LookPath("openssl"); err != nil {
		t.Fatal("openssl is not installed: run make deps")
	}
	for _, c := range all() {
		out, err := exec.Command("openssl", "ecparam", "-name", opensslName(c), "-genkey", "-noout",
			"-outform", "DER").Output()
		if err != nil {
			t.Fatalf("%s: %v", c.Name(), err)
		}
		cmd := exec.Command("openssl", "ec", "-inform", "DER", "-noout", "-text")
		cmd.Stdin = bytes.NewReader(out)
		text, err := cmd.Output()
		if err != nil {
			t.Fatalf("%s: %v", c.Name(), err)
		}
		d := new(big.Int).SetBytes(block(t, string(text), "priv:"))
		if got, want := c.Bytes(c.BaseMul(d)), block(t, string(text), "pub:"); !bytes.Equal(got, want) {
			t.Errorf("%s: %x, openssl says %x", c.Name(), got, want)
		}
	}
}

// block returns the hexadecimal bytes that follow a label in openssl's text.
func block(t *testing.T, text, label string) []byte {
	t.Helper()
	_, rest, found := strings.Cut(text, label)
	if !found {
		t.Fatalf("openssl printed no %q", label)
	}
	var digits strings.Builder
	for _, line := range strings.Split(rest, "\n")[1:] {
		if !strings.HasPrefix(line, " ") {
			break
		}
		digits.WriteString(strings.ReplaceAll(strings.TrimSpace(line), ":", ""))
	}
	b, err := hex.DecodeString(digits.String())
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestGenerateKeyRefusesBadRandomness(t *testing.T) {
	if _, _, err := ec.P256().GenerateKey(bytes.NewReader(nil)); err == nil {
		t.Error("no randomness accepted")
	}
	zeros := bytes.NewReader(make([]byte, 1<<20))
	if _, _, err := ec.BrainpoolP256r1().GenerateKey(zeros); err == nil {
		t.Error("zeros accepted")
	}
}

func FuzzPoint(f *testing.F) {
	for _, c := range all() {
		f.Add(c.ParameterID(), c.Bytes(ec.Point{X: c.Gx, Y: c.Gy}))
	}
	f.Fuzz(func(t *testing.T, id int, b []byte) {
		c, err := ec.ByParameterID(id)
		if err != nil {
			return
		}
		if p, err := c.Point(b); err == nil && !bytes.Equal(c.Bytes(p), b) {
			t.Errorf("%x reads as %x", b, c.Bytes(p))
		}
	})
}

func BenchmarkMul(b *testing.B) {
	for _, c := range all() {
		b.Run(c.Name(), func(b *testing.B) {
			d, p, err := c.GenerateKey(rand.Reader)
			if err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				p = c.Mul(d, p)
			}
		})
	}
}
