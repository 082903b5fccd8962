package bundle

import (
	"context"
	"fmt"

	"golang.org/x/mod/sumdb/note"

	"padarozhnik/station/hq/wire"
	"padarozhnik/station/journal"
)

// Answer is an opened bundle to a station. It answers what the wire would, from the file: to the
// station's desk it is one more headquarters. It is used by one goroutine.
type Answer struct {
	*Bundle
	ledger note.Verifier
	base   journal.Checkpoint // that the links prove
	links  map[int64][]journal.Hash
	own    []page
	pull   []page
	blobs  map[journal.Hash]Part
	trust  *Part
	// Charter is the signed charter that came along; nil for none.
	Charter []byte
}

// page is one PullResponse of the file.
type page struct {
	part        Part
	after, next int64
	checkpoint  journal.Checkpoint
}

// OpenAnswer opens a bundle for a station and verifies that its answers hold and prove one another.
// Beside the errors of Open it returns journal.ErrNotForUs for the answers to another station.
func OpenAnswer(b *Bundle, station string, ledger note.Verifier) (*Answer, error) {
	a := &Answer{Bundle: b, ledger: ledger, links: map[int64][]journal.Hash{}, blobs: map[journal.Hash]Part{}}
	if b.Hello.Station != station {
		return nil, fmt.Errorf("answers to station %s: %w", b.Hello.Station, journal.ErrNotForUs)
	}
	last := journal.Checkpoint{}
	for _, p := range b.Parts {
		switch p.Kind {
		case KindBlob:
			a.blobs[p.Digest] = p
			continue
		case KindTrust:
			a.trust = &p
			continue
		}
		body, err := b.Body(p)
		if err != nil {
			return nil, err
		}
		switch p.Kind {
		case KindLink:
			err = a.link(body)
			last = a.base
		case KindOwn:
			last, err = a.page(&a.own, p, body, b.Hello.Own, last)
		case KindPull:
			last, err = a.page(&a.pull, p, body, b.Hello.After, last)
		case KindCharter:
			a.Charter = body
		}
		if err != nil {
			return nil, err
		}
	}
	return a, nil
}

func (a *Answer) link(body []byte) error {
	var l Link
	if err := wire.Decode(body, &l); err != nil {
		return fmt.Errorf("%w: %w", journal.ErrAnswer, err)
	}
	m, err := wire.DecodeCheckpointResponse(l.Answer)
	if err != nil {
		return fmt.Errorf("%w: %w", journal.ErrAnswer, err)
	}
	c, err := journal.ParseCheckpoint(m.Checkpoint, a.ledger)
	if err != nil {
		return fmt.Errorf("%w: %w", journal.ErrAnswer, err)
	}
	if len(a.links) > 0 && c.TreeHead != a.base.TreeHead {
		return fmt.Errorf("links to two trees: %w", journal.ErrAnswer)
	}
	a.base, a.links[l.From] = c, m.Consistency
	return nil
}

// page verifies one page against the one before it and notes where it lies.
func (a *Answer) page(
	list *[]page, p Part, body []byte, after int64, last journal.Checkpoint,
) (journal.Checkpoint, error) {
	if n := len(*list); n > 0 {
		after = (*list)[n-1].next
	}
	m, proof, err := wire.ReadPage(body, a.ledger, after)
	if err != nil {
		return last, fmt.Errorf("%w: %w", journal.ErrAnswer, err)
	}
	if err := journal.VerifyConsistency(last, m.Checkpoint, proof); err != nil {
		return last, err
	}
	*list = append(*list, page{part: p, after: after, next: m.Next, checkpoint: m.Checkpoint})
	return m.Checkpoint, nil
}

// Trust reads the signed trust list that came along; nil for none.
func (a *Answer) Trust() ([]byte, error) {
	if a.trust == nil {
		return nil, nil
	}
	return a.Body(*a.trust)
}

// Own answers from the station's own chain as headquarters holds it.
func (a *Answer) Own(_ context.Context, last journal.Checkpoint, after int64) (journal.Page, error) {
	return a.answer(a.own, last, after)
}

// Pull answers with headquarters' directives.
func (a *Answer) Pull(_ context.Context, last journal.Checkpoint, after int64) (journal.Page, error) {
	return a.answer(a.pull, last, after)
}

// GetBlob returns sealed bytes that a directive names.
func (a *Answer) GetBlob(_ context.Context, b journal.Blob) ([]byte, error) {
	p, ok := a.blobs[b.Digest]
	if !ok || p.Size != b.Size {
		return nil, fmt.Errorf("blob: %w: %w", journal.ErrAnswer, wire.NotFound)
	}
	return a.Body(p)
}

// answer finds the page that goes on from a leaf. What the asker has already is left out. It returns
// journal.ErrNotJoined where the answers begin later.
func (a *Answer) answer(list []page, last journal.Checkpoint, after int64) (journal.Page, error) {
	if len(list) == 0 || after < list[0].after {
		return journal.Page{}, fmt.Errorf("answers from leaf %d on wanted: %w", after, journal.ErrNotJoined)
	}
	i := 0
	for i < len(list)-1 && list[i].next <= after {
		i++
	}
	at := list[i]
	if err := a.join(last, at.checkpoint); err != nil {
		return journal.Page{}, err
	}
	body, err := a.Body(at.part)
	if err != nil {
		return journal.Page{}, err
	}
	m, _, err := wire.ReadPage(body, a.ledger, at.after)
	if err != nil {
		return journal.Page{}, fmt.Errorf("%w: %w", journal.ErrAnswer, err)
	}
	for len(m.Entries) > 0 && m.Entries[0].Receipt.Index < after {
		m.Entries = m.Entries[1:]
	}
	m.More, m.Next = i < len(list)-1, max(m.Next, after)
	return m, nil
}

// join tells whether what the asker has seen last and the answers belong to one tree. Answers that
// are older than that cannot prove it: their receipts hold by themselves, and the asker keeps the
// newer checkpoint. But a headquarters that has heard of more than it holds was restored from a
// backup: journal.ErrRolledBack.
func (a *Answer) join(last, now journal.Checkpoint) error {
	switch {
	case last.Size == 0:
		return nil
	case last.Size > now.Size && a.Hello.Known > a.base.Size:
		return fmt.Errorf("from %d to %d leaves: %w", a.Hello.Known, a.base.Size, journal.ErrRolledBack)
	case last.Size > now.Size:
		return nil
	}
	for _, c := range a.checkpoints() {
		if c.Size == last.Size {
			return journal.VerifyConsistency(last, c, nil)
		}
	}
	proof, ok := a.links[last.Size]
	if !ok {
		return fmt.Errorf("no proof from %d leaves: %w", last.Size, journal.ErrNotJoined)
	}
	return journal.VerifyConsistency(last, a.base, proof)
}

func (a *Answer) checkpoints() []journal.Checkpoint {
	out := []journal.Checkpoint{a.base}
	for _, list := range [][]page{a.own, a.pull} {
		for _, p := range list {
			out = append(out, p.checkpoint)
		}
	}
	return out
}
