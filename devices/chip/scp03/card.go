package scp03

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/subtle"
	"fmt"
	"io"

	"padarozhnik/devices"
	"padarozhnik/devices/chip/apdu"
	"padarozhnik/devices/chip/sm"
)

// Card is the card's end: what it holds before a channel is opened.
type Card struct {
	Keys            devices.SCP03Keys
	KeyVersion      byte
	Diversification []byte    // 10 bytes that tell the host which keys these are
	AID             []byte    // the application, part of a pseudo-random challenge
	Parameter       byte      // ParameterRandom or ParameterPseudoRandom
	Sequence        uint32    // 24 bits, for a pseudo-random challenge
	Rand            io.Reader // for a random challenge
}

// CardSession is the card's end of a channel. It is authenticated after Authenticate.
type CardSession struct {
	ch            *channel
	proof         []byte
	authenticated bool
}

// InitializeUpdate answers the command of that name. It returns ErrProtocol for a malformed
// command and ErrUnsupported for keys that the card does not have.
func (c Card) InitializeUpdate(cmd apdu.Command) (answer []byte, s *CardSession, err error) {
	if len(cmd.Data) != challengeSize || cmd.P2 != 0 || len(c.Diversification) != 10 {
		return nil, nil, fmt.Errorf("%w: challenge of %d bytes", ErrProtocol, len(cmd.Data))
	}
	if cmd.P1 != 0 && cmd.P1 != c.KeyVersion {
		return nil, nil, fmt.Errorf("%w: key version %02X", ErrUnsupported, cmd.P1)
	}
	sequence := []byte{byte(c.Sequence >> 16), byte(c.Sequence >> 8), byte(c.Sequence)}
	challenge := make([]byte, challengeSize)
	if c.Parameter == ParameterPseudoRandom {
		context := append(append([]byte(nil), sequence...), c.AID...)
		challenge, err = derive(c.Keys.Enc, constCardChallenge, 8*challengeSize, context)
	} else {
		_, err = io.ReadFull(c.Rand, challenge)
		sequence = nil
	}
	if err != nil {
		return nil, nil, fmt.Errorf("scp03: card challenge: %w", err)
	}
	ch, proofs, err := open(c.Keys, cmd.Data, challenge)
	if err != nil {
		return nil, nil, err
	}
	answer = append(append([]byte(nil), c.Diversification...), c.KeyVersion, protocol, c.Parameter)
	answer = append(append(append(answer, challenge...), proofs.card...), sequence...)
	return answer, &CardSession{ch: ch, proof: proofs.host}, nil
}

// Authenticate takes EXTERNAL AUTHENTICATE. It returns ErrMAC or ErrCryptogram where the host
// does not hold the keys, and ErrUnsupported for a security level other than C-MAC and C-ENC.
func (s *CardSession) Authenticate(cmd apdu.Command) error {
	if s.ch.ended || s.authenticated {
		return ErrEnded
	}
	if cmd.P1 != securityLevel {
		s.ch.ended = true
		return fmt.Errorf("%w: security level %02X", ErrUnsupported, cmd.P1)
	}
	plain, err := s.check(cmd)
	if err != nil {
		return err
	}
	if subtle.ConstantTimeCompare(plain.Data, s.proof) != 1 {
		s.ch.ended = true
		return ErrCryptogram
	}
	s.authenticated = true
	return nil
}

// check verifies and strips the C-MAC.
func (s *CardSession) check(cmd apdu.Command) (apdu.Command, error) {
	n := len(cmd.Data) - macSize
	if n < 0 {
		s.ch.ended = true
		return apdu.Command{}, fmt.Errorf("%w: no authenticator", ErrProtocol)
	}
	plain := cmd
	plain.Data = cmd.Data[:n:n]
	mac, err := s.ch.authenticate(plain)
	if err != nil || subtle.ConstantTimeCompare(mac, cmd.Data[n:]) != 1 {
		s.ch.ended = true
		return apdu.Command{}, ErrMAC
	}
	return plain, nil
}

// Unwrap checks and decrypts one command. Any error ends the channel.
func (s *CardSession) Unwrap(cmd apdu.Command) (apdu.Command, error) {
	if s.ch.ended || !s.authenticated {
		return apdu.Command{}, ErrEnded
	}
	plain, err := s.check(cmd)
	if err != nil {
		return apdu.Command{}, err
	}
	iv := s.ch.vector()
	plain.CLA &^= 0x04
	if len(plain.Data) == 0 {
		return plain, nil
	}
	plain.Data, err = decrypt(s.ch.enc, iv, plain.Data)
	if err != nil {
		s.ch.ended = true
		return apdu.Command{}, err
	}
	return plain, nil
}

// DecryptKey opens key material that the host encrypted with the DEK.
func (s *CardSession) DecryptKey(b []byte) ([]byte, error) {
	return decrypt(s.ch.dek, make([]byte, aes.BlockSize), b)
}

// Authenticated tells that the host has proven itself and nothing went wrong since.
func (s *CardSession) Authenticated() bool { return s != nil && s.authenticated && !s.ch.ended }

func decrypt(block cipher.Block, iv, b []byte) ([]byte, error) {
	if len(b) == 0 || len(b)%aes.BlockSize != 0 {
		return nil, fmt.Errorf("%w: cryptogram of %d bytes", ErrProtocol, len(b))
	}
	out := make([]byte, len(b))
	cipher.NewCBCDecrypter(block, iv).CryptBlocks(out, b)
	plain, err := sm.Unpad(out)
	if err != nil {
		return nil, fmt.Errorf("%w: padding", ErrProtocol)
	}
	return plain, nil
}
