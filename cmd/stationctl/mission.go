package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"padarozhnik/cmd/internal/passphrase"
	"padarozhnik/cmd/internal/setup"
	"padarozhnik/station"
	"padarozhnik/station/issuance"
)

// signCommand makes orders with the office's own document signer.
func (p *program) signCommand(tokenFile *string) *cobra.Command {
	var pinFile string
	cmd := &cobra.Command{
		Use:   "sign CASE ...",
		Short: "Make the production orders of approved cases with this office's own document signer",
		Long: `Make the production orders of approved cases with the document signer that headquarters has given this
office: its token is named in the configuration (tokens.module, tokens.signer) and asked for its PIN once.
Where the profile says so, headquarters has to clear each case before. Every signature stands in the
journal. What may not be signed here is passed on with "case pass-on".`,
		Example: `  stationctl case sign 7KQ2M-XW4PA --token anna.token`,
		Args:    cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return p.desk(cmd.Context(), *tokenFile, func(o *setup.Office, seat issuance.Seat) (err error) {
				key, end, err := o.Signer(func(prompt string) ([]byte, error) {
					return passphrase.Read(pinFile, prompt)
				})
				if err != nil {
					return err
				}
				defer func() {
					if failed := end(); err == nil {
						err = failed
					}
				}()
				for _, token := range args {
					if err := o.Desk.SignHere(cmd.Context(), seat, station.CaseToken(token), key); err != nil {
						return err
					}
					fmt.Fprintf(p.out, "%s signed here\n", token)
				}
				return nil
			})
		},
	}
	cmd.Flags().StringVar(&pinFile, "pin-file", "", "file with the signer's PIN (training)")
	return cmd
}

func (p *program) passOnCommand(tokenFile *string) *cobra.Command {
	return p.verb(tokenFile, "pass-on CASE",
		"Leave an order that was to be signed here to headquarters; the draft is destroyed",
		func(ctx context.Context, d *issuance.Desk, s issuance.Seat, t station.CaseToken) error {
			return d.PassOn(ctx, s, t)
		})
}
