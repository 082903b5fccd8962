package main

import (
	"crypto/x509"
	"errors"
	"fmt"

	"github.com/spf13/cobra"
)

// errNoDevice: there is no token to make keys in.
var errNoDevice = errors.New("name the officer's own token with --pkcs11 and --token")

func (h *headquarters) officerCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "officer", Short: "Prepare or replace the token of an officer"}
	var pseudonym, public string
	create := &cobra.Command{
		Use:   "create",
		Short: "Make an officer's keys inside an empty PKCS #11 token",
		Long: `Make the keys of an officer inside the token of --token: one that signs, and one that opens. They never
leave it; the officer keeps the token and its PIN. With such a token two officers hold ceremonies
(--officer pkcs11:LABEL). --public writes the public keys with the officer's pseudonym, as "station enrol
--officer" reads them; records call the officer so, and a name is refused.`,
		Example: `  softhsm2-util --init-token --free --label anna
  headquarters officer create --pkcs11 /usr/lib/softhsm/libsofthsm2.so --token anna \
      --pseudonym E-01 --public e-01.json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if public != "" {
				if err := properPseudonym(pseudonym); err != nil {
					return err
				}
			}
			key, err := h.createOfficer(pseudonym)
			if err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "officer's token %s: key %s\n", h.device.label, key.KeyID)
			if public == "" {
				return nil
			}
			return writeJSON(public, key)
		},
	}
	create.Flags().StringVar(&pseudonym, "pseudonym", "", "how the officer is called in records: capitals and a number, no name")
	create.Flags().StringVar(&public, "public", "", "public key file to make")
	cmd.AddCommand(create, h.replaceOfficerCommand())
	return cmd
}

func (h *headquarters) createOfficer(pseudonym string) (publicKey, error) {
	if h.device.module == "" {
		return publicKey{}, fmt.Errorf("%w: %w", errUsage, errNoDevice)
	}
	store, err := h.device.open()
	if err != nil {
		return publicKey{}, err
	}
	defer store.Close()
	made, err := store.hsm.CreateToken()
	if err != nil {
		return publicKey{}, err
	}
	spki, err := x509.MarshalPKIXPublicKey(made.Public())
	if err != nil {
		return publicKey{}, err
	}
	return publicKey{Pseudonym: pseudonym, KeyID: made.KeyID(), SPKI: spki, HPKE: made.HPKEPublic()}, nil
}
