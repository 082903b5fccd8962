// Package sm is secure messaging between a terminal and a passport chip (ICAO Doc 9303-11, 9.8):
// key derivation, 3DES with retail MAC and AES with CMAC, and the wrapping of commands and
// responses, seen from either end.
//
// A Session is one end's keys and counter. A terminal calls Wrap and Unwrap in turn, a chip
// Unprotect and Protect. Any error ends the session: Doc 9303 has both sides throw their keys
// away, and a Session that failed refuses further work.
package sm

import (
	"crypto/cipher"
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
	suite Suite
	enc   cipher.Block
	mac   []byte
	ssc   []byte
	odd   bool // the command under way has an odd instruction
	ended bool
}

// New starts a session. ssc is the send sequence counter before the first command; nil stands for
// zero, as after PACE and Chip Authentication (ICAO Doc 9303-11, 9.8.6.3). The keys are copied.
func New(suite Suite, ksEnc, ksMac, ssc []byte) (*Session, error) {
	enc, err := suite.Block(ksEnc)
	if err != nil {
		return nil, fmt.Errorf("encryption key: %w", err)
	}
	if _, err := suite.Block(ksMac); err != nil {
		return nil, fmt.Errorf("authentication key: %w", err)
	}
	s := &Session{suite: suite, enc: enc, mac: append([]byte(nil), ksMac...), ssc: make([]byte, suite.BlockSize())}
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

// End zeroes the MAC key and makes every later call fail.
func (s *Session) End() {
	clear(s.mac)
	s.ended = true
}

// Ended tells whether the session was ended, by End or by an error.
func (s *Session) Ended() bool { return s.ended }

// step counts one message.
func (s *Session) step() {
	for i := len(s.ssc) - 1; i >= 0; i-- {
		s.ssc[i]++
		if s.ssc[i] != 0 {
			return
		}
	}
}

func (s *Session) iv() []byte {
	iv := make([]byte, s.suite.BlockSize())
	if s.suite != TripleDES {
		s.enc.Encrypt(iv, s.ssc)
	}
	return iv
}

func (s *Session) encrypt(plain []byte) []byte {
	out := Pad(plain, s.suite.BlockSize())
	cipher.NewCBCEncrypter(s.enc, s.iv()).CryptBlocks(out, out)
	return out
}

func (s *Session) decrypt(b []byte) ([]byte, error) {
	if len(b) == 0 || len(b)%s.suite.BlockSize() != 0 {
		return nil, fmt.Errorf("%w: cryptogram of %d bytes", ErrMalformed, len(b))
	}
	out := make([]byte, len(b))
	cipher.NewCBCDecrypter(s.enc, s.iv()).CryptBlocks(out, b)
	return Unpad(out)
}

// authenticate computes the MAC over SSC, the padded header (if any) and the objects.
func (s *Session) authenticate(header, objects []byte) ([]byte, error) {
	block := s.suite.BlockSize()
	message := append([]byte(nil), s.ssc...)
	if header != nil {
		message = append(message, Pad(header, block)...)
	}
	if len(objects) > 0 || header == nil {
		message = append(message, objects...)
		message = Pad(message, block)
	}
	return s.suite.MAC(s.mac, message)
}

// seal appends a data object for plain.
func (s *Session) seal(dst, plain []byte) []byte {
	if s.odd {
		return tlv.Append(dst, tagOddData, s.encrypt(plain))
	}
	return tlv.Append(dst, tagData, append([]byte{1}, s.encrypt(plain)...))
}

// open decrypts the content of a data object.
func (s *Session) open(tag uint32, value []byte) ([]byte, error) {
	if tag == tagOddData {
		return s.decrypt(value)
	}
	if len(value) == 0 || value[0] != 1 {
		return nil, fmt.Errorf("%w: padding indicator", ErrMalformed)
	}
	return s.decrypt(value[1:])
}

// Wrap protects a command of the terminal.
func (s *Session) Wrap(c apdu.Command) (apdu.Command, error) {
	if s.ended {
		return apdu.Command{}, ErrEnded
	}
	s.step()
	s.odd = c.INS&1 == 1
	out := apdu.Command{CLA: c.CLA | 0x0C, INS: c.INS, P1: c.P1, P2: c.P2, Extended: c.IsExtended()}
	var objects []byte
	if len(c.Data) > 0 {
		objects = s.seal(objects, c.Data)
	}
	if c.Ne > 0 {
		objects = tlv.Append(objects, tagLe, expected(c))
	}
	mac, err := s.authenticate(out.Header(), objects)
	if err != nil {
		s.End()
		return apdu.Command{}, err
	}
	out.Data = tlv.Append(objects, tagMAC, mac)
	out.Ne = apdu.MaxShort
	if out.IsExtended() {
		out.Ne = apdu.MaxExtended
	}
	return out, nil
}

// expected is the content of the Le object: one byte, or two for an extended command.
func expected(c apdu.Command) []byte {
	if c.IsExtended() {
		return []byte{byte(c.Ne >> 8), byte(c.Ne)}
	}
	return []byte{byte(c.Ne)}
}

// Unwrap checks and opens a protected response. A status other than 9000 is no error here: it is
// in the response.
func (s *Session) Unwrap(r apdu.Response) (apdu.Response, error) {
	if s.ended {
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
	f, err := s.verify(nil, r.Data, tagOddData, tagData, tagStatus)
	if err != nil {
		return apdu.Response{}, err
	}
	status, ok := f[tagStatus]
	if !ok {
		return apdu.Response{}, fmt.Errorf("%w: status", ErrMissing)
	}
	if len(status) != 2 {
		return apdu.Response{}, fmt.Errorf("%w: status of %d bytes", ErrMalformed, len(status))
	}
	out := apdu.Response{Status: apdu.Status(status[0])<<8 | apdu.Status(status[1])}
	if out.Status != r.Status {
		return apdu.Response{}, ErrStatus
	}
	out.Data, err = s.payload(f)
	return out, err
}

// payload decrypts the one data object of a message, if there is one.
func (s *Session) payload(f map[uint32][]byte) ([]byte, error) {
	even, isEven := f[tagData]
	odd, isOdd := f[tagOddData]
	switch {
	case isEven && isOdd:
		return nil, fmt.Errorf("%w: two cryptograms", ErrUnexpected)
	case isEven:
		return s.open(tagData, even)
	case isOdd:
		return s.open(tagOddData, odd)
	}
	return nil, nil
}

// verify splits the objects, demands the MAC as the last one, checks it, and returns the content
// of the others, which must be among allowed and come once.
func (s *Session) verify(header, data []byte, allowed ...uint32) (map[uint32][]byte, error) {
	found := make(map[uint32][]byte, len(allowed))
	rest, covered := data, data
	var last tlv.Element
	for len(rest) > 0 {
		covered = data[:len(data)-len(rest)]
		var err error
		if last, rest, err = tlv.Read(rest); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrMalformed, err)
		}
		if len(rest) == 0 {
			break
		}
		if _, twice := found[last.Tag]; twice || !contains(allowed, last.Tag) {
			return nil, fmt.Errorf("%w: tag %X", ErrUnexpected, last.Tag)
		}
		found[last.Tag] = last.Value
	}
	if last.Tag != tagMAC {
		return nil, fmt.Errorf("%w: authenticator", ErrMissing)
	}
	mac, err := s.authenticate(header, covered)
	if err != nil {
		return nil, err
	}
	if subtle.ConstantTimeCompare(mac, last.Value) != 1 {
		return nil, ErrMAC
	}
	return found, nil
}

func contains(tags []uint32, tag uint32) bool {
	for _, t := range tags {
		if t == tag {
			return true
		}
	}
	return false
}
