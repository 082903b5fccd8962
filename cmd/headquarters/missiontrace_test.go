package main

import (
	"encoding/hex"
	"encoding/json"
	"path/filepath"
	"strings"
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
			b.signatures()
			return
		}
	}
	t.Error("the trace does not show who signed the book")
}

// signatures: the vault tells of a signature that its office was never allowed to give, and of a book that a
// border doubts and no entry lists.
func (b *bureau) signatures() {
	b.t.Helper()
	at := b.serving()
	out, err := b.run(b.vaultCommand(), append(at, "signatures")...)
	if err == nil || !strings.Contains(out, "station UTO-01, case CASE-2, number UT4200003: ") {
		b.t.Errorf("vault signatures: %v\n%s", err, out)
	}
	doubted := put(b.t, filepath.Join(b.top, "EF.SOD.bin"), []byte{0x77, 0x02, 0x05, 0x00})
	if out, err := b.run(b.vaultCommand(), append(at, "signatures", "--sod", doubted)...); err == nil ||
		!strings.Contains(err.Error(), doubted) || strings.Contains(out, doubted) {
		b.t.Errorf("a book of nobody: %v\n%s", err, out)
	}
}
