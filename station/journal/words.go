package journal

import "strings"

// Letters of the words by which a hash is read aloud, in Latin and in Cyrillic: four bits a consonant, two
// bits a vowel. Each letter has one counterpart, so that two people can read in different scripts.
const (
	latinConsonants    = "bdfghjklmnprstvz"
	cyrillicConsonants = "бдфгхжклмнпрствз"
	latinVowels        = "aiou"
	cyrillicVowels     = "аіоу"
	// wordCount words of sixteen bits are compared: nobody finds a second record with the same 96 bits.
	wordCount = 6
)

// Words writes the first 96 bits of a hash as six short words that two people can read to each other over
// the telephone: each is consonant, vowel, consonant, vowel, consonant.
func (h Hash) Words() string { return h.words(latinConsonants, latinVowels) }

// CyrillicWords writes the same words with Belarusian letters.
func (h Hash) CyrillicWords() string { return h.words(cyrillicConsonants, cyrillicVowels) }

func (h Hash) words(consonants, vowels string) string {
	c, v := []rune(consonants), []rune(vowels)
	words := make([]string, wordCount)
	for i := range words {
		n := uint(h[2*i])<<8 | uint(h[2*i+1])
		words[i] = string([]rune{c[n>>12], v[n>>10&3], c[n>>6&15], v[n>>4&3], c[n&15]})
	}
	return strings.Join(words, " ")
}
