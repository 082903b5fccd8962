package mrz_test

import (
	"errors"
	"testing"
	"time"

	"padarozhnik/station/mrz"
)

func day(year int, month time.Month, d int) time.Time {
	return time.Date(year, month, d, 0, 0, 0, 0, time.UTC)
}

func TestDateValid(t *testing.T) {
	cases := map[mrz.Date]bool{
		"740812": true, "000229": true, "010229": false, "741301": false, "7408<<": true, "74<<<<": true,
		"<<0230": false, "<<0229": true, mrz.Unknown: true, "74<812": false, "7408": false, "": false,
		"740800": false, "74<<12": true,
	}
	for d, want := range cases {
		if d.Valid() != want {
			t.Errorf("%q: valid %v", d, !want)
		}
	}
	if mrz.Date("7408<<").Complete() || !mrz.Date("740812").Complete() {
		t.Error("completeness")
	}
}

func TestPartialDate(t *testing.T) {
	cases := []struct {
		year, month, day int
		want             mrz.Date
	}{
		{1974, 8, 12, "740812"}, {1974, 8, 0, "7408<<"}, {1974, 0, 0, "74<<<<"}, {-1, 0, 0, mrz.Unknown},
		{2000, 2, 29, "000229"},
	}
	for _, c := range cases {
		if got, err := mrz.PartialDate(c.year, c.month, c.day); err != nil || got != c.want {
			t.Errorf("%v: %q, %v", c, got, err)
		}
	}
	for _, bad := range [][3]int{{1900, 2, 29}, {1974, 13, 1}, {1974, 1, 32}, {1974, -1, 1}} {
		if got, err := mrz.PartialDate(bad[0], bad[1], bad[2]); !errors.Is(err, mrz.ErrField) {
			t.Errorf("%v: %q, %v", bad, got, err)
		}
	}
}

func TestCenturies(t *testing.T) {
	ref := day(2026, time.November, 22)
	births := map[mrz.Date]mrz.Day{
		"740812": {1974, 8, 12}, "261122": {2026, 11, 22}, "261123": {1926, 11, 23}, "26<<<<": {2026, 0, 0},
		"27<<<<": {1927, 0, 0}, "<<0812": {0, 8, 12}, "000101": {2000, 1, 1},
	}
	for d, want := range births {
		if got, ok := d.BirthDay(ref); !ok || got != want {
			t.Errorf("birth %s: %v, %v", d, got, ok)
		}
	}
	expiries := map[mrz.Date]int{"361122": 2036, "991231": 1999, "750101": 2075, "760101": 1976, "261122": 2026}
	for d, want := range expiries {
		if got, ok := d.ExpiryDay(ref); !ok || got.Year != want {
			t.Errorf("expiry %s: %v, %v", d, got, ok)
		}
	}
	if got, _ := mrz.Date("010101").ExpiryDay(day(2098, 1, 1)); got.Year != 2101 {
		t.Errorf("turn of the century: %v", got)
	}
	if _, ok := mrz.Date("7408<<").ExpiryDay(ref); ok {
		t.Error("incomplete expiry resolved")
	}
	if _, ok := (mrz.Day{1974, 8, 0}).Time(); ok {
		t.Error("incomplete day has a time")
	}
	if mrz.DateOf(ref) != "261122" {
		t.Error("DateOf")
	}
}

func TestDocumentCodes(t *testing.T) {
	for code := range loadVectors(t).Codes {
		if code == "_rule" {
			continue
		}
		if _, ok := mrz.CodeMeaning(code); !ok {
			t.Errorf("%s has no meaning", code)
		}
		if err := mrz.CheckCode(code, day(2030, 1, 1)); err != nil {
			t.Errorf("%s: %v", code, err)
		}
	}
	cases := []struct {
		name, code string
		issued     time.Time
		allowed    bool
	}{
		{"one letter in 2027", "P", day(2027, 12, 31), true},
		{"one letter in 2028", "P", day(2028, 1, 1), false},
		{"national letter in 2025", "PN", day(2025, 12, 31), true},
		{"national letter in 2026", "PN", day(2026, 1, 1), false},
		{"filler", "P<", day(2026, 1, 1), false},
		{"card", "ID", day(2026, 1, 1), false},
	}
	for _, c := range cases {
		if err := mrz.CheckCode(c.code, c.issued); (err == nil) != c.allowed || err != nil && !errors.Is(err, mrz.ErrCode) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	if mrz.CheckCodeExpiry("P", day(2037, 12, 31)) != nil || mrz.CheckCodeExpiry("PP", day(2040, 1, 1)) != nil ||
		!errors.Is(mrz.CheckCodeExpiry("P", day(2038, 1, 1)), mrz.ErrCode) {
		t.Error("expiry of one-letter codes")
	}
}
