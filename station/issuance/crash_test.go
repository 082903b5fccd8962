package issuance_test

import (
	"context"
	"fmt"
	"os"
	"testing"

	"padarozhnik/station"
	"padarozhnik/station/issuance"
)

// died is the panic by which a crashingStore ends its program.
type died struct{}

// crashingStore ends the program at one transaction: before it is on the disk, or right after.
type crashingStore struct {
	issuance.Store
	left  int  // transactions until the crash
	after bool // the last one is still committed
	done  int  // transactions that were committed
}

func (s *crashingStore) Update(ctx context.Context, fn func(issuance.Tx) error) error {
	s.left--
	if s.left > 0 || s.after {
		if err := s.Store.Update(ctx, fn); err != nil {
			return err
		}
		s.done++
	}
	if s.left > 0 {
		return nil
	}
	panic(died{})
}

// TestCrashAtEveryTransaction ends the program before and after each transaction of a case and
// starts it again. The case must come to its end, on one booklet, and no blank may be lost from
// the count.
func TestCrashAtEveryTransaction(t *testing.T) {
	stride := 11 // the short form takes every eleventh; make torture takes all
	if os.Getenv("PADAROZHNIK_TORTURE") != "" {
		stride = 1
	}
	for _, after := range []bool{false, true} {
		for n := 2; ; n += stride {
			crashed := false
			t.Run(fmt.Sprintf("transaction %d, committed %v", n, after), func(t *testing.T) {
				o := newOffice(t, 2)
				crashed = o.runUntilCrash(n, after)
				d := o.desk(nil)
				c := o.finish(d)
				o.checkBooks(d, c)
				if _, err := d.VerifyJournal(t.Context()); err != nil {
					t.Error(err)
				}
			})
			if t.Failed() {
				return
			}
			if !crashed {
				break
			}
		}
	}
}

// TestCrashInACorrection ends the program around each transaction of a life in which the first finished book
// is wrong: spoiled under two signatures, given back by headquarters, corrected, approved and made again.
func TestCrashInACorrection(t *testing.T) {
	stride, first := 31, 20
	if os.Getenv("PADAROZHNIK_TORTURE") != "" {
		stride, first = 1, 2
	}
	for _, after := range []bool{false, true} {
		for n := first; ; n += stride {
			crashed := false
			t.Run(fmt.Sprintf("transaction %d, committed %v", n, after), func(t *testing.T) {
				o := newOffice(t, 2)
				o.typo = true
				crashed = o.runUntilCrash(n, after)
				d := o.desk(nil)
				c := o.finish(d)
				if c.Serial != "UT4200002" || len(c.Spoiled) != 1 || c.Spoiled[0] != "UT4200001" {
					t.Errorf("ended with %s, spoiled %v", c.Serial, c.Spoiled)
				}
				if _, err := d.VerifyJournal(t.Context()); err != nil {
					t.Error(err)
				}
			})
			if t.Failed() {
				return
			}
			if !crashed {
				break
			}
		}
	}
}

func (o *office) runUntilCrash(n int, after bool) (crashed bool) {
	return o.untilCrash(n, after, func(d *issuance.Desk) { o.finish(d) })
}

// untilCrash works at a desk that dies at its nth transaction, and tells whether it did.
func (o *office) untilCrash(n int, after bool, work func(*issuance.Desk)) (crashed bool) {
	d := o.desk(func(s issuance.Store) issuance.Store { return &crashingStore{Store: s, left: n, after: after} })
	defer func() {
		switch r := recover(); r.(type) {
		case nil:
		case died:
			crashed = true
		default:
			panic(r)
		}
	}()
	work(d)
	return false
}

// checkBooks holds the stock against the case: one booklet handed over, nothing inked twice, every
// blank in one state.
func (o *office) checkBooks(d *issuance.Desk, c station.Case) {
	t := o.t
	t.Helper()
	states := map[station.State]int{}
	for _, b := range must(d.Stock(t.Context()))(t) {
		states[b.State]++
		if b.State == station.StateHanded && b.Serial != c.Serial {
			t.Errorf("booklet %s was handed over, the case has %s", b.Serial, c.Serial)
		}
	}
	if states[station.StateHanded] != 1 || states[station.StateSpoiled] != len(c.Spoiled) ||
		states[station.StateAvailable] != 1-len(c.Spoiled) {
		t.Errorf("stock: %v, spoiled for the case: %v", states, c.Spoiled)
	}
	if len(c.Spoiled) > 0 {
		t.Errorf("a crash of the program cost booklets %v", c.Spoiled)
	}
}
