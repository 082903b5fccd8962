package pace_test

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/des"
	"crypto/rand"
	"encoding/hex"
	"math/big"
	"testing"

	"padarozhnik/devices/chip/domain"
	"padarozhnik/devices/chip/pace"
	"padarozhnik/devices/chip/sm"
)

// reference computes R_p(s, t) of ICAO Doc 9303-11, 4.4.3.3.2 step by step from the text, for the
// ciphers of which the appendices have no example: k is the length of a key, l that of s, in bytes.
func reference(t *testing.T, s, key2 []byte, k, l int, p *big.Int, block func([]byte) (cipher.Block, error)) *big.Int {
	t.Helper()
	c0, c1 := "a668892a7c41e3ca739f40b057d85904", "a4e136ac725f738b01c1f60217c188ad"
	if l == 32 {
		c0 = "d463d65234124ef7897054986dca0a174e28df758cbaa03f240616414d5a1676"
		c1 = "54bd7255f0aaf831bec3423fcf39d69b6cbf066677d0faae5aadd99df8e53517"
	}
	e := func(key, message []byte) []byte {
		b, err := block(key[:k])
		if err != nil {
			t.Fatal(err)
		}
		out := bytes.Clone(message)
		previous := make([]byte, b.BlockSize())
		for i := 0; i < len(out); i += b.BlockSize() {
			for j := range previous {
				out[i+j] ^= previous[j]
			}
			b.Encrypt(out[i:i+b.BlockSize()], out[i:i+b.BlockSize()])
			previous = out[i : i+b.BlockSize()]
		}
		return out
	}
	n := (p.BitLen() + 64 + 8*l - 1) / (8 * l) // smallest n with n*l >= log2 p + 64
	var x []byte
	ki := e(key2, s)
	for range n {
		x = append(x, e(ki, unhex(t, c1))...)
		ki = e(ki, unhex(t, c0))
	}
	r := new(big.Int).SetBytes(x)
	return r.Mod(r, p)
}

func TestPseudoRandomOfEachCipher(t *testing.T) {
	twoKeys := func(key []byte) (cipher.Block, error) {
		return des.NewTripleDESCipher(append(bytes.Clone(key), key[:8]...))
	}
	for _, test := range []struct {
		suite sm.Suite
		k, l  int
		block func([]byte) (cipher.Block, error)
	}{
		{sm.TripleDES, 16, 16, twoKeys},
		{sm.AES128, 16, 16, aes.NewCipher},
		{sm.AES192, 24, 32, aes.NewCipher},
		{sm.AES256, 32, 32, aes.NewCipher},
	} {
		for _, id := range []int{1, 8, 12, 18} {
			m := pace.IntegratedMapping
			if id < 8 {
				m = pace.IntegratedMappingDH
			}
			info := pace.Info{Protocol: pace.Protocol{Mapping: m, Suite: test.suite}, ParameterID: id}
			t.Run(info.Protocol.String(), func(t *testing.T) {
				g, err := domain.ByParameterID(id)
				if err != nil {
					t.Fatal(err)
				}
				s, second := make([]byte, test.l), make([]byte, test.k)
				_, _ = rand.Read(s)
				_, _ = rand.Read(second)
				own, err := g.Draw(rand.Reader)
				if err != nil {
					t.Fatal(err)
				}
				drawn := g.PrivateBytes(own)
				drawn[0] <<= len(drawn)*8 - g.Order().BitLen() // a draw drops the bits that the order has not
				chip, err := pace.NewChip(&nonceFirst{nonce: s}, info, pace.CAN("123456"), nil)
				if err != nil {
					t.Fatal(err)
				}
				r := &recorder{ends: ends{chip: chip}}
				terminal := pace.Terminal{Rand: bytes.NewReader(append(bytes.Clone(second), drawn...))}
				if _, _, err := terminal.Run(t.Context(), r, info, pace.CAN("123456")); err != nil {
					t.Fatal(err)
				}
				generator, err := g.Encode(reference(t, s, second, test.k, test.l, g.Field(), test.block))
				if err != nil {
					t.Fatal(err)
				}
				want, err := g.Mul(own, generator)
				if err != nil {
					t.Fatal(err)
				}
				sent, err := hex.DecodeString(at(t, r.sent, 3, 0x83, true))
				if err != nil || !bytes.Equal(sent, g.Bytes(want)) {
					t.Errorf("key of the terminal %X\nwant %X", sent, g.Bytes(want))
				}
			})
		}
	}
}

// nonceFirst is a random source whose first bytes are the nonce.
type nonceFirst struct{ nonce []byte }

func (n *nonceFirst) Read(b []byte) (int, error) {
	if len(n.nonce) > 0 {
		c := copy(b, n.nonce)
		n.nonce = n.nonce[c:]
		return c, nil
	}
	return rand.Read(b)
}
