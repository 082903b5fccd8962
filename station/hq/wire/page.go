package wire

import (
	"golang.org/x/mod/sumdb/note"

	"padarozhnik/station/journal"
)

// ReadPage reads a PullResponse that answers a question after leaf number after, and verifies its
// checkpoint and every inclusion. The second result is the proof that the checkpoint contains the
// one that the caller named; whether it does is for the caller to say, who knows that one. It
// returns an error wrapping BadRequest or one of journal's.
func ReadPage(raw []byte, ledger note.Verifier, after int64) (journal.Page, []journal.Hash, error) {
	m, err := DecodePullResponse(raw)
	if err != nil {
		return journal.Page{}, nil, err
	}
	p := journal.Page{Next: m.Next, More: m.More, Restored: m.Restored}
	if p.Checkpoint, err = m.State().Read(ledger); err != nil {
		return journal.Page{}, nil, err
	}
	at := after
	for _, item := range m.Items {
		s, err := journal.Parse(item.Entry)
		if err != nil {
			return journal.Page{}, nil, err
		}
		if item.Inclusion.Index < at {
			return journal.Page{}, nil, BadRequest
		}
		at = item.Inclusion.Index + 1
		err = journal.VerifyInclusion(s, item.Inclusion.Index, item.Inclusion.Proof, p.Checkpoint.TreeHead)
		if err != nil {
			return journal.Page{}, nil, err
		}
		p.Entries = append(p.Entries, journal.Pulled{Entry: s, Receipt: journal.Receipt{
			Index: item.Inclusion.Index, Proof: item.Inclusion.Proof, Checkpoint: p.Checkpoint.Raw,
		}})
	}
	if p.Next < at || p.More && p.Next == after {
		return journal.Page{}, nil, BadRequest
	}
	return p, m.Consistency, nil
}
