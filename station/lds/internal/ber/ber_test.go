package ber_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"padarozhnik/station/lds/internal/ber"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestNotDER(t *testing.T) {
	cases := []struct{ name, hex, want string }{
		{"sequence", "30030201FF", ""},
		{"open", "30800201FF0000", "indefinite length"},
		{"long length", "3081030201FF", "length longer than necessary"},
		{"zero before the length", "30820003" + "0201FF", "length longer than necessary"},
		{"boolean", "3003010101", "boolean that is neither 00 nor FF"},
		{"integer", "300402020001", "integer longer than necessary"},
		{"negative integer", "30040202FF80", "integer longer than necessary"},
		{"pieces", "24040402AABB", "octet string in pieces"},
		{"set", "3106020102020101", "set out of order"},
		{"set in order", "3106020101020102", ""},
	}
	for _, c := range cases {
		n, err := ber.Parse(unhex(t, c.hex))
		if err != nil || n.NotDER() != c.want {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	open, err := ber.Parse(unhex(t, "30800201FF0000"))
	if err != nil || !bytes.Equal(open.Bytes(), unhex(t, "30030201FF")) {
		t.Errorf("rewritten: %v", err)
	}
	if open.At(0) == nil || open.At(-1) != open.At(0) || open.At(1) != nil || open.At(3, 1) != nil {
		t.Error("places")
	}
}

func TestRefuses(t *testing.T) {
	for name, text := range map[string]string{
		"nothing": "", "tag alone": "30", "too short": "3005020101", "open primitive": "04800000",
		"never closed": "30800201FF", "bytes behind": "300000", "tag of two bytes": "5F1F00",
		"five bytes of length": "30850000000001" + "00", "deep": strings.Repeat("3080", 60),
	} {
		if _, err := ber.Parse(unhex(t, text)); !errors.Is(err, ber.ErrMalformed) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"30030201FF", "30800201FF0000", "3106020102020101", "24040402AABB"} {
		f.Add(unhex(f, s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		n, err := ber.Parse(b)
		if err != nil {
			return
		}
		strict := n.NotDER() == ""
		out := n.Bytes()
		again, err := ber.Parse(out)
		if err != nil || !bytes.Equal(again.Bytes(), out) {
			t.Fatalf("not stable: %v", err)
		}
		if strict && !bytes.Equal(out, b) {
			t.Error("called DER and written otherwise")
		}
	})
}
