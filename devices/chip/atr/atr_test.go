package atr_test

import (
	"encoding/hex"
	"errors"
	"reflect"
	"strings"
	"testing"

	"padarozhnik/devices/chip/atr"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// sealed puts the check byte behind an answer.
func sealed(t testing.TB, s string) []byte {
	b := unhex(t, s)
	var x byte
	for _, c := range b[1:] {
		x ^= c
	}
	return append(b, x)
}

func TestParse(t *testing.T) {
	for _, test := range []struct {
		name string
		atr  []byte
		want atr.ATR
	}{
		{"Mifare Classic 1K", unhex(t, "3B8F8001804F0CA000000306030001000000006A"), atr.ATR{
			Type: atr.Storage, Memory: atr.Memory{Standard: 3, Name: 1}, Historical: unhex(t, "804F0CA00000030603000100000000"),
		}},
		{"no historical bytes", unhex(t, "3B80800101"), atr.ATR{Type: atr.Either}},
		{"type A with capabilities", sealed(t, "3B858001 8073C421C0"), atr.ATR{
			Type: atr.TypeA, Historical: unhex(t, "8073C421C0"),
			Can: atr.Capabilities{Known: true, Chaining: true, Extended: true, ShortFile: true},
		}},
		{"type A, one capability byte", sealed(t, "3B848001 80715431"), atr.ATR{
			Type: atr.TypeA, Historical: unhex(t, "80715431"), Can: atr.Capabilities{Known: true, ShortFile: true},
		}},
		{"type A, eight bytes", sealed(t, "3B888001 8031C073F7018290"), atr.ATR{
			Type: atr.TypeA, Historical: unhex(t, "8031C073F7018290"),
			Can: atr.Capabilities{Known: true, Chaining: true, ShortFile: true},
		}},
		{"type B travel document", sealed(t, "3B888001 E1000000 337181 00"), atr.ATR{
			Type: atr.TypeB, Historical: unhex(t, "E100000033718100"), Rates: []int{106, 212, 424},
			B: atr.ProtocolB{Application: [4]byte{0xE1}, Protocol: [3]byte{0x33, 0x71, 0x81}},
		}},
		{"bank card with contacts", unhex(t, "3B6E000000314CC07186A21C6DE0C02F9F"), atr.ATR{}},
		{"contacts, T=0", unhex(t, "3B6500002063CB6800"), atr.ATR{Type: atr.Contact, Historical: unhex(t, "2063CB6800")}},
		{"contacts, T=1", sealed(t, "3BD218008131FE58C903"), atr.ATR{}},
	} {
		got, err := atr.Parse(test.atr)
		if test.want.Type == "" { // only its kind counts
			if err == nil && got.Type != atr.Contact {
				t.Errorf("%s: %+v", test.name, got)
			}
			continue
		}
		if len(got.Historical) == 0 {
			got.Historical = nil
		}
		if err != nil || !reflect.DeepEqual(got, test.want) {
			t.Errorf("%s: %+v, %v\nwant %+v", test.name, got, err, test.want)
		}
	}
}

func TestPassport(t *testing.T) {
	card, err := atr.Parse(unhex(t, "3B8F8001804F0CA0000003060300030000000068"))
	if err != nil || card.Passport() || card.Memory.String() != "Mifare Ultralight" {
		t.Errorf("%+v, %v", card, err)
	}
	if s := (atr.Memory{Name: 0xFF}).String(); s != "memory card 00FF" {
		t.Error(s)
	}
}

func TestMalformed(t *testing.T) {
	for _, s := range []string{
		"", "3B", "3C8080", "3B80", "3B8080", "3B808001", "3B80800102", "3B8580018073", "3BF0", "3B8F8001804F0CA0",
		strings.Repeat("3B", 40), "3B80800101FF",
	} {
		if a, err := atr.Parse(unhex(t, s)); !errors.Is(err, atr.ErrMalformed) {
			t.Errorf("%s: %+v, %v", s, a, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(unhex(f, "3B8F8001804F0CA000000306030001000000006A"))
	f.Add(unhex(f, "3B80800101"))
	f.Add(unhex(f, "3BF01100FF01"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if a, err := atr.Parse(b); err == nil && len(a.Historical) > 15 {
			t.Errorf("%d historical bytes", len(a.Historical))
		}
	})
}
