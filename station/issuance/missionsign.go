package issuance

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"

	"padarozhnik/station"
	"padarozhnik/station/journal"
	"padarozhnik/station/journal/event"
	"padarozhnik/station/production"
)

// draft prepares the order of a case that is being approved, if the office makes its orders itself and
// may make this one; otherwise headquarters does. It takes the keys of the blank out of the stock.
func (d *Desk) draft(
	tx Tx, seat Seat, f *Folder, decision station.Decision, a station.Application, book *station.Booklet,
) (here bool, err error) {
	if !d.SignsHere || decision.Instead != "" {
		return false, nil
	}
	if err := tx.PutBooklet(*book); err != nil { // the rule looks at the stock
		return false, err
	}
	m, why := d.mission(tx)
	if why == nil {
		why = d.allowed(tx, m, f.Case, decision.Issue)
	}
	if why == nil {
		why = ruled(production.Bound(d.Charter.Profile, a, decision))
	}
	var access station.ChipAccess
	if why == nil {
		access, why = d.accessTo(tx, *book, seat)
	}
	if why != nil {
		d.Log.Warn("order is left to headquarters", "case", f.Case.Token, "cause", why)
		return false, nil
	}
	o, err := production.Draft(production.Book{
		Profile: d.Charter.Profile, Decision: decision, Application: a, ChipID: book.ChipID, Access: access,
	})
	if err != nil {
		return false, err
	}
	defer Destroy(&o)
	f.Sealed, f.Keys, err = d.lock(f.Case.Token, o, d.signers(f.Case))
	book.Access = nil
	return true, err
}

// signers are the officers who may have a draft signed: those who approve, without who enrolled.
func (d *Desk) signers(c station.Case) []station.Officer {
	return slices.DeleteFunc(d.Charter.WithRole(station.RoleApprove), func(o station.Officer) bool {
		return o.KeyID == c.Enrolled
	})
}

// Draft is how an order stands that is to be made here.
type Draft struct {
	There bool // drafted, and waits for the signature
	Ready bool // headquarters has nothing against it, as far as it has to be asked
}

// Draft says how the draft of a case stands.
func (d *Desk) Draft(ctx context.Context, token station.CaseToken) (Draft, error) {
	var out Draft
	err := d.Store.View(ctx, func(tx Tx) error {
		f, err := tx.Folder(token)
		if err != nil || unsigned(f) == nil {
			return err
		}
		word := d.cleared(tx, f.Case)
		out = Draft{There: true, Ready: word == nil}
		for _, wait := range []error{ErrNotCleared, ErrHeld, ErrDeclined} {
			if errors.Is(word, wait) {
				word = nil
			}
		}
		return word
	})
	return out, err
}

// SignHere makes the production order of an approved case with the office's own document signer, under
// the same rule as the vault. What was signed is in the journal, or there is no order. The caller has
// opened the signer's token and closes it.
func (d *Desk) SignHere(ctx context.Context, seat Seat, token station.CaseToken, signer crypto.Signer) error {
	err := d.Store.Update(ctx, func(tx Tx) error {
		f, m, err := d.maySign(tx, seat, token, signer)
		if err != nil {
			return err
		}
		var o station.Order
		if err := d.open(tx, token, f.Keys, f.Sealed, seat.Key, &o); err != nil {
			return err
		}
		defer Destroy(&o)
		if o.Profile != d.Charter.Profile.Version {
			return fmt.Errorf("draft under profile version %d: %w", o.Profile, station.ErrProfile)
		}
		if err := d.allowed(tx, m, f.Case, o.Issue); err != nil {
			return err
		}
		by := production.Signer{Key: signer, Certificate: m.certificate}
		if err := production.Sign(d.Charter.Profile, &o, by); err != nil {
			return err
		}
		return d.signedHere(tx, seat, f, m, o)
	})
	if err != nil {
		return fmt.Errorf("sign order of case %s: %w", token, err)
	}
	return d.Store.Scrub(ctx)
}

// maySign checks who signs, with which key, and whether headquarters has said that it may be.
func (d *Desk) maySign(tx Tx, seat Seat, token station.CaseToken, signer crypto.Signer) (
	f Folder, m mission, err error) {
	if f, err = tx.Folder(token); err != nil {
		return f, m, err
	}
	if err := f.Case.MaySign(seat.Officer, d.Now()); err != nil {
		return f, m, err
	}
	if m, err = d.mission(tx); err != nil {
		return f, m, err
	}
	if f.Sealed == nil {
		return f, m, errors.Join(ErrNoSigner, noOrder(tx, token))
	}
	if pub, ok := signer.Public().(*ecdsa.PublicKey); !ok || !m.certificate.PublicKey.Certifies(pub) {
		return f, m, ErrOtherSigner
	}
	if err := errors.Join(d.admitKey(tx, seat.Key), dayOpen(tx), d.mayIssue(tx)); err != nil {
		return f, m, err
	}
	return f, m, d.cleared(tx, f.Case)
}

// cleared asks what headquarters has said of a case whose order is made here.
func (d *Desk) cleared(tx Tx, c station.Case) error {
	if err := stopped(tx, c.Token); err != nil {
		return err
	}
	if d.Charter.Profile.MissionSigning == station.MissionAtApproval {
		return nil
	}
	serial, err := tx.Note(noteCleared + string(c.Token))
	if err == nil && string(serial) != string(c.Serial) {
		return ErrNotCleared
	}
	return err
}

// unsigned says of a case without an order that it only lacks the signature of the office's own signer.
func unsigned(f Folder) error {
	if f.Case.Stage == station.StageApproved && f.Sealed != nil {
		return ErrUnsigned
	}
	return nil
}

// stopped tells whether headquarters has held or declined a case.
func stopped(tx Tx, token station.CaseToken) error {
	if err := noOrder(tx, token); !errors.Is(err, ErrNoOrder) {
		return err
	}
	return nil
}

// stoppedHere is stopped for an order that was signed here: headquarters' word may come after it.
func stoppedHere(tx Tx, c station.Case) error {
	o, err := madeHereFor(tx, c)
	if err != nil || o.Signer == nil {
		return err
	}
	return stopped(tx, c.Token)
}

// signedHere keeps an order that was signed, in one transaction with the entry that says so.
func (d *Desk) signedHere(tx Tx, seat Seat, f Folder, m mission, o station.Order) (err error) {
	if f.Case, err = f.Case.Order(o.Serial); err != nil {
		return err
	}
	workers := append(d.Charter.WithRole(station.RoleOperate), d.Charter.WithRole(station.RoleInspect)...)
	f.Sealed = nil
	if f.Order, f.Keys, err = d.lock(f.Case.Token, o, workers); err != nil {
		return err
	}
	if err := tx.PutFolder(f); err != nil {
		return err
	}
	now, err := d.surely(tx)
	if err != nil {
		return err
	}
	m.done.Times = append(m.done.Times, now.Unix())
	if err := m.done.put(tx, now); err != nil {
		return err
	}
	if err := (madeHere{o.Serial, m.digest[:]}).put(tx, f.Case.Token); err != nil {
		return err
	}
	sod := sha256.Sum256(o.File("EF.SOD"))
	body := event.SignedHere{
		Serial: o.Serial, SOD: sod[:], Signer: m.digest[:], Number: len(m.done.Times), Issue: o.Issue,
	}
	token := string(f.Case.Token)
	if err := d.record(tx, seat.Key, fact{kind: event.OrderSignedHere, subject: token, body: body}); err != nil {
		return err
	}
	ordered := event.Bound{Case: f.Case.Token}
	return d.record(tx, d.Key, fact{kind: event.CaseOrdered, subject: token, body: ordered})
}

// missionDirected carries out directives about orders that are made here.
func (d *Desk) missionDirected(tx Tx, s journal.Signed, blob []byte) error {
	switch s.Entry.Kind {
	case event.OrderCleared:
		var body event.Held
		if err := journal.Decode(s.Entry.Body, &body); err != nil {
			return err
		}
		return tx.PutNote(noteCleared+s.Entry.Subject, []byte(body.Serial))
	case event.OrderIssued:
		return d.countOrder(tx, s.Entry.Time)
	case event.OrderDeclined:
		return d.dropDraft(tx, station.CaseToken(s.Entry.Subject))
	case event.AccessGiven:
		return d.takeAccess(tx, s, blob)
	}
	return nil
}

// dropDraft destroys the draft of a case that headquarters declined.
func (d *Desk) dropDraft(tx Tx, token station.CaseToken) error {
	f, err := tx.Folder(token)
	if errors.Is(err, ErrUnknown) {
		return nil
	}
	if err != nil || f.Case.Stage != station.StageApproved || f.Sealed == nil {
		return err
	}
	if err := d.shred(tx, d.Key, &f, event.CauseRefused); err != nil {
		return err
	}
	return tx.PutFolder(f)
}
