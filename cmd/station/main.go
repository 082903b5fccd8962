// Command station is the window of a passport station: the same desk as stationctl's, for officers.
//
// With --training DIR it first sets up and runs a training office in DIR, whose headquarters and
// devices are programs beside this one, and opens the window on it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/app"

	"padarozhnik/cmd/internal/edition"
	"padarozhnik/cmd/internal/passphrase"
	"padarozhnik/cmd/internal/say"
	"padarozhnik/cmd/internal/setup"
	"padarozhnik/cmd/internal/training"
	"padarozhnik/resources/icons"
	"padarozhnik/station/jp2"
	"padarozhnik/station/ui"
)

// appID names the program to the window system.
const appID = "org.padarozhnik.station"

func main() {
	if status, ok := jp2.Serve(os.Args, os.Stdin, os.Stdout); ok { // begun to open one picture
		os.Exit(status)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:]))
}

// options are what the command line says.
type options struct {
	config         string
	passphraseFile string
	tokens         string
	training       string
	version        bool
	pictures       string // where portraits are looked for first
	visitor        *visitor
}

// visitor is who looks on as the window opens: a walk through it by its keys.
type visitor struct {
	before func(*ui.Deps)
	opened func(*ui.Window, *setup.Office)
}

func parse(args []string) (options, error) {
	var o options
	flags := flag.NewFlagSet("station", flag.ContinueOnError)
	flags.StringVar(&o.config, "config", "station.toml", "the station's configuration file")
	flags.StringVar(&o.passphraseFile, "passphrase-file", "", "file with the tokens' passphrase (training)")
	flags.StringVar(&o.tokens, "tokens", "", "directory with the officers' tokens (default: tokens)")
	flags.StringVar(&o.training, "training", "", "set up and run a training office in this directory")
	flags.BoolVar(&o.version, "version", false, "say which build this is, and its hash")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if flags.NArg() > 0 {
		return o, fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	if o.tokens == "" {
		o.tokens = filepath.Join(filepath.Dir(o.config), "tokens")
	}
	return o, nil
}

// run returns the exit status: 0 done, 1 failed with a reason, 2 wrong call.
func run(ctx context.Context, args []string) int {
	o, err := parse(args)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "station: %v\nTry: station --help\n", err)
		return 2
	}
	if o.version {
		fmt.Println("station version " + edition.Read().Long())
		return 0
	}
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	if err := work(ctx, o, log); err != nil {
		say.Error(os.Stderr, "station", "en", err)
		return 1
	}
	return 0
}

func work(ctx context.Context, o options, log *slog.Logger) (err error) {
	var practice *training.Office
	if o.training != "" {
		if practice, err = training.New(o.training, os.Stderr); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, practice.Stop()) }()
		log.Info("preparing the training office", "dir", practice.Dir)
		if err := furnish(ctx, practice); err != nil {
			return err
		}
		o.pictures = filepath.Dir(photograph(practice))
		o.config, o.passphraseFile = practice.Config(), practice.PassphraseFile()
		o.tokens = filepath.Dir(practice.Token("station"))
	}
	config, err := setup.Load(o.config, os.LookupEnv)
	if err != nil {
		return err
	}
	a := app.NewWithID(appID)
	a.SetIcon(fyne.NewStaticResource("padarozhnik.png", icons.Padarozhnik))
	if o.passphraseFile == "" {
		return throughGate(ctx, a, o, config, log)
	}
	ask := func(prompt string) ([]byte, error) { return passphrase.Read(o.passphraseFile, prompt) }
	office, err := openOffice(ctx, config, ask, log)
	if err != nil {
		return err
	}
	if practice != nil {
		err = errors.Join(takeStock(ctx, o, practice, office), openDay(ctx, o, office))
	}
	if err == nil {
		var s *showing
		if s, err = begin(ctx, a, o, office, log); err == nil {
			s.window.Fyne().ShowAndRun()
			s.finish()
		}
	}
	return errors.Join(err, office.Close())
}

func openOffice(ctx context.Context, c setup.Config, ask setup.Ask, log *slog.Logger) (*setup.Office, error) {
	office, err := setup.Open(ctx, c, ask, log)
	debug.FreeOSMemory() // a passphrase is tried on 256 MiB, which nobody needs from here on
	return office, err
}

// throughGate asks for the secret of the station's own token in a window of its own, because a program that was
// begun from a desktop has no terminal, and opens the office behind it.
func throughGate(ctx context.Context, a fyne.App, o options, config setup.Config, log *slog.Logger) error {
	var office *setup.Office
	var s *showing
	stopped := context.AfterFunc(ctx, func() { fyne.Do(a.Quit) })
	liked := preferred(a.Preferences(), config.Language)
	try := func(_ context.Context, secret []byte) (err error) { // the office outlives the verb that opens it
		if office == nil { // the window may be what did not open
			ask := func(string) ([]byte, error) { return slices.Clone(secret), nil }
			office, err = openOffice(ctx, config, ask, log)
		}
		return err
	}
	gate, err := ui.NewGate(a, ui.Deps{Language: liked.Language, Look: liked.Look}, try, func() (err error) {
		if s, err = begin(ctx, a, o, office, log); err != nil {
			return err
		}
		stopped() // from here on the window is asked to close
		s.window.Fyne().Show()
		return nil
	})
	if err != nil {
		return err
	}
	gate.Fyne().ShowAndRun()
	stopped()
	gate.Wait()
	if s != nil {
		s.finish()
	}
	if office != nil {
		return office.Close()
	}
	return nil
}

// showing is a window of an office with what works behind it.
type showing struct {
	window *ui.Window
	finish func() // waits until everything behind the closed window has ended
}

// begin makes the window of an open office and begins what works behind it.
func begin(ctx context.Context, a fyne.App, o options, office *setup.Office, log *slog.Logger) (*showing, error) {
	window, err := windowOf(a, o, office, log)
	if err != nil {
		return nil, err
	}
	if office.Config.Devices.Hand == "ask" {
		office.Desk.Hand = window.Hand()
	}
	ctx, end := context.WithCancel(ctx)
	stopped := context.AfterFunc(ctx, func() { fyne.Do(window.Close) })
	synced := background(ctx, office, log)
	window.Watch(ctx)
	guard := make(chan struct{})
	go func() {
		defer close(guard)
		office.Desk.Watch(ctx, window.Locked)
	}()
	return &showing{window, func() {
		stopped()
		end()
		<-guard
		window.Wait()
		<-synced
	}}, nil
}

// windowOf makes the window of an open office.
func windowOf(a fyne.App, o options, office *setup.Office, log *slog.Logger) (*ui.Window, error) {
	officers, err := officersOf(office, o.tokens)
	if err != nil {
		return nil, err
	}
	liked := preferred(a.Preferences(), office.Config.Language)
	deps := ui.Deps{
		Desk:     office.Desk,
		Officers: officers,
		SignIn:   signIn(office, o),
		SignOut:  office.Desk.SignOut,
		Sign:     sign(office),
		Devices:  func(ctx context.Context) []ui.Health { return health(ctx, office.Desk) },
		Language: liked.Language,
		Look:     liked.Look,
		Guide:    !liked.Guided,
		Remember: func(p ui.Preferences) { keep(a.Preferences(), p) },
		About:    about(office.Desk.Program),
		Training: office.Config.Training,
		Stick:    stick{office},
		Pictures: o.pictures,
		Reports:  filepath.Join(filepath.Dir(o.config), "reports"),
		Log:      log,
	}
	if o.visitor != nil {
		o.visitor.before(&deps)
	}
	window, err := ui.New(a, deps)
	if err == nil && o.visitor != nil {
		go o.visitor.opened(window, office)
	}
	return window, err
}

// tokensIn lists the officers whose tokens lie in a directory, by name.
func tokensIn(dir string) ([]string, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.token"))
	if err != nil {
		return nil, err
	}
	var names []string
	for _, f := range files {
		if name := strings.TrimSuffix(filepath.Base(f), ".token"); name != "station" {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("no officer's token in %s; name the directory with --tokens", dir)
	}
	slices.Sort(names)
	return names, nil
}
