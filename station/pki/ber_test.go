package pki_test

import (
	"bytes"
	"errors"
	"testing"

	"padarozhnik/station/pki"
)

// TestHostileBER covers lengths and nesting that must end in an error, soon.
func TestHostileBER(t *testing.T) {
	for name, b := range map[string][]byte{
		"empty":             nil,
		"half a header":     {0x30},
		"never ends":        {0x30, 0x80},
		"ends early":        {0x30, 0x80, 0x00},
		"too long":          {0x30, 0x84, 0x7F, 0xFF, 0xFF, 0xFF, 0x00},
		"length of lengths": {0x30, 0x88, 0, 0, 0, 0, 0, 0, 0, 0},
		"deep, open":        bytes.Repeat([]byte{0x30, 0x80}, 1<<20),
		"deep, string":      append(bytes.Repeat([]byte{0x24, 0x80}, 1<<18), make([]byte, 1<<19)...),
		"open primitive":    {0x04, 0x80, 0x00, 0x00},
		"two":               append(golden(t, "data.cms"), 0x05, 0x00),
		"5 MiB":             make([]byte, 5<<20),
	} {
		if _, err := pki.ParseSignedData(b); !errors.Is(err, pki.ErrMalformed) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
