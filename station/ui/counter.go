package ui

import (
	"context"
	"fmt"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/dialog"
	"fyne.io/fyne/v2/widget"

	"padarozhnik/devices"
	"padarozhnik/station"
	"padarozhnik/station/issuance"
	"padarozhnik/station/portrait"
)

// presentBook reads the chip of a finished book at the desk, and then asks for the hand-over.
func (w *Window) presentBook() {
	d, seat, token := w.deps.Desk, *w.seat, w.token
	var p issuance.Presentation
	w.run("present", func(ctx context.Context, r devices.Report) (err error) {
		if d.Encoder == nil {
			return errNoDevice
		}
		p, err = d.Present(ctx, seat, token, r)
		return err
	}, func(err error) {
		if err != nil {
			return
		}
		w.tasks.resume()
		w.askHandOver(p, func(h station.Handing) {
			w.run("hand over", func(ctx context.Context, _ devices.Report) error {
				return d.HandOver(ctx, seat, token, h)
			}, nil)
		})
		w.tasks.settle()
	})
}

// counter is the question in which a book is given away: the chip's picture and the data stand beside what
// the officer confirms.
type counter struct {
	present, match, checked *widget.Check
	proxied                 *widget.Check
	document                *widget.Entry
	old                     *widget.Select
	chip                    bool
	question                *question
}

// askHandOver has the officer confirm what only eyes can see. The data leave the screen with the question.
func (w *Window) askHandOver(p issuance.Presentation, answered func(station.Handing)) {
	t := w.texts
	c := &counter{chip: p.Chip()}
	c.present = widget.NewCheck(t.text("ui.handover.present"), nil)
	c.match = widget.NewCheck(t.text("ui.handover.match"), nil)
	c.checked = widget.NewCheck(t.text("ui.handover.checked"), nil)
	c.proxied = widget.NewCheck(t.text("ui.handover.proxy"), nil)
	c.document = widget.NewEntry()
	c.document.SetPlaceHolder(t.text("ui.handover.document"))
	labels := make([]string, len(station.Custodies()))
	for i, o := range station.Custodies() {
		labels[i] = t.text("paper.receipt.old." + string(o))
	}
	c.old = widget.NewSelect(labels, nil)
	c.old.PlaceHolder = t.text("ui.handover.old")
	says := "ui.handover.says"
	if !c.chip {
		says = "ui.handover.dead"
	}
	body := column(8, snug(paragraph(t.text(says))), w.bookData(p), c.present, c.match, c.checked)
	if len(p.Proxies) > 0 {
		body.Add(c.proxied)
		body.Add(c.document)
	}
	body.Add(c.old)
	c.question = w.ask(t.text("ui.verb.handover"), body, t.text("ui.verb.handover"), func() { answered(c.handing()) })
	if c.question == nil {
		return
	}
	check := func() { able(c.ready(), c.question.answer) }
	for _, box := range []*widget.Check{c.present, c.match, c.checked, c.proxied} {
		box.OnChanged = func(bool) { check() }
	}
	c.document.OnChanged = func(string) { check() }
	c.old.OnChanged = func(string) { check() }
}

func (c *counter) ready() bool {
	return c.chip && c.present.Checked && c.match.Checked && c.checked.Checked && c.old.SelectedIndex() >= 0 &&
		(!c.proxied.Checked || said(c.document.Text))
}

func (c *counter) handing() station.Handing {
	h := station.Handing{
		Present: c.present.Checked, Match: c.match.Checked, Checked: c.checked.Checked, Chip: c.chip,
		Old: station.Custodies()[c.old.SelectedIndex()],
	}
	if c.proxied.Checked {
		h.Proxy = c.document.Text
	}
	return h
}

// bookData shows what the holder checks, beside the picture that the chip holds.
func (w *Window) bookData(p issuance.Presentation) fyne.CanvasObject {
	t, who := w.texts, p.Applicant
	shown := portraitOf(station.Application{Portrait: p.Picture}, portrait.Decode)
	facts := column(3)
	add := func(key, value string) {
		facts.Add(container.New(columns{[]float32{180, 0}, 8}, line(t.text(key), sizeSmall, false, colourFaint),
			line(value, sizeText, false, colourInk)))
	}
	add("ui.booklet.serial", string(p.Serial))
	add("ui.person.surname", who.Surname)
	add("ui.person.givenNames", who.GivenNames)
	add("ui.person.localSurname", who.LocalSurname)
	add("ui.person.localGivenNames", who.LocalGivenNames)
	add("ui.person.birth", who.Birth.String())
	add("ui.person.placeOfBirth", who.PlaceOfBirth)
	add("ui.handover.expiry", p.Expiry.String())
	for _, x := range p.Proxies {
		add("ui.handover.registered", x.Name)
	}
	return container.NewBorder(nil, nil, picture(shown, 140, 180), nil, inset(0, 0, 14, 0, facts))
}

// makeReceipt makes the holder's receipt and has the officer keep it, to be printed.
func (w *Window) makeReceipt() {
	d, seat, token, texts := w.deps.Desk, *w.seat, w.token, w.texts.table
	var r issuance.Receipt
	w.run("receipt", func(ctx context.Context, _ devices.Report) (err error) {
		r, err = d.Receipt(ctx, seat, token, texts)
		return err
	}, func(err error) {
		if err == nil {
			w.keep(fmt.Sprintf("receipt-%s.pdf", token), r.PDF)
		}
	})
}

// keep has the officer choose where a file goes.
func (w *Window) keep(name string, data []byte) {
	if w.deps.Keep != nil {
		w.deps.Keep(name, data)
		return
	}
	box := dialog.NewFileSave(func(to fyne.URIWriteCloser, err error) {
		if err != nil || to == nil {
			return
		}
		_, err = to.Write(data)
		if end := to.Close(); err == nil {
			err = end
		}
		w.fault.show(err)
	}, w.win)
	box.SetFileName(name)
	box.Show()
}
