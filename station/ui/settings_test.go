package ui_test

import (
	"slices"
	"testing"
	"testing/fstest"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
	"golang.org/x/image/font/sfnt"

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

// What was chosen is there after a restart.
func TestSettingsSurviveARestart(t *testing.T) {
	o := newOffice(t)
	var kept ui.Preferences
	o.deps.Remember = func(p ui.Preferences) { kept = p }
	o.open()
	o.menu("ui.settings.title")
	find(o, func(g *widget.RadioGroup) bool { return slices.Contains(g.Options, "English") }).SetSelected("English")
	find(o, func(g *widget.RadioGroup) bool { return slices.Contains(g.Options, o.text("ui.settings.size.112")) }).
		SetSelected(o.text("ui.settings.size.112"))
	o.tick("ui.settings.contrast")
	o.tap("ui.settings.apply")
	again := newOffice(t)
	again.deps.Language, again.deps.Look = kept.Language, kept.Look
	again.open()
	if !again.says(again.text("ui.signin.says")) || again.text("ui.leave") == o.text("ui.leave") {
		t.Error("after the restart the screen speaks another language")
	}
	again.menu("ui.settings.title")
	chosen := map[string]bool{}
	shown(again.window.Fyne().Canvas(), func(each fyne.CanvasObject) {
		switch v := each.(type) {
		case *widget.RadioGroup:
			chosen[v.Selected] = true
		case *widget.Check:
			chosen[v.Text] = v.Checked
		}
	})
	for _, want := range []string{"English", again.text("ui.settings.size.112"), again.text("ui.settings.contrast")} {
		if !chosen[want] {
			t.Errorf("%q is not chosen after the restart", want)
		}
	}
}

// The tab key goes through the settings as they are read.
func TestFocusOrderOfTheSettings(t *testing.T) {
	o := newOffice(t)
	o.open()
	o.menu("ui.settings.title")
	o.follow("ui.language.be", "ui.language.en", "ui.settings.size.100", "ui.settings.size.112", "ui.settings.size.125",
		"ui.settings.contrast", "ui.leave", "ui.settings.apply")
}

// A file of texts is all that another language needs: it stands in the settings and in the menu under its own name,
// with a shortcut, and what it does not say yet is said in English.
func TestAFileOfTextsIsALanguage(t *testing.T) {
	o := newOffice(t)
	files := fstest.MapFS{"translations/lt.json": {Data: []byte(
		`{"ui.language.lt": "Lietuvių", "ui.settings.title": "Nustatymai", "ui.signin.enter": "Prisijungti"}`)}}
	for _, l := range ui.Languages() {
		files["translations/"+l+".json"] = &fstest.MapFile{
			Data: must(resources.Translations.ReadFile("translations/" + l + ".json"))(t)}
	}
	var kept ui.Preferences
	o.deps.Texts, o.deps.Remember = files, func(p ui.Preferences) { kept = p }
	o.open()
	o.menu("ui.settings.title")
	find(o, func(g *widget.RadioGroup) bool { return slices.Contains(g.Options, "Lietuvių") }).SetSelected("Lietuvių")
	o.tap("ui.settings.apply")
	if _, ok := look(o, func(b *widget.Button) bool { return b.Text == "Prisijungti" }); !ok || kept.Language != "lt" {
		t.Errorf("the sign-in does not speak Lithuanian; kept %q", kept.Language)
	}
	o.deps.Language = "en"
	if !o.says(o.text("ui.signin.says")) {
		t.Error("what the file does not say is not said in English")
	}
	found := false
	for _, m := range o.window.Fyne().MainMenu().Items {
		for _, i := range m.Items {
			found = found || i.Label == "Lietuvių" && i.Checked && i.Shortcut != nil
		}
	}
	if !found {
		t.Error("the menu does not offer the language")
	}
}

// The letters of the languages that may come next are in both fonts.
func TestFontsHoldTheNeighboursLetters(t *testing.T) {
	const letters = "ёйщъыэ ąčęėįšųūž ąćęłńóśźż іўґʼ«»—"
	for name, raw := range map[string][]byte{"regular": resources.NotoSansRegular, "bold": resources.NotoSansBold} {
		f := must(sfnt.Parse(raw))(t)
		for _, r := range letters {
			if i, err := f.GlyphIndex(nil, r); err != nil || i == 0 {
				t.Errorf("%s lacks %q", name, r)
			}
		}
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
