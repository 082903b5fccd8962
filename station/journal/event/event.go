// Package event is the vocabulary that a station and headquarters' vault share: the kinds of
// entries, what their bodies hold, and for what purposes blobs are sealed. Nothing here is
// personal: reasons and applications travel in the sealed blobs.
package event

import (
	"padarozhnik/station"
	"padarozhnik/station/journal"
	"padarozhnik/station/journal/seal"
)

// Kinds of entries that a station writes. The subject is a case token or, for blanks and booklets,
// a serial.
const (
	CharterAdopted   = "charter.adopted"
	CaseOpened       = "case.opened"
	CaseDrafted      = "case.drafted"
	CaseViewed       = "case.viewed"
	CaseSubmitted    = "case.submitted" // blob: the application
	CaseApproved     = "case.approved"  // blob: the decision
	CaseReturned     = "case.returned"
	CaseRefused      = "case.refused" // blob: the decision
	CaseOrdered      = "case.ordered"
	CaseHanded       = "case.handed"
	CaseClosed       = "case.closed"
	StockProposed    = "stock.proposed"
	StockWitnessed   = "stock.witnessed"
	BlankReserved    = "blank.reserved"
	BlankTaken       = "blank.taken"
	BookletEncoded   = "booklet.encoded"
	PrintStarted     = "print.started"
	PrintRefused     = "print.refused"
	BookletPrinted   = "booklet.printed"
	BookletResolved  = "booklet.resolved"
	BookletPassed    = "booklet.passed"
	BookletSpoiled   = "booklet.spoiled"
	InspectionFailed = "inspection.failed"

	LedgerRolledBack  = "ledger.rolled-back" // headquarters showed an older tree than before
	AlarmAcknowledged = "alarm.acknowledged"
)

// Kinds of directives that the vault writes for a station.
const (
	StockAllocated = "stock.allocated" // blob: the manifest
	OrderIssued    = "order.issued"    // blob: the production order; subject: case
	OrderDeclined  = "order.declined"  // subject: case
)

// Purposes for which blobs are sealed.
const (
	PurposeCase     = seal.PurposeCase
	PurposeOrder    = seal.PurposeOrder
	PurposeDecision = "decision" // of an approving officer, to headquarters
	PurposeStock    = "stock"    // a manifest of blanks, to a station
)

// Adopted is the body of CharterAdopted.
type Adopted struct {
	Version int `cbor:"1,keyasint"`
}

// Drafted is the body of CaseDrafted.
type Drafted struct {
	Step string `cbor:"1,keyasint"`
}

// Submitted is the body of CaseSubmitted.
type Submitted struct {
	Profile int `cbor:"1,keyasint"` // version
}

// Approved is the body of CaseApproved. Instead is the spoiled blank that this one replaces.
type Approved struct {
	Serial  station.Serial `cbor:"1,keyasint"`
	Instead station.Serial `cbor:"2,keyasint,omitempty"`
	Here    bool           `cbor:"3,keyasint,omitempty"` // the station makes the order, by its own signer
}

// Bound is the body of entries about a blank: the case that has it.
type Bound struct {
	Case station.CaseToken `cbor:"1,keyasint"`
}

// Encoded is the body of BookletEncoded: which signature went into the chip, and what was proven.
type Encoded struct {
	SOD      []byte   `cbor:"1,keyasint"` // SHA-256 of EF.SOD
	Verdicts []string `cbor:"2,keyasint"`
	Resumed  bool     `cbor:"3,keyasint,omitempty"`
}

// Inspected is the body of BookletPassed and InspectionFailed: what agreed, or what did not.
type Inspected struct {
	SOD      []byte   `cbor:"1,keyasint"`
	Findings []string `cbor:"2,keyasint"`
}

// Resolved is the body of BookletResolved and BookletSpoiled.
type Resolved struct {
	Case   station.CaseToken `cbor:"1,keyasint"`
	As     station.State     `cbor:"2,keyasint"`
	Reason string            `cbor:"3,keyasint"` // never names the holder
}

// RolledBack is the body of LedgerRolledBack: the tree seen before, the older one shown instead, and
// the newest directive that was taken in, which may be lost at headquarters.
type RolledBack struct {
	Seen      journal.TreeHead `cbor:"1,keyasint"`
	Shown     journal.TreeHead `cbor:"2,keyasint"`
	Directive *Place           `cbor:"3,keyasint,omitempty"`
}

// Alarm is the body of AlarmAcknowledged: a word for what it was, and when it was raised.
type Alarm struct {
	Kind string `cbor:"1,keyasint"`
	Time int64  `cbor:"2,keyasint"`
}

// Ordered is the body of OrderIssued: the signature that headquarters gave to this number. Opened is
// the entry of the vault's diary that says so that the case was opened, and pins the diary.
type Ordered struct {
	Serial station.Serial `cbor:"1,keyasint"`
	SOD    []byte         `cbor:"2,keyasint"` // SHA-256 of EF.SOD
	Opened []byte         `cbor:"3,keyasint,omitempty"`
}

// Declined is the body of OrderDeclined. Cause is a word of the vault's list, never a sentence.
type Declined struct {
	Serial station.Serial `cbor:"1,keyasint"`
	Cause  string         `cbor:"2,keyasint"`
}
