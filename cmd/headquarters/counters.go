package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"padarozhnik/station"
	"padarozhnik/station/hq/vault"
	"padarozhnik/station/journal"
	"padarozhnik/station/journal/event"
)

// counterLine is what one officer looked at on one day.
type counterLine struct {
	Station   string       `json:"station"`
	Day       station.Date `json:"day"`
	Officer   string       `json:"officer"`   // key identifier
	Pseudonym string       `json:"pseudonym"` // "" for one who has left
	Views     int          `json:"views"`
	Reveals   int          `json:"reveals"`
	Lookups   int          `json:"lookups"`
	Exports   int          `json:"exports"`
	Refused   int          `json:"refused"` // above the quota
}

func (h *headquarters) countersCommand() *cobra.Command {
	var refused, asJSON bool
	cmd := &cobra.Command{
		Use:   "counters [STATION]",
		Short: "Show how much officers looked at, day by day; no case and no person is named",
		Long: `Show what the stations reported: for each day and officer the cases that were opened, masked fields that
were shown, look-ups, exports, and what was refused because a quota was used up. --refused lists the days
with a refusal alone: that is where to ask.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			past, err := h.history(cmd.Context())
			if err != nil {
				return err
			}
			lines, err := h.countersOf(past, append(args, "")[0], refused)
			if err != nil {
				return err
			}
			if asJSON {
				return json.NewEncoder(cmd.OutOrStdout()).Encode(lines)
			}
			printCounters(cmd.OutOrStdout(), lines)
			return nil
		},
	}
	cmd.Flags().BoolVar(&refused, "refused", false, "only where a quota was met")
	cmd.Flags().BoolVar(&asJSON, "json", false, "for another program")
	return cmd
}

// countersOf reads the reports in the ledger. The newest report on a day counts: a station tells it again
// when the day went on.
func (h *headquarters) countersOf(past *ledgerHistory, only string, refused bool) ([]counterLine, error) {
	place := map[string]int{}
	out := []counterLine{}
	for _, p := range past.entries {
		e := p.Entry.Entry
		name, directive, err := journal.SplitChain(e.Chain)
		if err != nil || directive || e.Kind != event.CountersReported || only != "" && name != only {
			continue
		}
		var body event.Counters
		if err := journal.Decode(e.Body, &body); err != nil {
			return nil, err
		}
		for _, l := range body.Lines {
			line := counterLine{
				Station: name, Day: body.Day, Officer: l.Officer, Pseudonym: h.pseudonymAt(name, l.Officer),
				Views: l.Views, Reveals: l.Reveals, Lookups: l.Lookups, Exports: l.Exports, Refused: l.Refused,
			}
			key := strings.Join([]string{name, body.Day.String(), l.Officer}, "|")
			if i, ok := place[key]; ok {
				out[i] = line
				continue
			}
			if refused && l.Refused == 0 {
				continue
			}
			place[key] = len(out)
			out = append(out, line)
		}
	}
	return out, nil
}

// pseudonymAt names an officer of a station, or the station itself.
func (h *headquarters) pseudonymAt(id, key string) string {
	c, err := h.charterOf(id)
	if err != nil {
		return ""
	}
	if key == c.StationID {
		return id
	}
	o, _ := c.Officer(key)
	return o.Pseudonym
}

func printCounters(out io.Writer, lines []counterLine) {
	fmt.Fprintf(out, "%-10s %-10s %-10s %6s %6s %6s %6s %8s\n", "station", "day", "officer", "views", "shown",
		"found", "taken", "refused")
	for _, l := range lines {
		who := l.Pseudonym
		if who == "" {
			who = l.Officer[:min(10, len(l.Officer))]
		}
		fmt.Fprintf(out, "%-10s %-10s %-10s %6d %6d %6d %6d %8d\n", l.Station, l.Day, who, l.Views, l.Reveals, l.Lookups,
			l.Exports, l.Refused)
	}
}

// revocationsCommand makes the list of revoked books as a file.
func (h *headquarters) revocationsCommand() *cobra.Command {
	at := &vaultAt{headquarters: h}
	cmd := &cobra.Command{
		Use:   "revocations FILE",
		Short: "Write the list of revoked books, a signed file that anybody can carry and check",
		Long: `Write what notices have revoked and what stations reported lost or stolen, signed with the vault's key under
the root's seal. Stations get the newest list by themselves and hand it on with "stationctl revocations
export"; whoever gets it checks it with "stationctl revocations check" and headquarters' printed key.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return at.with(func(v *vault.Vault) error {
				file, err := v.Revocations(cmd.Context())
				if err != nil {
					return err
				}
				return write(args[0], file, 0o644)
			})
		},
	}
	cmd.Flags().StringVar(&at.url, "ledger", "https://127.0.0.1:8443", "address of the ledger")
	return cmd
}
