package wire

import (
	"fmt"
	"net/http"
	"time"

	"padarozhnik/station/journal"
)

// Code is the condition that headquarters answers with. It is an error itself, so that a caller
// asks errors.Is(err, wire.Fork), and takes the details from an *Error by errors.As. Numbers are
// part of the protocol and are never given a second meaning.
type Code uint16

// Conditions of an answer.
const (
	Internal       Code = 1  // headquarters' own trouble; try again later
	BadRequest     Code = 2  // not a message of this protocol
	BadEntry       Code = 3  // an entry that is malformed, or whose signature does not hold
	UnknownStation Code = 4  // no such station or vault is registered
	UnknownKey     Code = 5  // the actor's key is not registered for that chain
	NotYours       Code = 6  // the chain or blob belongs to somebody else
	Revoked        Code = 7  // the caller, or the station of the chain, has been revoked
	Frozen         Code = 8  // a fork was found before; a person at headquarters must act
	Fork           Code = 9  // two entries at one number: the chain is frozen from now on
	Gap            Code = 10 // entries are missing; Expected says which is next
	WrongEpoch     Code = 11 // the chain goes on in another epoch; Epoch says which
	BlobMissing    Code = 12 // the entry names a blob that is not there yet
	BlobMismatch   Code = 13 // the bytes are not those that their digest or size says
	TooLarge       Code = 14 // more bytes than allowed
	TooFast        Code = 15 // wait RetryAfter
	Behind         Code = 16 // headquarters' tree is smaller than the size that the caller names
	NotFound       Code = 17 // no such blob
	Offset         Code = 18 // the range does not begin where what is held ends; Size says where that is
	Full           Code = 19 // headquarters' disk is full; nothing was stored, try again much later
)

// condition is one row of the table of codes.
type condition struct {
	text   string
	status int
}

var conditions = map[Code]condition{
	Internal:       {"trouble at headquarters", http.StatusInternalServerError},
	BadRequest:     {"not a message of this protocol", http.StatusBadRequest},
	BadEntry:       {"entry does not hold", http.StatusUnprocessableEntity},
	UnknownStation: {"unknown station", http.StatusForbidden},
	UnknownKey:     {"key not registered for this chain", http.StatusForbidden},
	NotYours:       {"belongs to another station", http.StatusForbidden},
	Revoked:        {"revoked", http.StatusForbidden},
	Frozen:         {"frozen after a fork", http.StatusLocked},
	Fork:           {"fork: two entries at one number", http.StatusConflict},
	Gap:            {"entries missing in between", http.StatusConflict},
	WrongEpoch:     {"chain goes on in another epoch", http.StatusConflict},
	BlobMissing:    {"blob not stored yet", http.StatusFailedDependency},
	BlobMismatch:   {"bytes do not match their digest", http.StatusUnprocessableEntity},
	TooLarge:       {"too large", http.StatusRequestEntityTooLarge},
	TooFast:        {"too many requests", http.StatusTooManyRequests},
	Behind:         {"headquarters' tree is smaller than one already seen", http.StatusConflict},
	NotFound:       {"not found", http.StatusNotFound},
	Offset:         {"another part of the blob is next", http.StatusConflict},
	Full:           {"headquarters' disk is full", http.StatusInsufficientStorage},
}

// Error says the condition in words.
func (c Code) Error() string {
	if k, ok := conditions[c]; ok {
		return k.text
	}
	return fmt.Sprintf("condition %d", uint16(c))
}

// Status is the HTTP status that goes with the condition. It informs proxies; clients look at the
// code alone.
func (c Code) Status() int {
	if k, ok := conditions[c]; ok {
		return k.status
	}
	return http.StatusInternalServerError
}

// Error is a condition with its details. Fields that the code does not need are zero.
type Error struct {
	Code       Code         `cbor:"1,keyasint"`
	Chain      string       `cbor:"2,keyasint,omitempty"`
	Epoch      uint64       `cbor:"3,keyasint,omitempty"` // Gap, WrongEpoch: where the chain goes on
	Expected   uint64       `cbor:"4,keyasint,omitempty"` // Gap: next number; Fork: number of the fork
	Digest     journal.Hash `cbor:"5,keyasint,omitzero"`  // BlobMissing: which
	Size       int64        `cbor:"6,keyasint,omitempty"` // Behind: headquarters' size; Offset: bytes held
	RetryAfter int64        `cbor:"7,keyasint,omitempty"` // TooFast: seconds
}

// Error says the condition and where it was met.
func (e *Error) Error() string {
	switch {
	case e.Code == Gap, e.Code == WrongEpoch, e.Code == Fork:
		return fmt.Sprintf("headquarters: chain %s: %s (%d/%d)", e.Chain, e.Code.Error(), e.Epoch, e.Expected)
	case e.Chain != "":
		return fmt.Sprintf("headquarters: chain %s: %s", e.Chain, e.Code.Error())
	}
	return "headquarters: " + e.Code.Error()
}

// Unwrap gives the code, for errors.Is.
func (e *Error) Unwrap() error { return e.Code }

// Wait is RetryAfter as a duration.
func (e *Error) Wait() time.Duration { return time.Duration(e.RetryAfter) * time.Second }

// DecodeError reads the body of an answer that is not status 200. A body that is no Error, from a
// proxy in between perhaps, gives Internal.
func DecodeError(b []byte) *Error {
	var e Error
	if len(b) > MaxError || decode(b, &e) != nil || e.Code == 0 || len(e.Chain) > 64 ||
		e.Size < 0 || e.RetryAfter < 0 || e.RetryAfter > 24*3600 {
		return &Error{Code: Internal}
	}
	return &e
}
