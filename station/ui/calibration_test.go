package ui_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2/test"

	virtualprinter "padarozhnik/devices/virtual/printer"
	"padarozhnik/printing/calibration"
	"padarozhnik/printing/measure"
	"padarozhnik/station/issuance"
	"padarozhnik/station/journal/event"
)

// measurePrinter goes through the steps of a printer's calibration, on void cards of a letter.
func (m *machines) measurePrinter(letter string) {
	t := m.t
	t.Helper()
	var cards []string
	for n := range 4 {
		cards = append(cards, fmt.Sprintf("%s%d", letter, n+1))
	}
	m.cards(cards...)
	for n, card := range cards {
		if which := fmt.Sprintf(m.text("ui.wizard.print.which"), n+1, 4); !m.says(which) {
			t.Fatalf("the wizard does not say %q", which)
		}
		if n == 3 && !m.says(m.text("ui.wizard.verify")) {
			t.Error("the last print is not said to be the verification")
		}
		if m.offers("ui.wizard.do") {
			t.Error("a print can be begun before a page is named")
		}
		test.Type(m.entry("ui.wizard.page"), strings.ToLower(card))
		m.tap("ui.wizard.do")
		if !m.says(m.text("ui.wizard.scan")) {
			t.Fatal("the wizard does not go on to the scan")
		}
		m.tap("ui.wizard.do")
		if m.pictures() < 2 {
			t.Errorf("after scan %d the wizard shows %d pictures", n+1, m.pictures())
		}
	}
}

// misplace has the printer lay everything off.
func (m *machines) misplace(x, y float64) {
	m.t.Helper()
	if err := m.printer.Misplace(virtualprinter.Shift{XMM: x, YMM: y, JitterMM: 0.01}); err != nil {
		m.t.Fatal(err)
	}
}

// plotted tells how many calibrations the plot says that it draws.
func (m *machines) plotted(kind issuance.DeviceKind, n int) bool {
	return m.says(fmt.Sprintf(m.text("ui.plot.title"), m.text("ui.device.name."+string(kind)), n, 0))
}

// A technician calibrates scanner and printer through the window: each step is said, shown and counted, what was
// measured stands beside the time before, nothing is kept of what was cancelled, and the plot gains a point.
func TestPrinterCalibrationByTapping(t *testing.T) {
	o := newOffice(t)
	o.stock("UT0000001")
	m := serving(o, time.Millisecond)
	m.beside(issuance.KindPrinter, "ui.service.calibrate")
	if !m.says(m.text("cure.device-not-calibrated")) {
		t.Error("a printer is calibrated before its scanner, or the screen does not say why not")
	}
	m.beside(issuance.KindScanner, "ui.service.calibrate")
	if m.pictures() != 1 || m.offers("ui.service.show") || m.offers("ui.service.close") {
		t.Error("the wizard does not show the card, or does not have the screen to itself")
	}
	m.tap("ui.wizard.do")
	if !m.says(m.text("ui.wizard.good")) || !m.says(m.text("ui.result.now")) {
		t.Error("the wizard does not say what the scanner's card gave")
	}
	m.countersign()
	if !m.plotted(issuance.KindScanner, 1) {
		t.Error("the scanner's plot has no point")
	}
	m.longAgo()
	m.cancelled()
	m.again()
	if got := m.kinds()[event.DeviceCalibrated]; got != 3 {
		t.Errorf("%d calibrations were signed, want 3", got)
	}
}

// longAgo is a calibration of the printer that the office has from before.
func (m *machines) longAgo() {
	t := m.t
	t.Helper()
	id := must(m.desk.Printer.Identify(t.Context()))(t)
	tech, witness := must(m.desk.SignIn(m.tokens["T-01"]))(t), must(m.desk.SignIn(m.tokens["I-01"]))(t)
	must(m.desk.SignCalibration(t.Context(), tech, witness,
		issuance.Calibration{Kind: issuance.KindPrinter, Model: id.Model, Serial: id.Serial, Firmware: id.Firmware, OK: true,
			Printer: &calibration.Printer{Error: measure.Identity(), OffsetXMM: 0.61, OffsetYMM: -0.42, ScaleX: 1, ScaleY: 1,
				RestMM: 0.05, Prints: 3}, VerifyMM: 0.11}))(t)
}

// goodBlankRefused tries to print the target on a blank that may become a passport.
func (m *machines) goodBlankRefused() {
	m.t.Helper()
	test.Type(m.entry("ui.wizard.page"), "UT0000001")
	m.tap("ui.wizard.do")
	if !m.says(m.text("cure.page-not-void")) {
		m.t.Error("the target is printed on a good blank")
	}
}

// cancelled stops a calibration after its first print.
func (m *machines) cancelled() {
	m.t.Helper()
	m.beside(issuance.KindPrinter, "ui.service.calibrate")
	m.goodBlankRefused()
	m.cards("W9")
	test.Type(m.entry("ui.wizard.page"), "W9")
	m.tap("ui.wizard.do")
	m.tap("ui.wizard.cancel")
	if m.says(m.text("ui.wizard.title")) || !m.offers("ui.service.show") || !m.says(m.text("ui.service.word.ok")) {
		m.t.Error("after the cancel the wizard stays, or the list does not come again")
	}
	m.beside(issuance.KindPrinter, "ui.service.show")
	if !m.plotted(issuance.KindPrinter, 1) {
		m.t.Error("something was kept of a calibration that was cancelled")
	}
}

// again calibrates the printer a second time, after it was moved: the values before stand beside those now.
func (m *machines) again() {
	m.t.Helper()
	before := must(m.desk.Calibrations(m.t.Context(), issuance.KindPrinter))(m.t)[0].Point()
	m.misplace(-0.3, 0.5)
	m.beside(issuance.KindPrinter, "ui.service.calibrate")
	m.measurePrinter("X")
	former := strings.Split(m.text("ui.result.former"), "%s")[0]
	for _, words := range []string{former, m.text("ui.result.now"), fmt.Sprintf("+%.2f", before.XMM),
		fmt.Sprintf("−%.2f", -before.YMM), fmt.Sprintf("%.2f", issuance.VerifyLimitMM)} {
		if !m.says(words) {
			m.t.Errorf("the result does not say %q", words)
		}
	}
	m.countersign()
	if !m.plotted(issuance.KindPrinter, 2) {
		m.t.Error("the plot did not gain a point")
	}
	now := must(m.desk.Calibrations(m.t.Context(), issuance.KindPrinter))(m.t)[1].Point()
	if !m.says(fmt.Sprintf("%.2f", now.RestMM)) || now.XMM > -0.2 || now.YMM < 0.4 {
		m.t.Errorf("signed: %+v", now)
	}
}

// A print that is stopped in its middle leaves the step in hand: it can be done again on another page.
func TestCalibrationStepStopped(t *testing.T) {
	o := newOffice(t)
	m := serving(o, time.Millisecond)
	m.scannerReady()
	m.beside(issuance.KindPrinter, "ui.service.calibrate")
	m.cards("S1", "S2")
	m.printer.Slow(3 * time.Second)
	screen := make(chan func(), 64)
	o.window.Concurrently(func(f func()) { go f() }, func(f func()) { screen <- f })
	test.Type(m.entry("ui.wizard.page"), "S1")
	m.pass()
	test.Tap(m.button("ui.wizard.do"))
	until(t, screen, "the page is printed", func() bool { return m.says(m.text("ui.progress.print")) })
	if m.offers("ui.wizard.cancel") || !m.offers("ui.strip.cancel") {
		t.Error("while a step runs it cannot be stopped, or the calibration can be left under it")
	}
	test.Tap(m.button("ui.strip.cancel"))
	until(t, screen, "the step has stopped", func() bool { return m.offers("ui.wizard.cancel") })
	if !m.says(m.text("cure.page-spent")) {
		t.Error("the screen does not say that the step was stopped")
	}
	if !m.says(m.text("ui.wizard.print")) || m.entry("ui.wizard.page").Text != "" {
		t.Error("the step is not in hand again, or the page that may carry ink is offered again")
	}
	m.printer.Slow(time.Millisecond)
	m.pass()
	test.Type(m.entry("ui.wizard.page"), "S2")
	test.Tap(m.button("ui.wizard.do"))
	until(t, screen, "the step is done", func() bool { return m.says(m.text("ui.wizard.scan")) })
}

// Another device in the place of the accepted one is named, issues nothing, and is accepted by a note of two; so is
// another firmware.
func TestDeviceAcceptedByTapping(t *testing.T) {
	for _, c := range []struct{ name, serial, firmware, word string }{
		{"another scanner", "V0002", "", "swapped"}, {"another firmware", "", "9.9", "firmware-changed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := newOffice(t)
			m := serving(o, time.Millisecond)
			m.scannerReady()
			if m.offers("ui.service.accept") {
				t.Error("a device that is the accepted one can be accepted")
			}
			o.desk.Scanner = relabelled{o.desk.Scanner, c.serial, c.firmware}
			o.menu("ui.service.title")
			if !m.says(m.text("ui.service.word."+c.word)) || !m.says(c.serial+c.firmware) {
				t.Fatalf("the list does not say that the scanner is %s", c.word)
			}
			stops := fmt.Sprintf(o.text("ui.status.troubled"), o.text("ui.device.name.scanner"))
			if strings.Contains(o.bottom(), stops) != (c.serial != "") {
				t.Errorf("the status line and the list say different things: %q", o.bottom())
			}
			m.tap("ui.service.accept")
			m.partner("I-01", passphrase)
			if !m.last("ui.service.accept").Disabled() {
				t.Error("accepted without a note")
			}
			test.Type(m.entry("ui.service.note"), "новая пасля рамонту")
			m.last("ui.service.accept").OnTapped()
			m.pass()
			if got := m.kinds()[event.DeviceAccepted]; got != 1 || m.offers("ui.service.accept") {
				t.Errorf("%d acceptances were signed, or it is offered still", got)
			}
		})
	}
}

// The chip reader is tested with a chip of nobody, place by place: the window asks for each, counts, and says where
// it fails and what to do.
func TestReaderByTapping(t *testing.T) {
	for _, c := range []struct{ name, dead, says string }{
		{"everywhere", "", "ui.reader.good"}, {"not on the left", "left", "ui.reader.bad"},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := newOffice(t)
			m := serving(o, time.Millisecond)
			chip := m.testChip()
			screen := make(chan func(), 64)
			o.window.Concurrently(func(f func()) { go f() }, func(f func()) { screen <- f })
			m.pass()
			test.Tap(m.button("ui.reader.test"))
			test.Type(m.entry("ui.reader.can"), "12")
			if m.offers("ui.reader.begin") {
				t.Error("two digits are taken for an access number")
			}
			m.entry("ui.reader.can").SetText("")
			test.Tap(m.last("ui.reader.begin"))
			for _, place := range issuance.FieldPlaces() {
				until(t, screen, "the chip is asked for "+place, func() bool { return m.says(m.text("ui.reader.lay." + place)) })
				m.slot.Put(chip)
				if place == c.dead {
					m.slot.Put(nil)
				}
				test.Tap(m.button("ui.strip.there"))
			}
			verdict := strings.Split(m.text(c.says), "%s")[0]
			until(t, screen, "the test is over", func() bool { return m.says(verdict) })
			if c.dead != "" && !m.says(verdict+m.text("ui.reader.place."+c.dead)) {
				t.Error("the place in which the reader fails is not named")
			}
			none := m.says(fmt.Sprintf(m.text("ui.reader.reads"), 0, 10))
			if !m.says(fmt.Sprintf(m.text("ui.reader.reads"), 10, 10)) || none != (c.dead != "") {
				t.Error("the reads are not counted")
			}
			test.Tap(m.last("ui.close"))
		})
	}
}

// In training a booklet stands for the test chip, and the desk's own hand lays it.
func TestReaderInTraining(t *testing.T) {
	m := serving(newOffice(t), time.Millisecond)
	m.readerTested()
	if !m.says(m.text("ui.reader.good")) {
		t.Error("the reader was not tested")
	}
}

// Tab goes through the wizard as it is read: the page, the step, the way out.
func TestFocusOrderOfTheWizard(t *testing.T) {
	o := newOffice(t)
	m := serving(o, time.Millisecond)
	m.scannerReady()
	m.beside(issuance.KindPrinter, "ui.service.calibrate")
	test.Type(m.entry("ui.wizard.page"), "V1")
	c := o.window.Fyne().Canvas()
	c.Focus(m.entry("ui.wizard.page"))
	for _, key := range []string{"ui.centre.back", "ui.wizard.cancel", "ui.wizard.do"} {
		c.FocusNext()
		if words(c.Focused()) != m.text(key) {
			t.Errorf("%q is next, not %s", words(c.Focused()), key)
		}
	}
}
