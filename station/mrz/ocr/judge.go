package ocr

import (
	"errors"
	"slices"
	"strings"

	"padarozhnik/station/mrz"
	"padarozhnik/station/mrz/ocr/ocrb"
)

// Bars of acceptance. They were set on 220 hard and 218 damaged pages of synth from CalibrationSeed on, in
// the face of the templates alone. A misread character there lies below its page's mean, or near to a
// rival, or is of the three kinds that have bars of their own.
const (
	leastPage    = 0.72 // of the mean of all characters
	leastScore   = 0.60 // of the weakest character
	leastMargin  = 0.05 // of each character to the nearest that its field allows
	leastSum     = 0.04 // of margin, less shareBelow of what the score lies below the mean
	shareBelow   = 0.4
	fillerBelow  = 0.15 // how far a filler may lie below the mean: nothing damaged looks like one
	checkedBelow = 0.12 // the same of other characters that a check digit covers
	nameBelow    = 0.08 // and of those that none covers

	leastTwin  = 0.02 // margin of a twin that a check digit tells from the other
	leastC     = 0.15 // of a C: an O, G or Q that has lost its right side is one
	leastQ     = 0.15 // of a Q that lies strayBelow the mean: an O with a stray stroke on it is one
	strayBelow = 0.04
	leastAlone = 0.25 // of what stands between two fillers and is next to a filler: a scratched filler
)

// Alphabets of fields (ICAO Doc 9303-3, 4.3 and 4.7; 9303-4, 4.2.2).
const (
	letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ<"
	digits  = "0123456789"
	numbers = digits + "<"
	sexes   = "MF<"
	whole   = ocrb.Alphabet
)

// field is a stretch of a line with one alphabet; the check digits that cover it are those of the
// named field of package mrz.
type field struct {
	line, from, to int
	alphabet       string
	name           mrz.Field
	covered        bool // by a check digit
}

// twoLines are the fields that TD2, TD3 and visas have in common (ICAO Doc 9303-4, 4.2.2).
var twoLines = []field{
	{0, 0, 2, letters, mrz.FieldCode, false},
	{0, 2, 5, letters, mrz.FieldIssuer, false},
	{0, 5, 44, letters, mrz.FieldName, false},
	{1, 0, 9, whole, mrz.FieldNumber, true},
	{1, 9, 10, numbers, mrz.FieldNumber, true},
	{1, 10, 13, letters, mrz.FieldNationality, false},
	{1, 13, 19, numbers, mrz.FieldBirth, true},
	{1, 19, 20, digits, mrz.FieldBirth, true},
	{1, 20, 21, sexes, mrz.FieldSex, false},
	{1, 21, 27, numbers, mrz.FieldExpiry, true},
	{1, 27, 28, digits, mrz.FieldExpiry, true},
}

// formats lists the fields of each shape.
var formats = map[shape][]field{
	{2, 44}: append(slices.Clone(twoLines),
		field{1, 28, 42, whole, mrz.FieldOptional, true},
		field{1, 42, 43, numbers, mrz.FieldOptional, true},
		field{1, 43, 44, digits, mrz.FieldComposite, true}),
	{2, 36}: append(slices.Clone(twoLines),
		field{1, 28, 35, whole, mrz.FieldOptional, true},
		field{1, 35, 36, digits, mrz.FieldComposite, true}),
	{3, 30}: {
		{0, 0, 2, letters, mrz.FieldCode, false},
		{0, 2, 5, letters, mrz.FieldIssuer, false},
		{0, 5, 14, whole, mrz.FieldNumber, true},
		{0, 14, 15, numbers, mrz.FieldNumber, true},
		{0, 15, 30, whole, mrz.FieldOptional, true},
		{1, 0, 6, numbers, mrz.FieldBirth, true},
		{1, 6, 7, digits, mrz.FieldBirth, true},
		{1, 7, 8, sexes, mrz.FieldSex, false},
		{1, 8, 14, numbers, mrz.FieldExpiry, true},
		{1, 14, 15, digits, mrz.FieldExpiry, true},
		{1, 15, 18, letters, mrz.FieldNationality, false},
		{1, 18, 29, whole, mrz.FieldOptional2, true},
		{1, 29, 30, digits, mrz.FieldComposite, true},
		{2, 0, 30, letters, mrz.FieldName, false},
	},
}

// visas are the fields of visas: what follows the date of expiry is optional, and no check digit covers
// it (ICAO Doc 9303-7, 4.2.2).
var visas = append(slices.Clone(twoLines), field{1, 28, 44, whole, mrz.FieldOptional, false})

// fieldsOf are the fields of a reading by its shape and its first character.
func (r *reading) fieldsOf() []field {
	if len(r.lines) == 2 && ocrb.Alphabet[r.lines[0].cells[0].best] == 'V' {
		return visas
	}
	return formats[shape{len(r.lines), len(r.lines[0].cells)}]
}

// choice is what a cell comes to under the alphabet of its field. margin is how much better best fits
// than rival, in units of the distance of their templates: noise moves it alike for characters that are
// much alike and for others.
type choice struct {
	best, rival int // of those that the field allows; rival is -1 where it allows one alone
	margin      float64
	twin        bool // best is not what fits best of all, but its twin
	replaced    bool // best is not what fits best of all, nor its twin
}

// twinShapes are characters that differ in nothing but what their field allows (ICAO Doc 9303-3, 4.3, has
// none of them in one field but in document numbers and optional data, where check digits tell them
// apart).
var twinShapes = map[byte]byte{'0': 'O', 'O': '0', '1': 'I', 'I': '1', '2': 'Z', 'Z': '2', '5': 'S', 'S': '5',
	'8': 'B', 'B': '8'}

// choose decides on a cell.
func (m *match) choose(alphabet string, t *templates) choice {
	c := choice{best: -1, rival: -1, margin: 1}
	for i, s := range m.scores {
		if strings.IndexByte(alphabet, ocrb.Alphabet[i]) >= 0 && (c.best < 0 || s > m.scores[c.best]) {
			c.best = i
		}
	}
	for i, s := range m.scores {
		if i == c.best || strings.IndexByte(alphabet, ocrb.Alphabet[i]) < 0 {
			continue
		}
		if margin := (m.scores[c.best] - s) / t.apart[c.best][i]; c.rival < 0 || margin < c.margin {
			c.rival, c.margin = i, margin
		}
	}
	if c.best != m.best {
		c.twin = twinShapes[ocrb.Alphabet[m.best]] == ocrb.Alphabet[c.best]
		c.replaced = !c.twin
	}
	return c
}

// judge fills in what is shown, what is doubtful, and whether the reading is accepted.
func (r *reading) judge() {
	fields := r.fieldsOf()
	doubts := map[Place]bool{}
	for i := range r.lines {
		r.choose(i, fields, doubts)
		text := make([]byte, len(r.lines[i].choices))
		for c, choice := range r.lines[i].choices {
			text[c] = ocrb.Alphabet[choice.best]
		}
		r.shown = append(r.shown, text)
	}
	err := r.defects()
	r.accepted = err == nil && len(doubts) == 0 && r.mean >= leastPage
	if !r.accepted {
		var check *mrz.CheckError
		if errors.As(err, &check) {
			r.suspect(fields, check, doubts)
		}
		r.propose(fields, check, doubts)
	}
	for p := range doubts {
		r.doubtful = append(r.doubtful, p)
	}
	slices.SortFunc(r.doubtful, func(a, b Place) int { return (a.Line-b.Line)*100 + a.Column - b.Column })
}

// choose decides on the cells of a line and doubts those that do not pass the bars.
func (r *reading) choose(number int, fields []field, doubts map[Place]bool) {
	l := &r.lines[number]
	l.choices = make([]choice, len(l.cells))
	filler := func(c int) bool { return c < 0 || c >= len(l.cells) || ocrb.Alphabet[l.cells[c].best] == '<' }
	for _, f := range fields {
		for c := f.from; f.line == number && c < min(f.to, len(l.cells)); c++ {
			k := l.cells[c].choose(f.alphabet, r.templates)
			l.choices[c] = k
			if !k.clear(l.cells[c].scores[k.best], r.mean, f.covered, filler(c-1) && filler(c+1)) {
				doubts[Place{Line: number, Column: c}] = true
			}
		}
	}
}

// clear says whether a choice passes the bars; alone tells that it stands between fillers.
func (c choice) clear(score, mean float64, covered, alone bool) bool {
	best, rival := ocrb.Alphabet[c.best], byte(0)
	if c.rival >= 0 {
		rival = ocrb.Alphabet[c.rival]
	}
	least, most := leastMargin, nameBelow
	switch {
	case best == '<':
		most = fillerBelow
	case covered:
		most = checkedBelow
	}
	switch {
	case best == 'C' && strings.IndexByte("OGQ", rival) >= 0:
		least = leastC
	case best == 'Q' && rival == 'O' && mean-score > strayBelow:
		least = leastQ
	case alone && rival == '<':
		least = leastAlone
	case covered && twinShapes[best] == rival:
		least = leastTwin
	}
	below := max(0, mean-score)
	return !c.replaced && score >= leastScore && below <= most && c.margin >= least &&
		c.margin-shareBelow*below >= min(least, leastMargin)-leastMargin+leastSum
}

// composed are the fields that a composite check digit covers (ICAO Doc 9303-4, 4.2.2).
var composed = []mrz.Field{mrz.FieldNumber, mrz.FieldBirth, mrz.FieldExpiry, mrz.FieldOptional, mrz.FieldOptional2}

// suspect doubts the least certain character of each field with a defect; of all that the
// composite covers if that one alone fails.
func (r *reading) suspect(fields []field, check *mrz.CheckError, doubts map[Place]bool) {
	for _, name := range check.Fields {
		var weakest Place
		least := 2.0
		for _, f := range fields {
			alone := name == mrz.FieldComposite && len(check.Fields) == 1
			if f.name != name && !(alone && slices.Contains(composed, f.name)) {
				continue
			}
			for c := f.from; c < min(f.to, len(r.lines[f.line].cells)); c++ {
				if margin := r.lines[f.line].choices[c].margin; margin < least {
					least, weakest = margin, Place{Line: f.line, Column: c}
				}
			}
		}
		if least < 2 {
			doubts[weakest] = true
		}
	}
}
