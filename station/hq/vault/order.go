package vault

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"time"

	"padarozhnik/devices/chip/scp03"
	"padarozhnik/station"
	"padarozhnik/station/journal"
	"padarozhnik/station/journal/event"
	"padarozhnik/station/journal/seal"
	"padarozhnik/station/lds"
	"padarozhnik/station/pki/ec"
)

// Causes for which the vault declines an order. A station shows the sentence that belongs to the
// word.
const (
	CauseFourEyes   = "four-eyes"   // enrolled and approved by one person, or without the role
	CauseBlank      = "blank"       // not allocated to the station, already ordered, or spoiled
	CauseDecision   = "decision"    // the approver's decision speaks of another case, blank or date
	CauseIncomplete = "incomplete"  // the sealed application lacks what the profile demands
	CauseDataGroups = "data-groups" // recomputed data groups differ from the approved ones
	CauseDuplicate  = "duplicate"   // two officers found that the applicant has another case
	CauseRevoked    = "revoked"     // a notice revoked the blank, or a token of who enrolled or approved
)

// declinedError carries a cause out of the checks.
type declinedError struct{ cause string }

func (e *declinedError) Error() string { return "declined: " + e.cause }

// order answers one approval: with a production order, or with the cause why there is none.
func (v *Vault) order(ctx context.Context, o *office, token station.CaseToken) error {
	c := o.cases[token]
	made, opened, err := v.make(ctx, o, token, c)
	var declined *declinedError
	var held *heldError
	if errors.As(err, &held) {
		return v.hold(ctx, o, token, held.cause)
	}
	if errors.As(err, &declined) {
		body := event.Declined{Serial: c.serial, Cause: declined.cause}
		v.Log.Warn("order declined", "station", o.Charter.Station, "case", token, "cause", declined.cause)
		if err := v.direct(ctx, o, directive{kind: event.OrderDeclined, subject: string(token), body: body}); err != nil {
			return err
		}
		delete(o.held, token)
		c.declined = declined.cause
		return nil
	}
	if err != nil {
		return err
	}
	plain, err := journal.Encode(made)
	if err != nil {
		return err
	}
	defer clear(plain)
	if err := v.clear(ctx, o, token); err != nil {
		return err
	}
	sod := sha256.Sum256(made.File("EF.SOD"))
	err = v.direct(ctx, o, directive{
		kind: event.OrderIssued, subject: string(token), purpose: event.PurposeOrder, plain: plain,
		body: event.Ordered{Serial: made.Serial, SOD: sod[:], Opened: opened[:]},
	})
	if err != nil {
		return err
	}
	o.blanks[made.Serial].ordered, c.ordered, v.pin = true, true, opened
	o.made = append(o.made, v.Now())
	v.Log.Info("order issued", "station", o.Charter.Station, "case", token, "serial", made.Serial)
	return nil
}

// make checks an approval against everything the vault knows and builds the order. The second result
// is the entry that says so that the case was opened.
func (v *Vault) make(
	ctx context.Context, o *office, token station.CaseToken, c *dossier,
) (out station.Order, opened journal.Hash, err error) {
	if err := v.allowed(o, c); err != nil {
		return out, opened, err
	}
	var a station.Application
	if opened, err = v.unseal(ctx, o, token, c.sealed, whyOrder, &a); err != nil {
		return out, opened, err
	}
	decision, err := v.decision(ctx, o, token, c, a)
	if err != nil {
		return out, opened, err
	}
	if err := v.judge(o.Charter.Profile, a, decision); err != nil {
		return out, opened, err
	}
	if err := v.single(o, token, a, decision); err != nil {
		return out, opened, err
	}
	out, err = v.build(o, token, decision, a, o.blanks[c.serial])
	return out, opened, err
}

// allowed checks what can be told without opening the case: people, blank, quota.
func (v *Vault) allowed(o *office, c *dossier) error {
	for _, id := range []string{c.enrolled, c.approved} {
		if slices.Contains(o.revoked.Officers, id) {
			return &declinedError{CauseRevoked}
		}
	}
	if o.Charter.Profile.Issues() != nil {
		return &declinedError{CauseMode}
	}
	today := station.DateOf(v.Now())
	approver, ok := v.approver(o, c)
	enroller, known := v.enroller(o, c)
	if !ok || !known || c.approved == c.enrolled ||
		approver.May(station.RoleApprove, today) != nil || enroller.May(station.RoleEnrol, today) != nil {
		return &declinedError{CauseFourEyes}
	}
	b := o.blanks[c.serial]
	if b == nil || b.ordered || b.spoiled || o.Charter.Profile.CheckSerial(c.serial) != nil {
		return &declinedError{CauseBlank}
	}
	if o.lost(c.serial) {
		return &declinedError{CauseRevoked}
	}
	if o.Charter.Profile.Full(o.made, v.Now()) {
		return &heldError{CauseQuota}
	}
	return nil
}

// Between these an approval's date may lie around now: the clock of an office may be wrong by three
// days and a time zone, and its letter two months on the way.
const (
	early = 4 * 24 * time.Hour
	late  = 60 * 24 * time.Hour
)

// decision opens what the approving officer bound themselves to. For a replacement of a spoiled
// blank the dates are those of today and the application is the one approved before.
func (v *Vault) decision(
	ctx context.Context, o *office, token station.CaseToken, c *dossier, a station.Application,
) (station.Decision, error) {
	var d station.Decision
	if err := v.open(ctx, c.decision, event.PurposeDecision, &d); err != nil {
		return d, err
	}
	p := o.Charter.Profile
	if c.decider != "" && c.instead == "" {
		d.Serial = c.serial
	}
	age := v.Now().Sub(d.Issue.Time())
	if d.Case != token || d.Serial != c.serial || d.Instead != c.instead || age < -early || age > late {
		return d, &declinedError{CauseDecision}
	}
	if d.Instead == "" {
		if d.Expiry != p.Expiry(a.Applicant.Birth, d.Issue) {
			return d, &declinedError{CauseDecision}
		}
		return d, v.recompute(p, a, d, c)
	}
	if old := o.blanks[d.Instead]; old == nil || !old.spoiled {
		return d, &declinedError{CauseBlank}
	}
	var first station.Decision
	if err := v.open(ctx, c.first, event.PurposeDecision, &first); err != nil {
		return d, err
	}
	d.Expiry = p.Expiry(a.Applicant.Birth, d.Issue)
	return d, v.recompute(p, a, first, c)
}

// recompute builds the data groups of a decision from the sealed application and compares them
// with what the approving officer signed.
func (v *Vault) recompute(p station.Profile, a station.Application, d station.Decision, c *dossier) error {
	if c.decider != "" {
		return sameApplication(a, d)
	}
	zone, err := station.Zone(p, a.Applicant, d.Serial, d.Issue, d.Expiry)
	if err != nil {
		return &declinedError{CauseDataGroups}
	}
	dg1, dg2, err := lds.PersonalGroups(zone, a.Portrait, string(p.FaceFormatOn(d.Issue)))
	if err != nil {
		return &declinedError{CauseDataGroups}
	}
	for name, group := range map[string][]byte{"DG1": dg1, "DG2": dg2} {
		sum := sha256.Sum256(group)
		if !bytes.Equal(sum[:], d.Hashes[name]) {
			return &declinedError{CauseDataGroups}
		}
	}
	return nil
}

// build makes the chip's keys, signs the data groups and puts the order together.
func (v *Vault) build(
	o *office, token station.CaseToken, d station.Decision, a station.Application, b *blank,
) (station.Order, error) {
	p := o.Charter.Profile
	out := station.Order{
		Case: token, Serial: d.Serial, ChipID: b.chipID, Profile: p.Version,
		Applicant: a.Applicant, Issue: d.Issue, Expiry: d.Expiry, Portrait: a.Portrait,
	}
	var err error
	out.Proxies = a.Proxies
	if out.MRZ, err = station.Zone(p, a.Applicant, d.Serial, d.Issue, d.Expiry); err != nil {
		return out, err
	}
	if out.MRZHash, err = station.ZoneHash(out.MRZ); err != nil {
		return out, err
	}
	groups := map[int][]byte{}
	groups[1], groups[2], err = lds.PersonalGroups(out.MRZ, a.Portrait, string(p.FaceFormatOn(d.Issue)))
	if err != nil {
		return out, err
	}
	if out.Secrets, groups[14], err = v.secrets(p, b); err != nil {
		return out, err
	}
	out.Files, err = v.files(p, d.Issue, groups)
	return out, err
}

// secrets makes what only this chip will know: its authentication key, its CAN, and the keys of
// its personaliser, and the DG14 that states the public half.
func (v *Vault) secrets(p station.Profile, b *blank) (station.ChipSecrets, []byte, error) {
	out := station.ChipSecrets{ParameterID: p.PACEParameter}
	curve, err := ec.ByParameterID(p.PACEParameter)
	if err != nil {
		return out, nil, err
	}
	private, public, err := curve.GenerateKey(rand.Reader)
	if err != nil {
		return out, nil, err
	}
	out.Private = private.FillBytes(make([]byte, (curve.N.BitLen()+7)/8))
	n, err := rand.Int(rand.Reader, big.NewInt(1_000_000))
	if err != nil {
		return out, nil, err
	}
	out.CAN = fmt.Sprintf("%06d", n)
	master, err := v.Masters(b.product)
	if err != nil {
		return out, nil, err
	}
	defer clear(master)
	keys, err := scp03.Diversify(master, b.chipID)
	if err != nil {
		return out, nil, err
	}
	out.Enc, out.Mac, out.Dek = keys.Enc, keys.Mac, keys.Dek
	infos := access(p)
	infos.ChipAuthentication = []lds.ChipAuthenticationInfo{{OID: lds.OIDChipAuthentication(lds.AES128), Version: 1}}
	infos.ChipAuthenticationKeys = []lds.ChipAuthenticationPublicKey{
		{ParameterID: p.PACEParameter, Point: curve.Bytes(public)},
	}
	dg14, err := lds.DG14{Infos: infos}.Bytes()
	return out, dg14, err
}

// access is what EF.CardAccess says and DG14 repeats (ICAO Doc 9303-11, 9.2).
func access(p station.Profile) lds.SecurityInfos {
	parameter := p.PACEParameter
	return lds.SecurityInfos{PACE: []lds.PACEInfo{
		{OID: lds.OIDPACEGM(lds.AES128), Version: 2, ParameterID: &parameter},
	}}
}

// files signs the data groups and lists every file of the chip.
func (v *Vault) files(p station.Profile, issue station.Date, groups map[int][]byte) ([]station.ChipFile, error) {
	cardAccess, err := lds.CardAccess{Infos: access(p)}.Bytes()
	if err != nil {
		return nil, err
	}
	com, err := lds.NewCOM(1, 2, 14).Bytes()
	if err != nil {
		return nil, err
	}
	sod, err := lds.SignSOD(lds.SODSpec{
		DataGroups: groups, Hash: crypto.SHA256, Issued: issue.Time(), DocumentCode: p.DocumentCode,
	}, v.Document.Key, v.Document.Certificate)
	if err != nil {
		return nil, err
	}
	return []station.ChipFile{
		{Name: "EF.CardAccess", Data: cardAccess},
		{Name: "EF.COM", Data: com},
		{Name: "DG1", Data: groups[1]},
		{Name: "DG2", Data: groups[2]},
		{Name: "DG14", Data: groups[14]},
		{Name: "EF.SOD", Data: sod},
	}, nil
}

// open fetches a blob and opens it with the vault's key.
func (v *Vault) open(ctx context.Context, b journal.Blob, purpose string, into any) error {
	blob, err := v.Ledger.GetBlob(ctx, b)
	if err != nil {
		return err
	}
	plain, err := seal.Open(v.Opener, purpose, blob)
	if err != nil {
		return err
	}
	defer clear(plain)
	return journal.Decode(plain, into)
}
