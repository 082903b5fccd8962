package ui

import (
	"context"
	"errors"
	"fmt"
	"image"
	"io"
	"slices"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/dialog"
	"fyne.io/fyne/v2/storage"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"padarozhnik/devices"
	"padarozhnik/station"
	"padarozhnik/station/issuance"
	"padarozhnik/station/portrait"
)

// maxPicture bounds a picture file, in bytes.
const maxPicture = 64 << 20

// enrolActions are what the buttons of the enrolment screen do.
type enrolActions struct{ scan, useZone, readChip, takePicture, save, submit, back func() }

// enrol is the application while it is being written: old passport, portrait, person, evidence,
// consent. Every step is saved, encrypted, when it is taken.
type enrol struct {
	texts    texts
	old      *widget.Label
	zone     *widget.Entry
	frame    *fyne.Container
	checks   *widget.Label
	remarks  *widget.Label
	person   *personForm
	evidence *evidenceForm
	consents *consentForm
	title    *canvas.Text
	buttons  []*widget.Button
	object   fyne.CanvasObject
}

func newEnrol(t texts, p station.Profile, do enrolActions) *enrol {
	e := &enrol{texts: t, old: paragraph(""), checks: paragraph(""), remarks: paragraph("")}
	e.title = line("", sizeTitle, true, colourInk)
	e.remarks.Importance = widget.WarningImportance
	e.zone = widget.NewMultiLineEntry()
	e.zone.SetMinRowsVisible(2)
	e.zone.SetPlaceHolder(t.text("ui.old.zone"))
	e.zone.Wrapping = fyne.TextWrapOff
	e.person = newPersonForm(t, p)
	e.evidence = newEvidenceForm(t, p.Rules)
	e.consents = newConsentForm(t, p)
	e.frame = container.NewStack()
	old := column(8, snug(e.old), e.button("ui.old.scan", theme.DocumentIcon(), do.scan), e.zone,
		pair(e.button("ui.old.use", nil, do.useZone), e.button("ui.old.chip", nil, do.readChip)))
	face := container.NewBorder(nil, nil, e.frame, nil, inset(0, 0, 14, 0, column(10,
		e.button("ui.portrait.choose", theme.FileImageIcon(), do.takePicture), snug(e.checks))))
	left := column(12, card(t.text("ui.old.title"), old), card(t.text("ui.portrait.title"), face),
		card(t.text("ui.consents.title"), e.consents.object))
	right := column(12, card(t.text("ui.person.title"), e.person.object),
		card(t.text("ui.evidence.title"), e.evidence.object))
	submit := e.button("ui.verb.submit", nil, do.submit)
	submit.Importance = widget.HighImportance
	foot := container.NewBorder(nil, nil, roomy(e.button("ui.back", theme.NavigateBackIcon(), do.back)),
		row(10, roomy(e.button("ui.enrol.save", nil, do.save)), roomy(submit)))
	e.object = container.NewBorder(nil, inset(8, 14, 24, 24, foot), nil, nil, container.NewVScroll(
		inset(12, 8, 24, 24, column(10, e.title, e.remarks, pair(left, right)))))
	e.object.Hide()
	return e
}

func (e *enrol) button(key string, icon fyne.Resource, do func()) *widget.Button {
	b := widget.NewButtonWithIcon(e.texts.text(key), icon, do)
	e.buttons = append(e.buttons, b)
	return b
}

func (e *enrol) show(token station.CaseToken, d draft) {
	e.title.Text = e.texts.text("ui.enrol.title", token)
	e.title.Refresh()
	said := slices.Clone(d.Remarks)
	for _, m := range d.Marks {
		said = append(said, e.texts.field(m.Field)+": "+m.Text)
	}
	e.remarks.SetText(strings.Join(said, "\n"))
	e.remarks.Hidden = len(said) == 0
	e.person.mark(d.Marks)
	key := "ui.old.none"
	if d.OldPassport != nil {
		key = "ui.old.read"
		if d.OldPassport.Typed {
			key = "ui.old.typed"
		}
		e.zone.SetText(strings.Join(d.OldPassport.MRZ[:], "\n"))
	}
	e.old.SetText(e.texts.text(key) + e.chipWords(d.OldPassport))
	e.frame.Objects = []fyne.CanvasObject{picture(d.picture, 112, 144)}
	if d.picture != nil {
		e.checks.SetText(e.texts.text("ui.portrait.good"))
	} else {
		e.checks.SetText(e.texts.text("ui.portrait.none"))
	}
	e.person.show(d.Applicant)
	e.evidence.show(d.Evidence)
	e.consents.show(d.Consents)
	if e.object.Visible() {
		e.object.Refresh()
	}
}

// showChecks names the checks that a picture failed.
func (e *enrol) showChecks(f portrait.Finding) {
	var failed []string
	for _, c := range f.Checks {
		if c.Outcome == portrait.Fail {
			failed = append(failed, e.texts.word("ui.check", c.Key))
		}
	}
	if len(failed) > 0 {
		e.checks.SetText(e.texts.text("ui.portrait.failed", strings.Join(failed, ", ")))
	}
}

// fill writes the form into an application.
func (e *enrol) fill(a *station.Application) error {
	if err := e.person.fill(&a.Applicant); err != nil {
		return err
	}
	a.Evidence, a.Consents = e.evidence.items, e.consents.decided()
	return nil
}

// close takes the person's data off the screen.
func (e *enrol) close() {
	e.show("", draft{})
	e.zone.SetText("")
	e.object.Hide()
}

// turned shows whether a verb runs.
func (e *enrol) turned(busy bool) { able(!busy, e.buttons...) }

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

// leaving saves the form that is open, if one is, and then goes on. What cannot be saved keeps the
// form open.
func (w *Window) leaving(then func()) {
	if w.seat == nil || !w.enrol.object.Visible() {
		then()
		return
	}
	w.capture("save", saved, func(err error) {
		if err == nil {
			w.back()
			w.tasks.resume()
			then()
		}
	})
}

func (w *Window) showEnrol(d draft) {
	w.enrol.show(w.token, d)
	w.open(w.enrol.object)
}

// captureStep is what happens to a draft after its form was saved.
type captureStep func(context.Context, issuance.Seat, station.CaseToken) error

// saved is the step that does nothing more.
func saved(context.Context, issuance.Seat, station.CaseToken) error { return nil }

// capture carries out one step of enrolment: the form is saved first, so that nothing typed is
// lost, then the step, then the draft is read again.
func (w *Window) capture(name string, step captureStep, after func(error)) {
	if w.seat == nil {
		return
	}
	d, seat, token := w.deps.Desk, *w.seat, w.token
	var form station.Application
	if err := w.enrol.fill(&form); err != nil {
		w.fault.show(err)
		return
	}
	var now draft
	var unread error
	w.run(name, func(ctx context.Context, _ devices.Report) error {
		err := d.Amend(ctx, seat, token, "person", func(a *station.Application) error {
			a.Applicant, a.Evidence, a.Consents = form.Applicant, form.Evidence, form.Consents
			return a.KeepChip()
		})
		if err == nil {
			err = step(ctx, seat, token)
		}
		if name != "submit" || err != nil {
			now, unread = readDraft(ctx, d, seat, token)
		}
		return err
	}, func(err error) {
		if unread == nil && (name != "submit" || err != nil) {
			w.enrol.show(token, now)
		}
		if after != nil {
			after(err)
		}
	})
}

func (w *Window) enrolActions() enrolActions {
	d := w.deps.Desk
	return enrolActions{
		scan: w.scanOldPassport,
		useZone: func() {
			lines := strings.Fields(strings.ToUpper(w.enrol.zone.Text))
			w.capture("type zone", func(ctx context.Context, s issuance.Seat, t station.CaseToken) error {
				if len(lines) != 2 {
					return fmt.Errorf("%d lines: %w", len(lines), issuance.ErrDoubtful)
				}
				return d.TypeOldPassport(ctx, s, t, [2]string(lines))
			}, nil)
		},
		readChip:    w.readOldChip,
		takePicture: w.pick,
		save:        func() { w.capture("save", saved, nil) },
		submit: func() {
			w.capture("submit", d.Submit, func(err error) {
				if err == nil {
					w.back()
				}
			})
		},
		back: func() { w.leaving(func() {}) },
	}
}

// scanOldPassport reads the old passport on the scanner. Lines that were read with doubts are left
// in the form for the officer to correct.
func (w *Window) scanOldPassport() {
	d := w.deps.Desk
	var lines []string
	w.capture("old passport", func(ctx context.Context, s issuance.Seat, t station.CaseToken) error {
		if d.Scanner == nil {
			return errNoDevice
		}
		read, err := d.ReadOldPassport(ctx, s, t)
		lines = read.Lines
		return err
	}, func(err error) {
		if errors.Is(err, issuance.ErrDoubtful) && len(lines) == 2 {
			w.enrol.zone.SetText(strings.Join(lines, "\n"))
		}
	})
}

// pick has the officer choose a picture, and takes the portrait out of it.
func (w *Window) pick() { w.choosePicture(w.takePortrait) }

// choosePicture has the officer choose a picture.
func (w *Window) choosePicture(taken func(io.ReadCloser)) {
	if !w.tasks.ready() {
		return
	}
	if w.deps.Pick != nil {
		w.deps.Pick(taken)
		return
	}
	box := dialog.NewFileOpen(func(r fyne.URIReadCloser, err error) {
		if err != nil || r == nil {
			return
		}
		taken(r)
	}, w.win)
	box.SetFilter(storage.NewExtensionFileFilter([]string{".jpg", ".jpeg", ".png"}))
	box.SetTitleText(w.texts.text("ui.portrait.choose"))
	box.SetConfirmText(w.texts.text("ui.portrait.take"))
	box.SetDismissText(w.texts.text("ui.leave"))
	if dir, err := storage.ListerForURI(storage.NewFileURI(w.deps.Pictures)); w.deps.Pictures != "" && err == nil {
		box.SetLocation(dir)
	}
	box.Resize(fyne.NewSize(900, 560))
	box.Show()
	w.tasks.settle()
}

// takePortrait reads, checks and keeps a picture. It closes r.
func (w *Window) takePortrait(r io.ReadCloser) {
	var found portrait.Finding
	w.capture("portrait", func(ctx context.Context, s issuance.Seat, t station.CaseToken) error {
		img, err := readPicture(r)
		if err != nil {
			return err
		}
		found, err = w.deps.Desk.TakePortrait(ctx, s, t, img)
		return err
	}, func(error) { w.enrol.showChecks(found) })
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
