package ui_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"image"
	"image/png"
	"io"
	"strings"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/widget"

	"padarozhnik/station"
	"padarozhnik/station/issuance"
	"padarozhnik/station/journal"
	"padarozhnik/station/journal/event"
	"padarozhnik/station/journal/seal"
)

// delivered announces a delivery of two bags, whose manifest is sealed to the station.
func (o *office) delivered() {
	o.t.Helper()
	m := event.Manifest{Maker: "Maker", Product: "UTO", Shipment: "D7",
		Bags: []event.Bag{{Name: "1", Seal: "SL0412277"}, {Name: "2", Seal: "SL0412278"}}}
	for i := range 4 {
		m.Blanks = append(m.Blanks, event.Blank{Serial: station.Serial(fmt.Sprintf("UT00002%02d", i+1)),
			ChipID: []byte{9, byte(i)}, Bag: m.Bags[i/2].Name})
	}
	plain := must(journal.Encode(m))(o.t)
	pub := must(seal.ParsePublic(o.tokens["station"].HPKEPublic()))(o.t)
	blob, _, err := seal.Seal(pub, event.PurposeStock, plain)
	if err != nil {
		o.t.Fatal(err)
	}
	note := must(journal.Encode([]struct {
		Shipment station.Shipment `cbor:"1,keyasint"`
		Manifest journal.Hash     `cbor:"2,keyasint"`
	}{{station.Shipment{ID: "D7", Stage: station.ShipmentAnnounced,
		Bags: []station.Bag{{Name: "1", Seal: "SL0412277"}, {Name: "2", Seal: "SL0412278"}}}, sha256.Sum256(plain)}}))(o.t)
	err = o.desk.Store.Update(o.t.Context(), func(tx issuance.Tx) error {
		return errors.Join(tx.PutNote("shipments", note), tx.PutNote("manifest/D7", blob))
	})
	if err != nil {
		o.t.Fatal(err)
	}
}

// shelved is an office with blanks in its safe and a delivery that is being counted.
func (o *office) shelved() {
	o.t.Helper()
	var serials []station.Serial
	for i := range 40 {
		serials = append(serials, station.Serial(fmt.Sprintf("UT00001%02d", i)))
	}
	o.stock(serials...)
	o.received(serials...)
	o.delivered()
	seats := []issuance.Seat{must(o.desk.SignIn(o.tokens["A-01"]))(o.t), must(o.desk.SignIn(o.tokens["C-01"]))(o.t)}
	must(o.desk.Arrive(o.t.Context(), seats[0], seats[1], "D7", map[string]station.SealRead{"1": {Number: "SL0412277"}}))(o.t)
}

// tapMore presses a button that asks something first.
func (o *office) tapMore(key string) {
	o.t.Helper()
	o.pass()
	want := o.text(key) + "…"
	test.Tap(find(o, func(b *widget.Button) bool { return b.Text == want }))
	o.pass()
}

// witnessed fills in the second custodian and answers the question on top.
func (o *office) witnessed(key string) {
	o.t.Helper()
	o.partner("A-01", passphrase)
	test.Tap(o.last(key))
	o.pass()
}

// sealNumbers are the fields for the seals of the bags, in order.
func (o *office) sealNumbers() []*widget.Entry {
	var out []*widget.Entry
	shown(o.window.Fyne().Canvas(), func(each fyne.CanvasObject) {
		if e, ok := each.(*widget.Entry); ok && e.PlaceHolder == o.text("ui.stock.seal") {
			out = append(out, e)
		}
	})
	return out
}

// countBags has the officer at the desk count both bags blind.
func (o *office) countBags(counts ...string) {
	o.t.Helper()
	for i, typed := range counts {
		o.pass()
		var buttons []*widget.Button
		shown(o.window.Fyne().Canvas(), func(each fyne.CanvasObject) {
			if b, ok := each.(*widget.Button); ok && b.Text == o.text("ui.stock.count")+"…" {
				buttons = append(buttons, b)
			}
		})
		test.Tap(buttons[i])
		if o.says("UT0000201") {
			o.t.Error("who counts is told what to expect")
		}
		test.Type(o.entry("ui.stock.serials"), typed)
		o.pass()
		test.Tap(o.last("ui.stock.count"))
		o.pass()
	}
}

// A delivery goes from its seals to the safe; the bag that is one short stays in quarantine as a whole.
func TestDeliveryByTapping(t *testing.T) {
	o := newOffice(t)
	o.delivered()
	o.room("C-01", "ui.stock.title")
	o.tapMore("ui.stock.arrive")
	for i, number := range []string{"SL0412277", "sl 0412278"} {
		test.Type(o.sealNumbers()[i], number)
	}
	o.witnessed("ui.stock.arrive")
	o.countBags("UT0000201-UT0000202", "UT0000203")
	o.tapMore("ui.stock.compare")
	if !o.says(o.text("cure.same-person")) {
		t.Error("one count opens the manifest")
	}
	o.tap("ui.seat.leave")
	o.enter("A-01")
	o.menu("ui.stock.title")
	o.countBags("UT0000202, UT0000201", "UT0000203")
	o.tapMore("ui.stock.compare")
	if !o.says(o.text("ui.stock.why.blank-missing")) || !o.says("UT0000204") {
		t.Error("the screen does not say which blank is missing")
	}
	o.tap("ui.help.seen")
	o.tap("ui.seat.leave")
	o.enter("C-01")
	o.menu("ui.stock.title")
	o.tapMore("ui.stock.store")
	o.witnessed("ui.stock.store")
	want := map[station.Serial]station.State{"UT0000201": station.StateAvailable, "UT0000202": station.StateAvailable,
		"UT0000203": station.StateQuarantined, "UT0000204": station.StateQuarantined}
	for _, b := range must(o.desk.Stock(t.Context()))(t) {
		if b.State != want[b.Serial] {
			t.Errorf("%s is %s, want %s", b.Serial, b.State, want[b.Serial])
		}
	}
	if !o.says("прынята 2") || !o.says("у сейфе 2") {
		t.Error("the equation of the day does not hold what was received")
	}
}

// Two custodians count the safe, write a damaged blank off and destroy it with a picture.
func TestStockByTapping(t *testing.T) {
	o := newOffice(t)
	o.stock("UT0000001", "UT0000002", "UT0000003")
	o.received("UT0000001", "UT0000002", "UT0000003")
	var shot bytes.Buffer
	if err := png.Encode(&shot, image.NewGray(image.Rect(0, 0, 80, 80))); err != nil {
		t.Fatal(err)
	}
	o.deps.Pick = func(picked func(io.ReadCloser)) { picked(io.NopCloser(bytes.NewReader(shot.Bytes()))) }
	kept := map[string][]byte{}
	o.deps.Keep = func(name string, data []byte) { kept[name] = data }
	o.room("C-01", "ui.stock.title")
	o.tapMore("ui.stock.check")
	test.Type(o.entry("ui.stock.serials"), "UT0000001-UT0000002")
	o.witnessed("ui.stock.check")
	if !o.says(o.text("cure.stock-count")) || !o.says("бракуе: UT0000003") {
		t.Error("the screen does not say what the safe lacks")
	}
	o.tapMore("ui.stock.check")
	test.Type(o.entry("ui.stock.serials"), "UT0000001-UT0000003")
	o.witnessed("ui.stock.check")
	if got := o.kinds()[event.StockChecked]; got != 2 {
		t.Errorf("%d counts were recorded", got)
	}
	o.tapMore("ui.stock.spoil")
	test.Type(o.entry("ui.stock.serials"), "UT0000002 UT0000002")
	test.Type(o.entry("ui.stock.reason"), "мокры")
	o.partner("A-01", passphrase)
	if !o.last("ui.stock.spoil").Disabled() {
		t.Error("a number that stands twice is taken")
	}
	o.entry("ui.stock.serials").SetText("UT0000002")
	o.witnessed("ui.stock.spoil")
	o.tapMore("ui.stock.destroy")
	test.Type(o.entry("ui.stock.serials"), "UT0000002")
	test.Type(o.entry("ui.stock.how"), "разрэзаны")
	o.tapMoreOf("ui.stock.picture")
	o.witnessed("ui.stock.destroy")
	for _, b := range must(o.desk.Stock(t.Context()))(t) {
		if (b.State == station.StateDestroyed) != (b.Serial == "UT0000002") {
			t.Errorf("%s is %s", b.Serial, b.State)
		}
	}
	o.tapMore("ui.stock.statement")
	o.tap("ui.stock.statement.do")
	o.tap("ui.stock.pdf")
	if pdf := kept["stock-2026-11-23-2026-11-23.pdf"]; !bytes.HasPrefix(pdf, []byte("%PDF")) {
		t.Errorf("kept %d files and no statement", len(kept))
	}
}

// The safe is shown as a place: what is in it and since when, which two opened it last, and when it is counted next;
// after a count that differs it says that nobody takes a blank.
func TestSafeAsAPlace(t *testing.T) {
	o := newOffice(t)
	o.shelved()
	o.open()
	o.enter("C-01")
	o.menu("ui.stock.title")
	at := noon.Format(o.text("ui.time.layout"))
	put := fmt.Sprintf(o.text("ui.safe.act"), at, "A-01", "C-01", o.text("ui.safe.kind.stock.witnessed"))
	for _, words := range []string{o.text("ui.state.available"), "40", fmt.Sprintf(o.text("ui.safe.since"), at),
		put, o.text("ui.safe.kind.day.opened"), o.text("ui.safe.due.close")} {
		if !o.says(words) {
			t.Errorf("the safe does not say %q", words)
		}
	}
	o.tapMore("ui.stock.check")
	if o.says("UT0000100") || o.says("= у сейфе 40") {
		t.Error("who counts can read what the record says")
	}
	o.tap("ui.leave")
	if !o.says("UT0000100") {
		t.Error("the stock stays covered")
	}
	o.tapMore("ui.stock.check")
	test.Type(o.entry("ui.stock.serials"), "UT0000101-UT0000139")
	o.witnessed("ui.stock.check")
	checked := fmt.Sprintf(o.text("ui.safe.act"), at, "C-01", "A-01", o.text("ui.safe.kind.stock.checked"))
	if !o.says(checked) || !o.says(o.text("ui.safe.differs")) {
		t.Errorf("the safe does not say %q and that the count differed", checked)
	}
}

// Every act of the custodians on the safe asks for a second one, and a second officer who is none is refused.
func TestSafeIsOpenedByTwoCustodians(t *testing.T) {
	o := newOffice(t)
	o.shelved()
	o.open()
	o.enter("C-01")
	o.menu("ui.stock.title")
	for _, c := range []struct{ verb, words string }{
		{"ui.stock.check", ""}, {"ui.stock.send", "ui.stock.seal"}, {"ui.stock.spoil", "ui.stock.reason"},
		{"ui.stock.lost", "ui.stock.reason"},
	} {
		t.Run(c.verb, func(t *testing.T) {
			before := len(must(o.desk.Journal(t.Context(), ""))(t))
			o.tapMore(c.verb)
			if o.says(o.text("cure.role")) {
				t.Error("the refusal before stays on the screen")
			}
			o.entry("ui.stock.serials").SetText("UT0000100")
			if c.words != "" {
				o.entry(c.words).SetText("SL0000001")
			}
			o.pass()
			if !o.last(c.verb).Disabled() {
				t.Error("one custodian alone")
			}
			o.partner("O-01", passphrase)
			test.Tap(o.last(c.verb))
			o.pass()
			if !o.says(o.text("cure.role")) {
				t.Error("a second officer who is no custodian")
			}
			if after := len(must(o.desk.Journal(t.Context(), ""))(t)); after != before {
				t.Errorf("%d entries were made", after-before)
			}
			o.tap("ui.centre.back")
			o.menu("ui.stock.title") // which takes the refusal away
		})
	}
}

// tapMoreOf presses a button whose words end in dots already.
func (o *office) tapMoreOf(key string) { o.t.Helper(); o.tap(key) }

// Who is no custodian sees the stock and can move nothing.
func TestStockIsForCustodians(t *testing.T) {
	o := newOffice(t)
	o.delivered()
	o.room("E-01", "ui.stock.title")
	if !o.says(o.text("ui.stock.custodians")) || !o.says("D7") {
		t.Error("the screen does not say who may")
	}
	shown(o.window.Fyne().Canvas(), func(each fyne.CanvasObject) {
		if b, ok := each.(*widget.Button); ok && strings.HasSuffix(b.Text, "…") && b.Text != o.text("ui.stock.statement")+"…" {
			t.Errorf("%q is offered", b.Text)
		}
	})
}

// Tab goes through the question as it is read.
func TestFocusOrderOfTheStock(t *testing.T) {
	o := newOffice(t)
	o.stock("UT0000001")
	o.room("C-01", "ui.stock.title")
	o.tapMore("ui.stock.spoil")
	c := o.window.Fyne().Canvas()
	if a, ok := c.Focused().(interface{ Field() *widget.Entry }); !ok || a.Field() != o.entry("ui.stock.serials") {
		t.Fatalf("the numbers are not focused but %T", c.Focused())
	}
	if c.Focused().(fyne.Tabbable).AcceptsTab() {
		t.Error("Tab does not leave the numbers")
	}
	c.FocusNext()
	if c.Focused() != o.entry("ui.stock.reason") {
		t.Errorf("after the numbers %T is focused, not the reason", c.Focused())
	}
	c.FocusNext()
	if _, ok := c.Focused().(*widget.Select); !ok {
		t.Errorf("after the reason %T is focused, not the second officer", c.Focused())
	}
}
