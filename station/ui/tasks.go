package ui

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"fyne.io/fyne/v2"

	"padarozhnik/devices"
)

// rest is how long after the end of a verb the next one is refused: longer than a double click, so
// that its second half never lands on the button that took the first one's place.
const rest = 600 * time.Millisecond

// pollTime bounds a look at the devices.
const pollTime = 5 * time.Second

// tasks runs what takes time. All fields but the locks belong to the screen's goroutine; work runs
// on goroutines of its own and reaches the screen through onScreen alone.
type tasks struct {
	begin    func(func())           // starts a goroutine
	onScreen func(func())           // hands a function to the screen's goroutine
	now      func() time.Time       // for rest
	moved    func(devices.Progress) // called as the verb reports progress
	turned   func(busy bool)        // called as a verb begins and ends

	busy    bool
	cancel  context.CancelFunc // of the verb
	unlook  context.CancelFunc // of the look at the devices
	ended   time.Time
	next    func() // what cannot wait for the rest, once the verb has ended
	reading int    // number of the newest reading

	machines sync.Mutex     // held while devices are used
	alive    sync.WaitGroup // every goroutine begun here
}

func newTasks(d Deps) *tasks {
	t := &tasks{begin: d.Go, onScreen: d.Do, now: d.Now}
	if t.begin == nil {
		t.begin = func(f func()) { go f() }
	}
	if t.onScreen == nil {
		t.onScreen = fyne.Do
	}
	if t.now == nil {
		t.now = time.Now
	}
	return t
}

// ready tells whether a verb may begin.
func (t *tasks) ready() bool { return !t.busy && t.now().Sub(t.ended) >= rest }

// settle begins the rest without a verb: the screen has just changed under the pointer.
func (t *tasks) settle() { t.ended = t.now() }

// resume ends the rest: what comes now is the program's own next step and no click.
func (t *tasks) resume() { t.ended = time.Time{} }

// run carries out a verb and hands its error to done on the screen's goroutine. It does nothing and
// returns false while another one runs or rests.
func (t *tasks) run(work func(context.Context, devices.Report) error, done func(error)) bool {
	return t.start(t.turned, work, done)
}

// quietly is run for what the program does by itself: no screen says that it runs.
func (t *tasks) quietly(work func(context.Context, devices.Report) error, done func(error)) bool {
	return t.start(func(bool) {}, work, done)
}

func (t *tasks) start(
	turned func(busy bool), work func(context.Context, devices.Report) error, done func(error),
) bool {
	if !t.ready() {
		return false
	}
	ctx, cancel := context.WithCancel(context.Background())
	t.busy, t.cancel = true, cancel
	if t.unlook != nil {
		t.unlook()
	}
	turned(true)
	t.alive.Add(1)
	t.begin(func() {
		defer t.alive.Done()
		t.machines.Lock()
		err := work(ctx, t.reporter())
		t.machines.Unlock()
		t.onScreen(func() {
			cancel()
			t.busy, t.cancel, t.ended = false, nil, t.now()
			turned(false)
			done(err)
			if next := t.next; next != nil {
				t.next = nil
				t.resume()
				next()
			}
		})
	})
	return true
}

// reporter passes progress on, at most one report at a time: while one waits for the screen, newer
// ones replace it.
func (t *tasks) reporter() devices.Report {
	var newest atomic.Pointer[devices.Progress]
	return func(p devices.Progress) {
		if newest.Swap(&p) != nil {
			return
		}
		t.onScreen(func() {
			if p := newest.Swap(nil); p != nil && t.busy {
				t.moved(*p)
			}
		})
	}
}

// afterVerb does at once what cannot wait: it stops the running verb and goes on when that has ended.
func (t *tasks) afterVerb(urgent func()) {
	if t.busy {
		t.next = urgent
		t.stop()
		return
	}
	t.resume()
	urgent()
}

// stop cancels the running verb. Its record stays true: every verb is one transaction.
func (t *tasks) stop() {
	if t.cancel != nil {
		t.cancel()
	}
	if t.unlook != nil {
		t.unlook()
	}
}

// read runs work that changes nothing and shows its result, unless a newer reading was begun.
func (t *tasks) read(work func(context.Context) error, done func(error)) {
	t.reading++
	number := t.reading
	t.alive.Add(1)
	t.begin(func() {
		defer t.alive.Done()
		err := work(context.Background())
		t.onScreen(func() {
			if number == t.reading {
				done(err)
			}
		})
	})
}

// beside carries out a verb that uses no device, also while another one runs.
func (t *tasks) beside(work func(context.Context) error, done func(error)) {
	t.alive.Add(1)
	t.begin(func() {
		defer t.alive.Done()
		err := work(context.Background())
		t.onScreen(func() { done(err) })
	})
}

// look asks the devices how they are, unless a verb uses them. A verb that begins ends the look.
func (t *tasks) look(work func(context.Context), done func()) {
	if t.busy || t.unlook != nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), pollTime)
	t.unlook = cancel
	t.alive.Add(1)
	t.begin(func() {
		defer t.alive.Done()
		free := t.machines.TryLock()
		if free {
			work(ctx)
			t.machines.Unlock()
		}
		whole := free && ctx.Err() == nil
		t.onScreen(func() {
			cancel()
			t.unlook = nil
			if whole {
				done()
			}
		})
	})
}

// every calls fn on the screen's goroutine again and again until the context ends.
func (t *tasks) every(ctx context.Context, d time.Duration, fn func()) {
	t.alive.Add(1)
	t.begin(func() {
		defer t.alive.Done()
		tick := time.NewTicker(d)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				t.onScreen(fn)
			}
		}
	})
}

// wait returns when every goroutine begun here has ended.
func (t *tasks) wait() { t.alive.Wait() }
