package mrz

import (
	"fmt"
	"strings"
)

// Language is the language of a Cyrillic name, where the standard's table makes exceptions.
type Language string

// Languages with a transliteration of their own.
const (
	Belarusian Language = "be"
	Russian    Language = "ru"
	Ukrainian  Language = "uk"
	Bulgarian  Language = "bg"
	Serbian    Language = "sr"
	Macedonian Language = "mk"
)

// cyrillic is the common column of the table (ICAO Doc 9303-3, 6.B). The soft sign has no row and
// leaves nothing behind.
var cyrillic = map[rune]string{
	'Ё': "E", 'Ђ': "D", 'Є': "IE", 'Ѕ': "DZ", 'І': "I", 'Ї': "I", 'Ј': "J", 'Љ': "LJ", 'Њ': "NJ",
	'Ќ': "K", 'Ў': "U", 'Џ': "DZ", 'А': "A", 'Б': "B", 'В': "V", 'Г': "G", 'Д': "D", 'Е': "E",
	'Ж': "ZH", 'З': "Z", 'И': "I", 'Й': "I", 'К': "K", 'Л': "L", 'М': "M", 'Н': "N", 'О': "O",
	'П': "P", 'Р': "R", 'С': "S", 'Т': "T", 'У': "U", 'Ф': "F", 'Х': "KH", 'Ц': "TS", 'Ч': "CH",
	'Ш': "SH", 'Щ': "SHCH", 'Ъ': "IE", 'Ы': "Y", 'Ь': "", 'Э': "E", 'Ю': "IU", 'Я': "IA", 'Ѫ': "U",
	'Ѵ': "Y", 'Ґ': "G", 'Ғ': "G", 'Һ': "C",
}

// cyrillicExceptions are the table's exceptions by language.
var cyrillicExceptions = map[Language]map[rune]string{
	Belarusian: {'Ё': "IO", 'Г': "H"},
	Ukrainian:  {'Г': "H", 'И': "Y"},
	Bulgarian:  {'Щ': "SHT"},
	Serbian:    {'Г': "H", 'Ж': "Z", 'Х': "H", 'Ц': "C", 'Ч': "C", 'Ш': "S"},
	Macedonian: {'Ќ': "KJ", 'Џ': "DJ", 'Х': "H", 'Ц': "C", 'Ғ': "GJ"},
}

// ukrainianFirst holds the letters that Ukrainian writes differently at the start of a word.
var ukrainianFirst = map[rune]string{'Є': "YE", 'Ї': "YI", 'Й': "Y", 'Ю': "YU", 'Я': "YA"}

// Cyrillic transliterates a Cyrillic name into upper-case Latin letters by the standard's own
// table (ICAO Doc 9303-3, 6.B). Spaces, hyphens and commas stay, apostrophes go; Latin letters are
// kept. It returns ErrName for a letter that has no row.
func Cyrillic(name string, lang Language) (string, error) {
	var b strings.Builder
	first := true
	for _, r := range compose(strings.ToUpper(name)) {
		text, known := cyrillicLetter(r, lang, first)
		switch {
		case known:
			b.WriteString(text)
			first = false
		case r >= 'A' && r <= 'Z':
			b.WriteRune(r)
			first = false
		case partsNames(r):
			b.WriteRune(r)
			first = true
		case dropped(r):
		default:
			return "", fmt.Errorf("character U+%04X: %w", r, ErrName)
		}
	}
	return b.String(), nil
}

func cyrillicLetter(r rune, lang Language, first bool) (string, bool) {
	if lang == Ukrainian && first {
		if text, ok := ukrainianFirst[r]; ok {
			return text, true
		}
	}
	if text, ok := cyrillicExceptions[lang][r]; ok {
		return text, true
	}
	text, ok := cyrillic[r]
	return text, ok
}
