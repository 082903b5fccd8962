package ui_test

import (
	"slices"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"padarozhnik/resources"
	"padarozhnik/station/ui"
)

// Language, size and contrast change every screen at once, and are kept for the next start.
func TestSettingsByTapping(t *testing.T) {
	o := newOffice(t)
	o.furnish()
	var kept ui.Preferences
	o.deps.Remember = func(p ui.Preferences) { kept = p }
	o.open()
	o.menu("ui.settings.title")
	group := func(option string) *widget.RadioGroup {
		return find(o, func(g *widget.RadioGroup) bool {
			for _, have := range g.Options {
				if have == option {
					return true
				}
			}
			return false
		})
	}
	group("English").SetSelected("English")
	group(o.text("ui.settings.size.125")).SetSelected(o.text("ui.settings.size.125"))
	o.tick("ui.settings.contrast")
	o.tap("ui.settings.apply")
	if want := (ui.Preferences{Language: "en", Look: ui.Look{Percent: 125, Contrast: true}, Guided: true}); kept != want {
		t.Errorf("kept %+v, want %+v", kept, want)
	}
	o.deps.Language = "en"
	if !o.says(o.text("ui.signin.says")) {
		t.Error("the screen speaks another language")
	}
	if got := theme.Size(theme.SizeNameText); got < 20 || theme.Color(theme.ColorNameForeground) != theme.Color("padarozhnikFaint") {
		t.Errorf("type of %v, or no high contrast", got)
	}
	o.enter("I-01")
	o.choose(3)
	size := o.window.Fyne().Canvas().Size()
	if least := o.window.Fyne().Content().MinSize(); least.Width > size.Width || least.Height > size.Height {
		t.Errorf("at the largest type the window wants %v, the screen has %v", least, size)
	}
}

// Every item of the menu has a shortcut of its own, so that no mouse is needed.
func TestEveryMenuItemHasAShortcut(t *testing.T) {
	o := newOffice(t)
	o.open()
	seen := map[string]string{}
	for _, m := range o.window.Fyne().MainMenu().Items {
		for _, i := range m.Items {
			if i.IsSeparator {
				continue
			}
			s, ok := i.Shortcut.(*desktop.CustomShortcut)
			if !ok {
				t.Errorf("%q has no shortcut", i.Label)
				continue
			}
			if other, twice := seen[s.ShortcutName()]; twice {
				t.Errorf("%q and %q have one shortcut", i.Label, other)
			}
			seen[s.ShortcutName()] = i.Label
		}
	}
}

// F1 explains the screen that is shown; Escape puts the words away.
func TestHelpOfEachScreen(t *testing.T) {
	o := newOffice(t)
	o.furnish()
	o.open()
	press := func(name fyne.KeyName) {
		o.pass()
		o.window.Fyne().Canvas().OnTypedKey()(&fyne.KeyEvent{Name: name})
		o.pass()
	}
	check := func(topic string) {
		t.Helper()
		press(fyne.KeyF1)
		if !o.says(o.text("help."+topic+".title")) || !o.says(o.text("help."+topic)) {
			t.Errorf("the help is not about %s", topic)
		}
		press(fyne.KeyEscape)
		if o.offers("ui.help.seen") {
			t.Error("the help did not close")
		}
	}
	check("sign-in")
	o.enter("C-01")
	check("case")
	o.menu("ui.stock.title")
	check("stock")
	o.menu("ui.centre.title")
	check("centre")
}

// Every screen has a topic of its own in the help, with words in every language; a new one without them fails here.
func TestEveryScreenHasHelp(t *testing.T) {
	o := newOffice(t)
	o.open()
	topics := o.window.HelpTopics()
	for _, language := range ui.Languages() {
		own := fileOf(t, language)
		for i, topic := range topics {
			if own["help."+topic] == "" || own["help."+topic+".title"] == "" {
				t.Errorf("%s has no help for the screen %q", language, topic)
			}
			if slices.Contains(topics[:i], topic) {
				t.Errorf("two screens have the topic %q", topic)
			}
		}
	}
	told := map[string]bool{}
	o = newOffice(t)
	o.deps.Officers = append(o.deps.Officers, "T-01")
	o.furnish()
	o.open()
	for _, s := range screens {
		if !slices.Contains(topics, s.name) {
			continue
		}
		o.leave()
		s.reach(o)
		o.menu("ui.help.screen")
		for _, topic := range topics {
			told[topic] = told[topic] || o.says(o.text("help."+topic)) && o.says(o.text("help."+topic+".title"))
		}
	}
	for _, topic := range topics {
		if !told[topic] {
			t.Errorf("no screen leads to the help about %q", topic)
		}
	}
}

// Help about a question that loses nothing by it is read in its place, and the question comes again.
func TestHelpOfTheStatus(t *testing.T) {
	o := newOffice(t)
	o.open()
	o.step("ui.status.details")
	o.menu("ui.help.screen")
	if !o.says(o.text("help.status")) {
		t.Fatal("the help is not about the state of the office")
	}
	o.tap("ui.help.seen")
	if !o.says(o.text("ui.status.clock.says")) {
		t.Error("the state of the office does not come again")
	}
}

// The first start shows the guide, and the next one does not.
func TestGuideOnce(t *testing.T) {
	o := newOffice(t)
	o.deps.Guide = true
	var kept ui.Preferences
	o.deps.Remember = func(p ui.Preferences) { kept = p }
	o.open()
	if !o.says(o.text("help.guide")) {
		t.Fatal("the guide is not shown at the first start")
	}
	o.tap("ui.help.seen")
	if !kept.Guided {
		t.Error("the guide would come again")
	}
}

// "About" says the version, the commit and the hash of the program.
func TestAbout(t *testing.T) {
	o := newOffice(t)
	o.open()
	o.menu("ui.about.title")
	for _, words := range []string{"1.2.3", "0123456789abcdef", "00000000 00000000", "fyne.io/fyne/v2"} {
		if !o.says(words) {
			t.Errorf("about does not say %s", words)
		}
	}
	if len(resources.Languages()) < 2 {
		t.Error("languages are missing")
	}
}
