package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/app"
	"fyne.io/fyne/v2/widget"

	"padarozhnik/cmd/internal/setup"
	"padarozhnik/cmd/internal/training"
	"padarozhnik/station/ui"
)

// bare is a window of Fyne with one label; it says when it is usable, and how much memory it then holds.
func bare() int {
	a := app.NewWithID("org.padarozhnik.bare")
	w := a.NewWindow("bare")
	w.SetContent(widget.NewLabel("bare"))
	a.Lifecycle().SetOnStarted(func() { go usable() })
	w.ShowAndRun()
	return 0
}

// usable says that the window is there, waits until it is idle, says what memory it holds, and ends.
func usable() {
	fyne.DoAndWait(func() {}) // what was to be done first is done
	fmt.Printf("usable %d\n", time.Now().UnixNano())
	time.Sleep(2 * time.Second) // idle
	fmt.Printf("resident %d\n", resident())
	os.Exit(0)
}

// resident is the memory of this process that is in use, in KiB (proc(5), VmRSS).
func resident() int {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			kib, _ := strconv.Atoi(strings.Fields(rest)[0])
			return kib
		}
	}
	return 0
}

// whole is the station on an office that was set up before.
func whole(dir string) int {
	o := options{config: filepath.Join(dir, "station", "station.toml"), tokens: filepath.Join(dir, "tokens"),
		passphraseFile: filepath.Join(dir, "passphrase")}
	o.visitor = &visitor{before: func(d *ui.Deps) { d.Guide = false }, opened: func(*ui.Window, *setup.Office) {
		fyne.CurrentApp().Lifecycle().SetOnStarted(func() { go usable() })
	}}
	if err := work(context.Background(), o, slog.New(slog.DiscardHandler)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// timed runs this program as one of the two windows; it returns how long it took to be usable, and its memory.
func timed(b *testing.B, how, dir, screen string) (start time.Duration, mib float64) {
	b.Helper()
	cmd := exec.CommandContext(b.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), walkVariable+"="+how, "PADAROZHNIK_WALK_DIR="+dir, "DISPLAY="+screen,
		"HOME="+b.TempDir(), "LANG=be_BY.UTF-8")
	cmd.Stderr = os.Stderr
	began := time.Now()
	out, err := cmd.Output()
	if err != nil {
		b.Fatalf("%s: %v: %s", how, err, out)
	}
	for line := range strings.Lines(string(out)) {
		what, number, _ := strings.Cut(strings.TrimSpace(line), " ")
		n, err := strconv.ParseInt(number, 10, 64)
		switch {
		case err != nil:
		case what == "usable":
			start = time.Unix(0, n).Sub(began)
		case what == "resident":
			mib = float64(n) / 1024
		}
	}
	return start, mib
}

// BenchmarkWindow compares the station with a bare window of Fyne on one display, turn by turn: the start to a
// usable window as a ratio, and the memory when idle as a difference.
func BenchmarkWindow(b *testing.B) {
	dir := b.TempDir()
	office, err := training.New(dir, os.Stderr)
	if err == nil {
		office.Programs = programs(b)
		err = office.Prepare(b.Context())
	}
	if err != nil {
		b.Fatal(err)
	}
	config := "training = true\n"
	if err := os.WriteFile(office.Config(), []byte(config), 0o600); err != nil {
		b.Fatal(err)
	}
	screen := display(b)
	var bareStart, ourStart time.Duration
	var bareMiB, ourMiB float64
	for b.Loop() {
		s, m := timed(b, "bare", dir, screen)
		bareStart, bareMiB = bareStart+s, bareMiB+m
		s, m = timed(b, "whole", dir, screen)
		ourStart, ourMiB = ourStart+s, ourMiB+m
	}
	n := float64(b.N)
	b.ReportMetric(float64(ourStart)/float64(bareStart), "start/bare")
	b.ReportMetric((ourMiB-bareMiB)/n, "MiB-over-bare")
	b.ReportMetric(bareStart.Seconds()/n, "s-bare")
	b.ReportMetric(ourStart.Seconds()/n, "s-station")
}
