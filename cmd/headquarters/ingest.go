package main

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"padarozhnik/station/hq/bundle"
	"padarozhnik/station/hq/client"
	"padarozhnik/station/hq/wire"
	"padarozhnik/station/journal"
	"padarozhnik/station/journal/seal"
)

// ingestCommand is the vault's side of sticks; package bundle says why it is that side's.
func (h *headquarters) ingestCommand() *cobra.Command {
	var url string
	cmd := &cobra.Command{
		Use:   "ingest FILE...",
		Short: "Open stations' bundles from a stick and hand them to the ledger",
		Long: `Open the bundles that stations sealed to the vault, and push what they carry to the ledger on the
stations' behalf. It may be repeated: the ledger counts an entry once. Files that are no bundles are
named and left alone. Answers leave with "headquarters export".`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			p, err := h.postOffice(url)
			if err != nil {
				return err
			}
			defer p.Close()
			return p.ingestAll(cmd.Context(), cmd.OutOrStdout(), args)
		},
	}
	cmd.Flags().StringVar(&url, "ledger", "https://127.0.0.1:8443", "address of the ledger")
	return cmd
}

// postOffice is what the vault's side needs for sticks.
type postOffice struct {
	*headquarters
	io.Closer // of the keys
	opener    seal.Opener
	key       crypto.Signer
	ledger    *client.Client
}

func (h *headquarters) postOffice(url string) (*postOffice, error) {
	keys, err := h.store()
	if err != nil {
		return nil, err
	}
	p := &postOffice{headquarters: h, Closer: keys}
	if err := p.open(keys, url); err != nil {
		return nil, errors.Join(err, keys.Close())
	}
	return p, nil
}

func (p *postOffice) open(keys keystore, url string) error {
	own, key, err := p.vaultKey(keys)
	if err != nil {
		return err
	}
	p.key = key
	if p.opener, err = p.headquarters.opener(keys); err != nil {
		return err
	}
	root, err := p.certificate("public", "root.der")
	if err != nil {
		return err
	}
	_, verifier, err := p.ledgerVerifier()
	if err != nil {
		return err
	}
	p.ledger, err = client.New(client.Options{
		BaseURL: url, Certificate: wire.Pair(own, p.key), Root: root, Ledger: verifier, Clock: p.now,
		Patience: 5 * time.Minute, // a bundle has more messages than a station may send in a minute
	})
	return err
}

func (p *postOffice) ingestAll(ctx context.Context, out io.Writer, files []string) error {
	var first error
	for _, f := range files {
		err := p.ingest(ctx, out, f)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, journal.ErrForeignFile):
			fmt.Fprintf(out, "%s: left alone: %v\n", f, err)
			continue
		case err != nil:
			fmt.Fprintf(out, "%s: refused: %v\n", f, err)
		}
		if first == nil {
			first = err
		}
	}
	return first
}

func (p *postOffice) ingest(ctx context.Context, out io.Writer, path string) error {
	b, err := bundle.Open(path, bundle.ToHeadquarters, p.opener, p.signedBy)
	if err != nil {
		return err
	}
	defer b.Close()
	done, err := b.Forward(ctx, p.ledger)
	if errors.Is(err, journal.ErrForked) {
		return fmt.Errorf("station %s: its chain is frozen, the evidence is kept: %w", b.Hello.Station, err)
	}
	if err != nil {
		return fmt.Errorf("station %s: after %d entries: %w", b.Hello.Station, done.Entries, err)
	}
	fmt.Fprintf(out, "%s: station %s: %d entries until number %d, %d sealed cases\n",
		path, b.Hello.Station, done.Entries, done.Until.Sequence, done.Blobs)
	return p.remember(ctx, out, b.Hello)
}

// signedBy finds the key of an enrolled station. The name has been checked to be one.
func (p *postOffice) signedBy(hello bundle.Hello) (*ecdsa.PublicKey, error) {
	k, err := p.stationKey(hello.Station)
	if err != nil {
		return nil, err
	}
	pub, err := x509.ParsePKIXPublicKey(k.SPKI)
	if err != nil {
		return nil, fmt.Errorf("station %s: %w", hello.Station, err)
	}
	key, ok := pub.(*ecdsa.PublicKey)
	if !ok {
		return nil, fmt.Errorf("station %s: %w", hello.Station, journal.ErrUnknownKey)
	}
	return key, nil
}

func (p *postOffice) stationKey(station string) (publicKey, error) {
	var k publicKey
	if err := readJSON(p.path("stations", station, "station.json"), &k); err != nil {
		return k, fmt.Errorf("station %s is not enrolled: %w", station, err)
	}
	return k, nil
}
