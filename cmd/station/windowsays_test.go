package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/app"
	"fyne.io/fyne/v2/widget"

	"padarozhnik/cmd/internal/passphrase"
	"padarozhnik/cmd/internal/setup"
	"padarozhnik/station/token"
	"padarozhnik/station/ui"
)

// What a window says to the benchmark, each with a number: the moments in nanoseconds, memory in KiB, time of the
// processor in microseconds for each second of idleness.
const (
	sawUsable   = "usable"   // drawn, and its loop turns
	sawTyped    = "typed"    // what was typed stands in its field
	sawGiven    = "given"    // the passphrase was handed to the gate
	sawSignIn   = "sign-in"  // the screen on which officers sign in is drawn
	sawUnlocked = "unlocked" // a key file alone was opened: how long that took
	sawResident = "resident"
	sawProcess  = "process"
)

// briefVariable has a window end as soon as it is usable.
const briefVariable = "PADAROZHNIK_WALK_BRIEF"

func tell(what string, n int64) { fmt.Println(what, n) }

func tellNow(what string) { tell(what, time.Now().UnixNano()) }

// settled and idled are how long a window is left alone before it counts as idle, and then while it is measured.
const (
	settled = 2 * time.Second
	idled   = 3 * time.Second
)

// rest says what an idle window takes. A brief run, which is for the time of the start alone, ends here.
func rest() {
	if os.Getenv(briefVariable) != "" {
		os.Exit(0)
	}
	time.Sleep(settled)
	before := consumed()
	time.Sleep(idled)
	tell(sawProcess, int64(float64((consumed()-before).Microseconds())/idled.Seconds()))
	tell(sawResident, resident())
}

// consumed is the time of processors that this process has had.
func consumed() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// resident is the memory of this process that is in use, in KiB (proc(5), VmRSS).
func resident() int64 {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			kib, _ := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
			return kib
		}
	}
	return 0
}

// drawn returns when what was put on the screen last has been drawn: an animation is asked before each frame, and
// the second time after one.
func drawn() {
	done := make(chan struct{})
	ticks := 0
	fyne.Do(func() {
		fyne.NewAnimation(time.Hour, func(float32) {
			if ticks++; ticks == 2 {
				close(done)
			}
		}).Start()
	})
	<-done
}

// onceUsable says that the window is there, whose first frame Fyne draws before anything else, and goes on beside it.
func onceUsable(a fyne.App, then func()) {
	a.Lifecycle().SetOnStarted(func() {
		go func() {
			fyne.DoAndWait(func() {}) // its loop turns
			tellNow(sawUsable)
			then()
		}()
	})
}

// bare is a window of Fyne with one label.
func bare() int {
	a := app.NewWithID("org.padarozhnik.bare")
	w := a.NewWindow("bare")
	w.SetContent(widget.NewLabel("bare"))
	typed := make(chan struct{}, 1)
	w.Canvas().SetOnTypedRune(func(rune) {
		select {
		case typed <- struct{}{}:
		default:
		}
	})
	onceUsable(a, func() {
		<-typed
		tellNow(sawTyped)
		rest()
		os.Exit(0)
	})
	w.ShowAndRun()
	return 0
}

// unlock opens the key file of an office, and nothing else.
func unlock(dir string) int {
	secret, err := passphrase.Read(filepath.Join(dir, "passphrase"), "")
	began := time.Now()
	if err == nil {
		_, err = token.Open(filepath.Join(dir, "station", "station.token"), secret)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	tell(sawUnlocked, time.Since(began).Nanoseconds())
	return 0
}

// gated is the station of an office that was set up before, begun from a desktop: a person gives the passphrase.
func gated(dir string) int {
	return measured(dir, "", func(a fyne.App, g *ui.Gate) {
		var field *widget.Entry
		each(g.Fyne().Content(), func(o fyne.CanvasObject) bool {
			if e, ok := o.(*widget.Entry); ok {
				field = e
			}
			return field == nil
		})
		secret, _ := passphrase.Read(filepath.Join(dir, "passphrase"), "")
		typed := make(chan struct{})
		field.OnChanged = func(have string) {
			if have == string(secret) {
				field.OnChanged = nil
				close(typed)
			}
		}
		submit := field.OnSubmitted
		field.OnSubmitted = func(s string) { tellNow(sawGiven); submit(s) }
		onceUsable(a, func() {
			<-typed
			tellNow(sawTyped)
			rest()
		})
	})
}

// whole is the same with the passphrase in a file.
func whole(dir string) int {
	return measured(dir, filepath.Join(dir, "passphrase"), func(a fyne.App, _ *ui.Gate) {
		onceUsable(a, func() {
			if os.Getenv(briefVariable) != "" {
				os.Exit(0)
			}
		})
	})
}

func measured(dir, passphraseFile string, gate func(fyne.App, *ui.Gate)) int {
	o := options{config: filepath.Join(dir, "station", "station.toml"), tokens: filepath.Join(dir, "tokens"),
		passphraseFile: passphraseFile}
	o.visitor = &visitor{gate: gate, before: func(d *ui.Deps) { d.Guide = false },
		refused: func(a fyne.App, _ error) { a.Quit() }, opened: func(*ui.Window, *setup.Office) {
			drawn()
			tellNow(sawSignIn)
			rest()
			os.Exit(0)
		}}
	if err := work(context.Background(), o, slog.New(slog.DiscardHandler)); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	return 1
}
