package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/x509"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"padarozhnik/station"
	"padarozhnik/station/hq/charter"
)

// renewCommand gives stations the newest of what they may believe.
func (h *headquarters) renewCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "renew [STATION ...]",
		Short: "Sign newer charters with today's roots, revocation list and trust list",
		Long: `Sign the next charter of the stations named, or of every station: the same profile and officers, with the
CSCA certificates, the revocation list and the trust list that are in force now. Due after the
ceremonies roll, crl and masterlist. Carry charter.cose and trust.cose of stations/STATION/ there
together.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			keys, err := h.store()
			if err != nil {
				return err
			}
			defer keys.Close()
			_, key, err := h.root(keys)
			if err != nil {
				return err
			}
			if len(args) == 0 {
				if args, err = h.stations(); err != nil {
					return err
				}
			}
			for _, id := range args {
				version, err := h.renew(keys, key, id)
				if err != nil {
					return fmt.Errorf("station %s: %w", id, err)
				}
				h.chartered(cmd.OutOrStdout(), id, version)
			}
			return nil
		},
	}
}

func (h *headquarters) chartered(out io.Writer, id string, version int) {
	fmt.Fprintf(out, "station %s: charter version %d in %s\n", id, version, h.path("stations", id))
}

// stations lists those that are enrolled.
func (h *headquarters) stations() ([]string, error) {
	found, err := filepath.Glob(h.path("stations", "*", "charter.cose"))
	for i, path := range found {
		found[i] = filepath.Base(filepath.Dir(path))
	}
	slices.Sort(found)
	return found, err
}

func (h *headquarters) renew(keys keystore, root crypto.Signer, id string) (int, error) {
	c, err := h.charterOf(id)
	if err != nil {
		return 0, err
	}
	c.Version++
	if err := h.dismiss(&c); err != nil {
		return 0, err
	}
	files, err := h.signCharter(keys, root, c, nil)
	if err != nil {
		return 0, err
	}
	return c.Version, files.layOut(h, id)
}

// charterOf reads the charter of an enrolled station. It returns an error wrapping os.ErrNotExist where
// there is none.
func (h *headquarters) charterOf(id string) (station.Charter, error) {
	root, err := h.certificate("public", "root.der")
	if err != nil {
		return station.Charter{}, err
	}
	raw, err := os.ReadFile(h.path("stations", id, "charter.cose"))
	if err != nil {
		return station.Charter{}, err
	}
	return charter.Parse(raw, root.PublicKey.(*ecdsa.PublicKey))
}

// charterFiles are what goes to a station.
type charterFiles struct {
	charter, trust []byte // signed; trust is nil where there is no trust list
}

// signCharter completes a charter with whom a station may believe today and with the seals by which others
// believe the station, and signs it. own is the station's key where it is a new one, else nil.
func (h *headquarters) signCharter(
	keys keystore, root crypto.Signer, c station.Charter, own []byte,
) (charterFiles, error) {
	var out charterFiles
	if err := h.believed(keys, &c); err != nil {
		return out, err
	}
	if own == nil {
		hardware, err := h.hardware(c.Station, c)
		if err != nil {
			return out, err
		}
		own = hardware.SPKI
	}
	if err := h.sealKeys(&c, own, root); err != nil {
		return out, err
	}
	trust, raw, err := h.trustList()
	if err != nil {
		return out, err
	}
	if raw != nil {
		c.Trust, out.trust = trust.Ref(raw), raw
	}
	out.charter, err = charter.Sign(c, root)
	return out, err
}

// believed puts in the keys of vault and ledger, the country's roots and its revocation list.
func (h *headquarters) believed(keys keystore, c *station.Charter) error {
	_, vaultKey, err := h.vaultKey(keys)
	if err != nil {
		return err
	}
	opener, err := h.opener(keys)
	if err != nil {
		return err
	}
	c.Vault = opener.HPKEPublic()
	if c.VaultSPKI, err = x509.MarshalPKIXPublicKey(vaultKey.Public()); err != nil {
		return err
	}
	if c.Ledger, _, err = h.ledgerVerifier(); err != nil {
		return err
	}
	if c.Anchors, err = h.anchors(); err != nil {
		return err
	}
	crl, err := os.ReadFile(h.path("public", fileCRL))
	c.CRLs = [][]byte{crl}
	return err
}

// layOut writes the files into the station's directory, the charter last.
func (f charterFiles) layOut(h *headquarters, id string) error {
	if f.trust != nil {
		if err := write(h.path("stations", id, fileTrust), f.trust, 0o644); err != nil {
			return err
		}
	}
	return write(h.path("stations", id, "charter.cose"), f.charter, 0o644)
}
