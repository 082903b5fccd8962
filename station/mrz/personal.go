package mrz

import (
	"strings"
	"time"
)

// Oddity is something about a number of Belarus that a person should look at. It never blocks: the
// register itself holds wrong numbers, and it is in the hands of those whom applicants fled.
type Oddity string

// Oddities of a personal number.
const (
	OddForm         Oddity = "form"          // not 14 characters in their places
	OddCheckDigit   Oddity = "check digit"   // the last character is another than the others give
	OddBirth        Oddity = "birth date"    // another day than the document's
	OddSex          Oddity = "sex"           // the first digit is the other sex's
	OddCentury      Oddity = "century"       // the first digit is another century's
	OddCitizenship  Oddity = "citizenship"   // BA or BI: given to a person who was no citizen then
	OddSeries       Oddity = "series"        // a passport number whose series is not among the known
	OddNumberLength Oddity = "number length" // a passport number that is not two letters and seven digits
)

// belarus is the state whose numbers are known here.
const belarus = "BLR"

// Oddities holds the numbers of a Belarusian passport against its other fields: the document number,
// and the personal number that stands in the optional data. Of other documents it says nothing.
func (d Document) Oddities(today time.Time) []Oddity {
	if d.Format != TD3 || d.Issuer != belarus {
		return nil
	}
	odd := PassportNumberOddities(d.Number)
	if d.Optional == "" {
		return odd
	}
	birth, _ := d.Birth.BirthDay(today)
	return append(odd, PersonalNumberOddities(d.Optional, d.Birth, birth.Year, d.Sex)...)
}

// personalNumber is where the parts of a personal number stand: sex and century, day, month and
// year of birth, region, running number, citizenship, check digit.
const (
	personalLength      = 14
	personalRegion      = 7
	personalCitizenship = 11
	personalCheck       = 13
)

// PersonalNumberOddities holds a personal number of Belarus against the birth date and sex of its
// bearer. birthYear is the full year, 0 where it is not known; an incomplete birth date and an
// unspecified sex are not compared. Cyrillic look-alikes are read as the Latin letters they stand for.
func PersonalNumberOddities(number string, birth Date, birthYear int, sex Sex) []Oddity {
	number = FoldLookalikes(number)
	if !personalForm(number) {
		return []Oddity{OddForm}
	}
	var odd []Oddity
	add := func(is bool, o Oddity) {
		if is {
			odd = append(odd, o)
		}
	}
	add(number[personalCheck] != mustDigit(number[:personalCheck]), OddCheckDigit)
	if birth.Complete() {
		add(number[1:personalRegion] != string(birth[4:6]+birth[2:4]+birth[0:2]), OddBirth)
	}
	first := int(number[0] - '0')
	add(sex == Male && first%2 == 0 || sex == Female && first%2 == 1, OddSex)
	add(birthYear > 0 && birthYear/100 != 18+(first-1)/2, OddCentury)
	add(number[personalCitizenship:personalCheck] != "PB", OddCitizenship)
	return odd
}

func personalForm(n string) bool {
	if len(n) != personalLength || n[0] < '1' || n[0] > '6' {
		return false
	}
	switch n[personalCitizenship:personalCheck] {
	case "PB", "BA", "BI":
	default:
		return false
	}
	return isDigits(n[1:personalRegion]) && isLetters(n[personalRegion:personalRegion+1]) &&
		isDigits(n[personalRegion+1:personalCitizenship]) && isDigits(n[personalCheck:])
}

// passportSeries are the series of current Belarusian passports. Others exist.
var passportSeries = []string{"AB", "BM", "HB", "KH", "KB", "MC", "MP", "PP"}

// PassportNumberOddities looks at the number of a Belarusian passport: two letters of a known series
// and seven digits.
func PassportNumberOddities(number string) []Oddity {
	number = FoldLookalikes(number)
	const length = 9
	if len(number) != length || !isLetters(number[:2]) || !isDigits(number[2:]) {
		return []Oddity{OddNumberLength}
	}
	for _, known := range passportSeries {
		if number[:2] == known {
			return nil
		}
	}
	return []Oddity{OddSeries}
}

// FoldLookalikes writes a number in capital Latin letters: Cyrillic letters that look like Latin ones
// become those, and spaces go. Other characters stay.
func FoldLookalikes(number string) string {
	const cyrillic, latin = "АВЕІКМНОРСТХ", "ABEIKMHOPCTX"
	folded := []rune(cyrillic)
	return strings.Map(func(r rune) rune {
		if r == ' ' {
			return -1
		}
		for i, c := range folded {
			if c == r {
				return rune(latin[i])
			}
		}
		return r
	}, strings.ToUpper(number))
}
