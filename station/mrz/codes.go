package mrz

import (
	"errors"
	"fmt"
	"time"
)

// ErrCode is returned for a document code that may not be issued at the date in question.
var ErrCode = errors.New("document code not allowed")

// Dates of the two-letter document codes (ICAO Doc 9303-4, 4.4, amendment 2).
var (
	codesFromTable = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	codesMandatory = time.Date(2028, 1, 1, 0, 0, 0, 0, time.UTC)
	codesRetired   = time.Date(2038, 1, 1, 0, 0, 0, 0, time.UTC)
)

var passportCodes = map[string]string{
	"PP": "ordinary passport",
	"PE": "emergency passport",
	"PD": "diplomatic passport",
	"PO": "official or service passport",
	"PR": "refugee travel document",
	"PT": "alien's passport",
	"PS": "stateless person's travel document",
	"PL": "laissez-passer",
	"PM": "military passport",
}

// CodeMeaning returns what a two-letter passport code stands for, false for a code that is not in
// the table (ICAO Doc 9303-4, 4.4).
func CodeMeaning(code string) (string, bool) {
	meaning, ok := passportCodes[code]
	return meaning, ok
}

// CheckCode says whether a passport book may carry the code on a day of issue. Since 2026 a second
// letter must come from the table; since 2028 there must be one (ICAO Doc 9303-4, 4.4). It returns
// ErrCode otherwise.
func CheckCode(code string, issued time.Time) error {
	if len(code) < 1 || len(code) > 2 || code[0] != 'P' || !isLetters(code) {
		return fmt.Errorf("%w: a passport's code is P or P and a letter", ErrCode)
	}
	if len(code) == 1 {
		if !issued.Before(codesMandatory) {
			return fmt.Errorf("%w: the second letter is mandatory since 2028", ErrCode)
		}
		return nil
	}
	if _, known := passportCodes[code]; !known && !issued.Before(codesFromTable) {
		return fmt.Errorf("%w: the second letter is not in the table in force since 2026", ErrCode)
	}
	return nil
}

// CheckCodeExpiry says whether a passport book with the code may expire on a day: one without a
// second letter must expire before 1 January 2038 (ICAO Doc 9303-4, 4.4). It returns ErrCode
// otherwise.
func CheckCodeExpiry(code string, expiry time.Time) error {
	if len(code) == 1 && !expiry.Before(codesRetired) {
		return fmt.Errorf("%w: a book with one letter must expire before 2038", ErrCode)
	}
	return nil
}
