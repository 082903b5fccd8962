// Package issuance is the workflow of a passport: the Desk and its verbs, from enrolment to
// hand-over.
//
// Life of a case. Enrol opens a draft under a key of its own; each step of the capture saves it
// again, encrypted. Submit seals a copy to headquarters' vault and wraps the case key to the
// approving officers. Approve, by another officer, binds a blank to the case and destroys the
// station's copy. Headquarters answers with a production order, which Sync wraps to the officers
// who work on it. Personalise takes the blank, writes and proves its chip, and prints its page;
// Inspect, by another officer, compares page, chip and order; HandOver gives the book to its
// holder; Close erases the order once headquarters has receipted everything. An office with a document
// signer of its own drafts the order while it approves, and SignHere makes it, by the vault's rule.
//
// Every verb asks the domain (package station) first, and then is one transaction that saves the
// new state and appends a signed entry to the journal: either both are on the disk or neither.
// What cannot be undone is written down before it happens: a blank is "taken" before its chip is
// touched, and "inking" before the printer gets a byte. A program that dies in between finds the
// booklet in that state, and Examine and Resolve let a person say what became of it. No order is
// ever carried out on a second blank without a new approval and a new number.
//
// Exchange with headquarters. Sync over the network, and Export and Import by stick, lead through the
// same steps: look at headquarters' copy of our chain, send what has no receipt, take in directives.
// Where that copy holds what we do not have, or something else at one number, the station was
// restored from a backup or copied: it locks, with evidence. Where headquarters shows an older tree
// it was restored itself: an alarm, and what it lost is sent again. Sealed cases stay until they are
// durable at headquarters. Entries never claim a time before one already signed; a clock locks nobody
// out. After the profile's days of silence no booklet is made or handed over, and enrolling goes on.
//
// The package declares what it needs: a Store, Headquarters, Keys, a Hand that moves booklets, and
// the device contracts. It knows none of their implementations.
package issuance
