package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/spf13/cobra"

	virtual "padarozhnik/devices/virtual/chip"
	"padarozhnik/devices/virtual/desk"
)

// stockOptions are what the maker of blanks is told.
type stockOptions struct {
	desk, prefix, out, key string
	count, start, bag      int
	dpi                    int
}

// stockCommand plays the maker of the blanks: books with preprinted pages and empty chips.
func stockCommand() *cobra.Command {
	var o stockOptions
	cmd := &cobra.Command{
		Use:   "stock",
		Short: "Make blank books with blank chips, their manifest and their transport key",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			n, err := makeStock(cmd.Context(), o)
			if err == nil {
				_, err = fmt.Fprintf(cmd.OutOrStdout(), "%d blanks\n", n)
			}
			return err
		},
	}
	cmd.Flags().StringVar(&o.desk, "desk", "", "directory of the simulated desk")
	cmd.Flags().IntVar(&o.count, "count", 10, "how many blanks")
	cmd.Flags().StringVar(&o.prefix, "prefix", "UT", "two letters that begin every serial")
	cmd.Flags().IntVar(&o.start, "start", 0, "first number; 0 draws one")
	cmd.Flags().IntVar(&o.bag, "bag", 50, "blanks in a sealed bag; 0 packs without bags")
	cmd.Flags().StringVar(&o.out, "out", "", "file for the maker's manifest (JSON)")
	cmd.Flags().StringVar(&o.key, "transport-key", "", "file with the master key of the chips (hexadecimal); made if it is not there")
	cmd.Flags().IntVar(&o.dpi, "dpi", 600, "resolution of the pages' pictures")
	for _, name := range []string{"desk", "out", "transport-key"} {
		_ = cmd.MarkFlagRequired(name)
	}
	return cmd
}

// makeStock writes the key before the first chip is made with it, so that no chip is left whose key
// nobody has. A maker uses one key for all deliveries of a product.
func makeStock(ctx context.Context, o stockOptions) (int, error) {
	d, err := desk.Open(o.desk)
	if err != nil {
		return 0, err
	}
	page, err := blankPage(ctx, o.dpi)
	if err != nil {
		return 0, err
	}
	master, err := masterKey(o.key)
	if err != nil {
		return 0, fmt.Errorf("transport key: %w", err)
	}
	defer clear(master)
	maker := virtual.Maker{
		Rand: rand.Reader, Prefix: o.prefix, Start: o.start, MasterKey: master, Page: page, BagSize: o.bag,
	}
	manifest, _, err := maker.MakeBlanks(d, o.count)
	if err != nil {
		return 0, err
	}
	b, err := manifest.JSON()
	if err != nil {
		return 0, err
	}
	if err := os.WriteFile(o.out, b, 0o644); err != nil {
		return 0, fmt.Errorf("manifest: %w", err)
	}
	return len(manifest.Blanks), nil
}

// masterKey reads the maker's key, or draws it and writes it down.
func masterKey(path string) ([]byte, error) {
	text, err := os.ReadFile(path)
	if err == nil {
		return hex.DecodeString(strings.TrimSpace(string(text)))
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	master := make([]byte, 32)
	if _, err := io.ReadFull(rand.Reader, master); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	_, err = fmt.Fprintf(f, "%x\n", master)
	return master, errors.Join(err, f.Sync(), f.Close())
}
