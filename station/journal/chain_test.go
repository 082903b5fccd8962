package journal_test

import (
	"context"
	"crypto/ecdsa"
	"errors"
	"iter"
	"slices"
	"testing"

	"padarozhnik/station/journal"
)

// chain signs n entries in a row behind after.
func chain(t testing.TB, k *ecdsa.PrivateKey, name string, n int, after *journal.Signed) []journal.Signed {
	t.Helper()
	var out []journal.Signed
	for range n {
		e := journal.Entry{Chain: name, Epoch: 1, Sequence: 1, Kind: "blank.counted", Time: 1}
		if after != nil {
			e.Epoch, e.Sequence, e.Previous = after.Entry.Epoch, after.Entry.Sequence+1, after.ID()
		}
		s := sign(t, e, k)
		out = append(out, s)
		after = &s
	}
	return out
}

func all(list []journal.Signed) iter.Seq2[journal.Signed, error] {
	return func(yield func(journal.Signed, error) bool) {
		for _, s := range list {
			if !yield(s, nil) {
				return
			}
		}
	}
}

func only(keys ...*ecdsa.PrivateKey) journal.KeyLookup {
	return func(e journal.Entry) (*ecdsa.PublicKey, error) {
		for _, k := range keys {
			if id, _ := journal.KeyID(&k.PublicKey); id == e.Actor {
				return &k.PublicKey, nil
			}
		}
		return nil, journal.ErrUnknownKey
	}
}

func TestVerifyChain(t *testing.T) {
	k, officer := newKey(t), newKey(t)
	good := chain(t, k, "UTO-01", 5, nil)
	good = append(good, chain(t, officer, "UTO-01", 1, &good[4])...)
	at := func(epoch, sequence uint64, previous journal.Hash) journal.Signed {
		return sign(t, journal.Entry{
			Chain: "UTO-01", Epoch: epoch, Sequence: sequence, Previous: previous, Kind: "blank.taken",
		}, k)
	}
	good = append(good, at(2, 1, good[5].ID()))
	other, elsewhere := at(1, 3, good[1].ID()), at(1, 4, journal.Hash{9})
	foreign := chain(t, k, "UTO-02", 1, nil)[0]
	stranger := chain(t, newKey(t), "UTO-01", 1, nil)[0]

	var gap *journal.GapError
	var fork *journal.ForkError
	isGap := func(err error) bool { return errors.As(err, &gap) && gap.Want == 3 && gap.WantEpoch == 1 }
	isMalformed := func(err error) bool { return errors.Is(err, journal.ErrMalformed) }
	isUnknown := func(err error) bool { return errors.Is(err, journal.ErrUnknownKey) }
	isFork := func(err error) bool { return errors.As(err, &fork) && fork.Kept.Entry.Sequence == 3 }
	for _, c := range []struct {
		name    string
		entries []journal.Signed
		want    func(error) bool
	}{
		{"whole, two keys, two epochs", good, func(err error) bool { return err == nil }},
		{"empty", nil, func(err error) bool { return err == nil }},
		{"one missing", slices.Delete(slices.Clone(good), 2, 3), isGap},
		{"starts late", good[1:], func(err error) bool { return errors.As(err, &gap) && gap.Want == 1 }},
		{"one twice", slices.Insert(slices.Clone(good), 1, good[1]), isGap},
		{"two at one number", slices.Insert(slices.Clone(good), 3, other), isFork},
		{"another predecessor", slices.Replace(slices.Clone(good), 3, 4, elsewhere), isFork},
		{"entry of another chain", []journal.Signed{foreign}, isMalformed},
		{"key not allowed", []journal.Signed{stranger}, isUnknown},
	} {
		t.Run(c.name, func(t *testing.T) {
			v, err := journal.VerifyChain(context.Background(), "UTO-01", only(k, officer), all(c.entries))
			if !c.want(err) {
				t.Errorf("got %v", err)
			}
			if err == nil && v.Count() != int64(len(c.entries)) {
				t.Errorf("counted %d of %d", v.Count(), len(c.entries))
			}
		})
	}
}

func TestVerifierGoesOnFromAnEntry(t *testing.T) {
	k := newKey(t)
	list := chain(t, k, "UTO-01", 4, nil)
	v := journal.NewVerifier("UTO-01", only(k), &list[1])
	for _, s := range list[2:] {
		if err := v.Next(s); err != nil {
			t.Fatal(err)
		}
	}
	if last, ok := v.Last(); !ok || last.ID() != list[3].ID() {
		t.Error("does not stand at the end")
	}
}

func TestVerifyChainStopsWhenCancelled(t *testing.T) {
	k := newKey(t)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := journal.VerifyChain(ctx, "UTO-01", only(k), all(chain(t, k, "UTO-01", 1, nil)))
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
