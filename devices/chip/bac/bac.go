// Package bac is Basic Access Control (ICAO Doc 9303-11, 4.3): the access protocol of old
// passports, whose key is as weak as the printed data it comes from. New books do not have it;
// it is here to read those that do. Terminal and Chip are the two ends.
package bac

import (
	"context"
	"crypto/cipher"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"

	"padarozhnik/devices/chip/apdu"
	"padarozhnik/devices/chip/sm"
)

// Errors of a run.
var (
	// ErrPassword: the other side has another key.
	ErrPassword = errors.New("bac: key refused")
	// ErrProtocol: a message has a wrong size or is not the answer to ours.
	ErrProtocol = errors.New("bac: out of protocol")
)

const (
	challengeSize = 8
	keySize       = 16
	messageSize   = 2*challengeSize + keySize
	macSize       = 8
)

// seed is K_seed: the first 16 bytes of SHA-1 over the MRZ information (ICAO Doc 9303-11,
// 9.7.2).
func seed(mrzHash []byte) ([]byte, error) {
	if len(mrzHash) < keySize {
		return nil, fmt.Errorf("bac: key seed of %d bytes", len(mrzHash))
	}
	return mrzHash[:keySize], nil
}

// seal encrypts a message with a zero vector and appends its retail MAC (ICAO Doc 9303-11,
// 4.3.3).
func seal(seed, message []byte) ([]byte, error) {
	enc, mac := sm.TripleDES.DeriveKey(seed, sm.CounterEnc), sm.TripleDES.DeriveKey(seed, sm.CounterMac)
	defer clear(enc)
	defer clear(mac)
	block, err := sm.TripleDES.Block(enc)
	if err != nil {
		return nil, err
	}
	out := make([]byte, len(message))
	cipher.NewCBCEncrypter(block, make([]byte, block.BlockSize())).CryptBlocks(out, message)
	m, err := sm.TripleDES.MAC(mac, sm.Pad(out, block.BlockSize()))
	if err != nil {
		return nil, err
	}
	return append(out, m...), nil
}

// open is the inverse of seal.
func open(seed, b []byte) ([]byte, error) {
	if len(b) != messageSize+macSize {
		return nil, fmt.Errorf("%w: %d bytes", ErrProtocol, len(b))
	}
	enc, mac := sm.TripleDES.DeriveKey(seed, sm.CounterEnc), sm.TripleDES.DeriveKey(seed, sm.CounterMac)
	defer clear(enc)
	defer clear(mac)
	block, err := sm.TripleDES.Block(enc)
	if err != nil {
		return nil, err
	}
	m, err := sm.TripleDES.MAC(mac, sm.Pad(b[:messageSize], block.BlockSize()))
	if err != nil {
		return nil, err
	}
	if subtle.ConstantTimeCompare(m, b[messageSize:]) != 1 {
		return nil, ErrPassword
	}
	out := make([]byte, messageSize)
	cipher.NewCBCDecrypter(block, make([]byte, block.BlockSize())).CryptBlocks(out, b[:messageSize])
	return out, nil
}

// session starts secure messaging from both key halves and both challenges (ICAO Doc 9303-11,
// 4.3.3 and 9.8.6.3).
func session(kIFD, kIC, rndIC, rndIFD []byte) (*sm.Session, error) {
	secret := make([]byte, keySize)
	defer clear(secret)
	for i := range secret {
		secret[i] = kIFD[i] ^ kIC[i]
	}
	enc, mac := sm.TripleDES.DeriveKey(secret, sm.CounterEnc), sm.TripleDES.DeriveKey(secret, sm.CounterMac)
	defer clear(enc)
	defer clear(mac)
	ssc := append(append([]byte(nil), rndIC[4:]...), rndIFD[4:]...)
	return sm.New(sm.TripleDES, enc, mac, ssc)
}

// Terminal runs BAC against a chip whose application is selected. Rand gives challenge and key
// half.
type Terminal struct{ Rand io.Reader }

// Run opens the chip with the hash of its MRZ information. It returns ErrPassword where the chip
// refuses the key.
func (t Terminal) Run(ctx context.Context, chip apdu.Transmitter, mrzHash []byte) (*sm.Session, error) {
	key, err := seed(mrzHash)
	if err != nil {
		return nil, err
	}
	r, err := apdu.Exchange(ctx, chip, apdu.Command{INS: 0x84, Ne: challengeSize})
	if err != nil {
		return nil, fmt.Errorf("bac: %w", err)
	}
	if len(r.Data) != challengeSize {
		return nil, fmt.Errorf("%w: challenge of %d bytes", ErrProtocol, len(r.Data))
	}
	rndIC := r.Data
	own := make([]byte, challengeSize+keySize)
	defer clear(own)
	if _, err := io.ReadFull(t.Rand, own); err != nil {
		return nil, fmt.Errorf("bac: draw challenge: %w", err)
	}
	rndIFD, kIFD := own[:challengeSize], own[challengeSize:]
	message := append(append(append(make([]byte, 0, messageSize), rndIFD...), rndIC...), kIFD...)
	defer clear(message)
	sealed, err := seal(key, message)
	if err != nil {
		return nil, err
	}
	r, err = apdu.Exchange(ctx, chip, apdu.Command{INS: 0x82, Data: sealed, Ne: messageSize + macSize})
	if err != nil {
		if status, ok := apdu.StatusOf(err); ok && refusal(status) {
			return nil, fmt.Errorf("%w: %w", ErrPassword, status)
		}
		return nil, fmt.Errorf("bac: %w", err)
	}
	return finish(key, r.Data, rndIC, rndIFD, kIFD)
}

// finish opens the chip's answer and checks both challenges in it.
func finish(key, answer, rndIC, rndIFD, kIFD []byte) (*sm.Session, error) {
	plain, err := open(key, answer)
	if err != nil {
		return nil, err
	}
	defer clear(plain)
	want := append(append([]byte(nil), rndIC...), rndIFD...)
	if subtle.ConstantTimeCompare(plain[:2*challengeSize], want) != 1 {
		return nil, fmt.Errorf("%w: answer to another challenge", ErrProtocol)
	}
	return session(kIFD, plain[2*challengeSize:], rndIC, rndIFD)
}

// refusal tells the status words that chips give for a wrong key: 6300 by the standard, the
// others by many makers.
func refusal(s apdu.Status) bool {
	return s == apdu.AuthFailed || s == apdu.SecurityStatus || s == apdu.SMObjectWrong || s == apdu.WrongData
}

// Chip answers the challenge that it gave before: RndIC is that challenge, MRZHash the key.
type Chip struct {
	Rand    io.Reader
	MRZHash []byte
	RndIC   []byte
}

// Authenticate answers EXTERNAL AUTHENTICATE. It returns ErrPassword where the terminal has
// another key or answers another challenge.
func (c Chip) Authenticate(data []byte) (answer []byte, s *sm.Session, err error) {
	key, err := seed(c.MRZHash)
	if err != nil {
		return nil, nil, err
	}
	if len(c.RndIC) != challengeSize {
		return nil, nil, fmt.Errorf("%w: no challenge given", ErrProtocol)
	}
	plain, err := open(key, data)
	if err != nil {
		return nil, nil, err
	}
	defer clear(plain)
	rndIFD, echo, kIFD := plain[:challengeSize], plain[challengeSize:2*challengeSize], plain[2*challengeSize:]
	if subtle.ConstantTimeCompare(echo, c.RndIC) != 1 {
		return nil, nil, ErrPassword
	}
	kIC := make([]byte, keySize)
	defer clear(kIC)
	if _, err := io.ReadFull(c.Rand, kIC); err != nil {
		return nil, nil, fmt.Errorf("bac: draw key: %w", err)
	}
	message := append(append(append(make([]byte, 0, messageSize), c.RndIC...), rndIFD...), kIC...)
	defer clear(message)
	if answer, err = seal(key, message); err != nil {
		return nil, nil, err
	}
	s, err = session(kIFD, kIC, c.RndIC, rndIFD)
	return answer, s, err
}
