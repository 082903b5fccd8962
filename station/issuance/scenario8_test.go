package issuance_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/x509"
	"errors"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"padarozhnik/printing/paper"
	"padarozhnik/station"
	"padarozhnik/station/attest"
	"padarozhnik/station/issuance"
	"padarozhnik/station/journal/event"
)

// attested has a root of headquarters seal the keys of station and vault, as a charter brings them.
func (o *office) attested() *ecdsa.PublicKey {
	o.t.Helper()
	root := newKey(o.t)
	long := station.Date{Year: 2020, Month: 1, Day: 1}
	own := must(x509.MarshalPKIXPublicKey(o.keys["station"].Public()))(o.t)
	o.charter.Seal = must(attest.SealKey(stationID, own, long, root))(o.t)
	o.charter.VaultSeal = must(attest.SealKey(attest.VaultName, o.charter.VaultSPKI, long, root))(o.t)
	return &root.PublicKey
}

// withProxy has the applicant register a proxy in person while they enrol.
func (o *office) withProxy(d *issuance.Desk, x station.Proxy) {
	o.t.Helper()
	token := must(d.Enrol(o.t.Context(), o.seat(d, "E")))(o.t)
	err := d.Amend(o.t.Context(), o.seat(d, "E"), token, "proxies", func(a *station.Application) error {
		a.Proxies = []station.Proxy{x}
		return nil
	})
	if err != nil {
		o.t.Fatal(err)
	}
}

// TestScenario8HandOver: case token, live portrait against the chip, the holder checks the data, receipt;
// the old passport stays with its holder. Anybody checks the receipt by headquarters' printed key alone.
func TestScenario8HandOver(t *testing.T) {
	o := newOffice(t, 2)
	root := o.attested()
	d := o.desk(nil)
	ctx := t.Context()
	if err := o.receive(d); err != nil {
		t.Fatal(err)
	}
	c := o.until(d, station.StagePassed)
	e := o.seat(d, "E")
	shown := must(d.Present(ctx, e, c.Token, nil))(t)
	if !shown.Chip() || shown.Applicant != person() || !bytes.Equal(shown.Picture, portraitBytes()) {
		t.Fatalf("shown at the counter: chip %v, %+v, picture of %d bytes", shown.Chip(), shown.Findings, len(shown.Picture))
	}
	if _, err := d.Receipt(ctx, e, c.Token, textsOf(t, "be")); !errors.Is(err, station.ErrStage) {
		t.Errorf("a receipt before the hand-over: %v", err)
	}
	for name, forget := range map[string]func(*station.Handing){
		"presence": func(h *station.Handing) { h.Present = false }, "face": func(h *station.Handing) { h.Match = false },
		"data": func(h *station.Handing) { h.Checked = false }, "chip": func(h *station.Handing) { h.Chip = false },
	} {
		h := given()
		forget(&h)
		if err := d.HandOver(ctx, e, c.Token, h); !errors.Is(err, station.ErrIncomplete) {
			t.Errorf("handed over without %s: %v", name, err)
		}
	}
	if err := d.HandOver(ctx, e, c.Token, given()); err != nil {
		t.Fatal(err)
	}
	r := must(d.Receipt(ctx, e, c.Token, textsOf(t, "be")))(t)
	said := must(attest.CheckReceipt(r.Text, root))(t)
	if said.Serial != c.Serial || said.Station != stationID || said.Case != c.Token || said.Old != station.CustodyHolder ||
		said.Handed != station.DateOf(time.Now()) {
		t.Errorf("the receipt says %+v", said)
	}
	o.checkPaper(r)
	o.finish(d)
	o.nothingLeft(t, c.Token)
}

// checkPaper reads the receipt as its holder, a border officer and a telephone do.
func (o *office) checkPaper(r issuance.Receipt) {
	t := o.t
	t.Helper()
	path := filepath.Join(t.TempDir(), "receipt.pdf")
	if err := os.WriteFile(path, r.PDF, 0o600); err != nil {
		t.Fatal(err)
	}
	text := must(exec.CommandContext(t.Context(), "pdftotext", "-layout", path, "-").Output())(t)
	for _, want := range []string{"UT4200001", "застаецца ва ўладальніка", "SPECIMEN", "Місія Утопіі"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("%q does not stand on the receipt", want)
		}
	}
	for _, name := range []string{"VANDROUNAIA", "ZORKA", "Вандроўная", "Зорка", "1991"} {
		if bytes.Contains(r.PDF, []byte(name)) || strings.Contains(string(text), name) {
			t.Errorf("%q stands on the receipt", name)
		}
	}
	if found := must(attest.FindReceipt(r.PDF))(t); found != r.Text {
		t.Error("another text is found in the file")
	}
	drawn := strings.TrimSuffix(path, ".pdf")
	if err := exec.CommandContext(t.Context(), "pdftoppm", "-r", "150", "-png", "-singlefile", path, drawn).Run(); err != nil {
		t.Fatal(err)
	}
	f := must(os.Open(drawn + ".png"))(t)
	defer f.Close()
	if read, err := paper.ReadCode(must(png.Decode(f))(t)); err != nil || read != r.Text {
		t.Errorf("the code on the paper reads %q, %v", read, err)
	}
}

// TestScenario8F1TypoAtTheDesk: spoiled under two signatures; headquarters gives the application back, so
// that nothing is typed again but what was wrong; a new approval, a new number.
func TestScenario8F1TypoAtTheDesk(t *testing.T) {
	o := newOffice(t, 2)
	o.attested()
	d := o.desk(nil)
	ctx := t.Context()
	if err := o.receive(d); err != nil {
		t.Fatal(err)
	}
	c := o.until(d, station.StagePassed)
	e, i, a := o.seat(d, "E"), o.seat(d, "I"), o.seat(d, "A")
	if err := d.Resolve(ctx, i, c.Token, station.StateSpoiled, "typo"); !errors.Is(err, station.ErrSamePerson) {
		t.Errorf("a finished book was spoiled by one person: %v", err)
	}
	if err := d.WasteFinished(ctx, i, i, c.Token, event.WasteTypo, "a letter"); !errors.Is(err, station.ErrSamePerson) {
		t.Errorf("one person twice: %v", err)
	}
	if err := d.WasteFinished(ctx, e, i, c.Token, event.WasteTypo, "a letter is wrong"); err != nil {
		t.Fatal(err)
	}
	must(d.Sync(ctx))(t)
	o.round()
	must(d.Sync(ctx))(t)
	if got := must(d.Case(ctx, c.Token))(t); got.Stage != station.StageReturned || got.Serial != "" {
		t.Fatalf("the case is %+v", got)
	}
	back := must(d.Application(ctx, e, c.Token))(t)
	if back.Applicant != person() || len(back.Portrait) == 0 || len(back.Evidence) == 0 {
		t.Fatalf("the application came back as %+v", back.Applicant)
	}
	if _, err := d.Application(ctx, a, c.Token); !errors.Is(err, issuance.ErrNotForYou) {
		t.Errorf("the approver opens it too: %v", err)
	}
	right := person()
	right.GivenNames = "ZORKA MIRAJA"
	if err := d.Amend(ctx, e, c.Token, "person", func(a *station.Application) error {
		a.Applicant = right
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if err := d.Submit(ctx, e, c.Token); err != nil {
		t.Fatal(err)
	}
	o.until(d, station.StagePassed)
	shown := must(d.Present(ctx, e, c.Token, nil))(t)
	if shown.Applicant.GivenNames != "ZORKA MIRAJA" || shown.Serial != "UT4200002" {
		t.Errorf("the second book is %s for %s", shown.Serial, shown.Applicant.GivenNames)
	}
	if end := o.finish(d); end.Serial != "UT4200002" || !slices.Equal(end.Spoiled, []station.Serial{"UT4200001"}) {
		t.Errorf("ended with %s, spoiled %v", end.Serial, end.Spoiled)
	}
}

// TestScenario8F2SomebodyElse: refused unless the holder registered them in person.
func TestScenario8F2SomebodyElse(t *testing.T) {
	o := newOffice(t, 1)
	d := o.desk(nil)
	ctx := t.Context()
	if err := o.receive(d); err != nil {
		t.Fatal(err)
	}
	o.withProxy(d, station.Proxy{Name: "Дар'я Ўтопская", Document: "UT 777-1234"})
	c := o.until(d, station.StagePassed)
	e := o.seat(d, "E")
	if shown := must(d.Present(ctx, e, c.Token, nil))(t); len(shown.Proxies) != 1 {
		t.Errorf("the counter sees %d proxies", len(shown.Proxies))
	}
	h := given()
	for _, stranger := range []string{"UT 777-1235", "UT", " "} {
		h.Proxy = stranger
		if err := d.HandOver(ctx, e, c.Token, h); !errors.Is(err, station.ErrProxy) {
			t.Errorf("handed to %q: %v", stranger, err)
		}
	}
	h.Proxy = "ut 777-1234"
	if err := d.HandOver(ctx, e, c.Token, h); err != nil {
		t.Errorf("the registered proxy: %v", err)
	}
}

// TestScenario8F3Uncollected: after the profile's days the book is on the list of what is destroyed, and
// two end the case.
func TestScenario8F3Uncollected(t *testing.T) {
	o := newOffice(t, 1)
	d := o.desk(nil)
	ctx := t.Context()
	if err := o.receive(d); err != nil {
		t.Fatal(err)
	}
	c := o.until(d, station.StagePassed)
	e, i := o.seat(d, "E"), o.seat(d, "I")
	if list := must(d.Uncollected(ctx))(t); len(list) != 0 {
		t.Errorf("uncollected on the first day: %v", list)
	}
	if err := d.WasteFinished(ctx, e, i, c.Token, event.WasteUncollected, "nobody came"); !errors.Is(err, station.ErrStage) {
		t.Errorf("ended too early: %v", err)
	}
	start := o.clock
	o.clock = func() time.Time { return start().AddDate(0, 0, 91) }
	if list := must(d.Uncollected(ctx))(t); len(list) != 1 || list[0].Token != c.Token {
		t.Fatalf("the list is %v", list)
	}
	if err := d.WasteFinished(ctx, e, i, c.Token, event.WasteUncollected, "nobody came"); err != nil {
		t.Fatal(err)
	}
	if got := must(d.Case(ctx, c.Token))(t); got.Stage != station.StageRefused || len(got.Spoiled) != 1 {
		t.Errorf("the case is %+v", got)
	}
	o.clock = start
	must(d.Sync(ctx))(t)
	if closed := must(d.Close(ctx))(t); len(closed) != 1 {
		t.Errorf("closed %v", closed)
	}
	o.nothingLeft(t, c.Token)
}

// TestScenario8F4DeadChip: the book is not given away; two officers spoil it, and the case waits for
// another blank.
func TestScenario8F4DeadChip(t *testing.T) {
	o := newOffice(t, 2)
	d := o.desk(nil)
	ctx := t.Context()
	if err := o.receive(d); err != nil {
		t.Fatal(err)
	}
	c := o.until(d, station.StagePassed)
	o.dead, d.ChipTime = map[station.Serial]bool{c.Serial: true}, 50*time.Millisecond
	e, i := o.seat(d, "E"), o.seat(d, "I")
	shown := must(d.Present(ctx, e, c.Token, nil))(t)
	if shown.Chip() || shown.Picture != nil {
		t.Fatalf("a dead chip is taken for a good one: %+v", shown.Findings)
	}
	h := given()
	h.Chip = shown.Chip()
	if err := d.HandOver(ctx, e, c.Token, h); !errors.Is(err, station.ErrIncomplete) {
		t.Errorf("handed over: %v", err)
	}
	if err := d.WasteFinished(ctx, e, i, c.Token, event.WasteDeadChip, "the chip is silent"); err != nil {
		t.Fatal(err)
	}
	d.ChipTime = 0
	if got := o.finish(d); got.Serial != "UT4200002" {
		t.Errorf("ended with %s", got.Serial)
	}
}
