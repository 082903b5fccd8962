package issuance_test

import (
	"bytes"
	"errors"
	"image/png"
	"slices"
	"testing"

	"padarozhnik/devices"
	"padarozhnik/station"
	"padarozhnik/station/issuance"
	"padarozhnik/station/mrz"
	"padarozhnik/station/mrz/ocr/synth"
)

// TestDoubtfulCharacters scans a page on which one digit is damaged in print, and decides on it as an officer
// does: by its picture, with a proposal and what else it may be.
func TestDoubtfulCharacters(t *testing.T) {
	o := newOffice(t, 1)
	d := o.desk(nil)
	seat := o.seat(d, "E")
	token := must(d.Enrol(t.Context(), seat))(t)
	zone := bornAbroad(t, person())
	page := synth.Random(mrz.TD3, synth.Clean, 0, 77)
	page.DPI, page.WidthMM, page.HeightMM, page.XMM, page.YMM, page.Degrees = 300, 210, 297, 90, 80, 2
	page.Lines = slices.Clone(zone[:])
	page.Lines[1] = page.Lines[1][:15] + "O" + page.Lines[1][16:] // a letter stands in the date of birth
	o.layPicture("doubtful.png", page.Draw())

	var stages []string
	read, err := d.ScanOldPassport(t.Context(), seat, token, func(p devices.Progress) { stages = append(stages, p.Step) })
	if !errors.Is(err, issuance.ErrDoubtful) || !read.Found || read.Accepted || read.Poor {
		t.Fatalf("%+v: %v", read.Lines, err)
	}
	if !slices.Contains(stages, "read") || len(stages) < 2 {
		t.Errorf("progress: %v", stages)
	}
	at := slices.IndexFunc(read.Doubts, func(c issuance.Doubt) bool { return c.Line == 1 && c.Column == 15 })
	if at < 0 {
		t.Fatalf("doubts: %+v", read.Doubts)
	}
	doubt := read.Doubts[at]
	if doubt.Seen != 'O' || doubt.Proposed != '0' || doubt.Field != mrz.FieldBirth || len(doubt.Others) == 0 ||
		slices.Contains(doubt.Others, '0') || slices.Contains(doubt.Others, 'O') {
		t.Errorf("seen %c, proposed %c of %s, others %c", doubt.Seen, doubt.Proposed, doubt.Field, doubt.Others)
	}
	for _, b := range append(slices.Clone(read.Strips), doubt.Picture) {
		if m, err := png.Decode(bytes.NewReader(b)); err != nil || m.Bounds().Dx() < 40 {
			t.Errorf("picture: %v", err)
		}
	}
	if len(read.Strips) != 2 {
		t.Errorf("%d strips", len(read.Strips))
	}
	decide := func(c ...issuance.CharDecision) error { return d.DecideOldPassport(t.Context(), seat, token, read, c) }
	if err := decide(); !errors.Is(err, station.ErrIncomplete) {
		t.Errorf("nothing decided: %v", err)
	}
	var all []issuance.CharDecision
	for _, doubt := range read.Doubts {
		all = append(all, issuance.CharDecision{Line: doubt.Line, Column: doubt.Column, Rune: rune(zone[doubt.Line][doubt.Column])})
	}
	wrong := slices.Clone(all)
	wrong[at].Rune = '0' + (wrong[at].Rune-'0'+1)%10
	if err := decide(wrong...); !errors.Is(err, issuance.ErrDoubtful) {
		t.Errorf("decided against the check digit: %v", err)
	}
	if err := decide(append(wrong, issuance.CharDecision{Line: 2})...); !errors.Is(err, station.ErrMalformed) {
		t.Errorf("a third line: %v", err)
	}
	if a := must(d.Application(t.Context(), seat, token))(t); a.OldPassport != nil {
		t.Error("a zone in doubt was kept")
	}
	if err := decide(all...); err != nil {
		t.Fatal(err)
	}
	a := must(d.Application(t.Context(), seat, token))(t)
	if old := a.OldPassport; old.MRZ != zone || old.Accepted || !old.ByPerson() || len(old.Decided) != len(all) ||
		old.Decided[at].Chosen != string(rune(zone[1][15])) || a.Applicant.Surname != person().Surname {
		t.Errorf("%+v", a.OldPassport)
	}
}
