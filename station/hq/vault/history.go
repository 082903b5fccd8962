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
func (o *office) reported(e journal.Entry) error {
	token := station.CaseToken(e.Subject)
	switch e.Kind {
	case event.CaseSubmitted:
		if e.Blob == nil {
			return fmt.Errorf("submission without its case: %w", ErrChain)
		}
		o.cases[token] = &dossier{enrolled: e.Actor, sealed: *e.Blob}
	case event.CaseApproved:
		return o.approved(token, e)
	case event.CaseBound:
		return o.bound(token, e)
	case event.CaseDecided:
		return o.decided(token, e)
	case event.CorrectionAsked:
		return o.asked(token)
	case event.BookReported:
		return o.reportedBook(e)
	case event.BookletSpoiled:
		if b := o.blanks[station.Serial(e.Subject)]; b != nil {
			b.spoiled = true
		}
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
		for _, b := range body.Blanks {
			o.blanks[b.Serial] = &blank{chipID: b.ChipID, product: body.Product}
		}
		o.manifests[body.Manifest] = true
	case event.OrderIssued:
		var body event.Ordered
		if err := journal.Decode(e.Body, &body); err != nil {
			return fmt.Errorf("order: %w: %w", ErrChain, err)
		}
		if b := o.blanks[body.Serial]; b != nil {
			b.ordered = true
		}
		if c := o.cases[token]; c != nil {
			c.ordered = true
		}
		if len(body.Opened) == len(v.pin) {
			v.pin = journal.Hash(body.Opened)
		}
		o.made = append(o.made, time.Unix(e.Time, 0))
		o.settle(token)
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
		o.settle(token)
		o.pending = append(o.pending, token)
	case event.NoticeRevoked:
		return o.noticed(e)
	case event.RevocationsIssued:
		return o.listedNow(e)
	case event.CaseRelayed, event.CaseAccepted, event.CaseRejected, event.CaseReopened:
		return v.moved(o, e)
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
