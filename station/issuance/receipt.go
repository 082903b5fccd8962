package issuance

import (
	"context"
	"crypto/sha256"
	"fmt"
	"time"

	"padarozhnik/printing/paper"
	"padarozhnik/station"
	"padarozhnik/station/attest"
	"padarozhnik/station/journal"
	"padarozhnik/station/journal/event"
)

// Receipt is what the holder gets with a book: the text that anybody can check, and the paper with it.
type Receipt struct {
	Text string // attest.CheckReceipt reads it
	PDF  []byte
}

// Receipt makes the holder's receipt of a case that was handed over, as often as it is asked for until
// the case is closed. It names nobody. texts are those of the paper's language.
func (d *Desk) Receipt(
	ctx context.Context, seat Seat, token station.CaseToken, texts map[string]string,
) (Receipt, error) {
	var out Receipt
	err := d.Store.Update(ctx, func(tx Tx) error {
		r, err := d.receiptOf(tx, seat, token)
		if err != nil {
			return err
		}
		if out.Text, err = attest.SignReceipt(r, d.Charter.Seal, d.Key); err != nil {
			return fmt.Errorf("%w: %w", ErrCharter, err)
		}
		if out.PDF, err = d.receiptPaper(r, out.Text, texts); err != nil {
			return err
		}
		ev := fact{kind: event.ReceiptMade, subject: string(token), body: event.Bound{Case: token}}
		return d.record(tx, seat.Key, ev)
	})
	if err != nil {
		return Receipt{}, fmt.Errorf("receipt of case %s: %w", token, err)
	}
	return out, nil
}

func (d *Desk) receiptOf(tx Tx, seat Seat, token station.CaseToken) (attest.Receipt, error) {
	var r attest.Receipt
	f, err := tx.Folder(token)
	if err != nil {
		return r, err
	}
	if f.Case.Stage != station.StageHanded {
		return r, fmt.Errorf("case is %s: %w", f.Case.Stage, station.ErrStage)
	}
	var o station.Order
	if err := d.open(tx, token, f.Keys, f.Order, seat.Key, &o); err != nil {
		return r, err
	}
	defer Destroy(&o)
	handed, old, err := handedOn(tx, o.Serial)
	if err != nil {
		return r, err
	}
	sod := sha256.Sum256(o.File("EF.SOD"))
	return attest.Receipt{
		Station: d.Charter.Station, State: d.Charter.Profile.IssuingState, Serial: o.Serial, Issue: o.Issue,
		Expiry: o.Expiry, Handed: handed, SOD: sod[:], Case: token, Old: old,
	}, nil
}

// handedOn reads the day of a hand-over, and what became of the old passport, from the journal.
func handedOn(tx Tx, serial station.Serial) (station.Date, station.Custody, error) {
	entries, err := tx.Entries(string(serial))
	if err != nil {
		return station.Date{}, "", err
	}
	for _, s := range entries {
		if s.Entry.Kind != event.CaseHanded {
			continue
		}
		var body event.Handed
		if err := journal.Decode(s.Entry.Body, &body); err != nil {
			return station.Date{}, "", err
		}
		return station.DateOf(time.Unix(s.Entry.Time, 0)), body.Old, nil
	}
	return station.Date{}, "", ErrUnknown
}

// receiptPaper sets the receipt on paper, in the language of texts and with the authority's name in both.
func (d *Desk) receiptPaper(r attest.Receipt, text string, texts map[string]string) ([]byte, error) {
	p := d.Charter.Profile
	s := paper.New(texts["paper.receipt.title"], r.Handed.Time())
	s.Text(p.Authority.BE + " / " + p.Authority.EN)
	if p.Overprint != "" {
		s.Heading(p.Overprint)
	}
	s.Fact(texts["paper.receipt.serial"], string(r.Serial))
	s.Fact(texts["paper.receipt.issue"], r.Issue.String())
	s.Fact(texts["paper.receipt.expiry"], r.Expiry.String())
	s.Fact(texts["paper.receipt.handed"], r.Handed.String())
	s.Fact(texts["paper.receipt.station"], r.Station)
	s.Fact(texts["paper.receipt.case"], string(r.Case))
	s.Fact(texts["paper.receipt.old"], texts["paper.receipt.old."+string(r.Old)])
	s.Fact(texts["paper.receipt.sod"], fmt.Sprintf("%X", r.SOD[:8]))
	s.Text("")
	s.Text(texts["paper.receipt.says"])
	s.Code(text, 62, false)
	s.Text(texts["paper.receipt.check"])
	s.Signatures(texts["paper.receipt.officer"], texts["paper.receipt.holder"])
	s.Keywords(text)
	return s.Bytes()
}
