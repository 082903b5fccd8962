// Package printing draws the data page of a passport: from the values of a person's book to a
// picture at the printer's resolution.
//
// Two pictures make a page. RenderBlank draws what the maker of the booklets has printed long
// before anybody applies: artwork, the state's name, the bar code of the serial. Render draws only
// the ink that personalisation adds, on white. Overlay lays one on the other as ink lies on paper,
// by multiplication. A real booklet receives the second picture; the first is for training,
// specimens and tests. All lengths are millimetres from a Layout; Render is deterministic, the
// same page gives the same pixels.
//
// The page of a Utopian passport follows the zones of ICAO Doc 9303-4, 4.1, and always carries an
// overprint that says that it is none.
package printing

import (
	"fmt"
	"image"
	"strings"
)

// Overprint is the word that lies across a page which is not a passport.
type Overprint int

// Overprints. NoOverprint on a page of Utopia becomes Specimen: Utopia issues nothing else.
const (
	NoOverprint Overprint = iota
	Specimen
	Training
)

// utopia is the issuing code of the standard's own fiction (ICAO Doc 9303-3, section 5).
const utopia = "UTO"

// Page is what one data page shows. Texts are printed as they stand, except Sex. A Page of an
// older book is the same value with older dates, number and document code. Names are personal:
// errors of this package say which field is wrong and never what is in it.
type Page struct {
	DocumentCode    string // "PP", or "P" and "P<" in older books (ICAO Doc 9303-4, 4.1.1.1)
	Issuer          string // code of the issuing State, as in the machine readable zone
	Number          string
	Surname         string
	GivenNames      string
	SurnameLocal    string // optional, in the state's own script
	GivenNamesLocal string // optional, in the state's own script
	Nationality     string
	PersonalNumber  string // optional
	Birth           string // see DateText
	Sex             string // F, M or X
	PlaceOfBirth    string
	Issue           string
	Expiry          string
	Authority       string
	CAN             string // optional card access number
	MRZ             [2]string
	Portrait        image.Image // cropped to Zone V about its centre, never stretched
	Signature       image.Image // optional, dark strokes on white
	Overprint       Overprint
}

// FitError says that a value does not fit its place on the page, however small it is set.
type FitError struct{ Field string }

func (e *FitError) Error() string { return fmt.Sprintf("page field %s: too long to print", e.Field) }

// MissingError says that a mandatory value is absent (ICAO Doc 9303-4, 4.1.1).
type MissingError struct{ Field string }

func (e *MissingError) Error() string { return fmt.Sprintf("page field %s: missing", e.Field) }

// GlyphError says that a value holds a character that the page's typeface cannot print.
type GlyphError struct{ Field string }

func (e *GlyphError) Error() string {
	return fmt.Sprintf("page field %s: a character that cannot be printed", e.Field)
}

// value returns the text of a named field of the layout, and whether there is such a field.
func (p *Page) value(name string) (string, bool) {
	switch name {
	case "document_code":
		return strings.TrimRight(p.DocumentCode, "<"), true
	case "issuer":
		return p.Issuer, true
	case "number":
		return p.Number, true
	case "surname":
		return p.Surname, true
	case "given_names":
		return p.GivenNames, true
	case "surname_local":
		return p.SurnameLocal, true
	case "given_names_local":
		return p.GivenNamesLocal, true
	case "nationality":
		return p.Nationality, true
	case "personal_number":
		return p.PersonalNumber, true
	case "birth":
		return p.Birth, true
	case "sex":
		return sexText(p.Sex), true
	case "place_of_birth":
		return p.PlaceOfBirth, true
	case "issue":
		return p.Issue, true
	case "expiry":
		return p.Expiry, true
	case "authority":
		return p.Authority, true
	case "can":
		return p.CAN, true
	}
	return "", false
}

// overprint is the word that this page must carry.
func (p *Page) overprint() Overprint {
	if p.Issuer == utopia && p.Overprint != Training {
		return Specimen
	}
	return p.Overprint
}

// sexText prints the mark in both languages (ICAO Doc 9303-4, 4.1.1.1, element 11).
func sexText(code string) string {
	switch code {
	case "F":
		return "Ж/F"
	case "M":
		return "М/M"
	case "<":
		return "X"
	}
	return code
}

// monthNames are the abbreviations printed in dates: Belarusian, English.
func monthNames() [13][2]string {
	return [13][2]string{
		{"XX", "XX"},
		{"СТУ", "JAN"}, {"ЛЮТ", "FEB"}, {"САК", "MAR"}, {"КРА", "APR"}, {"МАЙ", "MAY"}, {"ЧЭР", "JUN"},
		{"ЛІП", "JUL"}, {"ЖНІ", "AUG"}, {"ВЕР", "SEP"}, {"КАС", "OCT"}, {"ЛІС", "NOV"}, {"СНЕ", "DEC"},
	}
}

// DateText is a date as the page prints it, "12 ЖНІ/AUG 1974". A part that is not known is 0 and is
// printed as XX (ICAO Doc 9303-3, 3.8).
func DateText(year, month, day int) string {
	dd, mm, yyyy := "XX", "XX", "XXXX"
	if day >= 1 && day <= 31 {
		dd = fmt.Sprintf("%02d", day)
	}
	if month >= 1 && month <= 12 {
		names := monthNames()[month]
		mm = names[0] + "/" + names[1]
	}
	if year > 0 && year <= 9999 {
		yyyy = fmt.Sprintf("%04d", year)
	}
	return dd + " " + mm + " " + yyyy
}
