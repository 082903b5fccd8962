package main

import (
	"encoding/hex"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"padarozhnik/cmd/internal/setup"
	"padarozhnik/station/pki"
)

// documents is whom the office of the configuration believes about passports of every country.
func (p *program) documents() (*pki.TrustStore, error) {
	c, err := setup.Load(p.config, os.LookupEnv)
	if err != nil {
		return nil, err
	}
	return setup.Documents(c)
}

// trustedKey is one anchor in the --json form.
type trustedKey struct {
	Country  string    `json:"country"`
	Serial   string    `json:"serial"` // hexadecimal
	KeyID    string    `json:"keyId"`
	NotAfter time.Time `json:"notAfter"`
	Origin   string    `json:"origin"`
}

func (p *program) trustCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "trust", Short: "Whom this office believes about passports"}
	var asJSON bool
	list := &cobra.Command{
		Use:   "list",
		Short: "List every CSCA certificate that this office believes, and where it came from",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			store, err := p.documents()
			if err != nil {
				return err
			}
			keys := []trustedKey{}
			for _, a := range store.Anchors() {
				c := a.Certificate
				keys = append(keys, trustedKey{
					Country: c.Country(), Serial: hex.EncodeToString(c.SerialNumber.Bytes()),
					KeyID: hex.EncodeToString(c.SubjectKeyID), NotAfter: c.NotAfter, Origin: a.Origin,
				})
			}
			if asJSON {
				return p.json(keys)
			}
			for _, k := range keys {
				fmt.Fprintf(p.out, "%s  key %s  until %s  %s\n", k.Country, k.KeyID, k.NotAfter.Format(time.DateOnly), k.Origin)
			}
			return nil
		},
	}
	list.Flags().BoolVar(&asJSON, "json", false, "for another program")
	cmd.AddCommand(list)
	return cmd
}
