package main

import (
	"bufio"
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
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
	delete(k.keys, said)
}

// watch runs this program as one of the windows, with somebody at the keyboard, and returns what it said.
func watch(b *testing.B, how, dir, screen string, at atKeyboard) seen {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, os.Args[0])
	cmd.Env = append(os.Environ(), walkVariable+"="+how, "PADAROZHNIK_WALK_DIR="+dir, "DISPLAY="+screen,
		"HOME="+b.TempDir(), "LANG=be_BY.UTF-8")
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
		s[what] = append(s[what], n)
		at.press(b, screen, what)
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

// BenchmarkWindow compares the station with a bare window of Fyne on one display, turn by turn. "start" is the time
// until the window is drawn and its loop turns, which is proved by keys that are typed then and arrive: at the gate
// of an office, whose passphrase a person types, and of one with the passphrase in a file. "open" is the time from
// the passphrase to the screen on which officers sign in, beside the opening of the key file alone. Memory is what is
// over the bare window's when both are idle; the processor's time when idle stands for each.
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
	screen, f := display(b), figures{}
	for b.Loop() {
		s := watch(b, "bare", dir, screen, atKeyboard{"bare", map[string][]string{sawUsable: {"key", "x"}}})
		f["s-bare"] += s.between(sawBegun, sawUsable)
		f.window("bare", s, 0)
		s = watch(b, "gated", dir, screen, atKeyboard{texts["ui.name"], map[string][]string{
			sawUsable: {"type", "--delay", "1", string(secret)}, sawResident: {"key", "Return"}}})
		f["s-gate"] += s.between(sawBegun, sawUsable)
		f["s-open"] += s.between(sawGiven, sawSignIn)
		f.window("gate", s, 0)
		f.window("sign-in", s, 1)
		s = watch(b, "unlock", dir, screen, atKeyboard{})
		f["s-unlock"] += time.Duration(s[sawUnlocked][0]).Seconds()
		s = watch(b, "whole", dir, screen, atKeyboard{})
		f["s-file"] += s.between(sawBegun, sawUsable)
		f.window("file", s, 0)
	}
	n := float64(b.N)
	for name, sum := range f {
		b.ReportMetric(sum/n, name)
	}
	b.ReportMetric(f["s-gate"]/f["s-bare"], "gate/bare")
	b.ReportMetric(f["s-file"]/f["s-bare"], "file/bare")
	b.ReportMetric(f["s-open"]/f["s-unlock"], "open/unlock")
	for _, window := range []string{"gate", "sign-in", "file"} {
		b.ReportMetric((f["MiB-"+window]-f["MiB-bare"])/n, "MiB-over-bare-"+window)
	}
}

// officeOf makes a training office that has no devices and no network, and returns where it lies.
func officeOf(b *testing.B) string {
	b.Helper()
	dir := b.TempDir()
	office, err := training.New(dir, os.Stderr)
	if err == nil {
		office.Programs = programs(b)
		err = office.Prepare(b.Context())
	}
	if err == nil {
		err = os.WriteFile(office.Config(), []byte("training = true\n"), 0o600)
	}
	if err != nil {
		b.Fatal(err)
	}
	return dir
}
