package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"padarozhnik/station"
	"padarozhnik/station/hq/vault"
	"padarozhnik/station/journal/event"
)

// resolveCommand decides on a bag that a station has in quarantine.
func (h *headquarters) resolveCommand() *cobra.Command {
	r := vault.Resolution{}
	var released, lost []string
	cmd := &cobra.Command{
		Use:   "resolve --station ID --shipment ID --bag NAME",
		Short: "Decide on a bag in quarantine: which blanks are released, which are lost",
		Long: `Decide on a bag that a station put into quarantine, because a seal was broken or a count differed. Blanks
that are released go into the safe when two custodians of the station have signed for them; those that are
lost never become valid. What is named in neither list stays in quarantine. The running vault tells the
station. Revoke the numbers of lost blanks as well ("headquarters revoke --blanks"), so that every station
can tell what they are.`,
		Example: `  headquarters stock resolve --station UTO-01 --shipment D7 --bag 2 \
      --release UT4200101-UT4200149 --lost UT4200150 --reason "maker miscounted"`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var err error
			if r.Decides.Released, err = rowsOf(released); err != nil {
				return err
			}
			if r.Decides.Lost, err = rowsOf(lost); err != nil {
				return err
			}
			if err := h.decide(r); err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "released %v, lost %v; the vault tells %s\n",
				r.Decides.Released, r.Decides.Lost, r.Station)
			return nil
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&r.Station, "station", "", "station that has the bag")
	flags.StringVar(&r.Decides.Shipment, "shipment", "", "the delivery")
	flags.StringVar(&r.Decides.Bag, "bag", "", "the bag")
	flags.StringArrayVar(&released, "release", nil, "serial of a blank that is good, or FIRST-LAST")
	flags.StringArrayVar(&lost, "lost", nil, "serial of a blank that is lost, or FIRST-LAST")
	flags.StringVar(&r.Decides.Reason, "reason", "", "why, in words")
	for _, name := range []string{"station", "shipment", "bag", "reason"} {
		_ = cmd.MarkFlagRequired(name)
	}
	return cmd
}

func rowsOf(texts []string) ([]station.Range, error) {
	var out []station.Range
	for _, t := range texts {
		r, err := station.ParseRange(t)
		if err != nil {
			return nil, fmt.Errorf("%w: %q: %w", errUsage, t, err)
		}
		out = append(out, r)
	}
	return out, nil
}

// decide writes the decision down for the vault, if it speaks of blanks that the station was sent.
func (h *headquarters) decide(r vault.Resolution) error {
	if len(r.Decides.Released)+len(r.Decides.Lost) == 0 {
		return fmt.Errorf("%w: name what is released or lost", errUsage)
	}
	allocations, err := h.allocations()
	if err != nil {
		return err
	}
	sent := map[station.Serial]bool{}
	for _, a := range allocations {
		if a.Station == r.Station && a.Manifest.ID() == r.Decides.Shipment {
			for _, s := range a.Manifest.Contents()[r.Decides.Bag] {
				sent[s] = true
			}
		}
	}
	if len(sent) == 0 {
		return fmt.Errorf("no bag %s of shipment %s went to station %s", r.Decides.Bag, r.Decides.Shipment, r.Station)
	}
	both := map[station.Serial]int{}
	for _, rows := range [][]event.Range{r.Decides.Released, r.Decides.Lost} {
		serials, err := station.Listed(rows)
		if err != nil {
			return err
		}
		for _, s := range serials {
			if both[s]++; both[s] > 1 {
				return fmt.Errorf("blank %s is named twice", s)
			}
			if !sent[s] {
				return fmt.Errorf("blank %s was not in bag %s", s, r.Decides.Bag)
			}
		}
	}
	if err := os.MkdirAll(h.path("quarantine"), 0o700); err != nil {
		return err
	}
	name := fmt.Sprintf("%s-%s-%s-%d.json", r.Station, r.Decides.Shipment, r.Decides.Bag, h.now().UnixNano())
	return writeJSON(h.path("quarantine", name), r)
}

// resolutions reads what was decided on quarantines.
func (h *headquarters) resolutions() ([]vault.Resolution, error) {
	found, err := filepath.Glob(h.path("quarantine", "*.json"))
	if err != nil {
		return nil, err
	}
	out := make([]vault.Resolution, len(found))
	for i, path := range found {
		if err := readJSON(path, &out[i]); err != nil {
			return nil, err
		}
	}
	return out, nil
}
