package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"padarozhnik/cmd/internal/setup"
	"padarozhnik/station"
	"padarozhnik/station/issuance"
)

func (p *program) shipmentsCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "shipments",
		Short: "List deliveries: how far each has come, which bags are in quarantine",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.withOffice(cmd.Context(), func(o *setup.Office) error {
				all, err := o.Desk.Shipments(cmd.Context())
				if err != nil {
					return err
				}
				if asJSON {
					return p.json(all)
				}
				for _, s := range all {
					fmt.Fprintf(p.out, "%-20s %-10s", s.ID, s.Stage)
					for _, b := range s.Bags {
						fmt.Fprintf(p.out, "  bag %s: %s", b.Name, bagSays(s, b))
					}
					fmt.Fprintln(p.out)
				}
				return nil
			})
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "for another program")
	return cmd
}

func bagSays(s station.Shipment, b station.Bag) string {
	switch {
	case b.Why != "":
		return "QUARANTINE, " + b.Why
	case s.Stage == station.ShipmentArrived:
		return fmt.Sprintf("counted by %d of 2", len(b.Counts))
	case s.Stage == station.ShipmentAnnounced:
		return "on its way"
	}
	return "good"
}

func (p *program) arriveCommand() *cobra.Command {
	var tokens pair
	var seals, broken []string
	cmd := &cobra.Command{
		Use:   "arrive SHIPMENT --seal BAG=NUMBER...",
		Short: "Record that a delivery has come: two custodians read the seals of its bags",
		Long: `Record that a delivery has come. For every bag that lies on the table give the number on its seal, as read;
a bag that is not named did not come. A broken or another seal puts the bag into quarantine, whatever it
holds; it is counted all the same.`,
		Example: `  stationctl stock arrive D7 --seal 1=SL0412277 --seal 2=SL0412278 --broken 2 \
      --token a.token --witness c.token`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			read, err := readSeals(seals, broken)
			if err != nil {
				return err
			}
			return p.two(cmd.Context(), tokens, func(d *issuance.Desk, first, second issuance.Seat) error {
				s, err := d.Arrive(cmd.Context(), first, second, args[0], read)
				if err != nil {
					return err
				}
				for _, b := range s.Bags {
					fmt.Fprintf(p.out, "bag %s: %s\n", b.Name, bagSays(s, b))
				}
				return nil
			})
		},
	}
	tokens.flags(cmd)
	cmd.Flags().StringArrayVar(&seals, "seal", nil, "BAG=NUMBER as read from its seal")
	cmd.Flags().StringArrayVar(&broken, "broken", nil, "bag whose seal is broken")
	return cmd
}

func readSeals(seals, broken []string) (map[string]station.SealRead, error) {
	read := map[string]station.SealRead{}
	for _, s := range seals {
		bag, number, ok := strings.Cut(s, "=")
		if _, twice := read[bag]; !ok || bag == "" || twice {
			return nil, usageError{fmt.Errorf("--seal %s: want BAG=NUMBER, each bag once", s)}
		}
		read[bag] = station.SealRead{Number: number}
	}
	for _, bag := range broken {
		r := read[bag]
		r.Broken = true
		read[bag] = r
	}
	return read, nil
}

func (p *program) compareCommand() *cobra.Command {
	var token string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "compare SHIPMENT",
		Short: "Open the manifest, once two custodians have counted every bag and found the same",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.desk(cmd.Context(), token, func(o *setup.Office, seat issuance.Seat) error {
				out, err := o.Desk.CompareShipment(cmd.Context(), seat, args[0])
				if err != nil {
					return err
				}
				if asJSON {
					return p.json(out)
				}
				p.outcomes(out)
				return nil
			})
		},
	}
	cmd.Flags().StringVar(&token, "token", "", "a custodian's token")
	cmd.Flags().BoolVar(&asJSON, "json", false, "for another program")
	_ = cmd.MarkFlagRequired("token")
	return cmd
}

func (p *program) outcomes(bags []station.Outcome) {
	for _, b := range bags {
		list := fmt.Sprintf("bag %s: %d blanks %v", b.Bag, len(b.Blanks), station.Ranges(b.Blanks))
		if b.Why == "" {
			fmt.Fprintln(p.out, "ok  ", list)
			continue
		}
		fmt.Fprintf(p.out, "NOT  %s; quarantine, %s: missing %v, extra %v\n", list, b.Why,
			station.Ranges(b.Missing), station.Ranges(b.Extra))
	}
}

func (p *program) storeCommand() *cobra.Command {
	var tokens pair
	cmd := &cobra.Command{
		Use:   "store SHIPMENT",
		Short: "Take what is good of a compared delivery into the safe; two custodians sign",
		Long: `Take the good bags of a compared delivery into the safe. Called again later, it takes in what headquarters has
released from quarantine since.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.two(cmd.Context(), tokens, func(d *issuance.Desk, first, second issuance.Seat) error {
				n, err := d.StoreShipment(cmd.Context(), first, second, args[0])
				if err == nil {
					fmt.Fprintf(p.out, "%d blanks taken into the safe\n", n)
				}
				return err
			})
		},
	}
	tokens.flags(cmd)
	return cmd
}

func (p *program) quarantineCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "quarantine",
		Short: "List the bags and blanks that wait for headquarters' decision",
		Long: `List what is in quarantine. Only headquarters ends it ("headquarters stock resolve"); its decision comes with
the next sync, and "stock store" then takes what was released into the safe.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return p.withOffice(cmd.Context(), func(o *setup.Office) error {
				books, err := o.Desk.Stock(cmd.Context())
				if err != nil {
					return err
				}
				var held []station.Serial
				for _, b := range books {
					if b.State == station.StateQuarantined {
						held = append(held, b.Serial)
					}
				}
				if asJSON {
					return p.json(station.Ranges(held))
				}
				for _, r := range station.Ranges(held) {
					fmt.Fprintln(p.out, r)
				}
				fmt.Fprintf(p.out, "%d blanks in quarantine\n", len(held))
				return nil
			})
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "for another program")
	return cmd
}
