package ui

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"padarozhnik/devices"
	"padarozhnik/station"
	"padarozhnik/station/issuance"
)

// placeRaised is where a reader may fail: the chip is held above it.
const placeRaised = "raised"

// askReader asks how the chip reader is tested: with the access number of the test chip it is read whole once, for
// the rate. In training a booklet of the desk stands for the test chip, and the desk's own hand lays it.
func (w *Window) askReader() {
	if w.seat == nil {
		return
	}
	t := w.texts
	var q *question
	can, book := widget.NewEntry(), widget.NewEntry()
	can.SetPlaceHolder(t.text("ui.reader.can"))
	can.OnChanged = func(s string) {
		if q != nil {
			able(s == "" || accessNumber(s), q.answer)
		}
	}
	can.OnSubmitted = func(string) { submit(q.answer) }
	book.SetPlaceHolder(t.text("ui.reader.book"))
	body := column(10, snug(paragraph(t.text("ui.reader.says"))), can)
	if w.deps.Training && w.deps.Desk.Hand != nil {
		body.Add(book)
	}
	q = w.ask(t.text("ui.reader.test"), body, t.text("ui.reader.begin"), func() {
		w.testReader(can.Text, station.Serial(strings.ToUpper(strings.TrimSpace(book.Text))))
	})
	if q != nil {
		q.answer.Enable()
		w.win.Canvas().Focus(can)
	}
}

// accessNumber tells whether something has the form of a CAN: six digits (ICAO Doc 9303-4, 4.2.2).
func accessNumber(s string) bool {
	return len(s) == 6 && !strings.ContainsFunc(s, func(r rune) bool { return r < '0' || r > '9' })
}

// testReader leads the test chip over the antenna and shows how the reader did in each place.
func (w *Window) testReader(can string, book station.Serial) {
	seat, d := *w.seat, w.deps.Desk
	var password *devices.Password
	if can != "" {
		password = &devices.Password{CAN: can}
	}
	var fields []issuance.Field
	w.service("test the reader", func(ctx context.Context, report devices.Report) (err error) {
		if d.Encoder == nil {
			return errNoDevice
		}
		fields, err = d.TestReader(ctx, seat, func(ctx context.Context, place string) error {
			if book != "" {
				return d.Hand.Put(ctx, book, issuance.SpotReader)
			}
			err := w.await(ctx, func(t texts) string { return t.text("ui.reader.lay." + place) })
			report.At("reader", int64(slices.Index(issuance.FieldPlaces(), place)), int64(len(issuance.FieldPlaces())))
			return err
		}, password)
		return err
	}, func(err error) {
		if err == nil {
			w.tasks.resume()
			w.showReader(fields)
			w.tasks.settle()
		}
	})
}

// showReader says where the chip was read, how fast, and what to do where it was not.
func (w *Window) showReader(fields []issuance.Field) {
	t := w.texts
	var failed []string
	list := column(6)
	for _, f := range fields {
		name := t.text("ui.reader.place." + f.Place)
		well := f.Errors == 0 || f.Place == placeRaised
		if !well {
			failed = append(failed, name)
		}
		list.Add(readerRow(t, name, f, well))
	}
	verdict := paragraph(t.text("ui.reader.good"))
	if len(failed) > 0 {
		verdict.SetText(t.text("ui.reader.bad", strings.Join(failed, ", ")))
	}
	verdict.TextStyle.Bold = true
	w.inform(t.text("ui.reader.test"), column(12, snug(verdict), list, snug(paragraph(t.text("ui.reader.raised")))),
		t.text("ui.close"), func() {})
}

// readerRow is one place of the antenna.
func readerRow(t texts, name string, f issuance.Field, well bool) fyne.CanvasObject {
	sign, tone := "✓", colourDone
	if !well {
		sign, tone = "!", colourTrouble
	}
	says := t.text("ui.reader.reads", f.Reads-f.Errors, f.Reads)
	if f.Errors < f.Reads {
		says += fmt.Sprintf(" · %.0f %s", f.Median, t.text("ui.reader.ms"))
	}
	if f.Rate > 0 {
		says += " · " + t.text("ui.reader.rate", f.Rate/1000)
	}
	return container.New(columns{[]float32{22, 170, 0}, 8}, line(sign, sizeText, true, tone),
		line(name, sizeText, true, colourInk), line(says, sizeText, false, colourInk))
}
