package issuance

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"

	"padarozhnik/station"
	"padarozhnik/station/journal"
	"padarozhnik/station/journal/event"
	"padarozhnik/station/journal/seal"
)

// ErrElsewhere: another office decides on this station's cases.
var ErrElsewhere = errors.New("decided at another office")

// Names of notes about cases between offices, each followed by a case token.
const (
	noteVisit    = "visit/"    // digest of the sealed application of a visiting case
	noteAccepted = "accepted/" // approved at another office, and no blank was free yet
)

// remotely carries out directives about cases that move between offices, and keeps the list of revoked
// books.
func (d *Desk) remotely(tx Tx, s journal.Signed, blob []byte) error {
	token := station.CaseToken(s.Entry.Subject)
	switch s.Entry.Kind {
	case event.CaseRelayed:
		return d.arrive(tx, token, s, blob)
	case event.CaseReopened:
		return d.reopened(tx, token, blob)
	case event.CaseAccepted:
		return d.accept(tx, token)
	case event.CaseRejected:
		return d.reject(tx, token)
	case event.RevocationsIssued:
		return d.keepList(tx, blob)
	}
	return nil
}

// openCase opens an application that the vault re-sealed to this station.
func (d *Desk) openCase(blob []byte) (station.Application, error) {
	var a station.Application
	plain, err := seal.Open(d.Key, event.PurposeCase, blob)
	if err != nil {
		return a, err
	}
	defer clear(plain)
	return a, journal.Decode(plain, &a)
}

// arrive takes in a case of another office. It is wrapped to this office's approvers; where the whole case
// came, it goes on here as one of its own.
func (d *Desk) arrive(tx Tx, token station.CaseToken, s journal.Signed, blob []byte) error {
	var body event.Relayed
	if err := journal.Decode(s.Entry.Body, &body); err != nil {
		return fmt.Errorf("%w: %w", ErrHeadquarters, err)
	}
	a, err := d.openCase(blob)
	if err != nil {
		return err
	}
	old, err := tx.Folder(token)
	if err == nil && !old.Case.Visitor {
		return fmt.Errorf("case %s is ours already: %w", token, ErrHeadquarters)
	}
	if err != nil && !errors.Is(err, ErrUnknown) {
		return err
	}
	f := Folder{Case: station.Case{
		Token: token, Stage: station.StageSubmitted, Enrolled: body.Enrolled, Opened: s.Entry.Time, Visitor: true,
		Whole: body.Whole,
	}}
	if f.Sealed, f.Keys, err = d.lock(token, a, d.Charter.WithRole(station.RoleApprove)); err != nil {
		return err
	}
	if err := tx.PutNote(noteVisit+string(token), body.Of); err != nil {
		return err
	}
	if err := tx.PutFolder(f); err != nil {
		return err
	}
	return d.record(tx, d.Key, fact{kind: event.CaseArrived, subject: string(token), body: event.Bound{Case: token}})
}

// visiting carries out a decision on another office's case: it binds no blank, and goes to headquarters
// sealed with the digest of the application that the officer saw. The copy here is destroyed.
func (d *Desk) visiting(tx Tx, seat Seat, f *Folder, out station.Decision, verdict event.Verdict) error {
	if err := f.Case.MayDecide(seat.Officer, d.Now()); err != nil {
		return err
	}
	var a station.Application
	if err := d.open(tx, f.Case.Token, f.Keys, f.Sealed, seat.Key, &a); err != nil {
		return err
	}
	out.Case, out.Issue = f.Case.Token, station.DateOf(d.Now())
	if verdict.Approved {
		if err := d.checkApproval(a, out.Checked, out.Issue); err != nil {
			return err
		}
		plain, err := journal.Encode(a)
		if err != nil {
			return err
		}
		defer clear(plain)
		sum := sha256.Sum256(plain)
		out.Hashes = map[string][]byte{station.WholeApplication: sum[:]}
		out.Expiry = d.Charter.Profile.Expiry(a.Applicant.Birth, out.Issue)
	}
	var err error
	if verdict.Of, err = tx.Note(noteVisit + string(f.Case.Token)); err != nil {
		return err
	}
	if f.Case, err = f.Case.Leave(seat.Officer, out.Reason, d.Now()); err != nil {
		return err
	}
	if err := d.shred(tx, seat.Key, f, event.CauseMoved); err != nil {
		return err
	}
	blob, err := d.sealToVault(tx, event.PurposeDecision, out)
	if err != nil {
		return err
	}
	if err := tx.PutFolder(*f); err != nil {
		return err
	}
	verdict.Checked = out.Checked
	return d.record(tx, seat.Key, fact{event.CaseDecided, string(f.Case.Token), verdict, blob})
}

// reopened takes an application back: an approver at another office returned it, or the finished book was
// wrong. It is wrapped to the officer who enrolled, who types nothing again.
func (d *Desk) reopened(tx Tx, token station.CaseToken, blob []byte) error {
	f, err := tx.Folder(token)
	if err != nil {
		return err
	}
	if f.Case, err = f.Case.Reopen(); err != nil {
		return nil // withdrawn, purged or closed meanwhile: it stays so
	}
	a, err := d.openCase(blob)
	if err != nil {
		return err
	}
	enroller, ok := d.Charter.Officer(f.Case.Enrolled)
	if !ok {
		return fmt.Errorf("the officer who enrolled: %w", ErrNotOfficer)
	}
	if f.Sealed, f.Keys, err = d.lock(token, a, []station.Officer{enroller}); err != nil {
		return err
	}
	if err := tx.PutFolder(f); err != nil {
		return err
	}
	return d.record(tx, d.Key, fact{kind: event.CaseReturned, subject: string(token)})
}

// accept binds a blank to a case that another office approved, now or when there is one.
func (d *Desk) accept(tx Tx, token station.CaseToken) error {
	err := d.bind(tx, token)
	if errors.Is(err, station.ErrNoBlank) {
		return tx.PutNote(noteAccepted+string(token), []byte{1})
	}
	return err
}

func (d *Desk) bind(tx Tx, token station.CaseToken) error {
	f, err := tx.Folder(token)
	if err != nil {
		return err
	}
	if f.Case.Stage != station.StageSubmitted {
		return nil // withdrawn meanwhile
	}
	book, err := nextBlank(tx)
	if err != nil {
		return err
	}
	if f.Case, err = f.Case.Accept(book.Serial); err != nil {
		return err
	}
	if book, err = book.Reserve(token); err != nil {
		return err
	}
	if err := d.shred(tx, d.Key, &f, event.CauseApproved); err != nil {
		return err
	}
	if err := tx.PutFolder(f); err != nil {
		return err
	}
	if err := tx.PutBooklet(book); err != nil {
		return err
	}
	if err := tx.EraseNote(noteAccepted + string(token)); err != nil {
		return err
	}
	bound := fact{kind: event.CaseBound, subject: string(token), body: event.Approved{Serial: book.Serial}}
	if err := d.record(tx, d.Key, bound); err != nil {
		return err
	}
	reserved := fact{kind: event.BlankReserved, subject: string(book.Serial), body: event.Bound{Case: token}}
	return d.record(tx, d.Key, reserved)
}

// BindAccepted gives blanks to the cases that other offices approved while there was none, in the order of
// their age. It returns how many still wait.
func (d *Desk) BindAccepted(ctx context.Context) (waiting int, err error) {
	err = d.Store.Update(ctx, func(tx Tx) error {
		waiting = 0
		cases, err := tx.Cases()
		if err != nil {
			return err
		}
		for i := len(cases) - 1; i >= 0; i-- {
			token := cases[i].Token
			if cases[i].Stage != station.StageSubmitted {
				continue
			}
			if note, err := tx.Note(noteAccepted + string(token)); err != nil || note == nil {
				if err != nil {
					return err
				}
				continue
			}
			err := d.bind(tx, token)
			if errors.Is(err, station.ErrNoBlank) {
				waiting++
				continue
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("blanks for cases approved elsewhere: %w", err)
	}
	return waiting, nil
}

// reject ends a case that another office refused.
func (d *Desk) reject(tx Tx, token station.CaseToken) error {
	f, err := tx.Folder(token)
	if err != nil {
		return err
	}
	if f.Case, err = f.Case.Reject(); err != nil {
		return nil // withdrawn meanwhile
	}
	if err := d.shred(tx, d.Key, &f, event.CauseRefused); err != nil {
		return err
	}
	if err := tx.PutFolder(f); err != nil {
		return err
	}
	return d.record(tx, d.Key, fact{kind: event.CaseRefused, subject: string(token)})
}
