package journal_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/veraison/go-cose"

	"padarozhnik/station/journal"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func newKey(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func first() journal.Entry {
	return journal.Entry{Chain: "UTO-01", Epoch: 1, Sequence: 1, Kind: "day.opened", Time: 1_790_000_000}
}

// full has every field set.
func full(t testing.TB) journal.Entry {
	t.Helper()
	body, err := journal.Encode(map[int]any{1: "PD1234567", 2: uint64(3)})
	if err != nil {
		t.Fatal(err)
	}
	return journal.Entry{
		Chain: "UTO-01/hq", Epoch: 2, Sequence: 7, Previous: journal.Hash{1}, Kind: "order.witnessed",
		Subject: "K7QF-22", Body: body, Time: 1_790_000_000,
		Blob: &journal.Blob{Digest: journal.Hash{2}, Size: 4096},
		Seen: &journal.TreeHead{Size: 12, Root: journal.Hash{3}},
		Pair: journal.Hash{4},
	}
}

func sign(t testing.TB, e journal.Entry, k *ecdsa.PrivateKey) journal.Signed {
	t.Helper()
	s, err := journal.Sign(e, k)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSignParseVerify(t *testing.T) {
	k := newKey(t)
	for name, e := range map[string]journal.Entry{"first": first(), "full": full(t)} {
		t.Run(name, func(t *testing.T) {
			s := sign(t, e, k)
			p, err := journal.Parse(s.Raw())
			if err != nil {
				t.Fatal(err)
			}
			if err := p.Verify(&k.PublicKey); err != nil {
				t.Error(err)
			}
			if p.ID() != s.ID() || p.Entry.Kind != e.Kind || p.Entry.Pair != e.Pair {
				t.Error("parsed entry differs")
			}
			if err := p.Verify(&newKey(t).PublicKey); !errors.Is(err, journal.ErrUnknownKey) {
				t.Errorf("another key: %v", err)
			}
			t.Logf("%d bytes signed, %d payload", len(s.Raw()), len(s.Payload()))
		})
	}
}

func TestIdentityIsOfThePayload(t *testing.T) {
	k := newKey(t)
	a, b := sign(t, first(), k), sign(t, first(), k)
	if bytes.Equal(a.Raw(), b.Raw()) || a.ID() != b.ID() || a.Leaf() != b.Leaf() {
		t.Error("two envelopes of one entry must have one identity")
	}
}

func TestPayloadGolden(t *testing.T) {
	// The signing key's id is part of the payload, so the key is fixed.
	scalar := bytes.Repeat([]byte{7}, 32)
	k, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), scalar)
	if err != nil {
		t.Fatal(err)
	}
	for name, e := range map[string]journal.Entry{"first": first(), "full": full(t)} {
		t.Run(name, func(t *testing.T) {
			got := hex.EncodeToString(sign(t, e, k).Payload()) + "\n"
			path := filepath.Join("testdata", name+".hex")
			if *update {
				if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("the bytes of an entry changed:\n%s%s", got, want)
			}
		})
	}
}

func TestEverySingleBitCounts(t *testing.T) {
	k := newKey(t)
	raw := sign(t, full(t), k).Raw()
	for bit := range len(raw) * 8 {
		changed := bytes.Clone(raw)
		changed[bit/8] ^= 1 << (bit % 8)
		s, err := journal.Parse(changed)
		if err == nil {
			err = s.Verify(&k.PublicKey)
		}
		if err == nil {
			t.Fatalf("bit %d of %d flipped and accepted", bit, len(raw)*8)
		}
	}
	for n := range raw {
		if _, err := journal.Parse(raw[:n]); !errors.Is(err, journal.ErrMalformed) {
			t.Fatalf("cut at %d: %v", n, err)
		}
	}
	if _, err := journal.Parse(append(bytes.Clone(raw), 0)); !errors.Is(err, journal.ErrMalformed) {
		t.Error("byte behind the end accepted")
	}
}

func TestSignRefuses(t *testing.T) {
	k := newKey(t)
	for name, change := range map[string]func(*journal.Entry){
		"no chain":             func(e *journal.Entry) { e.Chain = "" },
		"lower-case chain":     func(e *journal.Entry) { e.Chain = "uto-01" },
		"chain of directives":  func(e *journal.Entry) { e.Chain = "UTO-01/hq/hq" },
		"epoch 0":              func(e *journal.Entry) { e.Epoch = 0 },
		"sequence 0":           func(e *journal.Entry) { e.Sequence = 0 },
		"start with a before":  func(e *journal.Entry) { e.Previous = journal.Hash{1} },
		"middle without":       func(e *journal.Entry) { e.Sequence = 2 },
		"no kind":              func(e *journal.Entry) { e.Kind = "" },
		"kind in capitals":     func(e *journal.Entry) { e.Kind = "Case.Submitted" },
		"a name as subject":    func(e *journal.Entry) { e.Subject = "Янка Купала" },
		"a person as subject":  func(e *journal.Entry) { e.Subject = "JANKA KUPALA" },
		"foreign actor":        func(e *journal.Entry) { e.Actor = "00112233445566778899aabbccddeeff" },
		"blob of nothing":      func(e *journal.Entry) { e.Blob = &journal.Blob{Digest: journal.Hash{1}} },
		"blob without digest":  func(e *journal.Entry) { e.Blob = &journal.Blob{Size: 1} },
		"blob too large":       func(e *journal.Entry) { e.Blob = &journal.Blob{Digest: journal.Hash{1}, Size: 1 << 30} },
		"seen below nothing":   func(e *journal.Entry) { e.Seen = &journal.TreeHead{Size: -1} },
		"body not CBOR":        func(e *journal.Entry) { e.Body = []byte{0xff} },
		"body twice":           func(e *journal.Entry) { e.Body = []byte{0x01, 0x01} },
		"body, long integer":   func(e *journal.Entry) { e.Body = []byte{0x18, 0x01} },
		"body, duplicate keys": func(e *journal.Entry) { e.Body = []byte{0xa2, 1, 1, 1, 2} },
		"body, unsorted keys":  func(e *journal.Entry) { e.Body = []byte{0xa2, 2, 1, 1, 2} },
		"body, indefinite":     func(e *journal.Entry) { e.Body = []byte{0x9f, 0xff} },
		"body, tag":            func(e *journal.Entry) { e.Body = []byte{0xc1, 0x01} },
		"body too deep":        func(e *journal.Entry) { e.Body = append(bytes.Repeat([]byte{0x81}, 30), 1) },
		"body too large":       func(e *journal.Entry) { e.Body = append([]byte{0x59, 0x40, 0}, make([]byte, 0x4000)...) },
	} {
		t.Run(name, func(t *testing.T) {
			e := first()
			change(&e)
			if _, err := journal.Sign(e, k); err == nil {
				t.Error("signed")
			}
		})
	}
	other, _ := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if _, err := journal.Sign(first(), other); err == nil {
		t.Error("signed with P-384")
	}
}

// seal1 makes an envelope by hand, so that it can be wrong.
func seal1(t *testing.T, k *ecdsa.PrivateKey, h cose.Headers, payload []byte, external string) []byte {
	t.Helper()
	by, err := cose.NewSigner(cose.AlgorithmES256, k)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := cose.Sign1(rand.Reader, by, h, payload, []byte(external))
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func TestForeignEnvelopes(t *testing.T) {
	k := newKey(t)
	id, err := journal.KeyID(&k.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	kid, _ := hex.DecodeString(id)
	good := sign(t, first(), k).Payload()
	protected := func(kid []byte) cose.ProtectedHeader {
		return cose.ProtectedHeader{cose.HeaderLabelAlgorithm: cose.AlgorithmES256, cose.HeaderLabelKeyID: kid}
	}
	for name, raw := range map[string][]byte{
		"another key id": seal1(t, k, cose.Headers{Protected: protected(make([]byte, 16))}, good, "padarozhnik/entry/1"),
		"another type":   seal1(t, k, cose.Headers{Protected: protected(kid)}, good, "padarozhnik/profile/1"),
		"something unprotected": seal1(t, k, cose.Headers{Protected: protected(kid),
			Unprotected: cose.UnprotectedHeader{int64(99): int64(1)}}, good, "padarozhnik/entry/1"),
		"unknown field": seal1(t, k, cose.Headers{Protected: protected(kid)},
			append([]byte{good[0] + 1}, append(bytes.Clone(good[1:]), 0x18, 0x63, 0x01)...), "padarozhnik/entry/1"),
	} {
		t.Run(name, func(t *testing.T) {
			s, err := journal.Parse(raw)
			if err == nil {
				err = s.Verify(&k.PublicKey)
			}
			if err == nil {
				t.Error("accepted")
			}
		})
	}
	long := make([]byte, journal.MaxEntry+1)
	if _, err := journal.Parse(long); !errors.Is(err, journal.ErrTooLarge) {
		t.Errorf("too long: %v", err)
	}
}

func TestDecodeBody(t *testing.T) {
	type body struct {
		Serial string `cbor:"1,keyasint"`
	}
	raw, err := journal.Encode(body{Serial: "PD1234567"})
	if err != nil {
		t.Fatal(err)
	}
	var b body
	if err := journal.Decode(raw, &b); err != nil || b.Serial != "PD1234567" {
		t.Errorf("%+v, %v", b, err)
	}
	more, _ := journal.Encode(map[int]any{1: "PD1234567", 2: 1})
	if err := journal.Decode(more, &b); !errors.Is(err, journal.ErrMalformed) {
		t.Errorf("unknown field: %v", err)
	}
}

func FuzzParse(f *testing.F) {
	k := newKey(f)
	f.Add(sign(f, first(), k).Raw())
	f.Add(sign(f, full(f), k).Raw())
	f.Add([]byte{0xd2, 0x84, 0x40, 0xa0, 0x40, 0x40})
	f.Fuzz(func(t *testing.T, raw []byte) {
		s, err := journal.Parse(raw)
		if err != nil {
			return
		}
		if !bytes.Equal(s.Raw(), raw) {
			t.Error("an accepted envelope must be the one spelling")
		}
		_ = s.Verify(&k.PublicKey)
	})
}

func BenchmarkParseVerify(b *testing.B) {
	k := newKey(b)
	raw := sign(b, full(b), k).Raw()
	for b.Loop() {
		s, err := journal.Parse(raw)
		if err != nil {
			b.Fatal(err)
		}
		if err := s.Verify(&k.PublicKey); err != nil {
			b.Fatal(err)
		}
	}
}
