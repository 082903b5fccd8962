package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"padarozhnik/station"
	"padarozhnik/station/hq/vault"
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
	contents  map[journal.Hash][]station.Serial // of manifests, by their digests
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
	if out.contents, err = h.contents(); err != nil {
		return nil, err
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
		blanks, ok := p.contents[body.Manifest]
		if !ok {
			return fmt.Errorf("shipment %s: %w", body.Shipment, vault.ErrManifest)
		}
		p.allocated[name] = append(p.allocated[name], blanks...)
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

// contents lists the blanks of every manifest that was decided on. The ledger names them by digest alone.
func (h *headquarters) contents() (map[journal.Hash][]station.Serial, error) {
	allocations, err := h.allocations()
	if err != nil {
		return nil, err
	}
	out := map[journal.Hash][]station.Serial{}
	for _, a := range allocations {
		id, err := a.Digest()
		if err != nil {
			return nil, err
		}
		for _, b := range a.Manifest.Blanks {
			out[id] = append(out[id], b.Serial)
		}
	}
	return out, nil
}

// open lists, in rows, the serials that a station was given and has not handed over.
func (p *ledgerHistory) open(id string) []event.Range {
	var out []station.Serial
	for _, serial := range p.allocated[id] {
		if !p.handed[serial] {
			out = append(out, serial)
		}
	}
	return station.Ranges(out)
}
