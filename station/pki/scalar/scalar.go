// Package scalar draws private keys: numbers below the order of a group.
package scalar

import (
	"errors"
	"fmt"
	"io"
	"math/big"
)

// tries bounds the draws. Each fits with a probability of a half at least, so that only a source
// which is not random needs more.
const tries = 128

// Draw returns a number that is uniform in 1..n-1. It reads as many bytes as n has, until a draw
// fits.
func Draw(rand io.Reader, n *big.Int) (*big.Int, error) {
	b := make([]byte, (n.BitLen()+7)/8)
	defer clear(b)
	excess := len(b)*8 - n.BitLen()
	for range tries {
		if _, err := io.ReadFull(rand, b); err != nil {
			return nil, fmt.Errorf("draw private key: %w", err)
		}
		b[0] >>= excess
		if d := new(big.Int).SetBytes(b); d.Sign() > 0 && d.Cmp(n) < 0 {
			return d, nil
		}
	}
	return nil, errors.New("draw private key: the random source does not look random")
}
