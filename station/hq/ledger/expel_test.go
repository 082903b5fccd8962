package ledger_test

import (
	"testing"

	"padarozhnik/station/hq/wire"
	"padarozhnik/station/journal"
)

// testEndedKeySignsNoMore ends an officer's key: what it signed before is still receipted and holds in
// an audit, what comes after is refused.
func testEndedKeySignsNoMore(t *testing.T, on engine) {
	h := newHeadquarters(t, on)
	before := chain(t, h.officer, "UTO-01", 2, nil)
	h.must(t, utopia1, before...)
	id, err := journal.KeyID(&h.officer.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []int{1, 0} {
		if n, err := h.EndKeys(t.Context(), []string{id, "no such key"}); err != nil || n != want {
			t.Errorf("ended %d, want %d: %v", n, want, err)
		}
	}
	_, err = h.push(utopia1, chain(t, h.officer, "UTO-01", 1, &before[1])...)
	detail(t, err, wire.UnknownKey)
	h.must(t, utopia1, before...)
	h.must(t, utopia1, chain(t, h.one, "UTO-01", 1, &before[1])...)
	h.mustHold(t)
}
