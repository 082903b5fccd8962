package ui_test

import (
	"context"
	"fmt"
	"log/slog"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"padarozhnik/resources"
	"padarozhnik/station/issuance"
)

// steps counts the verbs that a window has carried out, by their names in its log.
type steps struct {
	slog.Handler
	mu sync.Mutex
	of map[string]int // guarded by mu
}

func (s *steps) Enabled(context.Context, slog.Level) bool { return true }

func (s *steps) Handle(_ context.Context, r slog.Record) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	name := r.Message
	r.Attrs(func(a slog.Attr) bool {
		if a.Key == "step" {
			name = a.Value.String()
		}
		return true
	})
	s.of[name]++
	return nil
}

func (s *steps) since(before map[string]int) (out []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for name, n := range s.of {
		if n > before[name] {
			out = append(out, fmt.Sprintf("%s × %d", name, n-before[name]))
		}
	}
	slices.Sort(out)
	return out
}

func (s *steps) now() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := map[string]int{}
	for name, n := range s.of {
		out[name] = n
	}
	return out
}

// way is how a control is reached: through a screen, and from there through what was pressed on it.
type way struct {
	screen int
	opens  []string // names of controls, each of which opens a question
	filled bool     // every field of the screen is filled in first
}

// control is what can be pressed, by a name that tells it from every other: its words and the code behind it.
type control struct {
	name string
	tap  func()
	at   fyne.CanvasObject // nil for an item of the menu
}

// clicker presses every control twice, each in a state that no other has changed.
type clicker struct {
	t       *testing.T
	office  *office
	safe    bool // the office is one whose safe is full
	steps   *steps
	pressed map[string]bool
	idle    map[string]bool // controls that were seen and could not be pressed
	ways    []way
	offices int
}

// TestDoubleClickEverywhere presses every button, link, step and item of the menu on every screen, and on every
// question that opens from there, three times at once: on itself twice, and then whatever has come to lie under
// the pointer. Each verb runs once, no second question opens, and the screen is what the first click has made.
func TestDoubleClickEverywhere(t *testing.T) {
	c := &clicker{pressed: map[string]bool{}, idle: map[string]bool{}}
	for i, s := range screens {
		t.Run(s.name, func(t *testing.T) {
			c.t, c.office = t, nil
			for c.ways = []way{{screen: i}}; len(c.ways) > 0; {
				next := c.ways[0]
				c.ways = c.ways[1:]
				c.walk(next)
			}
		})
	}
	t.Logf("%d controls were pressed in %d offices", len(c.pressed), c.offices)
	if len(c.pressed) < 140 {
		t.Errorf("only %d controls were found", len(c.pressed))
	}
	for name := range c.idle { // a run that goes on, and a character without a doubt, are not on these screens
		words := strings.TrimSpace(name[:strings.LastIndex(name, " ")+1])
		allowed := slices.ContainsFunc([]string{"ui.doubts.take", "ui.batch.skip", "ui.batch.pause", "ui.day.open"},
			func(key string) bool { return must(resources.Texts("be"))(t)[key] == words })
		if !c.pressed[name] && !allowed {
			t.Errorf("%s can never be pressed", name)
		}
	}
}

// fresh is an office at the end of a way.
func (c *clicker) fresh(w way) *office {
	s := screens[w.screen]
	if o := c.office; o != nil && (!o.asks() || len(o.window.Fyne().Canvas().Overlays().List()) > 0) {
		c.office = nil
	}
	if safe := slices.Contains(ofTheSafe, s.name); c.office == nil || safe != c.safe {
		c.office, c.safe = newOffice(c.t), safe
		c.offices++
		c.steps = &steps{Handler: slog.DiscardHandler, of: map[string]int{}}
		o := c.office
		o.deps.Log, o.deps.Stick = slog.New(c.steps), &sticks{}
		o.deps.Place = func(chosen func(string)) { chosen("/media/stick") }
		o.deps.Keep = func(string, []byte) {}
		o.deps.Officers = append(o.deps.Officers, "S-01", "T-01")
		o.pick()
		if safe {
			o.shelved()
			o.machines(time.Millisecond)
		} else {
			o.furnish()
			o.beginRun()
		}
		o.open()
	}
	o := c.office
	s.reach(o)
	o.answerAll(w.filled)
	for _, name := range w.opens {
		o.pass()
		found := slices.IndexFunc(o.controls(), func(k control) bool { return k.name == name })
		if found < 0 {
			c.t.Fatalf("%s: %s is gone from\n%s", s.name, name, o.screen())
		}
		o.controls()[found].tap()
		o.answerAll(false)
	}
	return o
}

// walk presses what is new at the end of a way. A press that leaves everything as it was leaves the office there.
func (c *clicker) walk(w way) {
	for there := ""; ; {
		o := c.office
		if o != nil && there != "" && o.screen() != there && len(w.opens) == 0 {
			o.dismiss()
		}
		if o == nil || there == "" || o.screen() != there {
			if o != nil && there != "" {
				if o.leave(); o.desk.ServiceLeft() > 0 || !o.asks() {
					c.office = nil
				}
			}
			o = c.fresh(w)
			there = o.screen()
		}
		var next *control
		idle := false
		for _, k := range o.controls() {
			switch {
			case c.pressed[k.name]:
			case k.tap == nil:
				c.idle[k.name], idle = true, true
			case next == nil:
				next = &k
			}
		}
		if next == nil {
			if idle && !w.filled && len(w.opens) == 0 {
				c.ways = append(c.ways, way{screen: w.screen, filled: true})
			}
			o.leave()
			return
		}
		c.pressed[next.name] = true
		opened, changed := c.press(w, *next)
		if opened && len(w.opens) < 2 {
			c.ways = append(c.ways, way{w.screen, append(slices.Clone(w.opens), next.name), w.filled})
		}
		if changed {
			c.office = nil
		}
	}
}

// dismiss leaves the question that is open.
func (o *office) dismiss() {
	for _, key := range []string{"ui.help.seen", "ui.close", "ui.leave"} {
		if o.offers(key) {
			o.tap(key)
		}
	}
}

// press presses a control three times at once.
func (c *clicker) press(w way, k control) (opened, changed bool) {
	o, name := c.office, screens[w.screen].name+": "+strings.Join(append(slices.Clone(w.opens), k.name), " > ")
	defer func() {
		if r := recover(); r != nil {
			c.t.Errorf("%s: %v", name, r)
			changed = true
		}
	}()
	canvas := o.window.Fyne().Canvas()
	over, verbs, entries := len(canvas.Overlays().List()), c.steps.now(), o.entriesMade()
	var under fyne.Position
	if k.at != nil {
		under = o.app.Driver().AbsolutePositionForObject(k.at).AddXY(k.at.Size().Width/2, k.at.Size().Height/2)
	}
	o.pass()
	k.tap()
	once, first, made := o.screen(), c.steps.since(verbs), o.entriesMade()
	k.tap()
	if k.at != nil {
		test.TapCanvas(canvas, under)
	}
	if all := c.steps.since(verbs); !slices.Equal(all, first) {
		c.t.Errorf("%s: verbs by one click %v, by three %v", name, first, all)
	}
	if all := o.entriesMade(); all != made {
		c.t.Errorf("%s: entries by one click %d, by three %d", name, made-entries, all-entries)
	}
	more := len(canvas.Overlays().List()) - over
	if more > 1 {
		c.t.Errorf("%s: %d questions stand over one another", name, more)
	}
	if thrice := o.screen(); thrice != once && !repeats(k) {
		c.t.Errorf("%s: the second click has changed the screen:\n%s", name, difference(once, thrice))
	}
	spoken := strings.Contains(once, o.text("ui.name")) // the window still speaks Belarusian
	return more == 1, changed || made > entries || !spoken
}

// repeats tells whether a control means to do the same again at once: it turns something on and off, goes from
// place to place, or makes a picture larger.
func repeats(k control) bool {
	switch b := k.at.(type) {
	case *widget.Check, *widget.RadioGroup, *widget.Select, *widget.List:
		return true
	case *widget.Button:
		return slices.Contains([]fyne.Resource{theme.ZoomInIcon(), theme.ZoomOutIcon()}, b.Icon)
	}
	return false
}

// controls are all that can be pressed now: on the question that is open, or on the screen and its menu. What
// is there and cannot be pressed has nothing to tap.
func (o *office) controls() []control {
	var out []control
	c := o.window.Fyne().Canvas()
	top := c.Overlays().Top()
	visit := func(each fyne.CanvasObject) {
		name := ""
		switch k := each.(type) {
		case *widget.Button:
			if name = code(k.OnTapped); len([]rune(k.Text)) != 1 || k.Icon != nil { // one of many characters
				name = k.Text + icon(k.Icon) + name
			}
		case *widget.Check:
			name = "☐ " + k.Text
		case pressable:
			name = "› " + k.Words()
		case *widget.Hyperlink:
			name = k.Text
		default:
			return
		}
		k := control{name: name, at: each}
		if d, is := each.(fyne.Disableable); !is || !d.Disabled() {
			k.tap = func() {
				if each.Visible() {
					test.Tap(each.(fyne.Tappable))
				}
			}
		}
		out = append(out, k)
	}
	if top != nil {
		walk(top, visit)
		return out
	}
	walk(c.Content(), visit)
	for _, m := range o.window.Fyne().MainMenu().Items {
		for _, i := range m.Items {
			if !i.IsSeparator && !i.IsQuit {
				out = append(out, control{name: "☰ " + i.Label, tap: i.Action})
			}
		}
	}
	return out
}

func icon(r fyne.Resource) string {
	if r == nil {
		return ""
	}
	return " [" + r.Name() + "]"
}

// code tells functions apart that stand behind buttons of one name.
func code(f func()) string { return fmt.Sprintf(" %x", reflect.ValueOf(f).Pointer()) }

// answerAll fills in the question that is open, so that it can be answered, or the screen where none is.
func (o *office) answerAll(screen bool) {
	top := o.window.Fyne().Canvas().Overlays().Top()
	if top == nil && screen {
		top = o.window.Fyne().Canvas().Content()
	}
	if top == nil {
		return
	}
	for range 2 { // what is answered may ask for more
		walk(top, func(each fyne.CanvasObject) {
			if f, is := each.(interface{ Field() *widget.Entry }); is {
				each = f.Field()
			}
			switch k := each.(type) {
			case *widget.Entry:
				if k.Password {
					k.SetText(passphrase)
				} else if k.Text == "" && k.PlaceHolder != o.text("ui.reader.can") { // which is better left out
					k.SetText("UT0000105")
				}
			case *widget.RadioGroup:
				if k.Selected == "" {
					k.SetSelected(k.Options[0])
				}
			case *widget.Select:
				if k.Selected == "" {
					k.SetSelected(k.Options[len(k.Options)-1])
				}
			case *widget.Check:
				k.SetChecked(true)
			}
		})
	}
}

// entriesMade is how long the journal is.
func (o *office) entriesMade() (n uint64) {
	o.t.Helper()
	err := o.desk.Store.View(o.t.Context(), func(tx issuance.Tx) error {
		last, err := tx.Last()
		n = uint64(last.Entry.Sequence)
		return err
	})
	if err != nil {
		o.t.Fatal(err)
	}
	return n
}

// screen is everything that is written on the screen, and what of it can be pressed.
func (o *office) screen() string {
	var b strings.Builder
	shown(o.window.Fyne().Canvas(), func(each fyne.CanvasObject) {
		switch k := each.(type) {
		case *canvas.Text:
			fmt.Fprintln(&b, k.Text)
		case *widget.Label:
			fmt.Fprintln(&b, k.Text)
		case *widget.Entry:
			fmt.Fprintln(&b, "entry", k.Text)
		case *widget.Button:
			fmt.Fprintln(&b, "button", k.Text, k.Disabled())
		}
	})
	return b.String()
}

// difference lists the lines that two screens do not share.
func difference(a, b string) string {
	var out []string
	in := func(lines []string, l string) bool { return slices.Contains(lines, l) }
	first, second := strings.Split(a, "\n"), strings.Split(b, "\n")
	for _, l := range first {
		if !in(second, l) {
			out = append(out, "- "+l)
		}
	}
	for _, l := range second {
		if !in(first, l) {
			out = append(out, "+ "+l)
		}
	}
	return strings.Join(out, "\n")
}
