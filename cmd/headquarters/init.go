package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"fmt"
	"io"
	"math/big"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/mod/sumdb/note"

	"padarozhnik/cmd/internal/passphrase"
	"padarozhnik/station/hq/ledger"
	"padarozhnik/station/hq/wire"
	"padarozhnik/station/journal"
	"padarozhnik/station/pki"
	"padarozhnik/station/pki/ec"
	"padarozhnik/station/token"
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
signer after ICAO Doc 9303-12, an empty revocation list, the ledger's keys and the vault's.
Keys in files are for training; with --pkcs11 the keys of CSCA and document signer are made inside a
token and stay there. With two --officer they sign the protocol, and they alone hold the ceremonies
that follow. The directory must not exist yet.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			c.out = cmd.OutOrStdout()
			return c.run(cmd.Context())
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&c.country, "country", "UT", "country code of certificates, two letters")
	flags.StringVar(&c.locality, "code", "UTO", "code in the machine readable zone, three letters")
	flags.StringVar(&c.organization, "organization", "Utopian Passport Authority", "organization in certificates")
	flags.StringVar(&c.crlURL, "crl-url", "https://pki.example.org/UTO.crl", "where the revocation list is published")
	flags.StringSliceVar(&c.hosts, "host", []string{"127.0.0.1", "localhost"}, "addresses of the receiving server")
	officerFlag(cmd, &c.specs)
	return cmd
}

type ceremony struct {
	*headquarters
	out                                     io.Writer
	country, locality, organization, crlURL string
	hosts, specs                            []string
	vault, ledger                           *token.Keyring
	officers                                []custodian
	store                                   keystore
	began                                   time.Time
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
	first := filepath.Join("ceremonies", "0001-init", "public")
	for _, half := range []string{"vault", "ledger", first} {
		if err := os.MkdirAll(c.path(half), 0o700); err != nil {
			return err
		}
	}
	if err := os.Symlink(first, c.path("public")); err != nil {
		return err
	}
	for _, step := range []struct {
		what string
		do   func(context.Context) error
	}{
		{"key files of vault and ledger", c.keyrings},
		{"CSCA, document signer, revocation list", c.country9303},
		{"certificates of the wire", c.wire},
		{"ledger", c.register},
		{"protocol", c.witnessed},
	} {
		if err := step.do(ctx); err != nil {
			return fmt.Errorf("%s: %w", step.what, err)
		}
		fmt.Fprintln(c.out, "made:", step.what)
	}
	if err := os.Rename(c.dir, final); err != nil {
		return err
	}
	c.dir = final
	return nil
}

func (c *ceremony) keyrings(context.Context) error {
	secret, err := passphrase.Read(c.passphraseFile, "new passphrase of vault and ledger")
	if err != nil {
		return err
	}
	defer clear(secret)
	if c.vault, err = token.CreateKeyring(c.path("vault", "keys.token"), secret, token.Options{}); err != nil {
		return err
	}
	if c.ledger, err = token.CreateKeyring(c.path("ledger", "keys.token"), secret, token.Options{}); err != nil {
		return err
	}
	for _, k := range []struct {
		ring *token.Keyring
		name string
	}{{c.vault, keyRoot}, {c.vault, keyVault}, {c.ledger, keyServer}} {
		private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			return err
		}
		if err := k.ring.Add(k.name, private); err != nil {
			return err
		}
	}
	if err := c.vault.AddOpener(keyOpener); err != nil {
		return err
	}
	private, public, err := note.GenerateKey(rand.Reader, "ledger."+c.locality)
	if err != nil {
		return err
	}
	if err := c.ledger.AddSecret(keyCheckpoint, []byte(private)); err != nil {
		return err
	}
	return write(c.path("public", "ledger.pub"), []byte(public+"\n"), 0o644)
}

// country9303 makes the signing chain of ICAO Doc 9303-12. Certificates begin at midnight, so that
// a book issued on this day lies inside the key's use.
func (c *ceremony) country9303(context.Context) error {
	var err error
	if c.store, err = c.storeBeside(c.vault); err != nil {
		return err
	}
	if c.device.module != "" {
		defer func() { _ = c.store.Close() }()
	}
	_, cscaKey, err := newKey(c.store, keyCSCA, ec.P256())
	if err != nil {
		return err
	}
	_, signerKey, err := newKey(c.store, keySigner, ec.P256())
	if err != nil {
		return err
	}
	midnight := c.now().UTC().Truncate(24 * time.Hour)
	name := pki.Name{Country: c.country, Organization: c.organization}
	root, signer := name, name
	root.CommonName, signer.CommonName = "CSCA "+c.locality, "Document Signer "+c.locality
	root.SerialNumber, signer.SerialNumber = "1", "1"
	validity := pki.Span{Years: 10}
	csca, err := pki.NewCSCA(pki.CSCASpec{
		Subject: root, AltName: pki.AltName{Locality: c.locality}, CRLPoints: []string{c.crlURL},
		NotBefore: midnight, KeyUse: pki.Span{Years: 5}, SignerKeyUse: pki.Span{Months: 3}, DocumentValidity: validity,
	}, cscaKey, rand.Reader)
	if err != nil {
		return err
	}
	dsc, err := pki.NewDocumentSigner(pki.SignerSpec{
		Subject: signer, DocumentTypes: []string{"P"}, NotBefore: midnight,
		KeyUse: pki.Span{Months: 3}, DocumentValidity: validity,
	}, signerKey.Public(), csca, cscaKey, rand.Reader)
	if err != nil {
		return err
	}
	crl, err := pki.NewCRL(pki.CRLSpec{
		Number: big.NewInt(1), ThisUpdate: c.now(), NextUpdate: c.now().AddDate(0, 0, 89),
	}, csca, cscaKey, rand.Reader)
	if err != nil {
		return err
	}
	for file, der := range map[string][]byte{"csca.der": csca.Raw, "dsc.der": dsc.Raw, "csca.crl": crl.Raw} {
		if err := write(c.path("public", file), der, 0o644); err != nil {
			return err
		}
	}
	return nil
}

func (c *ceremony) wire(context.Context) error {
	rootKey, err := c.vault.Signer(keyRoot)
	if err != nil {
		return err
	}
	vaultKey, err := c.vault.Signer(keyVault)
	if err != nil {
		return err
	}
	serverKey, err := c.ledger.Signer(keyServer)
	if err != nil {
		return err
	}
	root, err := wire.NewRoot(rootKey, c.organization, c.now(), 15*365*24*time.Hour)
	if err != nil {
		return err
	}
	issuer := wire.Issuer{Root: root, Key: rootKey}
	server, err := issuer.Server(serverKey.Public(), c.hosts, c.now(), 5*365*24*time.Hour)
	if err != nil {
		return err
	}
	client, err := issuer.Client(vaultKey.Public(), wire.Peer{Name: vaultName, Role: wire.RoleVault},
		c.now(), 5*365*24*time.Hour)
	if err != nil {
		return err
	}
	for path, cert := range map[string]*x509.Certificate{
		c.path("public", "root.der"): root, c.path("ledger", "server.der"): server, c.path("vault", "client.der"): client,
	} {
		if err := write(path, cert.Raw, 0o644); err != nil {
			return err
		}
	}
	return nil
}

func (c *ceremony) register(ctx context.Context) error {
	key, err := c.vault.Signer(keyVault)
	if err != nil {
		return err
	}
	public, ok := key.Public().(*ecdsa.PublicKey)
	if !ok {
		return journal.ErrMalformed
	}
	spki, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		return err
	}
	l, err := c.administer()
	if err != nil {
		return err
	}
	defer l.Close()
	return l.RegisterVault(ctx, ledger.Vault{Name: vaultName, Keys: [][]byte{spki}})
}

// witnessed has the two officers sign what was made and registers them. A training office has none.
func (c *ceremony) witnessed(context.Context) error {
	if len(c.officers) == 0 {
		return nil
	}
	p := protocol{
		Ceremony: "init", Number: 1, Country: c.country, Began: c.began, Keys: c.device.where(),
		Before: map[string]string{},
		Steps:  []step{{c.now().UTC(), "root, CSCA, document signer, revocation list, keys of vault and ledger"}},
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
