package vault

import (
	"fmt"
	"slices"
	"time"

	"padarozhnik/station"
	"padarozhnik/station/journal"
	"padarozhnik/station/journal/event"
)

// reported takes in what a station says that happened.
func (v *Vault) reported(o *office, e journal.Entry) error {
	token := station.CaseToken(e.Subject)
	switch e.Kind {
	case event.CaseSubmitted:
		if e.Blob == nil {
			return fmt.Errorf("submission without its case: %w", ErrChain)
		}
		o.cases[token] = &dossier{enrolled: e.Actor, sealed: *e.Blob}
	case event.CaseApproved:
		return o.approved(token, e)
	case event.CaseOrdered:
		o.tookOrder(token)
	case event.LedgerRolledBack:
		return o.contradicted(e, v.Now())
	case event.DirectivePassed:
		return o.passedOver(e)
	case event.OrderSignedHere:
		return o.signedHere(e)
	case event.OrderPassedOn:
		o.passedOn(token)
	case event.StationResumed:
		o.resumed()
	case event.BookletEncoded, event.BookletPassed:
		return o.encoded(e)
	case event.BookletSpoiled:
		if b := o.blanks[station.Serial(e.Subject)]; b != nil {
			b.spoiled = true
		}
	default:
		return v.stocked(o, e)
	}
	return nil
}

func (o *office) approved(token station.CaseToken, e journal.Entry) error {
	var body event.Approved
	if err := journal.Decode(e.Body, &body); err != nil {
		return fmt.Errorf("approval: %w: %w", ErrChain, err)
	}
	c := o.cases[token]
	if c == nil || e.Blob == nil {
		return fmt.Errorf("approval without its submission: %w", ErrChain)
	}
	c.approved, c.decision, c.serial, c.instead = e.Actor, *e.Blob, body.Serial, body.Instead
	c.here, c.cleared, c.signed = body.Here, false, false
	delete(o.held, token)
	c.declined = ""
	if body.Instead == "" {
		c.first = *e.Blob
	}
	o.pending = append(o.pending, token)
	return nil
}

// directed takes in what headquarters itself has said before.
func (v *Vault) directed(o *office, e journal.Entry) error {
	token := station.CaseToken(e.Subject)
	switch e.Kind {
	case event.StockAllocated:
		var body event.Allocated
		if err := journal.Decode(e.Body, &body); err != nil {
			return fmt.Errorf("allocation: %w: %w", ErrChain, err)
		}
		m, ok := v.manifests[body.Manifest]
		if !ok {
			return fmt.Errorf("shipment %s: %w", body.Shipment, ErrManifest)
		}
		o.supplied(body.Manifest, m)
	case event.StockResolved:
		o.resolved(e)
	case event.OrderIssued:
		return v.issued(o, token, e)
	case event.OrderDeclined:
		var body event.Declined
		if err := journal.Decode(e.Body, &body); err != nil {
			return fmt.Errorf("refusal: %w: %w", ErrChain, err)
		}
		if c := o.cases[token]; c != nil {
			c.declined = body.Cause
		}
		o.settle(token)
	case event.OrderHeld:
		var body event.Held
		if err := journal.Decode(e.Body, &body); err != nil {
			return fmt.Errorf("held order: %w: %w", ErrChain, err)
		}
		o.settle(token)
		o.held[token] = body.Cause
	case event.OrderCleared:
		return v.cleared(o, token, e)
	case event.AccessGiven:
		var body event.Access
		if err := journal.Decode(e.Body, &body); err != nil {
			return fmt.Errorf("keys of blanks: %w: %w", ErrChain, err)
		}
		o.armed(body)
	case event.NoticeRevoked:
		return o.noticed(e)
	case event.StationRestored:
		return o.revived(e)
	}
	return nil
}

// settle takes a case from the list of those that wait for the vault.
func (o *office) settle(token station.CaseToken) {
	delete(o.held, token)
	if i := slices.Index(o.pending, token); i >= 0 {
		o.pending = slices.Delete(o.pending, i, i+1)
	}
}

// issued takes in an order that the vault made.
func (v *Vault) issued(o *office, token station.CaseToken, e journal.Entry) error {
	var body event.Ordered
	if err := journal.Decode(e.Body, &body); err != nil {
		return fmt.Errorf("order: %w: %w", ErrChain, err)
	}
	if b := o.blanks[body.Serial]; b != nil {
		b.ordered, b.sod = true, body.SOD
	}
	o.listed[string(body.SOD)] = body.Serial
	if c := o.cases[token]; c != nil {
		c.ordered = true
	}
	if len(body.Opened) == len(v.pin) {
		v.pin = journal.Hash(body.Opened)
	}
	o.made = append(o.made, time.Unix(e.Time, 0))
	o.settle(token)
	return nil
}

// cleared takes in that a case was told to go on: its order is made by the station, or follows.
func (v *Vault) cleared(o *office, token station.CaseToken, e journal.Entry) error {
	o.settle(token)
	var body event.Held
	if err := journal.Decode(e.Body, &body); err != nil {
		return fmt.Errorf("cleared order: %w: %w", ErrChain, err)
	}
	if len(body.Opened) == len(v.pin) {
		v.pin = journal.Hash(body.Opened)
	}
	if c := o.cases[token]; c != nil && c.here {
		c.cleared = true
	} else {
		o.pending = append(o.pending, token)
	}
	return nil
}
