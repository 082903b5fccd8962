package mrz

import "fmt"

// CheckDigit returns the check digit of a field as a character '0' to '9': values weighted 7, 3, 1
// and summed modulo 10, letters counting 10 to 35 and the filler 0 (ICAO Doc 9303-3, 4.9). It
// returns ErrFormat for a character that cannot stand in the zone.
func CheckDigit(field string) (byte, error) {
	sum := 0
	for i := range len(field) {
		v := value(field[i])
		if v < 0 {
			return 0, fmt.Errorf("character %d: %w", i+1, ErrFormat)
		}
		sum += v * weights[i%len(weights)]
	}
	return byte('0' + sum%10), nil
}

var weights = [3]int{7, 3, 1}

// value is the weight base of a character, or -1 for one outside the zone's alphabet.
func value(c byte) int {
	switch {
	case c == '<':
		return 0
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'A' && c <= 'Z':
		return int(c-'A') + 10
	}
	return -1
}

// mustDigit is CheckDigit for text whose alphabet was already checked.
func mustDigit(field string) byte {
	d, err := CheckDigit(field)
	if err != nil {
		panic("mrz: check digit over unchecked text")
	}
	return d
}

func inAlphabet(s string) bool {
	for i := range len(s) {
		if value(s[i]) < 0 {
			return false
		}
	}
	return true
}

func isLetters(s string) bool {
	for i := range len(s) {
		if s[i] < 'A' || s[i] > 'Z' {
			return false
		}
	}
	return true
}

func isDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}
