package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/widget"

	"padarozhnik/station"
)

// key presses keys at the display, as a keyboard does.
func (w *walker) key(names ...string) error {
	out, err := exec.CommandContext(w.ctx, "xdotool", append([]string{"key", "--clearmodifiers"}, names...)...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("xdotool key %v: %w: %s", names, err, out)
	}
	return nil
}

// write types words into the field that has the keyboard, and again where a letter was lost: the display has one
// layout, and letters of another alphabet are mapped onto its keys one after another.
func (w *walker) write(words string) error {
	for _, delay := range []string{"40", "120", "300", "600"} {
		cmd := exec.CommandContext(w.ctx, "xdotool", "type", "--delay", delay, words)
		cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8") // it reads the words by it
		if out, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("xdotool type: %w: %s", err, out)
		}
		patience := time.Now().Add(time.Second)
		if err := w.until("the words are written", func() bool { return w.text() == words || time.Now().After(patience) }); err != nil {
			return err
		}
		if w.text() == words {
			return nil
		}
		if err := w.key("ctrl+a", "Delete"); err != nil {
			return err
		}
	}
	return fmt.Errorf("letters are lost; the field holds %q", w.text())
}

// text is what stands in the field that has the keyboard.
func (w *walker) text() (text string) {
	o, _ := w.focused()
	fyne.DoAndWait(func() {
		switch f := o.(type) {
		case *widget.Entry:
			text = f.Text
		case interface{ Field() *widget.Entry }:
			text = f.Field().Text
		}
	})
	return text
}

// mostTabs is how often Tab is pressed before a thing counts as out of the keyboard's reach.
const mostTabs = 120

// tabTo goes to something by the Tab key alone.
func (w *walker) tabTo(what string, is func(o fyne.Focusable, words string) bool) error {
	for range mostTabs {
		o, words := w.focused()
		if o != nil && is(o, words) {
			return nil
		}
		if err := w.key("Tab"); err != nil {
			return err
		}
		limit := time.After(time.Second)
		moved := false
		for !moved {
			now, _ := w.focused()
			if moved = now != o; moved {
				break
			}
			select {
			case <-limit:
				moved = true
			case <-time.After(5 * time.Millisecond):
			}
		}
	}
	return fmt.Errorf("the keyboard does not reach %s", what)
}

func named(words string) func(fyne.Focusable, string) bool {
	return func(_ fyne.Focusable, have string) bool { return have == words }
}

// press waits for a button, goes to it, and presses it until it has done something: after a verb the window
// rests for a moment, so that a double click does nothing.
func (w *walker) press(key, then string, holds func() bool) error {
	if err := w.until(key+" is offered", func() bool { return w.offers(key) }); err != nil {
		return err
	}
	return w.again(then, holds, func() error {
		if !w.offers(key) {
			return nil
		}
		if err := w.tabTo(key, named(w.texts[key])); err != nil {
			return err
		}
		return w.key("space")
	})
}

// again does something until what it is for holds.
func (w *walker) again(what string, holds func() bool, do func() error) error {
	for !holds() {
		if err := do(); err != nil {
			return err
		}
		patience := time.Now().Add(700 * time.Millisecond)
		err := w.until(what, func() bool { return holds() || time.Now().After(patience) && !w.offers("ui.strip.cancel") })
		if err != nil {
			return err
		}
	}
	return nil
}

// fill goes to a field and types into it.
func (w *walker) fill(placeholder, words string) error {
	if err := w.tabTo(placeholder, named(w.texts[placeholder])); err != nil {
		return err
	}
	return w.write(words)
}

// tickAll goes through the checks by Tab and ticks each.
func (w *walker) tickAll() error {
	for {
		left := 0
		w.shown(func(o fyne.CanvasObject) bool {
			if c, ok := o.(*widget.Check); ok && !c.Checked {
				left++
			}
			return true
		})
		if left == 0 {
			return nil
		}
		err := w.tabTo("a check", func(o fyne.Focusable, _ string) bool {
			c, ok := o.(*widget.Check)
			return ok && !c.Checked && c.Text != w.texts["ui.handover.proxy"]
		})
		if err == nil {
			err = w.key("space")
		}
		if err != nil {
			return err
		}
		before := left
		if err := w.until("the check is ticked", func() bool {
			now := 0
			w.shown(func(o fyne.CanvasObject) bool {
				if c, ok := o.(*widget.Check); ok && !c.Checked {
					now++
				}
				return true
			})
			return now < before
		}); err != nil {
			return err
		}
	}
}

// enter signs an officer in and waits for the board.
func (w *walker) enter(name string) error {
	err := w.until("nobody sits at the desk", func() bool { return w.offers("ui.signin.enter") })
	if err == nil {
		err = w.tabTo(name, func(_ fyne.Focusable, words string) bool { return strings.HasPrefix(words, name+" ") })
	}
	if err == nil {
		err = w.key("space")
	}
	if err != nil {
		return err
	}
	return w.again(name+" sits at the desk", func() bool { return w.offers("ui.seat.leave") }, func() error {
		if err := w.tabTo("the passphrase", named(w.texts["ui.signin.passphrase"])); err != nil {
			return err
		}
		return w.key("Return")
	})
}

// leave signs the officer out.
func (w *walker) leave() error {
	return w.again("nobody sits at the desk", func() bool { return w.offers("ui.signin.enter") },
		func() error { return w.key("ctrl+l") })
}

// choose selects the only case of the board.
func (w *walker) choose() error {
	return w.again("the case is shown", func() bool { return w.says(w.texts["ui.case.journal"]) }, func() error {
		err := w.tabTo("the board", func(o fyne.Focusable, _ string) bool { _, ok := o.(*widget.List); return ok })
		if err != nil {
			return err
		}
		return w.key("space")
	})
}

func (w *walker) pick(picked func(io.ReadCloser)) {
	if f, err := os.Open(w.photograph); err == nil {
		picked(f)
	}
}

// shoot takes a picture of the display.
func (w *walker) shoot(name string) error {
	if w.pictures == "" {
		return nil
	}
	w.shots++
	path := filepath.Join(w.pictures, fmt.Sprintf("walk-%02d-%s.png", w.shots, name))
	out, err := exec.CommandContext(w.ctx, "import", "-window", "root", path).CombinedOutput()
	if err != nil {
		return fmt.Errorf("import: %w: %s", err, out)
	}
	fmt.Println("step", name)
	return nil
}

// stage is how far the case is, asked of the desk.
func (w *walker) stage() station.Stage {
	board, err := w.office.Desk.Board(w.ctx)
	if err != nil || len(board.Cases) == 0 {
		return ""
	}
	return board.Cases[0].Stage
}

// tickable tells whether there is anything to tick on the screen.
func (w *walker) tickable() bool {
	found := false
	w.shown(func(o fyne.CanvasObject) bool {
		_, found = o.(*widget.Check)
		return !found
	})
	return found
}
