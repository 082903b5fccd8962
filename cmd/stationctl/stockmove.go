package main

import (
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"padarozhnik/station"
	"padarozhnik/station/issuance"
)

// custody is what two custodians do with some booklets.
type custody func(cmd *cobra.Command, d *issuance.Desk, first, second issuance.Seat, serials []station.Serial) error

// handling is a command by which two custodians do something with booklets.
func (p *program) handling(use, short, long, said string, do custody) *cobra.Command {
	var tokens pair
	var in counting
	cmd := &cobra.Command{
		Use: use + " [SERIAL|RANGE]...", Short: short, Long: long,
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.books(cmd, tokens, in, args,
				func(d *issuance.Desk, first, second issuance.Seat, serials []station.Serial) error {
					err := do(cmd, d, first, second, serials)
					if err == nil {
						fmt.Fprintf(p.out, "%d %s: %v\n", len(serials), said, station.Ranges(serials))
					}
					return err
				})
		},
	}
	tokens.flags(cmd)
	in.flags(cmd)
	return cmd
}

func (p *program) sendCommand() *cobra.Command {
	var to, seal string
	cmd := p.handling("send", "Send blanks on to another station, or back to headquarters; two custodians sign",
		`Send blanks from the safe on, in a bag with a seal. They are in transit from then on and leave the count.
The other station gets its manifest from headquarters. A blank too many from a bag in quarantine goes back
the same way.`, "blanks sent",
		func(cmd *cobra.Command, d *issuance.Desk, first, second issuance.Seat, serials []station.Serial) error {
			return d.SendStock(cmd.Context(), first, second, serials, to, seal)
		})
	cmd.Flags().StringVar(&to, "to", "headquarters", "station that gets them, or headquarters")
	cmd.Flags().StringVar(&seal, "seal", "", "number of the seal on the bag")
	_ = cmd.MarkFlagRequired("seal")
	return cmd
}

func (p *program) lostCommand() *cobra.Command {
	var reason string
	cmd := p.handling("lost", "Declare blanks or booklets lost; two custodians sign",
		`Declare that blanks or booklets cannot be found. They never become valid again, also when they are found: found
ones are destroyed. A case that had one waits for another blank. Headquarters gets the range with the next
sync and revokes the numbers.`, "declared lost",
		func(cmd *cobra.Command, d *issuance.Desk, first, second issuance.Seat, serials []station.Serial) error {
			return d.DeclareLost(cmd.Context(), first, second, serials, reason)
		})
	return reasoned(cmd, &reason, "what happened, in words; no name")
}

func (p *program) spoilCommand() *cobra.Command {
	var reason string
	cmd := p.handling("spoil", "Take damaged blanks out of use before they were used; two custodians sign", "",
		"blanks spoiled",
		func(cmd *cobra.Command, d *issuance.Desk, first, second issuance.Seat, serials []station.Serial) error {
			return d.SpoilBlanks(cmd.Context(), first, second, serials, reason)
		})
	return reasoned(cmd, &reason, "what is wrong with them, in words")
}

func (p *program) destroyCommand() *cobra.Command {
	var picture, how string
	cmd := p.handling("destroy", "Record the destruction of spoiled books; two custodians sign, with a picture",
		`Record that spoiled books, or lost and revoked ones that were found, were destroyed before two custodians. The
picture shows what is left of them; it goes to headquarters sealed, and the record holds its hash.`, "books destroyed",
		func(cmd *cobra.Command, d *issuance.Desk, first, second issuance.Seat, serials []station.Serial) error {
			raw, err := readPicture(picture)
			if err != nil {
				return err
			}
			return d.DestroyBooks(cmd.Context(), first, second, serials, raw, how)
		})
	cmd.Flags().StringVar(&picture, "picture", "", "picture of the destroyed books (JPEG or PNG)")
	cmd.Flags().StringVar(&how, "how", "", "how they were destroyed, in words")
	_ = cmd.MarkFlagRequired("picture")
	_ = cmd.MarkFlagRequired("how")
	return cmd
}

// readPicture reads no more of a file than the desk takes.
func readPicture(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, issuance.MaxPicture+1))
}
