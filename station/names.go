package station

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"padarozhnik/station/mrz"
)

// Conditions of a name's Latin spelling.
var (
	// ErrSpelling: the printed form does not fold to the zone's, or cannot be written in it.
	ErrSpelling = errors.New("spelling does not fold to the machine readable zone")
	// ErrNameReason: a spelling that no document and no rule gives needs its reason.
	ErrNameReason = errors.New("this spelling needs a reason")
)

// Sources of a spelling, beside the rules of package mrz.
const (
	FromOldZone       = "old-zone"       // of the old passport, perhaps shortened
	FromOldChip       = "old-chip"       // DG11, in full
	FromResidenceCard = "residence-card" // as the officer typed it from the host country's card
	FromOfficer       = "officer"        // none of the others
)

// LatinName is a name in Latin letters.
type LatinName struct {
	Surname    string `cbor:"1,keyasint" json:"surname"`
	GivenNames string `cbor:"2,keyasint" json:"givenNames"`
}

// NameCandidate is a spelling with what made it and what the zone makes of it. Two candidates with equal
// Zone open the same doors at a border.
type NameCandidate struct {
	LatinName
	Source    string       `json:"source"` // one of the sources, or the name of a rule
	Language  mrz.Language `json:"language,omitempty"`
	Zone      string       `json:"zone"` // the name field without fillers at its end
	Truncated bool         `json:"truncated"`
	Printable bool         `json:"printable"` // may be printed as it stands: it folds to its zone
}

// SpellingChoice records how a name came to be spelled.
type SpellingChoice struct {
	Surname    string `cbor:"1,keyasint" json:"surname"`    // source of each part
	GivenNames string `cbor:"2,keyasint" json:"givenNames"` //
	Reason     string `cbor:"3,keyasint,omitempty" json:"reason,omitempty"`

	Card LatinName `cbor:"4,keyasint" json:"card,omitzero"` // as the residence card has it, where there is one
}

// NameField previews the zone's name field of a passport, without fillers at its end, and says whether it
// was truncated (ICAO Doc 9303-4, 4.2.3).
func NameField(n LatinName) (field string, truncated bool, err error) {
	field, err = mrz.EncodeName(n.Surname, n.GivenNames, mrz.TD3.NameLength(), mrz.NameOptions{})
	if err != nil {
		return "", false, fmt.Errorf("%w: %w", ErrSpelling, err)
	}
	whole, err := mrz.EncodeName(n.Surname, n.GivenNames, 4*mrz.TD3.NameLength(), mrz.NameOptions{})
	if err != nil {
		return "", false, fmt.Errorf("%w: %w", ErrSpelling, err)
	}
	field = strings.TrimRight(field, "<")
	return field, field != strings.TrimRight(whole, "<"), nil
}

// languages are those that a Utopian's documents are written in at home.
func languages() []mrz.Language { return []mrz.Language{mrz.Belarusian, mrz.Russian} }

// NameCandidates lists the spellings that an applicant's papers and the rules give, the old zone first: a
// name that borders know is not changed without need. local may differ from the application's own, for a
// name that is written in another language on another paper; a rule that does not know a letter of it gives
// none.
func (a Application) NameCandidates(card LatinName) []NameCandidate {
	var list []NameCandidate
	add := func(source string, lang mrz.Language, n LatinName) {
		field, truncated, err := NameField(n)
		if n.Surname == "" || err != nil {
			return
		}
		list = append(list, NameCandidate{LatinName: n, Source: source, Language: lang, Zone: field,
			Truncated: truncated, Printable: true})
	}
	if doc, ok := a.oldDocument(); ok {
		add(FromOldZone, "", LatinName{doc.Primary, doc.Secondary})
	}
	if a.OldPassport != nil && a.OldPassport.Chip != nil {
		surname, given, _ := strings.Cut(a.OldPassport.Chip.FullName, "<<")
		add(FromOldChip, "", LatinName{strings.ReplaceAll(surname, "<", " "), strings.ReplaceAll(given, "<", " ")})
	}
	add(FromResidenceCard, "", card)
	for _, lang := range languages() {
		surnames, err := mrz.Spellings(a.Applicant.LocalSurname, lang)
		if err != nil {
			continue
		}
		given, err := mrz.Spellings(a.Applicant.LocalGivenNames, lang)
		if err != nil {
			continue
		}
		for i := range surnames {
			add(string(surnames[i].Rule), lang, LatinName{surnames[i].Text, given[i].Text})
		}
	}
	return foldable(list)
}

// foldable marks Łacinka as printable only where another candidate has the same zone: its letters fold to
// something of their own, and a page must say what its zone says (ICAO Doc 9303-3, 4.6).
func foldable(list []NameCandidate) []NameCandidate {
	for i, c := range list {
		if c.Source == string(mrz.RuleLacinka) {
			list[i].Printable = slices.ContainsFunc(list, func(o NameCandidate) bool {
				return o.Source != c.Source && o.Zone == c.Zone
			})
		}
	}
	return list
}

// sourceOf finds which candidates spell a part so, as the zone sees it, and their languages.
func sourceOf(list []NameCandidate, part func(NameCandidate) string, text string) (source string, in []mrz.Language) {
	source = FromOfficer
	for _, c := range list {
		if !strings.EqualFold(part(c), strings.TrimSpace(text)) {
			continue
		}
		if source == FromOfficer {
			source = c.Source
		}
		in = append(in, c.Language)
	}
	return source, in
}

// NamePreview is what becomes of a spelling, before it is chosen.
type NamePreview struct {
	Zone       string `json:"zone"`       // the name field without fillers at its end
	Truncated  bool   `json:"truncated"`  // the zone has not all of it (ICAO Doc 9303-4, 4.2.3)
	Surname    string `json:"surname"`    // source of each part
	GivenNames string `json:"givenNames"` //
	NeedReason bool   `json:"needReason"` // it is none of the candidates, or mixes languages
}

// PreviewName shows what the zone makes of a spelling, where its parts come from, and whether it needs a
// reason. It returns ErrSpelling for one that no zone can hold, or that is not for print.
func (a Application) PreviewName(n, card LatinName) (NamePreview, error) {
	field, truncated, err := NameField(n)
	if err != nil {
		return NamePreview{}, err
	}
	list := a.NameCandidates(card)
	surname, first := sourceOf(list, func(c NameCandidate) string { return c.Surname }, n.Surname)
	given, second := sourceOf(list, func(c NameCandidate) string { return c.GivenNames }, n.GivenNames)
	shared := slices.ContainsFunc(first, func(l mrz.Language) bool { return slices.Contains(second, l) })
	mixed := n.GivenNames != "" && !shared
	for _, c := range list {
		if !c.Printable && strings.EqualFold(c.Surname, n.Surname) && strings.EqualFold(c.GivenNames, n.GivenNames) &&
			c.Source == surname && c.Source == given {
			return NamePreview{}, fmt.Errorf("%s: %w", c.Source, ErrSpelling)
		}
	}
	return NamePreview{Zone: field, Truncated: truncated, Surname: surname, GivenNames: given,
		NeedReason: surname == FromOfficer || given == FromOfficer && n.GivenNames != "" || mixed}, nil
}

// Spell chooses the Latin spelling of an applicant's name. A spelling that is none of the candidates, or
// one whose surname and given names come from different languages, needs a reason, which is kept. The
// printed form must be one that a zone can hold.
func (a *Application) Spell(n LatinName, card LatinName, reason string) error {
	p, err := a.PreviewName(n, card)
	if err != nil {
		return err
	}
	choice := SpellingChoice{Surname: p.Surname, GivenNames: p.GivenNames, Reason: strings.TrimSpace(reason), Card: card}
	if p.NeedReason && len(choice.Reason) < 3 {
		return fmt.Errorf("%s and %s: %w", p.Surname, p.GivenNames, ErrNameReason)
	}
	a.Applicant.Surname, a.Applicant.GivenNames = n.Surname, n.GivenNames
	a.Spelling = &choice
	return nil
}
