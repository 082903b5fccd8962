package pace

import (
	"bytes"
	"crypto/cipher"
	"fmt"
	"math/big"

	"padarozhnik/devices/chip/domain"
	"padarozhnik/devices/chip/sm"
)

// Proof is what a chip gave in a run with chip authentication mapping. It is worth as much as the
// signature over the static key that it is held against: that of EF.CardSecurity.
type Proof struct {
	group  domain.Group
	mapped domain.Element // the chip's public mapping key
	data   *big.Int       // nil where the cryptogram holds no number below the group's order
}

// ParameterID is the number of the domain parameters that the static key must lie on.
func (p *Proof) ParameterID() int { return p.group.ParameterID() }

// Verify holds the proof against a static public key in its wire form (ICAO Doc 9303-11, 4.4.3.5.2).
// It returns ErrChipKey where the chip does not have the private half.
func (p *Proof) Verify(static []byte) error {
	public, err := p.group.Parse(static)
	if err != nil {
		return fmt.Errorf("%w: static key: %w", ErrChipKey, err)
	}
	if p.data == nil {
		return fmt.Errorf("%w: malformed authentication data", ErrChipKey)
	}
	mapped, err := p.group.Mul(p.data, public)
	if err != nil || !p.group.Equal(mapped, p.mapped) {
		return ErrChipKey
	}
	return nil
}

// openProof decrypts the chip authentication data (ICAO Doc 9303-11, 4.4.3.5). What is wrong inside
// makes a Proof that nothing verifies, and not an error: the session stands.
func openProof(s sm.Suite, g domain.Group, ksEnc, cryptogram []byte, mapped domain.Element) (*Proof, error) {
	block, err := s.Block(ksEnc)
	if err != nil {
		return nil, err
	}
	if len(cryptogram) == 0 || len(cryptogram)%block.BlockSize() != 0 {
		return nil, fmt.Errorf("%w: chip authentication data of %d bytes", ErrProtocol, len(cryptogram))
	}
	plain := make([]byte, len(cryptogram))
	cipher.NewCBCDecrypter(block, proofIV(block)).CryptBlocks(plain, cryptogram)
	p := &Proof{group: g, mapped: mapped}
	if data, err := sm.Unpad(plain); err == nil {
		if n, err := g.Private(data); err == nil {
			p.data = n
		}
	}
	return p, nil
}

// sealProof is the chip's end: the quotient of mapping key and static key, encrypted.
func sealProof(s sm.Suite, g domain.Group, ksEnc []byte, mapping, static *big.Int) ([]byte, error) {
	block, err := s.Block(ksEnc)
	if err != nil {
		return nil, err
	}
	inverse := new(big.Int).ModInverse(static, g.Order())
	if inverse == nil {
		return nil, fmt.Errorf("%w: static key", ErrUnsupported)
	}
	ca := inverse.Mul(inverse, mapping)
	out := sm.Pad(g.PrivateBytes(ca.Mod(ca, g.Order())), block.BlockSize())
	cipher.NewCBCEncrypter(block, proofIV(block)).CryptBlocks(out, out)
	return out, nil
}

// proofIV is the encryption of -1 (ICAO Doc 9303-11, 4.4.3.5.4).
func proofIV(block cipher.Block) []byte {
	iv := bytes.Repeat([]byte{0xFF}, block.BlockSize())
	block.Encrypt(iv, iv)
	return iv
}
