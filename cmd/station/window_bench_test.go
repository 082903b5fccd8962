package main

import (
	"bufio"
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"padarozhnik/cmd/internal/passphrase"
	"padarozhnik/cmd/internal/training"
	"padarozhnik/resources"
)

// seen is what one run of a window said: the numbers of each word in their order.
type seen map[string][]int64

// sawBegun is the moment before the program was begun.
const sawBegun = "begun"

func (s seen) between(from, to string) float64 { return time.Duration(s[to][0] - s[from][0]).Seconds() }

// atKeyboard names the window and the keys that are pressed when it has said something.
type atKeyboard struct {
	window string
	keys   map[string][]string
}

// press presses them.
func (k atKeyboard) press(b *testing.B, screen, said string) {
	keys, ok := k.keys[said]
	if !ok {
		return
	}
	cmd := exec.CommandContext(b.Context(), "xdotool", append([]string{"search", "--sync", "--onlyvisible", "--name",
		k.window, "windowfocus", "--sync"}, keys...)...)
	cmd.Env = append(os.Environ(), "DISPLAY="+screen, "LC_ALL=C.UTF-8")
	if out, err := cmd.CombinedOutput(); err != nil {
		b.Errorf("xdotool %v: %v: %s", keys, err, out)
	}
}

// watch runs this program as one of the windows, with somebody at the keyboard, and returns what it said.
func watch(b *testing.B, how, dir, screen string, at atKeyboard, env ...string) seen {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, os.Args[0])
	cmd.Env = append(os.Environ(), walkVariable+"="+how, "PADAROZHNIK_WALK_DIR="+dir, "DISPLAY="+screen,
		"HOME="+b.TempDir(), "LANG=be_BY.UTF-8")
	cmd.Env = append(cmd.Env, env...)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	s := seen{sawBegun: {time.Now().UnixNano()}}
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		b.Fatalf("%s: %v", how, err)
	}
	listen(out, func(what string, n int64) {
		if s[what] = append(s[what], n); len(s[what]) == 1 {
			at.press(b, screen, what)
		}
	})
	if err := cmd.Wait(); err != nil {
		b.Fatalf("%s said %v and ended with %v: what was typed did not arrive, or no office opened", how, s, err)
	}
	return s
}

func listen(out io.Reader, heard func(what string, n int64)) {
	for lines := bufio.NewScanner(out); lines.Scan(); {
		what, number, _ := strings.Cut(lines.Text(), " ")
		if n, err := strconv.ParseInt(number, 10, 64); err == nil {
			heard(what, n)
		}
	}
}

// figures are sums over the turns of a benchmark.
type figures map[string]float64

// window adds what the i-th rest of a window took.
func (f figures) window(name string, s seen, i int) {
	f["MiB-"+name] += float64(s[sawResident][i]) / 1024
	f["%cpu-"+name] += float64(s[sawProcess][i]) / 1e4
}

// starts is how many times in a turn each window is begun for the time of its start alone.
const starts = 9

// BenchmarkWindow compares the station with a bare window of Fyne on one display, turn by turn. "gate" and "file" are
// the time until the window is drawn and its loop turns, as multiples of the bare window's, in the middle of all
// starts: at the gate of an office, whose passphrase a person types, and of an office with the passphrase in a file.
// It is proved by keys that are typed then and arrive. "open" is the time from the passphrase to the screen on which
// officers sign in, beside the opening of the key file alone. Memory is what is over the bare window's when both are
// idle; the share of a processor when idle stands for each.
func BenchmarkWindow(b *testing.B) {
	dir := officeOf(b)
	secret, err := passphrase.Read(filepath.Join(dir, "passphrase"), "")
	if err != nil {
		b.Fatal(err)
	}
	texts, err := resources.Texts("be")
	if err != nil {
		b.Fatal(err)
	}
	screen, f, took := display(b), figures{}, map[string][]float64{}
	run := func(how, window string, keys map[string][]string, env ...string) seen {
		s := watch(b, how, dir, screen, atKeyboard{window, keys}, env...)
		if at, ok := s[sawUsable]; ok {
			took[how] = append(took[how], time.Duration(at[0]-s[sawBegun][0]).Seconds())
		}
		return s
	}
	letter := map[string][]string{sawUsable: {"key", "--window", "0", "x"}}
	phrase := []string{"type", "--window", "0", "--delay", "1", string(secret)}
	for b.Loop() {
		for range starts {
			run("bare", "bare", letter, briefVariable+"=1")
			run("gated", texts["ui.name"], map[string][]string{sawUsable: phrase}, briefVariable+"=1")
			run("whole", "", nil, briefVariable+"=1")
		}
		f.window("bare", run("bare", "bare", letter), 0)
		s := run("gated", texts["ui.name"], map[string][]string{sawUsable: phrase, sawResident: {"key", "--window", "0", "Return"}})
		f["s-open"] += s.between(sawGiven, sawSignIn)
		f.window("gate", s, 0)
		f.window("sign-in", s, 1)
		f["s-unlock"] += time.Duration(run("unlock", "", nil)[sawUnlocked][0]).Seconds()
		f.window("file", run("whole", "", nil), 0)
	}
	f.report(b)
	for how, name := range map[string]string{"gated": "gate/bare", "whole": "file/bare"} {
		b.ReportMetric(median(took[how])/median(took["bare"]), name)
	}
	b.ReportMetric(median(took["bare"]), "s-bare")
}

// report gives the means, and what the windows take over the bare one.
func (f figures) report(b *testing.B) {
	n := float64(b.N)
	for name, sum := range f {
		b.ReportMetric(sum/n, name)
	}
	b.ReportMetric(f["s-open"]/f["s-unlock"], "open/unlock")
	for _, window := range []string{"gate", "sign-in", "file"} {
		b.ReportMetric((f["MiB-"+window]-f["MiB-bare"])/n, "MiB-over-bare-"+window)
	}
}

func median(v []float64) float64 {
	slices.Sort(v)
	return v[len(v)/2]
}

// officeOf makes a training office that has no devices and no network, and returns where it lies.
func officeOf(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	office, err := training.New(dir, os.Stderr)
	if err == nil {
		office.Programs = programs(t)
		err = office.Prepare(t.Context())
	}
	if err == nil {
		err = os.WriteFile(office.Config(), []byte("training = true\n"), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	return dir
}
