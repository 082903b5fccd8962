package station_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"padarozhnik/station"
)

func TestRanges(t *testing.T) {
	for text, want := range map[string]string{
		"UT4200001-UT4200100": "UT4200001-UT4200100", " ut4200001 - ut4200002 ": "UT4200001-UT4200002",
		"UT4200007": "UT4200007", "UT4200007-UT4200007": "UT4200007",
		"UT4200100-UT4200001": "", "UT4200001-UV4200002": "", "UT4200001-UT420000": "", "UT1-UT2": "", "": "", "-": "",
		"UT0000001-UT9999999": "", "UT4200001-": "", "UT4200001-UT4200002-UT4200003": "",
	} {
		r, err := station.ParseRange(text)
		if want == "" {
			if !errors.Is(err, station.ErrMalformed) {
				t.Errorf("%q: %v, %v", text, r, err)
			}
			continue
		}
		if err != nil || r.String() != want {
			t.Errorf("%q: %v, %v", text, r, err)
		}
	}
}

// TestRangesAreTheirSerials: any set of serials comes back from its ranges, in order, each once.
func TestRangesAreTheirSerials(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		numbers := rapid.SliceOfN(rapid.IntRange(9_999_900, 9_999_999), 0, 60).Draw(t, "numbers")
		var serials []station.Serial
		for _, n := range numbers {
			serials = append(serials, station.Serial(fmt.Sprintf("UT%07d", n)))
		}
		want := slices.Compact(slices.Sorted(slices.Values(serials)))
		rows := station.Ranges(serials)
		back, err := station.Listed(rows)
		if err != nil || !slices.Equal(back, want) {
			t.Fatalf("%v: %v, %v", rows, back, err)
		}
		for _, s := range serials {
			if !slices.ContainsFunc(rows, func(r station.Range) bool { return r.Has(s) }) {
				t.Fatalf("%s is in none of %v", s, rows)
			}
		}
		if len(want) < len(numbers) {
			var twice *station.TwiceError
			if _, err := station.Counted(serials); !errors.As(err, &twice) || len(twice.Serials) == 0 {
				t.Fatalf("a serial that stands twice: %v", err)
			}
		}
	})
}

// TestFigures: each way out of the safe has its figure, and the equation holds whatever moves.
func TestFigures(t *testing.T) {
	for to, want := range map[station.State]station.Figures{
		station.StateHanded: {Opening: 5, Issued: 1}, station.StateSpoiled: {Opening: 5, Spoiled: 1},
		station.StateInTransit: {Opening: 5, Sent: 1}, station.StateLost: {Opening: 5, Lost: 1},
		station.StateRevoked: {Opening: 5, Lost: 1}, station.StateAllocated: {Opening: 5, Received: -1},
		station.StateTaken: {Opening: 5},
	} {
		f := station.Figures{Opening: 5}
		if f.Move(station.StateReserved, to); f != want {
			t.Errorf("to %s: %+v, want %+v", to, f, want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		var f station.Figures
		held := map[int]station.State{}
		for range rapid.IntRange(0, 80).Draw(t, "moves") {
			which := rapid.IntRange(0, 5).Draw(t, "book")
			b := station.Booklet{State: held[which]}
			if b.State == "" {
				b.State = station.StateInTransit
			}
			to := rapid.SampledFrom(station.States()).Draw(t, "to")
			if _, err := b.Advance(to); err != nil {
				continue
			}
			f.Move(held[which], to)
			held[which] = to
		}
		in := 0
		for _, s := range held {
			if s.InSafe() {
				in++
			}
		}
		if f.Closing() != in {
			t.Fatalf("%+v says %d, there are %d", f, f.Closing(), in)
		}
	})
}

// TestEveryStateIsReached: the table leads from the first state to every other, and out of every state but
// the last ones.
func TestEveryStateIsReached(t *testing.T) {
	reached, open := map[station.State]bool{station.StateAllocated: true}, []station.State{station.StateAllocated}
	for len(open) > 0 {
		from := open[0]
		open = open[1:]
		for _, to := range station.States() {
			if _, err := (station.Booklet{State: from}).Advance(to); err == nil && !reached[to] {
				reached[to] = true
				open = append(open, to)
			}
		}
	}
	for _, s := range station.States() {
		if !reached[s] {
			t.Errorf("nothing leads to %s", s)
		}
		b := station.Booklet{State: s}
		for _, to := range station.States() {
			next, err := b.Advance(to)
			if err == nil && b.Terminal() && (next.State.InSafe() || to == station.StateHanded) {
				t.Errorf("a book that is %s becomes %s again", s, to)
			}
		}
	}
}

func shipment() station.Shipment {
	return station.Shipment{ID: "D1", Stage: station.ShipmentAnnounced, Bags: []station.Bag{
		{Name: "1", Seal: "SL 001"}, {Name: "2", Seal: "SL 002"},
	}}
}

// TestSeals: a seal is read as people write it, and a bag that nobody announced is refused.
func TestSeals(t *testing.T) {
	read := map[string]station.SealRead{"1": {Number: "sl001"}, "2": {Number: "SL 003"}}
	s, err := shipment().Arrive(read)
	if err != nil || s.Bags[0].Why != "" || s.Bags[1].Why != station.WhySeal {
		t.Errorf("%+v, %v", s, err)
	}
	if _, err := s.Arrive(read); !errors.Is(err, station.ErrStage) {
		t.Errorf("arrived twice: %v", err)
	}
	read["3"] = station.SealRead{Number: "SL 003"}
	if _, err := shipment().Arrive(read); !errors.Is(err, station.ErrNotOurs) {
		t.Errorf("a third bag: %v", err)
	}
}

// TestCountsAreOfTwo: a custodian may count again, and no third one may count.
func TestCountsAreOfTwo(t *testing.T) {
	s, err := shipment().Arrive(map[string]station.SealRead{"1": {Number: "SL001"}, "2": {Number: "SL002"}})
	if err != nil {
		t.Fatal(err)
	}
	list := []station.Serial{"UT4200001"}
	for _, by := range []string{"A", "A", "B", "A"} {
		if s, err = s.Count("1", station.Count{By: by, Serials: list}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.Count("1", station.Count{By: "C", Serials: list}); !errors.Is(err, station.ErrRole) {
		t.Errorf("a third custodian: %v", err)
	}
	if _, err := s.Agreed(); !errors.Is(err, station.ErrSamePerson) {
		t.Errorf("the second bag is not counted: %v", err)
	}
	if _, _, err := s.Compare(map[string][]station.Serial{"1": list}); err == nil {
		t.Error("the manifest was opened too early")
	}
}
