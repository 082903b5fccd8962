package apdu

import (
	"errors"
	"fmt"
)

// Status is the status word of a response. Every status but OK is an error.
type Status uint16

// Status words that the programs act on (ISO/IEC 7816-4, 5.6).
const (
	OK                  Status = 0x9000
	EndOfFile           Status = 0x6282
	AuthFailed          Status = 0x6300
	WrongLength         Status = 0x6700
	ChainingUnsupported Status = 0x6884
	SecurityStatus      Status = 0x6982
	AuthBlocked         Status = 0x6983
	ConditionsOfUse     Status = 0x6985
	NoCurrentFile       Status = 0x6986
	SMObjectMissing     Status = 0x6987
	SMObjectWrong       Status = 0x6988
	WrongData           Status = 0x6A80
	NotSupported        Status = 0x6A81
	FileNotFound        Status = 0x6A82
	NoMemory            Status = 0x6A84
	WrongP1P2           Status = 0x6A86
	ReferenceNotFound   Status = 0x6A88
	FileExists          Status = 0x6A89
	WrongOffset         Status = 0x6B00
	UnknownInstruction  Status = 0x6D00
	UnknownClass        Status = 0x6E00
	Unspecified         Status = 0x6F00
)

var meanings = map[Status]string{
	EndOfFile:           "end of file reached",
	AuthFailed:          "authentication failed",
	WrongLength:         "wrong length",
	ChainingUnsupported: "command chaining not supported",
	SecurityStatus:      "security status not satisfied",
	AuthBlocked:         "authentication method blocked",
	ConditionsOfUse:     "conditions of use not satisfied",
	NoCurrentFile:       "no current file",
	SMObjectMissing:     "secure messaging object missing",
	SMObjectWrong:       "secure messaging object wrong",
	WrongData:           "wrong data",
	NotSupported:        "function not supported",
	FileNotFound:        "file not found",
	NoMemory:            "no memory left in file",
	WrongP1P2:           "wrong parameters",
	ReferenceNotFound:   "referenced data not found",
	FileExists:          "file exists",
	WrongOffset:         "offset outside the file",
	UnknownInstruction:  "instruction not supported",
	UnknownClass:        "class not supported",
	Unspecified:         "no precise diagnosis",
}

// Error names the status word and what it means.
func (s Status) Error() string {
	if m, ok := meanings[s]; ok {
		return fmt.Sprintf("status %04X (%s)", uint16(s), m)
	}
	return fmt.Sprintf("status %04X", uint16(s))
}

// StatusOf finds the status word that an error carries.
func StatusOf(err error) (Status, bool) {
	var s Status
	if errors.As(err, &s) {
		return s, true
	}
	return 0, false
}

// Refused tells that a chip refuses a command because of who asks: security status, blocked
// method or conditions of use. Unknown instructions count too, because a locked application may
// have dropped them.
func (s Status) Refused() bool {
	switch s {
	case SecurityStatus, AuthBlocked, ConditionsOfUse, UnknownInstruction, UnknownClass, NotSupported:
		return true
	}
	return false
}

var names = map[byte]string{
	0x22: "MANAGE SECURITY ENVIRONMENT", 0x50: "INITIALIZE UPDATE", 0x82: "EXTERNAL AUTHENTICATE",
	0x84: "GET CHALLENGE", 0x86: "GENERAL AUTHENTICATE", 0x88: "INTERNAL AUTHENTICATE", 0xA4: "SELECT", 0xB0: "READ BINARY",
	0xB1: "READ BINARY", 0xC0: "GET RESPONSE", 0xCA: "GET DATA", 0xD6: "UPDATE BINARY",
	0xD7: "UPDATE BINARY", 0xE0: "CREATE FILE", 0xE2: "STORE DATA", 0xF0: "SET STATUS",
}

// Name is the command's name in the standards, for errors and traces.
func (c Command) Name() string {
	if n, ok := names[c.INS]; ok {
		return n
	}
	return fmt.Sprintf("instruction %02X", c.INS)
}
