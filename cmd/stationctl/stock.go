package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"padarozhnik/cmd/internal/setup"
	"padarozhnik/station"
	"padarozhnik/station/issuance"
)

func (p *program) stockCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "stock",
		Short: "Blanks: receive deliveries, count the safe, send, spoil, lose, destroy; statements",
		Long: `Every blank is accounted for by its number. A delivery is received in steps, each kept for itself: "arrive"
(two custodians read the seals), "count" (each counts each bag alone, before anybody has seen the manifest),
"compare" (the manifest is opened), "store" (both sign, and the good bags are in the safe). A bag that differs
is in quarantine as a whole until headquarters has decided. What needs two takes --token and --witness.

Serials are given as numbers or ranges (UT4200001-UT4200050), read from a file or from a hand scanner that
types (--file, "-" for standard input), or read from the blanks' pages on the office's scanner (--scan).`,
	}
	cmd.AddCommand(p.shipmentsCommand(), p.arriveCommand(), p.countCommand(), p.compareCommand(), p.storeCommand(),
		p.receiveCommand(), p.quarantineCommand(), p.sendCommand(), p.lostCommand(), p.spoilCommand(),
		p.destroyCommand(), p.statementCommand())
	return cmd
}

// counting is how serials come in.
type counting struct {
	file string
	scan bool
}

func (c *counting) flags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&c.file, "file", "", `file with serials or ranges, one a line; "-" reads standard input`)
	cmd.Flags().BoolVar(&c.scan, "scan", false, "read each number from the blank on the scanner: Enter scans, Ctrl-D ends")
}

// serials reads them. A serial that comes twice stays twice: the desk notices.
func (c counting) serials(
	ctx context.Context, args []string, d *issuance.Desk, out io.Writer,
) ([]station.Serial, error) {
	if c.scan {
		return scanSerials(ctx, d, out)
	}
	if c.file != "" {
		in := io.Reader(os.Stdin)
		if c.file != "-" {
			f, err := os.Open(c.file)
			if err != nil {
				return nil, err
			}
			defer f.Close()
			in = f
		}
		raw, err := io.ReadAll(io.LimitReader(in, 1<<20))
		if err != nil {
			return nil, err
		}
		args = append(args, station.SerialFields(string(raw))...)
	}
	return station.ParseSerials(args)
}

func scanSerials(ctx context.Context, d *issuance.Desk, out io.Writer) ([]station.Serial, error) {
	var counted []station.Serial
	lines := bufio.NewScanner(os.Stdin)
	for fmt.Fprint(out, "lay a blank on the scanner and press Enter: "); lines.Scan(); {
		s, err := d.ReadSerial(ctx)
		if err != nil {
			return nil, err
		}
		counted = append(counted, s)
		fmt.Fprintf(out, "%d  %s\nnext: ", len(counted), s)
	}
	return counted, lines.Err()
}

// books runs what two custodians do with some booklets.
func (p *program) books(
	cmd *cobra.Command, tokens pair, in counting, args []string,
	do func(d *issuance.Desk, first, second issuance.Seat, serials []station.Serial) error,
) error {
	return p.two(cmd.Context(), tokens, func(d *issuance.Desk, first, second issuance.Seat) error {
		serials, err := in.serials(cmd.Context(), args, d, p.errors)
		if err != nil {
			return err
		}
		return do(d, first, second, serials)
	})
}

func (p *program) receiveCommand() *cobra.Command {
	var tokens pair
	var in counting
	cmd := &cobra.Command{
		Use:   "receive [SERIAL|RANGE]...",
		Short: "Short form: two custodians count together what has come, and take it into the safe",
		Long: `Take everything that waits into the safe in one step: two custodians count together and sign once. The record
says that they did, and that no seal was read; a delivery from outside is better received with "arrive",
"count", "compare" and "store". A station on new hardware counts its safe again with this command.
The manifest is opened by it: a bag that differs goes into quarantine as a whole.`,
		Example: `  stationctl stock receive UT4200001-UT4200050 --token a.token --witness c.token`,
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.books(cmd, tokens, in, args,
				func(d *issuance.Desk, first, second issuance.Seat, serials []station.Serial) error {
					err := d.ReceiveStock(cmd.Context(), first, second, serials)
					if err == nil {
						fmt.Fprintf(p.out, "%d blanks in the safe: %v\n", len(serials), station.Ranges(serials))
					}
					return err
				})
		},
	}
	tokens.flags(cmd)
	in.flags(cmd)
	return cmd
}

func (p *program) countCommand() *cobra.Command {
	var token, witness, shipment, bag string
	var in counting
	cmd := &cobra.Command{
		Use:   "count [SERIAL|RANGE]...",
		Short: "Count a bag blind, alone; or, by two, the whole safe at any time",
		Long: `With --shipment and --bag, one custodian records what they found in a bag, without having seen the manifest or
the other's count. With --token and --witness, two custodians record every serial that they found in the safe:
a surprise count. One that differs is told to headquarters, and no blank is taken until a count agrees.`,
		Example: `  stationctl stock count UT4200001-UT4200050 --shipment D7 --bag 1 --token a.token
  stationctl stock count --file safe.txt --token a.token --witness c.token`,
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx := cmd.Context()
			if shipment != "" && bag != "" && witness == "" {
				return p.desk(ctx, token, func(o *setup.Office, seat issuance.Seat) error {
					serials, err := in.serials(ctx, args, o.Desk, p.errors)
					if err == nil {
						err = o.Desk.CountBag(ctx, seat, shipment, bag, serials)
					}
					if err == nil {
						fmt.Fprintf(p.out, "%d blanks counted in bag %s\n", len(serials), bag)
					}
					return err
				})
			}
			if shipment != "" || bag != "" || witness == "" {
				return usageError{errors.New("count: want --shipment and --bag, or --witness")}
			}
			return p.books(cmd, pair{token, witness}, in, args,
				func(d *issuance.Desk, first, second issuance.Seat, serials []station.Serial) error {
					err := d.SurpriseCount(ctx, first, second, serials)
					if err == nil {
						fmt.Fprintf(p.out, "%d booklets in the safe, as the record says\n", len(serials))
					}
					return err
				})
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&token, "token", "", "the custodian's token")
	flags.StringVar(&witness, "witness", "", "the second custodian's token, for a count of the safe")
	flags.StringVar(&shipment, "shipment", "", "the delivery")
	flags.StringVar(&bag, "bag", "", "the bag")
	_ = cmd.MarkFlagRequired("token")
	in.flags(cmd)
	return cmd
}
