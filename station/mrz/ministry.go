package mrz

import "strings"

// The instructions of the Belarusian ministry of the interior: No. 288 of 9 October 2008 writes
// names into the population register, No. 200 of 28 June 2010 into passports. Both take a name from
// its Belarusian or from its Russian form, and people hold papers by each of the four ways.

var ministryTable = map[rune]string{
	'А': "A", 'Б': "B", 'В': "V", 'Г': "G", 'Ґ': "G", 'Д': "D", 'Ж': "ZH", 'З': "Z", 'І': "I", 'Й': "J", 'К': "K",
	'Л': "L", 'М': "M", 'Н': "N", 'О': "O", 'П': "P", 'Р': "R", 'С': "S", 'Т': "T", 'У': "U", 'Ў': "W", 'Ф': "F",
	'Х': "KH", 'Ц': "TS", 'Ч': "CH", 'Ш': "SH", 'Ы': "Y", 'Ь': "", 'Э': "E",
}

// russianTable holds what the Russian form writes otherwise, or has alone.
var russianTable = map[rune]string{
	'Е': "E", 'Ё': "E", 'И': "I", 'Щ': "SHCH", 'Ъ': "J", 'Ю': "IU", 'Я': "IA",
}

var softMinistry = map[rune]string{'З': "Ź", 'Л': "Ĺ", 'Н': "Ń", 'С': "Ś", 'Ц': "Ć"}

// ministryLetter is 288/2008 from Belarusian.
func ministryLetter(word []rune, i int) (string, bool) {
	if vowel, ok := iotated[word[i]]; ok {
		if startsWithJ(word, i) {
			return "J" + vowel, true
		}
		return "I" + vowel, true
	}
	if soft, ok := softMinistry[word[i]]; ok && at(word, i+1) == 'Ь' {
		return soft, true
	}
	text, ok := ministryTable[word[i]]
	return text, ok
}

// passportLetter is 200/2010 from Belarusian: no mark above a letter, Г is H, an iotated vowel after
// ы or і keeps its i (Maryia), and й ends no word after е, ё, ы, ю, я. That і goes with ы is our reading:
// the examples that we have show ы alone.
func passportLetter(word []rune, i int) (string, bool) {
	_, vowel := iotated[word[i]]
	switch {
	case vowel && strings.ContainsRune("ЫІ", at(word, i-1)):
		return "I" + iotated[word[i]], true
	case vowel:
		return ministryLetter(word, i)
	case word[i] == 'Г':
		return "H", true
	case mute(word, i):
		return "", true
	}
	text, ok := ministryTable[word[i]]
	return text, ok
}

// mute tells a last й that 200/2010 does not write.
func mute(word []rune, i int) bool {
	return word[i] == 'Й' && i == len(word)-1 && strings.ContainsRune("ЕЁЫЮЯ", at(word, i-1))
}

// russianLetter is 288/2008 from Russian. The hard sign and the j that its vowel would have are one.
func russianLetter(word []rune, i int) (string, bool) {
	if soft, ok := softMinistry[word[i]]; ok && at(word, i+1) == 'Ь' {
		return soft, true
	}
	return russianPassportLetter(word, i)
}

// russianPassportLetter is 200/2010 from Russian: the same without marks.
func russianPassportLetter(word []rune, i int) (string, bool) {
	if strings.ContainsRune("ІЎҐ", word[i]) {
		return "", false // letters that Russian does not have
	}
	before := at(word, i-1)
	if strings.ContainsRune("ЮЯ", word[i]) && (before == 'Ъ' || dropped(before)) {
		return iotated[word[i]], true // the sign before has written the j
	}
	if text, ok := russianTable[word[i]]; ok {
		return text, true
	}
	text, ok := ministryTable[word[i]]
	return text, ok
}
