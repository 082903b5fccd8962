// Package wire is what a station, headquarters' ledger and its vault say to one another: the
// messages, the conditions that an answer can carry, and the certificates of the connection.
//
// A message is one CBOR item over HTTP on TLS 1.3. Entries and blobs travel as the bytes in which
// they are signed and sealed, so a bundle on a stick carries the same. A reader passes over
// fields that it does not know, because stations and headquarters are brought up to date weeks
// apart; entries themselves are never read so leniently.
//
//	POST /v1/push                PushRequest -> PushResponse
//	GET  /v1/pull?after=N        PullResponse: entries from leaf N on that are for the caller;
//	                             with chain=own the station's own; the vault names any chain
//	GET  /v1/checkpoint?from=N   CheckpointResponse: newest checkpoint, consistent with size N
//	HEAD /v1/blob/DIGEST         how many bytes of it, sent by the caller, are held: HeaderHeld
//	PUT  /v1/blob/DIGEST         sealed bytes, at most journal.MaxBlob; may be repeated. With
//	                             Content-Range a part of them, which goes on where HEAD says
//	GET  /v1/blob/DIGEST         sealed bytes that an entry for the caller names, or a Range of them
//
// Pushes and answers are padded to size classes, and every answer says when it was given, under the ledger's
// signature.
//
// Everything that is not status 200, or 206 for a range, carries an Error; an answer to HEAD has no
// body, so its status must do.
package wire

import (
	"fmt"

	"github.com/fxamacker/cbor/v2"

	"padarozhnik/station/journal"
)

// Bounds of messages. Both sides check them before they allocate.
const (
	MaxEntries = 256                                 // in one push or pull
	MaxMessage = MaxEntries*journal.MaxEntry + 1<<20 // bytes
	MaxError   = 4 << 10                             // bytes of an Error
	maxPath    = 64                                  // hashes of an inclusion proof
)

// ContentType is the media type of messages; blobs are application/octet-stream.
const ContentType = "application/cbor"

// OwnChain stands for the caller's own chain in a pull.
const OwnChain = "own"

// Paths of the endpoints.
const (
	PathPush       = "/v1/push"
	PathPull       = "/v1/pull"
	PathCheckpoint = "/v1/checkpoint"
	PathBlob       = "/v1/blob/" // followed by the digest in hexadecimal
)

// PushRequest hands entries over, in the order of their chains. From is the size of the newest
// checkpoint that the sender has verified, 0 for none; the answer proves consistency with it.
type PushRequest struct {
	Entries [][]byte `cbor:"1,keyasint"`
	From    int64    `cbor:"2,keyasint"`
	Pad     []byte   `cbor:"15,keyasint,omitempty"` // zeros: the size of a message tells its class alone
}

// PushResponse acknowledges every entry of a push, in its order. All are durable at headquarters
// when it is sent.
type PushResponse struct {
	Receipts    []Inclusion    `cbor:"1,keyasint"`
	Checkpoint  []byte         `cbor:"2,keyasint"` // signed note, the root of all proofs here
	Consistency []journal.Hash `cbor:"3,keyasint"`
	// Durable is the signed mark (journal.Durable) of how much of the tree is safe in a second place,
	// DurableProof leads from it to Checkpoint. There is none before the first backup.
	Durable      []byte         `cbor:"4,keyasint,omitempty"`
	DurableProof []journal.Hash `cbor:"5,keyasint,omitempty"`
	Time         []byte         `cbor:"6,keyasint,omitempty"` // signed mark of when the answer was given
	Pad          []byte         `cbor:"15,keyasint,omitempty"`
}

// Inclusion is a receipt without its checkpoint.
type Inclusion struct {
	Index int64          `cbor:"1,keyasint"`
	Proof []journal.Hash `cbor:"2,keyasint"`
}

// PullResponse brings entries that are for the caller: a station's directives, or for the vault
// everything. Next is the number to ask after the next time; More says that there is more now.
type PullResponse struct {
	Items       []Item         `cbor:"1,keyasint"`
	Next        int64          `cbor:"2,keyasint"`
	More        bool           `cbor:"3,keyasint"`
	Checkpoint  []byte         `cbor:"4,keyasint"`
	Consistency []journal.Hash `cbor:"5,keyasint"`

	Durable      []byte         `cbor:"6,keyasint,omitempty"` // as in PushResponse
	DurableProof []journal.Hash `cbor:"7,keyasint,omitempty"`
	Time         []byte         `cbor:"8,keyasint,omitempty"`
	Restored     int64          `cbor:"9,keyasint,omitempty"` // when the ledger was last restored, in seconds
	Pad          []byte         `cbor:"15,keyasint,omitempty"`
}

// Item is one entry with its place in the tree.
type Item struct {
	Entry     []byte    `cbor:"1,keyasint"`
	Inclusion Inclusion `cbor:"2,keyasint"`
}

// CheckpointResponse is the newest checkpoint with its proof.
type CheckpointResponse struct {
	Checkpoint  []byte         `cbor:"1,keyasint"`
	Consistency []journal.Hash `cbor:"2,keyasint"`

	Durable      []byte         `cbor:"3,keyasint,omitempty"` // as in PushResponse
	DurableProof []journal.Hash `cbor:"4,keyasint,omitempty"`
	Time         []byte         `cbor:"5,keyasint,omitempty"`
	Pad          []byte         `cbor:"15,keyasint,omitempty"`
}

// Read-only after start.
var (
	encoding = mustEncoding()
	decoding = mustDecoding()
)

func mustEncoding() cbor.EncMode {
	m, err := cbor.CoreDetEncOptions().EncMode()
	if err != nil {
		panic(err)
	}
	return m
}

func mustDecoding() cbor.DecMode {
	m, err := cbor.DecOptions{
		DupMapKey:        cbor.DupMapKeyEnforcedAPF,
		IndefLength:      cbor.IndefLengthForbidden,
		TagsMd:           cbor.TagsForbidden,
		MaxNestedLevels:  8,
		MaxArrayElements: MaxEntries,
		MaxMapPairs:      64,
	}.DecMode()
	if err != nil {
		panic(err)
	}
	return m
}

// Encode writes a message.
func Encode(v any) ([]byte, error) {
	b, err := encoding.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("encode message: %w", err)
	}
	return b, nil
}

// DecodePushRequest reads and bounds a push.
func DecodePushRequest(b []byte) (PushRequest, error) {
	var m PushRequest
	if err := decode(b, &m); err != nil {
		return PushRequest{}, err
	}
	if m.From < 0 || len(m.Entries) == 0 {
		return PushRequest{}, BadRequest
	}
	for _, e := range m.Entries {
		if len(e) > journal.MaxEntry {
			return PushRequest{}, TooLarge
		}
	}
	return m, nil
}

// DecodePushResponse reads and bounds the answer to a push.
func DecodePushResponse(b []byte) (PushResponse, error) {
	var m PushResponse
	if err := decode(b, &m); err != nil {
		return PushResponse{}, err
	}
	for _, r := range m.Receipts {
		if !r.bounded() {
			return PushResponse{}, BadRequest
		}
	}
	return m, nil
}

// DecodePullResponse reads and bounds the answer to a pull.
func DecodePullResponse(b []byte) (PullResponse, error) {
	var m PullResponse
	if err := decode(b, &m); err != nil {
		return PullResponse{}, err
	}
	for _, item := range m.Items {
		if len(item.Entry) > journal.MaxEntry || !item.Inclusion.bounded() {
			return PullResponse{}, BadRequest
		}
	}
	return m, nil
}

// DecodeCheckpointResponse reads a checkpoint.
func DecodeCheckpointResponse(b []byte) (CheckpointResponse, error) {
	var m CheckpointResponse
	return m, decode(b, &m)
}

func (i Inclusion) bounded() bool { return i.Index >= 0 && len(i.Proof) <= maxPath }

func decode(b []byte, v any) error {
	if len(b) > MaxMessage {
		return TooLarge
	}
	if err := decoding.Unmarshal(b, v); err != nil {
		return fmt.Errorf("%w: %w", BadRequest, err)
	}
	return nil
}

// Decode reads a small message of a bundle; see the Decode functions for those of the wire.
func Decode(b []byte, v any) error { return decode(b, v) }
