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
	RuleMinistry Rule = "ministry 288/2008" // instruction for the population register, with diacritics
	RulePassport Rule = "ministry 200/2010" // instruction for passports, without
	RuleLacinka  Rule = "Łacinka"           // traditional Belarusian Latin, for the printed form only
)

// Spelling is a name in Latin letters and the rule that wrote it so: a record keeps both.
type Spelling struct {
	Text string `json:"text"`
	Rule Rule   `json:"rule"`
}

// writing gives the upper-case Latin of the letter at i of an upper-case word. It returns false for
// a letter that its rule does not have.
type writing func(word []rune, i int) (string, bool)

// Romanise writes a Cyrillic name in Latin letters under a rule, in the case of the original. The
// ministry's two rules know Belarusian and Russian, Łacinka Belarusian. It returns ErrName for a
// letter or a language that the rule does not have.
func Romanise(name string, lang Language, rule Rule) (Spelling, error) {
	write := writingOf(lang, rule)
	if write == nil {
		return Spelling{}, fmt.Errorf("rule %s for language %q: %w", rule, string(lang), ErrName)
	}
	text, err := romanise(name, write)
	return Spelling{text, rule}, err
}

func writingOf(lang Language, rule Rule) writing {
	switch {
	case rule == RuleDoc9303:
		return func(word []rune, i int) (string, bool) { return cyrillicLetter(word[i], lang, i == 0) }
	case lang == Belarusian && rule == RuleMinistry:
		return ministryLetter
	case lang == Belarusian && rule == RulePassport:
		return passportLetter
	case lang == Belarusian && rule == RuleLacinka:
		return lacinkaLetter
	case lang == Russian && rule == RuleMinistry:
		return russianLetter
	case lang == Russian && rule == RulePassport:
		return russianPassportLetter
	}
	return nil
}

// Spellings writes a name under every rule that knows its language, for a person to choose from.
func Spellings(name string, lang Language) ([]Spelling, error) {
	var list []Spelling
	for _, rule := range []Rule{RulePassport, RuleMinistry, RuleDoc9303, RuleLacinka} {
		if writingOf(lang, rule) == nil {
			continue
		}
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
func romanise(name string, write writing) (string, error) {
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

func romaniseWord(out *strings.Builder, word []rune, write writing) error {
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

// iotated are the vowels that begin with a j or soften the consonant before them.
var iotated = map[rune]string{'Е': "E", 'Ё': "O", 'Ю': "U", 'Я': "A"}

// startsWithJ tells whether an iotated vowel stands at the start of a word or after a vowel, ў, ь
// or an apostrophe.
func startsWithJ(word []rune, i int) bool {
	if i == 0 || dropped(word[i-1]) {
		return true
	}
	return strings.ContainsRune("АЕЁІОУЫЭЮЯЎЬ", word[i-1])
}

// at is the letter of a word at i, or 0 outside it.
func at(word []rune, i int) rune {
	if i < 0 || i >= len(word) {
		return 0
	}
	return word[i]
}
