package event

import (
	"slices"

	"padarozhnik/station"
)

// Kinds of entries about keys and emergencies. What needs two officers is proposed by one and
// witnessed by the other, and in force with the second entry.
const (
	DayProposed      = "day.proposed"
	DayOpened        = "day.opened" // by the witness
	DayClosed        = "day.closed"
	CaseKeyDestroyed = "case.key-destroyed"
	CaseWithdrawn    = "case.withdrawn"
	PINProposed      = "purge.pin-proposed"
	PINWitnessed     = "purge.pin-witnessed"
	StationPurged    = "station.purged"
	NoticeTaken      = "notice.taken" // a notice of headquarters was carried out
	BlankRevoked     = "blank.revoked"
)

// NoticeRevoked is the kind of the directive by which headquarters revokes, in one notice, what an
// adversary may hold. It may come by network or by stick.
const NoticeRevoked = "notice.revoked"

// Causes for which a case key is destroyed.
const (
	CauseApproved  = "approved"
	CauseRefused   = "refused"
	CauseClosed    = "closed"
	CauseWithdrawn = "withdrawn"
	CausePurged    = "purged"
	CauseRevoked   = "revoked"   // the blank of the case
	CausePassedOn  = "passed-on" // the draft: headquarters makes the order
	CauseLost      = "lost"      // the blank of the case, at the station
)

// Destroyed is the body of CaseKeyDestroyed.
type Destroyed struct {
	Cause string `cbor:"1,keyasint"`
}

// Day is the body of DayProposed, DayOpened and DayClosed: what the checklist showed. Failed lists the words of
// the checks that did not pass; Proposed is the identity of the entry that a witness confirms.
type Day struct {
	Day      string   `cbor:"1,keyasint"` // names the day, not its date
	Counted  int      `cbor:"2,keyasint"` // blanks and booklets in the safe
	Expected int      `cbor:"3,keyasint"`
	Failed   []string `cbor:"4,keyasint,omitempty"`
	Proposed []byte   `cbor:"5,keyasint,omitempty"`

	Figures *station.Figures `cbor:"6,keyasint,omitempty"` // of DayClosed: what the day's entries add up to
	Program []byte           `cbor:"7,keyasint,omitempty"` // SHA-256 of the program's file that did it
}

// PIN is the body of PINProposed and PINWitnessed. It says nothing of the PIN.
type PIN struct {
	Proposed []byte `cbor:"1,keyasint,omitempty"`
}

// Purged is the body of StationPurged: how many cases lost their keys.
type Purged struct {
	Cases int `cbor:"1,keyasint"`
}

// Range is a row of blanks, both ends included.
type Range = station.Range

// Revoked is the body of NoticeRevoked. An empty list revokes nothing of its kind. Reason is a word
// of headquarters' list ("seized", "stolen", "left"), never a sentence.
type Revoked struct {
	Officers []string `cbor:"1,keyasint,omitempty"` // key identifiers
	Blanks   []Range  `cbor:"2,keyasint,omitempty"`
	Signers  [][]byte `cbor:"3,keyasint,omitempty"` // SHA-256 over a document signer's certificate, DER
	Reason   string   `cbor:"4,keyasint"`
}

// HasBlank tells whether the notice revokes a blank.
func (r Revoked) HasBlank(s station.Serial) bool {
	return slices.ContainsFunc(r.Blanks, func(row Range) bool { return row.Has(s) })
}

// Taken is the body of NoticeTaken: which notice was carried out, and how many blanks and cases of
// this station it met.
type Taken struct {
	Notice []byte `cbor:"1,keyasint"` // identity of the directive
	Blanks int    `cbor:"2,keyasint"`
	Cases  int    `cbor:"3,keyasint"`
}
