package mrz

import "fmt"

const numberLength = 9

// Compose writes the lines of a document's zone with all check digits. It returns ErrField,
// wrapped with the name of the field, or ErrName.
func Compose(d Document) ([]string, error) {
	return ComposeWith(d, NameOptions{})
}

// ComposeWith is Compose under an issuer's choices for names.
func ComposeWith(d Document, opt NameOptions) ([]string, error) {
	if err := d.check(); err != nil {
		return nil, err
	}
	name, err := EncodeName(d.Primary, d.Secondary, d.Format.NameLength(), opt)
	if err != nil {
		return nil, err
	}
	head := fill(d.Code, 2) + fill(d.Issuer, 3)
	if d.Format == TD1 {
		return composeTD1(d, head, name)
	}
	number, optional, err := placeNumber(d.Number, d.Optional, optionalLength(d.Format), d.Format == TD2)
	if err != nil {
		return nil, err
	}
	second := number + fill(d.Nationality, 3) + withDigit(string(d.Birth)) + string(d.Sex) +
		withDigit(string(d.Expiry)) + optional
	switch d.Format {
	case TD3:
		second += string(mustDigit(optional))
		second += string(mustDigit(second[:10] + second[13:20] + second[21:43]))
	case TD2:
		second += string(mustDigit(second[:10] + second[13:20] + second[21:35]))
	}
	return []string{head + name, second}, nil
}

func composeTD1(d Document, head, name string) ([]string, error) {
	number, optional, err := placeNumber(d.Number, d.Optional, optionalLength(TD1), true)
	if err != nil {
		return nil, err
	}
	if len(d.Optional2) > 11 {
		return nil, fmt.Errorf("%s: %w", FieldOptional2, ErrField)
	}
	first := head + number + optional
	second := withDigit(string(d.Birth)) + string(d.Sex) + withDigit(string(d.Expiry)) +
		fill(d.Nationality, 3) + fill(d.Optional2, 11)
	second += string(mustDigit(first[5:30] + second[:7] + second[8:15] + second[18:29]))
	return []string{first, second, name}, nil
}

// placeNumber lays out the document number with its check digit, and the optional data. A longer
// number of a card continues in the optional field, where its check digit and a filler follow it
// (ICAO Doc 9303-5, 4.2.2.1 and 9303-6, 4.2.2.1).
func placeNumber(number, optional string, length int, mayContinue bool) (field, rest string, err error) {
	if len(number) <= numberLength {
		if len(optional) > length {
			return "", "", fmt.Errorf("%s: %w", FieldOptional, ErrField)
		}
		return withDigit(fill(number, numberLength)), fill(optional, length), nil
	}
	rest = number[numberLength:] + string(mustDigit(number)) + "<" + optional
	if !mayContinue || len(rest) > length {
		return "", "", fmt.Errorf("%s: %w", FieldNumber, ErrField)
	}
	return number[:numberLength] + "<", fill(rest, length), nil
}

func withDigit(field string) string {
	return field + string(mustDigit(field))
}

func optionalLength(f Format) int {
	switch f {
	case TD3:
		return 14
	case TD1:
		return 15
	case TD2:
		return 7
	case MRVA:
		return 16
	case MRVB:
		return 8
	}
	return 0
}

// check refuses fields that the zone cannot carry. Lengths that depend on the layout are checked
// where the fields are laid out.
func (d Document) check() error {
	if lines, _ := d.Format.Size(); lines == 0 {
		return fmt.Errorf("format: %w", ErrField)
	}
	if !codeFits(d.Code, d.Format) {
		return fmt.Errorf("%s: %w", FieldCode, ErrField)
	}
	checks := []struct {
		field Field
		ok    bool
	}{
		{FieldIssuer, isState(d.Issuer)},
		{FieldNumber, d.Number != "" && d.Number[0] != '<' && trimmed(d.Number)},
		{FieldNationality, isState(d.Nationality)},
		{FieldBirth, d.Birth.Valid()},
		{FieldSex, d.Sex.valid()},
		{FieldExpiry, expiryFits(d.Expiry, d.Format)},
		{FieldOptional, trimmed(d.Optional)},
		{FieldOptional2, trimmed(d.Optional2) && (d.Format == TD1 || d.Optional2 == "")},
	}
	for _, c := range checks {
		if !c.ok {
			return fmt.Errorf("%s: %w", c.field, ErrField)
		}
	}
	return nil
}

// codeFits tells whether a document code belongs to a format: P on books, V on visas, A, C or I on
// cards, where V is barred as second letter (ICAO Doc 9303-4 to 9303-7, 4.2.2).
func codeFits(code string, f Format) bool {
	if len(code) < 1 || len(code) > 2 || !isLetters(code) {
		return false
	}
	switch f {
	case TD3:
		return code[0] == 'P'
	case MRVA, MRVB:
		return code[0] == 'V'
	}
	// A P on a TD2 is a single-sheet emergency document (ICAO Doc 9303-8).
	isCard := code[0] == 'A' || code[0] == 'C' || code[0] == 'I' || code[0] == 'P' && f == TD2
	return isCard && (len(code) == 1 || code[1] != 'V')
}

func expiryFits(d Date, f Format) bool {
	return d.Complete() || d == Unknown && (f == TD1 || f == TD2)
}

func isState(code string) bool {
	return len(code) >= 1 && len(code) <= 3 && isLetters(code)
}

func trimmed(s string) bool {
	return inAlphabet(s) && (s == "" || s[len(s)-1] != '<')
}

func (s Sex) valid() bool {
	return s == Female || s == Male || s == Unspecified
}
