package issuance

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"time"

	"padarozhnik/station"
	"padarozhnik/station/journal"
	"padarozhnik/station/journal/event"
	"padarozhnik/station/pki"
	"padarozhnik/station/production"
)

// An office that headquarters has given a document signer of its own makes its orders itself. What it
// needs for that lies at the office, so a raid finds more than elsewhere, and the profile decides whether
// that is worth it. What keeps it small:
//
//   - The signer is in a token with a PIN, used for a month at most and for so many books; one notice ends
//     it. Its every signature is in an entry without which the order does not exist.
//   - The keys of the blanks' personalisers are locked to the approving officers' tokens, each blank's
//     for itself, and destroyed with the approval that takes the blank.
//   - With the approval the application and its key are destroyed as everywhere. What waits for the
//     signature is a draft: what the book will show and nothing else, locked to the approving officers
//     and destroyed with every other order, by a purge, a notice, or when it is passed on.
//
// The vault opens the sealed case all the same. Under the rule "after-clear" no signature is given before
// it has found that the applicant has no other case.

// Conditions of an office's own document signer.
var (
	// ErrNoSigner: the office has no document signer of its own that it may use for this case.
	ErrNoSigner = errors.New("no document signer of the office's own")
	// ErrSignerPeriod: the signer's key is not used on this day.
	ErrSignerPeriod = errors.New("outside the use of the document signer")
	// ErrSignerQuota: the signer has signed as many books as it may, or the office has had its orders.
	ErrSignerQuota = errors.New("document signer has signed as many books as it may")
	// ErrNotCleared: headquarters has not found yet that the applicant has no other case.
	ErrNotCleared = errors.New("not cleared by headquarters yet")
	// ErrUnsigned: the order is drafted and waits for the office's own document signer.
	ErrUnsigned = errors.New("order not signed yet")
	// ErrOtherSigner: the token's key is not that of the charter's certificate.
	ErrOtherSigner = errors.New("token of another document signer")
	// ErrTokenPIN: the token refuses the PIN.
	ErrTokenPIN = errors.New("token refuses the PIN")
	// ErrTokenLastTry: one try of the token's PIN is left.
	ErrTokenLastTry = errors.New("last try of the token's PIN")
	// ErrTokenLocked: the token takes no PIN any more.
	ErrTokenLocked = errors.New("token locked after wrong PINs")
	// ErrNoToken: the token is not plugged in.
	ErrNoToken = errors.New("token not found")
	// ErrOwnToken: the station's own token does not answer; the program is to be started again with it.
	ErrOwnToken = errors.New("the station's own token does not answer")
)

// Names of notes about orders that are made here.
const (
	noteSigner  = "signer"   // how often and when the office's own signer has signed
	noteCleared = "cleared/" // followed by a case token: the blank for which headquarters cleared it
	noteHere    = "here/"    // followed by a case token: the order that was signed here
)

// signatures is what the office's own signer has done.
type signatures struct {
	Signer []byte  `cbor:"1,keyasint"` // SHA-256 of the certificate
	Times  []int64 `cbor:"2,keyasint"` // of this signer's orders
	Others []int64 `cbor:"3,keyasint"` // of the signers before and of headquarters, those that a quota counts
}

// quotaReach is how far back a quota looks.
const quotaReach = 32 * 24 * time.Hour

// mission is the office's own signer, ready for use.
type mission struct {
	station.MissionSigner
	certificate *pki.Certificate
	digest      [sha256.Size]byte
	done        signatures
}

// mission returns the office's own signer, or why it cannot be used: ErrNoSigner, ErrRevoked.
func (d *Desk) mission(tx Tx) (mission, error) {
	var m mission
	var ok bool
	if m.MissionSigner, ok = d.Charter.Mission(); !ok {
		return m, ErrNoSigner
	}
	var err error
	if m.certificate, err = pki.ParseCertificate(m.Certificate); err != nil {
		return m, fmt.Errorf("document signer: %w: %w", ErrCharter, err)
	}
	m.digest = sha256.Sum256(m.Certificate)
	r, err := d.revoked(tx)
	if err != nil {
		return m, err
	}
	if r.signed(m.digest[:]) {
		return m, fmt.Errorf("document signer: %w", ErrRevoked)
	}
	m.done, err = signaturesOf(tx)
	if err == nil && string(m.done.Signer) != string(m.digest[:]) {
		m.done = signatures{Signer: m.digest[:], Others: append(m.done.Others, m.done.Times...)}
	}
	return m, err
}

func signaturesOf(tx Tx) (signatures, error) {
	var s signatures
	raw, err := tx.Note(noteSigner)
	if err != nil || raw == nil {
		return s, err
	}
	return s, journal.Decode(raw, &s)
}

func (s signatures) put(tx Tx, now time.Time) error {
	s.Others = slices.DeleteFunc(s.Others, func(t int64) bool { return now.Sub(time.Unix(t, 0)) > quotaReach })
	raw, err := journal.Encode(s)
	if err != nil {
		return err
	}
	return tx.PutNote(noteSigner, raw)
}

// countOrder remembers for the quota that headquarters made an order.
func (d *Desk) countOrder(tx Tx, at int64) error {
	if _, ok := d.Charter.Mission(); !ok {
		return nil
	}
	s, err := signaturesOf(tx)
	if err != nil {
		return err
	}
	s.Others = append(s.Others, at)
	return s.put(tx, time.Unix(at, 0))
}

// allowed holds an approval against the rule that headquarters' vault follows, with what this station
// knows. The times of the desk are no earlier than what headquarters has signed, so that a clock that is
// put back does not lengthen the signer's use.
func (d *Desk) allowed(tx Tx, m mission, c station.Case, issue station.Date) error {
	now, err := d.surely(tx)
	if err != nil {
		return err
	}
	if len(m.done.Times) >= m.Orders {
		return fmt.Errorf("%d of %d: %w", len(m.done.Times), m.Orders, ErrSignerQuota)
	}
	if err := production.InPeriod(m.certificate, d.Charter.Profile, issue, now); err != nil {
		return fmt.Errorf("%w: %w", ErrSignerPeriod, err)
	}
	book, err := tx.Booklet(c.Serial)
	if err != nil {
		return err
	}
	r, err := d.revoked(tx)
	if err != nil {
		return err
	}
	a := production.Approval{
		Charter: d.Charter, Case: c.Token, Enrolled: c.Enrolled, Approved: c.Approved, Serial: c.Serial,
		Blank: production.Blank{
			Allocated: true, Used: book.State != station.StateReserved || book.Case != c.Token,
			Lost: (event.Revoked{Blanks: r.Blanks}).HasBlank(c.Serial),
		},
		Revoked: func(officer string) bool { return slices.Contains(r.Officers, officer) }, Now: now,
	}
	for _, t := range append(slices.Clone(m.done.Times), m.done.Others...) {
		a.Made = append(a.Made, time.Unix(t, 0))
	}
	return ruled(a.Allowed())
}

// ruled says of the rule's refusals what a person can do about them.
func ruled(err error) error {
	var refusal *production.Refusal
	switch {
	case errors.Is(err, production.ErrQuota):
		return fmt.Errorf("%w: %w", ErrSignerQuota, err)
	case !errors.As(err, &refusal):
		return err
	case refusal.Cause == production.CauseFourEyes:
		return fmt.Errorf("%w: %w", station.ErrSamePerson, err)
	case refusal.Cause == production.CauseRevoked:
		return fmt.Errorf("%w: %w", ErrRevoked, err)
	}
	return fmt.Errorf("%w: %w", station.ErrNotOurs, err)
}
