package mrz

// Łacinka is the traditional Latin alphabet of Belarusian, for the printed form of a name. It may
// stand on a data page only where it folds to the same machine readable zone.

var lacinkaTable = map[rune]string{
	'А': "A", 'Б': "B", 'В': "V", 'Г': "H", 'Ґ': "G", 'Д': "D", 'Ж': "Ž", 'З': "Z", 'І': "I", 'Й': "J", 'К': "K",
	'Л': "Ł", 'М': "M", 'Н': "N", 'О': "O", 'П': "P", 'Р': "R", 'С': "S", 'Т': "T", 'У': "U", 'Ў': "Ŭ", 'Ф': "F",
	'Х': "CH", 'Ц': "C", 'Ч': "Č", 'Ш': "Š", 'Ы': "Y", 'Ь': "", 'Э': "E",
}

var softLacinka = map[rune]string{'З': "Ź", 'Л': "L", 'Н': "Ń", 'С': "Ś", 'Ц': "Ć"}

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
	if soft, ok := softLacinka[word[i]]; ok && at(word, i+1) == 'Ь' {
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
	after := at(word, i+1)
	if after == word[i] {
		return at(word, i+2) == 'Ь' || softened(word, i+1)
	}
	_, soft := iotated[after]
	return soft || after == 'І'
}
