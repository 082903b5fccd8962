package station

import (
	"slices"
	"strings"

	"padarozhnik/station/mrz"
)

// pair is one way of writing a person's names in Latin letters.
type pair struct{ surname, given string }

// sounds lists groups of letters that one sound of Belarusian or Russian is written with, longer ones
// first. What a name keeps of them is the same for every system of transliteration.
var sounds = strings.NewReplacer(
	"SHCH", "S", "SZCZ", "S", "SCH", "S", "SH", "S", "SZ", "S", "ZH", "Z", "KH", "H", "CZ", "C", "CH", "C",
	"TSH", "C", "TS", "C", "TC", "C", "TZ", "C", "PH", "F", "TH", "T", "CK", "K", "QU", "K",
	"G", "H", "W", "V", "X", "KS", "Q", "K",
)

// skeleton keeps what is left of a name when its spelling changes: consonants by their sound,
// doubled ones once, and whether it begins with a vowel. The name is one of the zone's letters.
func skeleton(zone string) string {
	var b strings.Builder
	var last rune
	for i, r := range sounds.Replace(zone) {
		if strings.ContainsRune("AEIOUYJ", r) {
			if i == 0 {
				b.WriteByte('A')
			}
			last = 0
			continue
		}
		if r >= 'A' && r <= 'Z' && r != last {
			b.WriteRune(r)
			last = r
		}
	}
	return b.String()
}

// writings lists how the names of an application have been written or may be: as printed, as in the
// old passport, and under every rule from the local spelling in either language.
func (a Application) writings() []pair {
	who := a.Applicant
	out := []pair{{who.Surname, who.GivenNames}}
	if doc, ok := a.oldDocument(); ok {
		out = append(out, pair{doc.Primary, doc.Secondary})
	}
	for _, lang := range []mrz.Language{mrz.Belarusian, mrz.Russian} {
		surnames, err := mrz.Spellings(who.LocalSurname, lang)
		if err != nil {
			continue
		}
		given, err := mrz.Spellings(who.LocalGivenNames, lang)
		if err != nil {
			continue
		}
		for i := range min(len(surnames), len(given)) {
			out = append(out, pair{surnames[i].Text, given[i].Text})
		}
	}
	return out
}

// skeletons are the writings without what transliteration changes, each once. Of several given names
// the first counts.
func (a Application) skeletons() []pair {
	var out []pair
	for _, w := range a.writings() {
		surname, given := zoneName(w.surname), zoneName(w.given)
		first, _, _ := strings.Cut(given, "<")
		p := pair{skeleton(strings.ReplaceAll(surname, "<", "")), skeleton(first)}
		if p.surname != "" && !slices.Contains(out, p) {
			out = append(out, p)
		}
	}
	return out
}

// zoneName writes one identifier in the zone's letters, "" where it has others.
func zoneName(name string) string {
	const longest = 200
	if strings.TrimSpace(name) == "" {
		return ""
	}
	field, err := mrz.EncodeName(name, "", longest, mrz.NameOptions{})
	if err != nil {
		return ""
	}
	return strings.TrimRight(field, "<")
}

// shorter lists a text with up to n letters left out, each result once and the text itself first. Two
// texts of edit distance n have one of these in common.
func shorter(s string, n int) []string {
	out := []string{s}
	seen := map[string]bool{s: true}
	for from, round := 0, 0; round < n; round++ {
		until := len(out)
		for _, t := range out[from:until] {
			for i := range len(t) {
				if cut := t[:i] + t[i+1:]; !seen[cut] {
					seen[cut] = true
					out = append(out, cut)
				}
			}
		}
		from = until
	}
	return out
}
