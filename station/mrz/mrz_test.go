package mrz_test

import (
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"padarozhnik/station/mrz"
)

func TestCheckDigitVectors(t *testing.T) {
	for _, v := range loadVectors(t).CheckDigits {
		got, err := mrz.CheckDigit(v.Field)
		if err != nil || got != byte('0'+v.CheckDigit) {
			t.Errorf("%s: got %c, %v; want %d", v.Field, got, err, v.CheckDigit)
		}
	}
	if _, err := mrz.CheckDigit("ab"); !errors.Is(err, mrz.ErrFormat) {
		t.Errorf("lower case: %v", err)
	}
}

func TestDocumentVectors(t *testing.T) {
	for _, v := range loadVectors(t).Documents {
		t.Run(v.Format+" "+v.Name, func(t *testing.T) {
			d, err := mrz.Parse(v.Lines)
			if strings.Trim(v.Lines[0][5:], "<") == "" {
				// The vector gives line 2 only; its empty name is the one defect.
				var defects *mrz.CheckError
				if !errors.As(err, &defects) || !slices.Equal(defects.Fields, []mrz.Field{mrz.FieldName}) {
					t.Fatalf("got %v, want a defect in the name alone", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			lines, err := mrz.Compose(d)
			if err != nil || !slices.Equal(lines, v.Lines) {
				t.Errorf("composed %q, %v", lines, err)
			}
		})
	}
}

func TestErrataAreRefused(t *testing.T) {
	for _, e := range loadVectors(t).Errata {
		lines := []string{"I<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<", e.Line2}
		if len(e.Line2) == 30 {
			lines = []string{"I<UTOL898902C<3<<<<<<<<<<<<<<<", e.Line2, "ERIKSSON<<ANNA<MARIA<<<<<<<<<<"}
		} else if e.Line2 == "" {
			continue
		}
		_, err := mrz.Parse(lines)
		var defects *mrz.CheckError
		if !errors.As(err, &defects) || !slices.Equal(defects.Fields, []mrz.Field{mrz.FieldComposite}) {
			t.Errorf("%s: %v", e.Where, err)
		}
	}
}

func TestInformationVectors(t *testing.T) {
	v := loadVectors(t)
	cases := []struct{ name, number, birth, expiry, want string }{
		{"nine characters", "T22000129", "640812", "101031", v.PACE.Information},
		{"filled", "L898902C", "690806", "940623", v.BAC.Information},
		{"filled by the caller", "L898902C<", "690806", "940623", v.BAC.Information},
		{"long number", "D23145890734", "340712", "950712", v.BAC.Variants[0].Information},
		{"character outside the zone", "L898902c", "690806", "940623", ""},
	}
	for _, c := range cases {
		if got := mrz.Information(c.number, c.birth, c.expiry); got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
	seed := sha1.Sum([]byte(v.BAC.Variants[0].Information))
	if got := hex.EncodeToString(seed[:16]); !strings.EqualFold(got, v.BAC.Variants[0].KSeed) {
		t.Errorf("seed %s", got)
	}
	for _, doc := range v.Documents {
		if !strings.Contains(doc.Name, "STEVENSON") {
			continue
		}
		d, err := mrz.Parse(doc.Lines)
		if err != nil || d.Information() != v.BAC.Variants[0].Information {
			t.Errorf("%s: %q, %v", doc.Format, d.Information(), err)
		}
	}
}

func TestParseReportsAllDefects(t *testing.T) {
	lines := []string{
		"X<UT1ERIKSSON<<ANNA<M4RIA<<<<<<<<<<<<<<<<<<<",
		"L898902C35UTO7413322Q1204158ZE184226B<<<<<20",
	}
	_, err := mrz.Parse(lines)
	var defects *mrz.CheckError
	if !errors.As(err, &defects) {
		t.Fatalf("got %v", err)
	}
	for _, f := range []mrz.Field{
		mrz.FieldCode, mrz.FieldIssuer, mrz.FieldName, mrz.FieldNumber, mrz.FieldBirth, mrz.FieldSex,
		mrz.FieldExpiry, mrz.FieldOptional, mrz.FieldComposite,
	} {
		if !defects.Has(f) {
			t.Errorf("%s not reported", f)
		}
	}
	if defects.Has(mrz.FieldNationality) {
		t.Error("nationality is sound")
	}
	for _, secret := range []string{"ERIKSSON", "L898902C3", "741332", "ZE184226B"} {
		if strings.Contains(err.Error(), secret) {
			t.Error("the error holds a value")
		}
	}
}

func TestParseRefusesOtherShapes(t *testing.T) {
	cases := map[string][]string{
		"nothing":       nil,
		"one line":      {strings.Repeat("<", 44)},
		"unequal":       {strings.Repeat("<", 44), strings.Repeat("<", 43)},
		"small letters": {strings.Repeat("p", 44), strings.Repeat("<", 44)},
		"empty lines":   {"", ""},
		"three of 44":   {strings.Repeat("<", 44), strings.Repeat("<", 44), strings.Repeat("<", 44)},
	}
	for name, lines := range cases {
		if _, err := mrz.Parse(lines); !errors.Is(err, mrz.ErrFormat) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestComposeRefuses(t *testing.T) {
	good := mrz.Document{
		Format: mrz.TD3, Code: "PP", Issuer: "UTO", Primary: "ERIKSSON", Secondary: "ANNA", Number: "L898902C3",
		Nationality: "UTO", Birth: "740812", Sex: mrz.Female, Expiry: "310415",
	}
	if _, err := mrz.Compose(good); err != nil {
		t.Fatal(err)
	}
	cases := map[string]func(*mrz.Document){
		"no format":              func(d *mrz.Document) { d.Format = 0 },
		"code of a card":         func(d *mrz.Document) { d.Code = "I" },
		"digit in issuer":        func(d *mrz.Document) { d.Issuer = "UT0" },
		"long number in a book":  func(d *mrz.Document) { d.Number = "L898902C34" },
		"empty number":           func(d *mrz.Document) { d.Number = "" },
		"no such day":            func(d *mrz.Document) { d.Birth = "740231" },
		"sex not decided":        func(d *mrz.Document) { d.Sex = "" },
		"unknown expiry":         func(d *mrz.Document) { d.Expiry = mrz.Unknown },
		"long optional data":     func(d *mrz.Document) { d.Optional = "123456789012345" },
		"second field in a book": func(d *mrz.Document) { d.Optional2 = "1" },
		"trailing filler":        func(d *mrz.Document) { d.Optional = "A<" },
	}
	for name, spoil := range cases {
		d := good
		spoil(&d)
		if _, err := mrz.Compose(d); !errors.Is(err, mrz.ErrField) {
			t.Errorf("%s: %v", name, err)
		}
	}
	good.Primary = "ERIKSSON 2"
	if _, err := mrz.Compose(good); !errors.Is(err, mrz.ErrName) {
		t.Errorf("digit in a name: %v", err)
	}
}

// documents generates documents whose names fit their field.
func documents() *rapid.Generator[mrz.Document] {
	return rapid.Custom(func(t *rapid.T) mrz.Document {
		f := rapid.SampledFrom([]mrz.Format{mrz.TD3, mrz.TD1, mrz.TD2, mrz.MRVA, mrz.MRVB}).Draw(t, "format")
		code := map[mrz.Format]string{mrz.TD3: "PP", mrz.TD1: "I", mrz.TD2: "AC", mrz.MRVA: "V", mrz.MRVB: "VB"}
		number := map[mrz.Format]string{mrz.TD1: `[A-Z0-9]{1,20}`, mrz.TD2: `[A-Z0-9]{1,12}`}[f]
		if number == "" {
			number = `[A-Z0-9]{1,9}`
		}
		optional := map[mrz.Format]string{
			mrz.TD3: `([A-Z0-9<]{0,13}[A-Z0-9])?`, mrz.TD1: `[A-Z0-9]{0,2}`, mrz.TD2: `[A-Z0-9]?`,
			mrz.MRVA: `([A-Z0-9<]{0,15}[A-Z0-9])?`, mrz.MRVB: `([A-Z0-9<]{0,7}[A-Z0-9])?`,
		}[f]
		d := mrz.Document{
			Format: f, Code: code[f],
			Issuer:      rapid.StringMatching(`[A-Z]{3}|D`).Draw(t, "issuer"),
			Primary:     rapid.StringMatching(`[A-Z]{1,9}( [A-Z]{1,4})?`).Draw(t, "primary"),
			Secondary:   rapid.StringMatching(`([A-Z]{1,8}( [A-Z]{1,4})?)?`).Draw(t, "secondary"),
			Number:      rapid.StringMatching(number).Draw(t, "number"),
			Nationality: rapid.StringMatching(`[A-Z]{3}`).Draw(t, "nationality"),
			Birth:       mrz.Date(rapid.StringMatching(`[0-9]{2}0[1-9](1[0-9]|<<)|<<<<<<`).Draw(t, "birth")),
			Sex:         rapid.SampledFrom([]mrz.Sex{mrz.Female, mrz.Male, mrz.Unspecified}).Draw(t, "sex"),
			Expiry:      mrz.Date(rapid.StringMatching(`[0-9]{2}0[1-9]2[0-8]`).Draw(t, "expiry")),
			Optional:    rapid.StringMatching(optional).Draw(t, "optional"),
		}
		if f == mrz.TD1 {
			d.Optional2 = rapid.StringMatching(`([A-Z0-9<]{0,10}[A-Z0-9])?`).Draw(t, "optional2")
		}
		return d
	})
}

func TestParseComposeProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := documents().Draw(t, "document")
		lines, err := mrz.Compose(want)
		if err != nil {
			t.Fatal(err)
		}
		got, err := mrz.Parse(lines)
		if err != nil || got != want {
			t.Fatalf("%q: got %+v, %v; want %+v", lines, got, err, want)
		}
	})
}

// TestOneChangedCharacterIsFound changes one character of the checked part of a zone. Values that
// differ by ten weigh the same and are skipped.
func TestOneChangedCharacterIsFound(t *testing.T) {
	const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ<"
	good := []string{"PPUTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<", "L898902C36UTO7408122F1204159ZE184226B<<<<<10"}
	checked := append(append([]int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, 13, 14, 15, 16, 17, 18, 19),
		21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43)
	for _, at := range checked {
		for _, c := range alphabet {
			old := strings.IndexByte(alphabet, good[1][at]) % 36 % 10
			if strings.IndexRune(alphabet, c)%36%10 == old {
				continue
			}
			line := good[1][:at] + string(c) + good[1][at+1:]
			if _, err := mrz.Parse([]string{good[0], line}); err == nil {
				t.Errorf("position %d changed to %c passes", at+1, c)
			}
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, v := range loadVectors(f).Documents {
		f.Add(strings.Join(v.Lines, "\n"))
	}
	f.Add("V<UTO" + strings.Repeat("<", 39) + "\n" + strings.Repeat("<", 44))
	f.Add("\n\n")
	f.Fuzz(func(t *testing.T, text string) {
		d, err := mrz.Parse(strings.Split(text, "\n"))
		if err != nil {
			return
		}
		lines, err := mrz.Compose(d)
		if err != nil {
			t.Fatalf("what was read cannot be written: %v", err)
		}
		again, err := mrz.Parse(lines)
		if err != nil || again != d {
			t.Fatalf("second reading differs: %v", err)
		}
	})
}
