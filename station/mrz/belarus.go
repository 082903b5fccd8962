package mrz

import (
	"fmt"
	"strings"
	"unicode"
)

// Rule is a system for writing Cyrillic names in Latin letters.
type Rule string

// Rules for Belarusian and Russian names.
const (
	RuleDoc9303  Rule = "Doc 9303-3"        // ICAO Doc 9303-3, 6.B
	RuleMinistry Rule = "ministry 288/2008" // instruction of the Belarusian ministry of the interior
	RuleLacinka  Rule = "Łacinka"           // traditional Belarusian Latin, for the printed form only
)

// Spelling is a name in Latin letters and the rule that wrote it so: a record keeps both.
type Spelling struct {
	Text string `json:"text"`
	Rule Rule   `json:"rule"`
}

// Romanise writes a Cyrillic name in Latin letters under a rule, in the case of the original. The
// ministry's rule knows Belarusian and Russian, Łacinka Belarusian. It returns ErrName for a
// letter or a language that the rule does not have.
func Romanise(name string, lang Language, rule Rule) (Spelling, error) {
	var write func(word []rune, i int) (string, bool)
	switch {
	case rule == RuleDoc9303, rule == RuleMinistry && lang == Russian:
		// For names in Russian the ministry's table is the standard's.
		write = func(word []rune, i int) (string, bool) { return cyrillicLetter(word[i], lang, i == 0) }
	case rule == RuleMinistry && lang == Belarusian:
		write = ministryLetter
	case rule == RuleLacinka && lang == Belarusian:
		write = lacinkaLetter
	default:
		return Spelling{}, fmt.Errorf("rule %s for language %q: %w", rule, string(lang), ErrName)
	}
	text, err := romanise(name, write)
	return Spelling{text, rule}, err
}

// Spellings writes a name under every rule that knows its language, for a person to choose from.
func Spellings(name string, lang Language) ([]Spelling, error) {
	var list []Spelling
	rules := []Rule{RuleMinistry, RuleDoc9303}
	switch lang {
	case Belarusian:
		rules = append(rules, RuleLacinka)
	case Russian:
	default:
		rules = []Rule{RuleDoc9303}
	}
	for _, rule := range rules {
		s, err := Romanise(name, lang, rule)
		if err != nil {
			return nil, err
		}
		list = append(list, s)
	}
	return list, nil
}

// romanise splits a name into words and writes each letter with its neighbours in view. Characters
// between words stay; the apostrophe belongs to its word and is not written.
func romanise(name string, write func([]rune, int) (string, bool)) (string, error) {
	var out strings.Builder
	letters := compose(name)
	for start := 0; start < len(letters); {
		if partsNames(letters[start]) {
			out.WriteRune(letters[start])
			start++
			continue
		}
		end := start
		for end < len(letters) && !partsNames(letters[end]) {
			end++
		}
		if err := romaniseWord(&out, letters[start:end], write); err != nil {
			return "", err
		}
		start = end
	}
	return out.String(), nil
}

func romaniseWord(out *strings.Builder, word []rune, write func([]rune, int) (string, bool)) error {
	upper := make([]rune, len(word))
	shouted := true
	for i, r := range word {
		upper[i] = unicode.ToUpper(r)
		shouted = shouted && !unicode.IsLower(r)
	}
	shouted = shouted && len(word) > 1
	for i, r := range upper {
		if dropped(r) {
			continue
		}
		text, ok := write(upper, i)
		if !ok {
			return fmt.Errorf("character U+%04X: %w", r, ErrName)
		}
		out.WriteString(inCase(text, unicode.IsUpper(word[i]), shouted))
	}
	return nil
}

// inCase gives an upper-case transliteration the case of the letter that it stands for.
func inCase(text string, capital, shouted bool) string {
	if shouted || text == "" {
		return text
	}
	letters := []rune(strings.ToLower(text))
	if capital {
		letters[0] = unicode.ToUpper(letters[0])
	}
	return string(letters)
}

var ministryTable = map[rune]string{
	'А': "A", 'Б': "B", 'В': "V", 'Г': "G", 'Ґ': "G", 'Д': "D", 'Ж': "ZH", 'З': "Z", 'І': "I", 'Й': "J", 'К': "K",
	'Л': "L", 'М': "M", 'Н': "N", 'О': "O", 'П': "P", 'Р': "R", 'С': "S", 'Т': "T", 'У': "U", 'Ў': "W", 'Ф': "F",
	'Х': "KH", 'Ц': "TS", 'Ч': "CH", 'Ш': "SH", 'Ы': "Y", 'Ь': "", 'Э': "E",
}

var lacinkaTable = map[rune]string{
	'А': "A", 'Б': "B", 'В': "V", 'Г': "H", 'Ґ': "G", 'Д': "D", 'Ж': "Ž", 'З': "Z", 'І': "I", 'Й': "J", 'К': "K",
	'Л': "Ł", 'М': "M", 'Н': "N", 'О': "O", 'П': "P", 'Р': "R", 'С': "S", 'Т': "T", 'У': "U", 'Ў': "Ŭ", 'Ф': "F",
	'Х': "CH", 'Ц': "C", 'Ч': "Č", 'Ш': "Š", 'Ы': "Y", 'Ь': "", 'Э': "E",
}

// iotated are the vowels that begin with a j or soften the consonant before them.
var iotated = map[rune]string{'Е': "E", 'Ё': "O", 'Ю': "U", 'Я': "A"}

var softMinistry = map[rune]string{'З': "Ź", 'Л': "Ĺ", 'Н': "Ń", 'С': "Ś", 'Ц': "Ć"}

var softLacinka = map[rune]string{'З': "Ź", 'Л': "L", 'Н': "Ń", 'С': "Ś", 'Ц': "Ć"}

func ministryLetter(word []rune, i int) (string, bool) {
	if vowel, ok := iotated[word[i]]; ok {
		if startsWithJ(word, i) {
			return "J" + vowel, true
		}
		return "I" + vowel, true
	}
	if soft, ok := softMinistry[word[i]]; ok && next(word, i) == 'Ь' {
		return soft, true
	}
	text, ok := ministryTable[word[i]]
	return text, ok
}

func lacinkaLetter(word []rune, i int) (string, bool) {
	if vowel, ok := iotated[word[i]]; ok {
		switch {
		case startsWithJ(word, i):
			return "J" + vowel, true
		case word[i-1] == 'Л':
			return vowel, true
		}
		return "I" + vowel, true
	}
	if soft, ok := softLacinka[word[i]]; ok && next(word, i) == 'Ь' {
		return soft, true
	}
	if word[i] == 'Л' && softened(word, i) {
		return "L", true
	}
	text, ok := lacinkaTable[word[i]]
	return text, ok
}

// softened tells whether the vowel after a consonant, or after its double, makes it soft.
func softened(word []rune, i int) bool {
	after := next(word, i)
	if after == word[i] {
		return next(word, i+1) == 'Ь' || softened(word, i+1)
	}
	_, soft := iotated[after]
	return soft || after == 'І'
}

// startsWithJ tells whether an iotated vowel stands at the start of a word or after a vowel, ў, ь
// or an apostrophe.
func startsWithJ(word []rune, i int) bool {
	if i == 0 || dropped(word[i-1]) {
		return true
	}
	return strings.ContainsRune("АЕЁІОУЫЭЮЯЎЬ", word[i-1])
}

func next(word []rune, i int) rune {
	if i+1 < len(word) {
		return word[i+1]
	}
	return 0
}
