package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"padarozhnik/station"
	"padarozhnik/station/hq/wire"
	"padarozhnik/station/journal"
	"padarozhnik/station/journal/event"
)

// ledgerHistory is what the ledger shows of blanks and books. It names no person.
type ledgerHistory struct {
	entries   []journal.Pulled
	cases     map[station.Serial]station.CaseToken // of ordered books
	allocated map[string][]station.Serial          // by station
	handed    map[station.Serial]bool
}

// history reads the whole ledger of this directory.
func (h *headquarters) history(ctx context.Context) (*ledgerHistory, error) {
	l, err := h.administer()
	if err != nil {
		return nil, err
	}
	defer l.Close()
	out := &ledgerHistory{
		cases: map[station.Serial]station.CaseToken{}, allocated: map[string][]station.Serial{},
		handed: map[station.Serial]bool{},
	}
	for next := int64(0); ; {
		page, err := l.Pull(ctx, wire.Peer{Name: vaultName, Role: wire.RoleVault}, next, 0)
		if errors.Is(err, sql.ErrNoRows) {
			return out, nil // nothing was ever served
		}
		if err != nil {
			return nil, err
		}
		for _, item := range page.Items {
			s, err := journal.Parse(item.Entry)
			if err != nil {
				return nil, fmt.Errorf("leaf %d: %w", item.Inclusion.Index, err)
			}
			if err := out.take(s, item.Inclusion.Index); err != nil {
				return nil, fmt.Errorf("leaf %d: %w", item.Inclusion.Index, err)
			}
		}
		next = page.Next
		if !page.More {
			return out, nil
		}
	}
}

func (p *ledgerHistory) take(s journal.Signed, leaf int64) error {
	e := s.Entry
	p.entries = append(p.entries, journal.Pulled{Entry: s, Receipt: journal.Receipt{Index: leaf}})
	name, _, err := journal.SplitChain(e.Chain)
	if err != nil {
		return err
	}
	switch e.Kind {
	case event.StockAllocated:
		var body event.Allocated
		if err := journal.Decode(e.Body, &body); err != nil {
			return err
		}
		for _, b := range body.Blanks {
			p.allocated[name] = append(p.allocated[name], b.Serial)
		}
	case event.OrderIssued:
		var body event.Ordered
		if err := journal.Decode(e.Body, &body); err != nil {
			return err
		}
		p.cases[body.Serial] = station.CaseToken(e.Subject)
	case event.OrderSignedHere:
		var body event.SignedHere
		if err := journal.Decode(e.Body, &body); err != nil {
			return err
		}
		p.cases[body.Serial] = station.CaseToken(e.Subject)
	case event.CaseHanded:
		p.handed[station.Serial(e.Subject)] = true
	}
	return nil
}

// open lists, in rows, the serials that a station was given and has not handed over.
func (p *ledgerHistory) open(id string) []event.Range {
	var out []event.Range
	for _, serial := range slices.Sorted(slices.Values(p.allocated[id])) {
		if p.handed[serial] {
			continue
		}
		if n := len(out); n > 0 && successor(out[n-1].Last) == serial {
			out[n-1].Last = serial
			continue
		}
		out = append(out, event.Range{First: serial, Last: serial})
	}
	return out
}

// successor is the serial with the next number, "" where there is none of that length.
func successor(s station.Serial) station.Serial {
	digits := strings.TrimLeft(string(s), "ABCDEFGHIJKLMNOPQRSTUVWXYZ")
	n, err := strconv.Atoi(digits)
	if err != nil {
		return ""
	}
	next := fmt.Sprintf("%0*d", len(digits), n+1)
	if len(next) > len(digits) {
		return ""
	}
	return s[:len(s)-len(digits)] + station.Serial(next)
}
