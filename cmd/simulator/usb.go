package main

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"sync"

	"github.com/spf13/cobra"

	"padarozhnik/devices/virtual/desk"
	"padarozhnik/devices/virtual/printer"
	"padarozhnik/devices/virtual/scanner"
	"padarozhnik/devices/virtual/usbip"
)

// usbDesk is what the flags of `simulator usb` say.
type usbDesk struct {
	dir, serial, device string
	faults              []string
	printer             printer.Options
}

// usbCommand serves printer and scanner of a desk as devices on a USB cable.
func usbCommand() *cobra.Command {
	var u usbDesk
	var listen string
	var attach bool
	cmd := &cobra.Command{
		Use:   "usb",
		Short: "Hang the virtual printer and scanner on a USB cable (USB/IP)",
		Long: `Hang the desk's printer and scanner on a USB cable, by USB/IP, until stopped. On the machine that
is to have them, as root (Debian package usbip):

  modprobe vhci-hcd
  usbip attach -r HOST -b 1-1

or, with --attach and as root, this machine's own kernel gets them at once. Devices:

  printer     a passport printer: printer class with PJL (07/01/02) and IPP over USB (07/01/04)
  plain       the same, but its printer class does not say when a page is done
  scanner     a document scanner: eSCL over IPP over USB
  composite   both behind one cable

A page is printed on the book that lies at the desk's printer place; see also simulator printer --help.

Faults, which may be repeated. Those with a position strike once:
` + usbip.FaultHelp(),
		Example: `  simulator usb --desk build/desk --listen 0.0.0.0:3240
  simulator usb --desk build/desk --device printer --fault unplug@100000`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			d, work, err := u.open()
			if err != nil {
				return err
			}
			defer d.Close()
			ctx, stop := context.WithCancel(cmd.Context())
			var running sync.WaitGroup
			running.Go(func() { work(ctx) })
			defer running.Wait()
			defer stop()
			if attach {
				port, err := usbip.FreePort()
				if err != nil {
					return err
				}
				return d.Attach(ctx, port, func() { fmt.Fprintf(cmd.OutOrStdout(), "attached to port %d\n", port) })
			}
			l, err := new(net.ListenConfig).Listen(ctx, "tcp", listen)
			if err != nil {
				return fmt.Errorf("listen: %w", err)
			}
			fmt.Fprintf(cmd.OutOrStdout(), "listening %s: usbip%s attach -r HOST -b 1-1\n", l.Addr(), portOption(l.Addr()))
			return usbip.Listen(ctx, l, []usbip.Exported{{BusID: "1-1", Device: d}})
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&u.dir, "desk", "", "directory of the simulated desk")
	flags.StringVar(&listen, "listen", "127.0.0.1:3240", "address to listen on")
	flags.BoolVar(&attach, "attach", false, "plug it into this machine's kernel, which needs root and vhci-hcd")
	flags.StringVar(&u.device, "device", "composite", "printer, plain, scanner or composite")
	flags.StringVar(&u.serial, "serial", "V0001", "serial number")
	flags.StringArrayVar(&u.faults, "fault", nil, "plant a fault, may be repeated")
	flags.DurationVar(&u.printer.PrintTime, "print-time", 0, "how long a page takes (default 200ms)")
	_ = cmd.MarkFlagRequired("desk")
	return cmd
}

// portOption is what the usbip tool must be told of a port that is not the usual one.
func portOption(a net.Addr) string {
	const usual = 3240
	if tcp, ok := a.(*net.TCPAddr); ok && tcp.Port != usual {
		return fmt.Sprintf(" --tcp-port %d", tcp.Port)
	}
	return ""
}

// open makes the device, and what must run beside it.
func (u *usbDesk) open() (*usbip.Device, func(context.Context), error) {
	var planted []usbip.Fault
	for _, word := range u.faults {
		f, err := usbip.ParseFault(word)
		if err != nil {
			return nil, nil, err
		}
		planted = append(planted, f)
	}
	table, err := desk.Open(u.dir)
	if err != nil {
		return nil, nil, err
	}
	u.printer.Log = slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	p, err := printer.Open(u.dir, u.printer)
	if err != nil {
		return nil, nil, err
	}
	s := scanner.New(scanner.Settings{Desk: table, Dir: u.dir, Seed: 1, SkewDeg: 1.5, ShiftMM: 5, Noise: 2})
	var d *usbip.Device
	switch u.device {
	case "printer", "plain":
		d = usbip.Printer(p, u.serial, u.device == "plain")
	case "scanner":
		d = usbip.Scanner(s, u.serial)
	case "composite":
		d = usbip.Composite(p, s, u.serial)
	default:
		return nil, nil, fmt.Errorf("device %q: want printer, plain, scanner or composite", u.device)
	}
	for _, f := range planted {
		d.Plant(f)
	}
	return d, p.Work, nil
}
