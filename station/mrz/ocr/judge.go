package ocr

import (
	"errors"
	"slices"
	"strings"

	"padarozhnik/station/mrz"
	"padarozhnik/station/mrz/ocr/ocrb"
)

// Bars of acceptance. They were set on 240 drawn TD3 pages (60 office, 60 camera, 120 ruined on
// purpose) of other seeds than those of the tests. There misread characters reached a score of
// 0.86 on a page of mean 0.86 with no margin, and 0.82 with a margin of 0.06 on a page of mean
// 0.83; larger margins, up to 0.12, came only on pages of mean below 0.7. No single bar separates
// right from wrong, so all three must be passed.
const (
	leastScore  = 0.80 // of the weakest character
	leastMargin = 0.08 // between each character and its runner-up
	leastPage   = 0.87 // of the mean of all characters
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
}

// twoLines are the fields that TD2, TD3 and visas have in common (ICAO Doc 9303-4, 4.2.2).
var twoLines = []field{
	{0, 0, 2, letters, mrz.FieldCode},
	{0, 2, 5, letters, mrz.FieldIssuer},
	{0, 5, 44, letters, mrz.FieldName},
	{1, 0, 9, whole, mrz.FieldNumber},
	{1, 9, 10, numbers, mrz.FieldNumber},
	{1, 10, 13, letters, mrz.FieldNationality},
	{1, 13, 19, numbers, mrz.FieldBirth},
	{1, 19, 20, digits, mrz.FieldBirth},
	{1, 20, 21, sexes, mrz.FieldSex},
	{1, 21, 27, numbers, mrz.FieldExpiry},
	{1, 27, 28, digits, mrz.FieldExpiry},
}

// formats lists the fields of each shape. On a visa the last two characters are optional data, so
// their alphabet is open there.
var formats = map[shape][]field{
	{2, 44}: append(slices.Clone(twoLines),
		field{1, 28, 42, whole, mrz.FieldOptional},
		field{1, 42, 43, whole, mrz.FieldOptional},
		field{1, 43, 44, whole, mrz.FieldComposite}),
	{2, 36}: append(slices.Clone(twoLines),
		field{1, 28, 35, whole, mrz.FieldOptional},
		field{1, 35, 36, whole, mrz.FieldComposite}),
	{3, 30}: {
		{0, 0, 2, letters, mrz.FieldCode},
		{0, 2, 5, letters, mrz.FieldIssuer},
		{0, 5, 14, whole, mrz.FieldNumber},
		{0, 14, 15, numbers, mrz.FieldNumber},
		{0, 15, 30, whole, mrz.FieldOptional},
		{1, 0, 6, numbers, mrz.FieldBirth},
		{1, 6, 7, digits, mrz.FieldBirth},
		{1, 7, 8, sexes, mrz.FieldSex},
		{1, 8, 14, numbers, mrz.FieldExpiry},
		{1, 14, 15, digits, mrz.FieldExpiry},
		{1, 15, 18, letters, mrz.FieldNationality},
		{1, 18, 29, whole, mrz.FieldOptional2},
		{1, 29, 30, digits, mrz.FieldComposite},
		{2, 0, 30, letters, mrz.FieldName},
	},
}

// judge fills in what is shown, what is doubtful, and whether the reading is accepted.
func (r *reading) judge() {
	raw := make([]string, len(r.lines))
	doubts := map[Place]bool{}
	for i := range r.lines {
		text := r.lines[i].text()
		raw[i] = string(text)
		r.shown = append(r.shown, text)
		for c := range r.lines[i].cells {
			if m := &r.lines[i].cells[c]; m.score() < leastScore || m.score()-m.scores[m.second()] < leastMargin {
				doubts[Place{Line: i, Column: c}] = true
			}
		}
	}
	fields := formats[shape{len(raw), len(raw[0])}]
	r.keepAlphabets(fields, doubts)
	_, err := mrz.Parse(raw)
	var check *mrz.CheckError
	if errors.As(err, &check) {
		r.suspect(fields, check, doubts)
	}
	r.accepted = err == nil && len(doubts) == 0 && r.mean >= leastPage
	for p := range doubts {
		r.doubtful = append(r.doubtful, p)
	}
	slices.SortFunc(r.doubtful, func(a, b Place) int { return (a.Line-b.Line)*100 + a.Column - b.Column })
}

// keepAlphabets shows the best character that each field allows and doubts where that is not the
// one seen.
func (r *reading) keepAlphabets(fields []field, doubts map[Place]bool) {
	for _, f := range fields {
		text, cells := r.shown[f.line], r.lines[f.line].cells
		for c := f.from; c < min(f.to, len(text)); c++ {
			if strings.IndexByte(f.alphabet, text[c]) >= 0 {
				continue
			}
			best := -1.0
			for i, s := range cells[c].scores {
				if s > best && strings.IndexByte(f.alphabet, ocrb.Alphabet[i]) >= 0 {
					best, text[c] = s, ocrb.Alphabet[i]
				}
			}
			doubts[Place{Line: f.line, Column: c}] = true
		}
	}
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
				m := &r.lines[f.line].cells[c]
				if margin := m.score() - m.scores[m.second()]; margin < least {
					least, weakest = margin, Place{Line: f.line, Column: c}
				}
			}
		}
		if least < 2 {
			doubts[weakest] = true
		}
	}
}
