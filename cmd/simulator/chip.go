package main

import (
	"crypto/rand"
	"fmt"
	"log/slog"
	"time"

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
		rate   int
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
  remove:N          taken away before command N; it stays away
  status:N:XXXX     command N is not done and answers XXXX
  wrong-byte:N      read N gives a wrong byte
  read-room:N       a read gives N bytes at most
  refuse-long:N     a read of more than N bytes is refused, and ends the session
  delay:N           every command takes N milliseconds longer

With --bitrate each command also takes the time that it would take on the air (ISO/IEC 14443 type A
at 106, 212, 424 or 848 kbit/s), and each write the time of the chip's memory.`,
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
			if rate != 0 {
				air, err := virtual.NewAir(rate)
				if err != nil {
					return err
				}
				p.Clock = &virtual.Clock{Air: air, Sleep: time.Sleep}
			}
			fmt.Fprintln(cmd.OutOrStdout(), "chip ready")
			return p.Run(cmd.Context())
		},
	}
	cmd.Flags().StringVar(&dir, "desk", "", "directory of the simulated desk")
	cmd.Flags().IntVar(&port, "port", 35963, "port of the vpcd reader on this machine")
	cmd.Flags().StringArrayVar(&faults, "fault", nil, "fault to play, may be repeated")
	cmd.Flags().IntVar(&rate, "bitrate", 0, "take the time of the air at this rate in kbit/s; 0 takes none")
	_ = cmd.MarkFlagRequired("desk")
	return cmd
}
