package ui

import (
	"context"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/widget"

	"padarozhnik/devices"
	"padarozhnik/station/issuance"
)

// service carries out a technician's verb and asks the devices again.
func (w *Window) service(name string, work func(context.Context, devices.Report) error, after func(error)) {
	w.run(name, work, func(err error) {
		if after != nil {
			after(err)
		}
		w.technician.wizard.show()
		w.showService()
		w.look()
	})
}

func (w *Window) openService() {
	if w.seat == nil {
		return
	}
	seat := *w.seat
	w.service("open service mode", func(ctx context.Context, _ devices.Report) error {
		return w.deps.Desk.OpenService(ctx, seat)
	}, func(err error) {
		if err == nil {
			w.token, w.found = "", nil // no case stays on the screen
			w.record.chosen = nil
		}
	})
}

// closeService ends service mode. Everybody signs in again, the technician too.
func (w *Window) closeService() {
	if w.seat == nil {
		return
	}
	seat := *w.seat
	w.run("close service mode", func(ctx context.Context, _ devices.Report) error {
		return w.deps.Desk.CloseService(ctx, seat)
	}, func(err error) {
		if err == nil && w.seat != nil {
			w.leaveSeat()
		}
	})
}

// readTestCard reads the card of the machine readable zone that lies on the glass.
func (w *Window) readTestCard() {
	if w.seat == nil {
		return
	}
	seat := *w.seat
	var read issuance.CardReading
	w.service("read the test card", func(ctx context.Context, _ devices.Report) (err error) {
		if w.deps.Desk.Scanner == nil {
			return errNoDevice
		}
		read, err = w.deps.Desk.ReadCard(ctx, seat)
		return err
	}, func(err error) {
		if err != nil {
			return
		}
		words := w.texts.text("ui.service.card.none")
		switch {
		case read.Found && read.Same && read.Accepted:
			words = w.texts.text("ui.service.card.good", read.Weakest)
		case read.Found:
			words = w.texts.text("ui.service.card.bad", read.Weakest)
		}
		w.tasks.resume()
		w.tell(w.texts.text("ui.service.card"), words, nil)
		w.tasks.settle()
	})
}

func (w *Window) beginCalibration(kind issuance.DeviceKind) {
	if w.seat == nil {
		return
	}
	seat := *w.seat
	var p *issuance.Procedure
	var former *issuance.Calibration
	w.service("begin calibration", func(ctx context.Context, _ devices.Report) (err error) {
		if p, err = w.deps.Desk.BeginCalibration(ctx, seat, kind); err != nil {
			return err
		}
		history, err := w.deps.Desk.Calibrations(ctx, kind)
		if n := len(history); n > 0 && history[n-1].Serial == p.State().Device.Serial {
			former = &history[n-1]
		}
		return err
	}, func(err error) {
		if err == nil {
			w.technician.wizard.begin(p, former)
		}
	})
}

// calibrationStep has the devices do their part of the step in hand.
func (w *Window) calibrationStep() {
	z := w.technician.wizard
	if z.procedure == nil {
		return
	}
	p, page := z.procedure, z.voidPage()
	w.service("calibration step", func(ctx context.Context, r devices.Report) error { return p.Do(ctx, page, r) },
		func(error) { z.page.SetText("") })
}

// askSignCalibration has a second officer countersign what was found.
func (w *Window) askSignCalibration() {
	z := w.technician.wizard
	if w.seat == nil || z.procedure == nil {
		return
	}
	procedure, kind := z.procedure, z.procedure.State().Kind
	body := column(10, snug(paragraph(w.texts.text("ui.wizard.countersign.says"))))
	w.witnessed("ui.wizard.countersign", body, func() bool { return true }, func(ctx context.Context, witness issuance.Seat) error {
		_, err := procedure.Sign(ctx, witness)
		return err
	}, func(err error) {
		if err == nil {
			z.drop()
			w.showHistory(kind)
		}
	})
}

// askAccept accepts a device that was swapped, or whose firmware has changed, by a signed note.
func (w *Window) askAccept(d issuance.DeviceLine) {
	if w.seat == nil {
		return
	}
	seat := *w.seat
	var check func()
	note := widget.NewEntry()
	note.SetPlaceHolder(w.texts.text("ui.service.note"))
	note.OnChanged = func(string) {
		if check != nil {
			check()
		}
	}
	name := strings.Join([]string{w.texts.word("ui.device.name", string(d.Kind)), d.Maker, d.Model, d.Serial}, " ")
	which := line(name, sizeText, true, colourInk)
	body := column(10, which, snug(paragraph(w.texts.text("ui.service.accept.says"))), note)
	ready := func() bool { return len(strings.TrimSpace(note.Text)) >= issuance.LeastNote }
	check = w.witnessed("ui.service.accept", body, ready,
		func(ctx context.Context, witness issuance.Seat) error {
			return w.deps.Desk.AcceptDevice(ctx, seat, witness, d.Kind, strings.TrimSpace(note.Text))
		}, nil)
	w.win.Canvas().Focus(note)
}

// witnessed asks for the second officer of a technician's verb.
func (w *Window) witnessed(
	key string, body *fyne.Container, ready func() bool, act func(context.Context, issuance.Seat) error, after func(error),
) (changed func()) {
	return w.withPartner(key, body, ready, func(name string, secret []byte) {
		w.service(key, func(ctx context.Context, _ devices.Report) error {
			return w.sit(name, secret, func(second issuance.Seat) error { return act(ctx, second) })
		}, after)
	})
}
