package station

import (
	"fmt"
	"slices"
)

// ChipAuth says by which static key agreement a book's chip proves that it is no copy.
type ChipAuth string

// Ways of chip authentication. The zero value is the one that every profile had before there was a
// choice: Chip Authentication alone (ICAO Doc 9303-11, 6.2).
const (
	ChipAuthAlone   ChipAuth = ""
	ChipAuthNone    ChipAuth = "none"
	ChipAuthMapping ChipAuth = "mapping" // PACE with chip authentication mapping as well (4.4.3.5)
)

// ActiveAuth says whether a book's chip signs challenges (ICAO Doc 9303-11, 6.1), and with which key.
type ActiveAuth string

// Keys of active authentication. ECDSA is on the curve of PACE.
const (
	ActiveAuthNone    ActiveAuth = ""
	ActiveAuthECDSA   ActiveAuth = "ecdsa"
	ActiveAuthRSA2048 ActiveAuth = "rsa-2048"
	ActiveAuthRSA3072 ActiveAuth = "rsa-3072"
)

// RSABits is the length of an RSA key, 0 for the other choices.
func (a ActiveAuth) RSABits() int {
	switch a {
	case ActiveAuthRSA2048:
		return 2048
	case ActiveAuthRSA3072:
		return 3072
	}
	return 0
}

// ChipKeys is the choice of keys that a chip gets beside those of its access. Every book opens by PACE
// with generic mapping; the other mapping comes beside it (ICAO Doc 9303-11, 4.4).
type ChipKeys struct {
	ChipAuth   ChipAuth   `toml:"chip_authentication" cbor:"32,keyasint,omitempty" json:"chipAuthentication,omitempty"`
	ActiveAuth ActiveAuth `toml:"active_authentication" cbor:"33,keyasint,omitempty" json:"activeAuthentication,omitempty"`
}

// Standardized domain parameters on curves of 224 bits and more (ICAO Doc 9303-11, 9.5.1).
const (
	smallestCurve = 10
	largestCurve  = 18
)

// check refuses what is no choice, or contradicts the rest of a profile: a book that opens nowhere, and
// a real book whose chip could be copied without anybody noticing.
func (k ChipKeys) check(p Profile) error {
	ways := []ChipAuth{ChipAuthAlone, ChipAuthNone, ChipAuthMapping}
	keys := []ActiveAuth{ActiveAuthNone, ActiveAuthECDSA, ActiveAuthRSA2048, ActiveAuthRSA3072}
	switch {
	case !slices.Contains(ways, k.ChipAuth):
		return fmt.Errorf("profile %s: chip authentication %q: %w", p.Name, k.ChipAuth, ErrMalformed)
	case !slices.Contains(keys, k.ActiveAuth):
		return fmt.Errorf("profile %s: active authentication %q: %w", p.Name, k.ActiveAuth, ErrMalformed)
	case p.PACEParameter < smallestCurve || p.PACEParameter > largestCurve:
		return fmt.Errorf("profile %s: domain parameters of PACE: %w", p.Name, ErrMalformed)
	case p.Mode == ModeIssue && k.ChipAuth == ChipAuthNone && k.ActiveAuth == ActiveAuthNone:
		return fmt.Errorf("profile %s: a chip without a key of its own: %w", p.Name, ErrMalformed)
	}
	return nil
}
