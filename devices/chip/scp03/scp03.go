// Package scp03 is Secure Channel Protocol 03 of GlobalPlatform (Card Specification Amendment D)
// with AES-128 keys: host and card authenticate each other with per-chip keys, and every further
// command carries a chained C-MAC and encrypted data. Host and Card are the two ends.
//
// Commands are protected (C-MAC and C-ENC), responses are not: whoever needs to know what the
// chip holds reads it back through the passport's own access protocol.
package scp03

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
	"errors"
	"fmt"

	"padarozhnik/devices"
	"padarozhnik/devices/chip/apdu"
	"padarozhnik/devices/chip/sm"
)

// Errors of the channel.
var (
	// ErrCryptogram: the other side does not hold the same keys.
	ErrCryptogram = errors.New("scp03: wrong cryptogram")
	// ErrMAC: a command is not authentic.
	ErrMAC = errors.New("scp03: wrong command authenticator")
	// ErrProtocol: a message does not have the form of its command.
	ErrProtocol = errors.New("scp03: out of protocol")
	// ErrUnsupported: the card wants another protocol or parameter.
	ErrUnsupported = errors.New("scp03: not supported")
	// ErrEnded: an earlier error ended the channel.
	ErrEnded = errors.New("scp03: channel has ended")
)

// Parameters "i" of the protocol (Amendment D, 5.1): how the card draws its challenge. Both
// announce that the card could protect responses too.
const (
	ParameterRandom       = 0x60
	ParameterPseudoRandom = 0x70
)

// Derivation constants (Amendment D, table 4-1).
const (
	constCardCryptogram = 0x00
	constHostCryptogram = 0x01
	constCardChallenge  = 0x02
	constSessionEnc     = 0x04
	constSessionMac     = 0x06
)

const (
	keySize         = 16
	challengeSize   = 8
	cryptogramSize  = 8
	macSize         = 8
	protocol        = 0x03
	securityLevel   = 0x03 // C-DECRYPTION and C-MAC
	insInitialize   = 0x50
	insAuthenticate = 0x82
)

// derive is the key derivation of Amendment D, 4.1.5: one round of NIST SP 800-108 in counter
// mode with CMAC. bits is 64 or 128.
func derive(key []byte, constant byte, bits int, context []byte) ([]byte, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("scp03: key: %w", err)
	}
	input := make([]byte, 16, 16+len(context))
	input[11] = constant
	binary.BigEndian.PutUint16(input[13:], uint16(bits))
	input[15] = 1
	out := sm.CMAC(block, append(input, context...))
	return out[:bits/8], nil
}

// Labels of Diversify.
const (
	labelEnc = "SCP03 ENC"
	labelMac = "SCP03 MAC"
	labelDek = "SCP03 DEK"
)

// Diversify derives the static keys of one chip from the master key of a batch of blanks, as the
// maker of the reference chip does: NIST SP 800-108, 4.1, counter mode with AES-CMAC, one byte of
// counter, the label, a zero byte, the chip's identifier, and two bytes of length in bits. The
// master is an AES key of 16, 24 or 32 bytes.
func Diversify(master, chipID []byte) (devices.SCP03Keys, error) {
	if len(chipID) == 0 || len(chipID) > 64 {
		return devices.SCP03Keys{}, fmt.Errorf("diversify: chip identifier of %d bytes", len(chipID))
	}
	block, err := aes.NewCipher(master)
	if err != nil {
		return devices.SCP03Keys{}, fmt.Errorf("diversify: master key: %w", err)
	}
	one := func(label string) []byte {
		input := append([]byte{1}, label...)
		input = append(append(input, 0), chipID...)
		key := sm.CMAC(block, binary.BigEndian.AppendUint16(input, 8*keySize))
		return key[:]
	}
	return devices.SCP03Keys{Enc: one(labelEnc), Mac: one(labelMac), Dek: one(labelDek)}, nil
}

// Zero overwrites static keys.
func Zero(k devices.SCP03Keys) {
	clear(k.Enc)
	clear(k.Mac)
	clear(k.Dek)
}

// channel is what both ends have after INITIALIZE UPDATE: session keys, chaining value, counter.
type channel struct {
	enc     cipher.Block
	mac     cipher.Block
	dek     cipher.Block
	chain   [aes.BlockSize]byte
	counter [aes.BlockSize]byte
	ended   bool
}

// cryptograms are the proofs of both sides.
type cryptograms struct{ card, host []byte }

// open derives the session keys and both cryptograms from the challenges (Amendment D, 6.2.1 and
// 6.2.2).
func open(k devices.SCP03Keys, host, card []byte) (*channel, cryptograms, error) {
	context := append(append([]byte(nil), host...), card...)
	sEnc, err := derive(k.Enc, constSessionEnc, 8*keySize, context)
	if err != nil {
		return nil, cryptograms{}, err
	}
	defer clear(sEnc)
	sMac, err := derive(k.Mac, constSessionMac, 8*keySize, context)
	if err != nil {
		return nil, cryptograms{}, err
	}
	defer clear(sMac)
	var proofs cryptograms
	if proofs.card, err = derive(sMac, constCardCryptogram, 8*cryptogramSize, context); err != nil {
		return nil, cryptograms{}, err
	}
	if proofs.host, err = derive(sMac, constHostCryptogram, 8*cryptogramSize, context); err != nil {
		return nil, cryptograms{}, err
	}
	c := &channel{}
	for _, part := range []struct {
		key  []byte
		into *cipher.Block
	}{{sEnc, &c.enc}, {sMac, &c.mac}, {k.Dek, &c.dek}} {
		if *part.into, err = aes.NewCipher(part.key); err != nil {
			return nil, cryptograms{}, fmt.Errorf("scp03: key: %w", err)
		}
	}
	return c, proofs, nil
}

// authenticate computes the C-MAC of a command whose data does not yet hold it, and moves the
// chaining value on (Amendment D, 6.2.4).
func (c *channel) authenticate(cmd apdu.Command) ([]byte, error) {
	lc := len(cmd.Data) + macSize
	message := append(c.chain[:len(c.chain):len(c.chain)], cmd.Header()...)
	switch {
	case cmd.Extended || lc > 255:
		message = append(message, 0, byte(lc>>8), byte(lc))
	default:
		message = append(message, byte(lc))
	}
	if lc > 65535 {
		return nil, fmt.Errorf("%w: %d bytes of data", apdu.ErrTooLong, lc)
	}
	c.chain = sm.CMAC(c.mac, append(message, cmd.Data...))
	return c.chain[:macSize:macSize], nil
}

// vector counts one command and returns the initial vector for its data (Amendment D, 6.2.6). The
// counter moves for commands without data too.
func (c *channel) vector() []byte {
	for i := len(c.counter) - 1; i >= 0; i-- {
		c.counter[i]++
		if c.counter[i] != 0 {
			break
		}
	}
	iv := make([]byte, aes.BlockSize)
	c.enc.Encrypt(iv, c.counter[:])
	return iv
}
