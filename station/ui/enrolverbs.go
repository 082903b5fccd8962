package ui

import (
	"context"
	"errors"
	"fmt"
	"image"
	"io"
	"strings"

	"fyne.io/fyne/v2"

	"padarozhnik/devices"
	"padarozhnik/station"
	"padarozhnik/station/issuance"
	"padarozhnik/station/portrait"
)

// maxPicture bounds a picture file, in bytes.
const maxPicture = 64 << 20

// openEnrol opens the draft of the chosen case.
func (w *Window) openEnrol() {
	var d draft
	desk, seat, token := w.deps.Desk, *w.seat, w.token
	w.run("open draft", func(ctx context.Context, _ devices.Report) (err error) {
		d, err = readDraft(ctx, desk, seat, token)
		return err
	}, func(err error) {
		if err == nil {
			w.showEnrol(d)
		}
	})
}

func (w *Window) showEnrol(d draft) {
	w.enrol.show(w.token, d)
	w.open(w.enrol.object)
	w.enrol.turn(w.enrol.at, "")
}

// leaving saves the form that is open, if one is, and then goes on. What cannot be saved keeps the
// form open.
func (w *Window) leaving(then func()) {
	if w.seat == nil || !w.enrol.object.Visible() {
		then()
		return
	}
	w.keeping(func() {
		w.back()
		w.tasks.resume()
		then()
	})
}

// keeping saves what was typed, if anything was, and then goes on.
func (w *Window) keeping(then func()) {
	if !w.tasks.ready() {
		return
	}
	if !w.enrol.changed() {
		then()
		return
	}
	w.capture("save", saved, func(err error) {
		if err == nil {
			then()
		}
	})
}

// turnTo goes to another step of the enrolment.
func (w *Window) turnTo(to stepName, field string) {
	if w.seat == nil || !w.tasks.ready() || w.question != nil {
		return
	}
	w.keeping(func() {
		w.fault.clear()
		w.enrol.turn(to, field)
		w.tasks.settle()
	})
}

// calmly does what needs no verb, unless it is the second half of a double click.
func (w *Window) calmly(do func()) {
	if w.tasks.ready() {
		do()
		w.tasks.settle()
	}
}

// captureStep is what happens to a draft after its form was saved.
type captureStep func(context.Context, issuance.Seat, station.CaseToken, devices.Report) error

// saved is the step that does nothing more.
func saved(context.Context, issuance.Seat, station.CaseToken, devices.Report) error { return nil }

// capture carries out one step of enrolment: the form is saved first, so that nothing typed is
// lost, then the step, then the draft is read again.
func (w *Window) capture(name string, step captureStep, after func(error)) {
	if w.seat == nil {
		return
	}
	d, seat, token := w.deps.Desk, *w.seat, w.token
	form, err := w.enrol.fill()
	if err != nil {
		w.fault.show(err)
		return
	}
	names, save := w.enrol.person.names, w.saving(form)
	choice, card, reason := names.name(), names.onCard(), names.reason.Text
	var now draft
	var unread error
	w.run(name, func(ctx context.Context, report devices.Report) error {
		err := save(ctx, seat, token, report)
		if err == nil {
			err = step(ctx, seat, token, report)
		}
		if name != "submit" || err != nil {
			now, unread = readDraft(ctx, d, seat, token)
		}
		return err
	}, func(err error) {
		if unread == nil && (name != "submit" || err != nil) {
			w.enrol.show(token, now)
		}
		if asksForWords(err) {
			w.enrol.person.names.retype(choice, card, reason)
			w.enrol.turn(stepPerson, "")
			focus(w.enrol.person.names.reason)
		}
		if after != nil {
			after(err)
		}
	})
}

// saving is the step that saves a form. What was read off the old passport's page and the Latin name have verbs
// of their own.
func (w *Window) saving(form station.Application) captureStep {
	d, saved, names := w.deps.Desk, w.enrol.saved, w.enrol.person.names
	choice, card, reason := names.name(), names.onCard(), names.reason.Text
	respelled := choice != latinOf(saved.Applicant) && choice != station.LatinName{}
	page := pageOf(form)
	reread := page != pageOf(saved)
	return func(ctx context.Context, s issuance.Seat, t station.CaseToken, _ devices.Report) error {
		err := d.Amend(ctx, s, t, "person", typed(form))
		if err == nil && reread {
			err = d.TypeOldPage(ctx, s, t, page)
		}
		if err == nil && respelled {
			err = d.SpellName(ctx, s, t, choice, card, reason)
		}
		return err
	}
}

// typed writes a form into an application.
func typed(form station.Application) func(*station.Application) error {
	return func(a *station.Application) error {
		was := latinOf(a.Applicant)
		a.Applicant, a.Evidence, a.Consents = form.Applicant, form.Evidence, form.Consents
		a.Guardians, a.Proxies = form.Guardians, form.Proxies
		a.Applicant.Surname, a.Applicant.GivenNames = was.Surname, was.GivenNames
		return a.KeepChip()
	}
}

// asksForWords tells whether a spelling needs another form or a reason.
func asksForWords(err error) bool {
	return errors.Is(err, station.ErrNameReason) || errors.Is(err, station.ErrSpelling)
}

func latinOf(a station.Applicant) station.LatinName {
	return station.LatinName{Surname: a.Surname, GivenNames: a.GivenNames}
}

func (w *Window) enrolActions() enrolActions {
	d := w.deps.Desk
	return enrolActions{
		save: func() { w.capture("save", saved, nil) }, submit: w.submitForm,
		back: func() { w.leaving(func() {}) }, turn: w.turnTo, spell: w.spell, scanner: d.Scanner != nil,
		old: oldActions{scan: w.scanOldPassport, useZone: w.useZone, readChip: w.readOldChip, decide: w.decideZone,
			waive: func(reason string) {
				w.capture("waive the chip", func(ctx context.Context, s issuance.Seat, t station.CaseToken, _ devices.Report) error {
					return d.WaiveOldChip(ctx, s, t, reason)
				}, nil)
			}},
		portrait: portraitActions{choose: w.choosePortrait, scan: w.scanPortrait, take: w.takePortrait, moved: w.measurePortrait,
			camera: w.openCamera, shoot: w.shoot},
		signature: signatureActions{scan: w.scanSignature, choose: w.chooseSignature, cannot: w.cannotSign},
		family:    familyActions{child: w.enrolChild, open: w.choose, calmly: w.calmly},
	}
}

// submitForm saves and submits; what is missing then stands in the last step.
func (w *Window) submitForm() {
	w.capture("submit", func(ctx context.Context, s issuance.Seat, t station.CaseToken, _ devices.Report) error {
		return w.deps.Desk.Submit(ctx, s, t)
	}, func(err error) {
		if err == nil {
			w.back()
		}
	})
}

// spell records the spelling that is typed, with its reason, also where it is the one that stands already.
func (w *Window) spell() {
	names := w.enrol.person.names
	choice, card, reason := names.name(), names.onCard(), names.reason.Text
	if choice != latinOf(w.enrol.saved.Applicant) { // saving spells it
		w.capture("spell", saved, nil)
		return
	}
	w.capture("spell", func(ctx context.Context, s issuance.Seat, t station.CaseToken, _ devices.Report) error {
		return w.deps.Desk.SpellName(ctx, s, t, choice, card, reason)
	}, nil)
}

func (w *Window) useZone() {
	lines := strings.Fields(strings.ToUpper(w.enrol.old.zone.Text))
	w.capture("type zone", func(ctx context.Context, s issuance.Seat, t station.CaseToken, _ devices.Report) error {
		if len(lines) != 2 {
			return fmt.Errorf("%d lines: %w", len(lines), issuance.ErrDoubtful)
		}
		return w.deps.Desk.TypeOldPassport(ctx, s, t, [2]string(lines))
	}, nil)
}

// scanOldPassport reads the old passport on the scanner. What was read with doubts is shown for the officer
// to decide on, or left in the form to be corrected.
func (w *Window) scanOldPassport() {
	d := w.deps.Desk
	var read issuance.PageReading
	asked := false
	w.capture("old passport", func(ctx context.Context, s issuance.Seat, t station.CaseToken, r devices.Report) (err error) {
		if d.Scanner == nil {
			return errNoDevice
		}
		read, err = d.ScanOldPassport(ctx, s, t, r)
		if asked = errors.Is(err, issuance.ErrDoubtful) && read.Found && len(read.Doubts) > 0; asked {
			return nil // the question says what to do
		}
		return err
	}, func(err error) {
		if !asked && (!errors.Is(err, issuance.ErrDoubtful) || !read.Found) {
			return
		}
		w.enrol.old.ask(read)
		w.enrol.stand()
	})
}

// decideZone enters the zone with what the officer decided on its doubts. What is not right in it keeps the
// question open.
func (w *Window) decideZone() {
	q := w.enrol.old.doubts
	read, decided := q.read, q.decided()
	w.capture("decide the zone", func(ctx context.Context, s issuance.Seat, t station.CaseToken, _ devices.Report) error {
		return w.deps.Desk.DecideOldPassport(ctx, s, t, read, decided)
	}, func(err error) {
		if err == nil {
			return
		}
		w.enrol.old.ask(read)
		for _, r := range q.rows {
			for _, c := range decided {
				if c.Line == r.doubt.Line && c.Column == r.doubt.Column {
					q.choose(r, c.Rune)
				}
			}
		}
		w.enrol.stand()
	})
}

// readOldChip reads the chip of the old passport on the reader, and shows what it proves.
func (w *Window) readOldChip() {
	d := w.deps.Desk
	w.capture("old chip", func(ctx context.Context, s issuance.Seat, t station.CaseToken, r devices.Report) error {
		if d.Encoder == nil {
			return errNoDevice
		}
		_, err := d.ReadOldChip(ctx, s, t, r)
		return err
	}, nil)
}

// pick has the officer choose a picture.
func (w *Window) pick(picked func(io.ReadCloser)) {
	if !w.tasks.ready() {
		return
	}
	if w.deps.Pick != nil {
		w.deps.Pick(picked)
		return
	}
	chooseFile(w.texts, w.win, "ui.portrait.choose", w.deps.Pictures, []string{".jpg", ".jpeg", ".png"},
		func(r fyne.URIReadCloser) { picked(r) })
	w.tasks.settle()
}

func readPicture(r io.ReadCloser) (image.Image, error) {
	defer r.Close()
	b, err := io.ReadAll(io.LimitReader(r, maxPicture))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", issuance.ErrPortrait, err)
	}
	img, err := portrait.Decode(b)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", issuance.ErrPortrait, err)
	}
	return img, nil
}

// enrolChild opens a draft for a child in the session of the case that is shown, and shows that.
func (w *Window) enrolChild() {
	var child station.CaseToken
	w.capture("enrol a child", func(ctx context.Context, s issuance.Seat, t station.CaseToken, _ devices.Report) (err error) {
		child, err = w.deps.Desk.EnrolChild(ctx, s, t)
		return err
	}, func(err error) {
		if err != nil {
			return
		}
		w.back()
		w.token, w.found, w.looked = child, nil, comparison{}
		w.refresh()
		w.tasks.resume()
		w.openEnrol()
	})
}
