package pace

import (
	"crypto/cipher"
	"math/big"

	"padarozhnik/devices/chip/domain"
	"padarozhnik/devices/chip/sm"
)

// mapGeneric is s·G + H with H agreed on by the mapping keys, or its like over integers (ICAO Doc
// 9303-11, 4.4.3.3.1).
func mapGeneric(g domain.Group, nonce []byte, own *big.Int, peer domain.Element) (domain.Element, error) {
	h, err := g.Mul(own, peer)
	if err != nil {
		return domain.Element{}, outOfProtocol("mapping", err)
	}
	s := new(big.Int).SetBytes(nonce)
	if n := g.Order(); n != nil {
		s.Mod(s, n)
	}
	base, err := g.Public(s)
	if err != nil {
		return domain.Element{}, outOfProtocol("mapping", err)
	}
	generator, err := g.Combine(base, h)
	if err != nil {
		return domain.Element{}, outOfProtocol("mapping", err)
	}
	return generator, nil
}

// mapIntegrated encodes the pseudo-random field element of both nonces into the group (ICAO Doc
// 9303-11, 4.4.3.3.2).
func mapIntegrated(suite sm.Suite, g domain.Group, s, t []byte) (domain.Element, error) {
	x, err := pseudoRandom(suite, s, t, g.Field())
	if err != nil {
		return domain.Element{}, err
	}
	generator, err := g.Encode(x)
	if err != nil {
		return domain.Element{}, outOfProtocol("mapping", err)
	}
	return generator, nil
}

// Constants of the pseudo-random function, by the length of the nonce s (ICAO Doc 9303-11,
// 4.4.3.3.2).
var (
	c0Short = []byte("\xA6\x68\x89\x2A\x7C\x41\xE3\xCA\x73\x9F\x40\xB0\x57\xD8\x59\x04")
	c1Short = []byte("\xA4\xE1\x36\xAC\x72\x5F\x73\x8B\x01\xC1\xF6\x02\x17\xC1\x88\xAD")
	c0Long  = []byte("\xD4\x63\xD6\x52\x34\x12\x4E\xF7\x89\x70\x54\x98\x6D\xCA\x0A\x17" +
		"\x4E\x28\xDF\x75\x8C\xBA\xA0\x3F\x24\x06\x16\x41\x4D\x5A\x16\x76")
	c1Long = []byte("\x54\xBD\x72\x55\xF0\xAA\xF8\x31\xBE\xC3\x42\x3F\xCF\x39\xD6\x9B" +
		"\x6C\xBF\x06\x66\x77\xD0\xFA\xAE\x5A\xAD\xD9\x9D\xF8\xE5\x35\x17")
)

// pseudoRandom is R_p(s, t): the nonce s enciphered under t is the first key; each key enciphers c1
// to the next part of the output and c0 to the key after it. AES-192 takes the first 24 bytes of a
// key. Parts are drawn until the output is 64 bits longer than the prime.
func pseudoRandom(suite sm.Suite, s, t []byte, p *big.Int) (*big.Int, error) {
	c0, c1 := c0Short, c1Short
	if nonceSize(suite) > len(c0) {
		c0, c1 = c0Long, c1Long
	}
	key, err := encipher(suite, t, s)
	if err != nil {
		return nil, err
	}
	var out []byte
	defer func() { clear(out); clear(key) }()
	for len(out)*8 < p.BitLen()+64 {
		part, err := encipher(suite, key, c1)
		if err != nil {
			return nil, err
		}
		out = append(out, part...)
		if key, err = encipher(suite, key, c0); err != nil {
			return nil, err
		}
	}
	x := new(big.Int).SetBytes(out)
	return x.Mod(x, p), nil
}

// encipher is CBC with a zero vector.
func encipher(suite sm.Suite, key, plain []byte) ([]byte, error) {
	block, err := suite.Block(key[:suite.KeySize()])
	if err != nil {
		return nil, err
	}
	out := make([]byte, len(plain))
	cipher.NewCBCEncrypter(block, make([]byte, block.BlockSize())).CryptBlocks(out, plain)
	return out, nil
}
