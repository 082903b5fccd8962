package journal_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"testing"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"padarozhnik/station/journal"
)

// ledger is a tree in memory.
type ledger struct {
	signer   note.Signer
	verifier note.Verifier
	hashes   []tlog.Hash
	size     int64
}

func newLedger(t testing.TB) *ledger {
	t.Helper()
	private, public, err := note.GenerateKey(rand.Reader, "ledger.example")
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
	return &ledger{signer: signer, verifier: verifier}
}

func (l *ledger) ReadHashes(at []int64) ([]tlog.Hash, error) {
	out := make([]tlog.Hash, len(at))
	for i, p := range at {
		out[i] = l.hashes[p]
	}
	return out, nil
}

func (l *ledger) add(t testing.TB, s journal.Signed) {
	t.Helper()
	h, err := tlog.StoredHashes(l.size, s.Payload(), l)
	if err != nil {
		t.Fatal(err)
	}
	l.hashes = append(l.hashes, h...)
	l.size++
}

func (l *ledger) checkpoint(t testing.TB) journal.Checkpoint {
	t.Helper()
	root, err := tlog.TreeHash(l.size, l)
	if err != nil {
		t.Fatal(err)
	}
	c, err := journal.SignCheckpoint(journal.TreeHead{Size: l.size, Root: journal.Hash(root)}, l.signer)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func (l *ledger) receipt(t testing.TB, index int64) journal.Receipt {
	t.Helper()
	p, err := tlog.ProveRecord(l.size, index, l)
	if err != nil {
		t.Fatal(err)
	}
	r := journal.Receipt{Index: index, Checkpoint: l.checkpoint(t).Raw}
	for _, h := range p {
		r.Proof = append(r.Proof, journal.Hash(h))
	}
	return r
}

func TestReceipts(t *testing.T) {
	k, l := newKey(t), newLedger(t)
	entries := chain(t, k, "UTO-01", 13, nil)
	for _, s := range entries {
		l.add(t, s)
	}
	for i, s := range entries {
		r := l.receipt(t, int64(i))
		raw, err := r.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		again, err := journal.ParseReceipt(raw)
		if err != nil {
			t.Fatal(err)
		}
		c, err := journal.VerifyReceipt(s, again, l.verifier)
		if err != nil || c.Size != 13 {
			t.Errorf("entry %d: %v", i, err)
		}
		if _, err := journal.VerifyReceipt(entries[(i+1)%13], r, l.verifier); !errors.Is(err, journal.ErrProof) {
			t.Errorf("receipt of another entry: %v", err)
		}
	}
	r := l.receipt(t, 3)
	r.Proof[0][0] ^= 1
	if _, err := journal.VerifyReceipt(entries[3], r, l.verifier); !errors.Is(err, journal.ErrProof) {
		t.Errorf("changed path: %v", err)
	}
	_, err := journal.VerifyReceipt(entries[3], l.receipt(t, 3), newLedger(t).verifier)
	if !errors.Is(err, journal.ErrSignature) {
		t.Errorf("another ledger's key: %v", err)
	}
}

func TestConsistency(t *testing.T) {
	k, l := newKey(t), newLedger(t)
	empty := l.checkpoint(t)
	entries := chain(t, k, "UTO-01", 11, nil)
	var seen []journal.Checkpoint
	for _, s := range entries {
		l.add(t, s)
		seen = append(seen, l.checkpoint(t))
	}
	newest := seen[10]
	prove := func(n int64) (out []journal.Hash) {
		p, err := tlog.ProveTree(l.size, n, l)
		if err != nil {
			t.Fatal(err)
		}
		for _, h := range p {
			out = append(out, journal.Hash(h))
		}
		return out
	}
	for _, c := range seen {
		if err := journal.VerifyConsistency(c, newest, prove(c.Size)); err != nil {
			t.Errorf("from %d: %v", c.Size, err)
		}
	}
	for _, older := range []journal.Checkpoint{{}, empty} {
		if err := journal.VerifyConsistency(older, newest, nil); err != nil {
			t.Errorf("from nothing: %v", err)
		}
	}
	if err := journal.VerifyConsistency(newest, seen[4], nil); !errors.Is(err, journal.ErrRolledBack) {
		t.Errorf("older tree: %v", err)
	}
	rewritten := seen[6]
	rewritten.Root[0] ^= 1
	if err := journal.VerifyConsistency(rewritten, newest, prove(7)); !errors.Is(err, journal.ErrRewritten) {
		t.Errorf("rewritten tree: %v", err)
	}
	rewritten = newest
	rewritten.Root[0] ^= 1
	if err := journal.VerifyConsistency(rewritten, newest, nil); !errors.Is(err, journal.ErrRewritten) {
		t.Errorf("rewritten at the same size: %v", err)
	}
}

func TestCheckpointForms(t *testing.T) {
	l := newLedger(t)
	l.add(t, chain(t, newKey(t), "UTO-01", 1, nil)[0])
	raw := l.checkpoint(t).Raw
	sign := func(text string) []byte {
		b, err := note.Sign(&note.Note{Text: text}, l.signer)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	const root = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
	for name, b := range map[string][]byte{
		"unsigned":        raw[:bytes.Index(raw, []byte("\n\n"))+1],
		"changed":         bytes.Replace(raw, []byte("\n1\n"), []byte("\n2\n"), 1),
		"another origin":  sign("other.example\n1\n" + root + "\n"),
		"negative":        sign("ledger.example\n-1\n" + root + "\n"),
		"leading zero":    sign("ledger.example\n01\n" + root + "\n"),
		"short root":      sign("ledger.example\n1\nAAAA\n"),
		"a line too many": sign("ledger.example\n1\n" + root + "\nmore\n"),
		"empty":           nil,
		"long":            make([]byte, 1<<20),
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := journal.ParseCheckpoint(b, l.verifier); err == nil {
				t.Error("accepted")
			}
		})
	}
	witness := newLedger(t)
	opened, err := note.Open(raw, note.VerifierList(l.verifier))
	if err != nil {
		t.Fatal(err)
	}
	both, err := note.Sign(opened, l.signer, witness.signer)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := journal.ParseCheckpoint(both, l.verifier); err != nil {
		t.Errorf("with a witness beside: %v", err)
	}
}

func FuzzParseReceipt(f *testing.F) {
	l, k := newLedger(f), newKey(f)
	for _, s := range chain(f, k, "UTO-01", 5, nil) {
		l.add(f, s)
	}
	raw, err := l.receipt(f, 2).Marshal()
	if err != nil {
		f.Fatal(err)
	}
	entry := chain(f, k, "UTO-01", 1, nil)[0]
	f.Add(raw)
	f.Fuzz(func(t *testing.T, b []byte) {
		if r, err := journal.ParseReceipt(b); err == nil {
			_, _ = journal.VerifyReceipt(entry, r, l.verifier)
		}
	})
}

func FuzzParseCheckpoint(f *testing.F) {
	l := newLedger(f)
	f.Add(l.checkpoint(f).Raw)
	f.Fuzz(func(t *testing.T, b []byte) {
		_, _ = journal.ParseCheckpoint(b, l.verifier)
	})
}
