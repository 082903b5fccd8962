package station

import (
	"slices"
	"strings"
)

// Kinds of evidence that rules of the domain speak of; a profile lists these and others.
const (
	KindOldPassport = "old-passport"
	KindInterview   = "interview"
	KindVoucher     = "voucher"
)

// Question is one of the three that evidence must answer.
type Question string

// Questions of the evidence ledger.
const (
	IdentityExists Question = "identity-exists"
	LinkedToIt     Question = "linked-to-it"
	UsesIt         Question = "uses-it"
)

// Questions lists all three.
func Questions() []Question { return []Question{IdentityExists, LinkedToIt, UsesIt} }

// Evidence is one item that the officer saw. What it is worth is the profile's to say; Scores count
// only under a profile that says nothing of evidence.
type Evidence struct {
	Kind   string           `cbor:"1,keyasint" json:"kind"`
	Note   string           `cbor:"2,keyasint" json:"note"`
	Scores map[Question]int `cbor:"3,keyasint" json:"scores,omitempty"`
	Proven bool             `cbor:"20,keyasint,omitempty" json:"proven,omitempty"` // its chip was read and is authentic
	// Lost: the state that made it lists it as lost. A hostile state lists the passports of those who
	// left, so it is recorded and takes no point away.
	Lost bool `cbor:"21,keyasint,omitempty" json:"lost,omitempty"`
	// Voucher is the number of the book of ours that a voucher holds.
	Voucher Serial `cbor:"22,keyasint,omitempty" json:"voucher,omitempty"`
}

// worth finds the rule for a kind of evidence.
func (r Rules) worth(kind string) (EvidenceRule, bool) {
	i := slices.IndexFunc(r.Worth, func(w EvidenceRule) bool { return w.Kind == kind })
	if i < 0 {
		return EvidenceRule{}, false
	}
	return r.Worth[i], true
}

// Kinds lists the kinds of evidence that may be entered, in the profile's order.
func (r Rules) Kinds() []string {
	out := make([]string, len(r.Worth))
	for i, w := range r.Worth {
		out[i] = w.Kind
	}
	return out
}

// Points is what one item of evidence adds to a question.
func (r Rules) Points(e Evidence, q Question) int {
	if len(r.Worth) == 0 {
		return e.Scores[q]
	}
	if e.Kind == ChipProof {
		w, _ := r.worth(KindOldPassport)
		if e.Proven {
			return w.Proven
		}
		return 0
	}
	w, _ := r.worth(e.Kind)
	points := map[Question]int{IdentityExists: w.Exists, LinkedToIt: w.Linked, UsesIt: w.Uses}[q]
	if e.Proven {
		points += w.Proven
	}
	return points
}

// Ledger is the evidence that counts: what the officer wrote down, the old passport that the desk read
// even where nobody wrote it down again, and of each kind no more than the profile counts. A voucher
// counts once.
func (a Application) Ledger(r Rules) []Evidence {
	items := slices.Clone(a.Evidence)
	wrote := slices.ContainsFunc(items, func(e Evidence) bool { return e.Kind == KindOldPassport })
	if _, known := r.worth(KindOldPassport); known && a.OldPassport != nil && !wrote {
		items = append([]Evidence{{Kind: KindOldPassport}}, items...)
	}
	proven := slices.ContainsFunc(items, func(e Evidence) bool { return e.Kind == KindOldPassport && e.Proven })
	var out []Evidence
	count, vouched := map[string]int{}, map[Serial]bool{}
	for _, e := range items {
		w, _ := r.worth(e.Kind)
		if proven && e.Kind == ChipProof {
			continue // counted with the passport
		}
		if e.Kind == KindVoucher && e.Voucher != "" && vouched[e.Voucher] || w.Most > 0 && count[e.Kind] >= w.Most {
			continue
		}
		count[e.Kind]++
		vouched[e.Voucher] = true
		out = append(out, e)
	}
	return out
}

// Score adds up the evidence for one question.
func (a Application) Score(r Rules, q Question) int {
	sum := 0
	for _, e := range a.Ledger(r) {
		sum += r.Points(e, q)
	}
	return sum
}

// Enough tells whether the evidence answers a question.
func (a Application) Enough(r Rules, q Question) bool { return a.Score(r, q) >= max(r.MinPoints, 1) }

// Interviewed tells whether somebody has written down what the applicant said.
func (a Application) Interviewed() bool {
	return slices.ContainsFunc(a.Evidence, func(e Evidence) bool {
		return e.Kind == KindInterview && len(strings.TrimSpace(e.Note)) >= 3
	})
}

// Vouchers lists the books of those who vouch for the applicant.
func (a Application) Vouchers() []Serial {
	var out []Serial
	for _, e := range a.Evidence {
		if e.Kind == KindVoucher && e.Voucher != "" && !slices.Contains(out, e.Voucher) {
			out = append(out, e.Voucher)
		}
	}
	return out
}
