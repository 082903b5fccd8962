package issuance_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/png"
	"math"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"padarozhnik/devices"
	virtualprinter "padarozhnik/devices/virtual/printer"
	virtualscanner "padarozhnik/devices/virtual/scanner"
	"padarozhnik/printing"
	"padarozhnik/printing/calibration"
	"padarozhnik/printing/measure"
	"padarozhnik/station"
	"padarozhnik/station/issuance"
)

// visit is an office with a printer and a scanner that are off, void cards, and a technician.
type visit struct {
	*office
	desk    *issuance.Desk
	scanner *virtualscanner.Scanner
	elapsed time.Duration
	tech    issuance.Seat
}

// lens is what is wrong with the visited office's scanner.
var lens = virtualscanner.Lens{ScaleX: 1.003, ScaleY: 0.9975, Shear: 0.001}

// newVisit opens an office whose devices are off. Void cards V1, V2 ... lie ready.
func newVisit(t *testing.T) *visit {
	t.Helper()
	v := &visit{office: newOffice(t, 2)}
	v.scanner = virtualscanner.New(virtualscanner.Settings{
		Desk: v.table, Pages: v.pages, Seed: 3, SkewDeg: 1, ShiftMM: 3, Noise: 2, Lens: lens,
	})
	server := httptest.NewServer(v.scanner)
	t.Cleanup(server.Close)
	v.scanURL = server.URL + "/eSCL"
	v.desk = v.office.desk(nil)
	v.desk.Elapsed = func() time.Duration { return v.elapsed }
	return v
}

// cards lays void cards, which carry no number of the office, into the drawer.
func (v *visit) cards(prefix string, n int) cards {
	v.t.Helper()
	c := cards{prefix: prefix}
	for k := range n {
		serial := fmt.Sprintf("%s%d", prefix, k+1)
		must(v.table.AddBook(serial))(v.t)
		v.page(serial, must(printing.RenderBlank(v.t.Context(), serial, must(printing.Utopia())(v.t), 300))(v.t))
	}
	return c
}

func (v *visit) page(serial string, img image.Image) {
	v.t.Helper()
	var b bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestSpeed}).Encode(&b, img); err != nil {
		v.t.Fatal(err)
	}
	if err := os.WriteFile(v.table.PagePath(serial), b.Bytes(), 0o600); err != nil {
		v.t.Fatal(err)
	}
}

// cards hands out one void card after the other.
type cards struct{ prefix string }

// Next implements issuance.Voids.
func (c cards) Next(_ context.Context, step calibration.Step, _ *image.RGBA) (station.Serial, error) {
	return station.Serial(fmt.Sprintf("%s%d", c.prefix, step.Number)), nil
}

// serve opens service mode for the technician, and a seat for the witness.
func (v *visit) serve() (witness issuance.Seat) {
	v.t.Helper()
	v.tech = v.seat(v.desk, "T")
	if err := v.desk.OpenService(v.t.Context(), v.tech); err != nil {
		v.t.Fatal(err)
	}
	v.reopenToken("C")
	return v.seat(v.desk, "C")
}

// close ends service mode: everybody takes their token out and signs in again.
func (v *visit) close() {
	v.t.Helper()
	if err := v.desk.CloseService(v.t.Context(), v.tech); err != nil {
		v.t.Fatal(err)
	}
	for name := range members {
		v.reopenToken(name)
	}
}

// calibrateScanner lays the card on the glass, measures and signs.
func (v *visit) calibrateScanner(witness issuance.Seat) issuance.Calibration {
	v.t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, calibration.ScannerTarget().Draw(300, measure.Identity())); err != nil {
		v.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(v.pages, "0-card.png"), b.Bytes(), 0o600); err != nil {
		v.t.Fatal(err)
	}
	if err := v.table.Clear("scanner"); err != nil {
		v.t.Fatal(err)
	}
	found := must(v.desk.MeasureScanner(v.t.Context(), v.tech))(v.t)
	return must(v.desk.SignCalibration(v.t.Context(), v.tech, witness, found))(v.t)
}

// TestScenario7 is the technician's visit: service mode without a case; the scanner's card, its geometry
// and greys; the MRZ test card; the test chip; the printer's target on void stock, scanned, solved, kept
// with serial and firmware, countersigned; and then a passport that lies right.
func TestScenario7(t *testing.T) {
	v := newVisit(t)
	d, ctx := v.desk, t.Context()
	if err := v.receive(d); err != nil {
		t.Fatal(err)
	}
	enroller := v.seat(d, "E")
	token := must(d.Enrol(ctx, enroller))(t)
	witness := v.serve()
	v.noCaseReachable(token)
	if _, err := d.MeasurePrinter(ctx, v.tech, v.cards("A", 4), nil); !errors.Is(err, issuance.ErrNotCalibrated) {
		t.Errorf("a printer before its scanner: %v", err)
	}
	scanned := v.calibrateScanner(witness)
	if g := scanned.Scanner.Geometry; !scanned.OK || math.Abs(g.ScaleX-lens.ScaleX) > 3e-4 || math.Abs(g.ScaleY-lens.ScaleY) > 3e-4 ||
		math.Abs(g.Shear-lens.Shear) > 3e-4 {
		t.Errorf("scanner: %+v", scanned.Scanner)
	}
	v.testCards()
	v.calibratePrinter(witness)
	v.close()
	for _, name := range []string{"E", "O", "I", "A"} {
		_ = v.seat(d, name)
	}
	c := v.finish(d)
	if c.Stage != station.StageClosed {
		t.Errorf("the case ended %s", c.Stage)
	}
	h := must(d.Health(ctx, issuance.KindPrinter))(t)
	if h.Word() != "ok" || h.Calibrated == 0 {
		t.Errorf("health of the printer: %+v", h)
	}
	if _, err := d.VerifyJournal(ctx); err != nil {
		t.Error(err)
	}
}

// noCaseReachable tries every way to a case.
func (v *visit) noCaseReachable(token station.CaseToken) {
	t, d, ctx := v.t, v.desk, v.t.Context()
	t.Helper()
	if b := must(d.Board(ctx))(t); len(b.Cases) != 0 {
		t.Error("the board shows cases in service mode")
	}
	v.reopenToken("E")
	seat := v.seat(d, "E")
	if _, err := d.Application(ctx, seat, token); !errors.Is(err, issuance.ErrService) {
		t.Errorf("application in service mode: %v", err)
	}
	if _, err := d.Enrol(ctx, seat); !errors.Is(err, issuance.ErrService) {
		t.Errorf("enrolment in service mode: %v", err)
	}
	if _, err := d.MeasureScanner(ctx, seat); !errors.Is(err, station.ErrRole) {
		t.Errorf("an enrollment officer measures: %v", err)
	}
	d.SignOut(seat)
}

// testCards reads the MRZ test card, and tries the reader with a chip.
func (v *visit) testCards() {
	t, d, ctx := v.t, v.desk, v.t.Context()
	t.Helper()
	must(v.table.AddBook("CARD"))(t)
	v.page("CARD", must(calibration.Card(ctx, must(printing.Utopia())(t), 300))(t))
	if err := v.Put(ctx, "CARD", issuance.SpotScanner); err != nil {
		t.Fatal(err)
	}
	if read := must(d.ReadCard(ctx, v.tech))(t); !read.Same || !read.Accepted || read.Weakest < 0.7 {
		t.Errorf("test card: %+v", read)
	}
	serial := must(d.Stock(ctx))(t)[0].Serial
	asked := 0
	fields := must(d.TestReader(ctx, v.tech, func(ctx context.Context, place string) error {
		if asked++; place == "raised" {
			v.slot.Put(nil) // too high: the antenna does not reach it
			return nil
		}
		return v.Put(ctx, serial, issuance.SpotReader)
	}, nil))(t)
	for _, f := range fields {
		if far := f.Place == "raised"; f.Reads != 10 || far != (f.Errors == f.Reads) || !far && f.Errors != 0 {
			t.Errorf("reader: %+v", f)
		}
	}
	if asked != len(issuance.FieldPlaces()) {
		t.Errorf("%d places asked for", asked)
	}
}

// calibratePrinter finds a printer off and makes it good, on void cards alone.
func (v *visit) calibratePrinter(witness issuance.Seat) {
	t, d, ctx := v.t, v.desk, v.t.Context()
	t.Helper()
	off := virtualprinter.Shift{XMM: 0.9, YMM: -0.7, Degrees: 0.3, ScaleX: 1.003, ScaleY: 0.998, JitterMM: 0.02}
	if err := v.printer.Misplace(off); err != nil {
		t.Fatal(err)
	}
	if _, err := d.MeasurePrinter(ctx, v.tech, blanks{d}, nil); !errors.Is(err, issuance.ErrNotVoid) {
		t.Errorf("a target on a good blank: %v", err)
	}
	found := must(d.MeasurePrinter(ctx, v.tech, cards{"A"}, nil))(t)
	p := found.Printer
	if !found.OK || math.Abs(p.OffsetXMM-off.XMM) > 0.08 || math.Abs(p.OffsetYMM-off.YMM) > 0.08 || math.Abs(p.TurnDeg-off.Degrees) > 0.05 ||
		math.Abs(p.ScaleX-off.ScaleX) > 1e-3 || math.Abs(p.ScaleY-off.ScaleY) > 1e-3 || found.VerifyMM > calibration.VerifyMM {
		t.Errorf("printer %+v, verified within %.3f mm, cause %s", p, found.VerifyMM, found.Cause)
	}
	if _, err := d.SignCalibration(ctx, v.tech, v.tech, found); !errors.Is(err, station.ErrSamePerson) {
		t.Errorf("countersigned by the technician: %v", err)
	}
	signed := must(d.SignCalibration(ctx, v.tech, witness, found))(t)
	history := must(d.Calibrations(ctx, issuance.KindPrinter))(t)
	if len(history) != 1 || history[0].Serial != "V0001" || history[0].Firmware == "" || history[0].Witness != signed.Witness ||
		history[0].Technician == history[0].Witness || history[0].Time == 0 {
		t.Errorf("kept: %+v", history)
	}
	if chart := issuance.Chart(history); !bytes.Contains(chart, []byte("<svg")) || bytes.Count(chart, []byte("<circle")) < 2 {
		t.Error("no chart of the history")
	}
}

// blanks hands out the office's good blanks.
type blanks struct{ desk *issuance.Desk }

// Next implements issuance.Voids.
func (b blanks) Next(ctx context.Context, _ calibration.Step, _ *image.RGBA) (station.Serial, error) {
	books, err := b.desk.Stock(ctx)
	if err != nil {
		return "", err
	}
	return books[0].Serial, nil
}

// TestScenario7F1OutOfTolerance: nothing is issued on a printer that is too far off, and enrolling goes on.
func TestScenario7F1OutOfTolerance(t *testing.T) {
	v := newVisit(t)
	d, ctx := v.desk, t.Context()
	witness := v.serve()
	v.calibrateScanner(witness)
	if err := v.printer.Misplace(virtualprinter.Shift{XMM: 2.7, YMM: 2.1}); err != nil {
		t.Fatal(err)
	}
	found := must(d.MeasurePrinter(ctx, v.tech, v.cards("B", 3), nil))(t)
	if found.OK || found.Cause != issuance.CauseOutOfReach {
		t.Fatalf("a printer 3.4 mm off: %+v", found)
	}
	must(d.SignCalibration(ctx, v.tech, witness, found))(t)
	v.close()
	c := v.until(station.StageOrdered)
	if err := d.Produce(ctx, v.seat(d, "O"), c.Token, nil); !errors.Is(err, issuance.ErrOutOfTolerance) {
		t.Errorf("issued on a printer out of tolerance: %v", err)
	}
	if got := must(d.Stock(ctx))(t); got[0].State == station.StateTaken || got[1].State == station.StateTaken {
		t.Error("a blank was taken for a printer that prints nothing")
	}
	if _, err := d.Enrol(ctx, v.seat(d, "E")); err != nil {
		t.Errorf("enrolling: %v", err)
	}
}

// until leads the one case to a stage.
func (v *visit) until(stage station.Stage) station.Case {
	v.t.Helper()
	for range 30 {
		if b := must(v.desk.Board(v.t.Context()))(v.t); len(b.Cases) > 0 && b.Cases[0].Stage == stage {
			return b.Cases[0]
		}
		if _, err := v.next(v.t.Context(), v.desk); err != nil {
			v.t.Fatal(err)
		}
	}
	v.t.Fatalf("the case does not come to %s", stage)
	return station.Case{}
}

// relabelled is a printer that says it is another.
type relabelled struct {
	devices.Printer
	serial, firmware string
}

// Identify implements devices.Printer.
func (r relabelled) Identify(ctx context.Context) (devices.Identity, error) {
	id, err := r.Printer.Identify(ctx)
	if r.serial != "" {
		id.Serial = r.serial
	}
	if r.firmware != "" {
		id.Firmware = r.firmware
	}
	return id, err
}

// calibrated signs a calibration of the printer that stands there, without printing.
func (v *visit) calibrated(witness issuance.Seat) {
	v.t.Helper()
	id := must(v.desk.Printer.Identify(v.t.Context()))(v.t)
	must(v.desk.SignCalibration(v.t.Context(), v.tech, witness, issuance.Calibration{
		Kind: issuance.KindPrinter, Model: id.Model, Serial: id.Serial, Firmware: id.Firmware, OK: true,
		Printer: &calibration.Printer{Error: measure.Identity(), ScaleX: 1, ScaleY: 1, Prints: 3},
	}))(v.t)
}
