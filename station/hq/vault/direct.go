package vault

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"

	"padarozhnik/station"
	"padarozhnik/station/journal"
	"padarozhnik/station/journal/event"
	"padarozhnik/station/journal/seal"
)

// Allocation is a maker's manifest that headquarters has decided to send to a station.
type Allocation struct {
	Station  string
	Manifest event.Manifest
}

// ErrManifest: the ledger names a manifest that is not among headquarters' allocations.
var ErrManifest = errors.New("manifest of an allocation is missing")

// know remembers the manifests of headquarters' allocations by their digests. The ledger has the digest
// alone: what a bag holds is not for those who count it.
func (v *Vault) know(allocations []Allocation) error {
	if v.manifests == nil {
		v.manifests = map[journal.Hash]event.Manifest{}
	}
	for _, a := range allocations {
		_, id, err := a.encode()
		if err != nil {
			return err
		}
		v.manifests[id] = a.Manifest
	}
	return nil
}

// Digest is that of the manifest, by which the ledger names it.
func (a Allocation) Digest() (journal.Hash, error) {
	_, id, err := a.encode()
	return id, err
}

func (a Allocation) encode() (plain []byte, id journal.Hash, err error) {
	plain, err = journal.Encode(a.Manifest)
	return plain, sha256.Sum256(plain), err
}

// allocate tells a station of its blanks, once for each manifest.
func (v *Vault) allocate(ctx context.Context, a Allocation) (int, error) {
	o := v.offices[a.Station]
	if o == nil {
		return 0, fmt.Errorf("station %s is not enrolled", a.Station)
	}
	plain, id, err := a.encode()
	if err != nil {
		return 0, err
	}
	if _, done := o.manifests[id]; done {
		return 0, nil
	}
	if err := v.mayAllocate(o, a.Manifest); err != nil {
		return 0, err
	}
	body := event.Allocated{
		Manifest: id, Product: a.Manifest.Product, Shipment: a.Manifest.ID(), Bags: a.Manifest.Sealed(),
	}
	d := directive{kind: event.StockAllocated, body: body, purpose: event.PurposeStock, plain: plain}
	if err := v.direct(ctx, o, d); err != nil {
		return 0, err
	}
	o.supplied(id, a.Manifest)
	v.Log.Info("stock allocated", "station", a.Station, "blanks", len(a.Manifest.Blanks))
	return 1, nil
}

// mayAllocate refuses a manifest that contradicts itself, and blanks that an office has already. One that
// an office has sent on may go to another.
func (v *Vault) mayAllocate(to *office, m event.Manifest) error {
	if err := m.Check(); err != nil {
		return err
	}
	if to.shipments[m.ID()] {
		return fmt.Errorf("shipment %s went to the station already: %w", m.ID(), station.ErrNotOurs)
	}
	for _, b := range m.Blanks {
		if err := to.Charter.Profile.CheckSerial(b.Serial); err != nil {
			return err
		}
		for _, other := range v.offices {
			if had := other.blanks[b.Serial]; had != nil && !had.sent {
				return fmt.Errorf("blank %s is allocated already: %w", b.Serial, station.ErrNotOurs)
			}
		}
	}
	return nil
}

// supplied takes in that the blanks of a manifest are the office's. Some may be in use already, where the
// ledger lost that they had been allocated before.
func (o *office) supplied(id journal.Hash, m event.Manifest) {
	for _, b := range m.Blanks {
		o.blanks[b.Serial] = &blank{chipID: b.ChipID, product: m.Product}
	}
	for _, c := range o.cases {
		if b := o.blanks[c.took]; b != nil {
			b.ordered = true
		}
	}
	o.manifests[id], o.shipments[m.ID()] = m, true
}

// directive is one entry to be on headquarters' chain to a station.
type directive struct {
	kind    string
	subject string
	body    any
	purpose string // of the sealed blob; none where plain is nil
	plain   []byte
}

// direct seals, signs and publishes one directive. It is on the ledger when direct returns nil.
func (v *Vault) direct(ctx context.Context, o *office, d directive) error {
	e := journal.Entry{
		Chain: o.Charter.Station + journal.Directives, Epoch: 1, Sequence: 1,
		Kind: d.kind, Subject: d.subject, Time: v.Now().Unix(),
	}
	if last, ok := o.directives.Last(); ok {
		e.Epoch, e.Sequence, e.Previous = last.Entry.Epoch, last.Entry.Sequence+1, last.ID()
	}
	if floor := v.epoch(o); e.Epoch < floor {
		e.Epoch, e.Sequence = floor, 1
	}
	if v.seen.Size > 0 {
		e.Seen = &v.seen.TreeHead
	}
	var err error
	if e.Body, err = journal.Encode(d.body); err != nil {
		return err
	}
	if d.plain != nil {
		if e.Blob, err = v.sealTo(ctx, o, d); err != nil {
			return err
		}
	}
	s, err := journal.Sign(e, v.Key)
	if err != nil {
		return err
	}
	_, checkpoint, err := v.Ledger.Push(ctx, v.seen, []journal.Signed{s})
	if err != nil {
		return err
	}
	v.seen, v.given[s.ID()] = checkpoint, true
	return o.directives.Next(s)
}

func (v *Vault) sealTo(ctx context.Context, o *office, d directive) (*journal.Blob, error) {
	pub, err := seal.ParsePublic(o.HPKE)
	if err != nil {
		return nil, err
	}
	data, blob, err := seal.Seal(pub, d.purpose, d.plain)
	if err != nil {
		return nil, err
	}
	return &blob, v.Ledger.PutBlob(ctx, blob, data)
}
