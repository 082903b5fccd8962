package station

import (
	"fmt"
	"slices"
	"strings"

	"padarozhnik/station/mrz"
)

// Sex as the machine readable zone writes it.
type Sex = mrz.Sex

// Applicant is the person: names as printed in Latin letters and as written at home.
type Applicant struct {
	Surname         string `cbor:"1,keyasint" json:"surname"`
	GivenNames      string `cbor:"2,keyasint" json:"givenNames"`
	LocalSurname    string `cbor:"3,keyasint" json:"localSurname"`
	LocalGivenNames string `cbor:"4,keyasint" json:"localGivenNames"`
	Birth           Date   `cbor:"5,keyasint" json:"birth"`
	PlaceOfBirth    string `cbor:"6,keyasint" json:"placeOfBirth"`
	Sex             Sex    `cbor:"7,keyasint" json:"sex"`
	Nationality     string `cbor:"8,keyasint" json:"nationality"`
	Patronymic      string `cbor:"20,keyasint,omitempty" json:"patronymic,omitempty"` // as at home; there is no Latin one
	PersonalNumber  string `cbor:"21,keyasint,omitempty" json:"personalNumber,omitempty"`
}

// OldPassport is what the desk read from the document that the applicant brought.
type OldPassport struct {
	MRZ      [2]string `cbor:"1,keyasint" json:"mrz"`
	Accepted bool      `cbor:"2,keyasint" json:"accepted"` // read without a person's help, every check digit right
	Typed    bool      `cbor:"3,keyasint" json:"typed"`    // entered by the officer
	Scan     []byte    `cbor:"4,keyasint" json:"-"`        // the page as scanned
	Chip     *OldChip  `cbor:"90,keyasint,omitempty" json:"chip,omitempty"`

	Decided []ZoneDecision `cbor:"91,keyasint,omitempty" json:"decided,omitempty"` // characters that a person decided
	Page    *PrintedPage   `cbor:"92,keyasint,omitempty" json:"page,omitempty"`    // as the officer read it
}

// Consent is the applicant's decision on one item of the profile.
type Consent struct {
	Item  string `cbor:"1,keyasint" json:"item"`
	Given bool   `cbor:"2,keyasint" json:"given"`
}

// Application is everything an approving officer decides on. It is personal throughout: it exists
// in memory and under the case's key, nowhere else.
type Application struct {
	Applicant   Applicant    `cbor:"1,keyasint" json:"applicant"`
	OldPassport *OldPassport `cbor:"2,keyasint" json:"oldPassport"`
	Portrait    []byte       `cbor:"3,keyasint" json:"-"` // JPEG, as it goes onto chip and page
	Checks      []string     `cbor:"4,keyasint" json:"checks"`
	Evidence    []Evidence   `cbor:"5,keyasint" json:"evidence"`
	Consents    []Consent    `cbor:"6,keyasint" json:"consents"`
	Remarks     []string     `cbor:"7,keyasint" json:"remarks"` // of approvers who returned it

	Marks      []Remark        `cbor:"20,keyasint,omitempty" json:"marks,omitempty"` // of the newest return, beside fields
	Guardians  []Guardian      `cbor:"21,keyasint,omitempty" json:"guardians,omitempty"`
	Proxies    []Proxy         `cbor:"22,keyasint,omitempty" json:"proxies,omitempty"`
	Signature  []byte          `cbor:"90,keyasint,omitempty" json:"-"`                      // PNG, ink on nothing
	CannotSign string          `cbor:"91,keyasint,omitempty" json:"cannotSign,omitempty"`   // why
	Ticks      []string        `cbor:"92,keyasint,omitempty" json:"ticks,omitempty"`        // what the officer saw of the portrait
	TakenFrom  string          `cbor:"93,keyasint,omitempty" json:"portraitFrom,omitempty"` // where the portrait came from
	Spelling   *SpellingChoice `cbor:"94,keyasint,omitempty" json:"spelling,omitempty"`
}

// Missing is one thing that an application lacks before it can be submitted.
type Missing struct {
	Field string // dotted name of the field, for the screen to jump to
	Err   error
}

// Missing lists what stands between this application and its submission, on a given day.
func (a Application) Missing(p Profile, today Date) []Missing {
	var out []Missing
	lack := func(field string, ok bool, err error) {
		if !ok {
			out = append(out, Missing{field, err})
		}
	}
	who := a.Applicant
	_, spelled := PlaceOnPage(who.PlaceOfBirth)
	lack("applicant.surname", strings.TrimSpace(who.Surname) != "", ErrIncomplete)
	lack("applicant.nationality", slices.Contains(p.Nationalities, who.Nationality), ErrProfile)
	lack("applicant.sex", slices.Contains([]Sex{mrz.Female, mrz.Male, mrz.Unspecified}, who.Sex), ErrIncomplete)
	if p.Lists(FieldPlaceOfBirth) {
		lack("applicant.placeOfBirth", strings.TrimSpace(who.PlaceOfBirth) != "", ErrIncomplete)
		lack("applicant.placeOfBirth", spelled == nil, spelled)
	}
	born := !who.Birth.IsZero() && who.Birth.Check() == nil && !today.Before(who.Birth) && who.Birth.Age(today) < 130
	lack("applicant.birth", born, ErrMalformed)
	lack("portrait", len(a.Portrait) > 0 && len(a.Portrait) <= p.PortraitBytes, ErrIncomplete)
	for _, q := range Questions() {
		lack("evidence."+string(q), a.Enough(p.Rules, q), ErrIncomplete)
	}
	for _, item := range p.Consents {
		decided := slices.ContainsFunc(a.Consents, func(c Consent) bool { return c.Item == item })
		lack("consents."+item, decided, ErrIncomplete)
	}
	for _, e := range a.Evidence {
		if len(p.Worth) > 0 && e.Kind == KindVoucher && p.CheckSerial(e.Voucher) != nil {
			lack("evidence.voucher", false, ErrIncomplete)
		}
	}
	return slices.Concat(out, a.guardianGaps(p, today), a.Unlisted(p))
}

// IncompleteError carries what an application lacks. It wraps ErrIncomplete.
type IncompleteError struct{ Missing []Missing }

// Error names the fields, never their values.
func (e *IncompleteError) Error() string {
	fields := make([]string, len(e.Missing))
	for i, m := range e.Missing {
		fields[i] = m.Field
	}
	return fmt.Sprintf("application lacks %s", strings.Join(fields, ", "))
}

// Unwrap returns ErrIncomplete.
func (e *IncompleteError) Unwrap() error { return ErrIncomplete }
