package activeauth_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"encoding/asn1"
	"encoding/hex"
	"errors"
	"fmt"
	"math/big"
	"testing"

	"padarozhnik/devices/chip/activeauth"
	"padarozhnik/devices/chip/apdu"
	"padarozhnik/devices/chip/sm"
	"padarozhnik/station/pki/ec"
	"padarozhnik/station/published"
)

func rsaKey(t testing.TB, bits int) *rsa.PrivateKey {
	t.Helper()
	k, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// card answers INTERNAL AUTHENTICATE, and may spoil its answer.
type card struct {
	signer activeauth.Signer
	spoil  func([]byte) []byte
	got    []byte
}

func (c *card) Transmit(_ context.Context, command []byte) ([]byte, error) {
	c.got = command
	cmd, err := apdu.ParseCommand(command)
	if err != nil {
		return nil, err
	}
	answer, err := c.signer.Sign(cmd.Data)
	if err != nil {
		return []byte{0x6A, 0x80}, nil
	}
	if c.spoil != nil {
		answer = c.spoil(answer)
	}
	return apdu.Response{Data: answer, Status: apdu.OK}.Bytes(), nil
}

// TestPublished brings the random numbers of ICAO Doc 9303-11, Appendix F through both ends. The
// appendix prints no modulus, so that the signature is made by another key and what it recovers is
// compared.
func TestPublished(t *testing.T) {
	var all struct {
		V struct {
			Nonce   string `json:"RND_IFD"`
			Command string `json:"internal_authenticate"`
			M1      string `json:"M1"`
			F       string `json:"F"`
		} `json:"active_authentication_rsa"`
	}
	published.Doc9303(t, &all)
	unhex := func(s string) []byte {
		b, err := hex.DecodeString(s)
		if err != nil || len(b) == 0 {
			t.Fatalf("no vector: %v", err)
		}
		return b
	}
	key := rsaKey(t, 1024)
	c := &card{signer: activeauth.Signer{RSA: key, Hash: crypto.SHA1, Rand: bytes.NewReader(unhex(all.V.M1))}}
	var signature []byte
	c.spoil = func(b []byte) []byte { signature = b; return b }
	terminal := activeauth.Terminal{Rand: bytes.NewReader(unhex(all.V.Nonce))}
	if err := terminal.Run(t.Context(), &sm.Channel{Transmitter: c}, activeauth.Key{RSA: &key.PublicKey}); err != nil {
		t.Fatal(err)
	}
	if want := unhex(all.V.Command); !bytes.Equal(c.got, want) {
		t.Errorf("command %X, want %X", c.got, want)
	}
	f := new(big.Int).Exp(new(big.Int).SetBytes(signature), big.NewInt(int64(key.E)), key.N)
	if want := unhex(all.V.F); !bytes.Equal(f.Bytes(), want) {
		t.Errorf("message %X\nwant    %X", f.Bytes(), want)
	}
}

// sign makes a signature over any message with the key's private half.
func sign(key *rsa.PrivateKey, f []byte) []byte {
	return new(big.Int).Exp(new(big.Int).SetBytes(f), key.D, key.N).FillBytes(make([]byte, key.Size()))
}

// message composes F by hand.
func message(size int, head byte, h crypto.Hash, nonce []byte, trailer ...byte) []byte {
	f := bytes.Repeat([]byte{0x5A}, size)
	f[0] = head
	end := size - len(trailer) - h.Size()
	w := h.New()
	w.Write(f[1:end])
	w.Write(nonce)
	copy(f[end:], w.Sum(nil))
	copy(f[size-len(trailer):], trailer)
	return f
}

func TestTrailers(t *testing.T) {
	key, nonce := rsaKey(t, 1536), []byte("8 bytes!")
	public := activeauth.Key{RSA: &key.PublicKey}
	for _, test := range []struct {
		name    string
		head    byte
		hash    crypto.Hash
		trailer []byte
		want    error
	}{
		{"SHA-1, option 1", 0x6A, crypto.SHA1, []byte{0xBC}, nil},
		{"SHA-1 written out", 0x6A, crypto.SHA1, []byte{0x33, 0xCC}, nil},
		{"SHA-224", 0x6A, crypto.SHA224, []byte{0x38, 0xCC}, nil},
		{"SHA-256", 0x6A, crypto.SHA256, []byte{0x34, 0xCC}, nil},
		{"SHA-384", 0x6A, crypto.SHA384, []byte{0x36, 0xCC}, nil},
		{"SHA-512", 0x6A, crypto.SHA512, []byte{0x35, 0xCC}, nil},
		{"SHA-256 under the name of SHA-224", 0x6A, crypto.SHA256, []byte{0x38, 0xCC}, activeauth.ErrSignature},
		{"SHA-256 with option 1", 0x6A, crypto.SHA256, []byte{0xBC}, activeauth.ErrSignature},
		{"unknown hash", 0x6A, crypto.SHA256, []byte{0x32, 0xCC}, activeauth.ErrSignature},
		{"unknown trailer", 0x6A, crypto.SHA1, []byte{0xAC}, activeauth.ErrSignature},
		{"total recovery", 0x4A, crypto.SHA1, []byte{0xBC}, activeauth.ErrSignature},
	} {
		t.Run(test.name, func(t *testing.T) {
			signature := sign(key, message(key.Size(), test.head, test.hash, nonce, test.trailer...))
			if err := public.Verify(nonce, signature); !errors.Is(err, test.want) {
				t.Errorf("error %v, want %v", err, test.want)
			}
			complement := new(big.Int).Sub(key.N, new(big.Int).SetBytes(signature)).FillBytes(make([]byte, key.Size()))
			if err := public.Verify(nonce, complement); !errors.Is(err, test.want) {
				t.Errorf("signature by B.4: %v, want %v", err, test.want)
			}
		})
	}
}

func TestBothEnds(t *testing.T) {
	for _, bits := range []int{1024, 2048, 3072} {
		key := rsaKey(t, bits)
		for _, h := range []crypto.Hash{crypto.SHA1, crypto.SHA224, crypto.SHA256, crypto.SHA384, crypto.SHA512} {
			both(t, fmt.Sprintf("RSA %d, %s", bits, h), activeauth.Signer{RSA: key, Hash: h, Rand: rand.Reader},
				activeauth.Key{RSA: &key.PublicKey})
		}
	}
	for _, c := range []*ec.Curve{ec.P224(), ec.P256(), ec.P384(), ec.P521(), ec.BrainpoolP256r1(), ec.BrainpoolP512r1()} {
		d, p, err := c.GenerateKey(rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		private, err := c.PrivateKey(d)
		if err != nil {
			t.Fatal(err)
		}
		for _, h := range []crypto.Hash{crypto.SHA224, crypto.SHA256, crypto.SHA384, crypto.SHA512} {
			both(t, fmt.Sprintf("%s, %s", c.Name(), h), activeauth.Signer{ECDSA: private, Hash: h, Rand: rand.Reader},
				activeauth.Key{Curve: c, Point: p, Hash: h})
		}
	}
}

// both runs the two ends, and then the chip with a tampered answer.
func both(t *testing.T, name string, s activeauth.Signer, k activeauth.Key) {
	t.Run(name, func(t *testing.T) {
		terminal := activeauth.Terminal{Rand: rand.Reader, Extended: true}
		run := func(spoil func([]byte) []byte) error {
			return terminal.Run(t.Context(), &sm.Channel{Transmitter: &card{signer: s, spoil: spoil}}, k)
		}
		if err := run(nil); err != nil {
			t.Fatal(err)
		}
		for _, spoil := range []func([]byte) []byte{
			func(b []byte) []byte { b[len(b)-1] ^= 1; return b },
			func(b []byte) []byte { b[len(b)/4] ^= 0x10; return b },
			func(b []byte) []byte { return b[1:] },
			func(b []byte) []byte { return make([]byte, len(b)) },
			func([]byte) []byte { return nil },
		} {
			if err := run(spoil); !errors.Is(err, activeauth.ErrSignature) {
				t.Errorf("tampered answer: %v, want ErrSignature", err)
			}
		}
		// A signature over another nonce is worth nothing.
		stale, err := s.Sign([]byte("01234567"))
		if err != nil {
			t.Fatal(err)
		}
		if err := run(func([]byte) []byte { return stale }); !errors.Is(err, activeauth.ErrSignature) {
			t.Errorf("replayed answer: %v, want ErrSignature", err)
		}
	})
}

func TestUnsupported(t *testing.T) {
	short := rsaKey(t, 1024)
	for _, s := range []activeauth.Signer{
		{RSA: short, Hash: crypto.MD5, Rand: rand.Reader},
		{RSA: short, Rand: rand.Reader},
		{Hash: crypto.SHA256, Rand: rand.Reader},
	} {
		if _, err := s.Sign(make([]byte, 8)); !errors.Is(err, activeauth.ErrUnsupported) {
			t.Errorf("signer %v: %v", s.Hash, err)
		}
	}
	if _, err := (activeauth.Signer{RSA: short, Hash: crypto.SHA1}).Sign(make([]byte, 16)); err == nil {
		t.Error("a nonce of 16 bytes was signed")
	}
	if err := (activeauth.Key{}).Verify(make([]byte, 8), nil); !errors.Is(err, activeauth.ErrUnsupported) {
		t.Errorf("no key: %v", err)
	}
	odd := &rsa.PublicKey{N: new(big.Int).Rsh(short.N, 1), E: 65537}
	if err := (activeauth.Key{RSA: odd}).Verify(make([]byte, 8), nil); !errors.Is(err, activeauth.ErrUnsupported) {
		t.Errorf("modulus of 1023 bits: %v", err)
	}
	for arc, want := range map[int]crypto.Hash{2: crypto.SHA224, 3: crypto.SHA256, 4: crypto.SHA384, 5: crypto.SHA512} {
		h, err := activeauth.ParseSignature(asn1.ObjectIdentifier{0, 4, 0, 127, 0, 7, 1, 1, 4, 1, arc})
		if err != nil || h != want {
			t.Errorf("arc %d: %v, %v", arc, h, err)
		}
	}
	for _, oid := range []asn1.ObjectIdentifier{nil, {1, 2}, {0, 4, 0, 127, 0, 7, 1, 1, 4, 1, 1}} {
		if _, err := activeauth.ParseSignature(oid); !errors.Is(err, activeauth.ErrUnsupported) {
			t.Errorf("%v: %v", oid, err)
		}
	}
}

// FuzzVerify gives both kinds of key an answer of fuzz.
func FuzzVerify(f *testing.F) {
	key := rsaKey(f, 1024)
	key.E = 1 // what is recovered is what was sent
	_, p, err := ec.P256().GenerateKey(rand.Reader)
	if err != nil {
		f.Fatal(err)
	}
	nonce := []byte("8 bytes!")
	good := message(128, 0x6A, crypto.SHA256, nonce, 0x34, 0xCC)
	f.Add(good)
	f.Add(append([]byte{0x6A}, make([]byte, 63)...))
	f.Fuzz(func(t *testing.T, b []byte) {
		err := activeauth.Key{RSA: &key.PublicKey}.Verify(nonce, b)
		if err == nil && !(len(b) == 128 && (b[0] == 0x6A || key.N.Bytes()[0]-b[0] <= 0x6B)) {
			t.Errorf("%X was taken", b)
		}
		if (activeauth.Key{Curve: ec.P256(), Point: p, Hash: crypto.SHA256}).Verify(nonce, b) == nil {
			t.Error("a signature from nowhere")
		}
	})
}
