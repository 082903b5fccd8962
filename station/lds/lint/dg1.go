package lint

import (
	"strings"
	"time"

	"padarozhnik/station/lds/tlv"
	"padarozhnik/station/mrz"
)

const clauseDG1 = "Doc 9303-10, 4.7.1"

// zone is DG1 down to its object.
type zone struct {
	elements []tlv.Element
}

func openZone(b []byte) *zone {
	c := openContainer(b, 0x61)
	if c == nil {
		return nil
	}
	return &zone{c.elements}
}

// layout is where the fields of a format stand in the joined lines; ends are exclusive, and a check
// digit stands at the end of its field (ICAO Doc 9303-4 to 9303-6, 4.2).
type layout struct {
	clause                          string
	issuer, name, number            [2]int
	nationality, birth, expiry, opt [2]int
	sex, composite                  int
	parts                           [][2]int
	optChecked                      bool
}

func layouts() map[int]layout {
	return map[int]layout{
		88: {"Doc 9303-4, 4.2.2", [2]int{2, 5}, [2]int{5, 44}, [2]int{44, 53}, [2]int{54, 57}, [2]int{57, 63},
			[2]int{65, 71}, [2]int{72, 86}, 64, 87, [][2]int{{44, 54}, {57, 64}, {65, 87}}, true},
		72: {"Doc 9303-6, 4.2.2", [2]int{2, 5}, [2]int{5, 36}, [2]int{36, 45}, [2]int{46, 49}, [2]int{49, 55},
			[2]int{57, 63}, [2]int{64, 71}, 56, 71, [][2]int{{36, 46}, {49, 56}, {57, 71}}, false},
		90: {"Doc 9303-5, 4.2.2", [2]int{2, 5}, [2]int{60, 90}, [2]int{5, 14}, [2]int{45, 48}, [2]int{30, 36},
			[2]int{38, 44}, [2]int{48, 59}, 37, 59, [][2]int{{5, 30}, {30, 37}, {38, 45}, {48, 59}}, false},
	}
}

// fields is a zone of a known length and alphabet.
type fields struct {
	layout
	text string
}

func (f *fields) of(span [2]int) string { return f.text[span[0]:span[1]] }

// checked reports whether the digit after a span is its check digit.
func (f *fields) checked(span [2]int) bool {
	digit, err := mrz.CheckDigit(f.of(span))
	return err == nil && f.text[span[1]] == digit
}

// zoneText returns the fields, where the zone has a form.
func (s *subject) zoneText() *fields {
	if s.dg1 == nil || len(s.dg1.elements) != 1 || s.dg1.elements[0].Tag != 0x5F1F {
		return nil
	}
	text := string(s.dg1.elements[0].Value)
	l, ok := layouts()[len(text)]
	if _, err := mrz.CheckDigit(text); !ok || err != nil {
		return nil
	}
	return &fields{l, text}
}

// dg1Rules are about DG1.
func dg1Rules() []rule {
	object := func(s *subject) *tlv.Element {
		if s.dg1 == nil || s.failed["DG1-04"] {
			return nil
		}
		return &s.dg1.elements[0]
	}
	digit := func(id, asks string, span func(*fields) ([2]int, bool)) rule {
		return rule{id, "Doc 9303-3, 4.9", asks, on((*subject).zoneText, func(_ *subject, f *fields) finding {
			where, applies := span(f)
			if !applies {
				return skip("no check digit of this field")
			}
			return judge(f.checked(where), "position %d", where[1]+1)
		})}
	}
	return []rule{
		presence("DG1-01", clauseDG1, "DG1"),
		wholeness("DG1-02", clauseDG1, "DG1", 0x61),
		compactness("DG1-03", "DG1", 0x61),
		{"DG1-04", clauseDG1, "DG1 holds one object 5F1F", on(func(s *subject) *zone { return s.dg1 },
			func(_ *subject, z *zone) finding {
				return judge(sameTags(z.elements, 0x5F1F), "%d objects", len(z.elements))
			})},
		{"DG1-05", clauseDG1, "the zone has the length of TD1, TD2 or TD3", on(object,
			func(_ *subject, e *tlv.Element) finding {
				_, ok := layouts()[len(e.Value)]
				return judge(ok, "%d characters", len(e.Value))
			})},
		{"DG1-06", "Doc 9303-3, 4.3", "the zone has only the characters of its alphabet", on(object,
			func(_ *subject, e *tlv.Element) finding {
				_, err := mrz.CheckDigit(string(e.Value))
				return judge(err == nil, "%d characters", len(e.Value))
			})},
		digit("DG1-07", "the check digit of the number holds", func(f *fields) ([2]int, bool) {
			return f.number, f.text[f.number[1]] != '<' // a long number of TD1 has its digit elsewhere
		}),
		digit("DG1-08", "the check digit of the birth holds", func(f *fields) ([2]int, bool) { return f.birth, true }),
		digit("DG1-09", "the check digit of the expiry holds",
			func(f *fields) ([2]int, bool) { return f.expiry, true }),
		{"DG1-10", "Doc 9303-4, 4.2.2", "the check digit of optional data holds", on((*subject).zoneText,
			optionalDigit)},
		{"DG1-11", "Doc 9303-3, 4.9", "the composite check digit holds", on((*subject).zoneText, composite)},
		{"DG1-12", "Doc 9303-4, 4.4", "the document code may be issued at the date", on((*subject).zoneText,
			documentCode)},
		{"DG1-13", "Doc 9303-3, 5", "the issuing State is letters and fillers", on((*subject).zoneText,
			func(_ *subject, f *fields) finding { return judge(letters(f.of(f.issuer)), "three characters") })},
		{"DG1-14", "Doc 9303-3, 5", "the nationality is letters and fillers", on((*subject).zoneText,
			func(_ *subject, f *fields) finding { return judge(letters(f.of(f.nationality)), "three characters") })},
		{"DG1-15", "Doc 9303-3, 4.6", "the name begins with a letter and has no digit", on((*subject).zoneText,
			func(_ *subject, f *fields) finding {
				name := f.of(f.name)
				return judge(name[0] != '<' && !strings.ContainsAny(name, "0123456789"), "%d characters", len(name))
			})},
		{"DG1-16", "Doc 9303-3, 4.8", "the birth is a date, or unknown in part", on((*subject).zoneText,
			func(_ *subject, f *fields) finding { return judge(date(f.of(f.birth), true), "six characters") })},
		{"DG1-17", "Doc 9303-3, 4.8", "the expiry is a date", on((*subject).zoneText,
			func(_ *subject, f *fields) finding { return judge(date(f.of(f.expiry), false), "six characters") })},
		{"DG1-18", "Doc 9303-4, 4.2.2", "the sex is F, M or a filler", on((*subject).zoneText,
			func(_ *subject, f *fields) finding {
				return judge(strings.IndexByte("FM<", f.text[f.sex]) >= 0, "one character")
			})},
		{"DG1-19", "Doc 9303-4, 4.4", "a document of a one-letter code expires before 2038", on((*subject).zoneText,
			codeExpiry)},
		{"DG1-20", "Doc 9303-3, 4.6", "a name has no more than two fillers side by side before its end",
			on((*subject).zoneText, func(_ *subject, f *fields) finding {
				return judge(!strings.Contains(strings.TrimRight(f.of(f.name), "<"), "<<<"), "name field")
			})},
	}
}

func optionalDigit(_ *subject, f *fields) finding {
	if !f.optChecked {
		return skip("no check digit of this field")
	}
	unused := strings.Trim(f.of(f.opt), "<") == "" && f.text[f.opt[1]] == '<'
	return judge(unused || f.checked(f.opt), "position %d", f.opt[1]+1)
}

// composite depends on every digit before it, so it is asked where they hold.
func composite(s *subject, f *fields) finding {
	for _, id := range []string{"DG1-07", "DG1-08", "DG1-09", "DG1-10"} {
		if s.failed[id] {
			return skip(id + " failed")
		}
	}
	var b strings.Builder
	for _, part := range f.parts {
		b.WriteString(f.of(part))
	}
	digit, err := mrz.CheckDigit(b.String())
	return judge(err == nil && f.text[f.composite] == digit, "position %d", f.composite+1)
}

func documentCode(s *subject, f *fields) finding {
	if len(f.text) != 88 {
		return skip("no passport book")
	}
	code := strings.TrimRight(f.text[:2], "<")
	return judge(mrz.CheckCode(code, s.at) == nil, "code of %d letters", len(code))
}

func codeExpiry(s *subject, f *fields) finding {
	code := strings.TrimRight(f.text[:2], "<")
	expiry, err := time.Parse("060102", f.of(f.expiry))
	if len(f.text) != 88 || len(code) != 1 || err != nil {
		return skip("no one-letter code")
	}
	if expiry.Year() < 2000 {
		expiry = expiry.AddDate(100, 0, 0)
	}
	return judge(mrz.CheckCodeExpiry(code, expiry) == nil, "one letter")
}

func letters(s string) bool {
	text := strings.TrimRight(s, "<")
	return text != "" && strings.Trim(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == ""
}

// date reports whether six characters are a date; parts of an unknown one are fillers.
func date(s string, unknown bool) bool {
	if !unknown || !strings.Contains(s, "<") {
		_, err := time.Parse("060102", s)
		return err == nil
	}
	for i := 0; i < 6; i += 2 {
		if part := s[i : i+2]; part != "<<" && strings.Trim(part, "0123456789") != "" {
			return false
		}
	}
	return true
}

// issuingState returns the code of DG1's issuer without fillers.
func (s *subject) issuingState() string {
	if f := s.zoneText(); f != nil && !s.failed["DG1-13"] {
		return strings.TrimRight(f.of(f.issuer), "<")
	}
	return ""
}
