package station

import (
	"fmt"
	"strings"
	"unicode"

	"padarozhnik/station/mrz"
)

// Words for what two applications have in common.
const (
	SamePersonalNumber = "personal-number"
	SameBook           = "book"       // the old passport, or one of ours
	SameName           = "name"       // and birth date, in either alphabet
	LikeName           = "spelling"   // and the same birth date
	LikeBirth          = "birth-date" // of one digit more or less, and the same name
	SwappedNames       = "swapped"
)

// Trait is one text by which an application may be recognised, and the word for what it is. Texts are
// personal: they are never stored, only compared under a key.
type Trait struct {
	Word string
	Text string
}

// Traits are what headquarters compares applications by. Who shares an exact trait with another
// applicant is likely the same person; a near one asks for a look. Asked are near traits that are
// looked up and not kept.
type Traits struct {
	Exact, Near, Asked []Trait
}

// maxNear bounds the near traits of one application.
const maxNear = 420

// BookTrait is the trait of whoever has held the passport of a number.
func BookTrait(issuer string, number string) Trait {
	return Trait{SameBook, issuer + "|" + mrz.FoldLookalikes(strings.ToUpper(number))}
}

// FormerBook is the trait of the old passport that the application names; ok is false if it names none.
func (a Application) FormerBook() (t Trait, ok bool) {
	doc, ok := a.oldDocument()
	if !ok || doc.Number == "" {
		return Trait{}, false
	}
	return BookTrait(doc.Issuer, doc.Number), true
}

func (a Application) oldDocument() (mrz.Document, bool) {
	if a.OldPassport == nil {
		return mrz.Document{}, false
	}
	doc, err := mrz.Parse(a.OldPassport.MRZ[:])
	return doc, err == nil
}

// Traits returns the traits of an application.
func (a Application) Traits() Traits {
	var t Traits
	t.Exact = a.exactTraits()
	birth := fmt.Sprintf("%04d%02d%02d", a.Applicant.Birth.Year, a.Applicant.Birth.Month, a.Applicant.Birth.Day)
	for _, p := range a.skeletons() {
		near := append(likeNames(p, birth), likeBirths(p, birth)...)
		if len(t.Near)+len(near) > maxNear && len(t.Near) > 0 {
			break
		}
		t.Near = append(t.Near, near[:min(len(near), maxNear)]...)
		if p.given != "" && p.given != p.surname {
			t.Asked = append(t.Asked, Trait{SwappedNames, nameText(pair{p.given, p.surname}, birth)})
		}
	}
	return t
}

func (a Application) exactTraits() []Trait {
	var out []Trait
	if doc, ok := a.oldDocument(); ok {
		if number := mrz.FoldLookalikes(doc.Optional); len(strings.Trim(number, "<")) >= 6 {
			out = append(out, Trait{SamePersonalNumber, doc.Issuer + "|" + number})
		}
		out = append(out, latinName(doc.Primary, doc.Secondary, a.Applicant.Birth)...)
	}
	if book, ok := a.FormerBook(); ok {
		out = append(out, book)
	}
	who := a.Applicant
	out = append(out, latinName(who.Surname, who.GivenNames, who.Birth)...)
	if surname := localName(who.LocalSurname); surname != "" {
		given := localName(who.LocalGivenNames)
		out = append(out, Trait{SameName, "local|" + surname + "|" + given + "|" + who.Birth.String()})
	}
	return out
}

func latinName(surname, given string, birth Date) []Trait {
	zone := zoneName(surname)
	if zone == "" {
		return nil
	}
	return []Trait{{SameName, "latin|" + zone + "|" + zoneName(given) + "|" + birth.String()}}
}

// localName folds what people write in more than one way: case, apostrophes, hyphens, ё and ў.
func localName(name string) string {
	var b strings.Builder
	for _, r := range strings.ToUpper(name) {
		switch {
		case r == 'Ё':
			b.WriteRune('Е')
		case r == 'Ў':
			b.WriteRune('У')
		case unicode.IsLetter(r):
			b.WriteRune(r)
		case unicode.IsSpace(r), r == '-', r == '‐', r == '–':
			b.WriteByte(' ')
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

func nameText(p pair, birth string) string { return birth + "|" + p.surname + "|" + p.given }

// likeNames are those of the names with letters left out: up to two of the surname's skeleton, one of
// the given name's, fewer where little would be left.
func likeNames(p pair, birth string) []Trait {
	most := 0
	switch n := len(p.surname); {
	case n >= 7:
		most = 2
	case n >= 4:
		most = 1
	}
	var out []Trait
	for _, surname := range shorter(p.surname, most) {
		out = append(out, Trait{LikeName, nameText(pair{surname, p.given}, birth)})
		if len(p.given) < 2 || len(p.surname)-len(surname) > 1 || len(p.given) < 3 && surname != p.surname {
			continue
		}
		for _, given := range shorter(p.given, 1)[1:] {
			out = append(out, Trait{LikeName, nameText(pair{surname, given}, birth)})
		}
	}
	return out
}

// likeBirths are those of the birth date with one digit hidden, two neighbours in either order, or day
// and month in either order. The name must have its whole skeleton.
func likeBirths(p pair, birth string) []Trait {
	if p.given == "" {
		return nil
	}
	var out []Trait
	add := func(kind, masked string) {
		out = append(out, Trait{LikeBirth, kind + "|" + nameText(p, masked)})
	}
	for i := range len(birth) {
		add("digit", birth[:i]+"?"+birth[i+1:])
	}
	for i := range len(birth) - 1 {
		x, y := birth[i], birth[i+1]
		add(fmt.Sprintf("turn%d", i), birth[:i]+string([]byte{min(x, y), max(x, y)})+birth[i+2:])
	}
	month, day := birth[4:6], birth[6:8]
	add("month", birth[:4]+min(month, day)+max(month, day))
	return out
}
