package main

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"

	"fyne.io/fyne/v2"

	"padarozhnik/cmd/internal/passphrase"
	"padarozhnik/cmd/internal/setup"
	"padarozhnik/cmd/internal/training"
	"padarozhnik/devices"
	"padarozhnik/resources"
	"padarozhnik/station/issuance"
	"padarozhnik/station/ui"
)

// entrance opens an office behind the gate of its window. Its methods take turns: the gate carries out one at a
// time.
type entrance struct {
	options
	app      fyne.App
	window   fyne.Window // the gate's, then the office's
	log      *slog.Logger
	config   setup.Config
	unread   error            // why there is no configuration
	practice *training.Office // nil where the office is no training office of this program's
	running  bool             // the practice's programs run
	office   *setup.Office    // nil until it is open
	showing  *showing         // nil until its window is there
}

// practise makes this the entrance of a training office.
func (e *entrance) practise(dir string) (err error) {
	if e.practice, err = training.New(dir, os.Stderr); err != nil {
		return err
	}
	e.pictures = filepath.Dir(photograph(e.practice))
	e.config, e.passphraseFile = setup.Config{}, e.practice.PassphraseFile()
	e.options.config, e.tokens = e.practice.Config(), filepath.Dir(e.practice.Token("station"))
	return nil
}

// load reads the configuration. A training office has none before it is made.
func (e *entrance) load() error {
	e.unread = nil
	if e.practice == nil {
		e.config, e.unread = setup.Load(e.options.config, os.LookupEnv)
	}
	return e.unread
}

// choose takes another configuration file, and the tokens beside it where those beside the last one were meant.
func (e *entrance) choose(path string) {
	if e.tokens == beside(e.options.config) {
		e.tokens = beside(path)
	}
	e.options.config = path
}

// beside is the directory of the officers' tokens of a configuration file.
func beside(config string) string { return filepath.Join(filepath.Dir(config), "tokens") }

// stand shows the gate, and the office's window in its place, until the window is closed.
func (e *entrance) stand(ctx context.Context) error {
	liked := preferred(e.app.Preferences(), spoken(e.config.Language))
	deps := ui.Deps{Language: liked.Language, Look: liked.Look, Training: e.practice != nil || e.config.Training}
	var stopped func() bool
	behind := e.behind()
	behind.Opened = func() (err error) {
		if e.showing, err = begin(ctx, e.app, e.window, e.options, e.office, e.log); err == nil {
			stopped() // from here on the window is asked to close
		}
		return err
	}
	gate, err := ui.NewGate(e.app, deps, behind)
	if err != nil {
		return err
	}
	e.window = gate.Fyne()
	stopped = context.AfterFunc(ctx, func() { fyne.Do(gate.Close) })
	if e.visitor != nil && e.visitor.gate != nil {
		e.visitor.gate(e.app, gate)
	}
	gate.Show()
	e.app.Run()
	stopped()
	return errors.Join(gate.Wait(), e.end())
}

// spoken is the language of a window whose configuration may say nothing that can be used.
func spoken(language string) string {
	if slices.Contains(resources.Languages(), language) {
		return language
	}
	return resources.Languages()[0]
}

// behind is what the gate shuts off.
func (e *entrance) behind() ui.Entrance {
	b := ui.Entrance{
		Look: func() (bool, error) { err := e.load(); return e.passphraseFile == "", err },
		Open: e.open,
		Refused: func(err error) {
			e.log.Warn("office not opened", "cure", issuance.Cure(err))
			if e.visitor != nil && e.visitor.refused != nil {
				e.visitor.refused(e.app, err)
			}
		},
		Choose: e.choose,
	}
	if dir, ok := practiceDir(); ok {
		b.Practise = func() {
			if err := e.practise(dir); err != nil {
				e.log.Warn("no training office", "err", err)
			}
		}
	}
	return b
}

// practiceDir is where a training office of the person at the computer lies; ok is false where the programs that
// play its headquarters and devices are not installed.
func practiceDir() (dir string, ok bool) {
	self, err := os.Executable()
	for _, program := range []string{"headquarters", "simulator"} {
		if err == nil {
			_, err = os.Stat(filepath.Join(filepath.Dir(self), program))
		}
	}
	home, absent := os.UserHomeDir()
	return filepath.Join(home, ".local", "share", "padarozhnik", "training"), err == nil && absent == nil
}

// Steps of opening a training office, beside those of every office.
const (
	stepPractice = "open-practice"
	stepStock    = "open-stock"
	stepDay      = "open-day"
)

// steps lists what open reports, in its order.
func (e *entrance) steps() []string {
	if e.practice == nil {
		return setup.Steps()
	}
	return append(append([]string{stepPractice}, setup.Steps()...), stepStock, stepDay)
}

// open opens the office, or goes on where it was stopped. Everything slow of a start is done here.
func (e *entrance) open(ctx context.Context, secret []byte, report devices.Report) error {
	steps := e.steps()
	at := func(step string) { report.At(step, int64(slices.Index(steps, step)), int64(len(steps))) }
	if e.practice != nil && !e.running {
		at(stepPractice)
		e.log.Info("preparing the training office", "dir", e.practice.Dir)
		if err := furnish(ctx, e.practice); err != nil {
			return err
		}
		e.running = true
	}
	if e.office == nil {
		if err := e.openOffice(ctx, secret, func(p devices.Progress) { at(p.Step) }); err != nil {
			return err
		}
	}
	if e.practice == nil {
		return nil
	}
	at(stepStock)
	if err := takeStock(ctx, e.options, e.practice, e.office); err != nil {
		return err
	}
	at(stepDay)
	return openDay(ctx, e.options, e.office)
}

func (e *entrance) openOffice(ctx context.Context, secret []byte, report devices.Report) (err error) {
	config := e.config
	if e.practice != nil {
		if config, err = setup.Load(e.options.config, os.LookupEnv); err != nil {
			return err
		}
	}
	ask := func(prompt string) ([]byte, error) {
		if e.passphraseFile != "" {
			return passphrase.Read(e.passphraseFile, prompt)
		}
		return slices.Clone(secret), nil
	}
	defer debug.FreeOSMemory() // a passphrase is tried on 256 MiB, which nobody needs from here on
	e.office, err = setup.OpenReporting(ctx, config, ask, e.log, report)
	return err
}

// end closes the window's office and the training office.
func (e *entrance) end() error {
	var errs []error
	if e.showing != nil {
		e.showing.finish()
	}
	if e.office != nil {
		errs = append(errs, e.office.Close())
	}
	if e.practice != nil {
		errs = append(errs, e.practice.Stop())
	}
	return errors.Join(errs...)
}
