package event

import "padarozhnik/station"

// Kinds of entries about what officers look at, give away, and hear of books that were given away.
const (
	CaseRevealed  = "case.revealed"  // one masked field
	CasePresented = "case.presented" // data and chip were shown to who collects
	CaseLookedUp  = "case.looked-up" // by case token or name as typed, over one's own open cases

	CountersReported = "counters.reported"      // what officers looked at on one day
	QuotaMet         = "quota.met"              // somebody wanted more than the profile allows
	WasteProposed    = "booklet.waste-proposed" // of a finished book; BookletSpoiled by another officer follows
	BookReported     = "booklet.reported"       // after it was handed over; blob: the sealed report
	ReceiptMade      = "case.receipt"           // for the holder
	CorrectionAsked  = "case.correction"        // the finished book was wrong: headquarters gives the application back
	CaseDecided      = "case.decided"           // for another office; blob: the decision
	CaseArrived      = "case.arrived"           // another office's, to be decided here
	CaseBound        = "case.bound"             // a blank, to a case that another office approved
)

// Kinds of directives about cases that move between offices, and about revoked books.
const (
	CaseRelayed       = "case.relayed"       // to the office that decides; blob: the application
	CaseReopened      = "case.reopened"      // to the office that enrolled; blob: the application with what is wrong
	CaseAccepted      = "case.accepted"      // another office approved: reserve a blank
	CaseRejected      = "case.rejected"      // another office refused
	RevocationsIssued = "revocations.issued" // body: the digest; blob: the signed list
)

// Purposes of the blobs of these.
const (
	PurposeReport = "report"      // on a book that was lost or stolen, to headquarters
	PurposeList   = "revocations" // the list, to a station
)

// Causes for which a case key is destroyed.
const (
	CauseMoved   = "moved"   // the case is decided at another office
	CauseSpoiled = "spoiled" // a finished book was made unusable
)

// Revealed is the body of CaseRevealed.
type Revealed struct {
	Field station.Optional `cbor:"1,keyasint"`
}

// LookedUp is the body of CaseLookedUp: how many cases were found, and among how many open ones. What was
// typed is written nowhere.
type LookedUp struct {
	Found int `cbor:"1,keyasint"`
	Among int `cbor:"2,keyasint"`
}

// Counters is the body of CountersReported: one line for each officer who looked at anything.
type Counters struct {
	Day   station.Date `cbor:"1,keyasint"`
	Lines []Looked     `cbor:"2,keyasint"`
}

// Looked is what one officer looked at on one day.
type Looked struct {
	Officer string `cbor:"1,keyasint"` // key identifier
	Views   int    `cbor:"2,keyasint,omitempty"`
	Reveals int    `cbor:"3,keyasint,omitempty"`
	Lookups int    `cbor:"4,keyasint,omitempty"`
	Exports int    `cbor:"5,keyasint,omitempty"`
	Refused int    `cbor:"6,keyasint,omitempty"` // above the quota
}

// Met is the body of QuotaMet: whose, and of what.
type Met struct {
	Officer string `cbor:"1,keyasint"` // key identifier
	What    string `cbor:"2,keyasint"` // "views", "lookups", "exports"
	Allowed int    `cbor:"3,keyasint"`
}

// Handed is the body of CaseHanded.
type Handed struct {
	Case  station.CaseToken `cbor:"1,keyasint"`
	Proxy bool              `cbor:"60,keyasint,omitempty"` // a registered proxy collected
	Old   station.Custody   `cbor:"61,keyasint,omitempty"` // of the old passport
	SOD   []byte            `cbor:"62,keyasint,omitempty"` // SHA-256 of EF.SOD
}

// Waste is the body of WasteProposed: why a finished book is to be made unusable.
type Waste struct {
	Case   station.CaseToken `cbor:"1,keyasint"`
	Cause  string            `cbor:"2,keyasint"` // a word of WasteCauses
	Reason string            `cbor:"3,keyasint"` // never names the holder
}

// Causes of waste.
const (
	WasteTypo        = "typo"        // the data are wrong
	WasteDeadChip    = "dead-chip"   // at the desk
	WasteDamaged     = "damaged"     // seen at the desk
	WasteUncollected = "uncollected" // nobody came
)

// WasteCauses lists them.
func WasteCauses() []string {
	return []string{WasteTypo, WasteDeadChip, WasteDamaged, WasteUncollected}
}

// Reported is the body of BookReported.
type Reported struct {
	As station.Fate `cbor:"1,keyasint"`
	By string       `cbor:"2,keyasint"` // "holder", "police", "other"
}

// Relayed is the body of CaseRelayed: which office enrolled, by whose key. Of is the digest of the sealed
// application, by which the decision names it. Whole: the other office makes the book as well.
type Relayed struct {
	From     string `cbor:"1,keyasint"`
	Enrolled string `cbor:"2,keyasint"`
	Of       []byte `cbor:"3,keyasint"`
	Whole    bool   `cbor:"4,keyasint,omitempty"`
}

// Verdict is the body of CaseDecided, CaseAccepted, CaseRejected and CaseReopened. Of is the digest of the
// sealed application that was decided on.
type Verdict struct {
	Approved bool           `cbor:"1,keyasint,omitempty"`
	Returned bool           `cbor:"2,keyasint,omitempty"` // neither: refused
	Of       []byte         `cbor:"3,keyasint,omitempty"`
	Checked  []station.Item `cbor:"4,keyasint,omitempty"`
	By       string         `cbor:"5,keyasint,omitempty"` // the office that decided
}

// Listed is the body of RevocationsIssued.
type Listed struct {
	Version int    `cbor:"1,keyasint"`
	Digest  []byte `cbor:"2,keyasint"` // SHA-256 of the file
}
