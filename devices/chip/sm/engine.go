package sm

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/des"
	"fmt"
)

// macSize is the length of every authenticator in bytes.
const macSize = 8

// engine is the cryptography of a session with its keys scheduled once.
type engine struct {
	suite            Suite
	block            cipher.Block // under the encryption key
	encrypter        chain
	decrypter        chain
	authenticator    chain        // under the MAC key; its first half for 3DES
	second           cipher.Block // under the second half of a 3DES MAC key
	subkey           [aes.BlockSize]byte
	iv, zero, secure []byte // secure is room for what is authenticated
}

func newEngine(suite Suite, ksEnc, ksMac []byte) (*engine, error) {
	block, err := suite.Block(ksEnc)
	if err != nil {
		return nil, fmt.Errorf("encryption key: %w", err)
	}
	mac, err := suite.Block(ksMac)
	if err != nil {
		return nil, fmt.Errorf("authentication key: %w", err)
	}
	n := suite.BlockSize()
	e := &engine{suite: suite, block: block, iv: make([]byte, n), zero: make([]byte, n)}
	if suite == TripleDES {
		if mac, err = des.NewCipher(ksMac[:des.BlockSize]); err != nil {
			return nil, fmt.Errorf("authentication key: %w", err)
		}
		if e.second, err = des.NewCipher(ksMac[des.BlockSize:]); err != nil {
			return nil, fmt.Errorf("authentication key: %w", err)
		}
	} else {
		mac.Encrypt(e.subkey[:], e.subkey[:])
		double(&e.subkey)
	}
	e.encrypter = newChain(block, cipher.NewCBCEncrypter, e.zero)
	e.decrypter = newChain(block, cipher.NewCBCDecrypter, e.zero)
	e.authenticator = newChain(mac, cipher.NewCBCEncrypter, e.zero)
	return e, nil
}

// chain is CBC that begins anew for each message. The modes of the standard library can be told
// another vector, as crypto/tls does too; one that cannot is made anew.
type chain struct {
	block cipher.Block
	fresh func(cipher.Block, []byte) cipher.BlockMode
	mode  interface {
		cipher.BlockMode
		SetIV(iv []byte)
	}
}

func newChain(block cipher.Block, fresh func(cipher.Block, []byte) cipher.BlockMode, zero []byte) chain {
	c := chain{block: block, fresh: fresh}
	c.mode, _ = fresh(block, zero).(interface {
		cipher.BlockMode
		SetIV(iv []byte)
	})
	return c
}

func (c *chain) run(iv, dst, src []byte) {
	if c.mode == nil {
		c.fresh(c.block, iv).CryptBlocks(dst, src)
		return
	}
	c.mode.SetIV(iv)
	c.mode.CryptBlocks(dst, src)
}

// vector is the initial vector of a message: zero for 3DES, the enciphered counter for AES (ICAO Doc
// 9303-11, 9.8.6.1 and 9.8.7.1).
func (e *engine) vector(ssc []byte) []byte {
	if e.suite == TripleDES {
		return e.zero
	}
	e.block.Encrypt(e.iv, ssc)
	return e.iv
}

func (e *engine) encrypt(ssc, plain []byte) []byte {
	out := Pad(plain, e.suite.BlockSize())
	e.encrypter.run(e.vector(ssc), out, out)
	return out
}

func (e *engine) decrypt(ssc, b []byte) ([]byte, error) {
	if len(b) == 0 || len(b)%e.suite.BlockSize() != 0 {
		return nil, fmt.Errorf("%w: cryptogram of %d bytes", ErrMalformed, len(b))
	}
	out := make([]byte, len(b))
	e.decrypter.run(e.vector(ssc), out, b)
	return Unpad(out)
}

// authenticate computes the MAC over SSC, the padded header (if any) and the padded objects. All of
// it is whole blocks, so that CBC over it gives the retail MAC but for its end, and CMAC but for the
// subkey in the last block.
func (e *engine) authenticate(ssc, header, objects []byte) (mac [macSize]byte) {
	n := e.suite.BlockSize()
	m := append(e.secure[:0], ssc...)
	if header != nil {
		m = appendPadded(m, header, n)
	}
	if len(objects) > 0 || header == nil {
		m = appendPadded(m, objects, n)
	}
	e.secure = m
	last := m[len(m)-n:]
	if e.suite != TripleDES {
		for i := range last {
			last[i] ^= e.subkey[i]
		}
	}
	e.authenticator.run(e.zero, m, m)
	if e.suite == TripleDES {
		e.second.Decrypt(last, last)
		e.authenticator.block.Encrypt(last, last)
	}
	copy(mac[:], last)
	return mac
}

// appendPadded appends b and its padding up to a whole block (ISO/IEC 9797-1, padding method 2); what
// is there already is whole blocks.
func appendPadded(dst, b []byte, block int) []byte {
	dst = append(append(dst, b...), 0x80)
	for len(dst)%block != 0 {
		dst = append(dst, 0)
	}
	return dst
}
