package main

import (
	"context"
	"errors"
	"fmt"
	"image"
	_ "image/jpeg" // pictures to print
	_ "image/png"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"padarozhnik/cmd/internal/setup"
	"padarozhnik/devices"
	"padarozhnik/devices/chip"
	"padarozhnik/devices/chip/atr"
	"padarozhnik/devices/pcsc"
	"padarozhnik/devices/usb"
	"padarozhnik/printing/pwg"
	"padarozhnik/resources"
)

// deviceReport is what `devices list` says of one device.
type deviceReport struct {
	Kind     string           `json:"kind"`
	Identity devices.Identity `json:"identity"`
	OK       bool             `json:"ok"`
	Detail   string           `json:"detail,omitempty"`

	Speaks      []usb.Kind  `json:"speaks,omitempty"`      // of a device on USB
	Conditions  []string    `json:"conditions,omitempty"`  // keys of the sentences that name the cures
	Calibration *calibrated `json:"calibration,omitempty"` // the last of a scanner or printer, as this station keeps it
}

func (p *program) devicesCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "devices", Short: "List and test scanner, printer and encoder"}
	cmd.AddCommand(p.permitCommand(), p.watchCommand())
	for _, c := range []struct {
		use, short string
		test       bool
	}{
		{"list", "Ask each configured device who it is, and list what hangs on USB and every PC/SC reader", false},
		{"test", "Ask each configured device how it is, and look at what lies on it", true},
	} {
		var asJSON, network bool
		sub := &cobra.Command{
			Use: c.use, Short: c.short, Args: cobra.NoArgs,
			RunE: func(cmd *cobra.Command, _ []string) error {
				if network {
					return p.reportNetwork(cmd.Context(), asJSON)
				}
				return p.reportDevices(cmd.Context(), c.test, asJSON)
			},
		}
		if !c.test {
			sub.Flags().BoolVar(&network, "network", false, "ask the local network instead, which scanners announce themselves")
		}
		sub.Flags().BoolVar(&asJSON, "json", false, "for another program")
		cmd.AddCommand(sub)
	}
	return cmd
}

func (p *program) reportDevices(ctx context.Context, test, asJSON bool) error {
	c, err := setup.Load(p.config, os.LookupEnv)
	if err != nil {
		return err
	}
	var reports []deviceReport
	var failed error
	for _, d := range []struct {
		kind string
		ask  func(context.Context, setup.Config, bool) (devices.Identity, string, error)
	}{{"scanner", askScanner}, {"printer", askPrinter}, {"encoder", askEncoder}, {"camera", askCamera}} {
		if d.kind == "camera" && c.Devices.Camera == "" {
			continue // an office may do without
		}
		identity, detail, err := d.ask(ctx, c, test)
		r := deviceReport{Kind: d.kind, Identity: identity, OK: err == nil, Detail: detail}
		if err != nil {
			r.Detail, r.Conditions = err.Error(), cures(err)
			failed = errors.Join(failed, fmt.Errorf("%s: %w", d.kind, err))
		}
		if r.Calibration, err = lastCalibration(ctx, c, d.kind, identity.Serial); err != nil {
			failed = errors.Join(failed, err)
		}
		reports = append(reports, r)
	}
	plugged, err := p.plugged(ctx, c, test)
	reports, failed = append(reports, plugged...), errors.Join(failed, err)
	cameras, err := pluggedCameras(ctx)
	failed = errors.Join(failed, err)
	reports = append(reports, cameras...)
	places, err := pcsc.NewService(pcsc.Deadlines{}).Look(ctx)
	if !errors.Is(err, devices.ErrServiceStopped) || c.Devices.Encoder != "" {
		failed = errors.Join(failed, err) // who has no reader needs no service
	}
	for _, place := range places {
		reports = append(reports, deviceReport{
			Kind: "reader", Identity: devices.Identity{URI: "pcsc:" + place.Reader}, OK: true, Detail: lying(place),
		})
	}
	if asJSON {
		return errors.Join(p.json(reports), failed)
	}
	return errors.Join(p.text(reports), failed)
}

// text writes a device a line, and below it what a person can do about it.
func (p *program) text(reports []deviceReport) error {
	texts, err := resources.Texts(p.language)
	if err != nil {
		return err
	}
	for _, r := range reports {
		mark := map[bool]string{true: "ok", false: "NOT"}[r.OK]
		says := joined("; ", r.Detail, r.Calibration.String())
		fmt.Fprintf(p.out, "%-8s %-4s %s\n", r.Kind, mark, joined("  ", named(r.Identity), says))
		for _, key := range r.Conditions {
			fmt.Fprintf(p.out, "%14s%s\n", "", texts["cure."+key])
		}
	}
	return nil
}

// named is who a device is, as far as it says so.
func named(id devices.Identity) string {
	firmware := id.Firmware
	if firmware != "" {
		firmware = "(firmware " + firmware + ")"
	}
	return joined(" ", id.Maker, id.Model, firmware, id.URI)
}

// joined joins what is not empty.
func joined(between string, words ...string) string {
	return strings.Join(slices.DeleteFunc(words, func(w string) bool { return w == "" }), between)
}

// lying says what lies on a reader, as far as its answer to reset tells.
func lying(p pcsc.Place) string {
	if !p.Present {
		return "nothing on it"
	}
	a, err := atr.Parse(p.ATR)
	switch {
	case err != nil:
		return "a card that does not answer"
	case a.Type == atr.Storage:
		return a.Memory.String()
	case len(a.Rates) > 0:
		return fmt.Sprintf("%s, %v kbit/s", a.Type, a.Rates)
	}
	return string(a.Type)
}

func askScanner(ctx context.Context, c setup.Config, _ bool) (devices.Identity, string, error) {
	s, err := setup.OpenScanner(c.Devices.Scanner)
	if err != nil {
		return devices.Identity{}, "", err
	}
	id, err := s.Identify(ctx)
	return id, "", errors.Join(err, setup.Release(s))
}

func askPrinter(ctx context.Context, c setup.Config, test bool) (_ devices.Identity, _ string, err error) {
	d, err := setup.OpenPrinter(c.Devices.Printer)
	if err != nil {
		return devices.Identity{}, "", err
	}
	defer func() { err = errors.Join(err, setup.Release(d)) }()
	id, err := d.Identify(ctx)
	if err != nil || !test {
		return id, "", err
	}
	state, err := d.State(ctx)
	if err != nil {
		return id, "", err
	}
	says := fmt.Sprintf("idle %v, %v dpi", state.Idle, state.DPI)
	for _, w := range state.Warnings {
		says += "; " + w.Error()
	}
	return id, says, errors.Join(state.Conditions...)
}

func askEncoder(ctx context.Context, c setup.Config, test bool) (devices.Identity, string, error) {
	e, err := setup.OpenEncoder(c.Devices.Encoder, chip.Options{})
	if err != nil {
		return devices.Identity{}, "", err
	}
	id, err := e.Identify(ctx)
	if err != nil || !test {
		return id, "", err
	}
	state, err := e.Chip(ctx)
	if errors.Is(err, devices.ErrNoChip) {
		return id, "no chip on it", nil
	}
	lives := map[devices.Life]string{
		devices.LifeBlank: "blank chip", devices.LifePartial: "half-written chip", devices.LifeLocked: "locked passport",
	}
	return id, lives[state.Life], err
}

func (p *program) printCommand() *cobra.Command {
	var device string
	var dpi int
	cmd := &cobra.Command{
		Use:   "print FILE",
		Short: "Print a picture or a PWG raster at its true size",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			d, err := setup.OpenPrinter(device)
			if err != nil {
				return err
			}
			sheet, err := loadSheet(args[0], dpi)
			if err != nil {
				return err
			}
			return d.Print(cmd.Context(), sheet, progress(p.errors))
		},
	}
	cmd.Flags().StringVar(&device, "device", "", "address of the printer (ipp://HOST:PORT/ipp/print, usb:VID:PID[:SERIAL] or file:DIR)")
	cmd.Flags().IntVar(&dpi, "dpi", 600, "resolution of a picture; a raster has its own")
	_ = cmd.MarkFlagRequired("device")
	return cmd
}

// maxPrintPixels bounds a raster: A4 at 1200 dpi.
const maxPrintPixels = 150 << 20

func loadSheet(path string, dpi int) (devices.Sheet, error) {
	f, err := os.Open(path)
	if err != nil {
		return devices.Sheet{}, err
	}
	defer f.Close()
	if img, _, err := image.Decode(f); err == nil {
		return devices.Sheet{Image: img, DPI: dpi, Title: "page"}, nil
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return devices.Sheet{}, err
	}
	img, head, err := pwg.NewDecoder(f, maxPrintPixels).DecodePage()
	if err != nil {
		return devices.Sheet{}, fmt.Errorf("%s is neither a picture nor a PWG raster: %w", path, err)
	}
	return devices.Sheet{Image: img, DPI: head.DPIX, Title: "page"}, nil
}
