package vault

import (
	"fmt"

	"padarozhnik/station"
	"padarozhnik/station/journal"
	"padarozhnik/station/production"
)

// heldError carries out of the checks why an order has to wait.
type heldError struct{ cause string }

func (e *heldError) Error() string { return "held: " + e.cause }

// single makes sure that an application is nobody's second one. It returns a heldError while two
// officers have to look at it, and declines what they found to be a duplicate or vouched for too often. The marks of the
// application are kept either way, so that a third one meets it.
//
// A case is no duplicate of itself: one that passed before passes again, for whichever blank. A renewal is none of the book that it
// names as the old passport, if that book has expired or was revoked.
func (v *Vault) single(o *office, token station.CaseToken, a station.Application, d station.Decision) error {
	switch v.Diary.verdictOn(token) {
	case VerdictClear:
		return v.keep(o, token, a, d)
	case VerdictDuplicate:
		if err := v.keep(o, token, a, d); err != nil {
			return err
		}
		return &production.Refusal{Cause: v.Diary.rejected(token)}
	}
	if v.Diary.suspectedNow(token) {
		return &heldError{CauseReview}
	}
	if v.Diary.known[token] != nil {
		return v.keep(o, token, a, d)
	}
	in, asked := v.marks(o, a, d)
	excused := v.Diary.renewed(in.Former, func(other station.CaseToken, k kept) bool {
		return v.over(other, k, d.Issue)
	})
	like := together(append(v.Diary.like(token, asked, excused), v.overVouched(o, token, a)...))
	if len(like) == 0 {
		return v.Diary.keepMarks(token, in)
	}
	// The suspicion first: marks without it would let the case pass after a crash in between.
	if err := v.Diary.suspect(token, o.Charter.Station, like); err != nil {
		return err
	}
	if err := v.Diary.keepMarks(token, in); err != nil {
		return err
	}
	return &heldError{CauseReview}
}

// keep keeps the marks of a case that needs no more looking at, with its newest number.
func (v *Vault) keep(o *office, token station.CaseToken, a station.Application, d station.Decision) error {
	in, _ := v.marks(o, a, d)
	return v.Diary.keepMarks(token, in)
}

// marks are what is kept of an application, and everything that is looked up.
func (v *Vault) marks(o *office, a station.Application, d station.Decision) (in indexed, asked []marked) {
	key := v.DuplicateKey
	traits := a.Traits()
	book := station.BookTrait(o.Charter.Profile.IssuingState, string(d.Serial))
	in = indexed{Station: o.Charter.Station, Book: markOf(key, book), Expiry: d.Expiry,
		Vouchers: v.voucherMarks(o, a)}
	if former, ok := a.FormerBook(); ok {
		m := markOf(key, former)
		in.Former = &m
	}
	for _, t := range traits.Exact {
		in.Exact = append(in.Exact, marked{t.Word, markOf(key, t)})
	}
	asked = append(asked, in.Exact...)
	for _, t := range traits.Near {
		m := markOf(key, t)
		if t.Word == station.LikeBirth {
			in.Birth = append(in.Birth, m)
		} else {
			in.Near = append(in.Near, m)
		}
		asked = append(asked, marked{t.Word, m})
	}
	for _, t := range traits.Asked {
		asked = append(asked, marked{t.Word, markOf(key, t)})
	}
	return in, asked
}

// over tells whether the book of another case is valid no more on a day: expired, or revoked.
func (v *Vault) over(other station.CaseToken, k kept, on station.Date) bool {
	if k.expiry.Before(on) {
		return true
	}
	for _, o := range v.offices {
		if c := o.cases[other]; c != nil {
			return o.lost(c.serial)
		}
	}
	return false
}

// keepMarks writes by what a case will be recognised, unless that stands there already.
func (d *Diary) keepMarks(token station.CaseToken, in indexed) error {
	return d.locked(func() error {
		if k := d.known[token]; k != nil && k.book == in.Book {
			return nil
		}
		_, err := d.append(d.key, line{kind: kindIndexed, subject: string(token), body: in})
		return err
	})
}

// suspect writes which cases an application looks like.
func (d *Diary) suspect(token station.CaseToken, at string, like []Likeness) error {
	return d.locked(func() error {
		_, err := d.append(d.key, line{kind: kindSuspected, subject: string(token), body: suspected{at, like}})
		return err
	})
}

// suspectedNow tells whether a case waits for a verdict.
func (d *Diary) suspectedNow(token station.CaseToken) bool {
	c := d.cases[token]
	return c != nil && len(c.like) > 0
}

// verdictOn returns what two officers found, "" where nothing was suspected or nobody has decided.
func (d *Diary) verdictOn(token station.CaseToken) Verdict {
	c := d.cases[token]
	if c == nil || c.verdict == "" || !d.both(c.by) {
		return ""
	}
	return c.verdict
}

// both tells whether two different officers stand behind something.
func (d *Diary) both(by [2]string) bool {
	if by[0] == by[1] {
		return false
	}
	return d.Officers == nil || d.Officers(by[0]) && d.Officers(by[1])
}

// mayOpen holds an opening against what needs nobody's leave: a case once for its order, or to be given on, and a few
// times more after a crash, and no more cases in a day than usual.
func (d *Diary) mayOpen(token station.CaseToken, b journal.Hash, why string) error {
	const again = 5
	now := d.Now()
	allowed, named := d.Limit, false
	for _, l := range d.leaves {
		if now.Unix()-l.at > int64(leaveLasts.Seconds()) || !d.both(l.by) {
			continue
		}
		allowed += l.Openings
		named = named || l.covers(token)
	}
	recent := 0
	for i := len(d.openings) - 1; i >= 0 && now.Unix()-d.openings[i] < 24*60*60; i-- {
		recent++
	}
	switch {
	case recent >= allowed:
		return fmt.Errorf("%d openings in 24 hours: %w", recent, ErrReading)
	case named:
		return nil
	case why != whyOrder && why != whyRelay && why != whyReopen, d.times[b] >= again:
		return fmt.Errorf("case %s: %w", token, ErrReading)
	}
	return nil
}
