package ui

import (
	"context"
	"path/filepath"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/dialog"
	"fyne.io/fyne/v2/storage"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"padarozhnik/devices"
	"padarozhnik/station/issuance"
)

// Stick carries what is for headquarters, and its answers, where there is no network.
type Stick interface {
	// Export writes one file that only headquarters opens.
	Export(ctx context.Context, path string) (issuance.ExportReport, error)
	// Import takes in the answers among the files of a directory, or one file; the report is their sum.
	Import(ctx context.Context, path string) (issuance.SyncReport, error)
}

// centre shows how the office stands with headquarters, and its own journal.
type centre struct {
	texts   texts
	facts   *fyne.Container
	alarm   *fyne.Container
	seen    *widget.Button
	said    *widget.Label
	buttons []*widget.Button
	object  fyne.CanvasObject
}

// centreActions are what the screen's buttons do.
type centreActions struct{ sync, write, read, verify, acknowledge, back func() }

func newCentre(t texts, a centreActions, stick bool) *centre {
	c := &centre{texts: t, facts: column(5), said: paragraph("")}
	button := func(key string, icon fyne.Resource, do func()) fyne.CanvasObject {
		b := widget.NewButtonWithIcon(t.text(key), icon, do)
		c.buttons = append(c.buttons, b)
		return roomy(b)
	}
	c.seen = widget.NewButton(t.text("ui.centre.seen"), a.acknowledge)
	c.alarm = filled(colourBlush, colourTrouble, 10, 16, container.NewBorder(nil, nil, nil, container.NewVBox(roomy(c.seen)),
		snug(paragraph(t.text("ui.centre.alarm")))))
	ways := row(10, button("ui.board.sync", theme.ViewRefreshIcon(), a.sync))
	if stick {
		ways.Add(button("ui.centre.write", theme.UploadIcon(), a.write))
		ways.Add(button("ui.centre.read", theme.DownloadIcon(), a.read))
	}
	back := widget.NewButtonWithIcon(t.text("ui.centre.back"), theme.NavigateBackIcon(), a.back)
	c.buttons = append(c.buttons, back, c.seen)
	c.object = container.NewVScroll(inset(14, 14, 24, 24, column(12,
		line(t.text("ui.centre.title"), sizeTitle, true, colourInk), c.alarm,
		card(t.text("ui.centre.headquarters"), column(12, c.facts, ways)),
		card(t.text("ui.centre.journal"), column(10, snug(paragraph(t.text("ui.centre.journal.says"))),
			leading(button("ui.centre.verify", theme.ConfirmIcon(), a.verify)))),
		snug(c.said), leading(roomy(back)))))
	c.object.Hide()
	return c
}

// show fills the screen from what was last read.
func (c *centre) show(r record, synced time.Time, at *time.Location) {
	c.facts.RemoveAll()
	fact := func(key, value string) {
		c.facts.Add(container.New(columns{[]float32{250, 0}, 8}, line(c.texts.text(key), sizeSmall, false, colourFaint),
			line(value, sizeText, false, colourInk)))
	}
	moment := func(t time.Time) string {
		if t.IsZero() {
			return c.texts.text("ui.centre.never")
		}
		return c.texts.moment(t.Unix(), at)
	}
	fact("ui.centre.heard", moment(r.contact.Heard))
	fact("ui.centre.synced", moment(synced))
	fact("ui.centre.waiting", c.texts.text("ui.centre.entries", r.waiting))
	if trouble := contactTrouble(c.texts, r.contact); trouble != "" {
		c.facts.Add(line(trouble, sizeText, true, colourTrouble))
	}
	visible(r.contact.Alarm != "", c.alarm)
	c.object.Refresh()
}

// say shows what the last verb of this screen did.
func (c *centre) say(words string) {
	c.said.SetText(words)
	c.said.Hidden = words == ""
	c.object.Refresh()
}

// turned shows whether a verb runs.
func (c *centre) turned(busy bool) { able(!busy, c.buttons...) }

func (w *Window) centreActions() centreActions {
	return centreActions{w.syncHere, w.writeStick, w.readStick, w.verify, w.acknowledge, w.back}
}

// showCentre opens the screen about headquarters, after saving what is being written.
func (w *Window) showCentre() {
	if w.seat == nil || w.tasks.busy {
		return
	}
	w.leaving(func() {
		w.back()
		w.centre.say("")
		w.show()
		w.open(w.centre.object)
	})
}

// report carries out a verb of this screen and says in words what it did.
func (w *Window) report(name string, work func(context.Context, devices.Report) error, words func() string) {
	if !w.tasks.ready() {
		return // the second half of a double click keeps the words of the first
	}
	w.centre.say("")
	w.run(name, work, func(err error) {
		if err == nil {
			w.centre.say(words())
		}
	})
}

func (w *Window) syncHere() {
	var r issuance.SyncReport
	w.report("sync", func(ctx context.Context, _ devices.Report) (err error) {
		if r, err = w.deps.Desk.Sync(ctx); err != nil {
			return err
		}
		_, err = w.deps.Desk.Close(ctx)
		return err
	}, func() string {
		w.met(nil)
		return w.texts.text("ui.centre.done", r.Sent, r.Receipts, r.Directives)
	})
}

func (w *Window) writeStick() {
	name := "to-headquarters-" + w.deps.Desk.Now().UTC().Format("20060102-150405") + ".pdz"
	w.place(func(dir string) {
		var r issuance.ExportReport
		w.report("write a stick", func(ctx context.Context, _ devices.Report) (err error) {
			r, err = w.deps.Stick.Export(ctx, filepath.Join(dir, name))
			return err
		}, func() string { return w.texts.text("ui.centre.written", name, r.Entries, r.Left) })
	})
}

func (w *Window) readStick() {
	w.place(func(dir string) {
		var r issuance.SyncReport
		w.report("read a stick", func(ctx context.Context, _ devices.Report) (err error) {
			if r, err = w.deps.Stick.Import(ctx, dir); err != nil {
				return err
			}
			_, err = w.deps.Desk.Close(ctx)
			return err
		}, func() string { return w.texts.text("ui.centre.taken", r.Receipts, r.Directives) })
	})
}

func (w *Window) verify() {
	var r issuance.JournalReport
	w.report("verify the journal", func(ctx context.Context, p devices.Report) (err error) {
		r, err = w.deps.Desk.VerifyRecords(ctx, p)
		return err
	}, func() string { return w.texts.text("ui.centre.verified", r.Entries, r.Receipts) })
}

func (w *Window) acknowledge() {
	if w.seat == nil {
		return
	}
	seat := *w.seat
	w.report("acknowledge the alarm", func(ctx context.Context, _ devices.Report) error {
		return w.deps.Desk.Acknowledge(ctx, seat)
	}, func() string { return w.texts.text("ui.centre.acknowledged") })
}

// place has the officer choose the directory of a stick.
func (w *Window) place(chosen func(dir string)) {
	if !w.tasks.ready() {
		return
	}
	if w.deps.Place != nil {
		w.deps.Place(chosen)
		return
	}
	d := dialog.NewFolderOpen(func(u fyne.ListableURI, err error) {
		if err != nil {
			w.fault.show(err)
			return
		}
		if u == nil || !strings.EqualFold(u.Scheme(), "file") {
			return
		}
		chosen(u.Path())
	}, w.win)
	if media, err := storage.ListerForURI(storage.NewFileURI("/media")); err == nil {
		d.SetLocation(media)
	}
	d.Show()
}
