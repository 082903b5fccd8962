package event

import "padarozhnik/station/journal"

// Kinds of entries after headquarters was restored from a backup that lacks directives which the station
// had taken in.
const (
	// DirectivesResumed: headquarters goes on in a new epoch of its chain to the station.
	DirectivesResumed = "directives.resumed"
	// DirectivePassed: headquarters gave a number again; what stands under it was not carried out.
	DirectivePassed = "directive.passed"
)

// Place is where an entry stands in its chain, and which one it is.
type Place struct {
	Epoch    uint64       `cbor:"1,keyasint"`
	Sequence uint64       `cbor:"2,keyasint"`
	ID       journal.Hash `cbor:"3,keyasint"`
}

// PlaceOf is where an entry stands.
func PlaceOf(s journal.Signed) Place {
	return Place{Epoch: s.Entry.Epoch, Sequence: s.Entry.Sequence, ID: s.ID()}
}

// PassedDirective is the body of DirectivePassed.
type PassedDirective struct {
	Directive Place `cbor:"1,keyasint"`
}

// ResumedDirectives is the body of DirectivesResumed. Lost is the newest one taken in that headquarters does not know any more, First
// the one with which it goes on. Both are signed by headquarters.
type ResumedDirectives struct {
	Lost  Place `cbor:"1,keyasint"`
	First Place `cbor:"2,keyasint"`
}
