package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
)

// menu is the main menu. Shortcuts stand on its items, because a focused entry swallows all others.
func (w *Window) menu() *fyne.MainMenu {
	t := w.texts
	item := func(key string, name fyne.KeyName, action func()) *fyne.MenuItem {
		i := fyne.NewMenuItem(t.text(key), action)
		i.Shortcut = &desktop.CustomShortcut{KeyName: name, Modifier: fyne.KeyModifierControl}
		return i
	}
	quit := item("ui.menu.quit", fyne.KeyQ, w.Close)
	quit.IsQuit = true
	languages := fyne.NewMenu(t.text("ui.menu.language"))
	for _, l := range Languages() {
		i := fyne.NewMenuItem(t.text("ui.language."+l), func() { w.speak(l) })
		i.Checked = l == t.language
		languages.Items = append(languages.Items, i)
	}
	return fyne.NewMainMenu(
		fyne.NewMenu(t.text("ui.menu.station"),
			item("ui.board.sync", fyne.KeyS, w.sync), item("ui.centre.title", fyne.KeyH, w.showCentre),
			item("ui.seat.leave", fyne.KeyL, w.signOut),
			fyne.NewMenuItemSeparator(),
			fyne.NewMenuItem(t.text("ui.day.open")+"…", w.askOpenDay),
			fyne.NewMenuItem(t.text("ui.day.close")+"…", w.askCloseDay),
			fyne.NewMenuItemSeparator(),
			fyne.NewMenuItem(t.text("ui.emergency.set")+"…", w.askPIN),
			item("ui.menu.emergency", fyne.KeyE, w.emergency),
			fyne.NewMenuItemSeparator(), quit),
		fyne.NewMenu(t.text("ui.menu.case"),
			item("ui.board.new", fyne.KeyN, w.begin), item("ui.menu.next", fyne.KeyG, w.goOn),
			item("ui.batch.title", fyne.KeyB, w.openBatch)),
		languages,
	)
}

// goOn presses the first button of the chosen case.
func (w *Window) goOn() {
	if w.seat == nil || w.record.chosen == nil || !w.casefile.object.Visible() {
		return
	}
	todo := w.record.chosen.next()
	if todo.refusal(&w.seat.Officer, w.deps.Desk.Now()) == nil {
		w.do(todo.verb)
	}
}
