package ui_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/widget"

	"padarozhnik/devices/chip"
	virtualchip "padarozhnik/devices/virtual/chip"
	"padarozhnik/devices/virtual/chip/chiptest"
	"padarozhnik/station"
	"padarozhnik/station/issuance"
	"padarozhnik/station/journal"
	"padarozhnik/station/journal/event"
	"padarozhnik/station/journal/seal"
	"padarozhnik/station/ui"
)

// still is a hand that has nothing to move: the booklet lies on the reader.
type still struct{}

func (still) Put(context.Context, station.Serial, issuance.Spot) error { return nil }

// finished makes the booklet of the case that waits for its holder: a real chip, written and locked through
// the driver, and the order that is open to the counter.
func (o *office) finished(proxies ...station.Proxy) {
	t := o.t
	t.Helper()
	d := o.desk
	d.Now = chiptest.Now
	country := chiptest.NewCountry(t)
	memory := chiptest.NewBlank(t)
	made := country.Order(t, chiptest.Book{}, memory.State())
	slot := &virtualchip.Slot{}
	slot.Put(chiptest.Insert(t, memory))
	d.Encoder, d.Hand, d.Trust = must(chip.NewEncoder(slot, chip.Options{}))(t), still{}, country.Trust
	for _, a := range country.Trust.Anchors() {
		d.Charter.Anchors = append(d.Charter.Anchors, a.Certificate.Raw)
	}
	order := station.Order{
		Case: "M2JZU-8PAXF", Serial: "UT0000101", Applicant: person(), MRZHash: slices.Clone(made.MRZHash),
		Issue:  station.DateOf(chiptest.Now()),
		Expiry: station.Date{Year: 2036, Month: 11, Day: 30}, Proxies: proxies,
	}
	for _, f := range made.Files {
		order.Files = append(order.Files, station.ChipFile{Name: f.Name, Data: f.Data})
	}
	must(d.Encoder.Personalise(t.Context(), made, country.Trust, chiptest.Now(), nil))(t)
	o.seal(order, "E-01")
}

// ordered gives the booklet that waits for its inspection an order that the inspecting officer can open.
func (o *office) ordered() {
	o.t.Helper()
	issue, expiry := station.DateOf(noon), station.Date{Year: 2036, Month: 11, Day: 22}
	zone := must(station.Zone(o.desk.Charter.Profile, person(), "UT0000103", issue, expiry))(o.t)
	o.seal(station.Order{Case: "P3WFG-6TNRS", Serial: "UT0000103", Applicant: person(), MRZ: zone,
		Portrait: must(face())(o.t), Issue: issue, Expiry: expiry}, "I-01")
}

// seal locks an order away for officers, as when it came.
func (o *office) seal(order station.Order, readers ...string) {
	t := o.t
	t.Helper()
	key := seal.NewKey()
	defer key.Destroy()
	err := o.desk.Store.Update(t.Context(), func(tx issuance.Tx) error {
		f, err := tx.Folder(order.Case)
		if err != nil {
			return err
		}
		f.Keys = nil
		f.Order = must(key.Seal(string(order.Case), must(journal.Encode(order))(t)))(t)
		for _, r := range readers {
			pub := must(seal.ParsePublic(o.tokens[r].HPKEPublic()))(t)
			f.Keys = append(f.Keys, must(key.WrapTo(string(order.Case), pub))(t)...)
		}
		return tx.PutFolder(f)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// tick taps a check by its words.
func (o *office) tick(key string) {
	o.t.Helper()
	test.Tap(find(o, func(c *widget.Check) bool { return c.Text == o.text(key) }))
}

// tickAll taps every check that is shown.
func (o *office) tickAll() {
	o.t.Helper()
	for {
		c, ok := look(o, func(c *widget.Check) bool { return !c.Checked })
		if !ok {
			return
		}
		test.Tap(c)
	}
}

func TestHandOverNeedsEveryConfirmation(t *testing.T) {
	o := at(t, func(o *office) { o.finished() }, "E-01", 5, "ui.verb.handover")
	if !o.says(person().LocalSurname) || !o.says("2036-11-30") {
		t.Error("the holder cannot check the data")
	}
	answer := func() *widget.Button {
		return find(o, func(b *widget.Button) bool { return b.Text == o.text("ui.verb.handover") })
	}
	for i, key := range []string{"ui.handover.present", "ui.handover.match", "ui.handover.checked"} {
		if !answer().Disabled() {
			t.Fatalf("the passport can be handed over with %d confirmations", i)
		}
		o.tick(key)
	}
	if !answer().Disabled() {
		t.Error("handed over without a word on the old passport")
	}
	find(o, func(s *widget.Select) bool { return s.PlaceHolder == o.text("ui.handover.old") }).
		SetSelected(o.text("paper.receipt.old.holder"))
	o.tap("ui.verb.handover")
	if got := o.kinds()[event.CaseHanded]; got != 1 {
		t.Errorf("handed over %d times", got)
	}
	if o.says(person().LocalSurname) {
		t.Error("the holder's data still stand on the screen")
	}
	if !o.says(o.text("ui.verb.close.title")) || !o.offers("ui.verb.receipt") {
		t.Error("the screen does not say what comes next")
	}
}

func TestProxyAtTheCounter(t *testing.T) {
	for document, handed := range map[string]int{"UT1234567": 0, "UT7654321": 1} {
		t.Run(document, func(t *testing.T) {
			o := at(t, func(o *office) {
				o.finished(station.Proxy{Name: "Дар’я Утопская", Document: "UT7654321"})
			}, "E-01", 5, "ui.verb.handover")
			if !o.says("Дар’я Утопская") {
				t.Error("the registered proxy is not named")
			}
			o.tickAll()
			test.Type(o.entry("ui.handover.document"), document)
			find(o, func(s *widget.Select) bool { return s.PlaceHolder == o.text("ui.handover.old") }).
				SetSelected(o.text("paper.receipt.old.holder"))
			o.tap("ui.verb.handover")
			if got := o.kinds()[event.CaseHanded]; got != handed {
				t.Errorf("handed over %d times", got)
			}
			if handed == 0 && !o.says(o.text("cure.proxy")) {
				t.Error("no sentence for somebody else at the counter")
			}
		})
	}
}

func TestDeadChipIsNotHandedOver(t *testing.T) {
	o := newOffice(t)
	o.furnish()
	o.finished()
	blank := &virtualchip.Slot{}
	blank.Put(chiptest.Insert(t, chiptest.NewBlank(t)))
	o.desk.Encoder = must(chip.NewEncoder(blank, chip.Options{}))(t)
	o.open()
	o.enter("E-01")
	o.choose(5)
	o.tap("ui.verb.handover")
	o.tickAll()
	find(o, func(s *widget.Select) bool { return s.PlaceHolder == o.text("ui.handover.old") }).
		SetSelected(o.text("paper.receipt.old.holder"))
	answer := find(o, func(b *widget.Button) bool { return b.Text == o.text("ui.verb.handover") })
	if !answer.Disabled() || !o.says(o.text("ui.handover.dead")) {
		t.Error("a book without its chip can be handed over, or nothing says what to do")
	}
}

// The approver works through the list: without every tick there is no approval, and the program's opinion
// stands beside each item.
func TestApprovalNeedsEveryTick(t *testing.T) {
	o := at(t, nil, "A-01", 1, "ui.verb.review")
	test.Type(o.entry("ui.review.reason"), "complete")
	if o.offers("ui.verb.approve") || !o.offers("ui.verb.return") || !o.offers("ui.verb.refuse") {
		t.Error("approval is offered before anything was looked at, or the other decisions are not")
	}
	if !o.says(o.text("ui.opinion.good")) {
		t.Error("the program has no opinion")
	}
	o.tickAll()
	if !o.offers("ui.verb.approve") {
		t.Error("approval is not offered though everything was looked at")
	}
	o.tick("ui.approval.portrait")
	if o.offers("ui.verb.approve") {
		t.Error("a tick was taken back and approval is still offered")
	}
}

func TestMaskedFieldIsShownWhenAskedFor(t *testing.T) {
	o := newOffice(t)
	o.furnish()
	a := o.application()
	a.Applicant.PersonalNumber = "4140591A001PB2"
	o.put(station.Case{Token: "HX4RT-9DBJC", Stage: station.StageSubmitted, Enrolled: o.id("E-01"), Opened: noon.Unix()}, "",
		&a, "E-01", "A-01")
	o.open()
	o.enter("A-01")
	o.choose(1)
	o.tap("ui.verb.review")
	if o.says("4140591A001PB2") {
		t.Fatal("the personal number is shown unasked")
	}
	o.tap("ui.reveal")
	if !o.says("4140591A001PB2") || o.kinds()[event.CaseRevealed] != 1 {
		t.Errorf("asked for: recorded %d times", o.kinds()[event.CaseRevealed])
	}
}

// A remark stands beside the field that it is about.
func TestRemarkBesideItsField(t *testing.T) {
	o := at(t, nil, "A-01", 1, "ui.verb.review")
	find(o, func(s *widget.Select) bool { return s.PlaceHolder == o.text("ui.marks.field") }).
		SetSelected(o.text("ui.field.applicant.birth"))
	test.Type(o.entry("ui.marks.words"), "another day in the certificate")
	o.tap("ui.marks.add")
	test.Type(o.entry("ui.review.reason"), "see the remark")
	o.tap("ui.verb.return")
	o.tap("ui.seat.leave")
	o.enter("E-01")
	o.choose(1)
	o.tap("ui.verb.enrol")
	o.step("ui.step.person")
	if !o.says(o.text("ui.person.birth") + " · another day in the certificate") {
		t.Error("the remark does not stand beside its field")
	}
	typed := false
	for _, e := range o.entries() {
		typed = typed || strings.Contains(e.Text, "VANDROUNAIA")
	}
	if !typed {
		t.Error("what was typed is gone")
	}
}

func TestInspectorTicksWhatNoScannerSees(t *testing.T) {
	o := at(t, nil, "I-01", 3, "ui.verb.inspect")
	answer := find(o, func(b *widget.Button) bool { return b.Text == o.text("ui.verb.inspect") })
	if !answer.Disabled() || !o.says(o.text("ui.visual.says")) {
		t.Error("the inspection begins before anybody has looked")
	}
	o.tickAll()
	if answer.Disabled() {
		t.Error("everything was looked at and the inspection does not begin")
	}
}

// A scanner that was never calibrated is said to be so before it is used, not after.
func TestScannersDoubtIsSaidBeforeTheInspection(t *testing.T) {
	for _, c := range []struct {
		name  string
		doubt error
		cure  string
	}{
		{"never calibrated", issuance.ErrScannerNotCalibrated, "cure.scanner-not-calibrated"},
		{"expired", issuance.ErrScannerExpired, "cure.scanner-calibration-expired"},
		{"relied upon", nil, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := at(t, func(o *office) {
				o.deps.Devices = func(context.Context) []ui.Health { return []ui.Health{{Kind: "scanner", Doubt: c.doubt}} }
			}, "I-01", 3, "ui.verb.inspect")
			for _, cure := range []string{"cure.scanner-not-calibrated", "cure.scanner-calibration-expired"} {
				if got := o.says(o.text(cure)); got != (cure == c.cure) {
					t.Errorf("%s is said: %v", cure, got)
				}
			}
			if !o.says(o.text("ui.visual.says")) {
				t.Error("the checklist is gone")
			}
		})
	}
}

// A finished book that is wrong is not given away: two officers sign, and the case waits for its application.
func TestWasteNeedsTwo(t *testing.T) {
	o := at(t, nil, "E-01", 5, "ui.verb.waste")
	find(o, func(g *widget.RadioGroup) bool { return len(g.Options) == len(event.WasteCauses()) }).
		SetSelected(o.text("ui.waste.typo"))
	test.Type(o.entry("ui.resolve.reason"), "a letter is wrong")
	answer := find(o, func(b *widget.Button) bool { return b.Text == o.text("ui.verb.waste") })
	if !answer.Disabled() {
		t.Error("one officer alone can spoil a finished book")
	}
	find(o, func(s *widget.Select) bool { return s.PlaceHolder == o.text("ui.partner.choose") }).SetSelected("I-01")
	test.Type(find(o, func(e *widget.Entry) bool { return e.Password }), passphrase)
	o.tap("ui.verb.waste")
	if got := o.stage(5); got != station.StageSpoiled || o.kinds()[event.WasteProposed] != 1 || o.kinds()[event.CorrectionAsked] != 1 {
		t.Errorf("the case is %s, the journal says %v", got, o.kinds())
	}
}
