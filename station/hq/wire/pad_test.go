package wire_test

import (
	"reflect"
	"testing"

	"padarozhnik/station/hq/wire"
	"padarozhnik/station/journal"
)

// TestPushesHaveClasses tries every length of a push over a wide range: its size on the wire is that
// of a class, and it reads back as what it was.
func TestPushesHaveClasses(t *testing.T) {
	sizes := map[int]int{}
	for n := 1; n < journal.MaxEntry; n += 1 + n/300 {
		req := wire.PushRequest{Entries: [][]byte{make([]byte, n), make([]byte, n/2+1)}, From: int64(n)}
		body, err := wire.EncodePadded(req)
		if err != nil {
			t.Fatal(err)
		}
		if len(body) != journal.SizeClass(len(body)) {
			t.Fatalf("%d bytes of entries travel as %d", n+n/2+1, len(body))
		}
		sizes[len(body)]++
		again, err := wire.DecodePushRequest(body)
		if err != nil || len(again.Entries) != 2 || len(again.Entries[0]) != n || again.From != int64(n) {
			t.Fatalf("reads back as %d entries, %v", len(again.Entries), err)
		}
	}
	if len(sizes) > 14 {
		t.Errorf("%d sizes up to %d bytes", len(sizes), journal.MaxEntry*3/2)
	}
}

// TestTheLargestPushStillTravels: padding never makes a message too large.
func TestTheLargestPushStillTravels(t *testing.T) {
	var req wire.PushRequest
	for range wire.MaxEntries {
		req.Entries = append(req.Entries, make([]byte, journal.MaxEntry))
	}
	body, err := wire.EncodePadded(req)
	if err != nil || len(body) > wire.MaxMessage {
		t.Fatalf("%d bytes, %v", len(body), err)
	}
	if _, err := wire.DecodePushRequest(body); err != nil {
		t.Error(err)
	}
}

// TestAnswersArePadded: the size of an answer is that of a class, whatever is in it, and what is in it
// stays what it was.
func TestAnswersArePadded(t *testing.T) {
	for n := 0; n < 9000; n += 113 {
		item := wire.Item{Entry: make([]byte, n), Inclusion: wire.Inclusion{Proof: make([]journal.Hash, n%64)}}
		pull := wire.PullResponse{Items: []wire.Item{item}, Next: int64(n), Checkpoint: make([]byte, 200)}
		push := wire.PushResponse{Receipts: make([]wire.Inclusion, n%256), Checkpoint: make([]byte, 200)}
		for name, m := range map[string]wire.Padded{
			"pull": pull, "push": push, "checkpoint": wire.CheckpointResponse{Checkpoint: make([]byte, n)},
		} {
			body, err := wire.EncodePadded(m)
			if err != nil {
				t.Fatal(err)
			}
			if journal.SizeClass(len(body)) != len(body) {
				t.Errorf("%s with %d: %d bytes", name, n, len(body))
			}
		}
		body, err := wire.EncodePadded(pull)
		if err != nil {
			t.Fatal(err)
		}
		got, err := wire.DecodePullResponse(body)
		got.Pad = nil
		if err != nil || !reflect.DeepEqual(got.Items[0].Entry, item.Entry) || got.Next != pull.Next {
			t.Fatalf("pull with %d came back changed, %v", n, err)
		}
	}
}
