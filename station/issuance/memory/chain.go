package memory

import (
	"fmt"

	"padarozhnik/station/issuance"
	"padarozhnik/station/journal"
)

// Last implements issuance.Chain.
func (t *transaction) Last() (*journal.Signed, error) {
	if len(t.store.entries) == 0 {
		return nil, nil
	}
	last := t.store.entries[len(t.store.entries)-1].Entry
	return &last, nil
}

// Append implements issuance.Chain.
func (t *transaction) Append(s journal.Signed) error {
	st := t.store
	if kept, err := t.At(s.Entry.Epoch, s.Entry.Sequence); err != nil || kept != nil {
		return fmt.Errorf("entry %d/%d: %w", s.Entry.Epoch, s.Entry.Sequence, ErrNumber)
	}
	n := len(st.entries)
	t.undo = append(t.undo, func() { st.entries = st.entries[:n] })
	put(t, st.places, s.ID(), n)
	st.entries = append(st.entries, issuance.Kept{Entry: s})
	return nil
}

// behind lists entries after one of them; all for nil.
func (t *transaction) behind(after *journal.Signed) []issuance.Kept {
	if after == nil {
		return t.store.entries
	}
	place, ok := t.store.places[after.ID()]
	if !ok {
		return t.store.entries
	}
	return t.store.entries[place+1:]
}

// Unreceipted implements issuance.Chain.
func (t *transaction) Unreceipted(limit int) ([]journal.Signed, error) {
	return t.UnreceiptedAfter(nil, limit)
}

// UnreceiptedAfter implements issuance.Receipts.
func (t *transaction) UnreceiptedAfter(after *journal.Signed, limit int) ([]journal.Signed, error) {
	var out []journal.Signed
	for _, k := range t.behind(after) {
		if k.Receipt == nil && len(out) < limit {
			out = append(out, k.Entry)
		}
	}
	return out, nil
}

// PutReceipt implements issuance.Chain.
func (t *transaction) PutReceipt(id journal.Hash, r journal.Receipt) error {
	place, ok := t.store.places[id]
	if !ok {
		return fmt.Errorf("receipt: %w", issuance.ErrUnknown)
	}
	t.set(place, &r)
	return nil
}

func (t *transaction) set(place int, r *journal.Receipt) {
	entries, had := t.store.entries, t.store.entries[place].Receipt
	t.undo = append(t.undo, func() { entries[place].Receipt = had })
	entries[place].Receipt = r
}

// Entries implements issuance.Chain.
func (t *transaction) Entries(subject string) ([]journal.Signed, error) {
	var out []journal.Signed
	for _, k := range t.store.entries {
		if subject == "" || k.Entry.Entry.Subject == subject {
			out = append(out, k.Entry)
		}
	}
	return out, nil
}

// Waiting implements issuance.Chain.
func (t *transaction) Waiting(subject string) (int, error) {
	n := 0
	for _, k := range t.store.entries {
		if k.Receipt == nil && k.Entry.Entry.Subject == subject {
			n++
		}
	}
	return n, nil
}

// Walk implements issuance.Receipts.
func (t *transaction) Walk(after *journal.Signed, limit int) ([]issuance.Kept, error) {
	found := t.behind(after)
	return append([]issuance.Kept(nil), found[:min(limit, len(found))]...), nil
}

// At implements issuance.Receipts.
func (t *transaction) At(epoch, sequence uint64) (*issuance.Kept, error) {
	for i := len(t.store.entries) - 1; i >= 0; i-- {
		k := t.store.entries[i]
		if k.Entry.Entry.Epoch == epoch && k.Entry.Entry.Sequence == sequence {
			return &k, nil
		}
		if k.Entry.Entry.Epoch < epoch || k.Entry.Entry.Epoch == epoch && k.Entry.Entry.Sequence < sequence {
			return nil, nil // the chain is in order
		}
	}
	return nil, nil
}

// VoidReceipts implements issuance.Receipts.
func (t *transaction) VoidReceipts(epoch, sequence uint64) error {
	for i, k := range t.store.entries {
		e := k.Entry.Entry
		if k.Receipt != nil && (e.Epoch > epoch || e.Epoch == epoch && e.Sequence > sequence) {
			t.set(i, nil)
		}
	}
	return nil
}

// Unsent implements issuance.Receipts.
func (t *transaction) Unsent() (int, error) {
	waiting, err := t.UnreceiptedAfter(nil, len(t.store.entries))
	return len(waiting), err
}
