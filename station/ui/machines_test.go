package ui_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"image"
	"image/png"
	"net"
	"net/http/httptest"
	"os"
	"path/filepath"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/widget"

	"padarozhnik/devices"
	"padarozhnik/devices/chip"
	"padarozhnik/devices/escl"
	"padarozhnik/devices/ipp"
	virtualchip "padarozhnik/devices/virtual/chip"
	"padarozhnik/devices/virtual/desk"
	virtualprinter "padarozhnik/devices/virtual/printer"
	virtualscanner "padarozhnik/devices/virtual/scanner"
	"padarozhnik/printing"
	"padarozhnik/printing/calibration"
	"padarozhnik/printing/measure"
	"padarozhnik/station"
	"padarozhnik/station/issuance"
	"padarozhnik/station/ui"
)

// machines are the devices of an office, virtual behind the real drivers, and the hand that moves what lies there.
type machines struct {
	*office
	table   *desk.Desk
	slot    *virtualchip.Slot
	printer *virtualprinter.Printer
}

// machines gives the office all its devices. The scanner's card lies on the glass; a page takes so long to print.
func (o *office) machines(page time.Duration) *machines {
	t := o.t
	t.Helper()
	dir := t.TempDir()
	pages := filepath.Join(dir, "pages")
	m := &machines{office: o, table: must(desk.Open(filepath.Join(dir, "desk")))(t), slot: &virtualchip.Slot{}}
	for n := range 3 { // each scan takes one away
		write(o, filepath.Join(pages, fmt.Sprintf("%d-card.png", n)), calibration.ScannerTarget().Draw(300, measure.Identity()))
	}
	server := httptest.NewServer(virtualscanner.New(virtualscanner.Settings{
		Desk: m.table, Pages: pages, Seed: 3, SkewDeg: 1, ShiftMM: 3, Noise: 2}))
	t.Cleanup(server.Close)
	m.printer = must(virtualprinter.Open(filepath.Join(dir, "desk"), virtualprinter.Options{PrintTime: page}))(t)
	listener := must(net.Listen("tcp", "127.0.0.1:0"))(t)
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- m.printer.Serve(ctx, listener) }()
	t.Cleanup(func() { stop(); <-ended })
	o.desk.DPI, o.desk.Hand = 300, m
	o.desk.Scanner = must(escl.New(server.URL+"/eSCL", nil, escl.Timing{Call: 5 * time.Second, Page: time.Minute,
		MinPause: time.Millisecond, MaxPause: 10 * time.Millisecond}))(t)
	o.desk.Printer = must(ipp.New("ipp://"+listener.Addr().String()+virtualprinter.Path, nil, ipp.Options{}))(t)
	o.desk.Encoder = must(chip.NewEncoder(m.slot, chip.Options{}))(t)
	o.asking()
	o.bench = m
	return m
}

// asking has the status line say what the devices themselves say.
func (o *office) asking() {
	o.deps.Devices = func(ctx context.Context) []ui.Health {
		lines, err := o.desk.DeviceList(ctx)
		if err != nil {
			return nil
		}
		var out []ui.Health
		for _, l := range lines {
			out = append(out, ui.Health{Kind: string(l.Kind), Err: l.Err})
		}
		return out
	}
}

func write(o *office, path string, img image.Image) {
	o.t.Helper()
	var b bytes.Buffer
	err := (&png.Encoder{CompressionLevel: png.BestSpeed}).Encode(&b, img)
	if err = errors.Join(err, os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, b.Bytes(), 0o600)); err != nil {
		o.t.Fatal(err)
	}
}

// cards lays void cards into the drawer: they carry no number of the office.
func (m *machines) cards(serials ...string) {
	m.t.Helper()
	for _, s := range serials {
		must(m.table.AddBook(s))(m.t)
		write(m.office, m.table.PagePath(s), must(printing.RenderBlank(m.t.Context(), s, m.desk.Layout, 300))(m.t))
	}
}

// Put implements issuance.Hand.
func (m *machines) Put(_ context.Context, serial station.Serial, at issuance.Spot) error {
	m.slot.Put(nil)
	err := m.table.Move(string(serial), desk.Place(at))
	if err != nil || at != issuance.SpotReader {
		return err
	}
	c, err := virtualchip.Open(virtualchip.FileStore{Path: m.table.ChipPath(string(serial))}, rand.Reader)
	if err == nil {
		m.slot.Put(c)
	}
	return err
}

// testChip is a chip that holds nobody's data.
func (m *machines) testChip() *virtualchip.Chip {
	m.t.Helper()
	_, _, err := virtualchip.Maker{Rand: rand.Reader, Prefix: "UT", Start: 4200001}.MakeBlanks(m.table, 1)
	if err != nil {
		m.t.Fatal(err)
	}
	return must(virtualchip.Open(virtualchip.FileStore{Path: m.table.ChipPath("UT4200001")}, rand.Reader))(m.t)
}

// relabelled is a scanner that says it is another.
type relabelled struct {
	devices.Scanner
	serial, firmware string
}

// Identify implements devices.Scanner.
func (r relabelled) Identify(ctx context.Context) (devices.Identity, error) {
	id, err := r.Scanner.Identify(ctx)
	if r.serial != "" {
		id.Serial = r.serial
	}
	if r.firmware != "" {
		id.Firmware = r.firmware
	}
	return id, err
}

// serving is an office with devices in which a technician has opened service mode.
func serving(o *office, page time.Duration) *machines {
	o.t.Helper()
	o.deps.Officers = append(o.deps.Officers, "T-01")
	m := o.machines(page)
	o.open()
	o.serve()
	return m
}

// serve sits the technician down before the devices, in service mode.
func (o *office) serve() {
	o.t.Helper()
	o.enter("T-01")
	o.menu("ui.service.title")
	if o.offers("ui.service.open") {
		o.tap("ui.service.open")
	}
}

// tapNth presses one of several buttons with the same words, counted from 0.
func (o *office) tapNth(key string, n int) {
	o.t.Helper()
	o.pass()
	want := o.text(key)
	test.Tap(find(o, func(b *widget.Button) bool {
		if b.Text == want {
			n--
		}
		return n < 0
	}))
	o.pass()
}

// beside presses a button in the line of a device: the scanner's stands before the printer's.
func (m *machines) beside(kind issuance.DeviceKind, key string) {
	m.t.Helper()
	n := 0
	if kind == issuance.KindPrinter {
		n = 1
	}
	m.tapNth(key, n)
}

// scannerReady calibrates the scanner by its card, through the window.
func (m *machines) scannerReady() {
	m.t.Helper()
	m.beside(issuance.KindScanner, "ui.service.calibrate")
	m.tap("ui.wizard.do")
	m.countersign()
}

// scannerKnown calibrates the scanner unless that was done before.
func (m *machines) scannerKnown() {
	m.t.Helper()
	if len(must(m.desk.Calibrations(m.t.Context(), issuance.KindScanner))(m.t)) == 0 {
		m.scannerReady()
	}
}

// readerTested tests the reader with a chip that the desk's own hand lays, as in training.
func (m *machines) readerTested() {
	m.t.Helper()
	m.testChip()
	m.desk.Encoder = must(chip.NewEncoder(m.slot, chip.Options{}))(m.t)
	m.menu("ui.service.title")
	m.tap("ui.reader.test")
	test.Type(m.entry("ui.reader.book"), "ut4200001")
	test.Tap(m.last("ui.reader.begin"))
	m.pass()
}

// countersign has a second officer sign what was measured.
func (m *machines) countersign() {
	m.t.Helper()
	m.tapMore("ui.wizard.countersign")
	m.partner("I-01", passphrase)
	m.last("ui.wizard.countersign").OnTapped()
	m.pass()
}

// pictures counts what is drawn on the screen.
func (m *machines) pictures() (n int) {
	shown(m.window.Fyne().Canvas(), func(each fyne.CanvasObject) {
		if i, ok := each.(*canvas.Image); ok && i.Image != nil && i.MinSize().Width > 200 {
			n++
		}
	})
	return n
}
