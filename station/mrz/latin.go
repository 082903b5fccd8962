package mrz

// LetterStyle chooses where the table of national Latin letters offers several transliterations. A
// State picks one and keeps it (ICAO Doc 9303-3, 6.A).
type LetterStyle int

// Styles of transliteration.
const (
	LettersExpanded LetterStyle = iota // Ä AE, Å AA, Ñ N, Ö OE, Ü UE: the table's first choice
	LettersMarked                      // as LettersExpanded but Ñ NXX, Ü UXX
	LettersPlain                       // Ä A, Å A, Ñ N, Ö O, Ü U
)

// letter returns the transliteration of an upper-case national letter.
func (s LetterStyle) letter(r rune) (string, bool) {
	switch s {
	case LettersMarked:
		if text, ok := markedLetters[r]; ok {
			return text, true
		}
	case LettersPlain:
		if text, ok := plainLetters[r]; ok {
			return text, true
		}
	}
	if text, ok := expandedLetters[r]; ok {
		return text, true
	}
	for _, row := range singleLetters {
		for _, c := range row.from {
			if c == r {
				return row.to, true
			}
		}
	}
	return "", false
}

var expandedLetters = map[rune]string{
	'Ä': "AE", 'Å': "AA", 'Æ': "AE", 'Ñ': "N", 'Ö': "OE", 'Ø': "OE", 'Œ': "OE", 'Ü': "UE",
	'Þ': "TH", 'Ĳ': "IJ", 'ẞ': "SS", 'ß': "SS",
}

var markedLetters = map[rune]string{'Ñ': "NXX", 'Ü': "UXX"}

var plainLetters = map[rune]string{'Ä': "A", 'Å': "A", 'Ñ': "N", 'Ö': "O", 'Ü': "U"}

// singleLetters lists the letters that lose their mark (ICAO Doc 9303-3, 6.A).
var singleLetters = []struct{ from, to string }{
	{"ÀÁÂÃĀĂĄ", "A"}, {"ÇĆĈĊČ", "C"}, {"ÐĎĐ", "D"}, {"ÈÉÊËĒĔĖĘĚ", "E"}, {"ĜĞĠĢ", "G"}, {"ĤĦ", "H"},
	{"ÌÍÎÏĨĪĬĮİı", "I"}, {"Ĵ", "J"}, {"Ķ", "K"}, {"ĹĻĽĿŁ", "L"}, {"ŃŅŇŊ", "N"}, {"ÒÓÔÕŌŎŐ", "O"},
	{"ŔŖŘ", "R"}, {"ŚŜŞŠ", "S"}, {"ŢŤŦ", "T"}, {"ÙÚÛŨŪŬŮŰŲ", "U"}, {"Ŵ", "W"}, {"ÝŶŸ", "Y"}, {"ŹŻŽ", "Z"},
	{"Ș", "S"}, {"Ț", "T"},
}

// compose joins a letter and a combining mark where the pair is transliterated differently from
// the bare letter, and drops the other marks: on Latin letters they change nothing.
func compose(s string) []rune {
	var out []rune
	for _, r := range s {
		if r < 0x0300 || r > 0x036F {
			out = append(out, r)
			continue
		}
		if len(out) == 0 {
			continue
		}
		if whole, ok := combined[[2]rune{out[len(out)-1], r}]; ok {
			out[len(out)-1] = whole
		}
	}
	return out
}

var combined = map[[2]rune]rune{
	{'A', 0x0308}: 'Ä', {'O', 0x0308}: 'Ö', {'U', 0x0308}: 'Ü', {'A', 0x030A}: 'Å', {'N', 0x0303}: 'Ñ',
	{'И', 0x0306}: 'Й', {'У', 0x0306}: 'Ў', {'Е', 0x0308}: 'Ё', {'І', 0x0308}: 'Ї',
}

// partsNames tells characters that become the filler between components.
func partsNames(r rune) bool {
	switch r {
	case ' ', '\t', '\u00A0', '-', '\u2010', '\u2011', '\u2013', ',', '<':
		return true
	}
	return false
}

// dropped tells punctuation that leaves nothing behind (ICAO Doc 9303-3, 4.6).
func dropped(r rune) bool {
	switch r {
	case '\'', '\u2019', '\u2018', '\u02BC', '\u02B9', '\u00B4', '`', '.', ';', ':', '"', '(', ')', '/', '·':
		return true
	}
	return false
}
