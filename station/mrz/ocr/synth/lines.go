package synth

import (
	"fmt"
	"math/rand/v2"

	"padarozhnik/station/mrz"
)

// Lines makes up the zone of a Utopian document with correct check digits. It draws every
// character of the alphabet often enough to try a recogniser.
func Lines(f mrz.Format, random *rand.Rand) []string { return composed(document(f, random)) }

// document makes up what a zone says.
func document(f mrz.Format, random *rand.Rand) mrz.Document {
	d := mrz.Document{
		Format: f, Code: "P", Issuer: "UTO", Nationality: "UTO",
		Primary: word(letters, 2, 12, random), Secondary: word(letters, 2, 9, random) + " " + word(letters, 2, 9, random),
		Number: word(alphabet, 9, 9, random), Sex: []mrz.Sex{mrz.Female, mrz.Male, mrz.Unspecified}[random.IntN(3)],
		Birth:  date(random),
		Expiry: date(random),
	}
	switch f {
	case mrz.TD3:
		d.Optional = word(alphabet, 0, 14, random)
	case mrz.TD1:
		d.Code, d.Optional, d.Optional2 = "I", word(alphabet, 0, 15, random), word(alphabet, 0, 11, random)
	case mrz.TD2:
		d.Code, d.Optional = "I", word(alphabet, 0, 7, random)
	case mrz.MRVA, mrz.MRVB:
		d.Code, d.Optional = "V", word(alphabet, 0, 8, random)
	}
	return d
}

// composed writes a zone.
func composed(d mrz.Document) []string {
	lines, err := mrz.Compose(d)
	if err != nil {
		panic("synth: compose: " + err.Error())
	}
	return lines
}

const (
	letters  = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	alphabet = "0123456789" + letters
)

// word draws low to high characters.
func word(from string, low, high int, random *rand.Rand) string {
	b := make([]byte, low+random.IntN(high-low+1))
	for i := range b {
		b[i] = from[random.IntN(len(from))]
	}
	return string(b)
}

func date(random *rand.Rand) mrz.Date {
	return mrz.Date(fmt.Sprintf("%02d%02d%02d", random.IntN(100), 1+random.IntN(12), 1+random.IntN(28)))
}
