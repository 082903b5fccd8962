package vault

import (
	"maps"
	"slices"
	"time"

	"padarozhnik/station"
	"padarozhnik/station/production"
)

// CauseVoucher: a voucher's book is none of ours, or valid no more.
const CauseVoucher = "voucher"

// CauseVouched: two officers did not accept that a voucher stands for more applicants than one may.
const CauseVouched = "vouched-too-often"

// CauseMode: the office may enrol and nothing else.
const CauseMode = production.CauseMode

// convinced holds an application against what its approver must have seen, and its vouchers against the ledger.
func (v *Vault) convinced(p station.Profile, a station.Application, d station.Decision) error {
	if err := production.Judge(p, a, d); err != nil {
		return err
	}
	for _, s := range a.Vouchers() {
		if !v.holds(s) {
			return &production.Refusal{Cause: CauseVoucher}
		}
	}
	return nil
}

// holds tells whether somebody has a book of ours of a number.
func (v *Vault) holds(s station.Serial) bool {
	for _, o := range v.offices {
		if b := o.blanks[s]; b != nil && b.ordered && !b.spoiled && !o.lost(s) {
			return true
		}
	}
	return false
}

// SameVoucher is the word for what cases of one voucher have in common.
const SameVoucher = "voucher"

// voucherMarks are by what vouchers are counted: marks of their books under another domain than those of
// applicants, so that vouching makes nobody a duplicate.
func (v *Vault) voucherMarks(o *office, a station.Application) []mark {
	var out []mark
	for _, s := range a.Vouchers() {
		t := station.BookTrait(o.Charter.Profile.IssuingState, string(s))
		out = append(out, markOf(v.DuplicateKey, station.Trait{Word: SameVoucher, Text: t.Text}))
	}
	return out
}

// overVouched lists the cases of this month for which the same person vouched, where one vouches for more
// than the profile allows: headquarters looks at all of them.
func (v *Vault) overVouched(o *office, token station.CaseToken, a station.Application) []Likeness {
	limit := o.Charter.Profile.Vouches
	if limit == 0 {
		return nil
	}
	var out []Likeness
	for _, m := range v.voucherMarks(o, a) {
		others := v.Diary.vouchedIn(m, v.Now())
		delete(others, token)
		if len(others) < limit {
			continue
		}
		for _, t := range slices.Sorted(maps.Keys(others)) {
			out = append(out, Likeness{Case: t, Words: []string{SameVoucher}})
		}
	}
	return out
}

// rejected is why a case is declined that two officers did not clear: what they had to look at says it.
func (d *Diary) rejected(token station.CaseToken) string {
	c := d.cases[token]
	if c == nil || len(c.like) == 0 {
		return CauseDuplicate
	}
	for _, l := range c.like {
		if !slices.Equal(l.Words, []string{SameVoucher}) {
			return CauseDuplicate
		}
	}
	return CauseVouched
}

// vouches remembers for which cases a voucher stood, and when.
type vouches map[mark]map[station.CaseToken]int64

// stand takes in the vouchers of a case, at the first time that it is kept.
func (x vouches) stand(token station.CaseToken, marks []mark, at int64) {
	for _, m := range marks {
		if x[m] == nil {
			x[m] = map[station.CaseToken]int64{}
		}
		if _, ok := x[m][token]; !ok {
			x[m][token] = at
		}
	}
}

// vouchedIn lists the cases of one voucher in the month of a time, by the calendar in UTC.
func (x vouches) vouchedIn(m mark, now time.Time) map[station.CaseToken]bool {
	month := station.DateOf(now)
	out := map[station.CaseToken]bool{}
	for token, at := range x[m] {
		if d := station.DateOf(time.Unix(at, 0)); d.Year == month.Year && d.Month == month.Month {
			out[token] = true
		}
	}
	return out
}

// together joins likenesses of the same case.
func together(all []Likeness) []Likeness {
	var out []Likeness
	for _, l := range all {
		i := slices.IndexFunc(out, func(o Likeness) bool { return o.Case == l.Case })
		if i < 0 {
			out = append(out, l)
			continue
		}
		out[i].Words = append(slices.Clone(out[i].Words), l.Words...)
	}
	return out[:min(len(out), maxLike)]
}
