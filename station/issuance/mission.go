package issuance

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"time"

	"padarozhnik/station"
	"padarozhnik/station/journal"
	"padarozhnik/station/journal/event"
	"padarozhnik/station/journal/seal"
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
)

// Names of notes about orders that are made here.
const (
	noteSigner  = "signer"   // how often and when the office's own signer has signed
	noteCleared = "cleared/" // followed by a case token: the blank for which headquarters cleared it
	noteHere    = "here/"    // followed by a case token: the blank whose order was signed here
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

// draft prepares the order of a case that is being approved, if the office makes its orders itself and
// may make this one; otherwise headquarters does. It takes the keys of the blank out of the stock.
func (d *Desk) draft(
	tx Tx, seat Seat, f *Folder, decision station.Decision, a station.Application, book *station.Booklet,
) (here bool, err error) {
	if !d.SignsHere || decision.Instead != "" {
		return false, nil
	}
	if err := tx.PutBooklet(*book); err != nil { // the rule looks at the stock
		return false, err
	}
	m, why := d.mission(tx)
	if why == nil {
		why = d.allowed(tx, m, f.Case, decision.Issue)
	}
	if why == nil {
		why = ruled(production.Bound(d.Charter.Profile, a, decision))
	}
	var access station.ChipAccess
	if why == nil {
		access, why = d.accessTo(*book, seat)
	}
	if why != nil {
		d.Log.Warn("order is left to headquarters", "case", f.Case.Token, "cause", why)
		return false, nil
	}
	o, err := production.Draft(production.Book{
		Profile: d.Charter.Profile, Decision: decision, Application: a, ChipID: book.ChipID, Access: access,
	})
	if err != nil {
		return false, err
	}
	defer Destroy(&o)
	f.Sealed, f.Keys, err = d.lock(f.Case.Token, o, d.signers(f.Case))
	book.Access = nil
	return true, err
}

// signers are the officers who may have a draft signed: those who approve, without who enrolled.
func (d *Desk) signers(c station.Case) []station.Officer {
	return slices.DeleteFunc(d.Charter.WithRole(station.RoleApprove), func(o station.Officer) bool {
		return o.KeyID == c.Enrolled
	})
}

// SignHere makes the production order of an approved case with the office's own document signer, under
// the same rule as the vault. What was signed is in the journal, or there is no order. The caller has
// opened the signer's token and closes it.
func (d *Desk) SignHere(ctx context.Context, seat Seat, token station.CaseToken, signer crypto.Signer) error {
	err := d.Store.Update(ctx, func(tx Tx) error {
		f, m, err := d.maySign(tx, seat, token, signer)
		if err != nil {
			return err
		}
		var o station.Order
		if err := d.open(token, f.Keys, f.Sealed, seat.Key, &o); err != nil {
			return err
		}
		defer Destroy(&o)
		if o.Profile != d.Charter.Profile.Version {
			return fmt.Errorf("draft under profile version %d: %w", o.Profile, station.ErrProfile)
		}
		if err := d.allowed(tx, m, f.Case, o.Issue); err != nil {
			return err
		}
		by := production.Signer{Key: signer, Certificate: m.certificate}
		if err := production.Sign(d.Charter.Profile, &o, by); err != nil {
			return err
		}
		return d.signedHere(tx, seat, f, m, o)
	})
	if err != nil {
		return fmt.Errorf("sign order of case %s: %w", token, err)
	}
	return d.Store.Scrub(ctx)
}

// maySign checks who signs, with which key, and whether headquarters has said that it may be.
func (d *Desk) maySign(tx Tx, seat Seat, token station.CaseToken, signer crypto.Signer) (f Folder, m mission, err error) {
	if f, err = tx.Folder(token); err != nil {
		return f, m, err
	}
	if err := seat.Officer.May(station.RoleApprove, station.DateOf(d.Now())); err != nil {
		return f, m, err
	}
	if seat.Officer.KeyID == f.Case.Enrolled {
		return f, m, station.ErrSamePerson
	}
	if m, err = d.mission(tx); err != nil {
		return f, m, err
	}
	if f.Case.Stage != station.StageApproved || f.Sealed == nil {
		return f, m, errors.Join(ErrNoSigner, noOrder(tx, token))
	}
	if pub, ok := signer.Public().(*ecdsa.PublicKey); !ok || !m.certificate.PublicKey.Certifies(pub) {
		return f, m, ErrOtherSigner
	}
	if err := errors.Join(d.admitKey(tx, seat.Key), dayOpen(tx), d.mayIssue(tx)); err != nil {
		return f, m, err
	}
	return f, m, d.cleared(tx, f.Case)
}

// cleared asks what headquarters has said of a case whose order is made here.
func (d *Desk) cleared(tx Tx, c station.Case) error {
	if err := stopped(tx, c.Token); err != nil {
		return err
	}
	if d.Charter.Profile.MissionSigning == station.MissionAtApproval {
		return nil
	}
	serial, err := tx.Note(noteCleared + string(c.Token))
	if err == nil && string(serial) != string(c.Serial) {
		return ErrNotCleared
	}
	return err
}

// unsigned says of a case without an order that it only lacks the signature of the office's own signer.
func unsigned(f Folder) error {
	if f.Case.Stage == station.StageApproved && f.Sealed != nil {
		return ErrUnsigned
	}
	return nil
}

// stopped tells whether headquarters has held or declined a case.
func stopped(tx Tx, token station.CaseToken) error {
	if err := noOrder(tx, token); !errors.Is(err, ErrNoOrder) {
		return err
	}
	return nil
}

// stoppedHere is stopped for an order that was signed here: headquarters' word may come after it.
func stoppedHere(tx Tx, c station.Case) error {
	serial, err := tx.Note(noteHere + string(c.Token))
	if err != nil || string(serial) != string(c.Serial) {
		return err
	}
	return stopped(tx, c.Token)
}

// signedHere keeps an order that was signed, in one transaction with the entry that says so.
func (d *Desk) signedHere(tx Tx, seat Seat, f Folder, m mission, o station.Order) (err error) {
	if f.Case, err = f.Case.Order(o.Serial); err != nil {
		return err
	}
	workers := append(d.Charter.WithRole(station.RoleOperate), d.Charter.WithRole(station.RoleInspect)...)
	f.Sealed = nil
	if f.Order, f.Keys, err = d.lock(f.Case.Token, o, workers); err != nil {
		return err
	}
	if err := tx.PutFolder(f); err != nil {
		return err
	}
	now, err := d.surely(tx)
	if err != nil {
		return err
	}
	m.done.Times = append(m.done.Times, now.Unix())
	if err := m.done.put(tx, now); err != nil {
		return err
	}
	if err := tx.PutNote(noteHere+string(f.Case.Token), []byte(o.Serial)); err != nil {
		return err
	}
	sod := sha256.Sum256(o.File("EF.SOD"))
	body := event.SignedHere{
		Serial: o.Serial, SOD: sod[:], Signer: m.digest[:], Number: len(m.done.Times), Issue: o.Issue,
	}
	token := string(f.Case.Token)
	if err := d.record(tx, seat.Key, fact{kind: event.OrderSignedHere, subject: token, body: body}); err != nil {
		return err
	}
	ordered := event.Bound{Case: f.Case.Token}
	return d.record(tx, d.Key, fact{kind: event.CaseOrdered, subject: token, body: ordered})
}

// PassOn gives a case whose order was to be made here back to headquarters: the signer's use is over, it
// was revoked, or nobody has its PIN. The draft is destroyed.
func (d *Desk) PassOn(ctx context.Context, seat Seat, token station.CaseToken) error {
	err := d.Store.Update(ctx, func(tx Tx) error {
		f, err := tx.Folder(token)
		if err != nil {
			return err
		}
		if err := seat.Officer.May(station.RoleApprove, station.DateOf(d.Now())); err != nil {
			return err
		}
		if f.Case.Stage != station.StageApproved || f.Sealed == nil {
			return ErrNoSigner
		}
		return d.passOn(tx, seat.Key, f)
	})
	if err != nil {
		return fmt.Errorf("pass on case %s: %w", token, err)
	}
	return d.Store.Scrub(ctx)
}

func (d *Desk) passOn(tx Tx, by Key, f Folder) error {
	if err := d.shred(tx, by, &f, event.CausePassedOn); err != nil {
		return err
	}
	if err := tx.PutFolder(f); err != nil {
		return err
	}
	body := event.PassedOn{Serial: f.Case.Serial}
	return d.record(tx, by, fact{kind: event.OrderPassedOn, subject: string(f.Case.Token), body: body})
}

// passOnAll passes every draft on: the notice revoked the signer that was to sign them.
func (d *Desk) passOnAll(tx Tx, revoked [][]byte) error {
	s, ok := d.Charter.Mission()
	own := sha256.Sum256(s.Certificate)
	if !ok || !(revocations{Signers: revoked}).signed(own[:]) {
		return nil
	}
	folders, err := locked(tx)
	if err != nil {
		return err
	}
	for _, f := range folders {
		if f.Case.Stage != station.StageApproved || f.Sealed == nil {
			continue
		}
		if err := d.passOn(tx, d.Key, f); err != nil {
			return err
		}
	}
	return nil
}

// missionDirected carries out directives about orders that are made here.
func (d *Desk) missionDirected(tx Tx, s journal.Signed, blob []byte) error {
	switch s.Entry.Kind {
	case event.OrderCleared:
		var body event.Held
		if err := journal.Decode(s.Entry.Body, &body); err != nil {
			return err
		}
		return tx.PutNote(noteCleared+s.Entry.Subject, []byte(body.Serial))
	case event.OrderIssued:
		return d.countOrder(tx, s.Entry.Time)
	case event.OrderDeclined:
		return d.dropDraft(tx, station.CaseToken(s.Entry.Subject))
	case event.AccessGiven:
		return d.takeAccess(tx, s, blob)
	}
	return nil
}

// dropDraft destroys the draft of a case that headquarters declined.
func (d *Desk) dropDraft(tx Tx, token station.CaseToken) error {
	f, err := tx.Folder(token)
	if errors.Is(err, ErrUnknown) {
		return nil
	}
	if err != nil || f.Case.Stage != station.StageApproved || f.Sealed == nil {
		return err
	}
	if err := d.shred(tx, d.Key, &f, event.CauseRefused); err != nil {
		return err
	}
	return tx.PutFolder(f)
}

// lockedAccess is the keys of one blank's personaliser, under lock.
type lockedAccess struct {
	Sealed []byte      `cbor:"1,keyasint"`
	Keys   []seal.Wrap `cbor:"2,keyasint"`
}

// accessName stands in for a case token where the keys of a blank are locked.
func accessName(s station.Serial) station.CaseToken { return station.CaseToken("access/" + string(s)) }

// takeAccess locks the keys of blanks to the approving officers, each blank's for itself.
func (d *Desk) takeAccess(tx Tx, s journal.Signed, blob []byte) error {
	var body event.Access
	if err := journal.Decode(s.Entry.Body, &body); err != nil {
		return fmt.Errorf("%w: %w", ErrHeadquarters, err)
	}
	plain, err := seal.Open(d.Key, event.PurposeAccess, blob)
	if err != nil {
		return err
	}
	defer clear(plain)
	var given event.AccessKeys
	if err := journal.Decode(plain, &given); err != nil || len(given.Keys) != len(body.Serials) {
		return errors.Join(fmt.Errorf("keys of blanks: %w", ErrHeadquarters), err)
	}
	approvers := d.Charter.WithRole(station.RoleApprove)
	for i, serial := range body.Serials {
		book, err := tx.Booklet(serial)
		if err != nil {
			return err
		}
		k := given.Keys[i]
		if book.State == station.StateAllocated || book.State == station.StateAvailable {
			if book.Access, err = d.lockAccess(serial, k, approvers); err != nil {
				return err
			}
			if err := tx.PutBooklet(book); err != nil {
				return err
			}
		}
		for _, secret := range [][]byte{k.Enc, k.Mac, k.Dek} {
			clear(secret)
		}
	}
	return nil
}

func (d *Desk) lockAccess(serial station.Serial, k station.ChipAccess, readers []station.Officer) ([]byte, error) {
	var out lockedAccess
	var err error
	if out.Sealed, out.Keys, err = d.lock(accessName(serial), k, readers); err != nil {
		return nil, err
	}
	out.Keys = withoutDay(out.Keys) // they lie longer than a day
	return journal.Encode(out)
}

// accessTo opens the keys of a blank for an approving officer.
func (d *Desk) accessTo(book station.Booklet, seat Seat) (station.ChipAccess, error) {
	var k station.ChipAccess
	if len(book.Access) == 0 {
		return k, fmt.Errorf("keys of blank %s: %w", book.Serial, ErrNoSigner)
	}
	var in lockedAccess
	if err := journal.Decode(book.Access, &in); err != nil {
		return k, err
	}
	return k, d.open(accessName(book.Serial), in.Keys, in.Sealed, seat.Key, &k)
}

// dropAccess takes the wraps of revoked officers away from the keys of blanks.
func dropAccess(tx Tx, outside map[string]bool) error {
	books, err := tx.AllBooklets()
	if err != nil {
		return err
	}
	for _, b := range books {
		if len(b.Access) == 0 {
			continue
		}
		var k lockedAccess
		if err := journal.Decode(b.Access, &k); err != nil {
			return err
		}
		k.Keys = slices.DeleteFunc(k.Keys, func(w seal.Wrap) bool { return outside[w.Recipient] })
		if b.Access, err = journal.Encode(k); err != nil {
			return err
		}
		if err := tx.PutBooklet(b); err != nil {
			return err
		}
	}
	return nil
}

// forgetAccess destroys the keys of every blank, in place before they are taken out where over is true.
func forgetAccess(tx Tx, over bool) error {
	books, err := tx.AllBooklets()
	if err != nil {
		return err
	}
	for _, b := range books {
		if len(b.Access) == 0 {
			continue
		}
		b.Access = noise(len(b.Access))
		if !over {
			b.Access = nil
		}
		if err := tx.PutBooklet(b); err != nil {
			return err
		}
	}
	return nil
}
