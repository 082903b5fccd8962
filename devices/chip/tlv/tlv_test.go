package tlv_test

import (
	"bytes"
	"errors"
	"testing"

	"padarozhnik/devices/chip/tlv"
)

func TestAppendAndNext(t *testing.T) {
	for _, test := range []struct {
		name string
		tag  uint32
		n    int
		head []byte
	}{
		{"one byte", 0x80, 0, []byte{0x80, 0}},
		{"short", 0x87, 127, []byte{0x87, 127}},
		{"81", 0x87, 128, []byte{0x87, 0x81, 128}},
		{"82", 0x7F61, 256, []byte{0x7F, 0x61, 0x82, 1, 0}},
		{"83", 0x7F61, 65536, []byte{0x7F, 0x61, 0x83, 1, 0, 0}},
		{"long tag", 0x7F8161, 1, []byte{0x7F, 0x81, 0x61, 1}},
	} {
		t.Run(test.name, func(t *testing.T) {
			value := bytes.Repeat([]byte{9}, test.n)
			b := tlv.Append(nil, test.tag, value)
			if !bytes.HasPrefix(b, test.head) {
				t.Fatalf("starts with % X", b[:6])
			}
			o, rest, err := tlv.Next(append(b, 0xAA))
			if err != nil || o.Tag != test.tag || !bytes.Equal(o.Value, value) || len(rest) != 1 {
				t.Errorf("tag %X, %d bytes, rest %d, %v", o.Tag, len(o.Value), len(rest), err)
			}
		})
	}
}

func TestRefusals(t *testing.T) {
	for _, test := range []struct {
		name string
		b    []byte
		want error
	}{
		{"nothing", nil, tlv.ErrTruncated},
		{"tag only", []byte{0x80}, tlv.ErrTruncated},
		{"half a tag", []byte{0x7F}, tlv.ErrTruncated},
		{"endless tag", []byte{0x7F, 0x81, 0x81, 0x81, 1}, tlv.ErrMalformed},
		{"indefinite length", []byte{0x30, 0x80, 0, 0}, tlv.ErrMalformed},
		{"length of four bytes", []byte{0x30, 0x84, 0, 0, 0, 0}, tlv.ErrMalformed},
		{"half a length", []byte{0x30, 0x82, 1}, tlv.ErrTruncated},
		{"content missing", []byte{0x30, 2, 0}, tlv.ErrTruncated},
	} {
		if _, _, err := tlv.Next(test.b); !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", test.name, err, test.want)
		}
	}
	if _, err := tlv.Path([]byte{0x7C, 2, 0x80, 0}, 0x7C, 0x81); !errors.Is(err, tlv.ErrMissing) {
		t.Errorf("path to nothing: %v", err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte{0x7C, 2, 0x80, 0})
	f.Add([]byte{0x7F, 0x61, 0x83, 1, 0, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		objects, err := tlv.Parse(b)
		if err != nil {
			return
		}
		n := 0
		for _, o := range objects {
			n += len(o.Raw)
		}
		if n != len(b) {
			t.Errorf("objects cover %d of %d bytes", n, len(b))
		}
	})
}
