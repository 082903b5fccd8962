package ocr

import (
	"errors"
	"slices"
	"strings"

	"padarozhnik/station/mrz"
	"padarozhnik/station/mrz/ocr/ocrb"
)

// Bounds of proposals: how far a character may be from its runner-up to be questioned, and how many of a
// field are.
const (
	questionable  = 0.35
	mostQuestions = 8
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

// question is a character that may be another.
type question struct {
	place  Place
	other  byte
	margin float64
}

// questions are the least certain characters of a field, least certain first.
func (r *reading) questions(name mrz.Field, fields []field) []question {
	var list []question
	for _, f := range fields {
		for c := f.from; f.name == name && c < min(f.to, len(r.shown[f.line])); c++ {
			if k := r.lines[f.line].choices[c]; k.rival >= 0 && k.margin < questionable {
				list = append(list, question{Place{Line: f.line, Column: c}, ocrb.Alphabet[k.rival], k.margin})
			}
		}
	}
	slices.SortStableFunc(list, func(a, b question) int {
		if a.margin < b.margin {
			return -1
		}
		return 1
	})
	return list[:min(len(list), mostQuestions)]
}

// repair tries one other character of a field, then two.
func (r *reading) repair(name mrz.Field, fields []field, doubts map[Place]bool) {
	list := r.questions(name, fields)
	for i := range list {
		if r.try(name, doubts, list[i]) {
			return
		}
	}
	for i := range list {
		for k := range i {
			if r.try(name, doubts, list[i], list[k]) {
				return
			}
		}
	}
}

// try replaces characters and keeps them replaced if the field has no defect then.
func (r *reading) try(name mrz.Field, doubts map[Place]bool, with ...question) bool {
	old := make([]byte, len(with))
	for i, q := range with {
		old[i] = r.shown[q.place.Line][q.place.Column]
		r.shown[q.place.Line][q.place.Column] = q.other
	}
	var check *mrz.CheckError
	if !errors.As(r.defects(), &check) || !slices.Contains(check.Fields, name) {
		for _, q := range with {
			doubts[q.place] = true
		}
		return true
	}
	for i, q := range with {
		r.shown[q.place.Line][q.place.Column] = old[i]
	}
	return false
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

// sameState proposes the issuer's code as nationality, or the nationality as issuer, where one character makes
// the difference and may well be the other: whichever of the two is the less certain.
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
	best := question{margin: questionable}
	for _, way := range [][2]field{{issuer, nationality}, {nationality, issuer}} {
		from, to := r.shown[way[0].line][way[0].from:way[0].to], r.shown[way[1].line][way[1].from:way[1].to]
		differs := -1
		for i := range from {
			if from[i] != to[i] && differs >= 0 {
				return
			}
			if from[i] != to[i] {
				differs = i
			}
		}
		if differs < 0 {
			return
		}
		at := Place{Line: way[1].line, Column: way[1].from + differs}
		if margin := r.marginTo(at, from[differs]); margin < best.margin {
			best = question{at, from[differs], margin}
		}
	}
	if best.margin < questionable {
		r.shown[best.place.Line][best.place.Column] = best.other
		doubts[best.place] = true
	}
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

// fillers proposes a filler for a doubtful character of the name between two fillers.
func (r *reading) fillers(fields []field, doubts map[Place]bool) {
	for _, f := range fields {
		if f.name != mrz.FieldName {
			continue
		}
		text := r.shown[f.line]
		for c := f.from + 1; c < min(f.to, len(text)); c++ {
			k := r.lines[f.line].choices[c]
			last := c+1 >= len(text) || text[c+1] == '<'
			if text[c-1] == '<' && last && doubts[Place{Line: f.line, Column: c}] && k.rival >= 0 &&
				ocrb.Alphabet[k.rival] == '<' {
				text[c] = '<'
			}
		}
	}
}
