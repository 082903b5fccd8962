package station

// Figures are what the stock of an office went through in a period. They are counted from the signed
// record, movement by movement.
type Figures struct {
	Opening  int `cbor:"1,keyasint" json:"opening"`  // in the safe at the beginning
	Received int `cbor:"2,keyasint" json:"received"` // taken into the safe
	Issued   int `cbor:"3,keyasint" json:"issued"`   // handed to their holders
	Spoiled  int `cbor:"4,keyasint" json:"spoiled"`
	Sent     int `cbor:"5,keyasint" json:"sent"` // to another office or back to headquarters
	Lost     int `cbor:"6,keyasint" json:"lost"` // here, or reported lost by headquarters' notice
}

// Closing is the reconciliation: opening + received - issued - spoiled - sent - lost is what a count of
// the safe must find.
func (f Figures) Closing() int {
	return f.Opening + f.Received - f.Issued - f.Spoiled - f.Sent - f.Lost
}

// Move counts one booklet that went from one state to another. "" stands for a booklet of which nothing
// was known. A blank that goes back to wait for its count, because nobody believes the record of a
// station that was lost, is taken from what was received.
func (f *Figures) Move(from, to State) {
	switch {
	case from.InSafe() == to.InSafe():
	case to.InSafe():
		f.Received++
	case to == StateHanded:
		f.Issued++
	case to == StateSpoiled:
		f.Spoiled++
	case to == StateInTransit:
		f.Sent++
	case to == StateLost, to == StateRevoked, to == StateDestroyed:
		f.Lost++
	default:
		f.Received--
	}
}

// Names of the figures, as a refused close of day says which one is wrong.
const (
	FigureReceived = "received"
	FigureIssued   = "issued"
	FigureSpoiled  = "spoiled"
	FigureSent     = "sent"
	FigureLost     = "lost"
	FigureCounted  = "counted"
)

// FigureOf names the figure in which a booklet of this state is counted.
func FigureOf(s State) string {
	switch s {
	case StateHanded:
		return FigureIssued
	case StateSpoiled, StateDestroyed:
		return FigureSpoiled
	case StateInTransit:
		return FigureSent
	case StateLost, StateRevoked:
		return FigureLost
	}
	return FigureReceived
}
