package main

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"padarozhnik/station"
	"padarozhnik/station/hq/vault"
	"padarozhnik/station/journal/event"
)

// maxManifest keeps an allocation's entry inside its bounds; larger deliveries are divided.
const maxManifest = 200

// makerManifest is the list that comes with a delivery of blanks.
type makerManifest struct {
	Maker   string `json:"maker"`
	Product string `json:"product"`
	Blanks  []struct {
		Serial station.Serial `json:"serial"`
		ChipID string         `json:"chipId"` // hexadecimal
	} `json:"blanks"`
}

func (h *headquarters) stockCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "stock", Short: "Allocate blanks to stations"}
	var manifest, transport, to string
	allocate := &cobra.Command{
		Use:   "allocate --station ID --manifest FILE --transport-key FILE",
		Short: "Take in a maker's manifest and allocate its blanks to a station",
		Long: `Take in a maker's manifest and the transport key of its chips, and allocate the blanks to a station.
The transport key goes where the vault's keys are (--pkcs11, or the key file); destroy FILE afterwards.
The running vault gives the directive. A vault on a key file must be started again to know a new
transport key; one on a token finds it.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			n, err := h.allocate(to, manifest, transport)
			if err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%d blanks allocated to %s\n", n, to)
			return nil
		},
	}
	flags := allocate.Flags()
	flags.StringVar(&to, "station", "", "station that gets the blanks")
	flags.StringVar(&manifest, "manifest", "", "maker's manifest (JSON)")
	flags.StringVar(&transport, "transport-key", "", "file with the maker's transport key (hexadecimal)")
	for _, name := range []string{"station", "manifest", "transport-key"} {
		_ = allocate.MarkFlagRequired(name)
	}
	cmd.AddCommand(allocate)
	return cmd
}

func (h *headquarters) allocate(to, manifest, transport string) (int, error) {
	if _, err := os.Stat(h.path("stations", to, "charter.cose")); err != nil {
		return 0, fmt.Errorf("station %s is not enrolled", to)
	}
	var in makerManifest
	if err := readJSON(manifest, &in); err != nil {
		return 0, fmt.Errorf("manifest: %w", err)
	}
	if len(in.Blanks) == 0 || len(in.Blanks) > maxManifest {
		return 0, fmt.Errorf("manifest of %d blanks: want 1 to %d", len(in.Blanks), maxManifest)
	}
	out := vault.Allocation{Station: to, Manifest: event.Manifest{Maker: in.Maker, Product: in.Product}}
	for _, b := range in.Blanks {
		id, err := hex.DecodeString(b.ChipID)
		if err != nil {
			return 0, fmt.Errorf("manifest: chip of %s: %w", b.Serial, err)
		}
		if err := b.Serial.Check(); err != nil {
			return 0, fmt.Errorf("manifest: %w", err)
		}
		out.Manifest.Blanks = append(out.Manifest.Blanks, event.Blank{Serial: b.Serial, ChipID: id})
	}
	if err := h.keepMaster(in.Product, transport); err != nil {
		return 0, err
	}
	name := fmt.Sprintf("%s-%s.json", to, out.Manifest.Blanks[0].Serial)
	return len(in.Blanks), writeJSON(h.path("allocations", name), out)
}

// keepMaster puts the maker's transport key among the vault's keys; the same key may come again.
func (h *headquarters) keepMaster(product, file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("transport key: %w", err)
	}
	master, err := hex.DecodeString(string(bytes.TrimSpace(text)))
	if err != nil {
		return fmt.Errorf("transport key: %w", err)
	}
	defer clear(master)
	keys, err := h.store()
	if err != nil {
		return err
	}
	defer keys.Close()
	known, err := keys.Secret(masterPrefix + product)
	if err == nil {
		if !bytes.Equal(known, master) {
			return fmt.Errorf("transport key of %s differs from the one in the vault", product)
		}
		return nil
	}
	if !incomplete(err) {
		return err
	}
	return keys.AddSecret(masterPrefix+product, master)
}
