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

// maxManifest keeps the list of a bag's blanks inside the bounds of an entry; larger deliveries are divided.
const maxManifest = 200

// makerManifest is the list that comes with a delivery of blanks: what lies in which sealed bag. A delivery
// without bags is one bag without a seal.
type makerManifest struct {
	Maker    string      `json:"maker"`
	Product  string      `json:"product"`
	Shipment string      `json:"shipment"` // "" names it by its first blank
	Bags     []event.Bag `json:"bags"`
	Blanks   []struct {
		Serial station.Serial `json:"serial"`
		ChipID string         `json:"chipId"` // hexadecimal
		Bag    string         `json:"bag"`
	} `json:"blanks"`
}

func (h *headquarters) stockCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "stock", Short: "Allocate blanks to stations, decide on bags in quarantine"}
	cmd.AddCommand(h.allocateCommand(), h.resolveCommand())
	return cmd
}

func (h *headquarters) allocateCommand() *cobra.Command {
	var manifest, transport, to string
	allocate := &cobra.Command{
		Use:   "allocate --station ID --manifest FILE --transport-key FILE",
		Short: "Take in a maker's manifest and allocate its blanks to a station",
		Long: `Take in a maker's manifest and the transport key of its chips, and allocate the blanks to a station.
FILE is JSON: maker, product, shipment, bags [{name, seal}], blanks [{serial, chipId, bag}]. The station is
told the shipment, its bags and the numbers of their seals; what the bags hold travels sealed, and its
custodians count before it is opened.
The transport key goes where the vault's keys are (--pkcs11, or the key file); destroy FILE afterwards.
The running vault gives the directive. A vault on a key file must be started again to know a new
transport key; one on a token finds it. Blanks that a station has sent on may be allocated again.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			a, err := h.allocate(to, manifest, transport)
			if err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%d blanks allocated to %s: shipment %s, %d bags\n",
				len(a.Manifest.Blanks), to, a.Manifest.ID(), len(a.Manifest.Sealed()))
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
	return allocate
}

func (h *headquarters) allocate(to, manifest, transport string) (vault.Allocation, error) {
	out := vault.Allocation{Station: to}
	if _, err := os.Stat(h.path("stations", to, "charter.cose")); err != nil {
		return out, fmt.Errorf("station %s is not enrolled", to)
	}
	var in makerManifest
	if err := readJSON(manifest, &in); err != nil {
		return out, fmt.Errorf("manifest: %w", err)
	}
	if len(in.Blanks) == 0 || len(in.Blanks) > maxManifest {
		return out, fmt.Errorf("manifest of %d blanks: want 1 to %d", len(in.Blanks), maxManifest)
	}
	out.Manifest = event.Manifest{Maker: in.Maker, Product: in.Product, Shipment: in.Shipment, Bags: in.Bags}
	for _, b := range in.Blanks {
		id, err := hex.DecodeString(b.ChipID)
		if err != nil {
			return out, fmt.Errorf("manifest: chip of %s: %w", b.Serial, err)
		}
		out.Manifest.Blanks = append(out.Manifest.Blanks, event.Blank{Serial: b.Serial, ChipID: id, Bag: b.Bag})
	}
	if err := out.Manifest.Check(); err != nil {
		return out, fmt.Errorf("manifest: %w", err)
	}
	path := h.path(dirAllocations, fmt.Sprintf("%s-%s.json", to, out.Manifest.ID()))
	if _, err := os.Stat(path); err == nil {
		return out, fmt.Errorf("shipment %s went to %s already: give this one another name", out.Manifest.ID(), to)
	}
	if err := h.keepMaster(in.Product, transport); err != nil {
		return out, err
	}
	return out, writeJSON(path, out)
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
