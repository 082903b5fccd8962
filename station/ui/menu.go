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
	more := func(key string, name fyne.KeyName, action func()) *fyne.MenuItem { // asks something first
		i := item(key, name, action)
		i.Label += "…"
		return i
	}
	line := fyne.NewMenuItemSeparator
	quit := item("ui.menu.quit", fyne.KeyQ, w.Close)
	quit.IsQuit = true
	return fyne.NewMainMenu(
		fyne.NewMenu(t.text("ui.menu.station"),
			item("ui.board.sync", fyne.KeyS, w.sync), item("ui.centre.title", fyne.KeyH, w.showCentre),
			item("ui.stock.title", fyne.KeyK, w.showStock), item("ui.service.title", fyne.KeyT, w.showTechnician),
			item("ui.seat.leave", fyne.KeyL, w.signOut),
			line(),
			more("ui.day.open", fyne.KeyO, w.askOpenDay), more("ui.day.close", fyne.KeyD, w.askCloseDay),
			line(),
			more("ui.emergency.set", fyne.KeyP, w.askPIN), item("ui.menu.emergency", fyne.KeyE, w.emergency),
			line(), quit),
		fyne.NewMenu(t.text("ui.menu.case"),
			item("ui.board.new", fyne.KeyN, w.begin), item("ui.menu.next", fyne.KeyG, w.goOn),
			item("ui.batch.title", fyne.KeyB, w.openBatch)),
		w.viewMenu(more("ui.settings.title", fyne.KeyComma, w.askSettings)),
		fyne.NewMenu(t.text("ui.menu.help"),
			item("ui.help.screen", fyne.KeyF1, w.help), more("ui.help.guide", fyne.KeyF2, w.showGuide),
			more("ui.about.title", fyne.KeyF3, w.showAbout)),
	)
}

// viewMenu offers the settings, and every language at once: who cannot read the present one finds theirs.
func (w *Window) viewMenu(settings *fyne.MenuItem) *fyne.Menu {
	m := fyne.NewMenu(w.texts.text("ui.menu.view"), settings, fyne.NewMenuItemSeparator())
	for n, l := range w.deps.languages() {
		i := fyne.NewMenuItem(w.deps.languageName(l), func() { w.speak(l) })
		i.Checked = l == w.texts.language
		if n < 9 {
			i.Shortcut = &desktop.CustomShortcut{
				KeyName: fyne.KeyName(rune('1' + n)), Modifier: fyne.KeyModifierControl,
			}
		}
		m.Items = append(m.Items, i)
	}
	return m
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
