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
	StateAllocated   State = "allocated"  // headquarters gave it to this office; it waits to be counted
	StateInTransit   State = "in-transit" // in a sealed bag on its way here, or sent on from here
	StateReceived    State = "received"   // counted and found in the manifest, not in the safe yet
	StateQuarantined State = "quarantined"
	StateAvailable   State = "available" // in the safe
	StateReserved    State = "reserved"
	StateTaken       State = "taken"
	StateEncoded     State = "encoded"
	StateInking      State = "inking"
	StatePrinted     State = "printed"
	StatePassed      State = "passed"
	StateHanded      State = "handed"
	StateSpoiled     State = "spoiled"
	StateDestroyed   State = "destroyed" // under two signatures, with a picture
	StateLost        State = "lost"      // nobody knows where it is
	StateRevoked     State = "revoked"   // by a notice of headquarters: reported lost
)

// Booklet is one numbered blank and what became of it.
type Booklet struct {
	Serial Serial    `cbor:"1,keyasint" json:"serial"`
	ChipID []byte    `cbor:"2,keyasint" json:"chipId"` // from the maker's manifest
	State  State     `cbor:"3,keyasint" json:"state"`
	Case   CaseToken `cbor:"4,keyasint" json:"case,omitempty"`
	Tries  int       `cbor:"5,keyasint" json:"tries,omitempty"` // of writing its chip

	// Access is the locked keys of its personaliser, where the office makes orders itself.
	Access []byte `cbor:"6,keyasint,omitempty" json:"-"`
}

// booklets is every way that a booklet can go. Nothing else says what may follow.
var booklets = map[State][]State{
	StateAllocated:   {StateInTransit, StateReceived, StateLost, StateRevoked},
	StateInTransit:   {StateReceived, StateQuarantined, StateLost, StateRevoked},
	StateReceived:    {StateAvailable, StateQuarantined, StateLost, StateRevoked},
	StateQuarantined: {StateReceived, StateInTransit, StateLost, StateRevoked},
	StateAvailable:   {StateReserved, StateInTransit, StateSpoiled, StateLost, StateRevoked},
	StateReserved:    {StateTaken, StateAvailable, StateSpoiled, StateLost, StateRevoked},
	StateTaken:       {StateEncoded, StateSpoiled, StateLost, StateRevoked},
	StateEncoded:     {StateInking, StateSpoiled, StateLost, StateRevoked},
	StateInking:      {StateEncoded, StatePrinted, StateSpoiled, StateLost, StateRevoked},
	StatePrinted:     {StatePassed, StateSpoiled, StateLost, StateRevoked},
	StatePassed:      {StateHanded, StateSpoiled, StateLost, StateRevoked},
	StateHanded:      {},
	StateSpoiled:     {StateDestroyed, StateLost},
	StateDestroyed:   {},
	StateLost:        {StateDestroyed}, // found again: it stays invalid
	StateRevoked:     {StateDestroyed},
}

// States lists every state of a booklet, in the order of a life.
func States() []State {
	return []State{
		StateAllocated, StateInTransit, StateReceived, StateQuarantined, StateAvailable, StateReserved, StateTaken,
		StateEncoded, StateInking, StatePrinted, StatePassed, StateHanded, StateSpoiled, StateDestroyed, StateLost,
		StateRevoked,
	}
}

// InSafe tells whether a booklet in this state belongs into the safe of the office: it was received, and
// neither given away nor made worthless since.
func (s State) InSafe() bool {
	switch s {
	case StateAvailable, StateReserved, StateTaken, StateEncoded, StateInking, StatePrinted, StatePassed:
		return true
	}
	return false
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

// Terminal tells whether the booklet can never become a passport any more, or has become one.
func (b Booklet) Terminal() bool {
	switch b.State {
	case StateHanded, StateSpoiled, StateDestroyed, StateLost, StateRevoked:
		return true
	}
	return false
}
