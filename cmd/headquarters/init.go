package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"padarozhnik/station/pki/ec"
)

// vaultName is the vault as a party of the ledger.
const vaultName = "vault"

// initCommand is the ceremony that begins a country: root, CSCA, first document signer, ledger.
func (h *headquarters) initCommand() *cobra.Command {
	c := &ceremony{headquarters: h}
	cmd := &cobra.Command{
		Use:   "init",
		Short: "Make the country's keys: root, CSCA, document signer, ledger and vault",
		Long: `Make a new headquarters directory: the root that signs charters, a CSCA and its first document
signer after ICAO Doc 9303-12, an empty revocation list, the vault's keys and the ledger's.

With --pkcs11 every key that signs a book, a charter or an order is made inside the token and never
leaves it: root, CSCA, document signer, the vault's signing key, and the P-256 half of the key to which
stations seal (its ML-KEM half lies in the token sealed to the P-256 half). Two keys stay in a file
under a passphrase, ledger/keys.token: the receiving server's TLS key and the key of its checkpoints.
That server works unattended in the sight of the internet, and a machine like that is not to reach the
token. They open nothing and sign no book, charter or order.

Without --pkcs11 all keys are in files under one passphrase: for training.

An empty token is prepared with its maker's tool, here: softhsm2-util --init-token --free --label HQ.
The two --officer are present from here on: they sign the protocol, and they alone hold the ceremonies
that follow. The directory must not exist yet. A ceremony that is cut off leaves no directory; keys
that it made in the token stay there unused, and the next ceremony names them.`,
		Example: `  headquarters init --dir /srv/hq --country UT --code UTO --organization "Utopian Passport Authority" \
      --crl-url https://pki.example.org/UTO.crl --host hq.example.org --curve brainpoolP384r1 \
      --pkcs11 /usr/lib/softhsm/libsofthsm2.so --token HQ --officer pkcs11:anna --officer pkcs11:boris`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c.minutes = minutes{out: cmd.OutOrStdout(), clock: h.now}
			return c.run(cmd.Context())
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&c.country, "country", "UT", "country code of certificates, two letters")
	flags.StringVar(&c.locality, "code", "UTO", "code in the machine readable zone, three letters")
	flags.StringVar(&c.organization, "organization", "Utopian Passport Authority", "organization in certificates")
	flags.StringVar(&c.crlURL, "crl-url", "https://pki.example.org/UTO.crl", "where the revocation list is published")
	flags.StringSliceVar(&c.hosts, "host", []string{"127.0.0.1", "localhost"}, "addresses of the receiving server")
	flags.StringVar(&c.curve, "curve", "P-256", "curve of the CSCA, or RSA: "+kindNames())
	flags.StringVar(&c.signerCurve, "signer-curve", "", "curve of the document signer; that of the CSCA by default")
	officerFlag(cmd, &c.specs)
	return cmd
}

type ceremony struct {
	*headquarters
	minutes
	country, locality, organization, crlURL string
	curve, signerCurve                      string
	hosts, specs                            []string
	began                                   time.Time
	officers                                []custodian
	fresh                                   fresh
}

// run writes everything into a new directory beside the final one and renames it at the end: a
// ceremony that was cut off leaves nothing that could be taken for a headquarters.
func (c *ceremony) run(ctx context.Context) error {
	final := c.dir
	if _, err := os.Stat(final); err == nil {
		return fmt.Errorf("%s exists already: a country is begun once", final)
	}
	c.dir, c.began = final+".new", c.now().UTC()
	if err := os.RemoveAll(c.dir); err != nil {
		return err
	}
	if len(c.specs) > 0 {
		var err error
		if c.officers, err = c.openOfficers(c.specs); err != nil {
			return err
		}
		defer func() { _ = closeOfficers(c.officers) }()
	}
	if err := c.directories(); err != nil {
		return err
	}
	defer func() { _ = c.fresh.close() }()
	for _, step := range []struct {
		what string
		do   func(context.Context) error
	}{
		{"keys of vault and ledger", c.openStores},
		{"root, vault and ledger keys", c.keys},
		{"CSCA, document signer, revocation list", c.country9303},
		{"certificates of the wire", c.wire},
		{"ledger", c.register},
		{"protocol", c.witnessed},
	} {
		if err := step.do(ctx); err != nil {
			return fmt.Errorf("%s: %w", step.what, err)
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	fmt.Fprintln(c.out, "putting it in force")
	if err := os.Rename(c.dir, final); err != nil {
		return err
	}
	c.dir = final
	fmt.Fprintln(c.out, "in force:", final)
	return syncDir(filepath.Dir(final))
}

func (c *ceremony) directories() error {
	first := filepath.Join("ceremonies", "0001-init", "public")
	for _, half := range []string{"vault", "ledger", first} {
		if err := os.MkdirAll(c.path(half), 0o700); err != nil {
			return err
		}
	}
	return os.Symlink(first, c.path("public"))
}

// curves are those that the flags name; a curve that nobody knows is found before a key is made.
func (c *ceremony) curves() (csca, signer keyKind, err error) {
	if csca, err = kindNamed(c.curve, keyKind{curve: ec.P256()}); err != nil {
		return keyKind{}, keyKind{}, err
	}
	signer, err = kindNamed(c.signerCurve, csca)
	return csca, signer, err
}

// witnessed has the two officers sign what was made and registers them. A training office has none.
func (c *ceremony) witnessed(context.Context) error {
	if len(c.officers) == 0 {
		return nil
	}
	c.say("both officers sign the protocol")
	p := protocol{
		Ceremony: "init", Number: 1, Country: c.country, Began: c.began, Keys: c.device.where(),
		Before: map[string]string{}, Steps: c.steps,
	}
	for _, o := range c.officers {
		p.Officers = append(p.Officers, o.witness)
	}
	var err error
	if p.After, err = digests(c.path("public")); err != nil {
		return err
	}
	p.Ended = c.now().UTC()
	files, err := signProtocol(p, c.officers)
	if err != nil {
		return err
	}
	for name, b := range files {
		if err := write(c.path("ceremonies", "0001-init", name), b, 0o644); err != nil {
			return err
		}
	}
	return writeJSON(c.registerFile(), p.Officers)
}
