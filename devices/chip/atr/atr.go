// Package atr reads the answer to reset that a PC/SC reader gives for what lies on it. For a
// contactless chip the reader makes it up: from the historical bytes of ISO/IEC 14443-4, or, for a
// memory card that speaks no such protocol, from a table of names (PC/SC part 3, 3.1.3.2.3).
package atr

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
)

// ErrMalformed: the bytes are no answer to reset.
var ErrMalformed = errors.New("malformed answer to reset")

// MaxSize is the longest answer to reset (ISO/IEC 7816-3, 8.2.1).
const MaxSize = 33

// Type is what the answer says of the card's air interface.
type Type string

// Types of cards.
const (
	Contact Type = "contact"          // a card with contacts, or one that this package cannot tell from it
	TypeA   Type = "ISO 14443 A"      // a chip with ISO/IEC 14443-4
	TypeB   Type = "ISO 14443 B"      // the same
	Storage Type = "memory card"      // no ISO/IEC 14443-4: no passport
	Either  Type = "ISO 14443 A or B" // a chip without historical bytes
)

// ATR is a decoded answer to reset.
type ATR struct {
	Type       Type
	Historical []byte
	Memory     Memory       // of a Storage
	B          ProtocolB    // of a TypeB
	Can        Capabilities // where the historical bytes state them
	Rates      []int        // kbit/s that the chip announces in both directions; nil where it does not tell
}

// Memory names a memory card (PC/SC part 3, supplemental document).
type Memory struct {
	Standard byte   // 3 ISO 14443 A part 3, and others
	Name     uint16 // 1 Mifare Classic 1K, and others
}

// String is the card's name, for logs.
func (m Memory) String() string {
	if s, ok := map[uint16]string{
		0x0001: "Mifare Classic 1K", 0x0002: "Mifare Classic 4K", 0x0003: "Mifare Ultralight", 0x0026: "Mifare Mini",
		0x003A: "Mifare Ultralight C", 0x0036: "Mifare Plus 2K", 0x0037: "Mifare Plus 4K", 0x003B: "FeliCa",
	}[m.Name]; ok {
		return s
	}
	return fmt.Sprintf("memory card %04X", m.Name)
}

// ProtocolB is what a chip of type B said of itself in ATQB.
type ProtocolB struct {
	Application [4]byte // the first byte is the application family: E1 for machine readable travel documents
	Protocol    [3]byte
}

// Capabilities are the card capabilities of the historical bytes (ISO/IEC 7816-4, 12.1.1.9). Known
// is false where they do not stand there.
type Capabilities struct {
	Known     bool
	Chaining  bool
	Extended  bool // Lc and Le of three bytes
	ShortFile bool // short file identifiers
}

// Parse decodes an answer to reset.
func Parse(b []byte) (ATR, error) {
	if len(b) < 2 || len(b) > MaxSize || (b[0] != 0x3B && b[0] != 0x3F) {
		return ATR{}, fmt.Errorf("%w: %d bytes", ErrMalformed, len(b))
	}
	protocols, at, err := interfaceBytes(b)
	if err != nil {
		return ATR{}, err
	}
	n := int(b[1] & 0x0F)
	checked := slices.ContainsFunc(protocols, func(p byte) bool { return p != 0 })
	want := at + n
	if checked {
		want++
	}
	if len(b) != want {
		return ATR{}, fmt.Errorf("%w: %d bytes, want %d", ErrMalformed, len(b), want)
	}
	if checked && sum(b[1:]) != 0 {
		return ATR{}, fmt.Errorf("%w: check byte", ErrMalformed)
	}
	a := ATR{Type: Contact, Historical: slices.Clone(b[at : at+n])}
	// A reader writes 8n 80 01 for what has no contacts: T=0 and T=1, nothing else.
	if b[0] == 0x3B && b[1]&0xF0 == 0x80 && at == 4 && b[2] == 0x80 && b[3] == 0x01 {
		a.contactless()
	}
	a.Can = capabilities(a.Historical)
	return a, nil
}

func sum(b []byte) byte {
	var x byte
	for _, c := range b {
		x ^= c
	}
	return x
}

// interfaceBytes walks TA1, TB1, TC1, TD1 and so on, and returns the protocols of the TDi and where
// the historical bytes begin.
func interfaceBytes(b []byte) (protocols []byte, at int, err error) {
	at = 2
	for y := b[1] >> 4; ; {
		for bit := range 3 {
			if y>>bit&1 == 1 {
				at++
			}
		}
		if y&8 == 0 {
			break
		}
		if at >= len(b) {
			return nil, 0, fmt.Errorf("%w: cut short", ErrMalformed)
		}
		protocols = append(protocols, b[at]&0x0F)
		y = b[at] >> 4
		at++
	}
	if at > len(b) {
		return nil, 0, fmt.Errorf("%w: cut short", ErrMalformed)
	}
	return protocols, at, nil
}

// storageHead begins the historical bytes of a memory card: application identifier of the PC/SC
// workgroup, twelve bytes.
var storageHead = []byte{0x80, 0x4F, 0x0C, 0xA0, 0x00, 0x00, 0x03, 0x06}

func (a *ATR) contactless() {
	h := a.Historical
	switch {
	case len(h) == 15 && slices.Equal(h[:8], storageHead):
		a.Type, a.Memory = Storage, Memory{Standard: h[8], Name: binary.BigEndian.Uint16(h[9:])}
	case len(h) == 0:
		a.Type = Either
	case isB(h):
		a.Type = TypeB
		copy(a.B.Application[:], h)
		copy(a.B.Protocol[:], h[4:])
		a.Rates = bothWays(h[4])
	default:
		a.Type = TypeA
	}
}

// isB tells application data (4), protocol information (3) and a buffer index in an upper half from
// historical bytes of a type A chip, which begin with a category (ISO/IEC 7816-4, 12.1.1.1).
func isB(h []byte) bool {
	if len(h) != 8 || h[7]&0x0F != 0 {
		return false
	}
	category := h[0] == 0x00 || h[0] == 0x10 || h[0]&0xF0 == 0x80
	return !category && h[5]&0x08 == 0 // a bit of the protocol type that must be zero
}

// bothWays reads the bit rate byte of ATQB or ATS (ISO/IEC 14443-3, 7.9.4.4; 14443-4, 5.2.4): the low
// half for reader to chip, the high one for the other way.
func bothWays(b byte) []int {
	rates := []int{106}
	for i, rate := range []int{212, 424, 848} {
		if b>>i&1 == 1 && b>>(i+4)&1 == 1 {
			rates = append(rates, rate)
		}
	}
	return rates
}

// capabilities finds the object 7X in compact coding behind the category 00 or 80.
func capabilities(h []byte) Capabilities {
	if len(h) == 0 || (h[0] != 0x00 && h[0] != 0x80) {
		return Capabilities{}
	}
	for rest := h[1:]; len(rest) > 0; {
		n := int(rest[0] & 0x0F)
		if n > len(rest)-1 {
			break
		}
		if rest[0]>>4 == 7 && n >= 1 && n <= 3 {
			return capabilitiesOf(rest[1 : 1+n])
		}
		rest = rest[1+n:]
	}
	return Capabilities{}
}

func capabilitiesOf(b []byte) Capabilities {
	c := Capabilities{Known: true, ShortFile: b[0]&0x04 != 0}
	if len(b) == 3 {
		c.Chaining, c.Extended = b[2]&0x80 != 0, b[2]&0x40 != 0
	}
	return c
}

// Passport tells whether a passport's chip could have given this answer: anything but a memory card.
func (a ATR) Passport() bool { return a.Type != Storage }
