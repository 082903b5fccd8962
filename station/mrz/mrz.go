// Package mrz writes and reads the machine readable zone of travel documents: the two or three
// lines of OCR-B at the foot of a data page (ICAO Doc 9303-3, section 4, and parts 4 to 7).
//
// A Document holds the zone's fields as words; Compose turns it into lines and Parse turns lines
// back into it. Compose refuses what a zone cannot carry instead of bending it. Parse verifies
// every check digit and reports all defects at once in a CheckError, which names fields and never
// holds a value, so it may be logged. Nothing here repairs a character so that the digits fit: a
// check digit can refuse a reading, it cannot prove a guess.
//
// Names are encoded from their spelling on the page: EncodeName transliterates national Latin
// letters (9303-3, 6.A), drops or replaces punctuation and truncates where the field is too short.
// Cyrillic names are first brought to Latin letters by Romanise, under a rule that is named.
package mrz

import (
	"errors"
	"strings"
)

// ErrFormat is returned for lines that are no machine readable zone: their number, their length
// or a character outside A-Z, 0-9 and '<'.
var ErrFormat = errors.New("not a machine readable zone")

// ErrField is returned by Compose, wrapped with the field's name, for a value that the zone
// cannot carry.
var ErrField = errors.New("value does not fit the machine readable zone")

// Format is a size of document and so the layout of its zone.
type Format int

// Formats of machine readable zones (ICAO Doc 9303-4 to 9303-7).
const (
	TD3  Format = iota + 1 // passport book: 2 lines of 44
	TD1                    // card: 3 lines of 30
	TD2                    // larger card: 2 lines of 36
	MRVA                   // visa: 2 lines of 44
	MRVB                   // visa: 2 lines of 36
)

// String returns the standard's name of the format.
func (f Format) String() string {
	switch f {
	case TD3:
		return "TD3"
	case TD1:
		return "TD1"
	case TD2:
		return "TD2"
	case MRVA:
		return "MRV-A"
	case MRVB:
		return "MRV-B"
	}
	return "unknown format"
}

// Size returns the number of lines and the characters in each.
func (f Format) Size() (lines, length int) {
	switch f {
	case TD3, MRVA:
		return 2, 44
	case TD2, MRVB:
		return 2, 36
	case TD1:
		return 3, 30
	}
	return 0, 0
}

// NameLength returns the length of the name field.
func (f Format) NameLength() int {
	_, length := f.Size()
	if f == TD1 || length == 0 {
		return length
	}
	return length - 5
}

// Sex is the holder's sex as the zone writes it.
type Sex string

// Values of Sex. The visual zone prints X where the machine readable zone has the filler.
const (
	Female      Sex = "F"
	Male        Sex = "M"
	Unspecified Sex = "<"
)

// Document is the content of a machine readable zone. Code, Issuer, Number, Nationality and the
// optional data stand without trailing fillers; a filler inside a number or optional data is kept.
// Names may be given to Compose as the page spells them; Parse returns them in the zone's letters,
// parts separated by a space.
type Document struct {
	Format      Format `json:"format"`
	Code        string `json:"code"`   // "P", "PP", "I", "V"
	Issuer      string `json:"issuer"` // "UTO"; one letter for Germany
	Primary     string `json:"primary"`
	Secondary   string `json:"secondary"`
	Number      string `json:"number"` // up to 9 characters, on TD1 22 and TD2 14
	Nationality string `json:"nationality"`
	Birth       Date   `json:"birth"`
	Sex         Sex    `json:"sex"`
	Expiry      Date   `json:"expiry"`
	Optional    string `json:"optional,omitempty"`
	Optional2   string `json:"optional2,omitempty"` // second optional field of TD1
}

// NameMayBeTruncated reports whether the name fills its field to the last character. A reader
// must then assume that letters are missing (ICAO Doc 9303-4, 4.2.3).
func (d Document) NameMayBeTruncated() bool {
	field, err := EncodeName(d.Primary, d.Secondary, d.Format.NameLength(), NameOptions{})
	return err == nil && !strings.HasSuffix(field, "<")
}

// Information returns the MRZ information of the document, from which the chip's access keys are
// derived.
func (d Document) Information() string {
	return Information(d.Number, string(d.Birth), string(d.Expiry))
}

// Information returns document number, birth and expiry, each followed by its check digit: the
// MRZ information whose SHA-1 opens the chip (ICAO Doc 9303-11, 4.3.2 and appendix D.2). A number
// shorter than nine characters is filled up to nine; a longer one is used as it is. The dates are
// YYMMDD. The result is empty if a character cannot stand in a machine readable zone.
func Information(number, birth, expiry string) string {
	number = strings.TrimRight(number, "<")
	if len(number) < numberLength {
		number = fill(number, numberLength)
	}
	var b strings.Builder
	for _, field := range []string{number, birth, expiry} {
		digit, err := CheckDigit(field)
		if err != nil {
			return ""
		}
		b.WriteString(field)
		b.WriteByte(digit)
	}
	return b.String()
}

// fill pads s with the filler to n characters.
func fill(s string, n int) string {
	if len(s) >= n {
		return s
	}
	return s + strings.Repeat("<", n-len(s))
}
