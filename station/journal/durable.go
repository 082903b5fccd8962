package journal

import (
	"fmt"

	"golang.org/x/mod/sumdb/note"
)

// durableLine is what tells a durable mark from a checkpoint.
const durableLine = "durable"

// Durable says how much of headquarters' tree is safe in a second place: every entry before number
// Size, with the blobs that they name, has been written to a backup and read back from it. It is a
// checkpoint with one more line, "durable", signed by the same key. Only an entry that it covers may
// be the reason for a station to erase what the entry stands for: a receipt alone proves that
// headquarters has the entry, on one machine that may burn. The zero Durable covers nothing.
type Durable struct {
	TreeHead
	Raw []byte // to be kept as the reason for an erasure
}

// Covers tells whether the leaf of that number is safe.
func (d Durable) Covers(leaf int64) bool { return leaf >= 0 && leaf < d.Size }

// SignDurable signs that the tree of a size is safe.
func SignDurable(head TreeHead, signer note.Signer) (Durable, error) {
	raw, err := signHead(head, durableLine+"\n", signer)
	if err != nil {
		return Durable{}, fmt.Errorf("sign durable mark: %w", err)
	}
	return Durable{TreeHead: head, Raw: raw}, nil
}

// ParseDurable reads a durable mark and verifies that the ledger's key signed it. A checkpoint is
// not one. Whether its tree is contained in that of a checkpoint, VerifyDurable tells.
func ParseDurable(raw []byte, ledger note.Verifier) (Durable, error) {
	head, rest, err := openHead(raw, ledger)
	if err != nil || len(rest) != 1 || rest[0] != durableLine {
		return Durable{}, fmt.Errorf("durable mark: %w", orMalformed(err))
	}
	return Durable{TreeHead: head, Raw: append([]byte(nil), raw...)}, nil
}

// VerifyDurable checks that the tree of c contains that of d. It returns ErrRolledBack where the mark
// is for a larger tree, and ErrRewritten where the proof does not hold.
func VerifyDurable(d Durable, c Checkpoint, proof []Hash) error {
	if err := VerifyConsistency(Checkpoint{TreeHead: d.TreeHead}, c, proof); err != nil {
		return fmt.Errorf("durable mark: %w", err)
	}
	return nil
}
