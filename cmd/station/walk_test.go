package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/widget"

	"padarozhnik/cmd/internal/setup"
	"padarozhnik/resources"
	"padarozhnik/station/ui"
)

// walkVariable says to the test's own program, started again as the station, how far to go.
const walkVariable = "PADAROZHNIK_WALK"

// TestMain is the station itself where a walk has started it: the window wants the first thread.
func TestMain(m *testing.M) {
	switch how := os.Getenv(walkVariable); how {
	case "":
	case "bare":
		os.Exit(bare())
	case "program":
		main()
	case "unlock":
		os.Exit(unlock(os.Getenv("PADAROZHNIK_WALK_DIR")))
	case "gated":
		os.Exit(gated(os.Getenv("PADAROZHNIK_WALK_DIR")))
	case "whole":
		os.Exit(whole(os.Getenv("PADAROZHNIK_WALK_DIR")))
	default:
		os.Exit(walked(how))
	}
	os.Exit(m.Run())
}

// display starts a display without a screen and returns its name.
func display(t testing.TB) string {
	t.Helper()
	ctx, end := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, "Xvfb", "-displayfd", "1", "-screen", "0", "1366x768x24", "-nolisten", "tcp",
		"-noreset") // or it cannot be reached for a moment after each of the programs that are shown on it
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		end()
		t.Fatalf("Xvfb: %v (run make deps)", err)
	}
	t.Cleanup(func() { end(); _ = cmd.Wait() })
	number, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return ":" + strings.TrimSpace(number)
}

// programs builds what a training office runs, into a directory.
func programs(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	for _, p := range []string{"headquarters", "simulator"} {
		build(t, dir, p)
	}
	return dir
}

// build builds a program into a directory and returns its path.
func build(t testing.TB, dir, program string) string {
	t.Helper()
	path := filepath.Join(dir, program)
	cmd := exec.CommandContext(t.Context(), "go", "build", "-o", path, "padarozhnik/cmd/"+program)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build %s: %v\n%s", program, err, out)
	}
	return path
}

// startWalk runs the program of this test as the station of a training office on a display of its own, beside the
// programs of the office.
func startWalk(t testing.TB, how, pictures string) {
	t.Helper()
	dir := programs(t)
	self, err := os.Executable()
	if err == nil {
		err = os.Link(self, filepath.Join(dir, "station"))
		if err != nil { // on another disk
			var b []byte
			if b, err = os.ReadFile(self); err == nil {
				err = os.WriteFile(filepath.Join(dir, "station"), b, 0o700)
			}
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), filepath.Join(dir, "station"))
	cmd.Env = append(os.Environ(), walkVariable+"="+how, "DISPLAY="+display(t), "HOME="+dir, "XDG_CONFIG_HOME="+dir,
		"LANG=be_BY.UTF-8", "PADAROZHNIK_WALK_DIR="+filepath.Join(dir, "office"), "PADAROZHNIK_WALK_PICTURES="+pictures)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("the walk ended with %v:\n%s", err, tail(out, 6000))
	}
	t.Logf("%s", tail(out, 4000))
}

func tail(b []byte, most int) []byte { return b[max(0, len(b)-most):] }

// TestWalk takes a passport through the window by its keys alone, on a display, from the first key to the close of
// day, with a picture of each step in the directory that PADAROZHNIK_WALKED names ("make screenshots"), or without
// pictures in "make torture". Otherwise it goes the beginning of that way: it signs in, sees the first screen, and
// quits.
func TestWalk(t *testing.T) {
	how, dir := "in", os.Getenv("PADAROZHNIK_WALKED")
	if dir != "" {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if dir != "" || os.Getenv("PADAROZHNIK_TORTURE") != "" {
		how, dir = "through", cmp.Or(dir, t.TempDir())
	}
	startWalk(t, how, dir)
}

// walked is the station with a walker in it; it returns the exit status.
func walked(how string) int {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	dir := os.Getenv("PADAROZHNIK_WALK_DIR")
	w := &walker{ctx: ctx, pictures: os.Getenv("PADAROZHNIK_WALK_PICTURES"), news: make(chan struct{}, 1),
		end: make(chan error, 1)}
	refused := func(a fyne.App, err error) {
		w.end <- err
		a.Quit()
	}
	o := options{training: dir, visitor: &visitor{before: w.before, refused: refused, opened: func(win *ui.Window, office *setup.Office) {
		w.open(win, office)
		err := w.walk(how)
		if err != nil {
			_ = w.shoot("failed")
		}
		w.end <- err
		fyne.Do(win.Close)
	}}}
	w.photograph = filepath.Join(dir, "pictures", "applicant.jpg")
	err := work(ctx, o, slog.New(slog.NewTextHandler(os.Stderr, nil)))
	select {
	case walked := <-w.end:
		err = errors.Join(err, walked)
	default:
		err = errors.Join(err, errors.New("the window closed before the walk had ended"))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "walk:", err)
		return 1
	}
	return 0
}

// walker is at the keyboard of the station.
type walker struct {
	ctx        context.Context
	window     fyne.Window
	ui         *ui.Window
	office     *setup.Office
	texts      map[string]string
	pictures   string
	photograph string
	shots      int
	news       chan struct{} // the screen was changed by a worker
	end        chan error    // how the walk ended
	err        error
}

// before has the walker told when a worker reaches the screen, and puts the applicant's picture into the
// officer's hand: the file dialog is Fyne's own.
func (w *walker) before(d *ui.Deps) {
	d.Do = func(f func()) {
		fyne.Do(func() {
			f()
			select {
			case w.news <- struct{}{}:
			default:
			}
		})
	}
	d.Pick = w.pick
	d.Keep = func(string, []byte) {}
}

func (w *walker) open(win *ui.Window, office *setup.Office) {
	w.ui, w.window, w.office = win, win.Fyne(), office
	w.texts, w.err = resources.Texts("be")
}

// shown walks over what can be seen, questions first, on the screen's goroutine.
func (w *walker) shown(visit func(fyne.CanvasObject) bool) {
	fyne.DoAndWait(func() {
		c := w.window.Canvas()
		for _, overlay := range c.Overlays().List() {
			if !each(overlay, visit) {
				return
			}
		}
		each(c.Content(), visit)
	})
}

func each(o fyne.CanvasObject, visit func(fyne.CanvasObject) bool) bool {
	if o == nil || !o.Visible() {
		return true
	}
	if !visit(o) {
		return false
	}
	var inside []fyne.CanvasObject
	switch o := o.(type) {
	case *fyne.Container:
		inside = o.Objects
	case *container.Scroll:
		inside = []fyne.CanvasObject{o.Content}
	case fyne.Widget:
		inside = test.WidgetRenderer(o).Objects()
	}
	for _, child := range inside {
		if !each(child, visit) {
			return false
		}
	}
	return true
}

// says tells whether words stand on the screen.
func (w *walker) says(words string) bool {
	found := false
	w.shown(func(o fyne.CanvasObject) bool {
		switch v := o.(type) {
		case *canvas.Text:
			found = found || strings.Contains(v.Text, words)
		case *widget.Label:
			found = found || strings.Contains(v.Text, words)
		case *widget.Button:
			found = found || strings.Contains(v.Text, words)
		}
		return !found
	})
	return found
}

// offers tells whether a button can be pressed.
func (w *walker) offers(key string) bool {
	found := false
	w.shown(func(o fyne.CanvasObject) bool {
		b, ok := o.(*widget.Button)
		found = ok && b.Text == w.texts[key] && !b.Disabled()
		return !found
	})
	return found
}

// focused is what has the keyboard, and its words.
func (w *walker) focused() (o fyne.Focusable, words string) {
	fyne.DoAndWait(func() { o = w.window.Canvas().Focused() })
	if o == nil {
		return nil, ""
	}
	switch v := o.(type) {
	case *widget.Button:
		return o, v.Text
	case *widget.Entry:
		return o, v.PlaceHolder
	case interface{ Field() *widget.Entry }:
		return o, v.Field().PlaceHolder
	case *widget.Check:
		return o, v.Text
	case *widget.Select:
		return o, v.PlaceHolder
	}
	if f := reflect.ValueOf(o).Elem().FieldByName("Label"); f.IsValid() && f.Kind() == reflect.String {
		return o, f.String() // an option of a radio group, whose type is Fyne's own
	}
	if named, ok := o.(interface{ Words() string }); ok {
		return o, named.Words()
	}
	return o, fmt.Sprintf("%T", o)
}

// until waits until something is true. A worker's news ends the wait at once; what the keys did by themselves is
// looked for now and then.
func (w *walker) until(what string, holds func() bool) error {
	tick := time.NewTicker(30 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-w.news:
		case <-tick.C:
		case <-w.ctx.Done():
			_, at := w.focused()
			return fmt.Errorf("waited too long until %s; the keyboard is at %q", what, at)
		}
	}
	return nil
}
