// Command stationctl does the work of a station without a window: the same desk, the same verbs,
// for scripts, for batch operators, and for technicians who look at one device.
//
// It exits with 0 when the work is done, 1 when it was refused or went wrong (a sentence says what
// to do, the detail stands below it), and 2 for a wrong call.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"padarozhnik/cmd/internal/edition"
	"padarozhnik/cmd/internal/passphrase"
	"padarozhnik/cmd/internal/say"
	"padarozhnik/cmd/internal/setup"
	"padarozhnik/station/jp2"
)

func main() {
	if status, ok := jp2.Serve(os.Args, os.Stdin, os.Stdout); ok { // begun to open one picture
		os.Exit(status)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	p := &program{out: os.Stdout, errors: os.Stderr}
	os.Exit(p.main(ctx, os.Args[1:]))
}

// program is what every command shares.
type program struct {
	out, errors    io.Writer
	config         string
	passphraseFile string
	language       string
	verbose        bool
}

// usageError is a wrong call: exit status 2.
type usageError struct{ error }

func (p *program) main(ctx context.Context, args []string) int {
	root := p.root()
	root.SetArgs(args)
	root.SetOut(p.out)
	root.SetErr(p.errors)
	err := root.ExecuteContext(ctx)
	var usage usageError
	switch {
	case err == nil:
		return 0
	case errors.Is(err, context.Canceled) && ctx.Err() != nil:
		fmt.Fprintln(p.errors, "stationctl: stopped; the record is saved")
		return 1
	case errors.As(err, &usage):
		fmt.Fprintf(p.errors, "stationctl: %v\nTry: stationctl --help\n", err)
		return 2
	}
	say.Error(p.errors, "stationctl", p.language, err)
	return 1
}

func (p *program) root() *cobra.Command {
	root := &cobra.Command{
		Use:           "stationctl",
		Short:         "The work of a passport station without a window",
		Version:       edition.Read().String(),
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	flags := root.PersistentFlags()
	flags.StringVar(&p.config, "config", "station.toml", "the station's configuration file")
	flags.StringVar(&p.passphraseFile, "passphrase-file", "", "file with the tokens' passphrase (training)")
	flags.StringVar(&p.language, "language", "en", "of the sentences: be or en")
	flags.BoolVarP(&p.verbose, "verbose", "v", false, "log every stage")
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	root.AddCommand(p.demoCommand(), p.caseCommand(), p.stockCommand(), p.syncCommand(), p.journalCommand(),
		p.devicesCommand(), p.scanCommand(), p.printCommand(), p.chipCommand(), p.mrzCommand(),
		p.portraitCommand(), p.pageCommand(), p.tokenCommand(), p.ldsCommand(), p.trustCommand(),
		p.dayCommand(), p.purgeCommand(), p.batchCommand(), p.auditCommand(), p.calibrateCommand())
	root.AddCommand(p.receiptCommand(), p.revocationsCommand(), p.bookCommand(), p.officersCommand(), p.versionCommand())
	for _, c := range root.Commands() {
		strict(c)
	}
	return root
}

// strict turns cobra's complaints about arguments into usage errors.
func strict(c *cobra.Command) {
	if check := c.Args; check != nil {
		c.Args = func(cmd *cobra.Command, args []string) error {
			if err := check(cmd, args); err != nil {
				return usageError{err}
			}
			return nil
		}
	}
	for _, sub := range c.Commands() {
		strict(sub)
	}
}

func (p *program) log() *slog.Logger {
	level := slog.LevelWarn
	if p.verbose {
		level = slog.LevelInfo
	}
	return slog.New(slog.NewTextHandler(p.errors, &slog.HandlerOptions{Level: level}))
}

func (p *program) ask(prompt string) ([]byte, error) {
	return passphrase.Read(p.passphraseFile, prompt)
}

// office opens the desk of the configuration.
func (p *program) office(ctx context.Context) (*setup.Office, error) {
	c, err := p.load()
	if err != nil {
		return nil, err
	}
	return setup.Open(ctx, c, p.ask, p.log())
}

func (p *program) load() (setup.Config, error) { return setup.Load(p.config, os.LookupEnv) }

// json prints a value for another program.
func (p *program) json(v any) error {
	e := json.NewEncoder(p.out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}
