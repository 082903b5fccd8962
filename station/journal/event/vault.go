package event

import (
	"padarozhnik/station"
)

// Kinds of directives about orders that have to wait, and about a station on new hardware.
const (
	OrderHeld       = "order.held"       // subject: case; an order or a refusal follows
	OrderCleared    = "order.cleared"    // subject: case; the order follows
	StationRestored = "station.restored" // blob: a part of the station's own past
)

// Kinds of entries by which a station on new hardware says what it found.
const (
	StationResumed = "station.resumed" // the first entry of the new epoch
	CaseLost       = "case.lost"       // what was open in the old hardware only
)

// PurposeRestore is that of a station's own past, sealed to its new key.
const PurposeRestore = "restore"

// Held is the body of OrderHeld and OrderCleared. Cause is a word of the vault's list. It never says
// of whom headquarters thinks.
type Held struct {
	Serial station.Serial `cbor:"1,keyasint"`
	Cause  string         `cbor:"2,keyasint,omitempty"`
	Opened []byte         `cbor:"3,keyasint,omitempty"` // as in Ordered, where the station signs
}

// Restored is the body of StationRestored: which part of how many of the past, for which epoch.
type Restored struct {
	Epoch uint64 `cbor:"1,keyasint"`
	Part  int    `cbor:"2,keyasint"` // from 1
	Parts int    `cbor:"3,keyasint"`
}

// Past is the blob of StationRestored. Entries and receipts are the station's own, in order and in
// pairs; the blanks are those that were ever allocated to it. The last part says what headquarters has
// answered: for which numbers an order exists, and which cases are held or were declined.
type Past struct {
	Entries  [][]byte         `cbor:"1,keyasint"`
	Receipts [][]byte         `cbor:"2,keyasint"`
	Blanks   []Blank          `cbor:"3,keyasint"`
	Ordered  []station.Serial `cbor:"4,keyasint"`
	Held     []Answer         `cbor:"5,keyasint"`
	Declined []Answer         `cbor:"6,keyasint"`
}

// Answer is headquarters' word on a case that got no order.
type Answer struct {
	Case  station.CaseToken `cbor:"1,keyasint"`
	Cause string            `cbor:"2,keyasint"`
}

// Resumed is the body of StationResumed: how many entries came back, and how many cases were lost.
type Resumed struct {
	Entries int `cbor:"1,keyasint"`
	Lost    int `cbor:"2,keyasint"`
}
