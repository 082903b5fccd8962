// Package lds turns the files of a passport chip into values and back: the data groups, EF.COM,
// EF.SOD, the security infos and the small files that say what the chip is (ICAO Doc 9303-10).
//
// Every file has a struct, a method Bytes that writes the whole file with its outermost tag and
// length, and a function Parse... that reads one. Writing is strict: what the standard forbids an
// issuer is refused with ErrContent. Reading takes what passports in circulation hold, but no more
// than it can bound: bytes come from chips that may be hostile, so malformed ones give
// ErrMalformed, never a panic. Parsed values own their bytes. Errors hold no content of a file.
package lds

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Errors of reading and writing files.
var (
	// ErrMalformed is returned for bytes that are not the file that they should be.
	ErrMalformed = errors.New("malformed file")
	// ErrContent is returned by Bytes for a value that the file cannot carry.
	ErrContent = errors.New("content does not fit the file")
)

// Version and code page that EF.COM states for the files of this package.
const (
	Version107    = "0107"   // LDS 1.7
	Version108    = "0108"   // LDS 1.8, the version that EF.SOD states since it has one
	Unicode400    = "040000" // Unicode 4.0.0
	DataGroups    = 16       // DG1 to DG16
	maxFileLength = 1 << 20  // bytes of a file worth parsing
)

// Application is the identifier of the eMRTD application (ICAO Doc 9303-10, 3.6.1).
const Application = "\xA0\x00\x00\x02\x47\x10\x01"

// place is where a file lies on the chip (ICAO Doc 9303-10, 3.11 and 4).
type place struct {
	name string
	id   uint16
	sfi  byte
	root bool
}

var places = []place{
	{"EF.COM", 0x011E, 0x1E, false},
	{"EF.SOD", 0x011D, 0x1D, false},
	{"EF.CardAccess", 0x011C, 0x1C, true},
	{"EF.CardSecurity", 0x011D, 0x1D, true},
	{"EF.DIR", 0x2F00, 0x1E, true},
	{"EF.ATR-INFO", 0x2F01, 0x01, true},
}

func placeOf(name string) (place, bool) {
	for _, p := range places {
		if p.name == name {
			return p, true
		}
	}
	number, ok := dataGroupNumber(name)
	if !ok {
		return place{}, false
	}
	return place{name, 0x0100 | uint16(number), byte(number), false}, true
}

func dataGroupNumber(name string) (int, bool) {
	digits, found := strings.CutPrefix(name, "DG")
	n, err := strconv.Atoi(digits)
	if !found || err != nil || n < 1 || n > DataGroups || digits != strconv.Itoa(n) {
		return 0, false
	}
	return n, true
}

// FileID returns the file identifier of a file named as the standard names it: DG1 to DG16,
// EF.COM, EF.SOD, EF.CardAccess, EF.CardSecurity, EF.DIR, EF.ATR-INFO.
func FileID(name string) (uint16, bool) {
	p, ok := placeOf(name)
	return p.id, ok
}

// ShortFileID returns the short file identifier of a named file.
func ShortFileID(name string) (byte, bool) {
	p, ok := placeOf(name)
	return p.sfi, ok
}

// InMasterFile reports whether a named file lies in the master file and not in the eMRTD
// application. EF.CardSecurity and EF.SOD share their identifiers and differ only in this.
func InMasterFile(name string) bool {
	p, ok := placeOf(name)
	return ok && p.root
}

// dataGroupTags are the outermost tags of DG1 to DG16 (ICAO Doc 9303-10, 4.6).
var dataGroupTags = [DataGroups]uint32{
	0x61, 0x75, 0x63, 0x76, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6A, 0x6B, 0x6C, 0x6D, 0x6E, 0x6F, 0x70,
}

// DataGroupTag returns the outermost tag of a data group by its number, 1 to 16.
func DataGroupTag(number int) (uint32, bool) {
	if number < 1 || number > DataGroups {
		return 0, false
	}
	return dataGroupTags[number-1], true
}

// DataGroupByTag returns the number of the data group with the outermost tag.
func DataGroupByTag(tag uint32) (int, bool) {
	for i, t := range dataGroupTags {
		if t == tag {
			return i + 1, true
		}
	}
	return 0, false
}

// malformed wraps the cause under the name of a file.
func malformed(file string, cause error) error {
	return fmt.Errorf("%s: %w: %w", file, ErrMalformed, cause)
}

func tooLong(file string, b []byte) error {
	if len(b) > maxFileLength {
		return fmt.Errorf("%s of %d bytes: %w", file, len(b), ErrMalformed)
	}
	return nil
}
