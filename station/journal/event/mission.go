package event

import "padarozhnik/station"

// Kinds of entries of a station with a document signer of its own. Every signature that it gives stands
// in one OrderSignedHere: the order exists only with that entry.
const (
	OrderSignedHere = "order.signed-here" // subject: case
	OrderPassedOn   = "order.passed-on"   // subject: case; headquarters is to make the order after all
)

// AccessGiven is the kind of the directive by which headquarters gives such a station the keys of its
// blanks' personalisers; blob: the keys.
const AccessGiven = "access.given"

// PurposeAccess is that of the keys of blanks, sealed to a station.
const PurposeAccess = "access"

// SignedHere is the body of OrderSignedHere.
type SignedHere struct {
	Serial station.Serial `cbor:"1,keyasint"`
	SOD    []byte         `cbor:"2,keyasint"` // SHA-256 of EF.SOD
	Signer []byte         `cbor:"3,keyasint"` // SHA-256 of the certificate, DER
	Number int            `cbor:"4,keyasint"` // of the signer's orders, from 1
	Issue  station.Date   `cbor:"5,keyasint"`
}

// PassedOn is the body of OrderPassedOn.
type PassedOn struct {
	Serial station.Serial `cbor:"1,keyasint"`
}

// Access is the body of AccessGiven: for which charter, and which blanks.
type Access struct {
	Charter int              `cbor:"1,keyasint"` // version
	Serials []station.Serial `cbor:"2,keyasint"`
}

// AccessKeys is the blob of AccessGiven, in the order of the serials.
type AccessKeys struct {
	Keys []station.ChipAccess `cbor:"1,keyasint"`
}
