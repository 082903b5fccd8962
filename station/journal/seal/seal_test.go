package seal_test

import (
	"bytes"
	"crypto/hpke"
	"crypto/sha256"
	"errors"
	"testing"

	"padarozhnik/station/journal"
	"padarozhnik/station/journal/seal"
)

// opener is a private key in memory.
type opener struct{ private hpke.PrivateKey }

func (o opener) HPKEPublic() []byte { return o.private.PublicKey().Bytes() }
func (o opener) Open(info, sealed []byte) ([]byte, error) {
	return seal.OpenWith(o.private, info, sealed)
}

func newOpener(t testing.TB) (opener, hpke.PublicKey) {
	t.Helper()
	private, err := seal.KEM().GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	return opener{private}, private.PublicKey()
}

func TestSealAndOpen(t *testing.T) {
	o, pub := newOpener(t)
	for _, n := range []int{0, 1, 2900, 4096, 50_000, seal.MaxPlaintext} {
		plain := bytes.Repeat([]byte{0xA5}, n)
		blob, named, err := seal.Seal(pub, seal.PurposeCase, plain)
		if err != nil {
			t.Fatal(err)
		}
		if len(blob) != seal.SizeClass(len(blob)) || named.Size != int64(len(blob)) ||
			named.Digest != sha256.Sum256(blob) || len(blob) > journal.MaxBlob {
			t.Errorf("%d bytes: blob of %d, named %v", n, len(blob), named)
		}
		got, err := seal.Open(o, seal.PurposeCase, blob)
		if err != nil || !bytes.Equal(got, plain) {
			t.Errorf("%d bytes: %v", n, err)
		}
		if _, err := seal.Open(o, seal.PurposeOrder, blob); !errors.Is(err, seal.ErrOpen) {
			t.Errorf("other purpose: %v", err)
		}
	}
	_, _, err := seal.Seal(pub, seal.PurposeCase, make([]byte, seal.MaxPlaintext+1))
	if !errors.Is(err, seal.ErrTooLarge) {
		t.Errorf("too large: %v", err)
	}
}

func TestSealedBlobsOfOneClassLookAlike(t *testing.T) {
	_, pub := newOpener(t)
	short, _, _ := seal.Seal(pub, seal.PurposeCase, []byte("Я"))
	long, _, _ := seal.Seal(pub, seal.PurposeCase, make([]byte, 2900))
	if len(short) != len(long) {
		t.Errorf("%d and %d bytes", len(short), len(long))
	}
}

func TestChangedBlobDoesNotOpen(t *testing.T) {
	o, pub := newOpener(t)
	other, _ := newOpener(t)
	blob, _, err := seal.Seal(pub, seal.PurposeCase, []byte("secret"))
	if err != nil {
		t.Fatal(err)
	}
	for bit := 0; bit < len(blob)*8; bit += 101 {
		changed := bytes.Clone(blob)
		changed[bit/8] ^= 1 << (bit % 8)
		if _, err := seal.Open(o, seal.PurposeCase, changed); !errors.Is(err, seal.ErrOpen) {
			t.Fatalf("bit %d: %v", bit, err)
		}
	}
	for _, b := range [][]byte{nil, blob[:10], blob[:len(blob)-1], append(bytes.Clone(blob), 0)} {
		if _, err := seal.Open(o, seal.PurposeCase, b); !errors.Is(err, seal.ErrOpen) {
			t.Errorf("%d bytes: %v", len(b), err)
		}
	}
	if _, err := seal.Open(other, seal.PurposeCase, blob); !errors.Is(err, seal.ErrOpen) {
		t.Errorf("another key: %v", err)
	}
}

func TestSizeClass(t *testing.T) {
	for n, want := range map[int]int{
		0: 4096, 1: 4096, 4096: 4096, 4097: 5120, 5120: 5120, 5121: 6144, 7169: 8192,
		8193: 10240, 50_000: 57344, 8 << 20: 8 << 20,
	} {
		if got := seal.SizeClass(n); got != want {
			t.Errorf("SizeClass(%d) = %d, want %d", n, got, want)
		}
	}
	for n := 4097; n < 1<<17; n += 37 {
		c := seal.SizeClass(n)
		if c < n || c > n+n/4+1 || seal.SizeClass(c) != c {
			t.Fatalf("SizeClass(%d) = %d", n, c)
		}
	}
}

func TestKey(t *testing.T) {
	k, day := seal.NewKey(), seal.NewKey()
	sealed, err := k.Seal("case A/draft", []byte("plain"))
	if err != nil {
		t.Fatal(err)
	}
	if len(sealed) != 4096 {
		t.Errorf("sealed draft of %d bytes", len(sealed))
	}
	if _, err := k.Open("case B/draft", sealed); !errors.Is(err, seal.ErrOpen) {
		t.Errorf("other context: %v", err)
	}
	wrapped, err := day.WrapKey("case A", k)
	if err != nil {
		t.Fatal(err)
	}
	k.Destroy()
	if _, err := k.Open("case A/draft", sealed); !errors.Is(err, seal.ErrDestroyed) {
		t.Errorf("destroyed: %v", err)
	}
	if _, err := day.WrapKey("case A", k); !errors.Is(err, seal.ErrDestroyed) {
		t.Errorf("wrap of destroyed: %v", err)
	}
	if _, err := day.UnwrapKey("case B", wrapped); !errors.Is(err, seal.ErrOpen) {
		t.Errorf("unwrap for another case: %v", err)
	}
	again, err := day.UnwrapKey("case A", wrapped)
	if err != nil {
		t.Fatal(err)
	}
	plain, err := again.Open("case A/draft", sealed)
	if err != nil || string(plain) != "plain" {
		t.Errorf("opened %q, %v", plain, err)
	}
}

func TestWrapTo(t *testing.T) {
	enrolling, pubE := newOpener(t)
	approving, pubA := newOpener(t)
	stranger, _ := newOpener(t)
	k := seal.NewKey()
	sealed, err := k.Seal("case A", []byte("plain"))
	if err != nil {
		t.Fatal(err)
	}
	wraps, err := k.WrapTo("case A", pubE, pubA)
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range []opener{enrolling, approving} {
		again, err := seal.Unwrap(o, "case A", wraps)
		if err != nil {
			t.Fatal(err)
		}
		if plain, err := again.Open("case A", sealed); err != nil || string(plain) != "plain" {
			t.Errorf("opened %q, %v", plain, err)
		}
		if _, err := seal.Unwrap(o, "case B", wraps); !errors.Is(err, seal.ErrOpen) {
			t.Errorf("other case: %v", err)
		}
	}
	if _, err := seal.Unwrap(stranger, "case A", wraps); !errors.Is(err, seal.ErrNotRecipient) {
		t.Errorf("stranger: %v", err)
	}
}

func FuzzOpen(f *testing.F) {
	o, pub := newOpener(f)
	blob, _, _ := seal.Seal(pub, seal.PurposeCase, []byte("seed"))
	f.Add(blob)
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		plain, err := seal.Open(o, seal.PurposeCase, b)
		if err == nil && !bytes.Equal(b, blob) {
			t.Errorf("opened %d bytes that nobody sealed", len(plain))
		}
	})
}

func BenchmarkSeal50kB(b *testing.B) {
	_, pub := newOpener(b)
	plain := make([]byte, 50_000)
	b.SetBytes(int64(len(plain)))
	for b.Loop() {
		if _, _, err := seal.Seal(pub, seal.PurposeCase, plain); err != nil {
			b.Fatal(err)
		}
	}
}
