package journal_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"padarozhnik/station/journal"
)

func TestTimeMark(t *testing.T) {
	key := newLedger(t)
	signer, verifier := key.signer, key.verifier
	head := journal.TreeHead{Size: 7, Root: journal.Hash{1}}
	at := time.Unix(1764140000, 5)
	raw, markErr := journal.SignTime(head, at, signer)
	durable, durableErr := journal.SignDurable(head, signer)
	if err := errors.Join(markErr, durableErr); err != nil {
		t.Fatal(err)
	}
	here := journal.Checkpoint{TreeHead: head}
	if got, err := journal.ParseTime(raw, here, verifier); err != nil || got != at.Unix() {
		t.Errorf("got %d, %v", got, err)
	}
	elsewhere := journal.Checkpoint{TreeHead: journal.TreeHead{Size: 8, Root: journal.Hash{1}}}
	if _, err := journal.ParseTime(raw, elsewhere, verifier); !errors.Is(err, journal.ErrMalformed) {
		t.Errorf("mark of another tree: %v", err)
	}
	later := strings.Replace(string(raw), "1764140000", "1964140000", 1)
	if _, err := journal.ParseTime([]byte(later), here, verifier); !errors.Is(err, journal.ErrSignature) {
		t.Errorf("another time than signed: %v", err)
	}
	if _, err := journal.ParseTime(durable.Raw, here, verifier); !errors.Is(err, journal.ErrMalformed) {
		t.Errorf("durable mark as a time: %v", err)
	}
	if _, err := journal.ParseCheckpoint(raw, verifier); !errors.Is(err, journal.ErrMalformed) {
		t.Errorf("time as a checkpoint: %v", err)
	}
}
