package station

import (
	"fmt"
	"slices"
)

// State says what has happened to a blank booklet.
type State string

// States of a booklet. Inking is written before the first drop of ink can fall and left only when
// the printer's end of job was seen or a person looked at the page.
const (
	StateAllocated State = "allocated" // named in a signed directive of headquarters, not yet seen here
	StateAvailable State = "available"
	StateReserved  State = "reserved"
	StateTaken     State = "taken"
	StateEncoded   State = "encoded"
	StateInking    State = "inking"
	StatePrinted   State = "printed"
	StatePassed    State = "passed"
	StateHanded    State = "handed"
	StateSpoiled   State = "spoiled"
	StateRevoked   State = "revoked" // by a notice of headquarters: reported lost
)

// Booklet is one numbered blank and what became of it.
type Booklet struct {
	Serial Serial    `cbor:"1,keyasint" json:"serial"`
	ChipID []byte    `cbor:"2,keyasint" json:"chipId"` // from the maker's manifest
	State  State     `cbor:"3,keyasint" json:"state"`
	Case   CaseToken `cbor:"4,keyasint" json:"case,omitempty"`
	Tries  int       `cbor:"5,keyasint" json:"tries,omitempty"`           // of writing its chip
	Fate   Fate      `cbor:"60,keyasint,omitempty" json:"fate,omitempty"` // after it was handed over
}

var booklets = map[State][]State{
	StateAllocated: {StateAvailable, StateRevoked},
	StateAvailable: {StateReserved, StateSpoiled, StateRevoked},
	StateReserved:  {StateTaken, StateAvailable, StateSpoiled, StateRevoked},
	StateTaken:     {StateEncoded, StateSpoiled, StateRevoked},
	StateEncoded:   {StateInking, StateSpoiled, StateRevoked},
	StateInking:    {StateEncoded, StatePrinted, StateSpoiled, StateRevoked},
	StatePrinted:   {StatePassed, StateSpoiled, StateRevoked},
	StatePassed:    {StateHanded, StateSpoiled, StateRevoked},
	StateHanded:    {},
	StateSpoiled:   {},
	StateRevoked:   {},
}

// Advance moves the booklet to its next state, or refuses.
func (b Booklet) Advance(to State) (Booklet, error) {
	if !slices.Contains(booklets[b.State], to) {
		return b, fmt.Errorf("booklet %s from %s to %s: %w", b.Serial, b.State, to, ErrStage)
	}
	b.State = to
	return b, nil
}

// Reserve binds an available blank to a case.
func (b Booklet) Reserve(c CaseToken) (Booklet, error) {
	b, err := b.Advance(StateReserved)
	if err != nil {
		return b, err
	}
	b.Case = c
	return b, nil
}

// Terminal tells whether nothing can happen to the booklet any more.
func (b Booklet) Terminal() bool { return len(booklets[b.State]) == 0 }
