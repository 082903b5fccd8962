package main

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"math/big"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"

	"padarozhnik/cmd/internal/passphrase"
	"padarozhnik/station/hq/ledger"
	"padarozhnik/station/hq/wire"
	"padarozhnik/station/pki"
	"padarozhnik/station/pki/ec"
	"padarozhnik/station/token"
)

// fresh are the stores and keys of a headquarters that is being begun.
type fresh struct {
	store       keystore
	ledger      *token.Keyring
	root, vault crypto.Signer
}

func (f *fresh) close() error {
	var err error
	if f.store != nil {
		err = f.store.Close()
	}
	if f.ledger != nil {
		err = errors.Join(err, f.ledger.Close())
	}
	return err
}

// openStores opens the token, or makes the vault's key file, and makes the ledger's key file.
func (c *ceremony) openStores(context.Context) error {
	if _, _, err := c.curves(); err != nil {
		return err
	}
	what := "new passphrase of the ledger"
	if c.device.module != "" {
		store, err := c.device.open()
		if err != nil {
			return err
		}
		c.fresh.store = store
		if err := c.strangers(); err != nil {
			return err
		}
	} else {
		what = "new passphrase of vault and ledger"
	}
	secret, err := passphrase.Read(c.passphraseFile, what)
	if err != nil {
		return err
	}
	defer clear(secret)
	if c.fresh.store == nil {
		ring, err := token.CreateKeyring(c.path("vault", "keys.token"), secret, c.cost)
		if err != nil {
			return err
		}
		c.fresh.store = keyFile{ring}
	}
	if c.fresh.ledger, err = token.CreateKeyring(c.path("ledger", "keys.token"), secret, c.cost); err != nil {
		return err
	}
	c.say("keys are in: %s; those of the ledger in a key file", c.device.where())
	return nil
}

// strangers names keys that are in the token before the first is made.
func (c *ceremony) strangers() error {
	names, err := c.fresh.store.Names()
	if err != nil {
		return err
	}
	var found []string
	for _, name := range names {
		if kindOf(name) != "" {
			found = append(found, name)
		}
	}
	if len(found) > 0 {
		c.say("keys in the token before: %s; an earlier init was cut off, or the token serves another headquarters",
			strings.Join(found, ", "))
	}
	return nil
}

// make makes one key and says so.
func (c *ceremony) make(kind string, as keyKind) (crypto.Signer, error) {
	name, key, err := newKey(c.fresh.store, kind, as)
	if err != nil {
		return nil, err
	}
	c.say("new key: %s on %s", name, as.Name())
	return key, nil
}

// keys makes root, vault and ledger keys; those of the country follow.
func (c *ceremony) keys(context.Context) error {
	var err error
	if c.fresh.root, err = c.make(keyRoot, keyKind{curve: ec.P256()}); err != nil {
		return err
	}
	if c.fresh.vault, err = c.make(keyVault, keyKind{curve: ec.P256()}); err != nil {
		return err
	}
	name := newName(keyOpener)
	if err := c.fresh.store.AddOpener(name); err != nil {
		return err
	}
	opener, err := c.fresh.store.Opener(name)
	if err != nil {
		return err
	}
	c.say("new key: %s, ML-KEM-768 and P-256", name)
	if err := addDuplicateKey(c.fresh.store); err != nil {
		return err
	}
	c.say("new key: %s, by which the vault marks applicants", keyDuplicates)
	if err := write(c.path("public", fileVaultKey), opener.HPKEPublic(), 0o644); err != nil {
		return err
	}
	return c.makeLedgerKeys()
}

// makeLedgerKeys makes the receiving server's keys, in its file.
func (c *ceremony) makeLedgerKeys() error {
	server, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	if err := c.fresh.ledger.Add(keyServer, server); err != nil {
		return err
	}
	private, public, err := note.GenerateKey(rand.Reader, "ledger."+c.locality)
	if err != nil {
		return err
	}
	if err := c.fresh.ledger.AddSecret(keyCheckpoint, []byte(private)); err != nil {
		return err
	}
	c.say("new keys: %s and %s of the ledger", keyServer, keyCheckpoint)
	return write(c.path("public", "ledger.pub"), []byte(public+"\n"), 0o644)
}

// country9303 makes the signing chain of ICAO Doc 9303-12. Certificates begin at midnight, so that
// a book issued on this day lies inside the key's use.
func (c *ceremony) country9303(context.Context) error {
	cscaCurve, signerCurve, err := c.curves()
	if err != nil {
		return err
	}
	cscaKey, err := c.make(keyCSCA, cscaCurve)
	if err != nil {
		return err
	}
	signerKey, err := c.make(keySigner, signerCurve)
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
	c.say("CSCA: certificate %x, key use until %s; document signer: certificate %x, key use until %s; revocation list 1",
		csca.SerialNumber, csca.KeyUse.NotAfter.Format(time.DateOnly), dsc.SerialNumber,
		dsc.KeyUse.NotAfter.Format(time.DateOnly))
	for file, der := range map[string][]byte{"csca.der": csca.Raw, "dsc.der": dsc.Raw, "csca.crl": crl.Raw} {
		if err := write(c.path("public", file), der, 0o644); err != nil {
			return err
		}
	}
	return nil
}

func (c *ceremony) wire(context.Context) error {
	serverKey, err := c.fresh.ledger.Signer(keyServer)
	if err != nil {
		return err
	}
	root, err := wire.NewRoot(c.fresh.root, c.organization, c.now(), 15*365*24*time.Hour)
	if err != nil {
		return err
	}
	issuer := wire.Issuer{Root: root, Key: c.fresh.root}
	server, err := issuer.Server(serverKey.Public(), c.hosts, c.now(), 5*365*24*time.Hour)
	if err != nil {
		return err
	}
	client, err := issuer.Client(c.fresh.vault.Public(), wire.Peer{Name: vaultName, Role: wire.RoleVault},
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
	spki, err := x509.MarshalPKIXPublicKey(c.fresh.vault.Public())
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
