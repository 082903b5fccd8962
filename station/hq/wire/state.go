package wire

import (
	"golang.org/x/mod/sumdb/note"

	"padarozhnik/station/journal"
)

// State is what every answer says of headquarters' tree.
type State struct {
	Checkpoint, Durable []byte
	Consistency         []journal.Hash // with the tree that the caller named
	DurableProof        []journal.Hash
	Time                []byte // when the answer was given; none from one who holds no key
}

// State of a push's answer.
func (m PushResponse) State() State {
	return State{m.Checkpoint, m.Durable, m.Consistency, m.DurableProof, m.Time}
}

// State of a pull's answer.
func (m PullResponse) State() State {
	return State{m.Checkpoint, m.Durable, m.Consistency, m.DurableProof, m.Time}
}

// State of a checkpoint's answer.
func (m CheckpointResponse) State() State {
	return State{m.Checkpoint, m.Durable, m.Consistency, m.DurableProof, m.Time}
}

// Read verifies the checkpoint and whatever of its tree is said to be safe in a second place. Whether
// it contains the tree that the caller has seen, only the caller can tell, by Consistency.
func (s State) Read(ledger note.Verifier) (journal.Checkpoint, error) {
	now, err := journal.ParseCheckpoint(s.Checkpoint, ledger)
	if err != nil {
		return now, err
	}
	if len(s.Time) > 0 {
		if now.Time, err = journal.ParseTime(s.Time, now, ledger); err != nil {
			return journal.Checkpoint{}, err
		}
	}
	if len(s.Durable) == 0 {
		return now, nil
	}
	if now.Durable, err = journal.ParseDurable(s.Durable, ledger); err != nil {
		return journal.Checkpoint{}, err
	}
	if err := journal.VerifyDurable(now.Durable, now, s.DurableProof); err != nil {
		return journal.Checkpoint{}, err
	}
	return now, nil
}
