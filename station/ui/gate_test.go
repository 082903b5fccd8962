package ui_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"image"
	"image/png"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/widget"

	"padarozhnik/devices"
	"padarozhnik/station/issuance"
	"padarozhnik/station/ui"
)

// doorway is a gate and what stands behind it.
type doorway struct {
	*office
	gate     *ui.Gate
	looks    []error  // what stands in the way of the configuration, look by look; nil: nothing
	asks     bool     // the passphrase is asked for
	bars     []error  // what stands in the way of the office, try by try
	tried    []string // secrets
	opened   int
	refused  []error
	closed   bool
	during   func() // while the office is being opened
	plain    bool   // an office, not a training one
	language string
}

func turn(errs *[]error) (err error) {
	if len(*errs) > 0 {
		err, *errs = (*errs)[0], (*errs)[1:]
	}
	return err
}

// stand puts the gate on the screen. The office of its window is a real one.
func (w *doorway) stand(t *testing.T) {
	t.Helper()
	w.office = newOffice(t)
	w.deps.Training = !w.plain
	w.deps.Language = cmp.Or(w.language, "be")
	w.app = test.NewTempApp(t)
	behind := ui.Entrance{
		Look: func() (bool, error) { return w.asks, turn(&w.looks) },
		Open: func(_ context.Context, secret []byte, report devices.Report) error {
			report.At("open-token", 1, 5)
			w.tried = append(w.tried, string(secret))
			if w.during != nil {
				w.during()
			}
			return turn(&w.bars)
		},
		Opened: func() (err error) {
			w.opened++
			w.deps.Window = w.gate.Fyne()
			w.window, err = ui.New(w.app, w.deps)
			return err
		},
		Choose:   func(string) {},
		Practise: func() { w.asks = false },
		Refused:  func(err error) { w.refused = append(w.refused, err) },
	}
	w.gate = must(ui.NewGate(w.app, w.deps, behind))(t)
	w.gate.Fyne().SetOnClosed(func() { w.closed = true })
	w.office.window = nil
	w.gate.Show()
	w.gate.Fyne().Resize(fyne.NewSize(1366, 740))
}

// seen tells whether words stand at the gate.
func (w *doorway) seen(key string) bool {
	w.t.Helper()
	words, found := w.text(key), false
	shown(w.gate.Fyne().Canvas(), func(each fyne.CanvasObject) {
		switch v := each.(type) {
		case *widget.Label:
			found = found || v.Text == words
		case *widget.Button:
			found = found || v.Text == words && !v.Disabled()
		default:
			found = found || textOf(each) == words
		}
	})
	return found
}

func (w *doorway) press(key string) *widget.Button {
	w.t.Helper()
	words := w.text(key)
	var out *widget.Button
	shown(w.gate.Fyne().Canvas(), func(each fyne.CanvasObject) {
		if b, ok := each.(*widget.Button); ok && b.Text == words {
			out = b
		}
	})
	if out == nil {
		w.t.Fatalf("no button %s", key)
	}
	return out
}

// give types a secret into what has the keyboard, and Enter.
func (w *doorway) give(s string) *widget.Entry {
	w.t.Helper()
	e, ok := w.gate.Fyne().Canvas().Focused().(*widget.Entry)
	if !ok {
		w.t.Fatal("nobody can type at once")
	}
	test.Type(e, s)
	w.pass()
	e.TypedKey(&fyne.KeyEvent{Name: fyne.KeyReturn})
	w.pass()
	return e
}

// TestGate opens the station by its own secret: a wrong one is said and forgotten, an empty one is not tried, what
// stands in the way of the window is said too, and then the same window is the office's.
func TestGate(t *testing.T) {
	w := &doorway{asks: true, bars: []error{issuance.ErrPassphrase, nil, nil}}
	w.stand(t)
	if !w.seen("ui.gate.says") || w.seen("ui.gate.choose") || w.seen("ui.gate.practise") {
		t.Error("the passphrase is not what is asked for")
	}
	w.give("")
	if len(w.tried) != 0 {
		t.Error("a token was tried with nothing")
	}
	if e := w.give("wrong"); !w.seen("cure.passphrase") || e.Text != "" || w.closed {
		t.Error("a wrong secret is not said, or kept")
	}
	w.deps.Language = "xx"
	w.give("right")
	if len(w.refused) != 2 || w.window != nil || w.closed {
		t.Errorf("an office without a window is not said: %v", w.refused)
	}
	w.deps.Language = "be"
	w.give("right")
	if w.window == nil || w.closed || !slices.Equal(w.tried, []string{"wrong", "right", "right"}) {
		t.Fatalf("closed %v, tried %q", w.closed, w.tried)
	}
	if w.window.Fyne() != w.gate.Fyne() || !w.offers("ui.signin.enter") || w.seen("ui.gate.enter") {
		t.Error("the gate's window is not the office's")
	}
	if w.window.Fyne().Canvas().Focused() != nil {
		t.Error("a field that is gone has the keyboard")
	}
	w.enter("E-01")
	if !w.offers("ui.board.new") {
		t.Error("nobody can sign in where the gate was")
	}
}

// An office whose passphrase lies in a file is opened at once, and the window says meanwhile what is being opened;
// what stands in the way is said with its cure, and tried again.
func TestGateOpensByItself(t *testing.T) {
	w := &doorway{bars: []error{fmt.Errorf("store: %w", issuance.ErrStoreBusy)}}
	var during []bool
	w.during = func() {
		during = append(during, w.seen("ui.gate.opens") && w.seen("ui.progress.open-token") && w.seen("ui.gate.leave"))
	}
	w.stand(t)
	if !w.seen("cure.store-busy") || !w.seen("ui.gate.shut") || w.opened != 0 {
		t.Error("a store that another program holds is not said")
	}
	w.pass()
	test.Tap(w.press("ui.gate.again"))
	if w.opened != 1 || !w.offers("ui.signin.enter") {
		t.Error("the second try does not open the office")
	}
	if !slices.Equal(during, []bool{true, true}) || !slices.Equal(w.tried, []string{"", ""}) {
		t.Errorf("while opening: %v, tried %q", during, w.tried)
	}
}

// A computer without a configuration says so in the window: the file is looked for again, another one is taken, or a
// training office is opened.
func TestGateOfNoStation(t *testing.T) {
	missing := fmt.Errorf("%w: %w: %w", issuance.ErrConfig, issuance.ErrNotSetUp, fs.ErrNotExist)
	wrong := fmt.Errorf("%w: station.toml line 3: language: want be or en", issuance.ErrConfig)
	w := &doorway{asks: true, looks: []error{missing, wrong}}
	w.stand(t)
	if !w.seen("cure.not-set-up") || !w.seen("ui.gate.choose") || !w.seen("ui.gate.practise") || w.seen("ui.gate.says") {
		t.Error("a missing configuration is not said with its ways out")
	}
	w.pass()
	test.Tap(w.press("ui.gate.again"))
	if !w.seen("cure.config") || !errors.Is(w.refused[len(w.refused)-1], wrong) {
		t.Errorf("a wrong configuration is not said: %v", w.refused)
	}
	w.pass()
	test.Tap(w.press("ui.gate.again"))
	if !w.seen("ui.gate.says") || w.seen("ui.gate.choose") || len(w.tried) != 0 {
		t.Error("a configuration that is right now does not lead to its passphrase")
	}
	if e := w.give("right"); w.opened != 1 || e.Text != "" {
		t.Error("it does not open")
	}
	w = &doorway{asks: true, looks: []error{missing}}
	w.stand(t)
	w.pass()
	test.Tap(w.press("ui.gate.choose"))
	if w.gate.Fyne().Canvas().Overlays().Top() == nil {
		t.Error("no files are shown to choose from")
	}
	test.Tap(w.press("ui.leave"))
	w.pass()
	test.Tap(w.press("ui.gate.practise"))
	if w.opened != 1 || !slices.Equal(w.tried, []string{""}) {
		t.Error("no training office is opened")
	}
}

// The keyboard goes from the field through every button, and back; each of them bears a double click.
func TestFocusOrderOfTheGate(t *testing.T) {
	for _, c := range []struct {
		name string
		door doorway
		want []string
	}{
		{"asking", doorway{asks: true}, []string{"ui.gate.secret", "ui.gate.enter", "ui.gate.leave"}},
		{"wrong", doorway{asks: true, bars: []error{issuance.ErrPassphrase}},
			[]string{"ui.gate.secret", "ui.gate.enter", "ui.gate.leave"}},
		{"no station", doorway{looks: []error{issuance.ErrNotSetUp}},
			[]string{"ui.gate.again", "ui.gate.choose", "ui.gate.practise", "ui.gate.leave"}},
		{"shut", doorway{bars: []error{issuance.ErrStoreBusy}}, []string{"ui.gate.again", "ui.gate.leave"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := c.door
			w.stand(t)
			if c.name == "wrong" {
				w.give("wrong")
			}
			var got []string
			canvas := w.gate.Fyne().Canvas()
			for range c.want {
				switch o := canvas.Focused().(type) {
				case *widget.Entry:
					got = append(got, o.PlaceHolder)
				case *widget.Button:
					got = append(got, o.Text)
				default:
					got = append(got, fmt.Sprintf("%T", o))
				}
				canvas.FocusNext()
			}
			var want []string
			for _, key := range c.want {
				want = append(want, w.text(key))
			}
			if !slices.Equal(got, want) {
				t.Errorf("the keyboard goes through %q, want %q", got, want)
			}
		})
	}
}

// The second half of a double click does nothing, wherever it lands: it opens no office twice, tries no passphrase
// twice, and begins no second look.
func TestDoubleClickAtTheGate(t *testing.T) {
	for _, c := range []struct {
		name, key string
		door      doorway
		tried     int
	}{
		{"enter", "ui.gate.enter", doorway{asks: true, bars: []error{issuance.ErrPassphrase}}, 1},
		{"again", "ui.gate.again", doorway{bars: []error{issuance.ErrStoreBusy, issuance.ErrStoreBusy}}, 2},
		{"look", "ui.gate.again", doorway{asks: true, looks: []error{issuance.ErrConfig, issuance.ErrConfig}}, 0},
		{"practise", "ui.gate.practise",
			doorway{asks: true, looks: []error{issuance.ErrConfig}, bars: []error{issuance.ErrStoreBusy}}, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := c.door
			w.stand(t)
			w.pass()
			b := w.press(c.key)
			if e, ok := w.gate.Fyne().Canvas().Focused().(*widget.Entry); ok {
				test.Type(e, "wrong")
			}
			looks := len(w.looks)
			test.Tap(b)
			if e, ok := w.gate.Fyne().Canvas().Focused().(*widget.Entry); ok {
				test.Type(e, "wrong")
			}
			test.Tap(b)
			if len(w.tried) != c.tried || looks-len(w.looks) > 1 {
				t.Errorf("tried %q, looked %d times", w.tried, looks-len(w.looks))
			}
		})
	}
}

// A gate that is closed while its office is being opened stops that, and nothing is shown after it.
func TestGateClosedWhileOpening(t *testing.T) {
	w := &doorway{}
	w.during = func() { test.Tap(w.press("ui.gate.leave")) }
	w.stand(t)
	if !w.closed || w.opened != 0 {
		t.Errorf("closed %v, windows opened %d", w.closed, w.opened)
	}
	ended := make(chan error, 1)
	go func() { ended <- w.gate.Wait() }()
	select {
	case err := <-ended:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(10 * time.Second):
		t.Error("something is being opened still")
	}
}

// TestScreensOfTheGate draws what the window shows before there is an office, as TestScreens does the rest.
func TestScreensOfTheGate(t *testing.T) {
	dir := album(t)
	missing := fmt.Errorf("%w: %w: open /etc/padarozhnik/station.toml: %w", issuance.ErrConfig, issuance.ErrNotSetUp,
		fs.ErrNotExist)
	for _, language := range ui.Languages() {
		for _, c := range []struct {
			name string
			door doorway
		}{
			{"gate", doorway{asks: true, plain: true}}, {"gate-no-station", doorway{looks: []error{missing}, plain: true}},
			{"gate-opening", doorway{bars: []error{issuance.ErrStoreBusy}}},
		} {
			w := c.door
			w.language = language
			draw := func() {
				w.gate.Fyne().Resize(fyne.NewSize(1366, 740))
				img := w.gate.Fyne().Canvas().Capture()
				if language == "be" {
					golden(t, c.name, half(img))
				}
				if dir != "" {
					keep(t, filepath.Join(dir, c.name+"-"+language+".png"), img)
				}
			}
			if !w.plain {
				w.during = draw
			}
			w.stand(t)
			if w.plain {
				draw()
			}
		}
	}
}

// keep writes a picture for people to look at.
func keep(t *testing.T, path string, img image.Image) {
	t.Helper()
	if err := os.WriteFile(path, encode(t, img, png.BestSpeed), 0o644); err != nil {
		t.Fatal(err)
	}
}
