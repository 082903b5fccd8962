package main

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"padarozhnik/station"
	"padarozhnik/station/journal"
	"padarozhnik/station/journal/event"
)

func (h *headquarters) caseCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "case", Short: "Look into what was issued; no person is named"}
	var asJSON bool
	trace := &cobra.Command{
		Use:   "trace SERIAL",
		Short: "Show the chain of signatures behind a book: who enrolled, approved, operated, inspected, handed over",
		Long: `Show every signed entry of the case that a book belongs to, in the ledger's order: what was done, by which
pseudonym and key, and the entry's hash. Each signature is verified once more under the keys of the
stations' charters. No case is opened and no person is named.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			steps, err := h.trace(cmd.Context(), station.Serial(args[0]))
			if err != nil {
				return err
			}
			return showTrace(cmd.OutOrStdout(), steps, asJSON)
		},
	}
	trace.Flags().BoolVar(&asJSON, "json", false, "for another program")
	cmd.AddCommand(trace)
	return cmd
}

// traced is one signature in the life of a book.
type traced struct {
	Leaf     int64  `json:"leaf"`
	Chain    string `json:"chain"`
	Number   string `json:"number"` // epoch and sequence
	Kind     string `json:"kind"`
	Subject  string `json:"subject"`
	Who      string `json:"who"` // pseudonym, station or vault
	KeyID    string `json:"keyId"`
	Entry    string `json:"entry"` // its hash
	SOD      string `json:"sod,omitempty"`
	Claimed  string `json:"claimed"`
	Verified bool   `json:"verified"`
}

// trace collects the entries about a book, its case, and the case's other blanks.
func (h *headquarters) trace(ctx context.Context, serial station.Serial) ([]traced, error) {
	past, err := h.history(ctx)
	if err != nil {
		return nil, err
	}
	token := past.cases[serial]
	if token == "" {
		return nil, fmt.Errorf("book %s was never ordered here", serial)
	}
	about := []string{string(token)}
	for s, c := range past.cases {
		if c == token {
			about = append(about, string(s))
		}
	}
	signers, err := h.signatories()
	if err != nil {
		return nil, err
	}
	var out []traced
	for _, p := range past.entries {
		e := p.Entry.Entry
		if !slices.Contains(about, e.Subject) {
			continue
		}
		id := p.Entry.ID()
		t := traced{
			Leaf: p.Receipt.Index, Chain: e.Chain, Number: fmt.Sprintf("%d/%d", e.Epoch, e.Sequence), Kind: e.Kind,
			Subject: e.Subject, KeyID: e.Actor, Entry: hex.EncodeToString(id[:]), SOD: sodOf(e),
			Claimed: time.Unix(e.Time, 0).UTC().Format(time.RFC3339), Who: "unknown",
		}
		if s, ok := signers[e.Actor]; ok {
			t.Who = s.name
			pub, err := journal.ParseKey(s.spki)
			t.Verified = err == nil && p.Entry.Verify(pub) == nil
		}
		out = append(out, t)
	}
	return out, nil
}

// sodOf is the SHA-256 of EF.SOD that an entry names, in hexadecimal.
func sodOf(e journal.Entry) string {
	var sod []byte
	switch e.Kind {
	case event.OrderIssued:
		var body event.Ordered
		_ = journal.Decode(e.Body, &body) // an unreadable body names none
		sod = body.SOD
	case event.OrderSignedHere:
		var body event.SignedHere
		_ = journal.Decode(e.Body, &body)
		sod = body.SOD
	case event.BookletEncoded:
		var body event.Encoded
		_ = journal.Decode(e.Body, &body)
		sod = body.SOD
	case event.BookletPassed:
		var body event.Inspected
		_ = journal.Decode(e.Body, &body)
		sod = body.SOD
	}
	return hex.EncodeToString(sod)
}

// signatory is who may stand behind an entry.
type signatory struct {
	name string
	spki []byte
}

// signatories lists the keys of all charters and the vault's.
func (h *headquarters) signatories() (map[string]signatory, error) {
	out := map[string]signatory{}
	ids, err := h.stations()
	if err != nil {
		return nil, err
	}
	for _, id := range ids {
		c, err := h.charterOf(id)
		if err != nil {
			return nil, err
		}
		for _, f := range c.Former {
			out[f.KeyID] = signatory{"former key of " + id, f.SPKI}
		}
		for _, o := range c.Officers {
			out[o.KeyID] = signatory{o.Pseudonym, o.SPKI}
		}
		var own publicKey
		if err := readJSON(h.path("stations", id, "station.json"), &own); err != nil {
			return nil, err
		}
		out[own.KeyID] = signatory{"station " + id, own.SPKI}
		vault, err := keyIDOf(c.VaultSPKI)
		if err != nil {
			return nil, err
		}
		out[vault] = signatory{"vault", c.VaultSPKI}
	}
	return out, nil
}

func showTrace(out io.Writer, steps []traced, asJSON bool) error {
	if asJSON {
		return json.NewEncoder(out).Encode(steps)
	}
	for _, s := range steps {
		mark := map[bool]string{true: "ok ", false: "NOT"}[s.Verified]
		fmt.Fprintf(out, "%s %-8s %-20s %-12s by %s %s\n", mark, s.Number, s.Kind, s.Subject, s.Who, s.KeyID)
		fmt.Fprintf(out, "    entry %s, %s\n", s.Entry, s.Claimed)
		if s.SOD != "" {
			fmt.Fprintf(out, "    EF.SOD %s\n", s.SOD)
		}
	}
	if slices.ContainsFunc(steps, func(s traced) bool { return !s.Verified }) {
		return fmt.Errorf("a signature does not hold, or its key is in no charter")
	}
	return nil
}
