package issuance_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"padarozhnik/station"
	"padarozhnik/station/hq/vault"
	"padarozhnik/station/issuance"
	"padarozhnik/station/journal"
	"padarozhnik/station/journal/event"
	"padarozhnik/station/journal/seal"
)

// courier has headquarters send a delivery: bags of blanks, each under a seal of its own.
func (o *office) courier(shipment string, first, bags, each int) vault.Allocation {
	o.t.Helper()
	m := event.Manifest{Maker: "maker", Product: "reference", Shipment: shipment}
	for b := range bags {
		name := fmt.Sprint(b + 1)
		m.Bags = append(m.Bags, event.Bag{Name: name, Seal: "S-" + shipment + "-" + name})
		for i := range each {
			s := station.Serial(fmt.Sprintf("UT%07d", first+b*each+i))
			m.Blanks = append(m.Blanks, event.Blank{Serial: s, ChipID: []byte("chip of " + s), Bag: name})
		}
	}
	a := vault.Allocation{Station: stationID, Manifest: m}
	o.offers = append(o.offers, a)
	o.round()
	return a
}

// seals are what two custodians read from the bags when all is well.
func seals(a vault.Allocation) map[string]station.SealRead {
	out := map[string]station.SealRead{}
	for _, b := range a.Manifest.Bags {
		out[b.Name] = station.SealRead{Number: b.Seal}
	}
	return out
}

// countAll has one custodian count every bag of a shipment; spoil may change what they find.
func (o *office) countAll(d *issuance.Desk, who string, a vault.Allocation, spoil map[string][]station.Serial) {
	o.t.Helper()
	for _, b := range a.Manifest.Bags {
		found, changed := spoil[b.Name]
		if !changed {
			found = a.Manifest.Contents()[b.Name]
		}
		if err := d.CountBag(o.t.Context(), o.seat(d, who), a.Manifest.ID(), b.Name, found); err != nil {
			o.t.Fatal(err)
		}
	}
}

// receiveLong goes through a whole receipt, in which both custodians find the same.
func (o *office) receiveLong(
	d *issuance.Desk, a vault.Allocation, read map[string]station.SealRead, found map[string][]station.Serial,
) []station.Outcome {
	t, ctx, id := o.t, o.t.Context(), a.Manifest.ID()
	t.Helper()
	must(d.Sync(ctx))(t)
	must(d.Arrive(ctx, o.seat(d, "A"), o.seat(d, "C"), id, read))(t)
	o.countAll(d, "A", a, found)
	o.countAll(d, "C", a, found)
	out := must(d.CompareShipment(ctx, o.seat(d, "A"), id))(t)
	must(d.StoreShipment(ctx, o.seat(d, "A"), o.seat(d, "C"), id))(t)
	return out
}

func (o *office) states(d *issuance.Desk) map[station.State]int {
	o.t.Helper()
	out := map[station.State]int{}
	for _, b := range must(d.Stock(o.t.Context()))(o.t) {
		out[b.State]++
	}
	return out
}

// bodies lists what the station's entries of a kind say.
func bodies[T any](o *office, d *issuance.Desk, kind string) []T {
	o.t.Helper()
	var out []T
	for _, s := range must(d.Journal(o.t.Context(), ""))(o.t) {
		if s.Entry.Kind == kind {
			var body T
			if err := journal.Decode(s.Entry.Body, &body); err != nil {
				o.t.Fatal(err)
			}
			out = append(out, body)
		}
	}
	return out
}

// TestScenario5StockDay: 200 blanks come by courier. Every step is made by a program that has just been
// started. F3 and F4 on the way.
func TestScenario5StockDay(t *testing.T) {
	o := bareOffice(t)
	a := o.courier("D1", 4200001, 4, 50)
	ctx := t.Context()
	must(o.rawDesk().Sync(ctx))(t)
	o.sealed(a)
	d := o.rawDesk()
	if _, err := d.Arrive(ctx, o.seat(d, "A"), o.seat(d, "A"), "D1", seals(a)); !errors.Is(err, station.ErrSamePerson) {
		t.Errorf("F4: one custodian alone: %v", err)
	}
	if _, err := d.Arrive(ctx, o.seat(d, "A"), o.seat(d, "E"), "D1", seals(a)); !errors.Is(err, station.ErrRole) {
		t.Errorf("F4: an enroller as second custodian: %v", err)
	}
	if err := d.CountBag(ctx, o.seat(d, "A"), "D1", "1", nil); !errors.Is(err, station.ErrStage) {
		t.Errorf("counted before the seals were read: %v", err)
	}
	must(d.Arrive(ctx, o.seat(d, "A"), o.seat(d, "C"), "D1", seals(a)))(t)
	bag := a.Manifest.Contents()["2"]
	d = o.rawDesk()
	var twice *station.TwiceError
	err := d.CountBag(ctx, o.seat(d, "A"), "D1", "2", append(slices.Clone(bag), bag[7]))
	if !errors.As(err, &twice) || !slices.Equal(twice.Serials, bag[7:8]) || issuance.Cure(err) != "counted-twice" {
		t.Errorf("F3: one scanned twice: %v", err)
	}
	o.countAll(d, "A", a, nil)
	if _, err := d.CompareShipment(ctx, o.seat(d, "A"), "D1"); !errors.Is(err, station.ErrSamePerson) {
		t.Errorf("F4: opened after one count: %v", err)
	}
	o.sealed(a)
	o.differ(a, bag)
	d = o.rawDesk()
	for _, out := range must(d.CompareShipment(ctx, o.seat(d, "C"), "D1"))(t) {
		if out.Why != "" {
			t.Errorf("bag %s: %s", out.Bag, out.Why)
		}
	}
	if s := o.states(d); s[station.StateReceived] != 200 || len(s) != 1 {
		t.Errorf("before the safe: %v", s)
	}
	d = o.rawDesk()
	if _, err := d.StoreShipment(ctx, o.seat(d, "C"), o.seat(d, "C"), "D1"); !errors.Is(err, station.ErrSamePerson) {
		t.Errorf("F4: one custodian into the safe: %v", err)
	}
	n := must(d.StoreShipment(ctx, o.seat(d, "A"), o.seat(d, "C"), "D1"))(t)
	if s := o.states(d); n != 200 || s[station.StateAvailable] != 200 {
		t.Errorf("%d into the safe: %v", n, s)
	}
	o.dayOfStock(o.desk(nil))
}

// differ has the second custodian find one less in a bag. The manifest stays closed, both counts of that
// bag are void, and both count it again.
func (o *office) differ(a vault.Allocation, bag []station.Serial) {
	t, ctx := o.t, o.t.Context()
	d := o.rawDesk()
	o.countAll(d, "C", a, map[string][]station.Serial{"2": bag[:49]})
	_, err := d.CompareShipment(ctx, o.seat(d, "A"), "D1")
	if !errors.Is(err, station.ErrCounts) || issuance.Cure(err) != "counts-differ" {
		t.Errorf("two counts that differ: %v", err)
	}
	o.sealed(a)
	if got := bodies[event.Recount](o, d, event.StockRecount); len(got) != 1 || !slices.Equal(got[0].Bags, []string{"2"}) {
		t.Errorf("recount of %v", got)
	}
	d = o.rawDesk()
	if _, err := d.CompareShipment(ctx, o.seat(d, "A"), "D1"); !errors.Is(err, station.ErrSamePerson) {
		t.Errorf("void counts were used: %v", err)
	}
	for _, who := range []string{"C", "A"} {
		if err := d.CountBag(ctx, o.seat(d, who), "D1", "2", bag); err != nil {
			t.Fatal(err)
		}
	}
}

// sealed looks for the serials of a manifest in everything that the station keeps before it is opened.
// Only what a custodian has counted may stand there, and nothing of it in the journal.
func (o *office) sealed(a vault.Allocation) {
	o.t.Helper()
	d := o.rawDesk()
	if books := must(d.Stock(o.t.Context()))(o.t); len(books) > 0 {
		o.t.Errorf("the stock knows %d blanks before the count", len(books))
	}
	for _, s := range must(d.Journal(o.t.Context(), ""))(o.t) {
		if bytes.Contains(s.Raw(), []byte("UT42000")) {
			o.t.Errorf("entry %s shows a serial before the manifest is open", s.Entry.Kind)
		}
	}
	if counted := bodies[event.BagCounted](o, d, event.StockCounted); len(counted) > 0 {
		return
	}
	for _, name := range []string{"station.db", "station.db-wal"} {
		raw, err := os.ReadFile(filepath.Join(o.dir, name))
		if err == nil && bytes.Contains(raw, []byte(a.Manifest.Blanks[0].Serial)) {
			o.t.Errorf("%s holds a serial of the sealed manifest", name)
		}
	}
}

// dayOfStock is a day with a surprise count, a spoiled blank, a lost one, and fifty that go on. It closes
// only when the equation holds.
func (o *office) dayOfStock(d *issuance.Desk) {
	t, ctx := o.t, o.t.Context()
	first, second := o.seat(d, "A"), o.seat(d, "C")
	held := must(d.Safe(ctx))(t)
	var short *issuance.SafeError
	err := d.SurpriseCount(ctx, first, second, held[1:])
	if !errors.As(err, &short) || !slices.Equal(short.Missing, held[:1]) || issuance.Cure(err) != "stock-count" {
		t.Errorf("a surprise count with one missing: %v", err)
	}
	if err := d.MayTake(ctx); !errors.Is(err, issuance.ErrStockCount) {
		t.Errorf("blanks are taken from a safe that does not agree: %v", err)
	}
	if err := d.SurpriseCount(ctx, second, first, held); err != nil || d.MayTake(ctx) != nil {
		t.Errorf("a count that agrees: %v, %v", err, d.MayTake(ctx))
	}
	if err := d.SpoilBlanks(ctx, first, second, held[:1], "coffee"); err != nil {
		t.Error(err)
	}
	if err := d.DeclareLost(ctx, first, second, held[1:2], "not in the safe"); err != nil {
		t.Error(err)
	}
	if err := d.SendStock(ctx, first, second, held[150:], "UTO-02", "S-77"); err != nil {
		t.Error(err)
	}
	if err := d.SendStock(ctx, first, second, held[2:3], "UTO-02", " "); !errors.Is(err, station.ErrSeal) {
		t.Errorf("sent without a seal: %v", err)
	}
	for _, counted := range []int{149, 200} {
		var wrong *issuance.ReconciliationError
		_, err := d.CloseDay(ctx, first, counted)
		if !errors.As(err, &wrong) || wrong.Figure != station.FigureCounted || !errors.Is(err, issuance.ErrStockCount) {
			t.Errorf("closed with %d: %v", counted, err)
		}
	}
	o.burn(d, held[0])
	must(d.CloseDay(ctx, first, 148))(t)
	days := bodies[event.Day](o, d, event.DayClosed)
	want := station.Figures{Opening: 200, Spoiled: 1, Lost: 1, Sent: 50}
	if len(days) != 1 || days[0].Figures == nil || *days[0].Figures != want {
		t.Errorf("the day closed with %+v", days)
	}
	must(d.VerifyJournal(ctx))(t)
	o.comeBack(held[150:])
}

// burn destroys a spoiled book under two signatures; the picture goes to headquarters sealed.
func (o *office) burn(d *issuance.Desk, spoiled station.Serial) {
	t, ctx := o.t, o.t.Context()
	first, second := o.seat(d, "A"), o.seat(d, "C")
	var picture bytes.Buffer
	if err := png.Encode(&picture, image.NewGray(image.Rect(0, 0, 80, 80))); err != nil {
		t.Fatal(err)
	}
	books := []station.Serial{spoiled}
	err := d.DestroyBooks(ctx, first, second, books, []byte("no picture"), "shredded")
	if !errors.Is(err, issuance.ErrPicture) {
		t.Errorf("destroyed without a picture: %v", err)
	}
	err = d.DestroyBooks(ctx, first, first, books, picture.Bytes(), "shredded")
	if !errors.Is(err, station.ErrSamePerson) {
		t.Errorf("destroyed by one: %v", err)
	}
	if err := d.DestroyBooks(ctx, first, second, books, picture.Bytes(), "shredded"); err != nil {
		t.Fatal(err)
	}
	for _, s := range must(d.Journal(ctx, ""))(t) {
		if s.Entry.Kind != event.StockDestroyed {
			continue
		}
		var back, blob []byte
		err := d.Store.View(ctx, func(tx issuance.Tx) (err error) {
			blob, err = tx.Blob(s.Entry.Blob.Digest)
			return err
		})
		plain, sealed := seal.Open(o.post.opener, event.PurposePicture, blob)
		if err := errors.Join(err, sealed, journal.Decode(plain, &back)); err != nil || !bytes.Equal(back, picture.Bytes()) {
			t.Errorf("headquarters does not get the picture: %v", err)
		}
	}
}

// comeBack has headquarters send the blanks here that had gone on: the vault knows that they may.
func (o *office) comeBack(serials []station.Serial) {
	t := o.t
	d := o.desk(nil)
	must(d.Sync(t.Context()))(t)
	a := o.offers[0]
	blanks := a.Manifest.Blanks
	a.Manifest.Shipment, a.Manifest.Blanks = "D2", nil
	a.Manifest.Bags = []event.Bag{{Name: "1", Seal: "S-D2"}}
	for _, b := range blanks {
		if slices.Contains(serials, b.Serial) {
			b.Bag = "1"
			a.Manifest.Blanks = append(a.Manifest.Blanks, b)
		}
	}
	o.offers = append(o.offers, a)
	o.round()
	o.receiveLong(d, a, seals(a), nil)
	if s := o.states(d); s[station.StateAvailable] != 198 || s[station.StateInTransit] != 0 {
		t.Errorf("after they came back: %v", s)
	}
}

// TestScenario5OlderBackup: F5, the ledger is restored from an older backup, in which half of the delivery
// is still on its way.
func TestScenario5OlderBackup(t *testing.T) {
	o := bareOffice(t)
	a := o.courier("D1", 4200001, 2, 5)
	d := o.desk(nil)
	must(d.Sync(t.Context()))(t)
	old := filepath.Join(o.dir, "backup")
	backup(t, o.dir, old, "station.db")
	o.receiveLong(d, a, seals(a), nil)
	must(d.Sync(t.Context()))(t)
	restored := o.at(old)
	_, err := restored.Sync(t.Context())
	o.halted(restored, err, issuance.HaltRestored)
	_, err = restored.Arrive(t.Context(), o.seat(restored, "A"), o.seat(restored, "C"), "D1", seals(a))
	if !errors.Is(err, issuance.ErrHalted) {
		t.Errorf("the delivery was received a second time: %v", err)
	}
}

// fullStore has no room: what a transaction did is not kept.
type fullStore struct{ issuance.Store }

func (s fullStore) Update(ctx context.Context, fn func(issuance.Tx) error) error {
	return s.Store.Update(ctx, func(tx issuance.Tx) error { return errors.Join(fn(tx), issuance.ErrDiskFull) })
}

// TestScenario5DiskFull: F6, the disk is full at every step. Nothing of the step is kept, nothing is
// begun in the reserve, and with room again the receipt goes on where it was.
func TestScenario5DiskFull(t *testing.T) {
	o := bareOffice(t)
	a := o.courier("D1", 4200001, 1, 5)
	d := o.desk(nil)
	ctx := t.Context()
	must(d.Sync(ctx))(t)
	real := d.Store
	first, second := o.seat(d, "A"), o.seat(d, "C")
	found := a.Manifest.Contents()["1"]
	d.Store = cramped{real, issuance.Room{Free: 60 << 20}}
	if _, err := d.Arrive(ctx, first, second, "D1", seals(a)); !errors.Is(err, issuance.ErrDiskFull) {
		t.Errorf("begun in the reserve: %v", err)
	}
	for i, step := range []func() error{
		func() error { _, err := d.Arrive(ctx, first, second, "D1", seals(a)); return err },
		func() error { return d.CountBag(ctx, first, "D1", "1", found) },
		func() error { return d.CountBag(ctx, second, "D1", "1", found) },
		func() error { _, err := d.CompareShipment(ctx, first, "D1"); return err },
		func() error { _, err := d.StoreShipment(ctx, first, second, "D1"); return err },
		func() error { return d.SurpriseCount(ctx, first, second, found) },
	} {
		d.Store = real
		before := o.entries(d)
		d.Store = fullStore{real}
		if err := step(); !errors.Is(err, issuance.ErrDiskFull) || issuance.Cure(err) != "disk-full" {
			t.Errorf("step %d on a full disk: %v", i, err)
		}
		d.Store = real
		if o.entries(d) != before {
			t.Errorf("step %d was kept in part", i)
		}
		if err := step(); err != nil {
			t.Fatalf("step %d with room: %v", i, err)
		}
	}
	must(d.CloseDay(ctx, first, 5))(t)
}

// TestReconciliationFindsTheFigure changes the stock behind the journal's back. The day does not close, and
// says which figure is wrong and of which book.
func TestReconciliationFindsTheFigure(t *testing.T) {
	for name, tc := range map[string]struct {
		to     station.State
		figure string
	}{
		"issued": {station.StateHanded, station.FigureIssued}, "spoiled": {station.StateSpoiled, station.FigureSpoiled},
		"sent": {station.StateInTransit, station.FigureSent}, "lost": {station.StateLost, station.FigureLost},
		"not received": {station.StateAllocated, station.FigureReceived},
	} {
		t.Run(name, func(t *testing.T) {
			o := bareOffice(t)
			a := o.courier("D1", 4200001, 1, 5)
			d := o.desk(nil)
			o.receiveLong(d, a, seals(a), nil)
			ctx := t.Context()
			err := d.Store.Update(ctx, func(tx issuance.Tx) error {
				b, err := tx.Booklet("UT4200003")
				b.State = tc.to
				return errors.Join(err, tx.PutBooklet(b))
			})
			if err != nil {
				t.Fatal(err)
			}
			for _, counted := range []int{4, 5} {
				var wrong *issuance.ReconciliationError
				_, err := d.CloseDay(ctx, o.seat(d, "A"), counted)
				which := []station.Serial{"UT4200003"}
				if !errors.As(err, &wrong) || wrong.Figure != tc.figure || !slices.Equal(wrong.Serials, which) {
					t.Errorf("counted %d: %v", counted, err)
				}
			}
		})
	}
}
