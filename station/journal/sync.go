package journal

import "errors"

// Conditions of the way to headquarters. What headquarters itself refuses has types of its own in
// package wire.
var (
	// ErrUnreachable: no answer; the network, or headquarters, is down. Trying again is right, and
	// nothing is lost meanwhile.
	ErrUnreachable = errors.New("headquarters unreachable")
	// ErrUntrusted: what answered does not stand under headquarters' root.
	ErrUntrusted = errors.New("not headquarters")
	// ErrRejected: headquarters did not accept our certificate.
	ErrRejected = errors.New("certificate rejected by headquarters")
	// ErrAnswer: the answer is out of protocol, or proves something else than what was asked.
	ErrAnswer = errors.New("answer of headquarters does not hold")
	// ErrForked: two signed entries stand at one number of a chain, as when a station was copied.
	// Headquarters has frozen the chain and keeps both.
	ErrForked = errors.New("two entries at one number")
)

// Pulled is an entry from headquarters with its receipt, whose proof has been verified. The
// signature of the entry has not: only the one who follows the chain knows its keys.
type Pulled struct {
	Entry   Signed
	Receipt Receipt
}

// Page is one part of what headquarters has for the caller.
type Page struct {
	Entries    []Pulled
	Next       int64 // leaf number to ask after the next time
	More       bool  // there is more now
	Checkpoint Checkpoint
	// Restored is when headquarters' ledger was last restored from its backup, in seconds since 1970 UTC;
	// 0 for never. Nobody has signed it.
	Restored int64
}
