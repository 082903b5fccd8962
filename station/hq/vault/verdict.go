package vault

import (
	"context"
	"crypto"
	"crypto/x509"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"padarozhnik/station"
	"padarozhnik/station/journal"
	"padarozhnik/station/journal/event"
)

// wordForm is that of reasons: a word, never a sentence in which a person could be named.
var wordForm = regexp.MustCompile(`^[a-z][a-z-]{2,31}$`)

// CheckWord refuses a reason that is not one word of small letters.
func CheckWord(reason string) error {
	if !wordForm.MatchString(reason) {
		return fmt.Errorf("reason: one word of small letters: %w", station.ErrReason)
	}
	return nil
}

// Suspicion is a case whose order waits until two officers have looked at it.
type Suspicion struct {
	Case    station.CaseToken `json:"case"`
	Station string            `json:"station"`
	Like    []Likeness        `json:"like"`
}

// Suspicions lists what waits for a verdict, by case.
func (d *Diary) Suspicions() []Suspicion {
	var out []Suspicion
	for token, c := range d.cases {
		if len(c.like) > 0 && d.verdictOn(token) == "" {
			out = append(out, Suspicion{token, c.station, c.like})
		}
	}
	slices.SortFunc(out, func(a, b Suspicion) int { return strings.Compare(string(a.Case), string(b.Case)) })
	return out
}

// Decide writes a verdict on a suspicion with the signatures of two officers.
func (d *Diary) Decide(token station.CaseToken, v Verdict, reason string, officers [2]crypto.Signer) error {
	if err := CheckWord(reason); err != nil {
		return err
	}
	if v != VerdictClear && v != VerdictDuplicate {
		return fmt.Errorf("verdict: %w", station.ErrMalformed)
	}
	return d.locked(func() error {
		if !d.suspectedNow(token) || d.verdictOn(token) != "" {
			return fmt.Errorf("case %s: %w", token, station.ErrStage)
		}
		return d.inPair(officers, [2]string{kindProposed, kindWitnessed}, string(token),
			func(spki []byte) any { return finding{v, reason, spki} })
	})
}

// Allow writes that two officers allow a reading.
func (d *Diary) Allow(r Reading, officers [2]crypto.Signer) error {
	if err := CheckWord(r.Reason); err != nil {
		return err
	}
	return d.locked(func() error {
		return d.inPair(officers, [2]string{kindReading, kindLeave}, "",
			func(spki []byte) any { r.SPKI = spki; return r })
	})
}

// inPair writes the two halves of what needs two. The diary is locked.
func (d *Diary) inPair(officers [2]crypto.Signer, kinds [2]string, subject string, body func(spki []byte) any) error {
	var ids [2]string
	var keys [2][]byte
	for i, o := range officers {
		var err error
		if keys[i], err = x509.MarshalPKIXPublicKey(o.Public()); err != nil {
			return err
		}
		pub, err := journal.ParseKey(keys[i])
		if err != nil {
			return err
		}
		if ids[i], err = journal.KeyID(pub); err != nil {
			return err
		}
	}
	if !d.both(ids) {
		return fmt.Errorf("two registered officers: %w", station.ErrSamePerson)
	}
	first, err := d.append(officers[0], line{kind: kinds[0], subject: subject, body: body(keys[0])})
	if err != nil {
		return err
	}
	_, err = d.append(officers[1], line{kind: kinds[1], subject: subject, body: body(keys[1]), pair: first.ID()})
	return err
}

func (l leave) covers(token station.CaseToken) bool {
	return len(l.Cases) == 0 && l.Openings > 0 || slices.Contains(l.Cases, token)
}

// Compare opens a suspected case and those that it looks like, for two officers to look at. They have
// allowed it before (Diary.Allow); each opening stands in the diary. The first is the suspected one.
func (v *Vault) Compare(ctx context.Context, token station.CaseToken) ([]station.Application, error) {
	if err := v.catchUp(ctx); err != nil {
		return nil, err
	}
	c := v.Diary.cases[token]
	if c == nil || len(c.like) == 0 {
		return nil, fmt.Errorf("case %s: %w", token, station.ErrStage)
	}
	tokens := []station.CaseToken{token}
	for _, l := range c.like {
		tokens = append(tokens, l.Case)
	}
	out := make([]station.Application, len(tokens))
	for i, t := range tokens {
		o, sealed := v.dossier(t)
		if o == nil {
			return nil, fmt.Errorf("case %s: %w", t, ErrChain)
		}
		if _, err := v.unseal(ctx, o, t, sealed, whyReview, &out[i]); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// dossier finds a case and the station that submitted it.
func (v *Vault) dossier(token station.CaseToken) (*office, journal.Blob) {
	for _, o := range v.offices {
		if c := o.cases[token]; c != nil {
			return o, c.sealed
		}
	}
	return nil, journal.Blob{}
}

// Reindex opens every case that was ordered or is held and keeps its marks again, after a diary was
// lost. Two officers have allowed it. It returns how many it opened.
func (v *Vault) Reindex(ctx context.Context) (int, error) {
	if err := v.catchUp(ctx); err != nil {
		return 0, err
	}
	n := 0
	for _, o := range v.offices {
		for token, c := range o.cases {
			if _, waits := o.held[token]; c.serial == "" || v.Diary.known[token] != nil || !c.ordered && !waits {
				continue
			}
			if err := v.reindex(ctx, o, token, c); err != nil {
				return n, err
			}
			n++
		}
	}
	return n, nil
}

func (v *Vault) reindex(ctx context.Context, o *office, token station.CaseToken, c *dossier) error {
	var a station.Application
	if _, err := v.unseal(ctx, o, token, c.sealed, whyReindex, &a); err != nil {
		return err
	}
	var d station.Decision
	if err := v.open(ctx, c.decision, event.PurposeDecision, &d); err != nil {
		return err
	}
	if d.Expiry.IsZero() {
		d.Expiry = o.Charter.Profile.Expiry(a.Applicant.Birth, d.Issue)
	}
	return v.keep(o, token, a, d)
}

// catchUp follows ledger and diary to their ends.
func (v *Vault) catchUp(ctx context.Context) error {
	if v.Diary == nil || len(v.DuplicateKey) < 32 {
		return fmt.Errorf("vault without diary or key of marks: %w", ErrDiary)
	}
	if err := v.refresh(); err != nil {
		return err
	}
	if v.Allocated != nil {
		allocations, err := v.Allocated()
		if err != nil {
			return err
		}
		if err := v.know(allocations); err != nil {
			return err
		}
	}
	if err := v.follow(ctx); err != nil {
		return fmt.Errorf("follow the ledger: %w", err)
	}
	if err := v.Diary.Refresh(); err != nil {
		return err
	}
	return v.pinned()
}

// pinned looks for the newest opening that the ledger names. A diary that lacks it was cut short,
// unless two officers have begun it anew after that loss.
func (v *Vault) pinned() error {
	if v.pin.IsZero() || v.Diary.ids[v.pin] {
		return nil
	}
	for _, l := range v.Diary.leaves {
		if l.After == v.pin && v.Diary.both(l.by) {
			return nil
		}
	}
	return fmt.Errorf("%w: it lacks the opening %s, which the ledger names", ErrDiary, v.pin)
}

// Lost returns the newest opening that the ledger names, for two officers to begin a diary anew.
func (v *Vault) Lost(ctx context.Context) (journal.Hash, error) {
	err := v.refresh()
	if err == nil {
		err = v.follow(ctx)
	}
	return v.pin, err
}
