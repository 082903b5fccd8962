package main

import (
	"fmt"
	"log/slog"
	"net"
	"os"

	"github.com/spf13/cobra"

	"padarozhnik/devices/virtual/printer"
)

// printerCommand runs the virtual passport printer until it is told to stop.
func printerCommand() *cobra.Command {
	var (
		dir, listen, fault string
		o                  printer.Options
	)
	cmd := &cobra.Command{
		Use:   "printer",
		Short: "Run the virtual passport printer (IPP)",
		Long: `Run the virtual passport printer. It prints on the book that lies at the desk's printer place and
ejects it into the drawer. Received documents are kept as DIR/jobs/N.pwg.

A fault is planted at the start with --fault, and at any time by writing its word into
DIR/faults/printer; removing that file cures it. Faults: no-booklet, jam, ink-empty, cover-open,
wrong-page, wrong-booklet (takes another one from the drawer), skew, damaged, maintenance, ink-low,
power-lost (when half of the page is inked), power-lost-early (while the page is being sent),
power-lost-late (when the page is complete and nobody was told), hang (takes every request and answers none).

DIR/faults/shift.json misplaces the ink: {"xMM": 0.5, "yMM": 0, "degrees": 0.3, "scaleX": 1.002,
"scaleY": 1, "jitterMM": 0.02}. DIR/faults/lie.json lays booklets in askew, which the printer measures
unless it is blind: {"xMM": 1, "yMM": -0.5, "degrees": 0.4}.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			planted, err := printer.ParseFault(fault)
			if err != nil {
				return err
			}
			o.Log = slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
			p, err := printer.Open(dir, o)
			if err != nil {
				return err
			}
			if cmd.Flags().Changed("fault") {
				if err := p.Plant(planted); err != nil {
					return err
				}
			}
			l, err := net.Listen("tcp", listen)
			if err != nil {
				return fmt.Errorf("listen: %w", err)
			}
			fmt.Fprintf(cmd.OutOrStdout(), "listening ipp://%s%s\n", l.Addr(), printer.Path)
			return p.Serve(cmd.Context(), l)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&dir, "desk", "", "directory of the simulated desk")
	flags.StringVar(&listen, "listen", "127.0.0.1:0", "address to listen on")
	flags.StringVar(&fault, "fault", "", "plant a fault at the start, or cure one with none")
	flags.BoolVar(&o.ShortEdge, "short-edge", false, "feed books short edge first")
	flags.BoolVar(&o.Blind, "blind", false, "neither read the booklet's number nor measure how it lies")
	flags.DurationVar(&o.PrintTime, "print-time", 0, "how long a page takes (default 200ms)")
	_ = cmd.MarkFlagRequired("desk")
	return cmd
}
