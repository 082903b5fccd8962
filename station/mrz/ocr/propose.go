package ocr

import (
	"cmp"
	"errors"
	"math"
	"slices"
	"strings"

	"padarozhnik/station/mrz"
	"padarozhnik/station/mrz/ocr/ocrb"
)

// Bounds of proposals: how far a character may be from its runner-up to be questioned, and how many of a
// field are.
const (
	questionable  = 0.35
	mostQuestions = 16
)

// propose puts into what is shown to a person the fewest and likeliest other characters with which a field
// is as it must be: its check digit right, a nationality that of the issuer, no letter alone among
// fillers. It is only called where a reading is not accepted, and makes none acceptable: whoever repairs
// until the digits fit accepts noise.
func (r *reading) propose(fields []field, check *mrz.CheckError, doubts map[Place]bool) {
	if check != nil {
		for _, name := range check.Fields {
			r.repair(name, fields, doubts)
		}
	}
	r.sameState(fields, doubts)
	r.fillers(fields, doubts)
}

// question is a character that may be another. cost is how much better what was chosen fits: the squared
// distance of two shapes under even noise, so costs of independent characters add up.
type question struct {
	place Place
	other byte
	cost  float64
}

// questions are the likeliest other characters of a field, likeliest first.
func (r *reading) questions(name mrz.Field, fields []field) []question {
	var list []question
	for _, f := range fields {
		for c := f.from; f.name == name && c < min(f.to, len(r.shown[f.line])); c++ {
			at := Place{Line: f.line, Column: c}
			scores, best := &r.lines[f.line].cells[c].scores, r.lines[f.line].choices[c].best
			for i, score := range scores {
				other := ocrb.Alphabet[i]
				if i != best && strings.IndexByte(f.alphabet, other) >= 0 && r.marginTo(at, other) < questionable {
					list = append(list, question{at, other, scores[best] - score})
				}
			}
		}
	}
	slices.SortStableFunc(list, func(a, b question) int { return cmp.Compare(a.cost, b.cost) })
	return list[:min(len(list), mostQuestions)]
}

// repair replaces one or two characters of a field: of all that leave it without a defect, the likeliest, but
// sooner one that leaves no defect at all, the composite's neither.
func (r *reading) repair(name mrz.Field, fields []field, doubts map[Place]bool) {
	list := r.questions(name, fields)
	var best []question
	least := math.Inf(1)
	try := func(with ...question) {
		if cost := r.cost(name, with); cost < least {
			best, least = with, cost
		}
	}
	for i := range list {
		try(list[i])
		for k := range i {
			if list[i].place != list[k].place {
				try(list[i], list[k])
			}
		}
	}
	for _, q := range best {
		r.shown[q.place.Line][q.place.Column] = q.other
		doubts[q.place] = true
	}
}

// moreDefects is what other defects that a repair leaves cost.
const moreDefects = 0.3

// cost is that of replacing characters, infinite where the field has a defect then.
func (r *reading) cost(name mrz.Field, with []question) float64 {
	old, cost := make([]byte, len(with)), 0.0
	for i, q := range with {
		old[i] = r.shown[q.place.Line][q.place.Column]
		r.shown[q.place.Line][q.place.Column] = q.other
		cost += q.cost
	}
	var check *mrz.CheckError
	if errors.As(r.defects(), &check) {
		cost += moreDefects
		if check.Has(name) {
			cost = math.Inf(1)
		}
	}
	for i, q := range with {
		r.shown[q.place.Line][q.place.Column] = old[i]
	}
	return cost
}

// defects parses what is shown.
func (r *reading) defects() error {
	lines := make([]string, len(r.shown))
	for i, line := range r.shown {
		lines[i] = string(line)
	}
	_, err := mrz.Parse(lines)
	return err
}

// sameState proposes the issuer's code as nationality, or the nationality as issuer, where each character that
// makes the difference may well be the other: whichever of the two is the less certain.
func (r *reading) sameState(fields []field, doubts map[Place]bool) {
	var issuer, nationality field
	for _, f := range fields {
		switch f.name {
		case mrz.FieldIssuer:
			issuer = f
		case mrz.FieldNationality:
			nationality = f
		}
	}
	there, thereMargin := r.differing(issuer, nationality)
	here, hereMargin := r.differing(nationality, issuer)
	if hereMargin < thereMargin {
		there, thereMargin = here, hereMargin
	}
	if thereMargin >= questionable {
		return
	}
	for _, q := range there {
		r.shown[q.place.Line][q.place.Column] = q.other
		doubts[q.place] = true
	}
}

// differing are the characters of a field that are others in a field as long, and the sum of their margins.
func (r *reading) differing(from, to field) (list []question, margin float64) {
	for i := range from.to - from.from {
		other := r.shown[from.line][from.from+i]
		if at := (Place{Line: to.line, Column: to.from + i}); r.shown[at.Line][at.Column] != other {
			list = append(list, question{place: at, other: other})
			margin += r.marginTo(at, other)
		}
	}
	return list, margin
}

// marginTo is how much better what was chosen at a place fits than another character.
func (r *reading) marginTo(at Place, other byte) float64 {
	l := &r.lines[at.Line]
	i, best := strings.IndexByte(ocrb.Alphabet, other), l.choices[at.Column].best
	if i < 0 || i == best {
		return 1
	}
	scores := &l.cells[at.Column].scores
	return (scores[best] - scores[i]) / r.templates.apart[best][i]
}

// fillers proposes a filler for a doubtful character between two fillers of a name or of optional data, where no
// check digit speaks against it.
func (r *reading) fillers(fields []field, doubts map[Place]bool) {
	for _, f := range fields {
		if f.name != mrz.FieldName && f.name != mrz.FieldOptional && f.name != mrz.FieldOptional2 {
			continue
		}
		text := r.shown[f.line]
		for c := f.from + 1; c < min(f.to, len(text)); c++ {
			k := r.lines[f.line].choices[c]
			last := c+1 >= min(f.to, len(text)) || text[c+1] == '<'
			if text[c-1] == '<' && last && doubts[Place{Line: f.line, Column: c}] && k.rival >= 0 &&
				ocrb.Alphabet[k.rival] == '<' {
				r.empty(Place{Line: f.line, Column: c})
			}
		}
	}
}

// empty shows a filler at a place unless that makes a defect where there was none.
func (r *reading) empty(at Place) {
	was, cell := r.defects(), &r.shown[at.Line][at.Column]
	old := *cell
	*cell = '<'
	if was == nil && r.defects() != nil {
		*cell = old
	}
}
