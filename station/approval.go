package station

import (
	"fmt"
	"slices"
	"strings"

	"padarozhnik/station/mrz"
)

// Item is one thing that an officer looks at and ticks.
type Item string

// Items of an approver's checklist.
const (
	ItemIdentity  Item = "identity"
	ItemLink      Item = "link"
	ItemUse       Item = "use"
	ItemPortrait  Item = "portrait"
	ItemNames     Item = "names"
	ItemDates     Item = "dates"
	ItemConsents  Item = "consents"
	ItemInterview Item = "interview"
	ItemGuardians Item = "guardians"
)

// ApprovalItems lists what an approver can be asked to look at.
func ApprovalItems() []Item {
	return []Item{
		ItemIdentity, ItemLink, ItemUse, ItemPortrait, ItemNames, ItemDates, ItemConsents, ItemInterview, ItemGuardians,
	}
}

// Items of an inspector's visual checklist: what no scanner sees.
const (
	ItemLamination Item = "lamination"
	ItemSeams      Item = "seams"
	ItemUV         Item = "uv"
	ItemColour     Item = "colour"
	ItemPhoto      Item = "photo"
	ItemCover      Item = "cover"
)

// VisualItems lists what an inspector can be asked to look at.
func VisualItems() []Item {
	return []Item{ItemLamination, ItemSeams, ItemUV, ItemColour, ItemPhoto, ItemCover}
}

// ConsentPassport is the consent without which no passport is made.
const ConsentPassport = "passport"

// Ticked holds what an officer ticked against what a profile demands. It returns an IncompleteError that
// names the items which were not looked at, under a family name.
func Ticked(family string, demanded, ticked []Item) error {
	var missing []Missing
	for _, i := range demanded {
		if !slices.Contains(ticked, i) {
			missing = append(missing, Missing{family + "." + string(i), ErrIncomplete})
		}
	}
	if len(missing) > 0 {
		return &IncompleteError{missing}
	}
	return nil
}

// Opinion is what the program can say of an item before an officer looks at it.
type Opinion string

// Opinions.
const (
	OpinionGood  Opinion = "good"  // nothing contradicts
	OpinionDoubt Opinion = "doubt" // look twice
	OpinionBad   Opinion = "bad"   // cannot be approved like this
)

// Judged is an item of the approver's checklist with the program's opinion of it.
type Judged struct {
	Item    Item    `json:"item"`
	Opinion Opinion `json:"opinion"`
}

// Demanded lists what an approver has to look at in this application: the profile's checklist, with the
// guardians only where there must be some.
func (a Application) Demanded(p Profile, today Date) []Item {
	return slices.DeleteFunc(slices.Clone(p.Approval), func(i Item) bool {
		return i == ItemGuardians && !a.Minor(p, today)
	})
}

// Judge gives the program's opinion on every item that is demanded, in the profile's order.
func (a Application) Judge(p Profile, today Date) []Judged {
	out := make([]Judged, 0, len(p.Approval))
	for _, i := range a.Demanded(p, today) {
		out = append(out, Judged{i, a.opinion(p, i, today)})
	}
	return out
}

func (a Application) opinion(p Profile, i Item, today Date) Opinion {
	good := func(ok bool, otherwise Opinion) Opinion {
		if ok {
			return OpinionGood
		}
		return otherwise
	}
	switch i {
	case ItemIdentity:
		return good(a.Enough(p.Rules, IdentityExists), OpinionBad)
	case ItemLink:
		return good(a.Enough(p.Rules, LinkedToIt), OpinionBad)
	case ItemUse:
		return good(a.Enough(p.Rules, UsesIt), OpinionBad)
	case ItemPortrait:
		return good(len(a.Portrait) > 0, OpinionBad).worse(good(len(a.DoubtedChecks()) == 0, OpinionDoubt))
	case ItemNames:
		return good(a.namesAgree(), OpinionDoubt)
	case ItemDates:
		return good(a.datesAgree(), OpinionDoubt)
	case ItemConsents:
		return good(a.consented(ConsentPassport), OpinionBad)
	case ItemInterview:
		return good(a.Interviewed(), good(!a.needsInterview(p), OpinionBad))
	case ItemGuardians:
		return good(len(a.guardianGaps(p, today)) == 0, OpinionBad)
	}
	return OpinionDoubt
}

// DoubtedChecks lists the measures of the portrait that it did not pass beyond doubt.
func (a Application) DoubtedChecks() []string {
	return slices.DeleteFunc(slices.Clone(a.Checks), func(c string) bool { return strings.Contains(c, ": pass") })
}

func (o Opinion) worse(than Opinion) Opinion {
	rank := []Opinion{OpinionGood, OpinionDoubt, OpinionBad}
	if slices.Index(rank, than) > slices.Index(rank, o) {
		return than
	}
	return o
}

// needsInterview: always, or where no old passport speaks for the applicant.
func (a Application) needsInterview(p Profile) bool { return p.InterviewAlways || a.OldPassport == nil }

func (a Application) consented(item string) bool {
	return slices.ContainsFunc(a.Consents, func(c Consent) bool { return c.Item == item && c.Given })
}

// namesAgree tells whether the names are spelled as in the old passport's zone.
func (a Application) namesAgree() bool {
	doc, ok := a.oldDocument()
	if !ok {
		return false
	}
	return zoneName(a.Applicant.Surname) == zoneName(doc.Primary) &&
		zoneName(a.Applicant.GivenNames) == zoneName(doc.Secondary)
}

// datesAgree tells whether birth date and sex are those of the old passport, and the personal number
// contradicts neither.
func (a Application) datesAgree() bool {
	doc, ok := a.oldDocument()
	if !ok || string(doc.Birth) != a.Applicant.Birth.YYMMDD() || doc.Sex != a.Applicant.Sex {
		return false
	}
	return len(a.Oddities()) == 0
}

// Oddities lists what is odd about the personal number beside birth date and sex: a warning, never a
// block.
func (a Application) Oddities() []mrz.Oddity {
	who := a.Applicant
	if who.PersonalNumber == "" {
		return nil
	}
	return mrz.PersonalNumberOddities(who.PersonalNumber, mrz.Date(who.Birth.YYMMDD()), who.Birth.Year, who.Sex)
}

// Approvable returns an IncompleteError that names what forbids an approval, whatever an officer ticks:
// what the profile demands of an application, a written interview where no passport speaks for the
// applicant, and their consent to the passport itself.
func (a Application) Approvable(p Profile, today Date) error {
	missing := a.Missing(p, today)
	if a.needsInterview(p) && !a.Interviewed() {
		missing = append(missing, Missing{"approval." + string(ItemInterview), ErrIncomplete})
	}
	if slices.Contains(p.Consents, ConsentPassport) && !a.consented(ConsentPassport) {
		missing = append(missing, Missing{"approval." + string(ItemConsents), ErrIncomplete})
	}
	if len(missing) > 0 {
		return &IncompleteError{missing}
	}
	return nil
}

// Remark is what an approver found wrong with one field of an application: the enrollment officer finds
// it beside that field.
type Remark struct {
	Field string `cbor:"1,keyasint" json:"field"` // dotted name, as in Missing
	Text  string `cbor:"2,keyasint" json:"text"`
}

// Remarkable lists the families of fields that a remark can stand beside.
func Remarkable() []string {
	return []string{"applicant", "oldPassport", "portrait", "evidence", "consents", "guardians", "proxies", "signature"}
}

// Check refuses a remark beside no field, or without words.
func (r Remark) Check() error {
	family, _, _ := strings.Cut(r.Field, ".")
	if !slices.Contains(Remarkable(), family) {
		return fmt.Errorf("remark: %w", ErrMalformed)
	}
	return checkReason(r.Text)
}
