package ui_test

import (
	"errors"
	"image/png"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"fyne.io/fyne/v2/widget"

	"padarozhnik/devices/escl"
	virtualscanner "padarozhnik/devices/virtual/scanner"
	"padarozhnik/printing/calibration"
	"padarozhnik/printing/measure"
	"padarozhnik/station/issuance"
	"padarozhnik/station/journal/event"
)

// glass gives the office a scanner, behind its real driver, on which the scanner's card lies.
func (o *office) glass() {
	o.t.Helper()
	pages := o.t.TempDir()
	f := must(os.Create(filepath.Join(pages, "0-card.png")))(o.t)
	err := png.Encode(f, calibration.ScannerTarget().Draw(300, measure.Identity()))
	if err = errors.Join(err, f.Close()); err != nil {
		o.t.Fatal(err)
	}
	server := httptest.NewServer(virtualscanner.New(virtualscanner.Settings{Pages: pages, Seed: 1}))
	o.t.Cleanup(server.Close)
	o.desk.Scanner = must(escl.New(server.URL+"/eSCL", nil, escl.Timing{Call: 5 * time.Second, Page: time.Minute,
		MinPause: time.Millisecond, MaxPause: 10 * time.Millisecond}))(o.t)
}

// A technician opens service mode, calibrates the scanner step by step, has it countersigned, and leaves; no
// case is on the screen meanwhile.
func TestTechnicianByTapping(t *testing.T) {
	o := newOffice(t)
	o.deps.Officers = append(o.deps.Officers, "T-01")
	o.furnish()
	o.glass()
	o.open()
	o.enter("T-01")
	if !o.says("7KQXM-2WNPA") {
		t.Fatal("the board is empty before the visit")
	}
	o.menu("ui.service.title")
	if o.offers("ui.service.calibrate") || !o.says(o.text("ui.service.word.never-calibrated")) {
		t.Error("a device can be calibrated outside of service mode, or is not listed")
	}
	o.tap("ui.service.open")
	if o.says("7KQXM-2WNPA") || o.says("P3WFG-6TNRS") {
		t.Error("a case is on the screen in service mode")
	}
	o.tap("ui.service.calibrate")
	if !o.says(o.text("ui.wizard.card")) {
		t.Fatal("the wizard does not say what to do")
	}
	o.tap("ui.wizard.do")
	if !o.says(o.text("ui.wizard.good")) {
		t.Fatal("the wizard does not say what it found")
	}
	o.tapMore("ui.wizard.countersign")
	o.partner("I-01", passphrase) // service mode has closed the tokens of those who opened the day
	o.pass()
	o.last("ui.wizard.countersign").OnTapped()
	o.pass()
	if got := o.kinds()[event.DeviceCalibrated]; got != 1 {
		t.Errorf("%d calibrations were signed", got)
	}
	if !o.says(o.text("ui.service.word.ok")) || !o.says("± 0.5 мм") {
		t.Error("the list or the plot does not show the calibration")
	}
	o.tap("ui.service.close")
	if _, ok := look(o, func(e *widget.Entry) bool { return e.Password }); !ok {
		t.Error("the end of service mode leaves somebody signed in")
	}
	if o.desk.ServiceLeft() != 0 {
		t.Error("service mode is open still")
	}
}

// Who is no technician sees how the devices are, and can open nothing; leaving the screen drops a calibration.
func TestDevicesForEverybody(t *testing.T) {
	o := newOffice(t)
	o.room("O-01", "ui.service.title")
	if !o.says(o.text("ui.service.word.silent")) {
		t.Error("a device that does not answer is not said to be silent")
	}
	if o.offers("ui.service.open") || o.offers("ui.service.calibrate") {
		t.Error("an operator is offered what a technician does")
	}
	o.tap("ui.centre.back")
	if _, err := o.desk.DeviceList(t.Context()); err != nil || issuance.KindScanner == "" {
		t.Error(err)
	}
}

// Tab goes through the screen as it is read: the devices' buttons, then the foot.
func TestFocusOrderOfTheTechnician(t *testing.T) {
	o := newOffice(t)
	o.room("T-01", "ui.service.title")
	c := o.window.Fyne().Canvas()
	c.Focus(o.button("ui.service.show"))
	for _, key := range []string{"ui.service.show", "ui.centre.back", "ui.service.open"} {
		c.FocusNext()
		if b, ok := c.Focused().(*widget.Button); !ok || b.Text != o.text(key) {
			t.Errorf("%s is not next", key)
		}
	}
}
