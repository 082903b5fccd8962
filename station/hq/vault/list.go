package vault

import (
	"cmp"
	"context"
	"crypto/sha256"
	"fmt"
	"slices"

	"padarozhnik/station"
	"padarozhnik/station/attest"
	"padarozhnik/station/journal"
	"padarozhnik/station/journal/event"
)

// published is what an office was told of revoked books.
type published struct {
	version int
	digest  journal.Hash // of the rows
}

// reportedBook takes in what a station heard of a book after it was given away. A book that is found
// stays invalid.
func (o *office) reportedBook(e journal.Entry) error {
	var body event.Reported
	if err := journal.Decode(e.Body, &body); err != nil {
		return fmt.Errorf("report: %w: %w", ErrChain, err)
	}
	s := station.Serial(e.Subject)
	if s.Check() != nil {
		return fmt.Errorf("report: %w", ErrChain)
	}
	if _, known := o.reports[s]; known && body.As == station.FateFound {
		return nil
	}
	reason := string(body.As)
	if body.As == station.FateFound {
		reason = string(station.FateLost) // found without having been reported
	}
	o.reports[s] = attest.Row{First: s, Last: s, Reason: reason, Since: station.DateOf(moment(e.Time))}
	return nil
}

// rows lists what is revoked: by notices, and by the reports of stations on books that were ordered.
func (v *Vault) rows() []attest.Row {
	var out []attest.Row
	for _, o := range v.offices {
		for _, n := range o.warned {
			for _, b := range n.Revoked.Blanks {
				out = append(out, attest.Row{First: b.First, Last: b.Last, Reason: n.Revoked.Reason, Since: n.since})
			}
		}
		for s, r := range o.reports {
			if v.orderedBook(s) {
				out = append(out, r)
			}
		}
	}
	slices.SortFunc(out, func(a, b attest.Row) int {
		return cmp.Or(cmp.Compare(a.First, b.First), cmp.Compare(a.Last, b.Last),
			a.Since.Time().Compare(b.Since.Time()), cmp.Compare(a.Reason, b.Reason))
	})
	// The same row reaches every office in its own notice: the oldest says since when.
	return slices.CompactFunc(out, func(a, b attest.Row) bool { return a.First == b.First && a.Last == b.Last })
}

func (v *Vault) orderedBook(s station.Serial) bool {
	for _, o := range v.offices {
		if b := o.blanks[s]; b != nil && b.ordered {
			return true
		}
	}
	return false
}

// publish gives the newest list to every office whose own is older.
func (v *Vault) publish(ctx context.Context) error {
	rows := v.rows()
	raw, err := journal.Encode(rows)
	if err != nil {
		return err
	}
	digest := journal.Hash(sha256.Sum256(raw))
	newest, known := 0, false
	for _, o := range v.offices {
		known = known || o.public.digest == digest
		newest = max(newest, o.public.version)
	}
	if !known {
		newest++
	}
	for name, o := range v.offices {
		if v.gone[name] || o.public.digest == digest || len(rows) == 0 || len(o.Charter.VaultSeal) == 0 {
			continue
		}
		if err := v.giveList(ctx, o, rows, published{newest, digest}); err != nil {
			return fmt.Errorf("revocations to %s: %w", name, err)
		}
	}
	return nil
}

func (v *Vault) giveList(ctx context.Context, o *office, rows []attest.Row, l published) error {
	file, err := v.signList(o, rows, l.version)
	if err != nil {
		return err
	}
	body := event.Listed{Version: l.version, Digest: l.digest[:]}
	d := directive{kind: event.RevocationsIssued, body: body, purpose: event.PurposeList, plain: file}
	if err := v.direct(ctx, o, d); err != nil {
		return err
	}
	o.public = l
	v.Log.Info("revocations given", "station", o.Charter.Station, "rows", len(rows))
	return nil
}

func (v *Vault) signList(o *office, rows []attest.Row, version int) ([]byte, error) {
	return attest.SignRevocations(attest.Revocations{
		State: o.Charter.Profile.IssuingState, Version: version, Made: station.DateOf(v.Now()), Rows: rows,
	}, o.Charter.VaultSeal, v.Key)
}

// Revocations makes the list of what is revoked now, for whoever asks headquarters for it.
func (v *Vault) Revocations(ctx context.Context) ([]byte, error) {
	if err := v.catchUp(ctx); err != nil {
		return nil, err
	}
	version := 0
	var any *office
	for _, o := range v.offices {
		version = max(version, o.public.version)
		if any == nil || len(o.Charter.VaultSeal) > 0 {
			any = o
		}
	}
	if any == nil {
		return nil, fmt.Errorf("revocations: no station is enrolled: %w", attest.ErrMalformed)
	}
	return v.signList(any, v.rows(), max(version, 1))
}

// listedNow takes in which list an office was given before.
func (o *office) listedNow(e journal.Entry) error {
	var body event.Listed
	if err := journal.Decode(e.Body, &body); err != nil {
		return fmt.Errorf("revocations: %w: %w", ErrChain, err)
	}
	if len(body.Digest) != len(journal.Hash{}) {
		return fmt.Errorf("revocations: %w", ErrChain)
	}
	o.public = published{body.Version, journal.Hash(body.Digest)}
	return nil
}
