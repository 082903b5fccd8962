package issuance_test

import (
	"slices"
	"testing"

	"padarozhnik/station"
	"padarozhnik/station/hq/vault"
	"padarozhnik/station/issuance"
	"padarozhnik/station/journal/event"
)

// TestScenario5Quarantine: F1 one missing, F2 one extra, a broken seal, a wrong seal, a bag that did not
// come. The bag is in quarantine as a whole and reported as a range; the others are received. Headquarters
// decides, and the decision is carried out once.
func TestScenario5Quarantine(t *testing.T) {
	bag := func(a vault.Allocation) []station.Serial { return a.Manifest.Contents()["2"] }
	with := func(extra station.Serial) func(vault.Allocation) []station.Serial {
		return func(a vault.Allocation) []station.Serial { return append(bag(a), extra) }
	}
	broken := station.SealRead{Number: "S-D1-2", Broken: true}
	for name, tc := range map[string]struct {
		read  func(map[string]station.SealRead)
		found func(vault.Allocation) []station.Serial
		why   string
	}{
		"F1 one missing":        {nil, func(a vault.Allocation) []station.Serial { return bag(a)[1:] }, station.WhyMissing},
		"F2 one extra":          {nil, with("UT4999999"), station.WhyExtra},
		"one of another bag":    {nil, with("UT4200001"), station.WhyExtra},
		"seal broken":           {func(r map[string]station.SealRead) { r["2"] = broken }, bag, station.WhyBroken},
		"seal of another bag":   {func(r map[string]station.SealRead) { r["2"] = r["1"] }, bag, station.WhySeal},
		"bag that did not come": {func(r map[string]station.SealRead) { delete(r, "2") }, nil, station.WhyAbsent},
	} {
		t.Run(name, func(t *testing.T) {
			o := bareOffice(t)
			a := o.courier("D1", 4200001, 3, 10)
			d := o.desk(nil)
			read := seals(a)
			if tc.read != nil {
				tc.read(read)
			}
			if tc.found == nil { // it cannot be counted; the others can
				o.absent(d, a, read)
			} else {
				o.receiveLong(d, a, read, map[string][]station.Serial{"2": tc.found(a)})
			}
			o.quarantined(d, tc.why)
			o.decideBag(d, a)
		})
	}
}

func (o *office) absent(d *issuance.Desk, a vault.Allocation, read map[string]station.SealRead) {
	t, ctx := o.t, o.t.Context()
	must(d.Sync(ctx))(t)
	must(d.Arrive(ctx, o.seat(d, "A"), o.seat(d, "C"), "D1", read))(t)
	for _, who := range []string{"A", "C"} {
		for bag, found := range a.Manifest.Contents() {
			if err := d.CountBag(ctx, o.seat(d, who), "D1", bag, found); (err != nil) != (bag == "2") {
				t.Fatalf("bag %s: %v", bag, err)
			}
		}
	}
	must(d.CompareShipment(ctx, o.seat(d, "A"), "D1"))(t)
	must(d.StoreShipment(ctx, o.seat(d, "A"), o.seat(d, "C"), "D1"))(t)
}

// quarantined: ten of thirty are, with whatever lay among them, and twenty are in the safe.
func (o *office) quarantined(d *issuance.Desk, why string) {
	o.t.Helper()
	s := o.states(d)
	extra := len(must(d.Stock(o.t.Context()))(o.t)) - 30
	if s[station.StateQuarantined] != 10+extra || s[station.StateAvailable] != 20 {
		o.t.Errorf("stock %v", s)
	}
	for _, body := range bodies[event.Compared](o, d, event.StockCompared) {
		if body.Bag != "2" && body.Why == "" {
			continue
		}
		whole := []station.Range{{First: "UT4200011", Last: "UT4200020"}}
		if body.Bag != "2" || body.Why != why || !slices.Equal(body.Blanks, whole) {
			o.t.Errorf("reported %+v", body)
		}
	}
}

// decideBag has headquarters release nine blanks and give up one.
func (o *office) decideBag(d *issuance.Desk, a vault.Allocation) {
	t, ctx := o.t, o.t.Context()
	t.Helper()
	must(d.Sync(ctx))(t)
	blanks := a.Manifest.Contents()["2"]
	o.vault.Decided = func() ([]vault.Resolution, error) {
		return []vault.Resolution{{Station: stationID, Decides: event.Resolution{
			Shipment: "D1", Bag: "2", Released: station.Ranges(blanks[1:]), Lost: station.Ranges(blanks[:1]), Reason: "maker",
		}}}, nil
	}
	o.round()
	o.round()
	must(d.Sync(ctx))(t)
	if s := o.states(d); s[station.StateReceived] != 9 || s[station.StateLost] != 1 {
		t.Errorf("after the decision: %v", s)
	}
	must(d.StoreShipment(ctx, o.seat(d, "A"), o.seat(d, "C"), "D1"))(t)
	if s := o.states(d); s[station.StateAvailable] != 29 {
		t.Errorf("released blanks are not in the safe: %v", s)
	}
	if settled := bodies[event.Resolution](o, d, event.StockSettled); len(settled) != 1 {
		t.Errorf("carried out %d times", len(settled))
	}
	must(d.CloseDay(ctx, o.seat(d, "A"), 29))(t)
}
