package ui

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"padarozhnik/devices"
	"padarozhnik/station"
	"padarozhnik/station/issuance"
)

// How often and how many times headquarters is asked for an order before the officer is told that
// it has not come.
const (
	orderEvery = time.Second
	orderTries = 15
)

// run carries out a verb, reads the desk again, and shows what happened. after, which may be nil,
// is called with the verb's error before that, unless the officer who began it has left the desk.
func (w *Window) run(name string, work func(context.Context, devices.Report) error, after func(error)) {
	w.runFor(name, work, w.seated(after))
}

// runFor is run for what is to be shown whoever sits at the desk when it ends.
func (w *Window) runFor(name string, work func(context.Context, devices.Report) error, after func(error)) {
	if !w.tasks.ready() || w.question != nil {
		return
	}
	w.fault.clear()
	token := w.token
	var r record
	var unread error
	w.tasks.run(func(ctx context.Context, report devices.Report) error {
		err := work(ctx, report)
		r, unread = readRecord(context.WithoutCancel(ctx), w.deps.Desk, token)
		return err
	}, func(err error) {
		w.prompt, w.there = "", nil
		if err != nil {
			w.deps.Log.Warn("step not done", "step", name, "cure", issuance.Cure(err), "error", err)
		} else {
			w.deps.Log.Info("step done", "step", name)
			w.unsaved = false
		}
		if unread == nil {
			w.take(r, token)
		}
		after(err)
		w.show()
		if err == nil {
			err = unread
		}
		if w.seat != nil {
			w.fault.show(err)
		}
		if w.closing {
			w.win.Close()
		}
	})
}

// refresh reads the board and the chosen case again.
func (w *Window) refresh() {
	token := w.token
	var r record
	w.tasks.read(func(ctx context.Context) (err error) {
		r, err = readRecord(ctx, w.deps.Desk, token)
		return err
	}, func(err error) {
		if err != nil {
			w.fault.show(err)
			return
		}
		w.take(r, token)
		w.show()
	})
}

// take keeps what was read, but for a case that was left meanwhile.
func (w *Window) take(r record, token station.CaseToken) {
	if token != w.token {
		r.chosen = nil
	}
	w.record = r
}

// look asks the devices how they are.
func (w *Window) look() {
	if w.deps.Devices == nil {
		return
	}
	var found []Health
	var lines []issuance.DeviceLine
	var silent error
	list := w.seat != nil && w.technician.object.Visible()
	w.tasks.look(func(ctx context.Context) {
		found = w.stopped(ctx, w.deps.Devices(ctx))
		if list {
			lines, silent = w.deps.Desk.DeviceList(ctx)
		}
	}, func() {
		w.health = found
		if list && silent == nil && w.seat != nil {
			w.showService()
			w.technician.showDevices(lines, w.deps.Desk.ServiceLeft() > 0)
		}
		w.status.show(w.condition())
	})
}

// choose shows another case.
func (w *Window) choose(token station.CaseToken) {
	if token == w.token || w.tasks.busy {
		return
	}
	w.leaving(func() {
		w.token, w.found, w.looked = token, nil, comparison{}
		w.fault.clear()
		w.back()
		w.refresh()
	})
}

func (w *Window) signIn(name, passphrase string) {
	secret := []byte(passphrase)
	var seat issuance.Seat
	w.tasks.run(func(context.Context, devices.Report) (err error) {
		defer clear(secret)
		seat, err = w.deps.SignIn(name, secret)
		return err
	}, func(err error) {
		w.signin.clear()
		if err != nil {
			w.deps.Log.Warn("sign-in refused", "cure", issuance.Cure(err))
			w.signin.show(w.texts.sentence(err))
			if w.closing {
				w.win.Close()
			}
			return
		}
		w.deps.Log.Info("signed in", "officer", seat.Officer.Pseudonym)
		w.seat = &seat
		w.sitting++
		w.signin.show("")
		if !w.comeBack() {
			w.refresh()
		}
		w.show()
		w.look()
		if w.closing {
			w.win.Close()
		}
	})
}

// signOut saves what is being written and leaves the desk.
func (w *Window) signOut() {
	if w.seat != nil && w.tasks.ready() {
		w.leaving(w.leaveSeat)
	}
}

// leaveSeat takes the seat and every case off the screen, and makes every screen anew: what Fyne keeps of texts
// that were shown goes with the old ones.
func (w *Window) leaveSeat() {
	seat := *w.seat
	w.leave()
	w.seat, w.token, w.found, w.looked = nil, "", nil, comparison{}
	w.sitting++
	w.record.chosen = nil
	w.fault.clear()
	w.back()
	for _, over := range w.win.Canvas().Overlays().List() { // a dialog of files, an open menu
		w.win.Canvas().Overlays().Remove(over)
	}
	w.app.Clipboard().SetContent("")
	who := w.signin.who.Selected
	w.build()
	w.signin.who.SetSelected(who)
	if w.deps.SignOut != nil {
		w.deps.SignOut(seat)
	}
	w.deps.Log.Info("signed out", "officer", seat.Officer.Pseudonym)
	w.win.Canvas().Focus(w.signin.passphrase)
}

// sync exchanges with headquarters and closes what is finished.
func (w *Window) sync() {
	if w.seat == nil {
		return
	}
	w.run("sync", func(ctx context.Context, _ devices.Report) error { return w.exchange(ctx) }, w.met)
}

func (w *Window) exchange(ctx context.Context) error {
	if _, err := w.deps.Desk.Sync(ctx); err != nil {
		return err
	}
	_, err := w.deps.Desk.Close(ctx)
	return err
}

// met remembers when headquarters was last spoken to.
func (w *Window) met(err error) {
	if err == nil {
		w.synced = w.deps.Desk.Now()
	}
}

// begin opens a new case and shows it.
func (w *Window) begin() {
	if w.seat == nil {
		return
	}
	w.leaving(w.openCase)
}

func (w *Window) openCase() {
	seat := *w.seat
	var token station.CaseToken
	w.run("enrol", func(ctx context.Context, _ devices.Report) (err error) {
		token, err = w.deps.Desk.Enrol(ctx, seat)
		return err
	}, func(err error) {
		if err != nil {
			return
		}
		w.token, w.found, w.looked = token, nil, comparison{}
		w.refresh()
		w.showEnrol(draft{})
	})
}

// do begins a step of the chosen case.
func (w *Window) do(v verb) {
	if w.seat == nil || w.record.chosen == nil {
		return
	}
	d, seat, token := w.deps.Desk, *w.seat, w.token
	switch v {
	case verbEnrol:
		w.openEnrol()
	case verbReview:
		w.openReview()
	case verbSubmit:
		w.run("submit", func(ctx context.Context, _ devices.Report) error { return d.Submit(ctx, seat, token) }, nil)
	case verbOrder:
		w.run("order", func(ctx context.Context, r devices.Report) error { return w.awaitOrder(ctx, token, r) }, w.met)
	case verbSign:
		w.askSign()
	case verbPassOn:
		w.passOn()
	case verbPersonalise:
		w.run("personalise", func(ctx context.Context, r devices.Report) error {
			if d.Scanner == nil || d.Encoder == nil || d.Printer == nil {
				return errNoDevice
			}
			return d.Personalise(ctx, seat, token, r)
		}, nil)
	case verbInspect:
		w.askInspect(func(looked []station.Item) {
			w.examine(token, func(
				ctx context.Context, s issuance.Seat, t station.CaseToken, r devices.Report,
			) (issuance.Examination, error) {
				return d.Inspect(ctx, s, t, r, looked...)
			})
		})
	case verbPreview:
		w.openPreview()
	case verbExamine:
		w.examine(token, d.Examine)
	case verbResolve:
		w.askResolve(w.texts.text("ui.verb.resolve"),
			[]station.State{station.StateEncoded, station.StatePrinted, station.StateSpoiled}, w.resolve)
	case verbSpoil:
		w.askResolve(w.texts.text("ui.verb.spoil"), []station.State{station.StateSpoiled}, w.resolve)
	case verbHandOver:
		w.presentBook()
	case verbWaste:
		w.askWaste()
	case verbReceipt:
		w.makeReceipt()
	case verbClose:
		w.sync()
	}
}

// errNoDevice: the office's configuration names no such device.
var errNoDevice = fmt.Errorf("not configured: %w", devices.ErrUnreachable)

// awaitOrder exchanges with headquarters until the order has come, was declined or is held.
func (w *Window) awaitOrder(ctx context.Context, token station.CaseToken, report devices.Report) error {
	for range orderTries {
		report.At("order", 0, 0)
		if err := w.exchange(ctx); err != nil {
			return err
		}
		c, err := w.deps.Desk.Case(ctx, token)
		if err != nil || c.Stage != station.StageApproved {
			return err
		}
		if word, err := w.deps.Desk.Declined(ctx, token); err != nil || word != "" {
			return cmp.Or(err, issuance.ErrDeclined)
		}
		if word, err := w.deps.Desk.Held(ctx, token); err != nil || word != "" {
			return cmp.Or(err, issuance.ErrHeld)
		}
		if draft, err := w.deps.Desk.Draft(ctx, token); err != nil || draft.Ready {
			return err // an officer signs it
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(orderEvery):
		}
	}
	return issuance.ErrNoOrder
}

// examination is a verb that looks at a booklet.
type examination func(
	context.Context, issuance.Seat, station.CaseToken, devices.Report) (issuance.Examination, error)

// examine carries out a verb that looks at a booklet, and shows what was found: the findings without the
// person's data, and a picture of the page where it differs.
func (w *Window) examine(token station.CaseToken, look examination) {
	d, seat := w.deps.Desk, *w.seat
	var e issuance.Examination
	var looked comparison
	w.run("examine", func(ctx context.Context, r devices.Report) (err error) {
		if d.Scanner == nil || d.Encoder == nil {
			return errNoDevice
		}
		e, err = look(ctx, seat, token, r)
		looked = compared(e)
		return err
	}, func(error) {
		if len(e.Findings) > 0 {
			w.found, w.looked = &issuance.Examination{Serial: e.Serial, Findings: e.Findings, Doubt: e.Doubt}, looked
		}
	})
}

func (w *Window) resolve(as station.State, reason string) {
	d, seat, token := w.deps.Desk, *w.seat, w.token
	w.run("resolve", func(ctx context.Context, _ devices.Report) error {
		return d.Resolve(ctx, seat, token, as, reason)
	}, nil)
}
