package station

import (
	"fmt"
	"slices"
	"strings"

	"padarozhnik/station/mrz"
)

// Guardian is a parent or whoever else answers for a child: there and agreed, or not to be reached and
// why. A child whose parents are two needs the word of both, or what stands in the place of one.
type Guardian struct {
	Name    string    `cbor:"1,keyasint" json:"name"`
	Case    CaseToken `cbor:"2,keyasint,omitempty" json:"case,omitempty"` // their own, in the same session
	Consent bool      `cbor:"3,keyasint" json:"consent"`
	Absent  Absence   `cbor:"4,keyasint,omitempty" json:"absent,omitempty"` // why there is no consent
	Note    string    `cbor:"5,keyasint,omitempty" json:"note,omitempty"`   // the evidence for that
}

// Absence is why a guardian's consent cannot be had.
type Absence string

// Absences that count, each with its evidence.
const (
	AbsentDetention Absence = "detention"
	AbsentDead      Absence = "dead"
	AbsentMissing   Absence = "missing"
	AbsentUnknown   Absence = "unknown" // no second parent in the birth certificate
	AbsentCourt     Absence = "court"   // a court took the right away
)

// Absences lists them.
func Absences() []Absence {
	return []Absence{AbsentDetention, AbsentDead, AbsentMissing, AbsentUnknown, AbsentCourt}
}

// Minor tells whether the profile demands guardians for the applicant.
func (a Application) Minor(p Profile, today Date) bool {
	return p.GuardianUnder > 0 && !a.Applicant.Birth.IsZero() && a.Applicant.Birth.Age(today) < p.GuardianUnder
}

// guardianGaps says what a child's guardians lack: two, each of whom consents or is excused with
// evidence, and one at least who consents.
func (a Application) guardianGaps(p Profile, today Date) []Missing {
	if !a.Minor(p, today) {
		return nil
	}
	gap := func(field string) []Missing { return []Missing{{"guardians" + field, ErrIncomplete}} }
	if len(a.Guardians) < 2 {
		return gap(".count")
	}
	agreed := false
	for _, g := range a.Guardians {
		agreed = agreed || g.Consent
		excused := slices.Contains(Absences(), g.Absent) && len(strings.TrimSpace(g.Note)) >= 3
		if !g.Consent && !excused {
			return gap(".consent")
		}
	}
	if !agreed {
		return gap(".consent")
	}
	return nil
}

// Spelling is one surname as two members of a family have it: written alike at home and unlike in Latin
// letters.
type Spelling struct {
	Local  string `json:"local"`
	Own    string `json:"own"`
	Parent string `json:"parent"`
}

// Spellings compares the surnames of a child and a parent. It returns what differs in Latin letters though
// it is the same name at home, for both to be shown; nil where nothing does. Endings that only tell a
// woman's name from a man's are no difference.
func Spellings(child, parent Applicant) *Spelling {
	if stem(child.LocalSurname) == "" || stem(child.LocalSurname) != stem(parent.LocalSurname) {
		return nil
	}
	own, theirs := latinStem(child), latinStem(parent)
	if own == theirs {
		return nil
	}
	return &Spelling{child.LocalSurname, child.Surname, parent.Surname}
}

// stem is a surname without the ending of its gender: -скі and -ская, -аў and -ава, -ы and -ая.
func stem(local string) string {
	s := localName(local)
	for _, end := range []string{"АЯ", "ЯЯ", "ЫЙ", "ІЙ", "ИЙ", "А", "Я", "Ы", "І", "И"} {
		if cut, ok := strings.CutSuffix(s, end); ok && len([]rune(cut)) >= 3 {
			return cut
		}
	}
	return s
}

// latinStem is the Latin surname as long as the stem of the name at home reaches, by its letters.
func latinStem(a Applicant) string {
	name := strings.ReplaceAll(zoneName(a.Surname), "<", "")
	for _, end := range []string{"AJA", "AIA", "AYA", "JA", "IA", "YA", "YJ", "YI", "IJ", "IY", "A", "Y", "I"} {
		if cut, ok := strings.CutSuffix(name, end); ok && len(cut) >= 3 {
			return cut
		}
	}
	return name
}

// Proxy is a person who may collect the book in the holder's place. They were registered in person, with
// the holder, when the holder enrolled.
type Proxy struct {
	Name     string `cbor:"1,keyasint" json:"name"`
	Document string `cbor:"2,keyasint" json:"document"` // number of the identity document that the desk saw
}

// Check refuses a proxy who could not be told from another.
func (x Proxy) Check() error {
	if len([]rune(strings.TrimSpace(x.Name))) < 3 || len(strings.TrimSpace(x.Document)) < 4 || len(x.Name)+len(x.Document) > 240 {
		return fmt.Errorf("proxy: %w", ErrMalformed)
	}
	return nil
}

// Is tells whether a person who comes with a document is this proxy: the number is what counts.
func (x Proxy) Is(document string) bool {
	fold := func(s string) string {
		return strings.ReplaceAll(mrz.FoldLookalikes(strings.ToUpper(s)), " ", "")
	}
	return fold(document) != "" && fold(document) == fold(x.Document)
}
