// Package bundle is the wire on a stick: files that carry the messages of package wire between a
// station without a network and headquarters.
//
// # Who opens what
//
// A station seals its bundle to the vault and signs it with its own key. Only the vault's side can
// open it: the ledger faces the internet and links no opening code, so the outer envelope cannot be
// its affair. `headquarters ingest` is therefore a program of the vault's side. It opens the file,
// checks that the station signed it, and hands its messages to the ledger over the wire, on the
// station's behalf. That costs no trust: every entry is signed by the station anyway, the ledger
// judges it as if the station had called itself, and a bundle taken in twice is a push repeated.
// `headquarters export` asks the ledger what it would answer the station (its own chain as it
// stands there, with a proof for every entry, and its directives with their blobs) and seals the
// answers to the station, signed by the vault.
//
// On both sides what follows is the one ingest that the network has: the ledger's push, and the
// Desk's receive, for which an opened Answer is just another headquarters. The station may import
// sticks twice and in any order: a receipt is a proof by itself, directives are a chain, and a
// checkpoint older than one already seen never replaces it.
//
// # The file
//
//	44 bytes     head: magic, version, direction, two zeros, SHA-256 of these and the next
//	4096 bytes   sealed blob (package seal) with a content key of this file alone
//	n chunks     64 KiB of plaintext and a tag each, AES-256-GCM with the chunk's number and a mark
//	             of the last one as nonce, the head as additional data
//
// The plaintext is a sequence of parts: one byte of kind, four of length, the SHA-256 of the body,
// and the body. The first is the Hello, which alone names the station; the last is the signature
// over everything before it, bound to direction and recipient. Zeros follow up to the next size
// class. A file is written under another name and renamed when it has reached the disk. A finder
// of the stick learns that it carries a bundle, in which direction, and a size class.
//
// A reader verifies the whole file, in constant memory, before it hands out the first part.
package bundle

import (
	"crypto/ecdsa"
	"crypto/sha256"
	"fmt"

	"padarozhnik/station/hq/wire"
	"padarozhnik/station/journal"
)

// Direction is where a bundle goes.
type Direction byte

// Directions of bundles.
const (
	ToHeadquarters Direction = 'H'
	ToStation      Direction = 'S'
)

// Kind is what a part is.
type Kind byte

// Kinds of parts. Their bodies are the bytes of the wire.
const (
	kindHello     Kind = 1
	kindSignature Kind = 2
	KindPush      Kind = 3 // wire.PushRequest, to headquarters
	KindBlob      Kind = 4 // sealed bytes, either way
	KindLink      Kind = 5 // Link, to a station
	KindOwn       Kind = 6 // wire.PullResponse of the station's own chain
	KindPull      Kind = 7 // wire.PullResponse of headquarters' directives
	KindCharter   Kind = 8 // signed charter
	KindTrust     Kind = 9 // signed trust list that the charter names
)

// allowed is what may stand between Hello and signature of a bundle, and how long it may be.
func (d Direction) allowed(k Kind) (limit int64, ok bool) {
	switch {
	case k == KindBlob:
		return journal.MaxBlob, true
	case d == ToHeadquarters && k == KindPush:
		return wire.MaxMessage, true
	case d == ToStation && (k == KindOwn || k == KindPull):
		return wire.MaxMessage, true
	case d == ToStation && k == KindLink:
		return maxLink, true
	case d == ToStation && k == KindCharter:
		return maxCharter, true
	case d == ToStation && k == KindTrust:
		return maxTrust, true
	}
	return 0, false
}

// Bounds of a file and its parts.
const (
	version      = 1
	headSize     = 44
	keySize      = 4096 // of the sealed content key
	chunkSize    = 64 << 10
	tagSize      = 16
	partHead     = 1 + 4 + sha256.Size
	maxHello     = 4 << 10
	maxSignature = 1 << 10
	maxLink      = 32 << 10
	maxCharter   = 1 << 20
	maxTrust     = 16 << 20
	// MaxParts bounds what a reader keeps in memory of a file: 56 bytes for each part.
	MaxParts = 1 << 17
)

const magic = "\x89PBN\r\n\x1a\n"

// Hello opens a bundle. To headquarters it says what the station knows; to a station, from where the
// answers begin.
type Hello struct {
	Station string `cbor:"1,keyasint"`
	Made    int64  `cbor:"2,keyasint"` // claimed, seconds since 1970 UTC
	Known   int64  `cbor:"3,keyasint"` // size of the newest checkpoint that the station said it has verified
	Own     int64  `cbor:"4,keyasint"` // leaf from which receipts for its own entries are missing
	After   int64  `cbor:"5,keyasint"` // leaf from which directives are missing
}

func (h Hello) check() error {
	if err := journal.CheckStation(h.Station); err != nil {
		return fmt.Errorf("hello: %w", journal.ErrDamaged)
	}
	if h.Known < 0 || h.Own < 0 || h.After < 0 {
		return fmt.Errorf("hello: %w", journal.ErrDamaged)
	}
	return nil
}

// Link joins a station that has seen the tree of size From to the answers: the body of a
// wire.CheckpointResponse.
type Link struct {
	From   int64  `cbor:"1,keyasint"`
	Answer []byte `cbor:"2,keyasint"`
}

// signature is the last part.
type signature struct {
	Signature []byte `cbor:"1,keyasint"` // ECDSA, ASN.1
	Parts     int    `cbor:"2,keyasint"` // before it
}

// contentKey is what the sealed blob of the head holds.
type contentKey struct {
	Key []byte `cbor:"1,keyasint"`
}

const signatureContext = "padarozhnik/bundle/1\x00"

// signed is the digest that the maker signs.
func signed(d Direction, recipient []byte, plaintext [sha256.Size]byte) []byte {
	to := sha256.Sum256(recipient)
	h := sha256.New()
	h.Write([]byte(signatureContext))
	h.Write([]byte{byte(d)})
	h.Write(to[:])
	h.Write(plaintext[:])
	return h.Sum(nil)
}

// purpose is that of the sealed content key.
func (d Direction) purpose() string { return "bundle/" + string(rune(d)) }

// headOf makes the first bytes of a file.
func headOf(d Direction, sealed []byte) []byte {
	head := append([]byte(magic), version, byte(d), 0, 0)
	sum := sha256.Sum256(append(head[:len(head):len(head)], sealed...))
	return append(head, sum[:]...)
}

// nonce is that of one chunk: its number and whether it is the last.
func nonce(chunk int64, last bool) []byte {
	n := make([]byte, 12)
	for i := range 8 {
		n[10-i] = byte(chunk >> (8 * i))
	}
	if last {
		n[11] = 1
	}
	return n
}

// SignedBy finds the key that must have signed a bundle.
type SignedBy func(h Hello) (*ecdsa.PublicKey, error)
