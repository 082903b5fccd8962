package apdu_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"reflect"
	"testing"

	"padarozhnik/devices/chip/apdu"
)

func TestCommandForms(t *testing.T) {
	long := bytes.Repeat([]byte{1}, 256)
	for _, test := range []struct {
		name string
		cmd  apdu.Command
		want string
	}{
		{"case 1", apdu.Command{INS: 0xA4}, "00a40000"},
		{"case 2 short", apdu.Command{INS: 0xB0, Ne: 4}, "00b0000004"},
		{"case 2 short, all", apdu.Command{INS: 0xB0, Ne: 256}, "00b0000000"},
		{"case 3 short", apdu.Command{INS: 0xA4, Data: []byte{1, 2}}, "00a40000020102"},
		{"case 4 short", apdu.Command{INS: 0xA4, Data: []byte{1, 2}, Ne: 256}, "00a4000002010200"},
		{"case 2 extended", apdu.Command{INS: 0xB0, Ne: 4096, Extended: true}, "00b00000001000"},
		{"case 2 extended, all", apdu.Command{INS: 0xB0, Ne: 65536, Extended: true}, "00b00000000000"},
		{"case 3 extended", apdu.Command{INS: 0xD6, Data: long, Extended: true}, "00d60000000100" + hex.EncodeToString(long)},
		{"case 4 extended", apdu.Command{INS: 0xD6, Data: []byte{7}, Ne: 256, Extended: true}, "00d60000000001070100"},
	} {
		t.Run(test.name, func(t *testing.T) {
			b, err := test.cmd.Bytes()
			if err != nil || hex.EncodeToString(b) != test.want {
				t.Fatalf("bytes %x, %v", b, err)
			}
			back, err := apdu.ParseCommand(b)
			if err != nil || !reflect.DeepEqual(back, test.cmd) {
				t.Errorf("parsed %+v, %v", back, err)
			}
		})
	}
}

func TestChain(t *testing.T) {
	data := bytes.Repeat([]byte{7}, 600)
	chain := apdu.Command{CLA: 0x0C, INS: 0x86, P1: 1, Data: data, Ne: apdu.MaxExtended}.Chain()
	var joined []byte
	for i, c := range chain {
		last := i == len(chain)-1
		if c.IsExtended() || c.INS != 0x86 || c.P1 != 1 || (c.CLA == 0x1C) == last || (c.Ne == apdu.MaxShort) != last {
			t.Errorf("command %d: %X, expects %d", i, c.Header(), c.Ne)
		}
		joined = append(joined, c.Data...)
	}
	if len(chain) != 3 || !bytes.Equal(joined, data) {
		t.Errorf("%d commands with %d bytes", len(chain), len(joined))
	}
	short := apdu.Command{INS: 0xA4, Data: data[:255], Ne: 8}
	if chain := short.Chain(); len(chain) != 1 || !reflect.DeepEqual(chain[0], short) {
		t.Errorf("short command became %+v", chain)
	}
}

func TestMalformedCommands(t *testing.T) {
	for _, s := range []string{
		"", "00a400", "00a40000020102ffff", "00a400000501", "00d600000000000102", "00b000000000010203ff00",
	} {
		b, err := hex.DecodeString(s)
		if err != nil {
			t.Fatal(err)
		}
		if c, err := apdu.ParseCommand(b); !errors.Is(err, apdu.ErrMalformed) {
			t.Errorf("%s: %+v, %v", s, c, err)
		}
	}
	if _, err := (apdu.Command{Data: make([]byte, 65536)}).Bytes(); !errors.Is(err, apdu.ErrTooLong) {
		t.Errorf("65536 bytes of data: %v", err)
	}
}

func TestStatusUnwraps(t *testing.T) {
	err := fmt.Errorf("outer: %w", apdu.SecurityStatus)
	s, ok := apdu.StatusOf(err)
	if !ok || s != 0x6982 || !errors.Is(err, apdu.SecurityStatus) || !s.Refused() {
		t.Errorf("status %v, %v", s, ok)
	}
	if _, err := apdu.ParseResponse([]byte{0x90}); !errors.Is(err, apdu.ErrShort) {
		t.Errorf("one byte: %v", err)
	}
}

func FuzzParseCommand(f *testing.F) {
	f.Add([]byte{0, 0xA4, 4, 12, 2, 1, 2, 0})
	f.Add([]byte{0, 0xB0, 0, 0, 0, 0x10, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := apdu.ParseCommand(b)
		if err != nil {
			return
		}
		back, err := c.Bytes()
		if err != nil || !bytes.Equal(back, b) {
			t.Errorf("%x became %x, %v", b, back, err)
		}
	})
}
