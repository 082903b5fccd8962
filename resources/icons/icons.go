// Package icons holds the sign of the program: a leaf of plantain, whose Belarusian name is that of
// the traveller, with a road for its midrib and a star to find the way by. Both files are drawn by
// this package's test.
package icons

import _ "embed"

// Padarozhnik is the sign as a PNG of 512 by 512 pixels. Read only.
//
//go:embed padarozhnik.png
var Padarozhnik []byte
