package mrz

import (
	"fmt"
	"strings"
)

// Field names a field of the zone in errors.
type Field string

// Fields of the zone.
const (
	FieldCode        Field = "document code"
	FieldIssuer      Field = "issuer"
	FieldName        Field = "name"
	FieldNumber      Field = "document number"
	FieldNationality Field = "nationality"
	FieldBirth       Field = "date of birth"
	FieldSex         Field = "sex"
	FieldExpiry      Field = "date of expiry"
	FieldOptional    Field = "optional data"
	FieldOptional2   Field = "second optional data"
	FieldComposite   Field = "composite"
)

// CheckError lists the fields of a zone whose check digit fails or whose content is not what the
// field allows, each once. It holds no value.
type CheckError struct {
	Fields []Field
}

// Error names the fields.
func (e *CheckError) Error() string {
	names := make([]string, len(e.Fields))
	for i, f := range e.Fields {
		names[i] = string(f)
	}
	return "machine readable zone: defects in " + strings.Join(names, ", ")
}

func (e *CheckError) add(f Field, ok bool) {
	if ok {
		return
	}
	for _, have := range e.Fields {
		if have == f {
			return
		}
	}
	e.Fields = append(e.Fields, f)
}

// Has reports whether the field is among the defects.
func (e *CheckError) Has(f Field) bool {
	for _, have := range e.Fields {
		if have == f {
			return true
		}
	}
	return false
}

// Parse reads the lines of a zone. It returns ErrFormat and nothing else where the lines have no
// known shape. Otherwise it returns the document as it reads and, if any check digit fails or any
// field holds what it must not, a *CheckError naming all such fields: the document is then good
// for a person's eyes only.
func Parse(lines []string) (Document, error) {
	format, err := formatOf(lines)
	if err != nil {
		return Document{}, err
	}
	d := Document{Format: format}
	defects := &CheckError{}
	if format == TD1 {
		d.parseTD1(lines, defects)
	} else {
		d.parseTwoLines(lines, defects)
	}
	defects.add(FieldCode, codeFits(d.Code, format))
	defects.add(FieldIssuer, isState(d.Issuer))
	defects.add(FieldNumber, d.Number != "" && d.Number[0] != '<')
	defects.add(FieldNationality, isState(d.Nationality))
	defects.add(FieldBirth, d.Birth.Valid())
	defects.add(FieldSex, d.Sex.valid())
	defects.add(FieldExpiry, expiryFits(d.Expiry, format))
	if len(defects.Fields) > 0 {
		return d, defects
	}
	return d, nil
}

// formatOf tells the format from the shape; a visa is told from another document by its code.
func formatOf(lines []string) (Format, error) {
	for i, line := range lines {
		if !inAlphabet(line) || len(line) != len(lines[0]) {
			return 0, fmt.Errorf("line %d: %w", i+1, ErrFormat)
		}
	}
	for _, f := range []Format{TD3, TD2, TD1} {
		count, length := f.Size()
		if len(lines) != count || len(lines[0]) != length {
			continue
		}
		switch {
		case f == TD3 && lines[0][0] == 'V':
			return MRVA, nil
		case f == TD2 && lines[0][0] == 'V':
			return MRVB, nil
		}
		return f, nil
	}
	return 0, fmt.Errorf("%d lines: %w", len(lines), ErrFormat)
}

func (d *Document) parseTwoLines(lines []string, defects *CheckError) {
	first, second := lines[0], lines[1]
	d.parseHead(first[:5])
	d.parseName(first[5:], defects)
	end := 28 + optionalLength(d.Format)
	d.parseNumber(second[:10], second[28:end], d.Format == TD2, defects)
	d.Nationality = strings.TrimRight(second[10:13], "<")
	d.parsePerson(second[13:20], second[20:21], second[21:28], defects)
	switch d.Format {
	case TD3:
		data, digit := second[28:42], second[42]
		unused := strings.Trim(data, "<") == "" && digit == '<'
		defects.add(FieldOptional, unused || mustDigit(data) == digit)
		defects.add(FieldComposite, mustDigit(second[:10]+second[13:20]+second[21:43]) == second[43])
	case TD2:
		defects.add(FieldComposite, mustDigit(second[:10]+second[13:20]+second[21:35]) == second[35])
	}
}

func (d *Document) parseTD1(lines []string, defects *CheckError) {
	first, second := lines[0], lines[1]
	d.parseHead(first[:5])
	d.parseName(lines[2], defects)
	d.parseNumber(first[5:15], first[15:30], true, defects)
	d.parsePerson(second[:7], second[7:8], second[8:15], defects)
	d.Nationality = strings.TrimRight(second[15:18], "<")
	d.Optional2 = strings.TrimRight(second[18:29], "<")
	composite := first[5:30] + second[:7] + second[8:15] + second[18:29]
	defects.add(FieldComposite, mustDigit(composite) == second[29])
}

func (d *Document) parseHead(head string) {
	d.Code = strings.TrimRight(head[:2], "<")
	d.Issuer = strings.TrimRight(head[2:], "<")
}

func (d *Document) parseName(field string, defects *CheckError) {
	var ok bool
	d.Primary, d.Secondary, ok = decodeName(field)
	defects.add(FieldName, ok)
}

// parseNumber reads the number, its check digit and the optional data. A filler in the place of
// the check digit says that a card's number continues in the optional data.
func (d *Document) parseNumber(field, optional string, mayContinue bool, defects *CheckError) {
	number, digit := field[:numberLength], field[numberLength]
	tail, rest, ended := strings.Cut(optional, "<")
	if mayContinue && digit == '<' && len(tail) >= 2 && number[numberLength-1] != '<' {
		d.Number = number + tail[:len(tail)-1]
		d.Optional = strings.TrimRight(rest, "<")
		defects.add(FieldNumber, ended && mustDigit(d.Number) == tail[len(tail)-1])
		return
	}
	d.Number = strings.TrimRight(number, "<")
	d.Optional = strings.TrimRight(optional, "<")
	defects.add(FieldNumber, mustDigit(number) == digit)
}

func (d *Document) parsePerson(birth, sex, expiry string, defects *CheckError) {
	d.Birth, d.Sex, d.Expiry = Date(birth[:6]), Sex(sex), Date(expiry[:6])
	defects.add(FieldBirth, mustDigit(birth[:6]) == birth[6])
	defects.add(FieldExpiry, mustDigit(expiry[:6]) == expiry[6])
}
