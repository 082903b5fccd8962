package issuance

import (
	"context"
	"errors"
	"time"

	"padarozhnik/station"
	"padarozhnik/station/journal"
)

// claim is the time that the next entry says: the desk's clock, but never one before a time that
// has been signed already, by this station or by headquarters. A wrong clock locks nobody out, and
// nobody can date an entry back behind what is proven to have been before.
func (d *Desk) claim(tx Tx, last *journal.Signed) (int64, error) {
	floor, err := number(tx, noteSigned)
	if err != nil {
		return 0, err
	}
	if last != nil {
		floor = max(floor, last.Entry.Time)
	}
	now := d.Now().Unix()
	if now < floor {
		d.Log.Warn("the clock stands before a time already signed; that time is claimed instead",
			"behind", time.Duration(floor-now)*time.Second)
	}
	return max(now, floor), nil
}

// signedTime remembers a time that headquarters has signed.
func signedTime(tx Tx, at int64) error {
	known, err := number(tx, noteSigned)
	if err != nil || at <= known {
		return err
	}
	if known == 0 {
		if err := putNumber(tx, noteFirst, at); err != nil {
			return err
		}
	}
	return putNumber(tx, noteSigned, at)
}

// maxAhead is how far a time that only the ledger signs may lie before the desk's own clock. The ledger
// faces the internet and its clock may jump: alone it makes no case too old and dates no entry.
const maxAhead = 24 * time.Hour

// ledgerTime remembers when headquarters' ledger says that it answered, as far as the desk's clock does
// not contradict. So the age of cases is known where headquarters has nothing to direct.
func (d *Desk) ledgerTime(tx Tx, at int64) error {
	if at == 0 {
		return nil
	}
	if ahead := time.Unix(at, 0).Sub(d.Now()); ahead > maxAhead {
		d.Log.Warn("the ledger's time lies before the clock of this desk; it is passed over", "ahead", ahead)
		return nil
	}
	return signedTime(tx, at)
}

// tooOld tells whether a case has been open for longer than the profile allows, by what headquarters
// has signed: a clock that jumped ends nobody's work. What was opened before headquarters was heard
// at all has no age before that, because the clock alone says when it was.
func (d *Desk) tooOld(tx Tx) (func(station.Case) bool, error) {
	first, err := number(tx, noteFirst)
	if err != nil {
		return nil, err
	}
	now, err := proven(tx)
	return func(c station.Case) bool {
		c.Opened = max(c.Opened, first)
		return c.Older(d.Charter.Profile, now)
	}, err
}

// SignedTime is the newest time that headquarters has signed: it has certainly passed, whatever the
// clock says. It is the zero time before headquarters was ever heard.
func (d *Desk) SignedTime(ctx context.Context) (time.Time, error) {
	var at time.Time
	err := d.Store.View(ctx, func(tx Tx) (err error) {
		at, err = proven(tx)
		return err
	})
	return at, err
}

// proven is the newest time that headquarters has signed, or the zero time.
func proven(tx Tx) (time.Time, error) {
	at, err := number(tx, noteSigned)
	if err != nil || at == 0 {
		return time.Time{}, err
	}
	return time.Unix(at, 0), nil
}

// Contact is how the office stands with headquarters.
type Contact struct {
	Heard   time.Time       `json:"heard,omitzero"` // zero: never, or not since the desk began to count
	Silence station.Silence `json:"silence"`
	Halted  bool            `json:"halted"`          // ErrHalted is what every verb returns
	Alarm   string          `json:"alarm,omitempty"` // one of the Alarm words; stays until acknowledged
}

// Contact reads how the office stands with headquarters.
func (d *Desk) Contact(ctx context.Context) (c Contact, err error) {
	err = d.Store.View(ctx, func(tx Tx) (err error) {
		c, err = d.contact(tx)
		return err
	})
	return c, err
}

func (d *Desk) contact(tx Tx) (Contact, error) {
	heard, now, err := d.silence(tx)
	if err != nil {
		return Contact{}, err
	}
	c := Contact{Heard: heard, Silence: d.Charter.Profile.Silence(heard, now)}
	if err := halted(tx); errors.Is(err, ErrHalted) {
		c.Halted = true
	} else if err != nil {
		return c, err
	}
	alarm, err := readEvidence(tx, noteAlarm)
	if alarm != nil {
		c.Alarm = alarm.Kind
	}
	return c, err
}

// silence returns when headquarters was last heard, and now.
func (d *Desk) silence(tx Tx) (heard, now time.Time, err error) {
	at, err := number(tx, noteContact)
	if err != nil {
		return heard, now, err
	}
	if at > 0 {
		heard = time.Unix(at, 0)
	}
	now, err = d.surely(tx)
	return heard, now, err
}

// surely is the desk's clock, and no time before one that headquarters has signed.
func (d *Desk) surely(tx Tx) (time.Time, error) {
	signed, err := number(tx, noteSigned)
	now := d.Now()
	if floor := time.Unix(signed, 0); now.Before(floor) {
		now = floor
	}
	return now, err
}

// mayIssue asks the domain whether booklets may be made and handed over.
func (d *Desk) mayIssue(tx Tx) error {
	heard, now, err := d.silence(tx)
	if err != nil {
		return err
	}
	return d.Charter.Profile.MayIssue(heard, now)
}

// beginContact counts silence from now on where it was not counted before.
func (d *Desk) beginContact(tx Tx) error {
	at, err := number(tx, noteContact)
	if err != nil || at != 0 {
		return err
	}
	return d.heardNow(tx)
}

// heardNow remembers that headquarters speaks at this time.
func (d *Desk) heardNow(tx Tx) error {
	now, err := d.surely(tx)
	if err != nil {
		return err
	}
	return putNumber(tx, noteContact, now.Unix())
}

// heardBy remembers that headquarters wrote at a time what has been taken in now. An older letter
// does not lengthen the silence; a time of contact that a wrong clock once made up does not stay.
func (d *Desk) heardBy(tx Tx, made int64) error {
	if err := signedTime(tx, made); err != nil {
		return err
	}
	now, err := d.surely(tx)
	if err != nil {
		return err
	}
	at, err := number(tx, noteContact)
	if err != nil {
		return err
	}
	if at > now.Unix() {
		at = 0
	}
	return putNumber(tx, noteContact, max(at, made))
}
