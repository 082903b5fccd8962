package issuance

import (
	"crypto/sha256"
	"fmt"
	"io"
	"slices"

	"padarozhnik/station"
	"padarozhnik/station/journal"
	"padarozhnik/station/journal/event"
	"padarozhnik/station/journal/seal"
	"padarozhnik/station/lds"
)

// revoke carries out a notice of headquarters, whose signature the chain of directives has proven:
// the named officers are refused from now on and nothing is sealed to them, the named blanks are
// unusable, whether they are here or come later, and no order under a named signature is carried out.
func (d *Desk) revoke(tx Tx, s journal.Signed) error {
	var notice event.Revoked
	if err := journal.Decode(s.Entry.Body, &notice); err != nil {
		return fmt.Errorf("%w: %w", ErrHeadquarters, err)
	}
	r, err := d.revoked(tx)
	if err != nil {
		return err
	}
	if err := d.putRevoked(tx, r.with(notice)); err != nil {
		return err
	}
	if err := d.expel(tx, notice.Officers); err != nil {
		return err
	}
	if err := d.endSigner(tx, notice.Signers); err != nil {
		return err
	}
	id := s.ID()
	taken := event.Taken{Notice: id[:]}
	books, err := tx.AllBooklets()
	if err != nil {
		return err
	}
	for _, b := range books {
		if !notice.HasBlank(b.Serial) || b.Terminal() {
			continue
		}
		taken.Blanks++
		lost, err := d.revokeBlank(tx, b)
		if err != nil {
			return err
		}
		if lost {
			taken.Cases++
		}
	}
	return d.record(tx, d.Key, fact{kind: event.NoticeTaken, body: taken})
}

// with adds what a notice revokes.
func (r revocations) with(n event.Revoked) revocations {
	for _, id := range n.Officers {
		if !slices.Contains(r.Officers, id) {
			r.Officers = append(r.Officers, id)
		}
	}
	for _, signer := range n.Signers {
		if !r.signed(signer) {
			r.Signers = append(r.Signers, signer)
		}
	}
	r.Blanks = append(r.Blanks, n.Blanks...)
	return r
}

func (r revocations) signed(signer []byte) bool {
	return slices.ContainsFunc(r.Signers, func(have []byte) bool { return string(have) == string(signer) })
}

func (d *Desk) putRevoked(tx Tx, r revocations) error {
	raw, err := journal.Encode(r)
	if err != nil {
		return err
	}
	if err := tx.PutNote(noteRevoked, raw); err != nil {
		return err
	}
	_, err = d.revoked(tx)
	return err
}

// expel takes every wrap away from the named officers, and ends the day if one of them opened it:
// they could have kept its key.
func (d *Desk) expel(tx Tx, officers []string) error {
	if len(officers) == 0 {
		return nil
	}
	outside := map[string]bool{}
	for _, id := range officers {
		if o, ok := d.Charter.Officer(id); ok {
			outside[seal.Recipient(o.HPKE)] = true
		}
	}
	if err := dropWraps(tx, outside); err != nil {
		return err
	}
	day, err := today(tx)
	opened := err == nil && slices.ContainsFunc(day.Openers, func(id string) bool { return slices.Contains(officers, id) })
	if opened {
		if err := endDay(tx); err != nil {
			return err
		}
	}
	d.session.expel(officers, opened)
	return nil
}

func dropWraps(tx Tx, outside map[string]bool) error {
	folders, err := locked(tx)
	if err != nil {
		return err
	}
	for _, f := range folders {
		f.Keys = slices.DeleteFunc(slices.Clone(f.Keys), func(w seal.Wrap) bool { return outside[w.Recipient] })
		if err := tx.PutFolder(f); err != nil {
			return err
		}
	}
	return dropAccess(tx, outside)
}

// expel forgets the keys of the named officers, and the day's.
func (s *session) expel(officers []string, day bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keys = slices.DeleteFunc(s.keys, func(k Key) bool {
		out := slices.Contains(officers, k.KeyID())
		if c, ok := k.(io.Closer); ok && out {
			_ = c.Close()
		}
		return out
	})
	if day {
		s.forgetDay()
	}
}

// revokeBlank makes one blank unusable. A case that had it waits for another, as after a spoiled
// booklet, and tells the vault so; its order is destroyed.
func (d *Desk) revokeBlank(tx Tx, b station.Booklet) (lost bool, err error) {
	if b, err = b.Advance(station.StateRevoked); err != nil {
		return false, err
	}
	b.Access = nil
	if err := tx.PutBooklet(b); err != nil {
		return false, err
	}
	if b.Case == "" {
		return false, d.record(tx, d.Key, fact{kind: event.BlankRevoked, subject: string(b.Serial)})
	}
	f, err := tx.Folder(b.Case)
	if err != nil {
		return false, err
	}
	revoked := fact{kind: event.BlankRevoked, subject: string(b.Serial), body: event.Bound{Case: b.Case}}
	if err := d.record(tx, d.Key, revoked); err != nil || f.Case.Serial != b.Serial {
		return false, err
	}
	if f.Case, err = f.Case.LoseBlank(); err != nil {
		return false, nil // the case ended before: only the blank is left
	}
	if err := d.shred(tx, d.Key, &f, event.CauseRevoked); err != nil {
		return false, err
	}
	body := event.Resolved{Case: b.Case, As: station.StateRevoked, Reason: event.CauseRevoked}
	spoiled := fact{kind: event.BookletSpoiled, subject: string(b.Serial), body: body}
	if err := d.record(tx, d.Key, spoiled); err != nil {
		return false, err
	}
	return true, tx.PutFolder(f)
}

// checkSigner refuses an order that a revoked document signer signed.
func (d *Desk) checkSigner(tx Tx, o station.Order) error {
	r, err := d.revoked(tx)
	if err != nil || len(r.Signers) == 0 {
		return err
	}
	sod, err := lds.ParseSOD(o.File("EF.SOD"))
	if err != nil {
		return err
	}
	if sod.Signer == nil {
		return nil
	}
	if sum := sha256.Sum256(sod.Signer.Raw); r.signed(sum[:]) {
		return fmt.Errorf("document signer: %w", ErrRevoked)
	}
	return nil
}

// overtaken tells whether an order is for a case that a purge or a notice has overtaken: it stays in
// headquarters' chain and is not opened.
func overtaken(c station.Case, s journal.Signed) bool {
	var body event.Ordered
	if c.Stage == station.StagePurged {
		return true
	}
	return journal.Decode(s.Entry.Body, &body) == nil && slices.Contains(c.Spoiled, body.Serial)
}
