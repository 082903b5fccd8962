package station_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/pelletier/go-toml/v2"
	"pgregory.net/rapid"

	"padarozhnik/resources"
	"padarozhnik/station"
)

var operator = station.Officer{KeyID: "o", Roles: []station.Role{station.RoleOperate}}

func sheetOf(n int) station.Sheet {
	s := station.Sheet{Station: "UTO-01"}
	for i := range n {
		s.Lines = append(s.Lines, station.SheetLine{
			Case: station.CaseToken(fmt.Sprintf("CASE%d", i)), Serial: station.Serial(fmt.Sprintf("UT%07d", i)),
		})
	}
	return s
}

func TestSheetCheck(t *testing.T) {
	var p station.Profile
	if err := toml.Unmarshal(resources.UtopiaProfile, &p); err != nil {
		t.Fatal(err)
	}
	p.RunSize = 3
	for name, c := range map[string]struct {
		change func(*station.Sheet)
		want   error
	}{
		"good":           {func(*station.Sheet) {}, nil},
		"empty":          {func(s *station.Sheet) { s.Lines = nil }, station.ErrMalformed},
		"too long":       {func(s *station.Sheet) { *s = sheetOf(4) }, station.ErrMalformed},
		"a case twice":   {func(s *station.Sheet) { s.Lines[1].Case = s.Lines[0].Case }, station.ErrMalformed},
		"a blank twice":  {func(s *station.Sheet) { s.Lines[1].Serial = s.Lines[0].Serial }, station.ErrMalformed},
		"no case":        {func(s *station.Sheet) { s.Lines[0].Case = "" }, station.ErrMalformed},
		"foreign number": {func(s *station.Sheet) { s.Lines[0].Serial = "XX0000001" }, station.ErrProfile},
	} {
		s := sheetOf(3)
		c.change(&s)
		if err := s.Check(p); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

// TestRunEstimate: the slower of the two places decides, and the last page is printed after its chip.
func TestRunEstimate(t *testing.T) {
	for _, c := range []struct {
		chip, print   int64
		chips, prints int
		want          time.Duration
	}{
		{0, 0, 5, 5, 0}, {2000, 5000, 3, 4, 20 * time.Second}, {5000, 2000, 3, 4, 17 * time.Second},
		{5000, 2000, 0, 1, 2 * time.Second}, {5000, 2000, 0, 0, 0},
	} {
		if got := (station.Pace{ChipMS: c.chip, PrintMS: c.print}).Remaining(c.chips, c.prints); got != c.want {
			t.Errorf("%+v: %v", c, got)
		}
	}
}

// TestRunOnlyByOperators and pauses in order.
func TestRunStates(t *testing.T) {
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	inspector := station.Officer{KeyID: "i", Roles: []station.Role{station.RoleInspect}}
	if _, err := station.NewRun("r", sheetOf(1), nil, inspector, now); !errors.Is(err, station.ErrRole) {
		t.Errorf("an inspector begins a run: %v", err)
	}
	r, err := station.NewRun("r", sheetOf(1), nil, operator, now)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Resume(operator, now); !errors.Is(err, station.ErrStage) {
		t.Errorf("an open run is resumed: %v", err)
	}
	if r, err = r.Pause("jammed"); err != nil || r.Word != "jammed" {
		t.Fatal(err)
	}
	if _, err := r.Pause(""); !errors.Is(err, station.ErrStage) {
		t.Errorf("paused twice: %v", err)
	}
	if _, err := r.Resume(inspector, now); !errors.Is(err, station.ErrRole) {
		t.Errorf("an inspector resumes: %v", err)
	}
	if _, err := r.End(station.Tally{station.StandingPrinted: 1}); !errors.Is(err, station.ErrStage) {
		t.Errorf("ended before the inspection: %v", err)
	}
	if r, err = r.End(station.Tally{station.StandingGood: 1}); err != nil || r.State != station.RunEnded {
		t.Fatal(err)
	}
	if _, err := r.Skip(station.Booklet{Serial: "UT0000000", State: station.StateReserved}, "too late"); err == nil {
		t.Error("an ended run is changed")
	}
}

// TestRunHistories follows random histories of one booklet in a run: a person who was called to it is
// never forgotten while it stays as it is, ink is decided by nobody but Resolve, nothing begun is skipped, and
// an end is never left.
func TestRunHistories(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r, _ := station.NewRun("r", sheetOf(1), nil, operator, time.Time{})
		b := station.Booklet{Serial: "UT0000000", State: station.StateReserved, Case: "CASE0"}
		for range rapid.IntRange(1, 30).Draw(t, "steps") {
			before := r.Lines[0].Standing(b)
			switch rapid.IntRange(0, 4).Draw(t, "verb") {
			case 0:
				r, _ = r.Need(b, "torn")
			case 1:
				next, err := r.Retry(b)
				if err == nil && (before != station.StandingNeeds || b.State == station.StateInking) {
					t.Fatalf("let go on from %s, %s", before, b.State)
				}
				r = next
			case 2:
				next, err := r.Skip(b, "later")
				if err == nil && b.State != station.StateReserved && b.State != station.StateRevoked {
					t.Fatalf("skipped a booklet that is %s", b.State)
				}
				r = next
			case 3:
				to := rapid.SampledFrom([]station.State{
					station.StateTaken, station.StateEncoded, station.StateInking, station.StatePrinted, station.StatePassed,
					station.StateSpoiled, station.StateRevoked, station.StateHanded,
				}).Draw(t, "to")
				b, _ = b.Advance(to)
			case 4:
				r, _, _ = r.Failed(b)
			}
			after := r.Lines[0].Standing(b)
			ended := station.Tally{before: 1}.Ended()
			if ended && !(station.Tally{after: 1}).Ended() {
				t.Fatalf("from %s back to %s", before, after)
			}
			if b.State == station.StateInking && after != station.StandingNeeds && after != station.StandingSkipped {
				t.Fatalf("a booklet that may carry ink is %s", after)
			}
			if r.Lines[0].FoundBegun(b) && (b.State != station.StateTaken || after != station.StandingWorking) {
				t.Fatalf("found begun, and %s, %s", b.State, after)
			}
		}
	})
}
