package ui

import (
	"context"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"padarozhnik/devices"
	"padarozhnik/station"
)

// serialsField takes the numbers of booklets: typed, typed by a hand scanner, or read from the booklets on the
// office's scanner one after another.
type serialsField struct {
	texts  texts
	entry  *area
	says   *canvas.Text
	scan   *widget.Button
	object fyne.CanvasObject
	known  func() // called when the numbers change
}

func (w *Window) newSerialsField(changed func()) *serialsField {
	t := w.texts
	f := &serialsField{texts: t, known: changed, says: line(t.text("ui.stock.typed", 0), sizeSmall, true, colourInk)}
	f.entry = newArea(t.text("ui.stock.serials"), 4)
	f.entry.OnChanged = func(string) { f.changed() }
	f.scan = widget.NewButton(t.text("ui.stock.scan"), func() { w.scanSerial(f) })
	visible(w.deps.Desk.Scanner != nil, f.scan)
	f.object = column(6, f.entry, container.NewBorder(nil, nil, container.NewCenter(f.says), f.scan))
	return f
}

// serials reads what stands in the field.
func (f *serialsField) serials() ([]station.Serial, error) {
	return station.ParseSerials(station.SerialFields(f.entry.Text))
}

// changed says how many numbers there are, or what is wrong with them.
func (f *serialsField) changed() {
	found, err := f.serials()
	if err == nil {
		_, err = station.Counted(found)
	}
	f.say(f.texts.text("ui.stock.typed", len(found)), err)
	f.known()
}

func (f *serialsField) say(words string, err error) {
	f.says.Text, f.says.Color = words, shade(colourInk)
	if err != nil {
		f.says.Text, f.says.Color = shortened(f.texts.sentence(err), 80), shade(colourTrouble)
	}
	f.says.Refresh()
}

// shortened cuts a sentence that has one line.
func shortened(s string, most int) string {
	letters := []rune(s)
	if len(letters) <= most {
		return s
	}
	return string(letters[:most-1]) + "…"
}

// ready tells whether the field holds numbers of their form, none twice.
func (f *serialsField) ready() bool {
	found, err := f.serials()
	if err == nil {
		found, err = station.Counted(found)
	}
	return err == nil && len(found) > 0
}

// scanSerial reads the number of the booklet that lies on the scanner, and adds it.
func (w *Window) scanSerial(f *serialsField) {
	d := w.deps.Desk
	var read station.Serial
	began := w.tasks.run(func(ctx context.Context, _ devices.Report) (err error) {
		read, err = d.ReadSerial(ctx)
		return err
	}, func(err error) {
		able(true, f.scan)
		w.tasks.resume()
		if err != nil {
			f.say("", err)
			return
		}
		text := f.entry.Text
		if text != "" && text[len(text)-1] != '\n' {
			text += "\n"
		}
		f.entry.SetText(text + string(read) + "\n")
	})
	able(!began, f.scan)
}
