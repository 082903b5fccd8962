package issuance_test

import (
	"context"
	"fmt"
	"os"
	"testing"

	"padarozhnik/station/issuance"
	"padarozhnik/station/journal"
	"padarozhnik/station/journal/event"
)

// many is what an office writes in some years.
const many = 50_000

// fill appends n entries signed by the station's key, as its verbs would, in few transactions. It
// returns how many bytes they have.
func (o *office) fill(d *issuance.Desk, n int) (bytes int) {
	t := o.t
	t.Helper()
	e := journal.Entry{
		Chain: stationID, Epoch: 1, Sequence: 1, Kind: event.CaseDrafted, Subject: "7KQXM-2WNPA", Time: 1_790_000_000,
	}
	for n > 0 {
		batch := min(n, 1000)
		err := d.Store.Update(context.Background(), func(tx issuance.Tx) error {
			for range batch {
				s, err := journal.Sign(e, d.Key)
				if err != nil {
					return err
				}
				if err := tx.Append(s); err != nil {
					return err
				}
				e.Sequence, e.Previous, bytes = e.Sequence+1, s.ID(), bytes+len(s.Raw())
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		n -= batch
	}
	return bytes
}

// BenchmarkExchange brings many entries to headquarters and their receipts back, over the network
// and by a stick. The baseline of times is the journal's own verification (one signature and one
// receipt for each entry), that of sizes the entries' bytes.
func BenchmarkExchange(b *testing.B) {
	n := many
	if testing.Short() {
		n = 2_000
	}
	b.Run(fmt.Sprintf("network %d", n), func(b *testing.B) {
		for range b.N {
			b.StopTimer()
			o := bareOffice(b)
			d := o.rawDesk()
			o.fill(d, n)
			b.StartTimer()
			must(d.Sync(context.Background()))(b)
			perEntry(b, n)
			o.verified(b, d, n)
		}
	})
	b.Run(fmt.Sprintf("stick %d", n), func(b *testing.B) {
		for range b.N {
			b.StopTimer()
			o := bareOffice(b)
			d := o.rawDesk()
			raw := o.fill(d, n)
			b.StartTimer()
			letter, _ := o.export(d)
			must(o.ingest(letter))(b)
			answer := o.answer()
			must(o.take(d, answer))(b)
			perEntry(b, n)
			b.ReportMetric(sizeOf(b, letter)/float64(raw), "letter/entries")
			b.ReportMetric(sizeOf(b, answer)/float64(raw), "answer/entries")
			o.verified(b, d, n)
		}
	})
}

// verified times the baseline.
func (o *office) verified(b *testing.B, d *issuance.Desk, n int) {
	took := b.Elapsed()
	r := must(d.VerifyRecords(context.Background(), nil))(b)
	if r.Entries != n || r.Receipts != n {
		b.Errorf("%d entries, %d receipts", r.Entries, r.Receipts)
	}
	b.ReportMetric(took.Seconds()/(b.Elapsed()-took).Seconds(), "exchange/verify")
	b.StopTimer()
}

func perEntry(b *testing.B, n int) {
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(n)/float64(b.N), "us/entry")
}

func sizeOf(tb testing.TB, path string) float64 {
	info, err := os.Stat(path)
	if err != nil {
		tb.Fatal(err)
	}
	return float64(info.Size())
}
