package vault

import (
	"context"
	"crypto/sha256"
	"errors"
	"slices"

	"padarozhnik/devices/chip/scp03"
	"padarozhnik/station"
	"padarozhnik/station/journal"
	"padarozhnik/station/journal/event"
	"padarozhnik/station/journal/seal"
	"padarozhnik/station/production"
)

// Causes for which the vault declines an order. A station shows the sentence that belongs to the
// word. The others are the rule's own.
const (
	CauseFourEyes   = production.CauseFourEyes
	CauseBlank      = production.CauseBlank
	CauseDecision   = production.CauseDecision
	CauseIncomplete = production.CauseIncomplete
	CauseDataGroups = production.CauseDataGroups
	CauseRevoked    = production.CauseRevoked
	CauseDuplicate  = "duplicate" // two officers found that the applicant has another case
)

// order answers one approval: with a production order, or with the cause why there is none.
func (v *Vault) order(ctx context.Context, o *office, token station.CaseToken) error {
	c := o.cases[token]
	made, opened, err := v.make(ctx, o, token, c)
	var declined *production.Refusal
	var held *heldError
	if errors.As(err, &held) {
		return v.hold(ctx, o, token, held.cause)
	}
	if errors.As(err, &declined) {
		body := event.Declined{Serial: c.serial, Cause: declined.Cause}
		v.Log.Warn("order declined", "station", o.Charter.Station, "case", token, "cause", declined.Cause)
		if err := v.direct(ctx, o, directive{kind: event.OrderDeclined, subject: string(token), body: body}); err != nil {
			return err
		}
		delete(o.held, token)
		c.declined = declined.Cause
		return nil
	}
	if err != nil {
		return err
	}
	if c.here {
		return v.judge(ctx, o, token, opened)
	}
	plain, err := journal.Encode(made)
	if err != nil {
		return err
	}
	defer clear(plain)
	if err := v.clear(ctx, o, token); err != nil {
		return err
	}
	sod := sha256.Sum256(made.File("EF.SOD"))
	err = v.direct(ctx, o, directive{
		kind: event.OrderIssued, subject: string(token), purpose: event.PurposeOrder, plain: plain,
		body: event.Ordered{Serial: made.Serial, SOD: sod[:], Opened: opened[:]},
	})
	if err != nil {
		return err
	}
	o.blanks[made.Serial].ordered, o.blanks[made.Serial].sod = true, sod[:]
	o.listed[string(sod[:])], c.ordered, v.pin = made.Serial, true, opened
	o.made = append(o.made, v.Now())
	v.Log.Info("order issued", "station", o.Charter.Station, "case", token, "serial", made.Serial)
	return nil
}

// make checks an approval against everything the vault knows and builds the order, unless the station
// makes it. The second result is the entry that says so that the case was opened.
func (v *Vault) make(
	ctx context.Context, o *office, token station.CaseToken, c *dossier,
) (out station.Order, opened journal.Hash, err error) {
	approved := v.approval(o, token, c)
	if err := allowed(approved); err != nil {
		return out, opened, err
	}
	var a station.Application
	if opened, err = v.unseal(ctx, o, token, c.sealed, whyOrder, &a); err != nil {
		return out, opened, err
	}
	decision, err := v.decision(ctx, o, c, approved, a)
	if err != nil {
		return out, opened, err
	}
	if missing := a.Missing(o.Charter.Profile, decision.Issue); len(missing) > 0 {
		return out, opened, &production.Refusal{Cause: CauseIncomplete}
	}
	if err := v.single(o, token, a, decision); err != nil {
		return out, opened, err
	}
	if c.here {
		return out, opened, nil
	}
	out, err = v.build(o, decision, a, o.blanks[c.serial])
	return out, opened, err
}

// approval is what the ledger shows of an approved case.
func (v *Vault) approval(o *office, token station.CaseToken, c *dossier) production.Approval {
	b := o.blanks[c.serial]
	a := production.Approval{
		Charter: o.Charter, Case: token, Enrolled: c.enrolled, Approved: c.approved,
		Serial: c.serial, Instead: c.instead,
		Blank: production.Blank{
			Allocated: b != nil && !b.sent, Used: b != nil && (b.ordered && !c.signed || b.spoiled), Lost: o.lost(c.serial),
		},
		Revoked: func(officer string) bool { return slices.Contains(o.revoked.Officers, officer) },
		Now:     v.Now(),
	}
	if !c.signed { // else it counts among those made
		a.Made = o.made
	}
	return a
}

// allowed checks what can be told without opening the case.
func allowed(a production.Approval) error {
	err := a.Allowed()
	if errors.Is(err, production.ErrQuota) {
		return &heldError{CauseQuota}
	}
	return err
}

// decision opens what the approving officer bound themselves to, and holds the application against it.
// For a replacement of a spoiled blank the dates are those of today and the application is the one
// approved before.
func (v *Vault) decision(
	ctx context.Context, o *office, c *dossier, approved production.Approval, a station.Application,
) (station.Decision, error) {
	var d station.Decision
	if err := v.open(ctx, c.decision, event.PurposeDecision, &d); err != nil {
		return d, err
	}
	if err := approved.Timely(d); err != nil {
		return d, err
	}
	p := o.Charter.Profile
	if d.Instead == "" {
		return d, production.Bound(p, a, d)
	}
	if old := o.blanks[d.Instead]; old == nil || !old.spoiled {
		return d, &production.Refusal{Cause: CauseBlank}
	}
	var first station.Decision
	if err := v.open(ctx, c.first, event.PurposeDecision, &first); err != nil {
		return d, err
	}
	d.Expiry = p.Expiry(a.Applicant.Birth, d.Issue)
	return d, production.Recompute(p, a, first)
}

// build draws the chip's keys, signs the data groups and puts the order together.
func (v *Vault) build(o *office, d station.Decision, a station.Application, b *blank) (station.Order, error) {
	access, err := v.access(b)
	if err != nil {
		return station.Order{}, err
	}
	out, err := production.Draft(production.Book{
		Profile: o.Charter.Profile, Decision: d, Application: a, ChipID: b.chipID, Access: access,
	})
	if err != nil {
		return out, err
	}
	return out, production.Sign(o.Charter.Profile, &out, v.Document)
}

// access derives the keys of one blank's personaliser.
func (v *Vault) access(b *blank) (station.ChipAccess, error) {
	master, err := v.Masters(b.product)
	if err != nil {
		return station.ChipAccess{}, err
	}
	defer clear(master)
	keys, err := scp03.Diversify(master, b.chipID)
	return station.ChipAccess{Enc: keys.Enc, Mac: keys.Mac, Dek: keys.Dek}, err
}

// open fetches a blob and opens it with the vault's key.
func (v *Vault) open(ctx context.Context, b journal.Blob, purpose string, into any) error {
	blob, err := v.Ledger.GetBlob(ctx, b)
	if err != nil {
		return err
	}
	plain, err := seal.Open(v.Opener, purpose, blob)
	if err != nil {
		return err
	}
	defer clear(plain)
	return journal.Decode(plain, into)
}
