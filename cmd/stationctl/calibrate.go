package main

import (
	"context"
	"errors"
	"fmt"
	"image"
	"os"
	"time"

	"github.com/spf13/cobra"

	"padarozhnik/cmd/internal/setup"
	"padarozhnik/printing"
	"padarozhnik/printing/calibration"
	"padarozhnik/printing/measure"
	"padarozhnik/station"
	"padarozhnik/station/issuance"
)

func (p *program) calibrateCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "calibrate",
		Short: "The technician's visit: scanner, printer, chip reader",
		Long: `Calibrate and test the devices, in service mode: no case can be reached meanwhile, and it closes itself
after ten minutes. First the scanner by its card, then the printer by targets on void pages (spoiled
booklets, or plain cards of 125 x 88 mm). What was measured is in force once a second person has
countersigned it (--witness). The cards are drawn by "calibrate sheet".`,
	}
	cmd.AddCommand(p.calibrateScannerCommand(), p.calibratePrinterCommand(), p.calibrateReaderCommand(),
		p.calibrateCardCommand(), p.calibrateStatusCommand(), p.calibrateAcceptCommand(), p.calibrateSheetCommand())
	return cmd
}

// visit are the flags of a technician's command.
type visit struct {
	tech, witness string
	json, yes     bool
}

func (v *visit) flags(cmd *cobra.Command, witnessed bool) {
	cmd.Flags().StringVar(&v.tech, "token", "", "the technician's token")
	_ = cmd.MarkFlagRequired("token")
	cmd.Flags().BoolVar(&v.json, "json", false, "for another program")
	cmd.Flags().BoolVar(&v.yes, "yes", false, "everything lies ready: ask nobody to press Enter")
	if witnessed {
		cmd.Flags().StringVar(&v.witness, "witness", "", "the token of the second person; without it nothing comes into force")
	}
}

// serve opens service mode for the technician, runs the work, and closes it, unless the technician has it
// open in the window.
func (p *program) serve(ctx context.Context, v visit, do func(o *setup.Office, tech issuance.Seat) error) error {
	return p.withOffice(ctx, func(o *setup.Office) error {
		tech, err := o.SignIn(v.tech, p.ask)
		if err != nil {
			return err
		}
		before, err := o.Desk.Service(ctx)
		if err != nil {
			return err
		}
		if err := o.Desk.OpenService(ctx, tech); err != nil {
			return err
		}
		err = do(o, tech)
		if !before.Open && o.Desk.ServiceLeft() > 0 {
			err = errors.Join(err, o.Desk.CloseService(context.WithoutCancel(ctx), tech))
		}
		return err
	})
}

// sign countersigns a measurement where there is a witness, and shows it.
func (p *program) sign(ctx context.Context, o *setup.Office, tech issuance.Seat, v visit, c issuance.Calibration) error {
	if v.witness != "" {
		witness, err := o.SignIn(v.witness, p.ask)
		if err != nil {
			return err
		}
		if c, err = o.Desk.SignCalibration(ctx, tech, witness, c); err != nil {
			return err
		}
	}
	if v.json {
		return p.json(c)
	}
	p.show(c)
	if c.Time == 0 {
		fmt.Fprintln(p.out, "measured, not signed: it comes into force with --witness")
	}
	return nil
}

// show prints a calibration for a person.
func (p *program) show(c issuance.Calibration) {
	state := "in tolerance"
	if !c.OK {
		state = "OUT OF TOLERANCE (" + c.Cause + ")"
	}
	when := ""
	if c.Time != 0 {
		when = time.Unix(c.Time, 0).UTC().Format(time.DateOnly) + " " + c.Technician + ", " + c.Witness
	}
	fmt.Fprintf(p.out, "%s %s %s firmware %s: %s %s\n", c.Kind, c.Model, c.Serial, c.Firmware, state, when)
	if r := c.Printer; r != nil {
		fmt.Fprintf(p.out, "  off by %.2f, %.2f mm, turned %.2f degrees, scale %.4f x %.4f\n",
			r.OffsetXMM, r.OffsetYMM, r.TurnDeg, r.ScaleX, r.ScaleY)
		fmt.Fprintf(p.out, "  the correction leaves %.3f mm; prints differ by %.3f mm; certain to %.3f mm; verified within %.3f mm\n",
			r.RestMM, r.SpreadMM, r.ConfidenceMM, c.VerifyMM)
	}
	if s := c.Scanner; s != nil {
		fmt.Fprintf(p.out, "  scale %.4f x %.4f, shear %.4f, %.3f mm left\n", s.Geometry.ScaleX, s.Geometry.ScaleY, s.Geometry.Shear, s.RestMM)
		fmt.Fprintf(p.out, "  black %.0f, white %.0f, gamma %.2f, greys within %.0f %%\n", s.Black, s.White, s.Gamma, 100*s.GreyError)
	}
}

// ready asks a person to do something and press Enter.
func ready(ctx context.Context, v visit, what string) error {
	if v.yes {
		return ctx.Err()
	}
	return setup.Enter(ctx, what)
}

func (p *program) calibrateScannerCommand() *cobra.Command {
	var v visit
	cmd := &cobra.Command{
		Use: "scanner", Short: "Measure the scanner's geometry and greys by its card", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx := cmd.Context()
			return p.serve(ctx, v, func(o *setup.Office, tech issuance.Seat) error {
				if err := ready(ctx, v, "Lay the scanner's card on the glass, its full mark at the top left"); err != nil {
					return err
				}
				c, err := o.Desk.MeasureScanner(ctx, tech)
				if err != nil {
					return err
				}
				return p.sign(ctx, o, tech, v, c)
			})
		},
	}
	v.flags(cmd, true)
	return cmd
}

// voidPages hands out the void pages that were named, or asks for them.
type voidPages struct {
	p       *program
	v       visit
	serials []string
}

// Next implements issuance.Voids.
func (w voidPages) Next(ctx context.Context, step calibration.Step, _ *image.RGBA) (station.Serial, error) {
	what := "target"
	if step.Verify {
		what = "verification"
	}
	serial := fmt.Sprintf("CARD-%d", step.Number)
	if len(w.serials) > 0 {
		if step.Number > len(w.serials) {
			return "", usageError{fmt.Errorf("%d void pages named, %d are needed", len(w.serials), step.Of)}
		}
		serial = w.serials[step.Number-1]
	}
	if !w.v.json {
		fmt.Fprintf(w.p.errors, "%s %d of %d on the void page %s\n", what, step.Number, step.Of, serial)
	}
	return station.Serial(serial), nil
}

func (p *program) calibratePrinterCommand() *cobra.Command {
	var v visit
	var voids []string
	cmd := &cobra.Command{
		Use: "printer", Short: "Measure the printer by targets on four void pages, and prove its correction", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx := cmd.Context()
			return p.serve(ctx, v, func(o *setup.Office, tech issuance.Seat) error {
				c, err := o.Desk.MeasurePrinter(ctx, tech, voidPages{p, v, voids}, nil)
				if err != nil {
					return err
				}
				return p.sign(ctx, o, tech, v, c)
			})
		},
	}
	v.flags(cmd, true)
	cmd.Flags().StringSliceVar(&voids, "void", nil, "serials of four void pages; without it plain cards are asked for")
	return cmd
}

func (p *program) calibrateStatusCommand() *cobra.Command {
	var asJSON bool
	var chart string
	cmd := &cobra.Command{
		Use: "status", Short: "Show how scanner and printer stand to their calibrations, and their history", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.withOffice(cmd.Context(), func(o *setup.Office) error {
				return p.calibrations(cmd.Context(), o.Desk, asJSON, chart)
			})
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "for another program")
	cmd.Flags().StringVar(&chart, "chart", "", "write the printer's history as a picture (SVG)")
	return cmd
}

// kindStatus is what `calibrate status` says of one device.
type kindStatus struct {
	Health  issuance.DeviceHealth  `json:"health"`
	Word    string                 `json:"word"`
	History []issuance.Calibration `json:"history"`
}

func (p *program) calibrations(ctx context.Context, d *issuance.Desk, asJSON bool, chart string) error {
	var all []kindStatus
	var failed error
	for _, kind := range []issuance.DeviceKind{issuance.KindScanner, issuance.KindPrinter} {
		h, err := d.Health(ctx, kind)
		failed = errors.Join(failed, err)
		history, err := d.Calibrations(ctx, kind)
		if err != nil {
			return err
		}
		all = append(all, kindStatus{h, h.Word(), history})
		if kind == issuance.KindPrinter && chart != "" {
			if err := os.WriteFile(chart, issuance.Chart(history), 0o600); err != nil {
				return err
			}
		}
	}
	if asJSON {
		return errors.Join(p.json(all), failed)
	}
	for _, s := range all {
		fmt.Fprintf(p.out, "%-8s %s %s firmware %s: %s\n", s.Health.Kind, s.Health.Model, s.Health.Serial, s.Health.Firmware, s.Word)
		for _, c := range s.History {
			p.show(c)
		}
	}
	return failed
}

func (p *program) calibrateAcceptCommand() *cobra.Command {
	var v visit
	var note string
	cmd := &cobra.Command{
		Use:       "accept scanner|printer",
		Short:     "Accept another device, or another firmware, by a note that a second person countersigns",
		Args:      cobra.MatchAll(cobra.ExactArgs(1), cobra.OnlyValidArgs),
		ValidArgs: []string{string(issuance.KindScanner), string(issuance.KindPrinter)},
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.serve(cmd.Context(), v, func(o *setup.Office, tech issuance.Seat) error {
				witness, err := o.SignIn(v.witness, p.ask)
				if err != nil {
					return err
				}
				return o.Desk.AcceptDevice(cmd.Context(), tech, witness, issuance.DeviceKind(args[0]), note)
			})
		},
	}
	v.flags(cmd, true)
	_ = cmd.MarkFlagRequired("witness")
	cmd.Flags().StringVar(&note, "note", "", "why, in words; no name")
	_ = cmd.MarkFlagRequired("note")
	return cmd
}

func (p *program) calibrateSheetCommand() *cobra.Command {
	var out string
	var dpi int
	cmd := &cobra.Command{
		Use:       "sheet scanner|printer|mrz",
		Short:     "Draw the scanner's card, the printer's target or the MRZ test card as PNG at its true size",
		Args:      cobra.MatchAll(cobra.ExactArgs(1), cobra.OnlyValidArgs),
		ValidArgs: []string{"scanner", "printer", "mrz"},
		RunE: func(cmd *cobra.Command, args []string) error {
			img, err := drawSheet(cmd.Context(), args[0], dpi)
			if err != nil {
				return err
			}
			data, err := calibration.PNG(img, dpi)
			if err != nil {
				return err
			}
			return os.WriteFile(out, data, 0o600)
		},
	}
	cmd.Flags().StringVar(&out, "out", "card.png", "file to write")
	cmd.Flags().IntVar(&dpi, "dpi", 600, "resolution, 150 to 1200")
	return cmd
}

func drawSheet(ctx context.Context, which string, dpi int) (*image.RGBA, error) {
	if dpi < 150 || dpi > 1200 {
		return nil, usageError{fmt.Errorf("resolution of %d dpi: want 150 to 1200", dpi)}
	}
	switch which {
	case "scanner":
		return calibration.ScannerTarget().Draw(dpi, measure.Identity()), nil
	case "printer":
		return calibration.PrinterTarget().Draw(dpi, measure.Identity()), nil
	}
	l, err := printing.Utopia()
	if err != nil {
		return nil, err
	}
	return calibration.Card(ctx, l, dpi)
}
