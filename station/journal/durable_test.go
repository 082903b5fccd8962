package journal_test

import (
	"crypto/rand"
	"errors"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"

	"padarozhnik/station/journal"
)

func TestDurableIsNoCheckpoint(t *testing.T) {
	private, public, err := note.GenerateKey(rand.Reader, "ledger.utopia.example")
	if err != nil {
		t.Fatal(err)
	}
	signer, signerErr := note.NewSigner(private)
	verifier, verifierErr := note.NewVerifier(public)
	head := journal.TreeHead{Size: 7, Root: journal.Hash{1}}
	mark, markErr := journal.SignDurable(head, signer)
	checkpoint, checkpointErr := journal.SignCheckpoint(head, signer)
	if err := errors.Join(signerErr, verifierErr, markErr, checkpointErr); err != nil {
		t.Fatal(err)
	}
	got, err := journal.ParseDurable(mark.Raw, verifier)
	if err != nil || got.TreeHead != head || !got.Covers(6) || got.Covers(7) || got.Covers(-1) {
		t.Errorf("got %+v, %v", got.TreeHead, err)
	}
	if _, err := journal.ParseCheckpoint(mark.Raw, verifier); !errors.Is(err, journal.ErrMalformed) {
		t.Errorf("mark as a checkpoint: %v", err)
	}
	if _, err := journal.ParseDurable(checkpoint.Raw, verifier); !errors.Is(err, journal.ErrMalformed) {
		t.Errorf("checkpoint as a mark: %v", err)
	}
	forged := strings.Replace(string(mark.Raw), "\n7\n", "\n9\n", 1)
	if _, err := journal.ParseDurable([]byte(forged), verifier); !errors.Is(err, journal.ErrSignature) {
		t.Errorf("larger than signed: %v", err)
	}
	if (journal.Durable{}).Covers(0) {
		t.Error("no mark covers something")
	}
	small := journal.Checkpoint{TreeHead: journal.TreeHead{Size: 6, Root: journal.Hash{1}}}
	if err := journal.VerifyDurable(mark, small, nil); !errors.Is(err, journal.ErrRolledBack) {
		t.Errorf("mark beyond the tree: %v", err)
	}
	other := journal.Checkpoint{TreeHead: journal.TreeHead{Size: 7, Root: journal.Hash{2}}}
	if err := journal.VerifyDurable(mark, other, nil); !errors.Is(err, journal.ErrRewritten) {
		t.Errorf("mark of another tree: %v", err)
	}
}
