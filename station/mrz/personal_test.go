package mrz_test

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"padarozhnik/station/mrz"
)

// number is a personal number with the check digit that belongs to it.
func number(t *testing.T, first13 string) string {
	t.Helper()
	d, err := mrz.CheckDigit(first13)
	if err != nil {
		t.Fatal(err)
	}
	return first13 + string(d)
}

func TestPersonalNumber(t *testing.T) {
	// The worked example: seven zeros, A, three zeros and PB give 2.
	if d, err := mrz.CheckDigit("0000000A000PB"); err != nil || d != '2' {
		t.Fatalf("%c, %v", d, err)
	}
	woman := number(t, "4120885A001PB") // 12 August 1985
	for _, c := range []struct {
		name, number string
		birth        mrz.Date
		year         int
		sex          mrz.Sex
		want         []mrz.Oddity
	}{
		{"nothing odd", woman, "850812", 1985, mrz.Female, nil},
		{"Cyrillic letters and a space", "4120885 А001РВ" + woman[13:], "850812", 1985, mrz.Female, nil},
		{"check digit", woman[:13] + string((woman[13]-'0'+1)%10+'0'), "850812", 1985, mrz.Female,
			[]mrz.Oddity{mrz.OddCheckDigit}},
		{"another day", woman, "850813", 1985, mrz.Female, []mrz.Oddity{mrz.OddBirth}},
		{"unknown day", woman, "8508<<", 1985, mrz.Female, nil},
		{"the other sex", woman, "850812", 1985, mrz.Male, []mrz.Oddity{mrz.OddSex}},
		{"sex unspecified", woman, "850812", 1985, mrz.Unspecified, nil},
		{"another century", number(t, "6120805A001PB"), "050812", 1905, mrz.Female, []mrz.Oddity{mrz.OddCentury}},
		{"a man of this century", number(t, "5120805C123PB"), "050812", 2005, mrz.Male, nil},
		{"a man of the last but one", number(t, "1120899C123PB"), "990812", 1899, mrz.Male, nil},
		{"no citizen then", number(t, "4120885A001BA"), "850812", 1985, mrz.Female, []mrz.Oddity{mrz.OddCitizenship}},
		{"several at once", number(t, "4120885A001BI"), "850813", 1985, mrz.Male,
			[]mrz.Oddity{mrz.OddBirth, mrz.OddSex, mrz.OddCitizenship}},
		{"no century of this system", number(t, "7120885A001PB"), "850812", 0, mrz.Female, []mrz.Oddity{mrz.OddForm}},
		{"too short", woman[:13], "850812", 1985, mrz.Female, []mrz.Oddity{mrz.OddForm}},
		{"empty", "", "850812", 1985, mrz.Female, []mrz.Oddity{mrz.OddForm}},
	} {
		if got := mrz.PersonalNumberOddities(c.number, c.birth, c.year, c.sex); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func TestPassportNumber(t *testing.T) {
	for number, want := range map[string][]mrz.Oddity{
		"MP1234567": nil, "МР 1234567": nil, "kh7654321": nil, "PD1234567": {mrz.OddSeries},
		"MP123456": {mrz.OddNumberLength}, "M12345678": {mrz.OddNumberLength}, "": {mrz.OddNumberLength},
	} {
		if got := mrz.PassportNumberOddities(number); !slices.Equal(got, want) {
			t.Errorf("%q: %q, want %q", number, got, want)
		}
	}
}

// TestOdditiesOfAZone takes the numbers from where a Belarusian passport carries them.
func TestOdditiesOfAZone(t *testing.T) {
	d := mrz.Document{
		Format: mrz.TD3, Code: "P", Issuer: "BLR", Nationality: "BLR", Primary: "UTOPKA", Secondary: "IMIA",
		Number: "MP1234567", Birth: "850812", Sex: mrz.Female, Expiry: "300812", Optional: number(t, "4120885A001PB"),
	}
	today := time.Date(2026, 11, 26, 0, 0, 0, 0, time.UTC)
	lines, err := mrz.Compose(d)
	if err != nil {
		t.Fatal(err)
	}
	read, err := mrz.Parse(lines)
	if err != nil {
		t.Fatal(err)
	}
	if odd := read.Oddities(today); len(odd) > 0 {
		t.Errorf("%q", odd)
	}
	read.Sex, read.Number = mrz.Male, "XX1234567"
	if odd := read.Oddities(today); !slices.Equal(odd, []mrz.Oddity{mrz.OddSeries, mrz.OddSex}) {
		t.Errorf("%q", odd)
	}
	read.Issuer = "UTO"
	if odd := read.Oddities(today); odd != nil {
		t.Errorf("of another state: %q", odd)
	}
}

// TestOdditiesOfAnything: whatever is typed, it is looked at and nothing breaks.
func TestOdditiesOfAnything(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		text := rapid.String().Draw(r, "number")
		mrz.PassportNumberOddities(text)
		odd := mrz.PersonalNumberOddities(text, mrz.Date(rapid.String().Draw(r, "birth")), rapid.Int().Draw(r, "year"), mrz.Male)
		if len(odd) == 0 && len(mrz.FoldLookalikes(text)) != 14 {
			r.Errorf("%q is not odd", text)
		}
	})
}
