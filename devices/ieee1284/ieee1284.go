// Package ieee1284 reads the identity string of printers (IEEE 1284-2000, 7.6): pairs of KEY:VALUE; that
// a printer gives over USB (GET_DEVICE_ID) and over IPP (printer-device-id) alike.
package ieee1284

import (
	"strings"
)

// maxPairs and maxText bound what is kept of a string that a device made.
const (
	maxPairs = 64
	maxText  = 256
)

// ID is a printer's identity. What the string does not say is empty.
type ID struct {
	Maker    string   `json:"maker,omitempty"`
	Model    string   `json:"model,omitempty"`
	Serial   string   `json:"serial,omitempty"`
	Firmware string   `json:"firmware,omitempty"`
	Commands []string `json:"commands,omitempty"` // page and job languages, as the printer spells them
}

// Knows tells whether the printer lists a language; upper and lower case are the same.
func (id ID) Knows(language string) bool {
	for _, c := range id.Commands {
		if strings.EqualFold(c, language) {
			return true
		}
	}
	return false
}

// Parse reads a string leniently: keys in any case and long or short, white space, missing ends and
// control characters are forgiven, and what cannot be understood is left out.
func Parse(s string) ID {
	var id ID
	for n, pair := range strings.SplitN(s, ";", maxPairs+1) {
		if n == maxPairs {
			break
		}
		key, value, ok := strings.Cut(pair, ":")
		if !ok {
			continue
		}
		value = clean(value)
		switch strings.ToUpper(clean(key)) {
		case "MFG", "MANUFACTURER":
			id.Maker = value
		case "MDL", "MODEL":
			id.Model = value
		case "SN", "SERN", "SERIALNUMBER":
			id.Serial = value
		case "FW", "FWVER", "FIRMWARE", "VER":
			id.Firmware = value
		case "CMD", "COMMAND SET":
			for _, c := range strings.Split(value, ",") {
				if c = strings.TrimSpace(c); c != "" {
					id.Commands = append(id.Commands, c)
				}
			}
		}
	}
	return id
}

// Decode takes the string out of the answer to GET_DEVICE_ID: two bytes of length, which count themselves,
// come before it (USB Printer Class 1.1, 4.2.1). Devices that give the length low byte first, leave
// themselves out of it or get it wrong are read as far as the bytes go.
func Decode(answer []byte) string {
	if len(answer) < 2 {
		return ""
	}
	text := answer[2:]
	for _, length := range []int{int(answer[0])<<8 | int(answer[1]), int(answer[1])<<8 | int(answer[0])} {
		if length > 2 && length <= len(answer) {
			text = answer[2:length]
			break
		}
	}
	return strings.TrimRight(string(text), "\x00")
}

// Encode is the answer to GET_DEVICE_ID.
func Encode(s string) []byte {
	n := len(s) + 2
	return append([]byte{byte(n >> 8), byte(n)}, s...)
}

// clean takes control characters and white space away, and bounds the length.
func clean(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == '\uFFFD' {
			return -1
		}
		return r
	}, s)
	s = strings.TrimSpace(s)
	for n := range s {
		if n > maxText {
			return s[:n]
		}
	}
	return s
}
