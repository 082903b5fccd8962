package issuance_test

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"golang.org/x/image/draw"

	virtualprinter "padarozhnik/devices/virtual/printer"
	"padarozhnik/printing"
	"padarozhnik/station"
	"padarozhnik/station/issuance"
	"padarozhnik/station/journal/event"
	"padarozhnik/station/mrz"
	"padarozhnik/station/portrait"
	"padarozhnik/station/portrait/utopian"
)

var sitter = sync.OnceValue(func() image.Image {
	return utopian.Draw(utopian.Person{Seed: 3, Age: 36, Hair: utopian.HairSwept, Tone: 0.3, Skin: 0.15}, 630, 810)
})

// portraitBytes is a portrait as TakePortrait keeps it; TestOnePassport takes one through all checks.
var portraitBytes = sync.OnceValue(func() []byte {
	b, err := portrait.Encode(portrait.Crop(sitter(), sitter().Bounds()), 20480)
	if err != nil {
		panic(err)
	}
	return b
})

func person() station.Applicant {
	return station.Applicant{
		Surname: "VANDROUNAIA", GivenNames: "ZORKA MIRA", LocalSurname: "Вандроўная", LocalGivenNames: "Зорка Міра",
		Birth: station.Date{Year: 1991, Month: 5, Day: 14}, PlaceOfBirth: "Zenith", Sex: mrz.Female, Nationality: "UTO",
	}
}

// layOldPassport puts an old data page onto the scanner's folder.
func (o *office) layOldPassport(a station.Applicant) {
	t := o.t
	t.Helper()
	p := o.charter.Profile
	p.DocumentCode = "P"
	issue, expiry := station.Date{Year: 2014, Month: 3, Day: 3}, station.Date{Year: 2024, Month: 3, Day: 2}
	zone := must(station.Zone(p, a, "UT0031416", issue, expiry))(t)
	layout := must(printing.Utopia())(t)
	ink := must(printing.Render(t.Context(), printing.Page{
		DocumentCode: "P", Issuer: "UTO", Number: "UT0031416", Surname: a.Surname, GivenNames: a.GivenNames,
		Nationality: "Utopian", Birth: printing.DateText(1991, 5, 14), Sex: "F", PlaceOfBirth: "Zenith",
		Issue: printing.DateText(2014, 3, 3), Expiry: printing.DateText(2024, 3, 2), Authority: "Utopia",
		MRZ: zone, Portrait: sitter(),
	}, layout, 300))(t)
	glass := image.NewRGBA(image.Rect(0, 0, 2480, 3508))
	draw.Draw(glass, glass.Bounds(), image.White, image.Point{}, draw.Src)
	draw.Draw(glass, ink.Bounds().Add(image.Pt(400, 500)), ink, image.Point{}, draw.Src)
	var b bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestSpeed}).Encode(&b, glass); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(o.pages, "old.png"), b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
}

// capture brings a draft to its submission, doing only what it still lacks.
func (o *office) capture(ctx context.Context, d *issuance.Desk, token station.CaseToken) error {
	seat := o.seat(d, "E")
	a, err := d.Application(ctx, seat, token)
	if err != nil {
		return err
	}
	if a.OldPassport == nil {
		zone, err := station.Zone(o.charter.Profile, person(), "UT0031416", station.Date{Year: 2026, Month: 1, Day: 2},
			station.Date{Year: 2036, Month: 1, Day: 1})
		if err != nil {
			return err
		}
		if err := d.TypeOldPassport(ctx, seat, token, zone); err != nil {
			return err
		}
	}
	if a.Portrait == nil {
		picture := portraitBytes()
		keep := func(a *station.Application) error { a.Portrait = picture; return nil }
		if err := d.Amend(ctx, seat, token, "portrait", keep); err != nil {
			return err
		}
	}
	if a.Evidence == nil {
		if err := d.Amend(ctx, seat, token, "person", complete); err != nil {
			return err
		}
	}
	if a.OldPassport == nil || a.OldPassport.Page == nil {
		page := station.PrintedPage{Number: "UT0031416", Surname: person().Surname, Birth: person().Birth}
		if err := d.TypeOldPage(ctx, seat, token, page); err != nil {
			return err
		}
	}
	if a.OldPassport == nil || a.OldPassport.Chip == nil {
		if err := d.WaiveOldChip(ctx, seat, token, "older than chips"); err != nil {
			return err
		}
	}
	if a.CannotSign == "" {
		if err := d.CannotSign(ctx, seat, token, "a broken hand"); err != nil {
			return err
		}
	}
	if a.Spelling == nil {
		name := station.LatinName{Surname: a.Applicant.Surname, GivenNames: a.Applicant.GivenNames}
		if name.Surname == "" {
			name = station.LatinName{Surname: person().Surname, GivenNames: person().GivenNames}
		}
		if err := d.SpellName(ctx, seat, token, name, station.LatinName{}, ""); err != nil {
			return err
		}
	}
	return d.Submit(ctx, seat, token)
}

func complete(a *station.Application) error {
	a.Applicant = person()
	a.Evidence = []station.Evidence{{Kind: "interview", Note: "convincing", Scores: map[station.Question]int{
		station.IdentityExists: 1, station.LinkedToIt: 1, station.UsesIt: 1,
	}}}
	a.Consents = []station.Consent{
		{Item: "passport", Given: true}, {Item: "chip", Given: true}, {Item: "headquarters-copy", Given: false},
	}
	return nil
}

// next does what comes next for the one open case, opening it if there is none. It is what five
// officers do one after another, and it trusts the record alone.
func (o *office) next(ctx context.Context, d *issuance.Desk) (closed bool, err error) {
	if err := o.receive(d); err != nil {
		return false, err
	}
	board, err := d.Board(ctx)
	if err != nil {
		return false, err
	}
	if len(board.Cases) == 0 {
		_, err := d.Enrol(ctx, o.seat(d, "E"))
		return false, err
	}
	c := board.Cases[0]
	switch c.Stage {
	case station.StageDraft, station.StageReturned:
		return false, o.capture(ctx, d, c.Token)
	case station.StageSubmitted, station.StageSpoiled:
		if c.Asked {
			o.exchange(d)
			return false, nil
		}
		if o.ownSigner != nil { // the keys of the blanks come when these are in the safe
			if _, err := o.sync(ctx, d); err != nil {
				return false, err
			}
			o.round()
			if _, err := o.sync(ctx, d); err != nil {
				return false, err
			}
		}
		_, err := d.Approve(ctx, o.seat(d, "A"), c.Token, "complete", o.charter.Profile.Approval...)
		return false, err
	case station.StageApproved:
		if _, err := o.sync(ctx, d); err != nil {
			return false, err
		}
		o.round()
		if _, err := o.sync(ctx, d); err != nil {
			return false, err
		}
		draft, err := d.Draft(ctx, c.Token)
		if err != nil || !draft.Ready {
			return false, err
		}
		return false, d.SignHere(ctx, o.seat(d, "A"), c.Token, o.ownSigner)
	case station.StageOrdered, station.StageProducing, station.StagePassed:
		if acted, err := o.batchOffice(ctx, d); acted || err != nil {
			return false, err
		}
	}
	switch c.Stage {
	case station.StageOrdered, station.StageProducing:
		return false, o.produce(ctx, d, c, board.Booklets[c.Serial].State)
	case station.StagePassed:
		if o.typo && len(c.Spoiled) == 0 {
			return false, d.WasteFinished(ctx, o.seat(d, "E"), o.seat(d, "I"), c.Token, event.WasteTypo, "a letter is wrong")
		}
		return false, d.HandOver(ctx, o.seat(d, "E"), c.Token, given())
	case station.StageHanded:
		if _, err := o.sync(ctx, d); err != nil {
			return false, err
		}
		_, err := d.Close(ctx)
		return false, err
	}
	return c.Stage == station.StageClosed, nil
}

// given is a hand-over of which everything was confirmed.
func given() station.Handing {
	return station.Handing{Present: true, Match: true, Checked: true, Chip: true, Old: station.CustodyHolder}
}

// makeOne goes on with the booklet of the one case, outside of any run.
func (o *office) makeOne(ctx context.Context, d *issuance.Desk) error {
	board, err := d.Board(ctx)
	if err != nil {
		return err
	}
	c := board.Cases[0]
	if c.Stage == station.StagePassed {
		return d.HandOver(ctx, o.seat(d, "E"), c.Token, given())
	}
	return o.produce(ctx, d, c, board.Booklets[c.Serial].State)
}

func (o *office) produce(ctx context.Context, d *issuance.Desk, c station.Case, state station.State) error {
	operator := o.seat(d, "O")
	switch state {
	case station.StatePrinted:
		_, err := d.Inspect(ctx, o.seat(d, "I"), c.Token, nil, o.charter.Profile.Visual...)
		return err
	case station.StateInking:
		e, err := d.Examine(ctx, operator, c.Token, nil)
		if err != nil {
			return err
		}
		switch {
		case e.PageOK:
			return d.Resolve(ctx, operator, c.Token, station.StatePrinted, "page complete")
		case o.blankPage(c.Serial):
			return d.Resolve(ctx, operator, c.Token, station.StateEncoded, "no ink")
		}
		return d.Resolve(ctx, operator, c.Token, station.StateSpoiled, "half printed")
	}
	return d.Produce(ctx, operator, c.Token, nil)
}

// blankPage looks at the page of a book as a person would: is there anything on it that the maker
// did not print?
func (o *office) blankPage(serial station.Serial) bool {
	t := o.t
	blank := must(png.Decode(bytes.NewReader(drawnBlank(t, string(serial)))))(t)
	f := must(os.Open(o.table.PagePath(string(serial))))(t)
	defer f.Close()
	page := must(png.Decode(f))(t)
	pixels := func(img image.Image) []byte {
		whole := image.NewRGBA(blank.Bounds())
		draw.Draw(whole, whole.Bounds(), img, img.Bounds().Min, draw.Src)
		return whole.Pix
	}
	return bytes.Equal(pixels(blank), pixels(page))
}

// batchOffice keeps the run of the one order: begun before its blank is taken, reported when the booklet has
// come to its end.
func (o *office) batchOffice(ctx context.Context, d *issuance.Desk) (acted bool, err error) {
	s, err := d.RunStatus(ctx)
	switch {
	case errors.Is(err, issuance.ErrNoRun):
		_, err := d.BeginRun(ctx, o.seat(d, "O"), o.sheet(d))
		return true, err
	case err == nil && s.State != station.RunEnded && s.Tally.Ended():
		_, err := d.ReportRun(ctx, o.seat(d, "O"))
		return true, err
	}
	return false, err
}

// finish leads the case to its close.
func (o *office) finish(d *issuance.Desk) station.Case {
	o.t.Helper()
	for range 60 {
		closed, err := o.next(o.t.Context(), d)
		if err != nil {
			o.t.Fatal(err)
		}
		if closed {
			return must(d.Board(o.t.Context()))(o.t).Cases[0]
		}
	}
	o.t.Fatal("the case does not end")
	return station.Case{}
}

// TestCountMustEqualTheManifest: the short form of a receipt, where two custodians count together. What
// differs puts the bag into quarantine; what cannot be a count is refused before the manifest is opened.
func TestCountMustEqualTheManifest(t *testing.T) {
	all := []station.Serial{"UT4200001", "UT4200002", "UT4200003"}
	for name, tc := range map[string]struct {
		counted []station.Serial
		want    error
		state   station.State // of the blanks afterwards; "" for a manifest that is still closed
	}{
		"one missing":       {all[:2], station.ErrNotOurs, station.StateQuarantined},
		"one extra":         {append(slices.Clone(all), "UT4299999"), station.ErrNotOurs, station.StateQuarantined},
		"one counted twice": {[]station.Serial{all[0], all[1], all[1], all[2]}, station.ErrTwice, ""},
		"none":              {nil, station.ErrNotOurs, station.StateQuarantined},
		"all":               {all, nil, station.StateAvailable},
	} {
		t.Run(name, func(t *testing.T) {
			o := newOffice(t, 3)
			d := o.desk(nil)
			must(d.Sync(t.Context()))(t)
			err := d.ReceiveStock(t.Context(), o.seat(d, "A"), o.seat(d, "C"), tc.counted)
			if !errors.Is(err, tc.want) || tc.want == nil && err != nil {
				t.Errorf("got %v", err)
			}
			books := must(d.Stock(t.Context()))(t)
			if tc.state == "" && len(books) > 0 {
				t.Errorf("the manifest was opened: %v", books)
			}
			for _, b := range books {
				if b.State != tc.state {
					t.Errorf("%s is %s, want %s", b.Serial, b.State, tc.state)
				}
			}
		})
	}
}

func TestPrinterConditions(t *testing.T) {
	for name, tc := range map[string]struct {
		fault virtualprinter.Fault
		books int // used up
	}{
		"no booklet": {virtualprinter.NoBooklet, 1}, "ink empty": {virtualprinter.InkEmpty, 1},
		"cover open": {virtualprinter.CoverOpen, 1}, "jam": {virtualprinter.Jam, 2},
		"power lost": {virtualprinter.PowerLost, 2}, "power lost before ink": {virtualprinter.PowerLostEarly, 1},
	} {
		t.Run(name, func(t *testing.T) {
			o := newOffice(t, 2)
			d := o.desk(nil)
			for o.state(d) != station.StateEncoded {
				if _, err := o.next(t.Context(), d); err != nil {
					t.Fatal(err)
				}
			}
			if err := o.printer.Plant(tc.fault); err != nil {
				t.Fatal(err)
			}
			_, err := o.next(t.Context(), d)
			if err == nil || issuance.Cure(err) == "other" {
				t.Fatalf("printed, or without a sentence: %v", err)
			}
			if s := o.state(d); s == station.StatePrinted {
				t.Fatal("the record says printed")
			}
			if err := o.printer.Plant(virtualprinter.NoFault); err != nil {
				t.Fatal(err)
			}
			c := o.finish(d)
			if len(c.Spoiled)+1 != tc.books {
				t.Errorf("%d booklets used, want %d", len(c.Spoiled)+1, tc.books)
			}
		})
	}
}

// state is that of the booklet of the one case, "" before there is one.
func (o *office) state(d *issuance.Desk) station.State {
	board := must(d.Board(o.t.Context()))(o.t)
	if len(board.Cases) == 0 {
		return ""
	}
	return board.Booklets[board.Cases[0].Serial].State
}
