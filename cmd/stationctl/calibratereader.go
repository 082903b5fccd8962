package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"padarozhnik/cmd/internal/setup"
	"padarozhnik/devices"
	"padarozhnik/station"
	"padarozhnik/station/issuance"
)

// errCard: the MRZ test card was not read as it stands.
var errCard = errors.New("MRZ test card not read beyond doubt")

// errReader: the reader fails where the antenna should reach.
var errReader = errors.New("reader does not read the test chip everywhere")

func (p *program) calibrateCardCommand() *cobra.Command {
	var v visit
	cmd := &cobra.Command{
		Use: "card", Short: "Scan the MRZ test card and read it under the strict gate", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx := cmd.Context()
			return p.serve(ctx, v, func(o *setup.Office, tech issuance.Seat) error {
				if err := p.ready(ctx, v, "Lay the MRZ test card on the glass"); err != nil {
					return err
				}
				read, err := o.Desk.ReadCard(ctx, tech)
				if err != nil {
					return err
				}
				if v.json {
					err = p.json(read)
				} else {
					fmt.Fprintf(p.out, "found %v, as it stands %v, beyond doubt %v, weakest character %.2f\n",
						read.Found, read.Same, read.Accepted, read.Weakest)
				}
				if !read.Accepted || !read.Same {
					err = errors.Join(err, errCard)
				}
				return err
			})
		},
	}
	v.flags(cmd, false)
	return cmd
}

func (p *program) calibrateReaderCommand() *cobra.Command {
	var v visit
	var can, serial string
	cmd := &cobra.Command{
		Use:   "reader",
		Short: "Test the chip reader's antenna and rate with a test chip, place by place",
		Long: `Look at the test chip ten times in each place of the antenna, count what failed and how long a look took;
with --can the chip is read whole once, for the rate. The last place is a finger's breadth above the reader: it
may fail there.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.serve(cmd.Context(), v, func(o *setup.Office, tech issuance.Seat) error {
				return p.testReader(cmd.Context(), o, tech, v, can, serial)
			})
		},
	}
	v.flags(cmd, false)
	cmd.Flags().StringVar(&can, "can", "", "card access number of the test chip, to measure the rate")
	cmd.Flags().StringVar(&serial, "serial", "", "the test chip's booklet, where somebody else lays it on the reader")
	return cmd
}

func (p *program) testReader(
	ctx context.Context, o *setup.Office, tech issuance.Seat, v visit, can, serial string,
) error {
	lay := func(ctx context.Context, place string) error {
		if serial != "" {
			return o.Desk.Hand.Put(ctx, station.Serial(serial), issuance.SpotReader)
		}
		return p.ready(ctx, v, "Lay the test chip on the reader: "+place)
	}
	var password *devices.Password
	if can != "" {
		password = &devices.Password{CAN: can}
	}
	fields, err := o.Desk.TestReader(ctx, tech, lay, password)
	if err != nil {
		return err
	}
	for _, f := range fields {
		if f.Errors > 0 && f.Place != "raised" {
			err = errReader
		}
	}
	if v.json {
		return errors.Join(p.json(fields), err)
	}
	for _, f := range fields {
		fmt.Fprintf(p.out, "%-8s %d reads, %d failed, %.0f ms", f.Place, f.Reads, f.Errors, f.Median)
		if f.Rate > 0 {
			fmt.Fprintf(p.out, ", %.1f kB/s", f.Rate/1000)
		}
		fmt.Fprintln(p.out)
	}
	return err
}
