package tlv_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"testing"

	"pgregory.net/rapid"

	"padarozhnik/station/lds/tlv"
)

func bytesOf(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestReadRefuses(t *testing.T) {
	cases := []struct {
		name, in string
		want     error
	}{
		{"nothing", "", tlv.ErrTruncated},
		{"tag alone", "61", tlv.ErrTruncated},
		{"half a tag", "5F", tlv.ErrTruncated},
		{"padding", "0000", tlv.ErrInvalid},
		{"tag of four bytes", "5F81818101", tlv.ErrInvalid},
		{"empty tag number", "5F800100", tlv.ErrInvalid},
		{"indefinite length", "61800000", tlv.ErrInvalid},
		{"length of four bytes", "618400000001AA", tlv.ErrInvalid},
		{"half a length", "618201", tlv.ErrTruncated},
		{"value missing", "6105AABB", tlv.ErrTruncated},
		{"huge", "6183FFFFFF", tlv.ErrInvalid},
	}
	for _, c := range cases {
		if _, _, err := tlv.Read(bytesOf(t, c.in)); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
	}
}

func TestOnlyAndExpect(t *testing.T) {
	if v, err := tlv.Only(bytesOf(t, "61820002AABB"), 0x61); err != nil || !bytes.Equal(v, []byte{0xAA, 0xBB}) {
		t.Errorf("long form: %x, %v", v, err)
	}
	for _, in := range []string{"6100AA", "6200"} {
		if _, err := tlv.Only(bytesOf(t, in), 0x61); !errors.Is(err, tlv.ErrUnexpected) {
			t.Errorf("%s: %v", in, err)
		}
	}
}

func TestRoundTripProperty(t *testing.T) {
	tags := []uint32{0x02, 0x61, 0x5F1F, 0x7F61, 0x5F2E, 0x7F8101}
	rapid.Check(t, func(t *rapid.T) {
		tag := rapid.SampledFrom(tags).Draw(t, "tag")
		size := rapid.SampledFrom([]int{0, 1, 0x7F, 0x80, 0xFF, 0x100, 0xFFFF, 0x10000}).Draw(t, "size")
		value := bytes.Repeat([]byte{0xA5}, size)
		b := tlv.Encode(tag, value[:size/2], value[size/2:])
		e, rest, err := tlv.Read(append(b, 0xEE))
		if err != nil || e.Tag != tag || !bytes.Equal(e.Value, value) || len(rest) != 1 {
			t.Fatalf("tag %X, size %d: %v", tag, size, err)
		}
	})
}

func TestWalkIsBounded(t *testing.T) {
	deep := []byte{}
	for range tlv.MaxDepth + 1 {
		deep = tlv.Encode(0x61, deep)
	}
	if err := tlv.Walk(deep, func(int, tlv.Element) error { return nil }); !errors.Is(err, tlv.ErrInvalid) {
		t.Errorf("depth: %v", err)
	}
	wide := bytes.Repeat([]byte{0x02, 0x00}, tlv.MaxElements+1)
	if _, err := tlv.Elements(wide); !errors.Is(err, tlv.ErrInvalid) {
		t.Errorf("width: %v", err)
	}
}

func FuzzWalk(f *testing.F) {
	for _, s := range []string{
		"60165F0104303130375F36063034303030305C046175766C", "61094F07A0000002471001", "7F61820000", "5F",
	} {
		f.Add(bytesOf(f, s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		seen := 0
		_ = tlv.Walk(b, func(depth int, e tlv.Element) error {
			seen++
			if len(e.Value) > len(b) {
				t.Fatal("value longer than the input")
			}
			return nil
		})
		if seen > len(b) {
			t.Fatal("more objects than bytes")
		}
		_, _ = tlv.Tags(b)
	})
}
