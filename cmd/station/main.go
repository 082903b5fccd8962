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
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/app"
	"golang.org/x/term"

	"padarozhnik/cmd/internal/edition"
	"padarozhnik/cmd/internal/say"
	"padarozhnik/cmd/internal/setup"
	"padarozhnik/resources/icons"
	"padarozhnik/station/issuance"
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
	gate    func(fyne.App, *ui.Gate) // before it is shown
	before  func(*ui.Deps)
	opened  func(*ui.Window, *setup.Office)
	refused func(fyne.App, error)
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
		o.tokens = beside(o.config)
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

// work shows the window until it is closed. Where the configuration cannot be read it returns why, unless nobody
// looks at a terminal: then the window says it.
func work(ctx context.Context, o options, log *slog.Logger) error {
	e := &entrance{options: o, log: log}
	if o.training != "" {
		if err := e.practise(o.training); err != nil {
			return err
		}
	}
	if err := e.load(); err != nil && !onDesktop() {
		return err
	}
	e.app = app.NewWithID(appID)
	e.app.SetIcon(fyne.NewStaticResource("padarozhnik.png", icons.Padarozhnik))
	return e.stand(ctx)
}

// onDesktop tells whether there is a screen for a window, and no terminal that an error could be read at.
func onDesktop() bool {
	screen := os.Getenv("DISPLAY") != "" || os.Getenv("WAYLAND_DISPLAY") != ""
	return screen && !term.IsTerminal(int(os.Stderr.Fd()))
}

// showing is a window of an office with what works behind it.
type showing struct {
	window *ui.Window
	finish func() // waits until everything behind the closed window has ended
}

// settling is how long after its opening a window is still: what the making of it took is then given back.
const settling = time.Second

// begin makes the window of an open office, in that of its gate, and begins what works behind it.
func begin(
	ctx context.Context, a fyne.App, in fyne.Window, o options, office *setup.Office, log *slog.Logger,
) (*showing, error) {
	window, err := windowOf(a, in, o, office, log)
	if err != nil {
		return nil, err
	}
	if office.Config.Devices.Hand == "ask" {
		office.Desk.Hand = window.Hand()
	}
	ctx, end := context.WithCancel(ctx)
	stopped := context.AfterFunc(ctx, func() { fyne.Do(window.Close) })
	settled := time.AfterFunc(settling, debug.FreeOSMemory)
	synced := background(ctx, office, log)
	window.Watch(ctx)
	guard := make(chan struct{})
	go func() {
		defer close(guard)
		office.Desk.Watch(ctx, window.Locked)
	}()
	return &showing{window, func() {
		stopped()
		settled.Stop()
		end()
		<-guard
		window.Wait()
		<-synced
	}}, nil
}

// windowOf makes the window of an open office in that of its gate.
func windowOf(a fyne.App, in fyne.Window, o options, office *setup.Office, log *slog.Logger) (*ui.Window, error) {
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
		Window:   in,
	}
	if o.visitor != nil && o.visitor.before != nil {
		o.visitor.before(&deps)
	}
	window, err := ui.New(a, deps)
	if err == nil && o.visitor != nil && o.visitor.opened != nil {
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
		return nil, fmt.Errorf("%w: no officer's in %s; name the directory with --tokens", issuance.ErrNoToken, dir)
	}
	slices.Sort(names)
	return names, nil
}
