package issuance_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"padarozhnik/station"
	"padarozhnik/station/issuance"
	"padarozhnik/station/journal/event"
)

func TestOnePassport(t *testing.T) {
	o := newOffice(t, 2)
	d := o.desk(nil)
	ctx := t.Context()
	if err := d.Adopt(ctx); err != nil {
		t.Fatal(err)
	}
	if err := o.receive(d); err != nil {
		t.Fatal(err)
	}
	token := must(d.Enrol(ctx, o.seat(d, "E")))(t)
	o.layOldPassport(person())
	if _, err := d.ReadOldPassport(ctx, o.seat(d, "E"), token); err != nil {
		t.Fatal(err)
	}
	found := must(d.TakePortrait(ctx, o.seat(d, "E"), token, sitter()))(t)
	if len(found.Checks) == 0 {
		t.Error("a portrait without checks")
	}
	a := must(d.Application(ctx, o.seat(d, "E"), token))(t)
	if len(a.Portrait) == 0 || len(a.Portrait) > 20480 || len(a.Checks) != len(found.Checks) {
		t.Errorf("portrait of %d bytes, %d checks", len(a.Portrait), len(a.Checks))
	}
	if a.Applicant.Surname != "VANDROUNAIA" || a.Applicant.Birth != person().Birth {
		t.Errorf("the scan gave %+v", a.Applicant)
	}
	c := o.finish(d)
	if c.Token != token || c.Serial != "UT4200001" {
		t.Errorf("closed %+v", c)
	}
	n := must(d.VerifyJournal(ctx))(t)
	if _, err := d.Sync(ctx); err != nil {
		t.Fatal(err)
	}
	if audit := must(o.ledger.Verify(ctx, nil))(t); !audit.OK() {
		t.Errorf("ledger: %v", audit.Findings)
	}
	kinds := map[string]int{}
	for _, s := range must(d.Journal(ctx, ""))(t) {
		kinds[s.Entry.Kind]++
	}
	for _, kind := range []string{
		event.StockWitnessed, event.CaseSubmitted, event.CaseApproved, event.BlankReserved, event.CaseOrdered,
		event.BlankTaken, event.BookletEncoded, event.PrintStarted, event.BookletPrinted, event.BookletPassed,
		event.CaseHanded, event.CaseClosed,
	} {
		if kinds[kind] != 1 {
			t.Errorf("%d entries %s among %d, want one", kinds[kind], kind, n)
		}
	}
	o.nothingLeft(t, token)
}

// nothingLeft searches the station's files for what they must not hold any more, or never.
func (o *office) nothingLeft(t *testing.T, token station.CaseToken) {
	t.Helper()
	planted := [][]byte{[]byte("VANDROUNAIA"), []byte("Вандроўная"), []byte("ZORKA<MIRA"), []byte("910514")}
	for _, p := range slices.Clone(planted) {
		planted = append(planted, []byte(hex.EncodeToString(p)), []byte(base64.StdEncoding.EncodeToString(p)))
	}
	for _, name := range []string{"station.db", "station.db-wal", "station.db-shm"} {
		raw, err := os.ReadFile(filepath.Join(o.dir, name))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		for i, p := range planted {
			if bytes.Contains(raw, p) {
				t.Errorf("%s holds planted text %d", name, i)
			}
		}
	}
	d := o.desk(nil)
	for who := range members {
		if _, err := d.Order(t.Context(), o.seat(d, who), token); !errors.Is(err, issuance.ErrNoOrder) {
			t.Errorf("%s opens the order of a closed case: %v", who, err)
		}
		if _, err := d.Application(t.Context(), o.seat(d, who), token); err == nil {
			t.Errorf("%s opens a closed case", who)
		}
	}
}

func TestFourEyes(t *testing.T) {
	o, d := stockedOffice(t, 1)
	ctx := t.Context()
	token := must(d.Enrol(ctx, o.seat(d, "E")))(t)
	if err := o.capture(ctx, d, token); err != nil {
		t.Fatal(err)
	}
	for name, try := range map[string]func() error{
		"the enroller approves": func() error { _, err := d.Approve(ctx, o.seat(d, "E"), token, "complete"); return err },
		"an operator approves":  func() error { _, err := d.Approve(ctx, o.seat(d, "O"), token, "complete"); return err },
		"an operator opens":     func() error { _, err := d.Application(ctx, o.seat(d, "O"), token); return err },
		"produced unapproved":   func() error { return d.Produce(ctx, o.seat(d, "O"), token, nil) },
		"handed over at once":   func() error { return d.HandOver(ctx, o.seat(d, "E"), token, given()) },
		"one custodian twice": func() error {
			return d.ReceiveStock(ctx, o.seat(d, "A"), o.seat(d, "A"), []station.Serial{"UT4200001"})
		},
		"a stranger's key": func() error {
			o.newToken("X")
			_, err := d.SignIn(o.keys["X"])
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			if err := try(); err == nil {
				t.Error("was allowed")
			}
		})
	}
	c := must(d.Case(ctx, token))(t)
	if c.Stage != station.StageSubmitted {
		t.Errorf("the case moved to %s", c.Stage)
	}
}

func TestReturnedCaseKeepsWhatWasEntered(t *testing.T) {
	o, d := stockedOffice(t, 1)
	ctx := t.Context()
	token := must(d.Enrol(ctx, o.seat(d, "E")))(t)
	if err := o.capture(ctx, d, token); err != nil {
		t.Fatal(err)
	}
	if err := d.Return(ctx, o.seat(d, "A"), token, "place of birth is unclear"); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Application(ctx, o.seat(d, "A"), token); !errors.Is(err, issuance.ErrNotForYou) {
		t.Errorf("the approver still opens a returned case: %v", err)
	}
	a := must(d.Application(ctx, o.seat(d, "E"), token))(t)
	if a.Applicant != person() || len(a.Portrait) == 0 || len(a.Remarks) != 1 {
		t.Errorf("came back as %+v with remarks %v", a.Applicant, a.Remarks)
	}
	if err := d.Submit(ctx, o.seat(d, "E"), token); err != nil {
		t.Error(err)
	}
}
