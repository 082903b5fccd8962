package station

import (
	"fmt"
	"slices"
	"strings"

	"padarozhnik/station/mrz"
)

// ZoneDecision is one character of an old passport's zone that a person decided, because the recogniser was
// not certain of it.
type ZoneDecision struct {
	Line   int    `cbor:"1,keyasint" json:"line"`   // from 0
	Column int    `cbor:"2,keyasint" json:"column"` // from 0
	Seen   string `cbor:"3,keyasint" json:"seen"`   // by the recogniser
	Chosen string `cbor:"4,keyasint" json:"chosen"`
}

// ByPerson tells whether a person typed the zone or decided on characters of it.
func (o OldPassport) ByPerson() bool { return o.Typed || len(o.Decided) > 0 }

// PrintedPage is what an officer reads off the visual inspection zone of an old passport (ICAO Doc 9303-4,
// 4.1), as it is printed there. What is empty was not read and is compared with nothing.
type PrintedPage struct {
	Surname        string `cbor:"1,keyasint,omitempty" json:"surname,omitempty"`
	GivenNames     string `cbor:"2,keyasint,omitempty" json:"givenNames,omitempty"`
	Number         string `cbor:"3,keyasint,omitempty" json:"number,omitempty"`
	Nationality    string `cbor:"4,keyasint,omitempty" json:"nationality,omitempty"` // three letters
	Birth          Date   `cbor:"5,keyasint,omitempty" json:"birth,omitempty"`
	Sex            Sex    `cbor:"6,keyasint,omitempty" json:"sex,omitempty"`
	Issued         Date   `cbor:"7,keyasint,omitempty" json:"issued,omitempty"`
	Expiry         Date   `cbor:"8,keyasint,omitempty" json:"expiry,omitempty"`
	PersonalNumber string `cbor:"9,keyasint,omitempty" json:"personalNumber,omitempty"`
	PlaceOfBirth   string `cbor:"10,keyasint,omitempty" json:"placeOfBirth,omitempty"`
	Authority      string `cbor:"11,keyasint,omitempty" json:"authority,omitempty"`
}

// Agreement says how the places of an old passport stand to one another in one field.
type Agreement string

// Agreements.
const (
	Agrees   Agreement = "agrees"
	Differs  Agreement = "differs"
	OneAlone Agreement = "one-alone" // fewer than two places hold the field
)

// Fields that are compared across an old passport.
const (
	PageNumber         = "number"
	PageSurname        = "surname"
	PageGivenNames     = "givenNames"
	PageNationality    = "nationality"
	PageBirth          = "birth"
	PageSex            = "sex"
	PageExpiry         = "expiry"
	PagePersonalNumber = "personalNumber"
	PageIssued         = "issued"
	PagePlaceOfBirth   = "placeOfBirth"
	PageAuthority      = "authority"
)

// PageFields lists the compared fields in the order of their rows.
func PageFields() []string {
	return []string{
		PageNumber, PageSurname, PageGivenNames, PageNationality, PageBirth, PageSex, PageExpiry, PagePersonalNumber,
		PageIssued, PagePlaceOfBirth, PageAuthority,
	}
}

// FieldRow is one field of an old passport in its three places: the chip (DG1, DG11, DG12), the machine
// readable zone, and the printed page. Dates are YYMMDD in chip and zone, and YYYY-MM-DD from the page and
// DG12. All of it is personal.
type FieldRow struct {
	Field string    `json:"field"`
	Chip  string    `json:"chip,omitempty"`
	Zone  string    `json:"zone,omitempty"`
	Page  string    `json:"page,omitempty"`
	Agree Agreement `json:"agree"`
}

// FieldRows holds the chip, the zone and the printed page of an old passport against one another. A field
// that none of them has makes no row.
func (o OldPassport) FieldRows() []FieldRow {
	zone, _ := mrz.Parse(o.MRZ[:])
	var chip mrz.Document
	var more OldChip
	if o.Chip != nil {
		more = *o.Chip
		chip, _ = mrz.Parse(more.Zone)
	}
	var page PrintedPage
	if o.Page != nil {
		page = *o.Page
	}
	whole := !zone.NameMayBeTruncated()
	rows := []FieldRow{
		{PageNumber, chip.Number, zone.Number, page.Number, plainly(chip.Number, zone.Number, page.Number)},
		{PageSurname, chip.Primary, zone.Primary, page.Surname, named(whole, chip.Primary, zone.Primary, page.Surname)},
		{PageGivenNames, chip.Secondary, zone.Secondary, page.GivenNames,
			named(whole, chip.Secondary, zone.Secondary, page.GivenNames)},
		{PageNationality, chip.Nationality, zone.Nationality, page.Nationality,
			plainly(chip.Nationality, zone.Nationality, page.Nationality)},
		dayRow(PageBirth, string(chip.Birth), string(zone.Birth), page.Birth),
		{PageSex, sexWord(chip.Sex), sexWord(zone.Sex), sexWord(page.Sex),
			plainly(sexWord(chip.Sex), sexWord(zone.Sex), sexWord(page.Sex))},
		dayRow(PageExpiry, string(chip.Expiry), string(zone.Expiry), page.Expiry),
		{PagePersonalNumber, chip.Optional, zone.Optional, page.PersonalNumber,
			plainly(chip.Optional, zone.Optional, page.PersonalNumber)},
		dayRow(PageIssued, more.Issued, "", page.Issued),
		{PagePlaceOfBirth, more.PlaceOfBirth, "", page.PlaceOfBirth, plainly(more.PlaceOfBirth, page.PlaceOfBirth)},
		{PageAuthority, more.Authority, "", page.Authority, plainly(more.Authority, page.Authority)},
	}
	return slices.DeleteFunc(rows, func(r FieldRow) bool { return r.Chip+r.Zone+r.Page == "" })
}

// Contradicted names the fields that the printed page has otherwise than the chip or the zone.
func (o OldPassport) Contradicted() []string {
	if o.Page == nil {
		return nil
	}
	var out []string
	for _, r := range o.FieldRows() {
		if r.Page != "" && r.Agree == Differs {
			out = append(out, r.Field)
		}
	}
	return out
}

// plainly compares texts by their letters and digits alone: pages space and part them at will.
func plainly(texts ...string) Agreement {
	return compared(func(a, b string) bool { return lettersOf(a) == lettersOf(b) }, texts...)
}

func lettersOf(s string) string {
	return strings.NewReplacer("<", "", " ", "", "-", "", ",", "", ".", "", "/", "").Replace(strings.ToUpper(s))
}

// named compares names as a zone spells them. Where the zone's name field is full, its parts may be the
// beginnings of the page's (ICAO Doc 9303-4, 4.2.3).
func named(whole bool, texts ...string) Agreement {
	return compared(func(a, b string) bool {
		p, q := zoneParts(a), zoneParts(b)
		if len(p) > len(q) {
			p, q = q, p
		}
		if whole || len(p) == 0 {
			return slices.Equal(p, q)
		}
		for i := range p {
			if !strings.HasPrefix(p[i], q[i]) && !strings.HasPrefix(q[i], p[i]) {
				return false
			}
		}
		return true
	}, texts...)
}

// zoneParts are the parts of a name as a zone has them.
func zoneParts(name string) []string {
	return strings.FieldsFunc(zoneName(name), func(r rune) bool { return r == '<' })
}

// dayRow compares days by what a zone has of them: chip and zone are YYMMDD, or YYYYMMDD in DG12.
func dayRow(field, chip, zone string, page Date) FieldRow {
	text, short := "", ""
	if !page.IsZero() {
		text, short = page.String(), page.YYMMDD()
	}
	return FieldRow{field, chip, zone, text, plainly(shortDay(chip), zone, short)}
}

func shortDay(s string) string { return s[max(0, len(s)-6):] }

// compared holds every text that is there against the first.
func compared(same func(a, b string) bool, texts ...string) Agreement {
	there := slices.DeleteFunc(slices.Clone(texts), func(s string) bool { return strings.Trim(s, " <") == "" })
	if len(there) < 2 {
		return OneAlone
	}
	for _, t := range there[1:] {
		if !same(there[0], t) {
			return Differs
		}
	}
	return Agrees
}

// sexWord writes an unspecified sex as the visual zone does.
func sexWord(s Sex) string { return strings.ReplaceAll(string(s), string(mrz.Unspecified), "X") }

// TakePage keeps what an officer read off the printed page of the old passport, and brings the evidence in
// step: a chip whose page says something else proves nothing until a person has cleared that up. It returns
// ErrIncomplete where no old passport was entered.
func (a *Application) TakePage(p PrintedPage) error {
	if a.OldPassport == nil {
		return fmt.Errorf("old passport: %w", ErrIncomplete)
	}
	old := *a.OldPassport
	old.Page = &p
	if p == (PrintedPage{}) {
		old.Page = nil
	}
	a.OldPassport = &old
	return a.KeepChip()
}

// Again is an old passport whose zone was entered anew: what was read off its page stays if it still is the
// same book, its chip must be opened again.
func (o OldPassport) Again(before *OldPassport) OldPassport {
	if before == nil {
		return o
	}
	now, err := mrz.Parse(o.MRZ[:])
	then, gone := mrz.Parse(before.MRZ[:])
	if err == nil && gone == nil && now.Issuer == then.Issuer && now.Number == then.Number {
		o.Page = before.Page
	}
	return o
}
