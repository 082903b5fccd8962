package issuance_test

import (
	"context"
	"errors"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"padarozhnik/devices"
	"padarozhnik/devices/escl"
	virtualscanner "padarozhnik/devices/virtual/scanner"
	"padarozhnik/devices/watchdog"
	"padarozhnik/station"
	"padarozhnik/station/issuance"
	"padarozhnik/station/journal/event"
)

// TestScenario7F2Swapped and F5: another printer issues nothing before a signed note accepts it; another
// firmware is an alarm, entered once.
func TestScenario7F2Swapped(t *testing.T) {
	v := newVisit(t)
	d, ctx := v.desk, t.Context()
	witness := v.serve()
	v.calibrated(witness)
	own := d.Printer
	d.Printer = relabelled{own, "V0002", ""}
	if h := must(d.Health(ctx, issuance.KindPrinter))(t); !h.Swapped || !errors.Is(h.Stops(), issuance.ErrSwapped) {
		t.Errorf("a swapped printer: %+v", h)
	}
	v.close()
	c := v.until(station.StageOrdered)
	if err := d.Produce(ctx, v.seat(d, "O"), c.Token, nil); !errors.Is(err, issuance.ErrSwapped) {
		t.Errorf("issued on a swapped printer: %v", err)
	}
	witness = v.serve()
	if err := d.AcceptDevice(ctx, v.tech, witness, issuance.KindPrinter, ""); !errors.Is(err, station.ErrReason) {
		t.Errorf("accepted without a note: %v", err)
	}
	if err := d.AcceptDevice(ctx, v.tech, witness, issuance.KindPrinter, "the old one was sent to be repaired"); err != nil {
		t.Fatal(err)
	}
	v.close()
	if err := d.Produce(ctx, v.seat(d, "O"), c.Token, nil); err != nil {
		t.Errorf("after the note: %v", err)
	}
	entries := v.entries(event.DeviceAccepted)
	if entries != 1 {
		t.Errorf("%d entries of the acceptance", entries)
	}
}

// entries counts the entries of a kind.
func (v *visit) entries(kind string) int {
	v.t.Helper()
	n := 0
	err := v.desk.Store.View(v.t.Context(), func(tx issuance.Tx) error {
		all, err := tx.Entries("")
		for _, s := range all {
			if s.Entry.Kind == kind {
				n++
			}
		}
		return err
	})
	if err != nil {
		v.t.Fatal(err)
	}
	return n
}

func TestScenario7F5FirmwareChanged(t *testing.T) {
	v := newVisit(t)
	d, ctx := v.desk, t.Context()
	witness := v.serve()
	v.calibrated(witness)
	d.Printer = relabelled{d.Printer, "", "9.9-strange"}
	for range 3 {
		if h := must(d.Health(ctx, issuance.KindPrinter))(t); !h.FirmwareChanged || h.Stops() != nil {
			t.Errorf("another firmware: %+v", h)
		}
	}
	if n := v.entries(event.FirmwareChanged); n != 1 {
		t.Errorf("%d alarms for one change", n)
	}
	checks, _, err := d.Checklist(ctx, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range checks {
		if c.Word == "calibration" && (c.OK || !strings.Contains(c.Detail, "firmware-changed")) {
			t.Errorf("the checklist says %+v", c)
		}
	}
	if err := d.AcceptDevice(ctx, v.tech, witness, issuance.KindPrinter, "updated by the maker"); err != nil {
		t.Fatal(err)
	}
	if h := must(d.Health(ctx, issuance.KindPrinter))(t); h.FirmwareChanged {
		t.Errorf("after the note: %+v", h)
	}
}

// hanging is a scanner whose driver never comes back.
type hanging struct {
	devices.Scanner
	end chan struct{}
}

// Identify implements devices.Scanner; it heeds no context.
func (h hanging) Identify(context.Context) (devices.Identity, error) {
	<-h.end
	return devices.Identity{}, devices.ErrUnreachable
}

// TestScenario7F3DriverHangs: the watchdog ends the call, and the desk goes on.
func TestScenario7F3DriverHangs(t *testing.T) {
	v := newVisit(t)
	d := v.desk
	witness := v.serve()
	own, end := d.Scanner, make(chan struct{})
	d.Scanner = watchdog.NewScanner(hanging{own, end}, watchdog.Limits{Grace: 50 * time.Millisecond})
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := d.MeasureScanner(ctx, v.tech); !errors.Is(err, devices.ErrHangs) {
		t.Errorf("a hanging driver: %v", err)
	}
	close(end)
	d.Scanner = own
	v.calibrateScanner(witness)
}

// TestScenario7F4ServiceClosesItself after ten minutes, busy or not.
func TestScenario7F4ServiceClosesItself(t *testing.T) {
	v := newVisit(t)
	d, ctx := v.desk, t.Context()
	v.serve()
	for range 3 { // somebody works: the desk is not idle
		v.elapsed += 3 * time.Minute
		d.Touch()
	}
	if left := d.ServiceLeft(); left != time.Minute {
		t.Errorf("%v left after nine minutes", left)
	}
	v.elapsed += time.Minute
	if _, err := d.ReadCard(ctx, v.tech); !errors.Is(err, issuance.ErrLocked) {
		t.Errorf("service after ten minutes: %v", err)
	}
	for name := range members {
		v.reopenToken(name)
	}
	if _, err := d.ReadCard(ctx, v.seat(d, "T")); !errors.Is(err, issuance.ErrNoService) {
		t.Errorf("a technician outside of service mode: %v", err)
	}
	if _, err := d.Enrol(ctx, v.seat(d, "E")); err != nil {
		t.Errorf("the office after service mode: %v", err)
	}
}

// TestScenario7F6Replugged takes the scanner's plug out and puts it back in a hundred times; and then scans
// without the memory growing (five hundred times in make torture).
func TestScenario7F6Replugged(t *testing.T) {
	v := newVisit(t)
	d, ctx := v.desk, t.Context()
	if err := v.receive(d); err != nil {
		t.Fatal(err)
	}
	d.Scanner = must(escl.New(v.scanURL, nil, escl.Timing{Call: 5 * time.Second, Page: time.Minute,
		MinPause: time.Millisecond, MaxPause: 10 * time.Millisecond}))(t)
	var before int
	for n := range 100 {
		v.scanner.SetFaults(virtualscanner.Faults{Unplugged: true})
		if _, err := d.Scanner.Identify(ctx); !errors.Is(err, devices.ErrUnreachable) {
			t.Fatalf("plug out, turn %d: %v", n, err)
		}
		v.scanner.SetFaults(virtualscanner.Faults{})
		if _, err := d.Scanner.Identify(ctx); err != nil {
			t.Fatalf("plug in, turn %d: %v", n, err)
		}
		if n == 20 {
			before = runtime.NumGoroutine()
		}
	}
	if after := runtime.NumGoroutine(); after > before+8 {
		t.Errorf("%d goroutines after 20 turns, %d after 100", before, after)
	}
	scans := 8
	if os.Getenv("PADAROZHNIK_TORTURE") != "" {
		scans = 500
	}
	if err := v.Put(ctx, must(d.Stock(ctx))(t)[0].Serial, issuance.SpotScanner); err != nil {
		t.Fatal(err)
	}
	var first uint64
	for n := range scans {
		s := must(d.Scanner.Scan(ctx, devices.ScanSettings{DPI: 300, Color: devices.Gray,
			Region: devices.Region{WidthMM: 170, HeightMM: 130}}, nil))(t)
		if len(s.Data) == 0 {
			t.Fatal("an empty scan")
		}
		if n == scans/4 {
			first = heap()
		}
	}
	if last := heap(); last > first+16<<20 {
		t.Errorf("heap of %d MiB after a quarter of %d scans, %d MiB at the end", first>>20, scans, last>>20)
	}
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
