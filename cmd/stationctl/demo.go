package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"padarozhnik/cmd/internal/passphrase"
	"padarozhnik/cmd/internal/setup"
	"padarozhnik/cmd/internal/training"
	"padarozhnik/station"
	"padarozhnik/station/issuance"
)

// demo leads one Utopian applicant through a training office, as five officers would. It looks at
// the stage that the record shows and does the next step, so a demo that was stopped or killed
// goes on where it stopped.
type demo struct {
	out       string
	keys      hqToken
	print     io.Writer
	training  *training.Office
	office    *setup.Office
	seats     map[string]issuance.Seat
	applicant training.Applicant
	token     station.CaseToken
	report    demoReport
}

// demoReport is report.json.
type demoReport struct {
	OK     bool              `json:"ok"`
	Case   station.CaseToken `json:"case,omitempty"`
	Serial station.Serial    `json:"serial,omitempty"`
	Steps  []demoStep        `json:"steps"`
}

type demoStep struct {
	Name   string `json:"name"`
	OK     bool   `json:"ok"`
	MS     int64  `json:"ms"`
	Detail string `json:"detail"`
}

// hqToken is a PKCS #11 token for headquarters' keys; the zero value means key files.
type hqToken struct{ module, label, pinFile string }

// flags are what the headquarters programs are told of it.
func (k hqToken) flags() []string {
	if k.module == "" {
		return nil
	}
	return []string{"--pkcs11", k.module, "--token", k.label, "--pin-file", k.pinFile}
}

func (p *program) demoCommand() *cobra.Command {
	var out string
	var keys hqToken
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Lead one Utopian applicant from scan to hand-over in a training office",
		Long: `Set up a training office in DIR/office (headquarters, vault, scanner, printer and chip as processes of
their own), lead one invented applicant through it, and leave what was made in DIR. A demo that
was interrupted goes on where it stopped; after a finished one the next applicant comes.

Headquarters makes and uses its keys inside a PKCS #11 token in software (SoftHSM2), or inside the one
that --pkcs11 names: a trial of a device with a whole life of a passport.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			d := &demo{out: out, keys: keys, print: p.out, applicant: training.Example(), seats: map[string]issuance.Seat{}}
			return d.run(cmd.Context(), p)
		},
	}
	cmd.Flags().StringVar(&out, "out", "build/demo", "directory for what is made")
	cmd.Flags().StringVar(&keys.module, "pkcs11", "", "PKCS #11 library of a token for headquarters' keys")
	cmd.Flags().StringVar(&keys.label, "token", "", "label of that token")
	cmd.Flags().StringVar(&keys.pinFile, "pin-file", "", "file with its PIN")
	cmd.MarkFlagsRequiredTogether("pkcs11", "token", "pin-file")
	return cmd
}

func (d *demo) run(ctx context.Context, p *program) (err error) {
	if err := os.MkdirAll(d.out, 0o755); err != nil {
		return err
	}
	defer func() {
		d.report.OK = err == nil
		err = errors.Join(err, d.writeReport())
		if err == nil {
			fmt.Fprintf(d.print, "ok: booklet %s of case %s; see %s\n", d.report.Serial, d.token, d.out)
		}
	}()
	if d.training, err = training.New(filepath.Join(d.out, "office"), d.print); err != nil {
		return err
	}
	d.training.Keys = d.keys.flags()
	defer func() { err = errors.Join(err, d.training.Stop()) }()
	if err := d.open(ctx, p); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.office.Close()) }()
	for {
		c, err := d.office.Desk.Case(ctx, d.token)
		if err != nil {
			return err
		}
		d.report.Serial = c.Serial
		if c.Stage == station.StageClosed {
			return nil
		}
		if err := d.advance(ctx, c); err != nil {
			return err
		}
	}
}

// step does one thing, and says what it was, how long it took and what it proved.
func (d *demo) step(name string, do func() (string, error)) error {
	fmt.Fprintf(d.print, "step %-12s ", name)
	began := time.Now()
	detail, err := do()
	s := demoStep{Name: name, OK: err == nil, MS: time.Since(began).Milliseconds(), Detail: detail}
	if err != nil {
		s.Detail = err.Error()
	}
	d.report.Steps = append(d.report.Steps, s)
	fmt.Fprintf(d.print, "%6d ms  %s\n", s.MS, s.Detail)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

func (d *demo) writeReport() error {
	b, err := json.MarshalIndent(d.report, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(d.out, "report.json"), append(b, '\n'), 0o644)
}

// open sets the office up and finds the case to go on with, or opens a new one.
func (d *demo) open(ctx context.Context, p *program) error {
	t := d.training
	if err := d.step("prepare", func() (string, error) {
		if err := t.Prepare(ctx); err != nil {
			return "", err
		}
		if err := t.Supply(ctx); err != nil {
			return "", err
		}
		return "keys of a country, of a station and of five officers; blanks from a maker", nil
	}); err != nil {
		return err
	}
	if err := d.step("start", func() (string, error) {
		return "headquarters, vault, scanner, printer and chip reader run as processes of their own", t.Start(ctx)
	}); err != nil {
		return err
	}
	if err := d.step("open", func() (string, error) {
		c, err := setup.Load(t.Config(), os.LookupEnv)
		if err != nil {
			return "", err
		}
		if d.office, err = setup.Open(ctx, c, d.ask, p.log()); err != nil {
			return "", err
		}
		return fmt.Sprintf("station %s under charter version %d, signed by headquarters' root",
			d.office.Desk.Charter.Station, d.office.Desk.Charter.Version), nil
	}); err != nil {
		return errors.Join(err, d.closeOffice())
	}
	if err := d.stock(ctx); err != nil {
		return errors.Join(err, d.closeOffice())
	}
	if err := d.openDay(ctx); err != nil {
		return errors.Join(err, d.closeOffice())
	}
	if err := d.begin(ctx); err != nil {
		return errors.Join(err, d.closeOffice())
	}
	return nil
}

// openDay has two officers count the safe and open the day, unless it is open still.
func (d *demo) openDay(ctx context.Context) error {
	desk := d.office.Desk
	return d.step("day", func() (string, error) {
		if _, err := desk.Today(ctx); !errors.Is(err, issuance.ErrDayClosed) {
			return "open since an earlier run", err
		}
		_, counted, err := desk.Checklist(ctx, 0)
		if err != nil {
			return "", err
		}
		err = d.as("A-01", func(first issuance.Seat) error {
			return d.as("C-01", func(second issuance.Seat) error {
				_, err := desk.OpenDay(ctx, first, second, counted)
				return err
			})
		})
		return fmt.Sprintf("opened with two tokens; %d blanks in the safe", counted), err
	})
}

func (d *demo) ask(prompt string) ([]byte, error) {
	return passphrase.Read(d.training.PassphraseFile(), prompt)
}

// as runs a verb with an officer, who signs in when they are needed first.
func (d *demo) as(name string, verb func(issuance.Seat) error) error {
	seat, ok := d.seats[name]
	if !ok {
		var err error
		if seat, err = d.office.SignIn(d.training.Token(name), d.ask); err != nil {
			return err
		}
		d.seats[name] = seat
	}
	return verb(seat)
}

func (d *demo) closeOffice() error {
	if d.office == nil {
		return nil
	}
	return d.office.Close()
}

// stock takes a delivery into the safe, if one has come: seals, two blind counts, then the manifest.
func (d *demo) stock(ctx context.Context) error {
	return d.step("stock", func() (string, error) {
		stored := 0
		err := d.as("A-01", func(first issuance.Seat) error {
			return d.as("C-01", func(second issuance.Seat) (err error) {
				stored, err = d.training.Receive(ctx, d.office.Desk, first, second)
				return err
			})
		})
		if err != nil || stored == 0 {
			return "nothing new to count", err
		}
		return fmt.Sprintf("seals compared; %d blanks counted blind by two custodians, equal to the manifest", stored), nil
	})
}

// begin finds an unfinished case or opens a new one.
func (d *demo) begin(ctx context.Context) error {
	return d.step("enrol", func() (string, error) {
		board, err := d.office.Desk.Board(ctx)
		if err != nil {
			return "", err
		}
		for _, c := range board.Cases {
			if c.Open() {
				d.token, d.report.Case = c.Token, c.Token
				return fmt.Sprintf("case %s goes on at stage %s", c.Token, c.Stage), nil
			}
		}
		err = d.as("E-01", func(seat issuance.Seat) (err error) {
			d.token, err = d.office.Desk.Enrol(ctx, seat)
			return err
		})
		d.report.Case = d.token
		return fmt.Sprintf("case %s opened under a key of its own", d.token), err
	})
}
