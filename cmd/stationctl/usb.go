package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"padarozhnik/cmd/internal/setup"
	"padarozhnik/devices"
	"padarozhnik/devices/usb"
	"padarozhnik/resources"
	"padarozhnik/station/issuance"
)

// cures are the keys of the sentences for every part of an error.
func cures(err error) []string {
	var parts []error
	if many, ok := err.(interface{ Unwrap() []error }); ok {
		parts = many.Unwrap()
	} else {
		parts = []error{err}
	}
	var keys []string
	for _, part := range parts {
		if key := issuance.Cure(part); key != "other" && !slices.Contains(keys, key) {
			keys = append(keys, key)
		}
	}
	return keys
}

// calibrated is what `devices` says of a device's last calibration.
type calibrated struct {
	Time       time.Time `json:"time"`
	OK         bool      `json:"ok"`
	Cause      string    `json:"cause,omitempty"`
	Technician string    `json:"technician"`
	Witness    string    `json:"witness"`
	Firmware   string    `json:"firmware,omitempty"` // at that time
}

// String is the calibration in a line of text.
func (c *calibrated) String() string {
	if c == nil {
		return ""
	}
	if !c.OK {
		return fmt.Sprintf("calibrated %s: %s", c.Time.Format(time.DateOnly), c.Cause)
	}
	return "calibrated " + c.Time.Format(time.DateOnly)
}

// lastCalibration reads a device's last calibration from the station's store, which needs no token. A station
// without a store has none.
func lastCalibration(ctx context.Context, c setup.Config, kind, serial string) (_ *calibrated, err error) {
	if kind != string(issuance.KindScanner) && kind != string(issuance.KindPrinter) {
		return nil, nil
	}
	if _, err := os.Stat(c.Store); errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	store, err := setup.OpenStore(ctx, c)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	found, ok, err := issuance.LastCalibration(ctx, store, issuance.DeviceKind(kind), serial)
	if err != nil || !ok {
		return nil, err
	}
	return &calibrated{Time: time.Unix(found.Time, 0).UTC(), OK: found.OK, Cause: found.Cause,
		Technician: found.Technician, Witness: found.Witness, Firmware: found.Firmware}, nil
}

// plugged reports what hangs on USB, whether this station uses it or not; with test each device is asked who and
// how it is.
func (p *program) plugged(ctx context.Context, c setup.Config, test bool) (reports []deviceReport, failed error) {
	found, err := usb.List(ctx)
	if err != nil {
		return nil, err
	}
	for _, d := range found {
		r := deviceReport{Kind: "usb", Identity: d.Identity, OK: d.Err == nil, Speaks: d.Kinds, Detail: spoken(d)}
		err := d.Err
		if err == nil && test {
			r.Identity, err = ask(ctx, d)
		}
		if err != nil {
			r.OK, r.Detail, r.Conditions = false, err.Error(), cures(err)
			failed = errors.Join(failed, fmt.Errorf("%s: %w", d.Identity.URI, err))
		}
		for _, kind := range []issuance.DeviceKind{issuance.KindPrinter, issuance.KindScanner} {
			if r.Calibration == nil {
				r.Calibration, err = lastCalibration(ctx, c, string(kind), r.Identity.Serial)
				failed = errors.Join(failed, err)
			}
		}
		reports = append(reports, r)
	}
	return reports, failed
}

// spoken is what a device speaks, in a line of text.
func spoken(d usb.Device) string {
	var words []string
	for _, k := range d.Kinds {
		words = append(words, string(k))
	}
	return strings.Join(append(words, d.Commands...), ", ")
}

// ask asks one device on USB who and how it is.
func ask(ctx context.Context, d usb.Device) (devices.Identity, error) {
	printer, err := setup.OpenPrinter(d.Identity.URI)
	if err != nil {
		return d.Identity, err
	}
	id, err := printer.Identify(ctx)
	if err == nil {
		state, err := printer.State(ctx)
		return id, errors.Join(append(state.Conditions, err, setup.Release(printer))...)
	}
	if released := setup.Release(printer); !errors.Is(err, devices.ErrProtocol) || released != nil {
		return d.Identity, errors.Join(err, released)
	}
	scanner, err := setup.OpenScanner(d.Identity.URI) // it does not print: perhaps it scans
	if err != nil {
		return d.Identity, err
	}
	id, err = scanner.Identify(ctx)
	if err = errors.Join(err, setup.Release(scanner)); err != nil {
		return d.Identity, err
	}
	return id, nil
}

// rulePath is where the system finds the permission.
const rulePath = "/etc/udev/rules.d/60-padarozhnik.rules"

// permitCommand lets the users of this desk open printers and scanners on USB.
func (p *program) permitCommand() *cobra.Command {
	var path string
	var show bool
	cmd := &cobra.Command{
		Use:   "permit",
		Short: "Let the users of this desk open printers and scanners on USB (udev rule, needs root)",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if show {
				_, err := p.out.Write(resources.UdevRule)
				return err
			}
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				return fmt.Errorf("%w: run it with sudo: %w", devices.ErrDenied, err)
			}
			if err := os.WriteFile(path, resources.UdevRule, 0o644); err != nil {
				return fmt.Errorf("%w: run it with sudo: %w", devices.ErrDenied, err)
			}
			fmt.Fprintf(p.out, "wrote %s\n", path)
			if path != rulePath {
				return nil
			}
			if out, err := exec.CommandContext(cmd.Context(), "udevadm", "control", "--reload").CombinedOutput(); err != nil {
				fmt.Fprintf(p.errors, "udevadm: %v %s\n", err, out)
			}
			fmt.Fprintln(p.out, "plug the device in again")
			return nil
		},
	}
	cmd.Flags().BoolVar(&show, "show", false, "write the rule to standard output and install nothing")
	cmd.Flags().StringVar(&path, "path", rulePath, "where to write it")
	return cmd
}

// watchCommand tells when devices come and go.
func (p *program) watchCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "watch",
		Short: "Tell when printers and scanners on USB are plugged in and out, until stopped",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return usb.Watch(cmd.Context(), usb.NewKernel(), usb.WatchEvery, func(e usb.Event) {
				word := map[bool]string{true: "came", false: "gone"}[e.Came]
				fmt.Fprintf(p.out, "%s  %s  %s %s\n", word, e.Device.Identity.URI, e.Device.Identity.Maker, e.Device.Identity.Model)
			})
		},
	}
}
