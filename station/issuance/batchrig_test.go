package issuance_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/OpenPrinting/goipp"

	"padarozhnik/devices/chip"
	"padarozhnik/devices/ipp"
	"padarozhnik/devices/pcsc"
	virtualchip "padarozhnik/devices/virtual/chip"
	"padarozhnik/devices/virtual/desk"
	virtualprinter "padarozhnik/devices/virtual/printer"
	"padarozhnik/devices/virtual/readers"
	"padarozhnik/station"
	"padarozhnik/station/issuance"
	"padarozhnik/station/mrz"
)

// batchSize is what a batch test has: 40 as in the scenario, or few in the short form.
func batchSize(short int) int {
	if os.Getenv("PADAROZHNIK_TORTURE") != "" {
		return 40
	}
	return short
}

// utopians are invented persons who share nothing: neither spelling nor birth date.
func utopians(n int) []station.Applicant {
	heads, tails := []string{"BARD", "ZIMN", "KOLT", "MURR", "DOLG", "FEND", "PESK", "TARV", "LOMZ", "VINK"},
		[]string{"ACKI", "OUNIK", "IETSKA", "AUBER", "ONIA"}
	out := make([]station.Applicant, n)
	for i := range out {
		a := person()
		a.Surname = heads[i%len(heads)] + tails[i/len(heads)%len(tails)]
		a.GivenNames = []string{"ZORKA", "MARAK", "DANUTA", "PIATRO", "LESIA", "HUBERT", "VOLHA"}[i%7]
		a.LocalSurname, a.LocalGivenNames = a.Surname, a.GivenNames
		a.Birth = station.Date{Year: 1940 + i*13%60, Month: 1 + i*7%12, Day: 1 + i*11%28}
		a.Sex = mrz.Unspecified
		out[i] = a
	}
	return out
}

// batch leads n cases to their production orders; spare blanks stay in the safe.
func (o *office) batch(d *issuance.Desk, n int) []station.CaseToken {
	t := o.t
	t.Helper()
	if err := o.receive(d); err != nil {
		t.Fatal(err)
	}
	var tokens []station.CaseToken
	for i, a := range utopians(n) {
		tokens = append(tokens, o.approved(d, a, fmt.Sprintf("UT%07d", 31000+i)))
	}
	o.exchange(d)
	for _, token := range tokens {
		o.want(d, "an order", token, station.StageOrdered, "", "")
	}
	return tokens
}

// table is the hand of a desk: it lays books onto scanner, printer and a chip reader, which are in use
// at the same time.
type table struct {
	desk    *desk.Desk
	foreign func(station.Serial, issuance.Spot) station.Serial // another book that the hand takes instead
	faults  func(station.Serial) virtualchip.Faults            // of the chip that is laid down
	lay     func(*virtualchip.Chip) error                      // nil takes the chip away

	mu      sync.Mutex
	reading station.Serial // guarded by mu
}

// Put implements issuance.Hand.
func (h *table) Put(_ context.Context, serial station.Serial, at issuance.Spot) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.foreign != nil {
		serial = h.foreign(serial, at)
	}
	if serial == h.reading || at == issuance.SpotReader {
		if err := h.lay(nil); err != nil {
			return err
		}
		h.reading = ""
	}
	if err := h.desk.Move(string(serial), desk.Place(at)); err != nil || at != issuance.SpotReader {
		return err
	}
	c, err := virtualchip.Open(virtualchip.FileStore{Path: h.desk.ChipPath(string(serial))}, rand.Reader)
	if err != nil {
		return err
	}
	if h.faults != nil {
		c.SetFaults(h.faults(serial))
	}
	h.reading = serial
	return h.lay(c)
}

// inSlot makes a table whose reader is in this process.
func (o *office) inSlot() *table {
	return &table{desk: o.table, lay: func(c *virtualchip.Chip) error { o.slot.Put(c); return nil }}
}

// overPCSC makes a table whose reader is one of the real service, and the encoder on it.
func (o *office) overPCSC() (*table, *chip.Encoder) {
	t := o.t
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	lease, release, err := readers.New().Lease(ctx)
	if readers.CannotRun(err) {
		t.Fatalf("no virtual readers, run make deps: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(release)
	reader := pcsc.NewService(pcsc.Deadlines{}).Reader(lease.ReaderName)
	takeAway := func() error { return nil }
	lay := func(c *virtualchip.Chip) error {
		if err := takeAway(); err != nil || c == nil {
			takeAway = func() error { return nil }
			return err
		}
		serving, stop := context.WithCancel(context.Background())
		ended := make(chan error, 1)
		go func() { ended <- c.ServeAt(serving, lease.Port) }()
		takeAway = func() error {
			stop()
			<-ended
			return reader.WaitNoChip(context.Background())
		}
		return nil
	}
	t.Cleanup(func() { _ = lay(nil) })
	return &table{desk: o.table, lay: lay}, must(chip.NewEncoder(reader, chip.Options{}))(t)
}

// cable is a cable to the printer that can drop out when the page is done: nobody hears the end of the
// next job.
type cable struct {
	mu  sync.Mutex
	cut bool // guarded by mu
}

func (c *cable) drop(yes bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.cut = yes
}

// plug leads the office's printer through a cable.
func (o *office) plug(c *cable) *ipp.Printer {
	t := o.t
	target := must(url.Parse(strings.Replace(o.inkURL, "ipp://", "http://", 1)))(t)
	to := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: target.Host})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		head := make([]byte, 4)
		if _, err := io.ReadFull(r.Body, head); err == nil {
			asks := goipp.Op(head[2])<<8|goipp.Op(head[3]) == goipp.OpGetJobAttributes
			c.mu.Lock()
			cut := c.cut
			c.mu.Unlock()
			if asks && cut {
				panic(http.ErrAbortHandler)
			}
		}
		r.Body = io.NopCloser(io.MultiReader(bytes.NewReader(head), r.Body))
		to.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	return must(ipp.New(strings.Replace(server.URL, "http://", "ipp://", 1)+virtualprinter.Path, nil, impatient()))(t)
}

// impatient is a driver that does not wait for a printer that is instant.
func impatient() ipp.Options {
	return ipp.Options{Poll: 5 * time.Millisecond, Reach: 100 * time.Millisecond, Cancel: 200 * time.Millisecond}
}

// quickPrinter is the office's printer under such a driver.
func (o *office) quickPrinter() *ipp.Printer {
	o.t.Helper()
	return must(ipp.New(o.inkURL, nil, impatient()))(o.t)
}

// decide is a person who looks at a booklet in doubt, and says what they see.
func (o *office) decide(d *issuance.Desk, row issuance.RunRow) error {
	ctx := o.t.Context()
	operator := o.seat(d, "O")
	if row.State != station.StateInking {
		return d.RetryInRun(ctx, operator, row.Serial)
	}
	return o.produce(ctx, d, station.Case{Token: row.Case, Serial: row.Serial}, row.State)
}

// sheet is what waits, signed by the operator.
func (o *office) sheet(d *issuance.Desk) issuance.SignedSheet {
	o.t.Helper()
	return must(d.WaitingSheet(o.t.Context(), o.seat(d, "O")))(o.t)
}

// accounted holds a report against the stock and the journal: every order has one end and at most one
// inked booklet, and the sum is right.
func (o *office) accounted(d *issuance.Desk, r issuance.SignedReport, orders int) {
	t := o.t
	t.Helper()
	if err := issuance.VerifyReport(o.charter, r); err != nil {
		t.Error(err)
	}
	forged := r
	forged.Report.Good++
	if issuance.VerifyReport(o.charter, forged) == nil {
		t.Error("a changed report passes")
	}
	sum := r.Report
	if sum.Orders != orders || sum.Good+sum.Spoiled+sum.Skipped != orders || len(sum.Booklets) != orders {
		t.Errorf("%d orders = %d good + %d spoiled + %d skipped", sum.Orders, sum.Good, sum.Spoiled, sum.Skipped)
	}
	states := map[station.Serial]station.State{}
	for _, b := range must(d.Stock(t.Context()))(t) {
		states[b.Serial] = b.State
	}
	for _, line := range sum.Booklets {
		if states[line.Serial] != line.State {
			t.Errorf("%s is %s, the report says %s", line.Serial, states[line.Serial], line.State)
		}
	}
	must(d.VerifyJournal(t.Context()))(t)
}

// inkedOnce tells that no booklet was printed twice and no order on two booklets, by what the printer
// received.
func (o *office) inkedOnce(d *issuance.Desk) {
	t := o.t
	t.Helper()
	inked, booksOf := map[string]int{}, map[station.CaseToken]int{}
	books := map[station.Serial]station.Booklet{}
	for _, b := range must(d.Stock(t.Context()))(t) {
		books[b.Serial] = b
	}
	for _, s := range must(d.Journal(t.Context(), ""))(t) {
		switch s.Entry.Kind {
		case "booklet.printed":
			inked[s.Entry.Subject]++
			booksOf[books[station.Serial(s.Entry.Subject)].Case]++
		}
	}
	for serial, n := range inked {
		if n > 1 {
			t.Errorf("%s was printed %d times", serial, n)
		}
	}
	for token, n := range booksOf {
		if n > 1 {
			t.Errorf("%d booklets were printed for case %s", n, token)
		}
	}
}

var errNeverCame = errors.New("never came")

// waitFor waits for a signal, as long as a test may.
func waitFor(t testing.TB, signal <-chan struct{}) error {
	select {
	case <-signal:
		return nil
	case <-t.Context().Done():
		return errNeverCame
	}
}
