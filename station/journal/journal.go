// Package journal keeps what happened at a station so that it can be neither lost nor denied.
//
// An Entry says one thing that happened: its kind, its subject, and the key of the person or the
// program that vouches for it. It is deterministic CBOR (RFC 8949, 4.2) in a COSE_Sign1 envelope
// (RFC 9052, 4.2), and it names the entry before it by hash, so a chain can only grow. A chain
// belongs to one owner: "UTO-01" is written by that station, "UTO-01/hq" by headquarters' vault
// for it. The identity of an entry is the SHA-256 of its payload, never of the envelope, because
// an ECDSA signature can be changed into another valid one without the key.
//
// Numbers give the order, clocks do not. A chain counts from 1 without a gap inside an epoch;
// a station that is brought onto new hardware opens a later epoch at 1 again, and the first
// entry there names the last one of the epoch before. Two entries at one number, or an entry that
// names another predecessor than the one that is known, are a fork.
//
// Headquarters puts every entry into one Merkle tree (RFC 6962, 2.1) and answers with a Receipt:
// the place of the entry, the path from there to the root, and a checkpoint that signs the root.
// Consistency proofs between checkpoints show that nothing was rewritten since.
//
// Entries hold no personal data. What is personal travels as a sealed blob, which an entry names
// by digest and size; package seal makes those. This package opens nothing.
package journal
