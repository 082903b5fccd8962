package station

import (
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"

	"padarozhnik/station/mrz"
)

// ErrPlace: a place of birth has a letter of neither language, and the officer has not written it in Latin.
var ErrPlace = errors.New("the place of birth cannot be written in Latin letters by the rules")

// PlaceOnPage is a place of birth as the data page prints it. A place in Cyrillic gets its transliteration
// beside it, because mandatory and optional data of the visual zone must be readable in Latin letters (ICAO
// Doc 9303-3, 3.1); the rule is the one of names in passports, first from Belarusian, then from Russian. A
// place that holds Latin letters already stands as the officer wrote it. It returns ErrPlace for a letter
// of neither language.
func PlaceOnPage(place string) (string, error) {
	place = strings.TrimSpace(place)
	written := func(script *unicode.RangeTable) bool {
		return strings.ContainsFunc(place, func(r rune) bool { return unicode.Is(script, r) })
	}
	if !written(unicode.Cyrillic) || written(unicode.Latin) {
		return place, nil
	}
	for _, lang := range languages() {
		if latin, err := romanisePlace(place, lang); err == nil {
			return place + " / " + latin, nil
		}
	}
	return "", ErrPlace
}

// romanisePlace writes the words of a place in Latin letters; figures and points between them stay.
func romanisePlace(place string, lang mrz.Language) (string, error) {
	var out strings.Builder
	stays := func(r rune) bool { return unicode.IsDigit(r) || r == '.' || r == ',' || r == '(' || r == ')' }
	for place != "" {
		end := strings.IndexFunc(place, stays)
		if end < 0 {
			end = len(place)
		}
		s, err := mrz.Romanise(place[:end], lang, mrz.RulePassport)
		if err != nil {
			return "", err
		}
		out.WriteString(s.Text)
		if place = place[end:]; place != "" {
			r, size := utf8.DecodeRuneInString(place)
			out.WriteRune(r)
			place = place[size:]
		}
	}
	return out.String(), nil
}
