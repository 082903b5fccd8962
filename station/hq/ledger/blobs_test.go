package ledger_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"padarozhnik/station/hq/ledger"
	"padarozhnik/station/hq/wire"
	"padarozhnik/station/journal"
)

func testBlobs(t *testing.T, on engine) {
	h := newHeadquarters(t, on)
	data := []byte(strings.Repeat("sealed", 700))
	named := sealed(data)
	order := sign(t, h.hq, withBlob("UTO-01/hq", named))
	_, err := h.push(vault, order)
	if e := detail(t, err, wire.BlobMissing); e.Digest != named.Digest {
		t.Errorf("%+v", e)
	}
	detail(t, h.put(vault, journal.Hash{1}, data), wire.BlobMismatch)
	detail(t, h.put(vault, named.Digest, make([]byte, journal.MaxBlob+1)), wire.TooLarge)
	for range 2 {
		if err := h.put(vault, named.Digest, data); err != nil {
			t.Fatal(err)
		}
	}
	_, err = h.get(utopia1, named.Digest)
	detail(t, err, wire.NotFound) // no directive names it yet
	h.must(t, vault, order)
	for _, p := range []wire.Peer{utopia1, vault} {
		if got, err := h.get(p, named.Digest); err != nil || string(got) != string(data) {
			t.Errorf("%s: %v", p.Name, err)
		}
	}
	_, err = h.get(utopia2, named.Digest)
	detail(t, err, wire.NotFound)
	wrong := named
	wrong.Size++
	_, err = h.push(utopia1, sign(t, h.one, withBlob("UTO-01", wrong)))
	detail(t, err, wire.BlobMismatch)
	h.mustHold(t)
}

func testPendingBlobsAreBounded(t *testing.T, on engine) {
	h := newHeadquarters(t, on)
	_ = h.Close()
	l, err := ledger.Open(h.place, ledger.Options{Signer: h.signer, Verifier: h.verifier, PendingBytes: 10_000})
	if err != nil {
		t.Fatal(err)
	}
	h.Ledger = l
	put := func(fill byte) (journal.Blob, error) {
		data := []byte(strings.Repeat(string(fill), 4096))
		b := sealed(data)
		return b, h.put(utopia1, b.Digest, data)
	}
	b, err := put('a')
	if err != nil {
		t.Fatal(err)
	}
	if _, err := put('b'); err != nil {
		t.Fatal(err)
	}
	_, err = put('c')
	detail(t, err, wire.TooLarge)
	h.must(t, utopia1, sign(t, h.one, withBlob("UTO-01", b)))
	if _, err := put('c'); err != nil {
		t.Errorf("after one was named: %v", err)
	}
}

func testPull(t *testing.T, on engine) {
	h := newHeadquarters(t, on)
	ctx := context.Background()
	h.must(t, utopia1, chain(t, h.one, "UTO-01", 3, nil)...)
	orders := chain(t, h.hq, "UTO-01/hq", 300, nil)
	h.must(t, vault, orders[:200]...)
	h.must(t, vault, chain(t, h.hq, "UTO-02/hq", 1, nil)...)
	h.must(t, vault, orders[200:]...)

	pullAll := func(p wire.Peer) (got []string) {
		for after, more := int64(0), true; more; {
			a, err := h.Pull(ctx, p, after, 0)
			if err != nil {
				t.Fatal(err)
			}
			c, err := journal.ParseCheckpoint(a.Checkpoint, h.verifier)
			if err != nil {
				t.Fatal(err)
			}
			for _, item := range a.Items {
				s, err := journal.Parse(item.Entry)
				if err != nil {
					t.Fatal(err)
				}
				if err := journal.VerifyInclusion(s, item.Inclusion.Index, item.Inclusion.Proof, c.TreeHead); err != nil {
					t.Fatal(err)
				}
				got = append(got, fmt.Sprint(s.Entry.Chain, s.Entry.Sequence))
			}
			after, more = a.Next, a.More
		}
		return got
	}
	if got := pullAll(utopia1); len(got) != 300 || got[299] != "UTO-01/hq300" {
		t.Errorf("station got %d entries", len(got))
	}
	if got := pullAll(utopia2); len(got) != 1 {
		t.Errorf("other station got %v", got)
	}
	if got := pullAll(vault); len(got) != 304 {
		t.Errorf("vault got %d entries", len(got))
	}
	_, err := h.Pull(ctx, utopia1, 0, 10_000)
	if e := detail(t, err, wire.Behind); e.Size != 304 {
		t.Errorf("%+v", e)
	}
}

func testConsistencyFromEverySize(t *testing.T, on engine) {
	h := newHeadquarters(t, on)
	list := chain(t, h.one, "UTO-01", 9, nil)
	var seen []journal.Checkpoint
	for _, s := range list {
		c, err := journal.ParseCheckpoint(h.must(t, utopia1, s).Checkpoint, h.verifier)
		if err != nil {
			t.Fatal(err)
		}
		seen = append(seen, c)
	}
	for _, c := range seen {
		a, err := h.Checkpoint(context.Background(), c.Size)
		if err != nil {
			t.Fatal(err)
		}
		if err := journal.VerifyConsistency(c, seen[8], a.Consistency); err != nil {
			t.Errorf("from %d: %v", c.Size, err)
		}
	}
}
