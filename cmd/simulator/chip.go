package main

import (
	"crypto/rand"
	"fmt"
	"log/slog"

	"github.com/spf13/cobra"

	virtual "padarozhnik/devices/virtual/chip"
	"padarozhnik/devices/virtual/desk"
)

// chipCommand plays the chip of whatever book lies at the desk's reader.
func chipCommand() *cobra.Command {
	var (
		dir    string
		port   int
		faults []string
	)
	cmd := &cobra.Command{
		Use:   "chip",
		Short: "Play the chip of the book at the desk's reader, on a virtual PC/SC reader",
		Long: `Play the chip of the book at the desk's reader, on a virtual PC/SC reader.

pcscd must run with a vpcd reader that listens at --port. Moving a book to the reader inserts its
chip, moving it away removes it. It prints one line, "chip ready", when it begins to look.

Faults happen to the first chip, once; commands and reads count from 1:
  tear-before:N     out of the field before command N is done
  tear-after:N      out of the field after command N, its answer lost
  status:N:XXXX     command N is not done and answers XXXX
  wrong-byte:N      read N gives a wrong byte`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			d, err := desk.Open(dir)
			if err != nil {
				return err
			}
			log := slog.New(slog.NewTextHandler(cmd.ErrOrStderr(), nil))
			p := virtual.Player{Desk: d, Port: port, Rand: rand.Reader, Log: log}
			for _, f := range faults {
				if err := virtual.ParseFault(&p.Faults, f); err != nil {
					return err
				}
			}
			fmt.Fprintln(cmd.OutOrStdout(), "chip ready")
			return p.Run(cmd.Context())
		},
	}
	cmd.Flags().StringVar(&dir, "desk", "", "directory of the simulated desk")
	cmd.Flags().IntVar(&port, "port", 35963, "port of the vpcd reader on this machine")
	cmd.Flags().StringArrayVar(&faults, "fault", nil, "fault to play, may be repeated")
	_ = cmd.MarkFlagRequired("desk")
	return cmd
}
