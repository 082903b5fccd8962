package station

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

// RunLimits bound a batch run.
type RunLimits struct {
	RunTries int `toml:"run_tries" cbor:"56,keyasint,omitempty" json:"runTries,omitempty"` // of a step, until a person is called
	RunSize  int `toml:"run_size" cbor:"57,keyasint,omitempty" json:"runSize,omitempty"`   // orders on one sheet
}

// What holds where a profile is silent, and the most that a run's record has room for.
const (
	defaultRunTries = 3
	defaultRunSize  = 200
	mostRunSize     = 1000
)

// Tries is how often a run tries a step by itself before it calls a person.
func (l RunLimits) Tries() int { return max(1, cmp.Or(l.RunTries, defaultRunTries)) }

// Size is how many orders a sheet may have.
func (l RunLimits) Size() int { return min(max(1, cmp.Or(l.RunSize, defaultRunSize)), mostRunSize) }

// Sheet is what a batch run is to make: production orders, each with the blank that is bound to it. It
// names nobody: By is the key of the officer who wrote it.
type Sheet struct {
	Station string      `cbor:"1,keyasint" json:"station"`
	Made    int64       `cbor:"2,keyasint" json:"made"` // unix seconds
	By      string      `cbor:"3,keyasint" json:"by"`
	Lines   []SheetLine `cbor:"4,keyasint" json:"lines"`
}

// SheetLine is one order and its expected blank.
type SheetLine struct {
	Case   CaseToken `cbor:"1,keyasint" json:"case"`
	Serial Serial    `cbor:"2,keyasint" json:"serial"`
}

// Check refuses a sheet that is empty, too long, or names a case or a blank twice.
func (s Sheet) Check(p Profile) error {
	if len(s.Lines) == 0 || len(s.Lines) > p.Size() {
		return fmt.Errorf("run sheet of %d orders: %w", len(s.Lines), ErrMalformed)
	}
	cases, serials := map[CaseToken]bool{}, map[Serial]bool{}
	for _, l := range s.Lines {
		if err := p.CheckSerial(l.Serial); err != nil {
			return fmt.Errorf("run sheet: %w", err)
		}
		if l.Case == "" || cases[l.Case] || serials[l.Serial] {
			return fmt.Errorf("run sheet: case or blank named twice: %w", ErrMalformed)
		}
		cases[l.Case], serials[l.Serial] = true, true
	}
	return nil
}

// RunState says whether a run goes on.
type RunState string

// States of a run.
const (
	RunOpen   RunState = "open"
	RunPaused RunState = "paused"
	RunEnded  RunState = "ended" // reported
)

// Run is a batch run: the orders of one sheet and what a person has to know or has decided about each.
// How far a booklet has come stands in the booklet alone.
type Run struct {
	ID    string    `cbor:"1,keyasint" json:"id"`
	Sheet []byte    `cbor:"2,keyasint" json:"-"` // SHA-256 of the signed sheet
	Begun int64     `cbor:"3,keyasint" json:"begun"`
	State RunState  `cbor:"4,keyasint" json:"state"`
	Word  string    `cbor:"5,keyasint,omitempty" json:"word,omitempty"` // why the program paused it
	Lines []RunLine `cbor:"6,keyasint" json:"lines"`
	Pace  Pace      `cbor:"7,keyasint" json:"pace"`
}

// RunLine is one order of a run.
type RunLine struct {
	SheetLine
	Needs   string `cbor:"3,keyasint,omitempty" json:"needs,omitempty"`   // word for why a person must come
	Skipped string `cbor:"4,keyasint,omitempty" json:"skipped,omitempty"` // why the run leaves it out
	Tries   int    `cbor:"5,keyasint,omitempty" json:"tries,omitempty"`   // that failed at TriedAt
	TriedAt State  `cbor:"6,keyasint,omitempty" json:"triedAt,omitempty"`
	Looked  int    `cbor:"8,keyasint,omitempty" json:"-"` // 1 and the chip's tries when a person last let it go on
	NeedsAt State  `cbor:"7,keyasint,omitempty" json:"-"` // of the booklet when the person was called
}

// Pace is how long a booklet has taken so far at each of the two places that work side by side.
type Pace struct {
	ChipMS  int64 `cbor:"1,keyasint" json:"chipMs"`
	PrintMS int64 `cbor:"2,keyasint" json:"printMs"`
}

// Remaining estimates the time until the last page is printed: the slower place decides, and the last
// chip still has to be printed after it was written.
func (p Pace) Remaining(chips, prints int) time.Duration {
	ms := max(int64(chips)*p.ChipMS, int64(prints)*p.PrintMS)
	if chips > 0 {
		ms = max(ms, int64(chips)*p.ChipMS+p.PrintMS)
	}
	return time.Duration(ms) * time.Millisecond
}

// Standing says where an order of a run stands.
type Standing string

// Standings. The last three are ends: every booklet of a run comes to exactly one of them.
const (
	StandingWaiting Standing = "waiting" // nothing has been done to the blank
	StandingWorking Standing = "working"
	StandingNeeds   Standing = "needs"   // a person has to come
	StandingPrinted Standing = "printed" // waits for its inspection
	StandingGood    Standing = "good"
	StandingSpoiled Standing = "spoiled"
	StandingSkipped Standing = "skipped"
)

// ReasonRevoked is why a run leaves out an order whose blank was revoked.
const ReasonRevoked = "revoked"

// Standing judges a line by its booklet.
func (l RunLine) Standing(b Booklet) Standing {
	switch {
	case l.Skipped != "", b.State == StateRevoked:
		return StandingSkipped
	case b.State == StatePassed || b.State == StateHanded:
		return StandingGood
	case b.State == StateSpoiled:
		return StandingSpoiled
	case b.State == StateInking || l.calls(b):
		return StandingNeeds
	case b.State == StatePrinted:
		return StandingPrinted
	case b.State == StateTaken || b.State == StateEncoded:
		return StandingWorking
	}
	return StandingWaiting
}

// calls tells whether a person is still called: a booklet that has moved on since has been looked at.
func (l RunLine) calls(b Booklet) bool { return l.Needs != "" && l.NeedsAt == b.State }

// FoundBegun tells that the booklet's chip may be half written and nobody has looked at it since: a
// program ended while it worked on it.
func (l RunLine) FoundBegun(b Booklet) bool {
	return b.State == StateTaken && l.Standing(b) == StandingWorking && l.Looked != b.Tries+1
}

// Tally counts the orders of a run by where they stand.
type Tally map[Standing]int

// Ended tells whether every booklet has come to an end.
func (t Tally) Ended() bool {
	return t[StandingWaiting]+t[StandingWorking]+t[StandingNeeds]+t[StandingPrinted] == 0
}

// NewRun begins a run of a sheet.
func NewRun(id string, s Sheet, digest []byte, by Officer, now time.Time) (Run, error) {
	if err := by.May(RoleOperate, DateOf(now)); err != nil {
		return Run{}, err
	}
	r := Run{ID: id, Sheet: digest, Begun: now.Unix(), State: RunOpen}
	for _, l := range s.Lines {
		r.Lines = append(r.Lines, RunLine{SheetLine: l})
	}
	return r, nil
}

// Pause stops a run between two steps. Word is empty where a person asked for it.
func (r Run) Pause(word string) (Run, error) {
	if r.State != RunOpen {
		return r, fmt.Errorf("pause a run that is %s: %w", r.State, ErrStage)
	}
	r.State, r.Word = RunPaused, word
	return r, nil
}

// Resume lets a paused run go on.
func (r Run) Resume(by Officer, now time.Time) (Run, error) {
	if r.State != RunPaused {
		return r, fmt.Errorf("resume a run that is %s: %w", r.State, ErrStage)
	}
	if err := by.May(RoleOperate, DateOf(now)); err != nil {
		return r, err
	}
	r.State, r.Word = RunOpen, ""
	return r, nil
}

// Skip leaves an order out of the run. Nothing may have been done to its blank: a booklet that was begun
// comes to its own end.
func (r Run) Skip(b Booklet, reason string) (Run, error) {
	if err := checkReason(reason); err != nil {
		return r, err
	}
	return r.change(b, func(l *RunLine) error {
		if b.State != StateReserved && b.State != StateAvailable && b.State != StateRevoked {
			return fmt.Errorf("skip a booklet that is %s: %w", b.State, ErrStage)
		}
		l.Skipped, l.Needs, l.NeedsAt = reason, "", ""
		return nil
	})
}

// Need calls a person to a booklet.
func (r Run) Need(b Booklet, word string) (Run, error) {
	return r.change(b, func(l *RunLine) error {
		l.Needs, l.NeedsAt = word, b.State
		return nil
	})
}

// Retry lets the run go on with a booklet that a person has looked at.
func (r Run) Retry(b Booklet) (Run, error) {
	return r.change(b, func(l *RunLine) error {
		if l.Standing(b) != StandingNeeds || b.State == StateInking {
			return fmt.Errorf("try a booklet again that is %s: %w", b.State, ErrStage)
		}
		l.Needs, l.NeedsAt, l.Tries, l.TriedAt, l.Looked = "", "", 0, "", b.Tries+1
		return nil
	})
}

// Failed counts a try of the step at which a booklet stands, and returns how many there were.
func (r Run) Failed(b Booklet) (Run, int, error) {
	tries := 0
	r, err := r.change(b, func(l *RunLine) error {
		if l.TriedAt != b.State {
			l.Tries, l.TriedAt = 0, b.State
		}
		l.Tries++
		tries = l.Tries
		return nil
	})
	return r, tries, err
}

// change changes one line of a run that has not ended.
func (r Run) change(b Booklet, how func(*RunLine) error) (Run, error) {
	if r.State == RunEnded {
		return r, fmt.Errorf("the run has ended: %w", ErrStage)
	}
	i := slices.IndexFunc(r.Lines, func(l RunLine) bool { return l.Serial == b.Serial })
	if i < 0 {
		return r, fmt.Errorf("booklet %s is not in the run: %w", b.Serial, ErrNotOurs)
	}
	if r.Lines[i].Skipped != "" {
		return r, fmt.Errorf("booklet %s is left out: %w", b.Serial, ErrStage)
	}
	r.Lines = slices.Clone(r.Lines)
	return r, how(&r.Lines[i])
}

// End closes a run whose booklets have all come to an end.
func (r Run) End(t Tally) (Run, error) {
	if r.State == RunEnded || !t.Ended() {
		return r, fmt.Errorf("end a run: %w", ErrStage)
	}
	r.State, r.Word = RunEnded, ""
	return r, nil
}
