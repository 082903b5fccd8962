package issuance_test

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/jpeg"
	"image/png"
	"math"
	"os"
	"slices"
	"testing"
	"time"

	"padarozhnik/devices"
	"padarozhnik/devices/ipp"
	virtualprinter "padarozhnik/devices/virtual/printer"
	"padarozhnik/printing"
	"padarozhnik/station"
	"padarozhnik/station/issuance"
)

// encoded leads the one open case until its booklet waits for the printer.
func (o *office) encoded(d *issuance.Desk) station.Case {
	o.t.Helper()
	for range 40 {
		board := must(d.Board(o.t.Context()))(o.t)
		if len(board.Cases) > 0 && board.Booklets[board.Cases[0].Serial].State == station.StateEncoded {
			return board.Cases[0]
		}
		if _, err := o.next(o.t.Context(), d); err != nil {
			o.t.Fatal(err)
		}
	}
	o.t.Fatal("no booklet is encoded")
	return station.Case{}
}

// recorded is what the record says of a booklet.
func (o *office) recorded(d *issuance.Desk, serial station.Serial) station.State {
	o.t.Helper()
	return must(d.Board(o.t.Context()))(o.t).Booklets[serial].State
}

// TestEveryPrinterCondition walks through every condition that a passport printer can be in, with the
// virtual printer behind the real driver, from the officer's order to the record. Each time the record
// tells the truth about the booklet: "encoded" where no ink was laid, "inking" where nobody can know;
// and what a person decides after looking is what the page shows.
func TestEveryPrinterCondition(t *testing.T) {
	o := newOffice(t, 8)
	d := o.desk(nil)
	d.Printer = must(ipp.New(o.inkURL, nil, ipp.Options{Poll: 20 * time.Millisecond, Reach: 300 * time.Millisecond,
		Cancel: 3 * time.Second}))(t)
	for _, c := range []struct {
		fault virtualprinter.Fault
		want  error
		cure  string
	}{
		{virtualprinter.NoBooklet, devices.ErrNoBooklet, "no-booklet"},
		{virtualprinter.InkEmpty, devices.ErrInkEmpty, "ink-empty"},
		{virtualprinter.CoverOpen, devices.ErrCoverOpen, "cover-open"},
		{virtualprinter.WrongPage, devices.ErrWrongPage, "wrong-page"},
		{virtualprinter.WrongBooklet, devices.ErrWrongBlank, "wrong-blank"},
		{virtualprinter.Skew, devices.ErrSkewed, "skewed"},
		{virtualprinter.Damaged, devices.ErrDamaged, "damaged"},
		{virtualprinter.Maintenance, devices.ErrMaintenance, "maintenance"},
	} {
		t.Run(string(c.fault), func(t *testing.T) { o.walkClean(t, d, c.fault, c.want, c.cure) })
	}
	for _, c := range []struct {
		fault virtualprinter.Fault
		want  error
		then  station.State // what a person finds
	}{
		{virtualprinter.PowerLostEarly, devices.ErrUnreachable, station.StateEncoded},
		{virtualprinter.Jam, devices.ErrJammed, station.StateSpoiled},
		{virtualprinter.PowerLost, devices.ErrUnreachable, station.StateSpoiled},
		{virtualprinter.PowerLostLate, devices.ErrUnreachable, station.StatePrinted},
	} {
		t.Run(string(c.fault), func(t *testing.T) { o.walkInked(t, d, c.fault, c.want, c.then) })
	}
	t.Run("cancelled in the middle", func(t *testing.T) { o.walkCancelled(t, d) })
	t.Run("ink low", func(t *testing.T) {
		o.plant(t, virtualprinter.InkLow)
		defer o.plant(t, virtualprinter.NoFault)
		o.finish(d)
	})
}

func (o *office) plant(t *testing.T, f virtualprinter.Fault) {
	t.Helper()
	if err := o.printer.Plant(f); err != nil {
		t.Fatal(err)
	}
}

// walkClean meets a condition before any ink: the booklet stays what it was, no book of the desk gets
// ink, and after the cure it is still there to be printed.
func (o *office) walkClean(t *testing.T, d *issuance.Desk, f virtualprinter.Fault, want error, cure string) {
	c := o.encoded(d)
	o.plant(t, f)
	defer o.plant(t, virtualprinter.NoFault)
	err := d.Produce(t.Context(), o.seat(d, "O"), c.Token, nil)
	if !errors.Is(err, want) || errors.Is(err, issuance.ErrInDoubt) {
		t.Fatalf("got %v", err)
	}
	if got := issuance.Cure(err); got != cure {
		t.Errorf("the person is told %q, want %q", got, cure)
	}
	if got := o.recorded(d, c.Serial); got != station.StateEncoded {
		t.Errorf("booklet is %s", got)
	}
	spoiled := must(d.Case(t.Context(), c.Token))(t).Spoiled
	for _, serial := range must(o.table.Books())(t) {
		if slices.Contains(spoiled, station.Serial(serial)) {
			continue
		}
		page := must(os.ReadFile(o.table.PagePath(serial)))(t)
		if !bytes.Equal(page, drawnBlank(t, serial)) {
			t.Errorf("ink on %s", serial)
		}
	}
}

// walkInked meets a condition after ink may have been laid: the booklet is in doubt, nothing prints it
// again, and a person who looks finds what it is.
func (o *office) walkInked(t *testing.T, d *issuance.Desk, f virtualprinter.Fault, want error, then station.State) {
	c := o.encoded(d)
	o.plant(t, f)
	err := d.Produce(t.Context(), o.seat(d, "O"), c.Token, nil)
	o.plant(t, virtualprinter.NoFault)
	if !errors.Is(err, want) || !errors.Is(err, issuance.ErrInDoubt) || issuance.Cure(err) != "in-doubt" {
		t.Fatalf("got %v", err)
	}
	o.inDoubt(t, d, c, then)
}

// inDoubt holds the record against the page of a booklet whose printing nobody saw the end of, and lets
// a person decide.
func (o *office) inDoubt(t *testing.T, d *issuance.Desk, c station.Case, then station.State) {
	t.Helper()
	if got := o.recorded(d, c.Serial); got != station.StateInking {
		t.Fatalf("booklet is %s", got)
	}
	if err := d.Produce(t.Context(), o.seat(d, "O"), c.Token, nil); !errors.Is(err, issuance.ErrInDoubt) {
		t.Fatalf("printed again without a person: %v", err)
	}
	if blank := o.blankPage(c.Serial); blank != (then == station.StateEncoded) {
		t.Errorf("page without ink: %v", blank)
	}
	if _, err := o.next(t.Context(), d); err != nil { // looks and resolves
		t.Fatal(err)
	}
	if got := o.recorded(d, c.Serial); got != then {
		t.Errorf("booklet is %s, want %s", got, then)
	}
	if then == station.StatePrinted { // makes room for the next condition
		if err := d.Resolve(t.Context(), o.seat(d, "I"), c.Token, station.StateSpoiled, "spoiled for the test"); err != nil {
			t.Fatal(err)
		}
	}
}

// walkCancelled stops a job while its page is being inked.
func (o *office) walkCancelled(t *testing.T, d *issuance.Desk) {
	c := o.encoded(d)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	o.printer.Slow(2 * time.Second)
	defer o.printer.Slow(time.Millisecond)
	report := func(p devices.Progress) {
		if p.Step == "print" {
			time.AfterFunc(300*time.Millisecond, cancel)
		}
	}
	err := d.Produce(ctx, o.seat(d, "O"), c.Token, report)
	if !errors.Is(err, context.Canceled) || !errors.Is(err, issuance.ErrInDoubt) {
		t.Fatalf("got %v", err)
	}
	o.inDoubt(t, d, c, station.StateSpoiled)
}

// TestInkFollowsThePage: a booklet lies askew in the printer, the printer measures how, and the ink
// goes where the page is.
func TestInkFollowsThePage(t *testing.T) {
	o := newOffice(t, 1)
	d := o.desk(nil)
	c := o.encoded(d)
	if err := o.printer.Lay(virtualprinter.Lie{XMM: 1.3, YMM: -0.8, Degrees: 0.7}); err != nil {
		t.Fatal(err)
	}
	order := must(d.Order(t.Context(), o.seat(d, "O"), c.Token))(t)
	page := must(issuance.Page(d.Charter.Profile, order))(t)
	if err := d.Produce(t.Context(), o.seat(d, "O"), c.Token, nil); err != nil {
		t.Fatal(err)
	}
	got := must(png.Decode(bytes.NewReader(must(os.ReadFile(o.table.PagePath(string(c.Serial))))(t))))(t)
	straight := must(printing.Compose(t.Context(), page, d.Layout,
		printing.Options{DPI: 300, Serial: string(c.Serial)}))(t)
	for _, b := range []printing.Box{
		{XMM: 5.5, YMM: 70.4, WidthMM: 4.6, HeightMM: 4}, {XMM: 114.5, YMM: 77, WidthMM: 4.6, HeightMM: 3.4},
		{XMM: 42, YMM: 11.6, WidthMM: 5, HeightMM: 3},
	} {
		wantX, wantY := darkest(straight, b)
		x, y := darkest(got, b)
		if off := math.Hypot(x-wantX, y-wantY); off > 0.05 {
			t.Errorf("ink at %.1f, %.1f mm lies %.3f mm off", b.XMM, b.YMM, off)
		}
	}
	if page.CAN != order.Secrets.CAN || page.CAN == "" {
		t.Error("the profile wants the access number printed")
	}
	if _, err := d.Inspect(t.Context(), o.seat(d, "I"), c.Token, nil); err != nil {
		t.Errorf("inspection: %v", err)
	}
}

// darkest is the middle of the black ink in a box of a page at 300 dpi, in millimetres.
func darkest(img image.Image, b printing.Box) (x, y float64) {
	var sum, sx, sy float64
	r := b.Pixels(300)
	for py := r.Min.Y; py < r.Max.Y; py++ {
		for px := r.Min.X; px < r.Max.X; px++ {
			red, _, _, _ := img.At(px, py).RGBA()
			d := max(0, 150-float64(red>>8))
			sum, sx, sy = sum+d, sx+d*float64(px), sy+d*float64(py)
		}
	}
	return sx / sum * 25.4 / 300, sy / sum * 25.4 / 300
}

// TestProfileBringsItsLayout: the layout comes signed with the profile, and only Utopia's is built in.
func TestProfileBringsItsLayout(t *testing.T) {
	o := bareOffice(t)
	p := o.charter.Profile
	if _, err := issuance.LayoutOf(p); err != nil {
		t.Fatal(err)
	}
	p.IssuingState = "XOM"
	if _, err := issuance.LayoutOf(p); !errors.Is(err, station.ErrMalformed) {
		t.Errorf("a state without a layout: %v", err)
	}
	p.PageLayout = "issuer = \"UTO\""
	if _, err := issuance.LayoutOf(p); !errors.Is(err, station.ErrMalformed) {
		t.Errorf("a layout that is none: %v", err)
	}
}

// TestNoSpecimenProfileDropsTheOverprint: whatever the profile of an office says, only one that may
// issue prints pages without an overprint.
func TestNoSpecimenProfileDropsTheOverprint(t *testing.T) {
	var face bytes.Buffer
	if err := jpeg.Encode(&face, image.NewGray(image.Rect(0, 0, 7, 9)), nil); err != nil {
		t.Fatal(err)
	}
	order := station.Order{Portrait: face.Bytes()}
	for _, c := range []struct {
		mode station.Mode
		word string
		want printing.Overprint
	}{
		{station.ModeSpecimen, "", printing.Specimen}, {station.ModeEnrolOnly, "", printing.Specimen},
		{station.ModeSpecimen, "nothing", printing.Specimen}, {station.ModeSpecimen, "TRAINING", printing.Training},
		{station.ModeIssue, "TRAINING", printing.Training}, {station.ModeIssue, "SPECIMEN", printing.Specimen},
		{station.ModeIssue, "", printing.NoOverprint},
	} {
		page := must(issuance.Page(station.Profile{IssuingState: "XOM", Mode: c.mode, Overprint: c.word}, order))(t)
		if page.Overprint != c.want {
			t.Errorf("mode %s, word %q: overprint %d, want %d", c.mode, c.word, page.Overprint, c.want)
		}
	}
}
