package bundle_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hpke"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"padarozhnik/station/hq/bundle"
	"padarozhnik/station/hq/wire"
	"padarozhnik/station/journal"
	"padarozhnik/station/journal/seal"
)

// opener is an HPKE key at hand.
type opener struct{ hpke.PrivateKey }

func (o opener) HPKEPublic() []byte { return o.PublicKey().Bytes() }

func (o opener) Open(info, sealed []byte) ([]byte, error) {
	return seal.OpenWith(o.PrivateKey, info, sealed)
}

func newOpener(t testing.TB) opener {
	t.Helper()
	k, err := seal.KEM().GenerateKey()
	if err != nil {
		t.Fatal(err)
	}
	return opener{k}
}

func newKey(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// post is a station and a vault that write to one another.
type post struct {
	station *ecdsa.PrivateKey
	vault   opener
	dir     string
}

func newPost(t testing.TB) *post {
	return &post{newKey(t), newOpener(t), t.TempDir()}
}

func (p *post) signedBy(bundle.Hello) (*ecdsa.PublicKey, error) { return &p.station.PublicKey, nil }

func (p *post) letter() bundle.Letter {
	return bundle.Letter{
		Direction: bundle.ToHeadquarters, Recipient: p.vault.PublicKey(), Signer: p.station,
		Hello: bundle.Hello{Station: "UTO-01", Made: 1_790_000_000, Known: 5, Own: 3, After: 2},
	}
}

// write makes a bundle of n entries in pushes of eight, and blobs of the given sizes before them.
func (p *post) write(t testing.TB, name string, n int, blobs ...int) (string, []journal.Signed) {
	t.Helper()
	path := filepath.Join(p.dir, name)
	w, err := bundle.Create(path, p.letter())
	if err != nil {
		t.Fatal(err)
	}
	out := bundle.Outbox{Writer: w}
	for _, size := range blobs {
		data := make([]byte, size)
		_, _ = rand.Read(data)
		b := journal.Blob{Digest: sha256.Sum256(data), Size: int64(size)}
		if err := out.PutBlob(context.Background(), b, data); err != nil {
			t.Fatal(err)
		}
	}
	list := p.chain(t, n)
	for i := 0; i < n; i += 8 {
		if err := out.Push(context.Background(), journal.Checkpoint{}, list[i:min(i+8, n)]); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Commit(); err != nil {
		t.Fatal(err)
	}
	return path, list
}

func (p *post) chain(t testing.TB, n int) []journal.Signed {
	t.Helper()
	var out []journal.Signed
	e := journal.Entry{
		Chain: "UTO-01", Epoch: 1, Sequence: 1, Kind: "case.opened", Subject: "7KQXM-2WNPA", Time: 1_790_000_000,
	}
	for range n {
		s, err := journal.Sign(e, p.station)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, s)
		e.Sequence, e.Previous = e.Sequence+1, s.ID()
	}
	return out
}

// taker is a ledger that keeps what it is handed.
type taker struct {
	entries []journal.Signed
	blobs   map[journal.Hash]int
}

func (k *taker) PutBlob(_ context.Context, b journal.Blob, data []byte) error {
	k.blobs[b.Digest] = len(data)
	return nil
}

func (k *taker) Push(_ context.Context, _ journal.Checkpoint, entries []journal.Signed) (
	[]journal.Receipt, journal.Checkpoint, error) {
	k.entries = append(k.entries, entries...)
	return nil, journal.Checkpoint{}, nil
}

func TestWhatWasWrittenArrives(t *testing.T) {
	p := newPost(t)
	path, list := p.write(t, "a", 20, 4096, 200_000)
	b, err := bundle.Open(path, bundle.ToHeadquarters, p.vault, p.signedBy)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	if b.Hello != p.letter().Hello {
		t.Errorf("hello %+v", b.Hello)
	}
	k := &taker{blobs: map[journal.Hash]int{}}
	done, err := b.Forward(t.Context(), k)
	if err != nil || done.Entries != 20 || done.Blobs != 2 || done.Until.Sequence != 20 || len(k.blobs) != 2 {
		t.Errorf("forwarded %+v, %v", done, err)
	}
	for i, s := range list {
		if !bytes.Equal(k.entries[i].Raw(), s.Raw()) {
			t.Fatalf("entry %d arrived as other bytes", i)
		}
	}
}

// TestTheFinderLearnsNothing: no name, no token, no kind of entry, and a size that is a class.
func TestTheFinderLearnsNothing(t *testing.T) {
	p := newPost(t)
	sizes := map[int64]bool{}
	for n := 1; n <= 40; n++ {
		path, _ := p.write(t, "n"+string(rune('A'+n)), n)
		raw, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, planted := range []string{"UTO-01", "7KQXM-2WNPA", "case.opened"} {
			if bytes.Contains(raw, []byte(planted)) {
				t.Errorf("the file says %s", planted)
			}
		}
		sizes[int64(len(raw))] = true
	}
	if len(sizes) != 1 {
		t.Errorf("1 to 40 entries have %d sizes", len(sizes))
	}
	_, err := bundle.Open(filepath.Join(p.dir, "nB"), bundle.ToHeadquarters, newOpener(t), p.signedBy)
	if !errors.Is(err, journal.ErrNotForUs) {
		t.Errorf("a stranger's key: %v", err)
	}
}

func TestAnotherSigner(t *testing.T) {
	p := newPost(t)
	path, _ := p.write(t, "a", 1)
	other := newKey(t)
	_, err := bundle.Open(path, bundle.ToHeadquarters, p.vault,
		func(bundle.Hello) (*ecdsa.PublicKey, error) { return &other.PublicKey, nil })
	if !errors.Is(err, journal.ErrSignature) {
		t.Errorf("got %v", err)
	}
}

// TestSealedOn takes a letter out of its envelope and into one to somebody else: the signature is
// bound to the recipient.
func TestSealedOn(t *testing.T) {
	p := newPost(t)
	path, _ := p.write(t, "a", 3)
	b, err := bundle.Open(path, bundle.ToHeadquarters, p.vault, p.signedBy)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	third := newOpener(t)
	l := p.letter()
	l.Recipient, l.Signer = third.PublicKey(), newKey(t)
	w, err := bundle.Create(filepath.Join(p.dir, "b"), l)
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range b.Parts {
		body, err := b.Body(part)
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Add(part.Kind, body); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Commit(); err != nil {
		t.Fatal(err)
	}
	_, err = bundle.Open(filepath.Join(p.dir, "b"), bundle.ToHeadquarters, third, p.signedBy)
	if !errors.Is(err, journal.ErrSignature) {
		t.Errorf("got %v", err)
	}
}

// TestEntriesOfAnotherChain: a station's letter speaks for that station alone.
func TestEntriesOfAnotherChain(t *testing.T) {
	p := newPost(t)
	l := p.letter()
	l.Hello.Station = "UTO-02"
	w, err := bundle.Create(filepath.Join(p.dir, "a"), l)
	if err != nil {
		t.Fatal(err)
	}
	if err := (bundle.Outbox{Writer: w}).Push(t.Context(), journal.Checkpoint{}, p.chain(t, 1)); err != nil {
		t.Fatal(err)
	}
	if err := w.Commit(); err != nil {
		t.Fatal(err)
	}
	b, err := bundle.Open(filepath.Join(p.dir, "a"), bundle.ToHeadquarters, p.vault, p.signedBy)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	k := &taker{}
	if _, err := b.Forward(t.Context(), k); !errors.Is(err, journal.ErrNotForUs) || len(k.entries) > 0 {
		t.Errorf("got %v, %d entries", err, len(k.entries))
	}
}

func TestNothingIsReplaced(t *testing.T) {
	p := newPost(t)
	path := filepath.Join(p.dir, "a")
	if err := os.WriteFile(path, []byte("photographs"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := bundle.Create(path, p.letter()); !errors.Is(err, journal.ErrFileExists) {
		t.Errorf("got %v", err)
	}
	late := filepath.Join(p.dir, "b")
	w, err := bundle.Create(late, p.letter())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(late, []byte("photographs"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := w.Commit(); !errors.Is(err, journal.ErrFileExists) {
		t.Errorf("a file that came meanwhile: %v", err)
	}
	for _, name := range []string{path, late} {
		if raw, err := os.ReadFile(name); err != nil || string(raw) != "photographs" {
			t.Errorf("%s: %q, %v", name, raw, err)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(p.dir, ".new-*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestWhatMayNotStandInABundle(t *testing.T) {
	p := newPost(t)
	w, err := bundle.Create(filepath.Join(p.dir, "a"), p.letter())
	if err != nil {
		t.Fatal(err)
	}
	defer w.Abort()
	for name, err := range map[string]error{
		"an answer to headquarters": w.Add(bundle.KindOwn, []byte{1}),
		"a part of no kind":         w.Add(99, []byte{1}),
		"an empty part":             w.Add(bundle.KindBlob, nil),
		"a blob too large":          w.Add(bundle.KindBlob, make([]byte, journal.MaxBlob+1)),
		"a message too large":       w.Add(bundle.KindPush, make([]byte, wire.MaxMessage+1)),
	} {
		if !errors.Is(err, journal.ErrTooLarge) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
