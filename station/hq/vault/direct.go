package vault

import (
	"context"
	"crypto/sha256"
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

// allocate tells a station of its blanks, once for each manifest.
func (v *Vault) allocate(ctx context.Context, a Allocation) (int, error) {
	o := v.offices[a.Station]
	if o == nil {
		return 0, fmt.Errorf("station %s is not enrolled", a.Station)
	}
	plain, err := journal.Encode(a.Manifest)
	if err != nil {
		return 0, err
	}
	id := journal.Hash(sha256.Sum256(plain))
	if o.manifests[id] {
		return 0, nil
	}
	for _, b := range a.Manifest.Blanks {
		if err := o.Charter.Profile.CheckSerial(b.Serial); err != nil {
			return 0, err
		}
		for _, other := range v.offices {
			if other.blanks[b.Serial] != nil {
				return 0, fmt.Errorf("blank %s is allocated already: %w", b.Serial, station.ErrNotOurs)
			}
		}
	}
	body := event.Allocated{Manifest: id, Product: a.Manifest.Product, Blanks: a.Manifest.Blanks}
	d := directive{kind: event.StockAllocated, body: body, purpose: event.PurposeStock, plain: plain}
	if err := v.direct(ctx, o, d); err != nil {
		return 0, err
	}
	o.receive(a.Manifest.Product, a.Manifest.Blanks)
	o.manifests[id] = true
	v.Log.Info("stock allocated", "station", a.Station, "blanks", len(a.Manifest.Blanks))
	return 1, nil
}

// receive takes in what blanks are the office's. Some may be in use already, where the ledger lost that
// they had been allocated before.
func (o *office) receive(product string, blanks []event.Blank) {
	for _, b := range blanks {
		o.blanks[b.Serial] = &blank{chipID: b.ChipID, product: product}
	}
	for _, c := range o.cases {
		if b := o.blanks[c.took]; b != nil {
			b.ordered = true
		}
	}
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
