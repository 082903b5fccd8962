package journal

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// Bounds of proofs. A tree of 2^62 leaves has paths of 62 hashes.
const (
	maxCheckpoint = 4 << 10
	maxReceipt    = 8 << 10
	maxPath       = 64
)

// Conditions of headquarters' tree.
var (
	// ErrProof: an inclusion proof does not lead from the entry to the signed root.
	ErrProof = errors.New("proof does not hold")
	// ErrRolledBack: headquarters shows an older tree than it has shown before.
	ErrRolledBack = errors.New("headquarters' tree is older than one already seen")
	// ErrRewritten: headquarters shows a tree that does not contain one it has shown before.
	ErrRewritten = errors.New("headquarters' tree was rewritten")
)

// Checkpoint is a signed state of headquarters' tree: a note whose text has three lines, the name
// of the ledger's key, the number of leaves, and the root in base64 (RFC 6962, 3.5 says the same
// of a signed tree head). The zero Checkpoint stands for "none seen yet".
type Checkpoint struct {
	TreeHead
	Raw []byte
	// Durable came with the checkpoint where headquarters gave it out, verified and consistent with
	// it. It is no part of Raw, and zero in a checkpoint that was parsed from a receipt or a store.
	Durable Durable
	// Time is when headquarters gave the checkpoint out, in seconds since 1970 UTC, verified; 0 where it
	// did not say. It is no part of Raw either.
	Time int64
}

// SignCheckpoint signs the state of a tree.
func SignCheckpoint(head TreeHead, signer note.Signer) (Checkpoint, error) {
	raw, err := signHead(head, "", signer)
	if err != nil {
		return Checkpoint{}, fmt.Errorf("sign checkpoint: %w", err)
	}
	return Checkpoint{TreeHead: head, Raw: raw}, nil
}

// ParseCheckpoint reads a checkpoint and verifies that the ledger's key signed it. Signatures by
// others may stand beside.
func ParseCheckpoint(raw []byte, ledger note.Verifier) (Checkpoint, error) {
	head, rest, err := openHead(raw, ledger)
	if err != nil || len(rest) > 0 {
		return Checkpoint{}, fmt.Errorf("checkpoint: %w", orMalformed(err))
	}
	return Checkpoint{TreeHead: head, Raw: append([]byte(nil), raw...)}, nil
}

func orMalformed(err error) error {
	if err == nil {
		return ErrMalformed
	}
	return err
}

// openHead verifies a note that begins with a state of the tree and returns the lines after that.
func openHead(raw []byte, ledger note.Verifier) (TreeHead, []string, error) {
	if len(raw) > maxCheckpoint {
		return TreeHead{}, nil, ErrTooLarge
	}
	n, err := note.Open(raw, note.VerifierList(ledger))
	var unsigned *note.UnverifiedNoteError
	var wrong *note.InvalidSignatureError
	if errors.As(err, &unsigned) || errors.As(err, &wrong) {
		return TreeHead{}, nil, ErrSignature
	}
	if err != nil {
		return TreeHead{}, nil, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	lines := strings.Split(n.Text, "\n")
	if len(lines) < 4 || lines[0] != ledger.Name() || lines[len(lines)-1] != "" {
		return TreeHead{}, nil, ErrMalformed
	}
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil || size < 0 || strconv.FormatInt(size, 10) != lines[1] {
		return TreeHead{}, nil, fmt.Errorf("size: %w", ErrMalformed)
	}
	root, err := base64.StdEncoding.Strict().DecodeString(lines[2])
	if err != nil || len(root) != len(Hash{}) {
		return TreeHead{}, nil, fmt.Errorf("root: %w", ErrMalformed)
	}
	return TreeHead{Size: size, Root: Hash(root)}, lines[3 : len(lines)-1], nil
}

func signHead(head TreeHead, rest string, signer note.Signer) ([]byte, error) {
	root := base64.StdEncoding.EncodeToString(head.Root[:])
	return note.Sign(&note.Note{Text: fmt.Sprintf("%s\n%d\n%s\n%s", signer.Name(), head.Size, root, rest)}, signer)
}

// Receipt proves that an entry stands in headquarters' tree: its place there, the path from it to
// the root, and the checkpoint that signs the root. It is kept beside the entry for ever.
type Receipt struct {
	Index      int64  `cbor:"1,keyasint"` // leaf number from 0
	Proof      []Hash `cbor:"2,keyasint"` // from the leaf upwards (RFC 6962, 2.1.1)
	Checkpoint []byte `cbor:"3,keyasint"` // signed note
}

// Marshal writes the receipt as it is kept.
func (r Receipt) Marshal() ([]byte, error) { return Encode(r) }

// ParseReceipt reads what Marshal wrote. It verifies nothing.
func ParseReceipt(data []byte) (Receipt, error) {
	if len(data) > maxReceipt {
		return Receipt{}, fmt.Errorf("receipt: %w", ErrTooLarge)
	}
	var r Receipt
	if err := Decode(data, &r); err != nil {
		return Receipt{}, fmt.Errorf("receipt: %w", err)
	}
	if len(r.Proof) > maxPath || r.Index < 0 {
		return Receipt{}, fmt.Errorf("receipt: %w", ErrMalformed)
	}
	return r, nil
}

// VerifyReceipt checks that r proves s under the ledger's key and returns the checkpoint that it
// proves it against. It returns ErrProof, ErrSignature or ErrMalformed.
func VerifyReceipt(s Signed, r Receipt, ledger note.Verifier) (Checkpoint, error) {
	c, err := ParseCheckpoint(r.Checkpoint, ledger)
	if err != nil {
		return Checkpoint{}, fmt.Errorf("receipt: %w", err)
	}
	if err := VerifyInclusion(s, r.Index, r.Proof, c.TreeHead); err != nil {
		return Checkpoint{}, fmt.Errorf("receipt: %w", err)
	}
	return c, nil
}

// VerifyInclusion checks that the entry is leaf number index of the tree.
func VerifyInclusion(s Signed, index int64, path []Hash, head TreeHead) error {
	if len(path) > maxPath {
		return fmt.Errorf("inclusion: %w", ErrMalformed)
	}
	proof := tlog.RecordProof(treeHashes(path))
	if err := tlog.CheckRecord(proof, head.Size, tlog.Hash(head.Root), index, tlog.Hash(s.Leaf())); err != nil {
		return fmt.Errorf("inclusion: %w", ErrProof)
	}
	return nil
}

// VerifyConsistency checks that the tree of newer contains the tree of older (RFC 6962, 2.1.2).
// Both checkpoints have been parsed before. Every tree contains the empty one. It returns
// ErrRolledBack where newer is the smaller one, and ErrRewritten where the proof does not hold.
func VerifyConsistency(older, newer Checkpoint, proof []Hash) error {
	switch {
	case older.Size == 0:
		return nil
	case newer.Size < older.Size:
		return fmt.Errorf("from %d to %d leaves: %w", older.Size, newer.Size, ErrRolledBack)
	case newer.Size == older.Size && newer.Root == older.Root:
		return nil
	case newer.Size == older.Size || len(proof) > 2*maxPath:
		return fmt.Errorf("at %d leaves: %w", newer.Size, ErrRewritten)
	}
	p := tlog.TreeProof(treeHashes(proof))
	if tlog.CheckTree(p, newer.Size, tlog.Hash(newer.Root), older.Size, tlog.Hash(older.Root)) != nil {
		return fmt.Errorf("from %d to %d leaves: %w", older.Size, newer.Size, ErrRewritten)
	}
	return nil
}

func treeHashes(in []Hash) []tlog.Hash {
	out := make([]tlog.Hash, len(in))
	for i, h := range in {
		out[i] = tlog.Hash(h)
	}
	return out
}
