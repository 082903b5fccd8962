package wire_test

import (
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
		body, err := wire.EncodePush(req)
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
	body, err := wire.EncodePush(req)
	if err != nil || len(body) > wire.MaxMessage {
		t.Fatalf("%d bytes, %v", len(body), err)
	}
	if _, err := wire.DecodePushRequest(body); err != nil {
		t.Error(err)
	}
}
