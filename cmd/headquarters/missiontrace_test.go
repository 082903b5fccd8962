package main

import (
	"encoding/hex"
	"encoding/json"
	"testing"

	"padarozhnik/station/journal/event"
)

// TestTraceOfABookSignedAtAStation: the chain of signatures of a book leads through the entry in which its
// station signed it.
func TestTraceOfABookSignedAtAStation(t *testing.T) {
	b := newBureau(t)
	b.issued()
	sod := make([]byte, 32)
	sod[0] = 7
	for _, e := range []struct {
		by, kind string
		body     any
	}{
		{"E", event.CaseOpened, nil},
		{"A", event.OrderSignedHere, event.SignedHere{Serial: "UT4200003", SOD: sod, Number: 1}},
		{"station", event.CaseOrdered, event.Bound{Case: "CASE-2"}},
	} {
		if err := b.write(b.tokens[e.by], "UTO-01", e.kind, "CASE-2", e.body, nil); err != nil {
			t.Fatal(err)
		}
	}
	var steps []traced
	if err := json.Unmarshal([]byte(b.must(b.caseCommand(), "trace", "UT4200003", "--json")), &steps); err != nil {
		t.Fatal(err)
	}
	for _, s := range steps {
		if s.Kind == event.OrderSignedHere {
			if s.Who != "A" || !s.Verified || s.SOD != hex.EncodeToString(sod) {
				t.Errorf("%+v", s)
			}
			return
		}
	}
	t.Error("the trace does not show who signed the book")
}
