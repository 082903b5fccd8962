package ledger_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/mod/sumdb/note"

	"padarozhnik/station/hq/ledger"
	"padarozhnik/station/hq/ledger/cluster"
	"padarozhnik/station/hq/wire"
	"padarozhnik/station/journal"
)

var (
	utopia1 = wire.Peer{Name: "UTO-01", Role: wire.RoleStation}
	utopia2 = wire.Peer{Name: "UTO-02", Role: wire.RoleStation}
	vault   = wire.Peer{Name: "vault", Role: wire.RoleVault}
)

// engine is one of the two databases that a ledger can live in.
type engine struct {
	name   string
	driver string
	place  func(t testing.TB) string // a new one
}

// source is what database/sql opens a place by, behind the ledger's back.
func (e engine) source(place string) string {
	if e.driver == "pgx" {
		return place
	}
	return filepath.Join(place, "ledger.db")
}

var (
	onSQLite   = engine{name: "SQLite", driver: "sqlite3", place: func(t testing.TB) string { return t.TempDir() }}
	onPostgres = engine{name: "PostgreSQL", driver: "pgx", place: cluster.Database}
)

func TestMain(m *testing.M) { os.Exit(cluster.Main(m)) }

// TestLedger runs everything that a ledger promises on both databases.
func TestLedger(t *testing.T) {
	for _, on := range []engine{onSQLite, onPostgres} {
		t.Run(on.name, func(t *testing.T) {
			for _, c := range suite {
				t.Run(c.name, func(t *testing.T) { c.run(t, on) })
			}
		})
	}
}

// headquarters is a ledger with two stations, an officer and a vault.
type headquarters struct {
	*ledger.Ledger
	on       engine
	place    string // directory, or address of a database
	signer   note.Signer
	verifier note.Verifier
	one, two *ecdsa.PrivateKey // stations
	officer  *ecdsa.PrivateKey // at UTO-01
	hq       *ecdsa.PrivateKey // the vault's
}

func newKey(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func spki(t testing.TB, k *ecdsa.PrivateKey) []byte {
	t.Helper()
	b, err := x509.MarshalPKIXPublicKey(&k.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func checkpointKey(t testing.TB) (note.Signer, note.Verifier) {
	t.Helper()
	private, public, err := note.GenerateKey(rand.Reader, "ledger.utopia.example")
	if err != nil {
		t.Fatal(err)
	}
	signer, err := note.NewSigner(private)
	if err != nil {
		t.Fatal(err)
	}
	verifier, err := note.NewVerifier(public)
	if err != nil {
		t.Fatal(err)
	}
	return signer, verifier
}

func newHeadquarters(t testing.TB, on engine) *headquarters {
	t.Helper()
	h := &headquarters{on: on, place: on.place(t), one: newKey(t), two: newKey(t), officer: newKey(t), hq: newKey(t)}
	h.signer, h.verifier = checkpointKey(t)
	h.open(t)
	t.Cleanup(func() { _ = h.Close() })
	ctx := context.Background()
	err := errors.Join(
		h.Register(ctx, h.first(t)),
		h.Register(ctx, ledger.Station{ID: "UTO-02", Epoch: 1, Key: spki(t, h.two)}),
		h.RegisterVault(ctx, ledger.Vault{Name: "vault", Keys: [][]byte{spki(t, h.hq)}}))
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func (h *headquarters) first(t testing.TB) ledger.Station {
	return ledger.Station{ID: "UTO-01", Epoch: 1, Key: spki(t, h.one),
		Officers: []ledger.Officer{{Key: spki(t, h.officer), Roles: []string{"enrollment", "inspecting"}}}}
}

func (h *headquarters) open(t testing.TB) {
	t.Helper()
	l, err := ledger.Open(h.place, ledger.Options{Signer: h.signer, Verifier: h.verifier})
	if err != nil {
		t.Fatal(err)
	}
	h.Ledger = l
}

// entry is one that would stand at a number behind previous.
func entry(chain string, epoch, sequence uint64, previous journal.Hash, kind string) journal.Entry {
	return journal.Entry{Chain: chain, Epoch: epoch, Sequence: sequence, Previous: previous, Kind: kind}
}

// withBlob is the first entry of a chain, naming a blob.
func withBlob(chain string, b journal.Blob) journal.Entry {
	e := entry(chain, 1, 1, journal.Hash{}, "case.submitted")
	e.Blob = &b
	return e
}

// chain signs n entries behind after.
func chain(t testing.TB, k *ecdsa.PrivateKey, name string, n int, after *journal.Signed) []journal.Signed {
	t.Helper()
	var out []journal.Signed
	for range n {
		e := entry(name, 1, 1, journal.Hash{}, "blank.counted")
		if after != nil {
			e.Epoch, e.Sequence, e.Previous = after.Entry.Epoch, after.Entry.Sequence+1, after.ID()
		}
		s := sign(t, k, e)
		out = append(out, s)
		after = &s
	}
	return out
}

func sign(t testing.TB, k *ecdsa.PrivateKey, e journal.Entry) journal.Signed {
	t.Helper()
	s, err := journal.Sign(e, k)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (h *headquarters) push(from wire.Peer, entries ...journal.Signed) (wire.PushResponse, error) {
	var req wire.PushRequest
	for _, s := range entries {
		req.Entries = append(req.Entries, s.Raw())
	}
	return h.Ingest(context.Background(), from, req)
}

// must pushes and verifies the receipts.
func (h *headquarters) must(t testing.TB, from wire.Peer, entries ...journal.Signed) wire.PushResponse {
	t.Helper()
	a, err := h.push(from, entries...)
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range a.Receipts {
		receipt := journal.Receipt{Index: r.Index, Proof: r.Proof, Checkpoint: a.Checkpoint}
		if _, err := journal.VerifyReceipt(entries[i], receipt, h.verifier); err != nil {
			t.Fatal(err)
		}
	}
	return a
}

func (h *headquarters) size(t testing.TB) int64 {
	t.Helper()
	a, err := h.Checkpoint(context.Background(), 0)
	if err != nil {
		t.Fatal(err)
	}
	c, err := journal.ParseCheckpoint(a.Checkpoint, h.verifier)
	if err != nil {
		t.Fatal(err)
	}
	return c.Size
}

func (h *headquarters) audit(t testing.TB) *ledger.Audit {
	t.Helper()
	a, err := h.Verify(context.Background(), nil)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func (h *headquarters) mustHold(t testing.TB) {
	t.Helper()
	for _, f := range h.audit(t).Findings {
		t.Errorf("audit: leaf %d: %v", f.Leaf, f.Err)
	}
}

// detail takes the refusal out of an error.
func detail(t testing.TB, err error, code wire.Code) *wire.Error {
	t.Helper()
	var e *wire.Error
	if !errors.As(err, &e) || !errors.Is(err, code) {
		t.Fatalf("got %v, want %v", err, code)
	}
	return e
}

// put stores a whole blob.
func (h *headquarters) put(from wire.Peer, digest journal.Hash, data []byte) error {
	_, err := h.PutBlob(context.Background(), from, digest, whole(data), bytes.NewReader(data))
	return err
}

func whole(data []byte) wire.Span { return wire.Span{End: int64(len(data)), Size: int64(len(data))} }

// get reads a whole blob.
func (h *headquarters) get(to wire.Peer, digest journal.Hash) ([]byte, error) {
	b, err := h.OpenBlob(context.Background(), to, digest)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(b)
}

func sealed(data []byte) journal.Blob {
	return journal.Blob{Digest: sha256.Sum256(data), Size: int64(len(data))}
}
