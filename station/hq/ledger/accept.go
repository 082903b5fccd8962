package ledger

import (
	"crypto/ecdsa"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"padarozhnik/station/hq/wire"
	"padarozhnik/station/journal"
)

// intake is one push at work. What it accepts is written at the end, in few statements, because
// each is a way to the database and back.
type intake struct {
	*tx
	from   wire.Peer
	size   int64 // leaves before
	fresh  []journal.Signed
	bound  []*candidate // whose signatures must hold before anything is committed
	chains map[string]*chainState
	blobs  map[journal.Hash]int64 // sizes of those stored that the push names
}

// chainState is where a chain stands.
type chainState struct {
	epoch uint64 // of the station now
	head  *journal.Signed
	leaf  int64 // of head
	grew  bool
}

// admit tells whether a party may call at all.
func (t *tx) admit(p wire.Peer) error { return t.admitWith(p, "", nil) }

// admitWith is admit, and reads more columns on the same way to the database.
func (t *tx) admitWith(p wire.Peer, columns string, args []any, into ...any) error {
	var role string
	var revoked bool
	err := t.row("SELECT role, revoked"+columns+" FROM parties WHERE name = ?", append(args, p.Name)...).
		Scan(append([]any{&role, &revoked}, into...)...)
	switch {
	case errors.Is(err, sql.ErrNoRows), err == nil && role != string(p.Role):
		return &wire.Error{Code: wire.UnknownStation}
	case err != nil:
		return fmt.Errorf("caller: %w", err)
	case revoked:
		return &wire.Error{Code: wire.Revoked}
	}
	return nil
}

// accept puts one entry behind the head of its chain and returns its leaf number, or finds it stored
// already.
func (in *intake) accept(c *candidate) (int64, error) {
	s := c.Signed
	state, err := in.enter(s.Entry.Chain)
	if err != nil {
		return 0, err
	}
	if leaf, found, err := in.stored(c, state); err != nil || found {
		return leaf, err
	}
	next := in.size + int64(len(in.fresh))
	if err := in.bind(c, next); err != nil {
		return 0, err
	}
	_, directives, _ := journal.SplitChain(s.Entry.Chain)
	if !directives && s.Entry.Epoch != state.epoch {
		return 0, &wire.Error{Code: wire.WrongEpoch, Chain: s.Entry.Chain, Epoch: state.epoch, Expected: 1}
	}
	err = journal.Follows(state.head, s)
	var gap *journal.GapError
	if errors.As(err, &gap) {
		return 0, &wire.Error{Code: wire.Gap, Chain: gap.Chain, Epoch: gap.WantEpoch, Expected: gap.Want}
	}
	if err != nil {
		return 0, err
	}
	if err := in.requireBlob(s.Entry); err != nil {
		return 0, err
	}
	in.fresh = append(in.fresh, s)
	state.head, state.leaf, state.grew = &s, next, true
	return next, nil
}

// enter checks that the caller owns the chain and that it is open, and returns where it stands.
func (in *intake) enter(chain string) (*chainState, error) {
	station, directives, err := journal.SplitChain(chain)
	if err != nil {
		return nil, &wire.Error{Code: wire.BadEntry}
	}
	own := in.from.Role == wire.RoleStation && !directives && in.from.Name == station
	if !own && in.from.Role != wire.RoleVault {
		return nil, &wire.Error{Code: wire.NotYours, Chain: chain}
	}
	if state := in.chains[chain]; state != nil {
		return state, nil
	}
	state := &chainState{}
	var frozen, revoked bool
	var raw []byte
	var leaf sql.NullInt64
	err = in.row(`SELECT p.epoch, p.revoked, c.frozen, e.leaf, e.raw FROM chains c
		JOIN parties p ON p.name = c.party LEFT JOIN entries e ON e.leaf = c.head
		WHERE c.name = ?`, chain).Scan(&state.epoch, &revoked, &frozen, &leaf, &raw)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil, &wire.Error{Code: wire.UnknownStation, Chain: chain}
	case err != nil:
		return nil, fmt.Errorf("chain %s: %w", chain, err)
	case revoked:
		return nil, &wire.Error{Code: wire.Revoked, Chain: chain}
	case frozen:
		return nil, &wire.Error{Code: wire.Frozen, Chain: chain}
	}
	if leaf.Valid {
		head, err := journal.Parse(raw)
		if err != nil {
			return nil, fmt.Errorf("head of chain %s: %w", chain, err)
		}
		state.head, state.leaf = &head, leaf.Int64
	}
	in.chains[chain] = state
	return state, nil
}

// stored looks for an entry at the same number. The same payload in an envelope that holds is
// that entry; another payload that holds, by the keys of then or of now, is a *journal.ForkError.
func (in *intake) stored(c *candidate, state *chainState) (leaf int64, found bool, err error) {
	leaf, kept, err := in.at(c.Entry, state)
	if err != nil || kept == nil {
		return 0, false, err
	}
	err = in.verify(c, leaf)
	if kept.ID() == c.ID() {
		return leaf, err == nil, err
	}
	if errors.Is(err, wire.UnknownKey) {
		err = in.verify(c, in.size+int64(len(in.fresh)))
	}
	if err != nil {
		return 0, false, err
	}
	return 0, false, &journal.ForkError{Kept: *kept, Other: c.Signed}
}

// at returns what stands at the number of e: nothing where the chain has not come so far.
func (in *intake) at(e journal.Entry, state *chainState) (int64, *journal.Signed, error) {
	if h := state.head; h == nil || e.Epoch > h.Entry.Epoch || e.Epoch == h.Entry.Epoch && e.Sequence > h.Entry.Sequence {
		return 0, nil, nil
	}
	for i, s := range in.fresh {
		if s.Entry.Chain == e.Chain && s.Entry.Epoch == e.Epoch && s.Entry.Sequence == e.Sequence {
			return in.size + int64(i), &s, nil
		}
	}
	var leaf int64
	var raw []byte
	err := in.row("SELECT leaf, raw FROM entries WHERE chain = ? AND epoch = ? AND sequence = ?",
		e.Chain, int64(e.Epoch), int64(e.Sequence)).Scan(&leaf, &raw)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil, nil
	}
	if err != nil {
		return 0, nil, fmt.Errorf("chain %s: %w", e.Chain, err)
	}
	kept, err := journal.Parse(raw)
	if err != nil {
		return 0, nil, fmt.Errorf("leaf %d: %w", leaf, err)
	}
	return leaf, &kept, nil
}

// bind checks that the actor's key was valid for a leaf, and leaves the signature to prove where it is
// being checked.
func (in *intake) bind(c *candidate, leaf int64) error {
	if c.checked == nil {
		return in.verify(c, leaf)
	}
	in.bound = append(in.bound, c)
	_, err := in.validKey(c, leaf)
	return err
}

// prove waits until every signature that was bound is known to hold.
func (in *intake) prove() error {
	for _, c := range in.bound {
		if !c.holds(nil) {
			return &wire.Error{Code: wire.BadEntry, Chain: c.Entry.Chain}
		}
	}
	return nil
}

// verify checks the signature under the keys that were valid for a leaf.
func (t *tx) verify(c *candidate, leaf int64) error {
	key, err := t.validKey(c, leaf)
	if err == nil && !c.holds(key) {
		err = &wire.Error{Code: wire.BadEntry, Chain: c.Entry.Chain}
	}
	return err
}

// validKey is the actor's key as it was valid for a leaf.
func (t *tx) validKey(c *candidate, leaf int64) (*ecdsa.PublicKey, error) {
	key, err := t.keyAt(c.Entry, leaf)
	if errors.Is(err, journal.ErrUnknownKey) {
		err = &wire.Error{Code: wire.UnknownKey, Chain: c.Entry.Chain}
	}
	return key, err
}

// findBlobs looks up what the entries name, all at once.
func (in *intake) findBlobs(entries []*candidate) error {
	var named []any
	for _, c := range entries {
		if b := c.Entry.Blob; b != nil {
			named = append(named, b.Digest[:])
		}
	}
	in.blobs = map[journal.Hash]int64{}
	for part := range slices.Chunk(named, maxQuery) {
		err := in.each(func(rows *sql.Rows) error {
			var digest []byte
			var size int64
			if err := rows.Scan(&digest, &size); err != nil {
				return err
			}
			in.blobs[journal.Hash(digest)] = size
			return nil
		}, "SELECT digest, size FROM blobs WHERE digest IN "+places(len(part)), part...)
		if err != nil {
			return fmt.Errorf("blobs: %w", err)
		}
	}
	return nil
}

// requireBlob refuses an entry whose blob is not stored.
func (in *intake) requireBlob(e journal.Entry) error {
	if e.Blob == nil {
		return nil
	}
	size, there := in.blobs[e.Blob.Digest]
	switch {
	case !there:
		return &wire.Error{Code: wire.BlobMissing, Chain: e.Chain, Digest: e.Blob.Digest}
	case size != e.Blob.Size:
		return &wire.Error{Code: wire.BlobMismatch, Chain: e.Chain, Digest: e.Blob.Digest}
	}
	return nil
}

// write stores what was accepted, with the new nodes of the tree.
func (in *intake) write() error {
	rows := make([]any, 0, 7*len(in.fresh))
	leaves := make([]journal.Hash, len(in.fresh))
	var named []any
	for i, s := range in.fresh {
		e, id := s.Entry, s.ID()
		var blob []byte
		if e.Blob != nil {
			blob = e.Blob.Digest[:]
			named = append(named, blob)
		}
		rows = append(rows, in.size+int64(i), e.Chain, int64(e.Epoch), int64(e.Sequence), id[:], blob, s.Raw())
		leaves[i] = s.Leaf()
	}
	if err := in.insert("entries (leaf, chain, epoch, sequence, id, blob, raw)", 7, rows); err != nil {
		return fmt.Errorf("store entries: %w", err)
	}
	for name, c := range in.chains {
		if !c.grew {
			continue
		}
		if err := in.exec("UPDATE chains SET head = ? WHERE name = ?", c.leaf, name); err != nil {
			return fmt.Errorf("chain %s: %w", name, err)
		}
	}
	for part := range slices.Chunk(named, maxQuery) {
		err := in.exec("UPDATE blobs SET named = 1 WHERE named = 0 AND digest IN "+places(len(part)), part...)
		if err != nil {
			return fmt.Errorf("blobs: %w", err)
		}
	}
	return in.extend(in.size, leaves)
}
