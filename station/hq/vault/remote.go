package vault

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"slices"

	"padarozhnik/station"
	"padarozhnik/station/journal"
	"padarozhnik/station/journal/event"
	"padarozhnik/station/production"
)

// Reasons for which a case is opened to be given on.
const (
	whyRelay  = "relay"  // another office decides on it
	whyReopen = "reopen" // it goes back to who enrolled
)

// visitor is a case that was given to an office that did not enrol it.
type visitor struct {
	from     string
	of       []byte // digest of the sealed application
	verdict  *event.Verdict
	by       string // key of the officer who decided
	decision journal.Blob
}

// elsewhere is what an office was answered on a case that another decides on, or that it asked back.
type elsewhere struct {
	answered []byte // digest of the sealed application that the newest answer was on
	asked    bool   // to be corrected
}

func (o *office) elsewhere(token station.CaseToken) *elsewhere {
	if o.remote[token] == nil {
		o.remote[token] = &elsewhere{}
	}
	return o.remote[token]
}

// relay gives cases to the offices that decide on them, decisions back to those that enrolled, and
// applications back that have to be corrected. It returns how many directives it gave.
func (v *Vault) relay(ctx context.Context) (int, error) {
	given := 0
	for _, name := range slices.Sorted(maps.Keys(v.offices)) {
		o := v.offices[name]
		if v.gone[name] {
			continue
		}
		for _, token := range slices.Sorted(maps.Keys(o.cases)) {
			moved, err := v.relayOne(ctx, o, token)
			if errors.Is(err, ErrReading) {
				v.Log.Error("case waits", "station", name, "case", token, "error", err)
				continue
			}
			if err != nil {
				return given, fmt.Errorf("case %s of %s: %w", token, name, err)
			}
			if moved {
				given++
			}
		}
	}
	return given, nil
}

func (v *Vault) relayOne(ctx context.Context, o *office, token station.CaseToken) (moved bool, err error) {
	c := o.cases[token]
	if o.elsewhere(token).asked {
		return true, v.reopen(ctx, o, token, "", nil)
	}
	to := o.Charter.Profile.Approver
	if to == "" || to == o.Charter.Station || c.approved != "" || c.from != "" {
		return false, nil
	}
	a := v.offices[to]
	if a == nil || v.gone[to] {
		v.Log.Error("nobody decides on this station's cases", "station", o.Charter.Station, "approver", to)
		return false, nil
	}
	of := c.sealed.Digest[:]
	seen := a.visitors[token]
	switch {
	case seen == nil || !bytes.Equal(seen.of, of):
		return true, v.send(ctx, o, a, token)
	case seen.verdict == nil || bytes.Equal(o.elsewhere(token).answered, of):
		return false, nil
	}
	return true, v.answer(ctx, o, a, token, seen)
}

// send re-seals a case to the office that decides on it. An office that enrols only gives it away whole:
// the other makes the book as well.
func (v *Vault) send(ctx context.Context, o, a *office, token station.CaseToken) error {
	c := o.cases[token]
	var application station.Application
	if _, err := v.unseal(ctx, o, token, c.sealed, whyRelay, &application); err != nil {
		return err
	}
	plain, err := journal.Encode(application)
	if err != nil {
		return err
	}
	defer clear(plain)
	body := event.Relayed{
		From: o.Charter.Station, Enrolled: c.enrolled, Of: c.sealed.Digest[:], Whole: o.Charter.Profile.Issues() != nil,
	}
	d := directive{kind: event.CaseRelayed, subject: string(token), body: body, purpose: event.PurposeCase, plain: plain}
	if err := v.direct(ctx, a, d); err != nil {
		return err
	}
	v.Log.Info("case relayed", "from", body.From, "to", a.Charter.Station, "case", token)
	return v.visits(a, token, body)
}

// visits takes in that a case was given to an office.
func (v *Vault) visits(a *office, token station.CaseToken, body event.Relayed) error {
	a.visitors[token] = &visitor{from: body.From, of: body.Of}
	origin := v.offices[body.From]
	if !body.Whole || origin == nil || origin.cases[token] == nil {
		return nil
	}
	whole := *origin.cases[token]
	whole.from = body.From
	a.cases[token] = &whole
	return nil
}

// answer tells the office that enrolled what another has decided.
func (v *Vault) answer(ctx context.Context, o, a *office, token station.CaseToken, seen *visitor) error {
	verdict := *seen.verdict
	verdict.By, verdict.Of = a.Charter.Station, seen.of
	officer, known := a.Charter.Officer(seen.by)
	if !known || officer.May(station.RoleApprove, station.DateOf(v.Now())) != nil || seen.by == o.cases[token].enrolled {
		v.Log.Error("decision by nobody who may decide", "station", a.Charter.Station, "case", token)
		verdict.Approved, verdict.Returned = false, false
	}
	switch {
	case verdict.Returned:
		var d station.Decision
		if err := v.open(ctx, seen.decision, event.PurposeDecision, &d); err != nil {
			return err
		}
		return v.reopen(ctx, o, token, d.Reason, d.Marks)
	case verdict.Approved:
		d := directive{kind: event.CaseAccepted, subject: string(token), body: verdict}
		if err := v.direct(ctx, o, d); err != nil {
			return err
		}
		return v.accepted(o, token, verdict)
	}
	if err := v.direct(ctx, o, directive{kind: event.CaseRejected, subject: string(token), body: verdict}); err != nil {
		return err
	}
	o.elsewhere(token).answered = verdict.Of
	return nil
}

// reopen gives an application back to the office that enrolled, with what is wrong.
func (v *Vault) reopen(
	ctx context.Context, o *office, token station.CaseToken, remark string, marks []station.Remark,
) error {
	c := o.cases[token]
	var a station.Application
	if _, err := v.unseal(ctx, o, token, c.sealed, whyReopen, &a); err != nil {
		return err
	}
	if a.Marks = marks; remark != "" {
		a.Remarks = append(a.Remarks, remark)
	}
	plain, err := journal.Encode(a)
	if err != nil {
		return err
	}
	defer clear(plain)
	body := event.Verdict{Returned: true, Of: c.sealed.Digest[:]}
	d := directive{kind: event.CaseReopened, subject: string(token), body: body, purpose: event.PurposeCase, plain: plain}
	if err := v.direct(ctx, o, d); err != nil {
		return err
	}
	v.Log.Info("case reopened", "station", o.Charter.Station, "case", token)
	*o.elsewhere(token) = elsewhere{answered: body.Of}
	return nil
}

// accepted takes in that another office approved: the case waits for its own office to bind a blank.
func (v *Vault) accepted(o *office, token station.CaseToken, verdict event.Verdict) error {
	o.elsewhere(token).answered = verdict.Of
	a, c := v.offices[verdict.By], o.cases[token]
	if a == nil || c == nil || a.visitors[token] == nil {
		return fmt.Errorf("approval by another office that is not known: %w", ErrChain)
	}
	seen := a.visitors[token]
	c.approved, c.decision, c.first, c.decider = seen.by, seen.decision, seen.decision, verdict.By
	return nil
}

// moved takes in what headquarters itself has said before of cases between offices.
func (v *Vault) moved(o *office, e journal.Entry) error {
	token := station.CaseToken(e.Subject)
	if e.Kind == event.CaseRelayed {
		var body event.Relayed
		if err := journal.Decode(e.Body, &body); err != nil {
			return fmt.Errorf("relay: %w: %w", ErrChain, err)
		}
		return v.visits(o, token, body)
	}
	var body event.Verdict
	if err := journal.Decode(e.Body, &body); err != nil {
		return fmt.Errorf("verdict: %w: %w", ErrChain, err)
	}
	if e.Kind == event.CaseAccepted {
		return v.accepted(o, token, body)
	}
	*o.elsewhere(token) = elsewhere{answered: body.Of}
	return nil
}

// decidedFor takes in a decision on another office's case.
func (o *office) decidedFor(token station.CaseToken, e journal.Entry) error {
	var body event.Verdict
	if err := journal.Decode(e.Body, &body); err != nil {
		return fmt.Errorf("decision: %w: %w", ErrChain, err)
	}
	seen := o.visitors[token]
	if seen == nil || e.Blob == nil || !bytes.Equal(seen.of, body.Of) {
		return fmt.Errorf("decision on a case that was not given: %w", ErrChain)
	}
	seen.verdict, seen.by, seen.decision = &body, e.Actor, *e.Blob
	return nil
}

// bound takes in which blank an office gave to a case that another approved.
func (o *office) bound(token station.CaseToken, e journal.Entry) error {
	var body event.Approved
	if err := journal.Decode(e.Body, &body); err != nil {
		return fmt.Errorf("blank of a case: %w: %w", ErrChain, err)
	}
	c := o.cases[token]
	if c == nil || c.decider == "" || e.Actor != o.Charter.StationID {
		return fmt.Errorf("blank of a case that nobody approved: %w", ErrChain)
	}
	c.serial, c.declined = body.Serial, ""
	delete(o.held, token)
	o.pending = append(o.pending, token)
	return nil
}

// asked takes in that a finished book was wrong.
func (o *office) asked(token station.CaseToken) error {
	if c := o.cases[token]; c == nil || !c.ordered {
		return fmt.Errorf("correction of a book that was never ordered: %w", ErrChain)
	}
	o.elsewhere(token).asked = true
	return nil
}

// person finds the officer who enrolled or approved a case: of the office itself, of the one that decides for
// it, or of the one where the case began.
func (v *Vault) person(o *office, c *dossier, keyID string) (station.Officer, bool) {
	at := o
	if a := v.offices[c.decider]; a != nil && keyID == c.approved {
		at = a
	}
	if from := v.offices[c.from]; from != nil && keyID == c.enrolled {
		at = from
	}
	return at.Charter.Officer(keyID)
}

// bound holds a decision against the application: by the data groups, or as a whole where the approver was
// at another office and knew no number.
func bound(p station.Profile, a station.Application, d station.Decision, c *dossier) error {
	if c.decider == "" {
		return production.Bound(p, a, d)
	}
	if d.Expiry != p.Expiry(a.Applicant.Birth, d.Issue) {
		return &production.Refusal{Cause: CauseDecision}
	}
	return sameApplication(a, d)
}

// sameApplication tells whether a decision that binds no blank is on this application.
func sameApplication(a station.Application, d station.Decision) error {
	plain, err := journal.Encode(a)
	if err != nil {
		return err
	}
	defer clear(plain)
	if sum := sha256.Sum256(plain); !bytes.Equal(sum[:], d.Hashes[station.WholeApplication]) {
		return &production.Refusal{Cause: CauseDataGroups}
	}
	return nil
}
