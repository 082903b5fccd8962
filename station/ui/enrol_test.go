package ui_test

import (
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/widget"

	"padarozhnik/devices/camera"
	"padarozhnik/devices/folder"
	"padarozhnik/station"
	"padarozhnik/station/mrz"
	"padarozhnik/station/mrz/ocr/synth"
)

// lay puts a picture onto the office's scanner, which is a directory.
func (o *office) lay(img image.Image) {
	o.t.Helper()
	dir := o.t.TempDir()
	f := must(os.Create(filepath.Join(dir, "page.png")))(o.t)
	defer f.Close()
	if err := png.Encode(f, img); err != nil {
		o.t.Fatal(err)
	}
	o.desk.Scanner = folder.New(dir)
}

// filed is what the draft of the first case holds.
func (o *office) filed() station.Application {
	o.t.Helper()
	token := must(o.desk.Board(o.t.Context()))(o.t).Cases[0].Token
	return must(o.desk.Application(o.t.Context(), must(o.desk.SignIn(o.tokens["E-01"]))(o.t), token))(o.t)
}

// chipRead puts a verdict on the old passport's chip into the returned draft.
func (o *office) chipRead() {
	o.t.Helper()
	seat := must(o.desk.SignIn(o.tokens["E-01"]))(o.t)
	err := o.desk.Amend(o.t.Context(), seat, "Q6TLN-3SRGW", "old-chip", func(a *station.Application) error {
		return a.TakeChip(station.OldChip{Level: station.ChipSigned, Origin: "UTO CSCA 3", FullName: "VANDROUNAIA<<ZORKA<MIRA",
			Authority: "Zenith", Issued: "20240102", Checks: []station.ChipCheck{
				{What: "PACE", OK: true, Reason: "PACE-ECDH-GM-AES-CBC-CMAC-128", Why: station.ChipOpenedPACE},
				{What: "zone", OK: true, Reason: "DG1 is the zone of the page", Why: station.ChipZoneSame},
				{What: "passive authentication", OK: true, Reason: "signed by UTO", Why: station.ChipVouched},
				{What: "algorithms", OK: false, Reason: "SHA-1", Why: station.ChipWeak},
			}})
	})
	if err != nil {
		o.t.Fatal(err)
	}
}

// readable is the page of an old passport.
func readable(t testing.TB) (*synth.Page, [2]string) {
	t.Helper()
	zone := must(station.Zone(station.Profile{IssuingState: "UTO", DocumentCode: "P"}, person(), "UX0031416",
		station.Date{Year: 2014, Month: 3, Day: 3}, station.Date{Year: 2024, Month: 3, Day: 2}))(t)
	page := synth.Random(mrz.TD3, synth.Clean, 0, 77)
	page.DPI, page.WidthMM, page.HeightMM, page.XMM, page.YMM, page.Degrees = 300, 210, 297, 90, 80, 2
	page.Lines = zone[:]
	return &page, zone
}

// doubtful is a page on which a letter stands in the date of birth.
func doubtful(t testing.TB) (image.Image, [2]string) {
	t.Helper()
	page, zone := readable(t)
	page.Lines = []string{zone[0], zone[1][:15] + "O" + zone[1][16:]}
	return drawn(page), zone
}

// drawn draws each page once.
func drawn(p *synth.Page) image.Image {
	key := strings.Join(p.Lines, "\n")
	img, ok := pages.Load(key)
	if !ok {
		img, _ = pages.LoadOrStore(key, p.Draw())
	}
	return img.(image.Image)
}

var pages sync.Map // pictures by the lines of their zones

// Each doubtful character is decided on by its picture, one after the other; without a decision on each there
// is no zone.
func TestDoubtsAreDecidedByTapping(t *testing.T) {
	o := newOffice(t)
	page, zone := doubtful(t)
	o.lay(page)
	o.open()
	o.enter("E-01")
	o.tap("ui.board.new")
	o.tap("ui.old.scan")
	if !o.says(o.text("ui.doubts.title")) || o.offers("ui.doubts.take") {
		t.Fatal("no question about the doubtful character, or it is decided before anybody has looked")
	}
	for c, ok := o.undecided(); ok; c, ok = o.undecided() {
		test.Type(c, "X") // no date has it
	}
	o.tap("ui.doubts.take")
	if o.filed().OldPassport != nil || !o.says(o.text("ui.doubts.title")) {
		t.Error("a zone was taken against its check digits, or the question is gone")
	}
	places := o.doubted()
	for i, e := range o.entriesOf("ui.doubts.other") {
		e.SetText(zone[places[i][0]-1][places[i][1]-1 : places[i][1]])
	}
	o.tap("ui.doubts.take")
	old := o.filed().OldPassport
	if old == nil || old.MRZ != zone || len(old.Decided) != len(places) || !o.says(o.text("ui.old.decided")) {
		t.Errorf("decided: %+v", old)
	}
}

// doubted lists the places of the characters that are asked about: line and column from 1.
func (o *office) doubted() [][2]int {
	var out [][2]int
	shown(o.window.Fyne().Canvas(), func(each fyne.CanvasObject) {
		var at [2]int
		if _, err := fmt.Sscanf(textOf(each), o.text("ui.doubts.place"), &at[0], &at[1]); err == nil {
			out = append(out, at)
		}
	})
	return out
}

// undecided finds an entry for another character that is still empty.
func (o *office) undecided() (*widget.Entry, bool) {
	return look(o, func(e *widget.Entry) bool { return e.PlaceHolder == o.text("ui.doubts.other") && e.Text == "" })
}

// signed is a card with a wave of ink.
func signed() image.Image {
	img := image.NewGray(image.Rect(0, 0, 900, 400))
	for i := range img.Pix {
		img.Pix[i] = 250
	}
	for x := 150; x < 750; x++ {
		for y := range 9 {
			img.SetGray(x, 200+(x*x/200)%70+y, color.Gray{Y: 20})
		}
	}
	return img
}

// An officer goes through the steps in an order of their own: the spelling of the name, the frame of the
// portrait, the signature, the family, and the list of what is missing.
func TestEnrolStepsByTypingAndTapping(t *testing.T) {
	o := newOffice(t)
	o.furnish()
	o.pick()
	o.lay(signed())
	o.open()
	o.draft()
	t.Run("spelling", o.testSpelling)
	t.Run("frame", o.testFrame)
	t.Run("signature", o.testSignature)
	t.Run("family", o.testFamily)
	t.Run("missing", o.testMissing)
}

// The camera shows what it sees until the officer takes the picture; nothing is kept before they say so.
func TestPortraitByCamera(t *testing.T) {
	o := newOffice(t)
	o.furnish()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "sitter.png"), encode(t, sitter(), png.BestSpeed), 0o600); err != nil {
		t.Fatal(err)
	}
	o.desk.Camera = camera.NewFiles(dir)
	o.open()
	o.draft()
	o.step("ui.step.portrait")
	screen := make(chan func(), 64)
	o.window.Concurrently(func(f func()) { go f() }, func(f func()) { screen <- f })
	o.pass()
	test.Tap(o.button("ui.portrait.camera"))
	until(t, screen, "the camera shows something", func() bool { return o.offers("ui.portrait.shoot") })
	if !o.offers("ui.strip.cancel") || o.offers("ui.portrait.choose") {
		t.Error("the camera cannot be stopped, or another picture can be chosen meanwhile")
	}
	test.Tap(o.button("ui.portrait.shoot"))
	until(t, screen, "the picture is measured", func() bool { return o.offers("ui.portrait.take") })
	if len(o.filed().Portrait) != 0 {
		t.Error("the portrait was kept before the officer said so")
	}
	o.pass()
	test.Tap(o.button("ui.portrait.take"))
	until(t, screen, "the portrait is kept", func() bool { return o.says(o.text("ui.portrait.now")) })
	if a := o.filed(); len(a.Portrait) == 0 || a.TakenFrom != "camera" {
		t.Errorf("portrait of %d bytes from %q", len(a.Portrait), a.TakenFrom)
	}
}

// The tab key goes through each step from its head to the way on.
func TestFocusOrderOfTheSteps(t *testing.T) {
	o := newOffice(t)
	o.pick()
	o.furnish()
	page, _ := doubtful(t)
	o.lay(page)
	o.open()
	o.draft()
	for _, c := range []struct {
		step, press string
		want        []string
	}{
		{"person", "", []string{"ui.step.old", "ui.person.birth.form", "ui.choose", "ui.names.card.surname", "ui.names.reason",
			"ui.names.take", "ui.enrol.after"}},
		{"portrait", "ui.portrait.choose", []string{"ui.portrait.choose", "ui.portrait.take", "tick.recent", "tick.likeness",
			"ui.enrol.after"}},
		{"signature", "", []string{"ui.signature.scan", "ui.portrait.choose", "ui.signature.reason", "ui.enrol.after"}},
		{"evidence", "", []string{"ui.proof.choose", "ui.proof.note", "ui.back", "ui.enrol.after"}},
		{"consents", "", []string{"ui.consent.yes", "ui.consent.no", "ui.enrol.after"}},
		{"family", "ui.guardian.add", []string{"ui.guardian.name", "ui.guardian.agrees", "ui.guardian.add", "ui.family.child",
			"ui.proxy.name", "ui.proxy.document", "ui.enrol.after"}},
		{"summary", "", []string{"ui.step.summary", "ui.back", "ui.enrol.save", "ui.enrol.before", "ui.verb.submit"}},
		{"old", "ui.old.scan", []string{"ui.doubts.other", "ui.doubts.again", "ui.old.scan", "ui.old.use",
			"ui.person.birth.form", "ui.choose", "ui.old.chip"}},
	} {
		t.Run(c.step, func(t *testing.T) {
			o.t = t
			if c.step == "family" {
				o.grow(2015)
			}
			o.step("ui.step." + c.step)
			if c.press != "" {
				o.tap(c.press)
			}
			o.follow(c.want...)
		})
	}
}

func (o *office) testSpelling(t *testing.T) {
	o.t = t
	o.step("ui.step.person")
	surname := find(o, func(e *widget.Entry) bool { return e.Text == person().Surname })
	surname.SetText("WANDERER")
	o.step("ui.step.evidence")
	if !o.says(o.text("cure.name-reason")) || o.filed().Applicant.Surname != person().Surname {
		t.Error("a spelling that nothing gives was taken without a reason")
	}
	if surname.Text != "WANDERER" || !o.says(o.text("ui.names.unexplained")) {
		t.Error("what was typed is gone, or nothing says what is missing")
	}
	test.Type(o.entry("ui.names.reason"), "mother's residence permit")
	o.tap("ui.names.take")
	if a := o.filed(); a.Applicant.Surname != "WANDERER" || a.Spelling.Reason == "" {
		t.Errorf("spelled %+v", a.Spelling)
	}
	test.Tap(o.pressed("VANDROUNAIA ZORKA MIRA"))
	o.tap("ui.names.take")
	if a := o.filed(); a.Applicant.Surname != person().Surname || a.Spelling.Surname != station.FromOldZone {
		t.Errorf("spelled %s by %+v", a.Applicant.Surname, a.Spelling)
	}
}

func (o *office) testFrame(t *testing.T) {
	o.t = t
	o.step("ui.step.portrait")
	if !o.says(o.text("ui.portrait.none")) || o.offers("ui.portrait.take") {
		t.Error("a portrait is offered before there is a picture")
	}
	o.tap("ui.portrait.choose")
	if len(o.filed().Portrait) != 0 {
		t.Error("the portrait was taken before the officer said so")
	}
	if !o.says(o.text("ui.check.sharpness")) || !o.says(o.text("ui.portrait.provisional")) {
		t.Error("the checks are not shown with their limits")
	}
	frame := o.window.Fyne().Canvas().Focused()
	for range 12 {
		frame.TypedRune('+') // until the head is too small in it
	}
	if !o.says(o.text("remedy.head-size")) || o.offers("ui.portrait.take") {
		t.Error("a frame that is too wide is not said to be, or can be taken")
	}
	frame.TypedRune('0')
	frame.TypedKey(&fyne.KeyEvent{Name: fyne.KeyDown})
	o.tick("tick.likeness")
	o.tap("ui.portrait.take")
	if a := o.filed(); len(a.Portrait) == 0 || !slices.Equal(a.Ticks, []string{"likeness"}) {
		t.Errorf("portrait of %d bytes, ticks %v", len(a.Portrait), a.Ticks)
	}
}

func (o *office) testSignature(t *testing.T) {
	o.t = t
	o.step("ui.step.signature")
	o.tap("ui.signature.scan")
	if len(o.filed().Signature) == 0 || !o.says(o.text("ui.signature.taken")) {
		t.Error("the signature was not taken")
	}
	if o.offers("ui.signature.cannot") {
		t.Error("a person can be said not to sign without a reason")
	}
	reason := o.entry("ui.signature.reason")
	test.Type(reason, "the hand is in plaster")
	reason.TypedKey(&fyne.KeyEvent{Name: fyne.KeyReturn})
	o.pass()
	if a := o.filed(); len(a.Signature) != 0 || a.CannotSign == "" {
		t.Errorf("signature of %d bytes though %q", len(a.Signature), a.CannotSign)
	}
}

func (o *office) testFamily(t *testing.T) {
	o.t = t
	o.step("ui.step.family")
	if o.offers("ui.guardian.add") || !o.says(fmt.Sprintf(o.text("ui.guardian.none"), 18)) {
		t.Error("guardians are asked of an adult, or nothing says why they are not")
	}
	o.grow(2015)
	o.step("ui.step.family")
	if !o.says(fmt.Sprintf(o.text("ui.guardian.minor"), 18)) {
		t.Error("nothing says which rule asks for guardians")
	}
	o.tap("ui.guardian.add")
	test.Type(o.entry("ui.guardian.name"), "Ян Вандроўны")
	group := find(o, func(g *widget.RadioGroup) bool { return slices.Contains(g.Options, o.text("ui.guardian.unreachable")) })
	group.SetSelected(o.text("ui.guardian.unreachable"))
	find(o, func(s *widget.Select) bool { return s.PlaceHolder == o.text("ui.guardian.absent") }).
		SetSelected(o.text("ui.absent.detention"))
	test.Type(o.entry("ui.guardian.note"), "court paper of May")
	names := o.entriesOf("ui.proxy.name")
	test.Type(names[len(names)-1], "Дар’я Утопская")
	test.Type(o.entry("ui.proxy.document"), "UT7654321")
	o.tap("ui.proxy.add")
	o.tap("ui.enrol.save")
	a := o.filed()
	if len(a.Guardians) != 1 || a.Guardians[0].Absent != station.AbsentDetention || a.Guardians[0].Note == "" ||
		len(a.Proxies) != 1 {
		t.Errorf("guardians %d, proxies %d", len(a.Guardians), len(a.Proxies))
	}
}

// grow has the applicant be born in a year.
func (o *office) grow(year int) {
	o.t.Helper()
	o.step("ui.step.person")
	o.entry("ui.person.birth.form").SetText(station.Date{Year: year, Month: 5, Day: 14}.String())
}

// entriesOf lists the entries with the same words in them while they are empty.
func (o *office) entriesOf(placeholder string) []*widget.Entry {
	return slices.DeleteFunc(o.entries(), func(e *widget.Entry) bool { return e.PlaceHolder != o.text(placeholder) })
}

func (o *office) testMissing(t *testing.T) {
	o.t = t
	o.step("ui.step.summary")
	if !o.says(o.text("ui.summary.lacks")) {
		t.Fatal("nothing is missing from half an application")
	}
	want := o.text("ui.field.consents") + ": " + o.text("ui.consents.chip")
	link := find(o, func(b *widget.Button) bool { return b.Text == want })
	o.pass()
	test.Tap(link)
	if !o.says(o.text("ui.consents.says")) || o.says(o.text("ui.summary.lacks")) {
		t.Error("the link does not lead to its step")
	}
	o.step("ui.step.family")
	before := o.kinds()
	o.tap("ui.family.child")
	if after := o.kinds(); after["case.opened"] != before["case.opened"]+1 || !o.says(o.text("ui.guardian.title")) &&
		!o.says(o.text("ui.old.page")) {
		t.Error("no application of a child was begun")
	}
	o.step("ui.step.family")
	if !o.says(o.text("ui.family.parent")) {
		t.Error("the child's application does not name the parent's")
	}
}
