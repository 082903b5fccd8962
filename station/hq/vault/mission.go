package vault

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"padarozhnik/station"
	"padarozhnik/station/journal"
	"padarozhnik/station/journal/event"
	"padarozhnik/station/lds"
	"padarozhnik/station/pki"
	"padarozhnik/station/production"
)

// Causes for which a signature of a mission signer is reported.
const (
	FindingSigner   = "signer"      // no signer of this office
	FindingPeriod   = "period"      // outside the key's use
	FindingOrders   = "orders"      // more than it may sign, or its numbers skip
	FindingQuota    = "quota"       // more than the station may have in a day or month
	FindingCase     = "case"        // not approved there to be signed there, or approved for another blank
	FindingBlank    = "blank"       // not the station's, used, or reported lost
	FindingOfficer  = "officer"     // not by an approving officer, or by the one who enrolled
	FindingCleared  = "not-cleared" // before the vault's word
	FindingRevoked  = "revoked"     // after the notice that ended it
	FindingUnlisted = "unlisted"    // a signature that no entry lists
)

// Finding is a signature that breaks the rule under which an office may sign. Somebody must act: revoke
// the signer and the blank.
type Finding struct {
	Station string            `json:"station"`
	Case    station.CaseToken `json:"case,omitempty"`
	Serial  station.Serial    `json:"serial,omitempty"`
	Cause   string            `json:"cause"`
}

// signer is what the ledger shows of one mission signer.
type signer struct {
	certificate *pki.Certificate
	orders      int // allowed
	signed      []time.Time
	revoked     bool // by a notice that the station has taken
}

// missionSigner finds one of the office's signers by the digest of its certificate; nil where there is
// none. Those before the present one stay known.
func (o *office) missionSigner(digest []byte) *signer {
	for _, m := range o.Charter.Signers {
		if sum := sha256.Sum256(m.Certificate); !bytes.Equal(sum[:], digest) {
			continue
		}
		key := string(digest)
		if o.signers[key] == nil {
			cert, err := pki.ParseCertificate(m.Certificate)
			if err != nil {
				return nil
			}
			o.signers[key] = &signer{certificate: cert}
		}
		o.signers[key].orders = m.Orders
		return o.signers[key]
	}
	return nil
}

// signedHere takes in an order that a station signed itself and holds it against the rule.
func (o *office) signedHere(e journal.Entry) error {
	var body event.SignedHere
	if err := journal.Decode(e.Body, &body); err != nil {
		return fmt.Errorf("order: %w: %w", ErrChain, err)
	}
	token := station.CaseToken(e.Subject)
	at := time.Unix(e.Time, 0)
	for _, cause := range o.broken(token, e, body, at) {
		o.found = append(o.found, Finding{o.Charter.Station, token, body.Serial, cause})
	}
	if s := o.missionSigner(body.Signer); s != nil {
		s.signed = append(s.signed, at)
	}
	if b := o.blanks[body.Serial]; b != nil {
		b.ordered, b.sod = true, body.SOD
	}
	if c := o.cases[token]; c != nil {
		c.ordered, c.signed = true, true
	}
	o.made = append(o.made, at)
	o.listed[string(body.SOD)] = body.Serial
	return nil
}

// broken lists what of the rule a signature breaks.
func (o *office) broken(
	token station.CaseToken, e journal.Entry, body event.SignedHere, at time.Time,
) (causes []string) {
	check := func(holds bool, cause string) {
		if !holds {
			causes = append(causes, cause)
		}
	}
	if s := o.missionSigner(body.Signer); s == nil {
		causes = append(causes, FindingSigner)
	} else {
		check(production.InPeriod(s.certificate, o.Charter.Profile, body.Issue, at) == nil, FindingPeriod)
		check(body.Number == len(s.signed)+1 && body.Number <= s.orders, FindingOrders)
		check(!o.Charter.Profile.Full(s.signed, at), FindingQuota)
		check(!s.revoked, FindingRevoked)
	}
	c, b := o.cases[token], o.blanks[body.Serial]
	check(c != nil && c.here && !c.signed && c.serial == body.Serial, FindingCase)
	check(b != nil && !b.ordered && !b.spoiled && !o.lost(body.Serial), FindingBlank)
	if c != nil {
		cleared := c.cleared || o.Charter.Profile.MissionSigning == station.MissionAtApproval
		check(cleared, FindingCleared)
		by, known := o.Charter.Officer(e.Actor)
		approves := known && by.May(station.RoleApprove, station.DateOf(at)) == nil
		former := !known && o.Charter.SignedOnce(e.Actor) != nil // their roles of then are not known any more
		check((approves || former) && e.Actor != c.enrolled, FindingOfficer)
	}
	return causes
}

// inBook holds the signature that went into a chip against the one that was given for its number.
func (o *office) inBook(e journal.Entry, sod []byte) {
	serial := station.Serial(e.Subject)
	if b := o.blanks[serial]; b == nil || !bytes.Equal(b.sod, sod) {
		o.found = append(o.found, Finding{o.Charter.Station, "", serial, FindingUnlisted})
	}
}

// encoded is inBook for entries about a book's chip.
func (o *office) encoded(e journal.Entry) error {
	if e.Kind == event.BookletPassed {
		var body event.Inspected
		if err := journal.Decode(e.Body, &body); err != nil {
			return fmt.Errorf("inspection: %w: %w", ErrChain, err)
		}
		o.inBook(e, body.SOD)
		return nil
	}
	var body event.Encoded
	if err := journal.Decode(e.Body, &body); err != nil {
		return fmt.Errorf("chip: %w: %w", ErrChain, err)
	}
	o.inBook(e, body.SOD)
	return nil
}

// passedOn takes in that a station leaves an order to the vault after all.
func (o *office) passedOn(token station.CaseToken) {
	if c := o.cases[token]; c != nil && c.here && !c.signed {
		c.here, c.cleared = false, false
		o.settle(token)
		o.pending = append(o.pending, token)
	}
}

// resumed takes in that a station begins on new hardware: the drafts of the old one are gone.
func (o *office) resumed() {
	for _, token := range slices.Sorted(maps.Keys(o.cases)) {
		if c := o.cases[token]; c.declined == "" {
			o.passedOn(token)
		}
	}
}

// judge answers the approval of a case whose order the station makes itself: the same checks, and then
// the vault's word that the signature may be given.
func (v *Vault) judge(ctx context.Context, o *office, token station.CaseToken, opened journal.Hash) error {
	body := event.Held{Serial: o.cases[token].serial, Opened: opened[:]}
	if err := v.direct(ctx, o, directive{kind: event.OrderCleared, subject: string(token), body: body}); err != nil {
		return err
	}
	delete(o.held, token)
	o.cases[token].cleared, v.pin = true, opened
	v.Log.Info("case cleared, its station signs", "station", o.Charter.Station, "case", token)
	return nil
}

// maxAccess bounds the blanks of one directive.
const maxAccess = 500

// arm gives a station that may make orders itself the keys of its blanks' personalisers, those of every
// unused blank once for each charter: its officers may be others.
func (v *Vault) arm(ctx context.Context, o *office) (given int, err error) {
	if _, ok := o.Charter.Mission(); !ok || v.gone[o.Charter.Station] {
		return 0, nil
	}
	var serials []station.Serial
	for _, serial := range slices.Sorted(maps.Keys(o.blanks)) {
		b := o.blanks[serial]
		if b.counted && b.armed < o.Charter.Version && !b.ordered && !b.spoiled && !o.lost(serial) {
			serials = append(serials, serial)
		}
	}
	for chunk := range slices.Chunk(serials, maxAccess) {
		if err := v.give(ctx, o, chunk); err != nil {
			return given, err
		}
		given++
	}
	return given, nil
}

func (v *Vault) give(ctx context.Context, o *office, serials []station.Serial) error {
	var keys event.AccessKeys
	defer func() {
		for _, k := range keys.Keys {
			clear(k.Enc)
			clear(k.Mac)
			clear(k.Dek)
		}
	}()
	for _, serial := range serials {
		k, err := v.access(o.blanks[serial])
		if err != nil { // the orders of other stations go on
			v.Log.Error("keys of a blank not derived, its station cannot make the order", "station", o.Charter.Station,
				"serial", serial, "error", err)
			return nil
		}
		keys.Keys = append(keys.Keys, k)
	}
	plain, err := journal.Encode(keys)
	if err != nil {
		return err
	}
	defer clear(plain)
	body := event.Access{Charter: o.Charter.Version, Serials: serials}
	d := directive{kind: event.AccessGiven, body: body, purpose: event.PurposeAccess, plain: plain}
	if err := v.direct(ctx, o, d); err != nil {
		return err
	}
	o.armed(body)
	v.Log.Info("keys of blanks given", "station", o.Charter.Station, "blanks", len(serials))
	return nil
}

func (o *office) armed(body event.Access) {
	for _, serial := range body.Serials {
		if b := o.blanks[serial]; b != nil {
			b.armed = body.Charter
		}
	}
}

// Findings follows the ledger to its end and lists every signature that breaks the rule of mission
// signers, by station and in the order of the ledger.
func (v *Vault) Findings(ctx context.Context) ([]Finding, error) {
	if err := v.catchUp(ctx); err != nil {
		return nil, err
	}
	var out []Finding
	for _, name := range slices.Sorted(maps.Keys(v.offices)) {
		out = append(out, v.offices[name].found...)
	}
	return out, nil
}

// tellFindings says in the log what is found, once in a run.
func (v *Vault) tellFindings() {
	for _, o := range v.offices {
		for _, f := range o.found[min(o.told, len(o.found)):] {
			v.Log.Error("signature breaks the rule of mission signers", "station", f.Station, "case", f.Case,
				"serial", f.Serial, "cause", f.Cause)
		}
		o.told = len(o.found)
	}
}

// ErrUnlistedSOD: the signature is in no entry of the ledger.
var ErrUnlistedSOD = errors.New("signature is not in the ledger")

// ListedSOD looks a book's EF.SOD up in the ledger: who signed it, for which number. A border that doubts
// a book sends the file. It returns ErrUnlistedSOD where no order has that signature.
func (v *Vault) ListedSOD(ctx context.Context, raw []byte) (at string, serial station.Serial, err error) {
	sod, err := lds.ParseSOD(raw)
	if err != nil {
		return "", "", err
	}
	if err := sod.Verify(); err != nil {
		return "", "", err
	}
	if err := v.catchUp(ctx); err != nil {
		return "", "", err
	}
	sum := sha256.Sum256(raw)
	for _, name := range slices.Sorted(maps.Keys(v.offices)) {
		o := v.offices[name]
		if serial, ok := o.listed[string(sum[:])]; ok {
			return name, serial, nil
		}
		if sod.Signer == nil {
			continue
		}
		if digest := sha256.Sum256(sod.Signer.Raw); o.missionSigner(digest[:]) != nil {
			return name, "", fmt.Errorf("signer of %s: %w", name, ErrUnlistedSOD)
		}
	}
	return "", "", ErrUnlistedSOD
}
