package main

import (
	"errors"
	"strings"

	"github.com/spf13/cobra"

	"padarozhnik/cmd/internal/setup"
	"padarozhnik/cmd/internal/tokenfile"
	"padarozhnik/station"
)

func (p *program) tokenCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "token", Short: "Make the token of the station or of an officer"}
	var out, public, pseudonym, module string
	create := &cobra.Command{
		Use:   "create",
		Short: "Make a token and the file of its public key, which headquarters enrols",
		Long: `Make the keys of the station, or of an officer, and the file of the public ones, which
"headquarters station enrol" reads. In an office they are made inside an empty PKCS #11 token (a card,
a USB key, the machine's TPM) and never leave it; a key file under a passphrase is for training. The
station's own token goes into its configuration: token = "pkcs11:LABEL".`,
		Example: `  stationctl token create --out pkcs11:UTO-01 --module /usr/lib/x86_64-linux-gnu/opensc-pkcs11.so \
      --pseudonym UTO-01 --public UTO-01.json
  stationctl token create --out e07.token --pseudonym E-07 --public e07.json`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			if err := station.CheckPseudonym(pseudonym); err != nil {
				return err
			}
			if label, ok := strings.CutPrefix(out, setup.Hardware); ok {
				if module == "" {
					return usageError{errors.New("name the token's PKCS #11 library with --module")}
				}
				pin := func() ([]byte, error) { return p.ask("PIN of token " + label) }
				return tokenfile.CreateInHardware(module, label, public, pseudonym, pin)
			}
			secret, err := p.ask("new passphrase")
			if err != nil {
				return err
			}
			defer clear(secret)
			return tokenfile.Create(out, public, pseudonym, secret)
		},
	}
	create.Flags().StringVar(&out, "out", "", "key file to make, or pkcs11:LABEL of an empty token")
	create.Flags().StringVar(&public, "public", "", "public key file to make")
	create.Flags().StringVar(&pseudonym, "pseudonym", "", "how the station or the officer is called in records: capitals and a number, no name")
	create.Flags().StringVar(&module, "module", "", "PKCS #11 library that reaches the token")
	for _, name := range []string{"out", "public", "pseudonym"} {
		_ = create.MarkFlagRequired(name)
	}
	cmd.AddCommand(create)
	return cmd
}
