// Package sm is secure messaging between a terminal and a passport chip (ICAO Doc 9303-11, 9.8):
// key derivation, 3DES with retail MAC and AES with CMAC, and the wrapping of commands and
// responses, seen from either end.
//
// A Session is one end's keys and counter. A terminal calls Wrap and Unwrap in turn, a chip
// Unprotect and Protect. Any error ends the session: Doc 9303 has both sides throw their keys
// away, and a Session that failed refuses further work.
//
// Timing: authenticators are compared in constant time and before anything is decrypted. AES runs in
// hardware where the processor has it; 3DES, which old passports have, runs over tables.
package sm

import (
	"crypto/subtle"
	"errors"
	"fmt"

	"padarozhnik/devices/chip/apdu"
	"padarozhnik/station/lds/tlv"
)

// Errors of secure messaging.
var (
	// ErrMAC: the authenticator is not that of the message.
	ErrMAC = errors.New("secure messaging: wrong authenticator")
	// ErrPadding: the decrypted data is not padded.
	ErrPadding = errors.New("secure messaging: wrong padding")
	// ErrNotProtected: a response came in clear, so the chip has dropped the session.
	ErrNotProtected = errors.New("secure messaging: answer in clear")
	// ErrMissing: the authenticator or the status object is not there.
	ErrMissing = errors.New("secure messaging: data object missing")
	// ErrUnexpected: an object that the message must not hold, or one twice.
	ErrUnexpected = errors.New("secure messaging: unexpected data object")
	// ErrMalformed: the objects cannot be split, or have a wrong size.
	ErrMalformed = errors.New("secure messaging: malformed data objects")
	// ErrStatus: the protected status differs from the one in clear.
	ErrStatus = errors.New("secure messaging: status in clear differs")
	// ErrEnded: an earlier error ended the session.
	ErrEnded = errors.New("secure messaging: session has ended")
)

// Tags of the data objects (ICAO Doc 9303-11, 9.8.6).
const (
	tagOddData = 0x85 // cryptogram without padding indicator, for odd instructions
	tagData    = 0x87 // padding indicator 01 and cryptogram
	tagLe      = 0x97
	tagStatus  = 0x99
	tagMAC     = 0x8E
)

// Session is one end of a secured channel. It is used by one goroutine at a time.
type Session struct {
	suite  Suite
	engine *engine // nil behind the end
	ssc    []byte
	odd    bool // the command under way has an odd instruction
}

// New starts a session. ssc is the send sequence counter before the first command; nil stands for
// zero, as after PACE and Chip Authentication (ICAO Doc 9303-11, 9.8.6.3). The keys are not kept.
func New(suite Suite, ksEnc, ksMac, ssc []byte) (*Session, error) {
	e, err := newEngine(suite, ksEnc, ksMac)
	if err != nil {
		return nil, err
	}
	s := &Session{suite: suite, engine: e, ssc: make([]byte, suite.BlockSize())}
	if ssc != nil {
		if len(ssc) != len(s.ssc) {
			return nil, fmt.Errorf("send sequence counter of %d bytes, want %d", len(ssc), len(s.ssc))
		}
		copy(s.ssc, ssc)
	}
	return s, nil
}

// FromSecret derives both session keys from a shared secret and starts with a counter of zero.
func FromSecret(suite Suite, secret []byte) (*Session, error) {
	enc, mac := suite.DeriveKey(secret, CounterEnc), suite.DeriveKey(secret, CounterMac)
	defer clear(enc)
	defer clear(mac)
	return New(suite, enc, mac, nil)
}

// Suite tells the cipher of the session.
func (s *Session) Suite() Suite { return s.suite }

// End drops the keys and makes every later call fail.
func (s *Session) End() { s.engine = nil }

// Ended tells whether the session was ended, by End or by an error.
func (s *Session) Ended() bool { return s.engine == nil }

// step counts one message.
func (s *Session) step() {
	for i := len(s.ssc) - 1; i >= 0; i-- {
		s.ssc[i]++
		if s.ssc[i] != 0 {
			return
		}
	}
}

// seal appends a data object for plain.
func (s *Session) seal(dst, plain []byte) []byte {
	if s.odd {
		return tlv.Append(dst, tagOddData, s.engine.encrypt(s.ssc, plain))
	}
	return tlv.Append(dst, tagData, []byte{1}, s.engine.encrypt(s.ssc, plain))
}

// open decrypts the content of a data object.
func (s *Session) open(tag uint32, value []byte) ([]byte, error) {
	if tag == tagOddData {
		return s.engine.decrypt(s.ssc, value)
	}
	if len(value) == 0 || value[0] != 1 {
		return nil, fmt.Errorf("%w: padding indicator", ErrMalformed)
	}
	return s.engine.decrypt(s.ssc, value[1:])
}

// Wrap protects a command of the terminal.
func (s *Session) Wrap(c apdu.Command) (apdu.Command, error) {
	if s.engine == nil {
		return apdu.Command{}, ErrEnded
	}
	s.step()
	s.odd = c.INS&1 == 1
	out := apdu.Command{CLA: c.CLA | 0x0C, INS: c.INS, P1: c.P1, P2: c.P2, Extended: c.IsExtended()}
	const overhead = 64 // of the objects around the data, padding included
	objects := make([]byte, 0, len(c.Data)+overhead)
	if len(c.Data) > 0 {
		objects = s.seal(objects, c.Data)
	}
	if c.Ne > 0 {
		objects = appendExpected(objects, c)
	}
	mac := s.engine.authenticate(s.ssc, out.Header(), objects)
	out.Data = tlv.Append(objects, tagMAC, mac[:])
	out.Ne = apdu.MaxShort
	if out.IsExtended() {
		out.Ne = apdu.MaxExtended
	}
	return out, nil
}

// appendExpected appends the Le object: one byte, or two for an extended command.
func appendExpected(dst []byte, c apdu.Command) []byte {
	if c.IsExtended() {
		return append(dst, tagLe, 2, byte(c.Ne>>8), byte(c.Ne))
	}
	return append(dst, tagLe, 1, byte(c.Ne))
}

// Unwrap checks and opens a protected response. A status other than 9000 is no error here: it is
// in the response.
func (s *Session) Unwrap(r apdu.Response) (apdu.Response, error) {
	if s.engine == nil {
		return apdu.Response{}, ErrEnded
	}
	s.step()
	out, err := s.unwrap(r)
	if err != nil {
		s.End()
		return apdu.Response{}, err
	}
	return out, nil
}

func (s *Session) unwrap(r apdu.Response) (apdu.Response, error) {
	if len(r.Data) == 0 {
		if r.Status != apdu.OK {
			return apdu.Response{}, fmt.Errorf("%w: %w", ErrNotProtected, r.Status)
		}
		return apdu.Response{}, ErrNotProtected
	}
	f, err := s.verify(nil, r.Data, tagStatus)
	if err != nil {
		return apdu.Response{}, err
	}
	switch {
	case f.other == nil:
		return apdu.Response{}, fmt.Errorf("%w: status", ErrMissing)
	case len(f.other) != 2:
		return apdu.Response{}, fmt.Errorf("%w: status of %d bytes", ErrMalformed, len(f.other))
	}
	out := apdu.Response{Status: apdu.Status(f.other[0])<<8 | apdu.Status(f.other[1])}
	if out.Status != r.Status {
		return apdu.Response{}, ErrStatus
	}
	out.Data, err = s.payload(f)
	return out, err
}

// objects are the contents of a message without its authenticator; nil where one is not there.
type objects struct{ even, odd, other []byte }

// payload decrypts the one data object of a message, if there is one.
func (s *Session) payload(f objects) ([]byte, error) {
	switch {
	case f.even != nil && f.odd != nil:
		return nil, fmt.Errorf("%w: two cryptograms", ErrUnexpected)
	case f.even != nil:
		return s.open(tagData, f.even)
	case f.odd != nil:
		return s.open(tagOddData, f.odd)
	}
	return nil, nil
}

// verify splits the objects, demands the MAC as the last one, checks it, and returns the content
// of the others: cryptograms, and that of the tag other, each once.
func (s *Session) verify(header, data []byte, other uint32) (objects, error) {
	var f objects
	rest, covered := data, data
	var last tlv.Element
	for len(rest) > 0 {
		covered = data[:len(data)-len(rest)]
		var err error
		if last, rest, err = tlv.Read(rest); err != nil {
			return f, fmt.Errorf("%w: %w", ErrMalformed, err)
		}
		if len(rest) == 0 {
			break
		}
		if !f.put(last, other) {
			return f, fmt.Errorf("%w: tag %X", ErrUnexpected, last.Tag)
		}
	}
	if last.Tag != tagMAC {
		return f, fmt.Errorf("%w: authenticator", ErrMissing)
	}
	mac := s.engine.authenticate(s.ssc, header, covered)
	if subtle.ConstantTimeCompare(mac[:], last.Value) != 1 {
		return f, ErrMAC
	}
	return f, nil
}

// put keeps one object. It returns false for one that must not be there, or that is there already.
func (f *objects) put(e tlv.Element, other uint32) bool {
	place := &f.other
	switch e.Tag {
	case tagData:
		place = &f.even
	case tagOddData:
		place = &f.odd
	case other:
	default:
		return false
	}
	if *place != nil {
		return false
	}
	*place = e.Value
	return true
}
