package scp03

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/subtle"
	"fmt"
	"io"

	"padarozhnik/devices"
	"padarozhnik/devices/chip/apdu"
	"padarozhnik/devices/chip/sm"
)

// Host opens secure channels. Rand gives the host challenge.
type Host struct {
	Rand       io.Reader
	KeyVersion byte // key version number at the card, 0 for the card's first choice
}

// Session is the host's end of an open channel, used by one goroutine at a time.
type Session struct {
	transmitter apdu.Transmitter
	ch          *channel
}

// Open authenticates both sides. The application that owns the keys must be selected. It returns
// ErrCryptogram where the card holds other keys, and the card's status word as an error where it
// refuses.
func (h Host) Open(ctx context.Context, t apdu.Transmitter, k devices.SCP03Keys) (*Session, error) {
	challenge := make([]byte, challengeSize)
	if _, err := io.ReadFull(h.Rand, challenge); err != nil {
		return nil, fmt.Errorf("scp03: draw challenge: %w", err)
	}
	r, err := apdu.Exchange(ctx, t, InitializeUpdate(h.KeyVersion, challenge))
	if err != nil {
		return nil, fmt.Errorf("scp03: %w", err)
	}
	card, proof, err := parseInitialize(r.Data)
	if err != nil {
		return nil, err
	}
	ch, proofs, err := open(k, challenge, card)
	if err != nil {
		return nil, err
	}
	if subtle.ConstantTimeCompare(proof, proofs.card) != 1 {
		return nil, ErrCryptogram
	}
	cmd := apdu.Command{CLA: 0x84, INS: insAuthenticate, P1: securityLevel, Data: proofs.host}
	mac, err := ch.authenticate(cmd)
	if err != nil {
		return nil, err
	}
	cmd.Data = append(cmd.Data, mac...)
	if _, err := apdu.Exchange(ctx, t, cmd); err != nil {
		return nil, fmt.Errorf("scp03: %w", err)
	}
	return &Session{transmitter: t, ch: ch}, nil
}

// InitializeUpdate is the command that asks a card for a channel. A card whose application takes
// no personalisation any more refuses it.
func InitializeUpdate(keyVersion byte, challenge []byte) apdu.Command {
	return apdu.Command{CLA: 0x80, INS: insInitialize, P1: keyVersion, Data: challenge, Ne: apdu.MaxShort}
}

// parseInitialize reads the card's answer: diversification data (10), key information (3),
// challenge, cryptogram, and a sequence counter where the challenge is pseudo-random (Amendment D,
// 7.1.1.6).
func parseInitialize(b []byte) (challenge, proof []byte, err error) {
	const fixed = 10 + 3 + challengeSize + cryptogramSize
	if len(b) != fixed && len(b) != fixed+3 {
		return nil, nil, fmt.Errorf("%w: answer of %d bytes", ErrProtocol, len(b))
	}
	if b[11] != protocol {
		return nil, nil, fmt.Errorf("%w: secure channel protocol %02X", ErrUnsupported, b[11])
	}
	if i := b[12]; (i == ParameterPseudoRandom) != (len(b) == fixed+3) {
		return nil, nil, fmt.Errorf("%w: parameter %02X with %d bytes", ErrProtocol, i, len(b))
	}
	return b[13 : 13+challengeSize], b[13+challengeSize : fixed], nil
}

// Do sends one command through the channel. A status other than 9000 comes back both in the
// response and as an error that unwraps to its apdu.Status. A lost response ends the channel,
// because host and card may count differently.
func (s *Session) Do(ctx context.Context, c apdu.Command) (apdu.Response, error) {
	if s.ch.ended {
		return apdu.Response{}, ErrEnded
	}
	iv := s.ch.vector()
	out := c
	out.Extended = c.IsExtended()
	out.CLA = c.CLA | 0x04
	if len(c.Data) > 0 {
		out.Data = sm.Pad(c.Data, aes.BlockSize)
		cipher.NewCBCEncrypter(s.ch.enc, iv).CryptBlocks(out.Data, out.Data)
	}
	out.Extended = out.Extended || len(out.Data)+macSize > 255
	mac, err := s.ch.authenticate(out)
	if err != nil {
		s.End()
		return apdu.Response{}, err
	}
	out.Data = append(out.Data, mac...)
	r, err := apdu.Exchange(ctx, s.transmitter, out)
	if err != nil {
		if _, ok := apdu.StatusOf(err); !ok {
			s.End()
		}
		return r, err
	}
	return r, nil
}

// EncryptKey encrypts key material for the chip with its static DEK (Amendment D, 6.2.8): zero
// vector, padded.
func (s *Session) EncryptKey(b []byte) []byte {
	out := sm.Pad(b, aes.BlockSize)
	cipher.NewCBCEncrypter(s.ch.dek, make([]byte, aes.BlockSize)).CryptBlocks(out, out)
	return out
}

// End makes the channel refuse further work.
func (s *Session) End() { s.ch.ended = true }

// DataRoom is how many bytes of data fit a command whose protected form is at most n bytes of
// data, padding and C-MAC taken off.
func DataRoom(n int) int {
	blocks := (n - macSize) / aes.BlockSize
	if blocks < 1 {
		return 0
	}
	return blocks*aes.BlockSize - 1
}
