// Package production makes production orders. It is the one place where the rule stands by which an
// approved application becomes a book: who may have approved it, which blank it may take, what of it the
// approving officer bound themselves to, which keys its chip gets, and what is signed.
//
// Headquarters' vault follows it for every station. A station with a signer of its own follows it for
// itself, and the vault afterwards holds the result against the same rule. The package opens nothing,
// keeps nothing and asks nobody: everything that it needs is an argument.
//
// An order is made in two steps, because the second one may have to wait for headquarters: Draft draws
// the chip's keys and writes every file that needs no signature, Sign adds those that do.
package production

import (
	"bytes"
	"crypto"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"padarozhnik/station"
	"padarozhnik/station/lds"
	"padarozhnik/station/pki"
)

// Causes for which there is no order. A station shows the sentence that belongs to the word.
const (
	CauseFourEyes   = "four-eyes"   // enrolled and approved by one person, or without the role
	CauseBlank      = "blank"       // not allocated to the station, already ordered, or spoiled
	CauseDecision   = "decision"    // the approver's decision speaks of another case, blank or date
	CauseIncomplete = "incomplete"  // the sealed application lacks what the profile demands
	CauseDataGroups = "data-groups" // recomputed data groups differ from the approved ones
	CauseRevoked    = "revoked"     // a notice revoked the blank, or a token of who enrolled or approved
)

// ErrQuota: the station has had its orders of the day or the month.
var ErrQuota = errors.New("quota of orders used up")

// Refusal is an error that says why an approval gets no order.
type Refusal struct{ Cause string }

func (r *Refusal) Error() string { return "declined: " + r.Cause }

// Blank is what is known of the blank that an approval takes.
type Blank struct {
	Allocated bool // to this station
	Used      bool // ordered or spoiled
	Lost      bool // a notice revoked it
}

// Approval is an approved case as the signed entries show it.
type Approval struct {
	Charter  station.Charter
	Case     station.CaseToken
	Enrolled string // key identifiers
	Approved string
	Serial   station.Serial
	Instead  station.Serial // the spoiled blank that Serial replaces
	Blank    Blank
	Revoked  func(officer string) bool
	Made     []time.Time // orders of the station
	Now      time.Time
}

// Allowed checks what can be told without opening the case: people, blank, quota. It returns a Refusal,
// or ErrQuota.
func (a Approval) Allowed() error {
	if a.Revoked(a.Enrolled) || a.Revoked(a.Approved) {
		return &Refusal{Cause: CauseRevoked}
	}
	today := station.DateOf(a.Now)
	approver, ok := a.Charter.Officer(a.Approved)
	enroller, known := a.Charter.Officer(a.Enrolled)
	if !ok || !known || a.Approved == a.Enrolled ||
		approver.May(station.RoleApprove, today) != nil || enroller.May(station.RoleEnrol, today) != nil {
		return &Refusal{Cause: CauseFourEyes}
	}
	if !a.Blank.Allocated || a.Blank.Used || a.Charter.Profile.CheckSerial(a.Serial) != nil {
		return &Refusal{Cause: CauseBlank}
	}
	if a.Blank.Lost {
		return &Refusal{Cause: CauseRevoked}
	}
	if a.Charter.Profile.Full(a.Made, a.Now) {
		return ErrQuota
	}
	return nil
}

// Between these an approval's date may lie around now: the clock of an office may be wrong by three
// days and a time zone, and its letter two months on the way.
const (
	early = 4 * 24 * time.Hour
	late  = 60 * 24 * time.Hour
)

// Timely checks that a decision speaks of this case, this blank and these days.
func (a Approval) Timely(d station.Decision) error {
	age := a.Now.Sub(d.Issue.Time())
	if d.Case != a.Case || d.Serial != a.Serial || d.Instead != a.Instead || age < -early || age > late {
		return &Refusal{Cause: CauseDecision}
	}
	return nil
}

// Bound checks that a decision is what the application and the profile give: its last day, and the
// hashes of its data groups.
func Bound(p station.Profile, a station.Application, d station.Decision) error {
	if d.Expiry != p.Expiry(a.Applicant.Birth, d.Issue) {
		return &Refusal{Cause: CauseDecision}
	}
	return Recompute(p, a, d)
}

// Recompute builds the data groups of a decision from the application and compares them with what the
// approving officer signed.
func Recompute(p station.Profile, a station.Application, d station.Decision) error {
	_, groups, err := personal(p, a, d)
	if err != nil {
		return &Refusal{Cause: CauseDataGroups}
	}
	for number, name := range map[int]string{1: "DG1", 2: "DG2"} {
		sum := sha256.Sum256(groups[number])
		if !bytes.Equal(sum[:], d.Hashes[name]) {
			return &Refusal{Cause: CauseDataGroups}
		}
	}
	return nil
}

// personal are the zone and the data groups that the application determines.
func personal(p station.Profile, a station.Application, d station.Decision) ([2]string, map[int][]byte, error) {
	zone, err := station.Zone(p, a.Applicant, d.Serial, d.Issue, d.Expiry)
	if err != nil {
		return zone, nil, err
	}
	dg1, dg2, err := lds.PersonalGroups(zone, a.Portrait, string(p.FaceFormatOn(d.Issue)))
	return zone, map[int][]byte{1: dg1, 2: dg2}, err
}

// InPeriod checks that a signer's key may be used now, and for a book of this day and kind.
func InPeriod(cert *pki.Certificate, p station.Profile, issue station.Date, now time.Time) error {
	if err := cert.CheckSigning(now, p.DocumentCode); err != nil {
		return err
	}
	return cert.CheckSigning(issue.Time(), p.DocumentCode)
}

// Book is what a draft is made from.
type Book struct {
	Profile     station.Profile
	Decision    station.Decision
	Application station.Application
	ChipID      []byte
	Access      station.ChipAccess // of the blank's personaliser
}

// Draft draws the keys of a chip and puts the order together, but for what has to be signed.
func Draft(b Book) (station.Order, error) {
	d, a := b.Decision, b.Application
	out := station.Order{
		Case: d.Case, Serial: d.Serial, ChipID: b.ChipID, Profile: b.Profile.Version,
		Applicant: a.Applicant, Issue: d.Issue, Expiry: d.Expiry, Portrait: a.Portrait,
	}
	zone, groups, err := personal(b.Profile, a, d)
	if err != nil {
		return out, err
	}
	out.MRZ = zone
	if out.MRZHash, err = station.ZoneHash(zone); err != nil {
		return out, err
	}
	k, err := drawKeys(b.Profile)
	if err != nil {
		return out, err
	}
	out.Secrets = k.secrets
	out.Secrets.Enc, out.Secrets.Mac, out.Secrets.Dek = b.Access.Enc, b.Access.Mac, b.Access.Dek
	if groups[14], err = (lds.DG14{Infos: k.infos}).Bytes(); err != nil {
		return out, err
	}
	if k.active != nil {
		if groups[15], err = k.active.Bytes(); err != nil {
			return out, err
		}
	}
	out.Files, err = unsigned(b.Profile, groups)
	return out, err
}

// unsigned lists the files of a chip that nobody signs, in the order in which they are written.
func unsigned(p station.Profile, groups map[int][]byte) ([]station.ChipFile, error) {
	access, err := lds.CardAccess{Infos: offers(p)}.Bytes()
	if err != nil {
		return nil, err
	}
	var numbers []int
	var files []station.ChipFile
	for _, number := range []int{1, 2, 14, 15} {
		if groups[number] != nil {
			numbers = append(numbers, number)
			files = append(files, station.ChipFile{Name: groupName(number), Data: groups[number]})
		}
	}
	com, err := lds.NewCOM(numbers...).Bytes()
	if err != nil {
		return nil, err
	}
	head := []station.ChipFile{{Name: "EF.CardAccess", Data: access}, {Name: "EF.COM", Data: com}}
	return append(head, files...), nil
}

func groupName(number int) string { return fmt.Sprintf("DG%d", number) }

// Signer signs EF.SOD and EF.CardSecurity: a document signer's key and certificate.
type Signer struct {
	Key         crypto.Signer
	Certificate *pki.Certificate
}

// Sign adds EF.SOD to a draft, and EF.CardSecurity where the profile has chip authentication mapping.
// It refuses a signer whose certificate does not allow a book of this day and kind.
func Sign(p station.Profile, o *station.Order, s Signer) error {
	groups := map[int][]byte{}
	for _, number := range []int{1, 2, 14, 15} {
		if file := o.File(groupName(number)); file != nil {
			groups[number] = file
		}
	}
	sod, err := lds.SignSOD(lds.SODSpec{
		DataGroups: groups, Hash: crypto.SHA256, Issued: o.Issue.Time(), DocumentCode: p.DocumentCode,
	}, s.Key, s.Certificate)
	if err != nil {
		return err
	}
	files := append([]station.ChipFile(nil), o.Files...)
	if len(o.Secrets.Mapping.Private) > 0 {
		stated, err := lds.ParseDG14(groups[14])
		if err != nil {
			return err
		}
		security, err := lds.SignCardSecurity(stated.Infos, o.Issue.Time(), s.Key, s.Certificate, crypto.SHA256)
		if err != nil {
			return err
		}
		files = append(files, station.ChipFile{Name: "EF.CardSecurity", Data: security})
	}
	o.Files = append(files, station.ChipFile{Name: "EF.SOD", Data: sod})
	return nil
}
