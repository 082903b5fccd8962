package issuance_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"

	"padarozhnik/devices/chip"
	"padarozhnik/devices/escl"
	"padarozhnik/devices/ipp"
	virtualchip "padarozhnik/devices/virtual/chip"
	"padarozhnik/devices/virtual/desk"
	"padarozhnik/printing"
	"padarozhnik/station"
	"padarozhnik/station/issuance"
	"padarozhnik/station/journal"
	"padarozhnik/station/pki"
	"padarozhnik/station/sqlite"
	"padarozhnik/station/token"
)

// batchIn names the directory of an office whose batch this test binary, started again, carries out until
// it is killed.
const batchIn = "PADAROZHNIK_BATCH_IN"

// mortal kills its own program at the first transaction at which no life has ended yet: before it is on
// the disk in one life, and after that in another. The file "deaths" remembers.
type mortal struct {
	issuance.Store
	mu   sync.Mutex
	dir  string
	all  bool            // the long form; the short one ends lives at a few places
	died map[string]bool // guarded by mu
}

func (m *mortal) Update(ctx context.Context, fn func(issuance.Tx) error) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	var what string
	err := m.Store.Update(ctx, func(tx issuance.Tx) error {
		seen := &noted{Tx: tx}
		if err := fn(seen); err != nil {
			return err
		}
		what = seen.name()
		if !lateDeath(what) {
			m.dieOnce("before " + what)
		}
		return nil
	})
	if err == nil {
		m.dieOnce("after " + what)
	}
	return err
}

// sampled are the places of the short form: around what cannot be undone.
func sampled(where string) bool {
	return strings.HasPrefix(where, "after UT4200001 taken") || strings.HasPrefix(where, "before UT4200001 encoded") ||
		strings.HasPrefix(where, "after UT4200002 inking") || strings.HasPrefix(where, "before UT4200001 printed")
}

// lateDeath tells that a page's end is recorded before a life ends: of every other booklet. Where the record
// is missing a person gives it, and the transaction never comes again.
func lateDeath(what string) bool {
	serial, printed := strings.CutSuffix(strings.Split(what, ",")[0], " printed")
	return printed && (serial[len(serial)-1]-'0')%2 == 0
}

// dieOnce ends the program here, unless a life has ended here before.
func (m *mortal) dieOnce(where string) {
	if m.died[where] || !m.all && !sampled(where) {
		return
	}
	f, err := os.OpenFile(filepath.Join(m.dir, "deaths"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err == nil {
		_, err = fmt.Fprintln(f, where)
	}
	if err != nil {
		panic(err)
	}
	die()
}

// noted notes what a transaction does.
type noted struct {
	issuance.Tx
	did []string
}

func (w *noted) PutBooklet(b station.Booklet) error {
	w.did = append(w.did, fmt.Sprintf("%s %s", b.Serial, b.State))
	return w.Tx.PutBooklet(b)
}

func (w *noted) Append(s journal.Signed) error {
	w.did = append(w.did, s.Entry.Kind+" "+s.Entry.Subject)
	return w.Tx.Append(s)
}

// name tells transactions apart. One that only keeps the run's pace is told by how many are printed.
func (w *noted) name() string {
	if len(w.did) > 0 {
		return strings.Join(w.did, ", ")
	}
	books, _ := w.AllBooklets()
	printed := 0
	for _, b := range books {
		if b.State == station.StatePrinted {
			printed++
		}
	}
	return fmt.Sprintf("run with %d printed", printed)
}

// deaths lists where lives have ended.
func deaths(dir string) []string {
	raw, err := os.ReadFile(filepath.Join(dir, "deaths"))
	if err != nil {
		return nil
	}
	return strings.Split(strings.TrimSpace(string(raw)), "\n")
}

func die() {
	_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	select {} // nothing happens any more
}

// batchLife is one life of a program that carries the batch out.
func batchLife(ctx context.Context, dir string) error {
	d, operator, err := openBatch(ctx, dir)
	if err != nil {
		return err
	}
	m := &mortal{Store: d.Store, dir: dir, all: os.Getenv("PADAROZHNIK_TORTURE") != "", died: map[string]bool{}}
	for _, where := range deaths(dir) {
		m.died[where] = true
	}
	d.Store = m
	_, err = d.CarryOutRun(ctx, operator, nil)
	return err
}

// openBatch opens the station of another process's office, with the devices that run there; the reader is
// in this process, and the chips' memory on the desk.
func openBatch(ctx context.Context, dir string) (*issuance.Desk, issuance.Seat, error) {
	var none issuance.Seat
	d := &issuance.Desk{DPI: 300, Now: time.Now, Log: slog.New(slog.DiscardHandler)}
	raw, err := os.ReadFile(filepath.Join(dir, "charter"))
	if err == nil {
		err = journal.Decode(raw, &d.Charter)
	}
	if err != nil {
		return nil, none, err
	}
	if d.Ledger, err = note.NewVerifier(d.Charter.Ledger); err != nil {
		return nil, none, err
	}
	d.Trust = pki.NewTrustStore()
	for _, der := range d.Charter.Anchors {
		anchor, err := pki.ParseCertificate(der)
		if err == nil {
			err = d.Trust.AddAnchor(anchor, "test")
		}
		if err != nil {
			return nil, none, err
		}
	}
	if d.Store, err = sqlite.Open(ctx, filepath.Join(dir, "station.db")); err != nil {
		return nil, none, err
	}
	if d.Layout, err = printing.Utopia(); err != nil {
		return nil, none, err
	}
	if err := addDevices(d, dir); err != nil {
		return nil, none, err
	}
	open := func(name string) (*token.File, error) {
		return token.Open(filepath.Join(dir, name+".token"), []byte("open sesame"))
	}
	if d.Key, err = open("station"); err != nil {
		return nil, none, err
	}
	k, err := open("O")
	if err != nil {
		return nil, none, err
	}
	seat, err := d.SignIn(k)
	return d, seat, err
}

func addDevices(d *issuance.Desk, dir string) error {
	raw, err := os.ReadFile(filepath.Join(dir, "devices"))
	if err != nil {
		return err
	}
	scanner, printer, _ := strings.Cut(string(raw), "\n")
	slot := &virtualchip.Slot{}
	books, deskErr := desk.Open(filepath.Join(dir, "desk"))
	var scanErr, inkErr, chipErr error
	d.Scanner, scanErr = escl.New(scanner, nil, escl.Timing{})
	d.Printer, inkErr = ipp.New(printer, nil, ipp.Options{Poll: 5 * time.Millisecond})
	d.Encoder, chipErr = chip.NewEncoder(slot, chip.Options{})
	d.Hand = &table{desk: books, lay: func(c *virtualchip.Chip) error { slot.Put(c); return nil }}
	return errors.Join(deskErr, scanErr, inkErr, chipErr)
}

// inherit leaves for another process what it needs.
func (o *office) inherit() {
	o.t.Helper()
	raw := must(journal.Encode(o.charter))(o.t)
	if err := errors.Join(os.WriteFile(filepath.Join(o.dir, "charter"), raw, 0o600),
		os.WriteFile(filepath.Join(o.dir, "devices"), []byte(o.scanURL+"\n"+o.inkURL), 0o600)); err != nil {
		o.t.Fatal(err)
	}
}

// live lets a program carry the batch out until it is killed; killed is false for one that came to its
// end.
func (o *office) live() (killed bool) {
	o.t.Helper()
	cmd := exec.CommandContext(o.t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), batchIn+"="+o.dir)
	var said bytes.Buffer
	cmd.Stderr = &said
	err := cmd.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.Sys().(syscall.WaitStatus).Signal() == syscall.SIGKILL {
		return true
	}
	if err != nil {
		o.t.Fatalf("%v: %s", err, said.String())
	}
	return false
}

// TestScenario6KilledAtEveryTransaction kills the program at every transaction of a batch, before it is
// on the disk and after, in a new life each time. Restart never makes a second booklet for an order, and
// what is in doubt waits for a person, who looks.
func TestScenario6KilledAtEveryTransaction(t *testing.T) {
	t.Parallel()
	n := batchSize(2)
	o := newOffice(t, n)
	o.charter.Profile.ChipTries = 1000 // every death in mid-write costs a try
	d := o.desk(nil)
	o.batch(d, n)
	o.inherit()
	d.Hand = o.inSlot()
	must(d.BeginRun(t.Context(), o.seat(d, "O"), o.sheet(d)))(t)
	lives, looked := 0, 0
	for ; ; lives++ {
		killed := o.live()
		s := must(d.RunStatus(t.Context()))(t)
		if len(s.Needs()) == 0 && !killed {
			break
		}
		for _, row := range s.Needs() {
			if killed && row.State != station.StateInking {
				continue // the next life goes on with the others first
			}
			looked++
			if err := o.decide(d, row); err != nil {
				t.Fatal(err)
			}
		}
	}
	s := must(d.InspectRun(t.Context(), o.seat(d, "I"), nil))(t)
	if s.Tally[station.StandingGood] != n {
		t.Errorf("of %d orders: %v", n, s.Tally)
	}
	o.accounted(d, must(d.ReportRun(t.Context(), o.seat(d, "O")))(t), n)
	o.inkedOnce(d)
	died := deaths(o.dir)
	for _, row := range s.Rows {
		for _, state := range []string{"taken", "encoded", "inking", "printed"} {
			for _, side := range []string{"before", "after"} {
				late := lateDeath(string(row.Serial) + " " + state)
				where := fmt.Sprintf("%s %s %s", side, row.Serial, state)
				if state == "printed" && late == (side == "before") || batchSize(0) == 0 && !sampled(where) {
					continue
				}
				if !slices.ContainsFunc(died, func(w string) bool { return strings.HasPrefix(w, where) }) {
					t.Errorf("no life ended %s", where)
				}
			}
		}
	}
	t.Logf("%d lives, %d of them killed; a person looked %d times", lives, len(died), looked)
}
