package issuance

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"padarozhnik/devices"
	"padarozhnik/station"
	"padarozhnik/station/journal/event"
)

// RunEventKind names what happens in a run.
type RunEventKind string

// Kinds of what happens in a run.
const (
	RunMoves    RunEventKind = "move"     // a person, or the hand of a training desk, is to move a booklet
	RunSteps    RunEventKind = "step"     // a step was recorded; State is the new state
	RunCalls    RunEventKind = "needs"    // a person has to look at a booklet; Word says why
	RunSpoils   RunEventKind = "spoiled"  // the tries are used up
	RunSkips    RunEventKind = "skipped"  // an order is left out; Word says why
	RunPauses   RunEventKind = "paused"   // Word says why; empty where a person asked for it
	RunAdvances RunEventKind = "progress" // a step has come so far
)

// RunEvent is one thing that happens in a run. Left is the estimate at that moment.
type RunEvent struct {
	Kind     RunEventKind     `json:"kind"`
	Serial   station.Serial   `json:"serial,omitempty"`
	Move     Move             `json:"move,omitzero"`
	State    station.State    `json:"state,omitempty"`
	Word     string           `json:"word,omitempty"`
	Left     time.Duration    `json:"left,omitempty"`
	Progress devices.Progress `json:"-"`
}

// runner carries out a run: one goroutine takes blanks and writes chips, another prints, so that a chip
// is written while the page before it is printed. A booklet goes from one to the other and is in one
// hand at a time.
type runner struct {
	desk *Desk
	seat Seat

	publish sync.Mutex // held while somebody is told
	tell    func(RunEvent)

	mu      sync.Mutex
	inPrint map[station.Serial]bool // guarded by mu; given to the printing goroutine
	pace    station.Pace            // guarded by mu
	left    time.Duration           // guarded by mu
	stopped error                   // guarded by mu; why nothing new is begun
}

// CarryOutRun makes the booklets of the run that is open, until nothing is left that can be done without
// a person, somebody pauses it, or a device needs one. What was begun is brought to its next record first.
// It may be called again, in another life of the program as well, and goes on where the record stands.
//
// One program at a time carries a run out: another gets ErrOtherProgram, and may pause it, skip and decide.
//
// It returns the run as it stands, and the reason why it stopped early: a device's condition, or what
// refuses the officer. A run that was paused by a person, or in which booklets wait for one, is no error.
// tell, which may be nil, is called by one goroutine at a time.
func (d *Desk) CarryOutRun(ctx context.Context, seat Seat, tell func(RunEvent)) (RunStatus, error) {
	if err := seat.Officer.May(station.RoleOperate, station.DateOf(d.Now())); err != nil {
		return RunStatus{}, fmt.Errorf("run: %w", err)
	}
	release, err := d.Store.Hold(noteRun)
	if err != nil {
		return RunStatus{}, fmt.Errorf("run: %w", err)
	}
	defer release()
	if err := d.resumeRun(ctx, seat); err != nil {
		return RunStatus{}, fmt.Errorf("run: %w", err)
	}
	r := &runner{desk: d, seat: seat, tell: tell, inPrint: map[station.Serial]bool{}}
	defer d.places.tell(func(m Move) { r.say(RunEvent{Kind: RunMoves, Serial: m.Put, Move: m}) })()
	r.lanes(ctx)
	s, err := d.RunStatus(context.WithoutCancel(ctx))
	return s, errors.Join(r.reason(), err)
}

// lanes runs both goroutines to their ends. Each booklet that the first has written is given to the
// second; what the second gives back, printed or not, makes the first look again.
func (r *runner) lanes(ctx context.Context) {
	written, back := make(chan station.RunLine), make(chan struct{}, 1)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for line := range written {
			r.attend(ctx, line, station.StateEncoded)
			r.release(line.Serial)
			select {
			case back <- struct{}{}:
			default:
			}
		}
	}()
	r.chips(ctx, written, back)
	close(written)
	<-ended
}

// chips is the first goroutine: it takes the next booklet of the sheet that is not finished, brings it to
// "encoded", and gives it on.
func (r *runner) chips(ctx context.Context, written chan<- station.RunLine, back <-chan struct{}) {
	for {
		line, busy, err := r.next(ctx)
		if err != nil {
			r.stop(err)
			return
		}
		if line == nil && !busy {
			return
		}
		if line == nil { // what the printer has may come back
			select {
			case <-back:
				continue
			case <-ctx.Done():
				r.stop(ctx.Err())
				return
			}
		}
		if line.state != station.StateEncoded && !r.attend(ctx, line.RunLine, station.StateReserved, station.StateTaken) {
			continue
		}
		r.give(line.Serial)
		select {
		case written <- line.RunLine:
		case <-ctx.Done():
			r.stop(ctx.Err())
			return
		}
	}
}

// todo is a line that waits for its next step.
type todo struct {
	station.RunLine
	state station.State
}

// next finds the first line of the sheet with which the run can go on. busy tells that the other
// goroutine has one. A pause, whoever asked for it, ends the search.
func (r *runner) next(ctx context.Context) (line *todo, busy bool, err error) {
	if r.reason() != nil {
		return nil, false, nil
	}
	s, err := r.desk.RunStatus(ctx)
	if err != nil {
		return nil, false, err
	}
	r.estimate(&s)
	if s.State != station.RunOpen {
		r.say(RunEvent{Kind: RunPauses, Word: s.Word})
		return nil, false, nil
	}
	for _, row := range s.Rows {
		if r.has(row.Serial) {
			busy = true
			continue
		}
		if row.Standing == station.StandingWaiting || row.Standing == station.StandingWorking {
			return &todo{row.RunLine, row.State}, busy, nil
		}
	}
	return nil, busy, nil
}

// attend does the steps of a booklet as long as it is in one of the given states. done tells that it has
// left them well; otherwise a remedy was found and recorded.
func (r *runner) attend(ctx context.Context, line station.RunLine, in ...station.State) (done bool) {
	began := r.desk.elapsed()
	for steps := 0; r.reason() == nil; steps++ {
		b, err := r.desk.booklet(ctx, line.Serial)
		if err != nil {
			r.stop(err)
			return false
		}
		if !slices.Contains(in, b.State) {
			if steps > 0 {
				r.record(ctx, in[0], r.desk.elapsed()-began)
			}
			return !b.Terminal() && b.State != station.StateInking
		}
		if err := r.step(ctx, line, b.State); err != nil && !r.remedy(ctx, line, err) {
			return false
		}
	}
	return false
}

// step does one step on a booklet, unless headquarters holds its order back.
func (r *runner) step(ctx context.Context, line station.RunLine, at station.State) error {
	if at == station.StateReserved {
		word, err := r.desk.Held(ctx, line.Case)
		if err != nil {
			return err
		}
		if word != "" {
			return ErrHeld
		}
	}
	report := func(p devices.Progress) { r.say(RunEvent{Kind: RunAdvances, Serial: line.Serial, Progress: p}) }
	if err := r.desk.Produce(ctx, r.seat, line.Case, report); err != nil {
		return err
	}
	b, err := r.desk.booklet(ctx, line.Serial)
	if err == nil {
		r.say(RunEvent{Kind: RunSteps, Serial: line.Serial, State: b.State})
	}
	return err
}

// record keeps how long a booklet took at one place, so that every program can estimate.
func (r *runner) record(ctx context.Context, place station.State, took time.Duration) {
	r.mu.Lock()
	mean := &r.pace.ChipMS
	if place == station.StateEncoded {
		mean = &r.pace.PrintMS
	}
	if ms := max(1, took.Milliseconds()); *mean == 0 {
		*mean = ms
	} else {
		*mean += (ms - *mean) / 4
	}
	pace := r.pace
	r.mu.Unlock()
	if place != station.StateEncoded {
		return // kept once for each booklet
	}
	err := r.desk.changeRun(ctx, r.seat.Key, "", func(_ Tx, run station.Run, _ station.Booklet) (station.Run, fact, error) {
		run.Pace = pace
		return run, fact{}, nil
	})
	if err != nil {
		r.stop(err)
	}
}

// estimate remembers what remains, and the pace of an earlier life.
func (r *runner) estimate(s *RunStatus) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.pace == (station.Pace{}) {
		r.pace = s.Pace
	}
	r.left = s.Left
}

// say tells what happens.
func (r *runner) say(e RunEvent) {
	if r.tell == nil {
		return
	}
	r.mu.Lock()
	e.Left = r.left
	r.mu.Unlock()
	r.publish.Lock()
	defer r.publish.Unlock()
	r.tell(e)
}

// stop lets nothing new begin; the first reason is kept.
func (r *runner) stop(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.stopped == nil {
		r.stopped = err
	}
}

func (r *runner) reason() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.stopped
}

// give and release say which booklets the printing goroutine has.
func (r *runner) give(s station.Serial) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.inPrint[s] = true
}

func (r *runner) release(s station.Serial) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.inPrint, s)
}

func (r *runner) has(s station.Serial) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.inPrint[s]
}

// pauseFor stops the run for a condition that a person has to cure before any booklet goes on.
func (r *runner) pauseFor(ctx context.Context, cause error) {
	word := Cure(cause)
	r.stop(cause)
	ctx = context.WithoutCancel(ctx)
	err := r.desk.changeRun(ctx, r.desk.Key, "", func(_ Tx, run station.Run, _ station.Booklet) (station.Run, fact, error) {
		if run.State != station.RunOpen {
			return run, fact{}, nil // somebody was faster
		}
		run, err := run.Pause(word)
		return run, fact{kind: event.RunPaused, body: event.RunStopped{Word: word}}, err
	})
	if err != nil {
		r.desk.Log.Warn("pause of the run not recorded", "cure", Cure(err))
	}
	r.say(RunEvent{Kind: RunPauses, Word: word})
}
