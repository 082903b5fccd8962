package ui

import (
	"bytes"
	"context"
	"fmt"
	"io"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"padarozhnik/devices"
	"padarozhnik/station"
	"padarozhnik/station/issuance"
)

func (w *Window) stockActions() stockActions {
	return stockActions{
		check: w.askCheck, send: w.askSend, spoil: w.askSpoilBlanks, lost: w.askLost, destroy: w.askDestroy,
		statement: w.askStatement, arrive: w.askArrive, compare: w.compareDelivery, store: w.askStore, count: w.askCountBag,
	}
}

// showStock opens the custodians' screen.
func (w *Window) showStock() { w.showRoom(w.stock.room, w.readStock) }

// readStock reads the stock and shows it.
func (w *Window) readStock() {
	var s shelf
	w.tasks.beside(func(ctx context.Context) (err error) {
		s, err = readShelf(ctx, w.deps.Desk)
		return err
	}, func(err error) {
		if err != nil {
			w.fault.show(err) // what could be read is shown
		}
		w.stock.show(s, w.mayNow(station.RoleCustody))
	})
}

// mayNow asks the domain whether the officer at the desk has a role today.
func (w *Window) mayNow(r station.Role) bool {
	return w.seat != nil && w.seat.Officer.May(r, station.DateOf(w.deps.Desk.Now())) == nil
}

// stockVerb carries out a verb and reads the stock again.
func (w *Window) stockVerb(name string, work func(context.Context) error, after func(error)) {
	w.run(name, func(ctx context.Context, _ devices.Report) error { return work(ctx) }, func(err error) {
		w.readStock()
		if after != nil {
			after(err)
		}
	})
}

// withPartner asks for something together with a second officer: body holds what is asked, ready tells whether
// that is complete. The function that it returns is called when something of the body has changed.
func (w *Window) withPartner(
	key string, body *fyne.Container, ready func() bool, answered func(name string, secret []byte),
) (changed func()) {
	var q *question
	var p *partner
	check := func() {
		if q != nil {
			able(ready() && p.who.Selected != "", q.answer)
		}
	}
	if w.seat == nil || w.question != nil {
		return check
	}
	p = w.newPartner(check)
	body.Add(p.object)
	q = w.ask(w.texts.text(key), body, w.texts.text(key), func() {
		answered(p.who.Selected, []byte(p.passphrase.Text))
	})
	if q != nil {
		p.passphrase.OnSubmitted = func(string) { submit(q.answer) }
		w.tasks.settle() // a device's button may have come to lie under the pointer
	}
	return check
}

// jointly asks for what two custodians do.
func (w *Window) jointly(
	key string, body *fyne.Container, ready func() bool, act func(ctx context.Context, first, second issuance.Seat) error,
) (changed func()) {
	if w.seat == nil {
		return func() {}
	}
	first := *w.seat
	return w.withPartner(key, body, ready, func(name string, secret []byte) {
		w.stockVerb(key, func(ctx context.Context) error {
			return w.sit(name, secret, func(second issuance.Seat) error { return act(ctx, first, second) })
		}, nil)
	})
}

// submit does what a tap on a button does, unless that is disabled.
func submit(b *widget.Button) {
	if !b.Disabled() {
		b.OnTapped()
	}
}

// askBooks is what two custodians do with some booklets, by number and for a reason.
func (w *Window) askBooks(
	key, why string, act func(ctx context.Context, first, second issuance.Seat, s []station.Serial, words string) error,
	more ...fyne.CanvasObject,
) (changed func(), field *serialsField) {
	var check func()
	changed = func() {
		if check != nil {
			check()
		}
	}
	field = w.newSerialsField(changed)
	body := column(10, snug(paragraph(w.texts.text(key+".says"))), field.object)
	words := widget.NewEntry()
	if why != "" {
		words.SetPlaceHolder(w.texts.text(why))
		words.OnChanged = func(string) { changed() }
		body.Add(words)
	}
	for _, m := range more {
		body.Add(m)
	}
	check = w.jointly(key, body, func() bool { return field.ready() && (why == "" || said(words.Text)) },
		func(ctx context.Context, first, second issuance.Seat) error {
			serials, err := field.serials()
			if err != nil {
				return err
			}
			return act(ctx, first, second, serials, words.Text)
		})
	w.win.Canvas().Focus(field.entry)
	return changed, field
}

// askCheck counts the safe by surprise: what the record expects is not shown.
func (w *Window) askCheck() {
	w.askBooks("ui.stock.check", "", func(
		ctx context.Context, first, second issuance.Seat, s []station.Serial, _ string,
	) error {
		return w.deps.Desk.SurpriseCount(ctx, first, second, s)
	})
	w.coverStock()
}

func (w *Window) askSpoilBlanks() {
	w.askBooks("ui.stock.spoil", "ui.stock.reason", w.deps.Desk.SpoilBlanks)
}

func (w *Window) askLost() { w.askBooks("ui.stock.lost", "ui.stock.reason", w.deps.Desk.DeclareLost) }

func (w *Window) askSend() {
	to := widget.NewEntry()
	to.SetText("headquarters")
	to.SetPlaceHolder(w.texts.text("ui.stock.to"))
	w.askBooks("ui.stock.send", "ui.stock.seal", func(
		ctx context.Context, first, second issuance.Seat, s []station.Serial, seal string,
	) error {
		return w.deps.Desk.SendStock(ctx, first, second, s, to.Text, seal)
	}, to)
}

// askDestroy records a destruction before two custodians, with a picture of what is left.
func (w *Window) askDestroy() {
	if w.seat == nil || w.question != nil {
		return
	}
	var shot []byte
	name := line(w.texts.text("ui.stock.picture.none"), sizeSmall, false, colourFaint)
	choose := widget.NewButton(w.texts.text("ui.stock.picture"), func() {
		w.pick(func(r io.ReadCloser) {
			w.tasks.beside(func(context.Context) (err error) {
				defer r.Close()
				shot, err = io.ReadAll(io.LimitReader(r, issuance.MaxPicture+1))
				return err
			}, func(err error) {
				name.Text = w.texts.text("ui.stock.picture.taken", len(shot)/1024)
				if err != nil {
					name.Text = w.texts.sentence(err)
				}
				name.Refresh()
			})
		})
	})
	w.askBooks("ui.stock.destroy", "ui.stock.how", func(
		ctx context.Context, first, second issuance.Seat, s []station.Serial, how string,
	) error {
		return w.deps.Desk.DestroyBooks(ctx, first, second, s, shot, how)
	}, container.NewBorder(nil, nil, choose, nil, inset(0, 0, 10, 0, name)))
}

// askArrive has two custodians read the seals of a delivery's bags.
func (w *Window) askArrive(d station.Shipment) {
	t := w.texts
	body := column(8, snug(paragraph(t.text("ui.stock.arrive.says", d.ID))))
	numbers, broken := make([]*widget.Entry, len(d.Bags)), make([]*widget.Check, len(d.Bags))
	var check func()
	changed := func() {
		if check != nil {
			check()
		}
	}
	for i, b := range d.Bags {
		numbers[i] = widget.NewEntry()
		numbers[i].SetPlaceHolder(t.text("ui.stock.seal"))
		numbers[i].OnChanged = func(string) { changed() }
		broken[i] = widget.NewCheck(t.text("ui.stock.broken"), func(bool) { changed() })
		body.Add(container.New(columns{[]float32{110, 0, 200}, 10},
			line(t.text("ui.stock.bag", b.Name), sizeText, true, colourInk), numbers[i], broken[i]))
	}
	seen := func() map[string]station.SealRead {
		read := map[string]station.SealRead{}
		for i, b := range d.Bags {
			if said(numbers[i].Text) || broken[i].Checked {
				read[b.Name] = station.SealRead{Number: numbers[i].Text, Broken: broken[i].Checked}
			}
		}
		return read
	}
	check = w.jointly("ui.stock.arrive", body, func() bool { return len(seen()) > 0 },
		func(ctx context.Context, first, second issuance.Seat) error {
			_, err := w.deps.Desk.Arrive(ctx, first, second, d.ID, seen())
			return err
		})
	if len(numbers) > 0 {
		w.win.Canvas().Focus(numbers[0])
	}
}

// askCountBag is one custodian's blind count: nobody is told what the other found, or what the manifest says.
func (w *Window) askCountBag(d station.Shipment, bag string) {
	if w.seat == nil {
		return
	}
	var q *question
	var field *serialsField
	field = w.newSerialsField(func() {
		if q != nil {
			able(field.ready(), q.answer)
		}
	})
	seat := *w.seat
	body := column(10, snug(paragraph(w.texts.text("ui.stock.count.says", bag, d.ID))), field.object)
	q = w.ask(w.texts.text("ui.stock.count"), body, w.texts.text("ui.stock.count"), func() {
		w.stockVerb("count a bag", func(ctx context.Context) error {
			serials, err := field.serials()
			if err != nil {
				return err
			}
			return w.deps.Desk.CountBag(ctx, seat, d.ID, bag, serials)
		}, nil)
	})
	if q != nil {
		w.win.Canvas().Focus(field.entry)
	}
	w.coverStock()
}

// compareDelivery opens the manifest, and says of each bag how it compares.
func (w *Window) compareDelivery(d station.Shipment) {
	if w.seat == nil {
		return
	}
	seat := *w.seat
	var found []station.Outcome
	w.stockVerb("open the manifest", func(ctx context.Context) (err error) {
		found, err = w.deps.Desk.CompareShipment(ctx, seat, d.ID)
		return err
	}, func(err error) {
		if err != nil {
			return
		}
		words := ""
		for _, o := range found {
			words += w.texts.text("ui.stock.outcome", o.Bag, len(o.Blanks), len(o.Missing), len(o.Extra)) + "\n"
			if o.Why != "" {
				words += w.texts.text("ui.stock.why."+o.Why) + "\n" + rangesOf(station.Ranges(append(o.Missing, o.Extra...))) + "\n"
			}
		}
		w.tasks.resume()
		w.tell(w.texts.text("ui.stock.compared", d.ID), words, nil)
		w.tasks.settle()
	})
}

func (w *Window) askStore(d station.Shipment) {
	body := column(10, snug(paragraph(w.texts.text("ui.stock.store.says", d.ID))))
	w.jointly("ui.stock.store", body, func() bool { return true },
		func(ctx context.Context, first, second issuance.Seat) error {
			_, err := w.deps.Desk.StoreShipment(ctx, first, second, d.ID)
			return err
		})
}

// askStatement asks for a period, adds it up, and offers it as a paper.
func (w *Window) askStatement() {
	if w.seat == nil {
		return
	}
	today := station.DateOf(w.deps.Desk.Now()).String()
	from, to := widget.NewEntry(), widget.NewEntry()
	from.SetText(today)
	to.SetText(today)
	var q *question
	period := func() (a, b station.Date, err error) {
		if a, err = station.ParseDate(from.Text); err != nil {
			return a, b, err
		}
		b, err = station.ParseDate(to.Text)
		return a, b, err
	}
	check := func(string) {
		if q != nil {
			_, _, err := period()
			able(err == nil, q.answer)
		}
	}
	from.OnChanged, to.OnChanged = check, check
	body := column(10, snug(paragraph(w.texts.text("ui.stock.statement.says"))), pair(from, to))
	q = w.ask(w.texts.text("ui.stock.statement"), body, w.texts.text("ui.stock.statement.do"), func() {
		a, b, err := period()
		if err == nil {
			w.makeStatement(a, b)
		}
	})
	if q != nil {
		q.answer.Enable()
		w.win.Canvas().Focus(from)
	}
}

func (w *Window) makeStatement(from, to station.Date) {
	var s issuance.Statement
	var pdf, csv bytes.Buffer
	table, language := w.texts.table, w.texts.language
	w.stockVerb("statement", func(ctx context.Context) (err error) {
		if s, err = w.deps.Desk.Statement(ctx, from, to); err != nil {
			return err
		}
		if _, err = s.Paper(table, wordsIn(s, language)).WriteTo(&pdf); err != nil {
			return err
		}
		return s.CSV(&csv)
	}, func(err error) {
		if err != nil {
			return
		}
		w.tasks.resume()
		w.offerStatement(s, pdf.Bytes(), csv.Bytes())
		w.tasks.settle()
	})
}

// offerStatement shows the figures, and keeps the paper or the table where the officer says.
func (w *Window) offerStatement(s issuance.Statement, pdf, csv []byte) {
	t, name := w.texts, fmt.Sprintf("stock-%s-%s", s.From, s.To)
	lines := column(6, snug(paragraph(equationOf(t, s.Total))),
		snug(paragraph(t.text("ui.stock.words", wordsIn(s, t.language)))))
	table := widget.NewButton(t.text("ui.stock.csv"), func() {
		w.leave()
		w.keep(name+".csv", csv)
	})
	lines.Add(leading(table))
	if q := w.ask(t.text("ui.stock.statement"), lines, t.text("ui.stock.pdf"), func() { w.keep(name+".pdf", pdf) }); q != nil {
		q.answer.Enable()
		w.win.Canvas().Focus(q.answer)
	}
}

// wordsIn is the journal's head in six words of a language; other languages than Belarusian read the English.
func wordsIn(s issuance.Statement, language string) string {
	if language == "be" {
		return s.WordsBE
	}
	return s.Words
}
