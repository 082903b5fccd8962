package ledger_test

import (
	"context"
	"crypto/ecdsa"
	"errors"
	"os/exec"
	"strings"
	"testing"

	"padarozhnik/station/hq/ledger"
	"padarozhnik/station/hq/wire"
	"padarozhnik/station/journal"
)

func testPushTwiceGivesTheSameReceipt(t *testing.T, on engine) {
	h := newHeadquarters(t, on)
	list := chain(t, h.one, "UTO-01", 3, nil)
	list = append(list, chain(t, h.officer, "UTO-01", 2, &list[2])...)
	a := h.must(t, utopia1, list...)
	b := h.must(t, utopia1, list...)
	for i := range list {
		if a.Receipts[i].Index != b.Receipts[i].Index {
			t.Errorf("entry %d: leaf %d, then %d", i, a.Receipts[i].Index, b.Receipts[i].Index)
		}
	}
	// The same entry signed again is the same entry.
	again := sign(t, h.one, entry("UTO-01", 1, 1, journal.Hash{}, "blank.counted"))
	if h.must(t, utopia1, again).Receipts[0].Index != 0 || h.size(t) != 5 {
		t.Error("another envelope of a stored entry must be that entry")
	}
	h.mustHold(t)
}

func testForkFreezes(t *testing.T, on engine) {
	for name, other := range map[string]func(t *testing.T, h *headquarters, list []journal.Signed) journal.Signed{
		"two at one number": func(t *testing.T, h *headquarters, list []journal.Signed) journal.Signed {
			return sign(t, h.one, entry("UTO-01", 1, 2, list[0].ID(), "blank.taken"))
		},
		"another predecessor": func(t *testing.T, h *headquarters, list []journal.Signed) journal.Signed {
			return sign(t, h.one, entry("UTO-01", 1, 4, journal.Hash{1}, "blank.taken"))
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHeadquarters(t, on)
			list := chain(t, h.one, "UTO-01", 3, nil)
			h.must(t, utopia1, list...)
			o := other(t, h, list)
			_, err := h.push(utopia1, o)
			if e := detail(t, err, wire.Fork); e.Chain != "UTO-01" || e.Expected != o.Entry.Sequence {
				t.Errorf("%+v", e)
			}
			_, err = h.push(utopia1, chain(t, h.one, "UTO-01", 1, &list[2])...)
			detail(t, err, wire.Frozen)
			forks, err := h.Evidence(context.Background(), "UTO-01")
			if err != nil || len(forks) != 1 || forks[0].Other.ID() != o.ID() {
				t.Errorf("evidence %v, %v", forks, err)
			}
			h.must(t, utopia2, chain(t, h.two, "UTO-02", 1, nil)...)
			h.must(t, vault, chain(t, h.hq, "UTO-01/hq", 1, nil)...)
			if h.size(t) != 5 {
				t.Errorf("size %d", h.size(t))
			}
			h.mustHold(t)
		})
	}
}

func testReplacedStationGoesOn(t *testing.T, on engine) {
	h := newHeadquarters(t, on)
	ctx := context.Background()
	list := chain(t, h.one, "UTO-01", 3, nil)
	h.must(t, utopia1, list...)
	_, err := h.push(utopia1, sign(t, h.one, entry("UTO-01", 1, 3, list[1].ID(), "blank.taken")))
	detail(t, err, wire.Fork)
	fresh := newKey(t)
	if err := h.Register(ctx, ledger.Station{ID: "UTO-01", Epoch: 2, Key: spki(t, fresh)}); err != nil {
		t.Fatal(err)
	}
	start := sign(t, fresh, entry("UTO-01", 2, 1, list[2].ID(), "station.replaced"))
	h.must(t, utopia1, start)
	_, err = h.push(utopia1, chain(t, h.one, "UTO-01", 1, &list[2])...)
	detail(t, err, wire.UnknownKey)
	old := list[2].Entry
	old.Actor, old.Sequence, old.Previous = "", 4, list[2].ID()
	_, err = h.push(utopia1, sign(t, fresh, old))
	detail(t, err, wire.UnknownKey)
	if err := h.Register(ctx, h.first(t)); !errors.Is(err, ledger.ErrRegistry) {
		t.Errorf("earlier epoch registered again: %v", err)
	}
	h.mustHold(t)
}

func testGapNamesTheNextNumber(t *testing.T, on engine) {
	h := newHeadquarters(t, on)
	list := chain(t, h.one, "UTO-01", 5, nil)
	_, err := h.push(utopia1, list[1])
	if e := detail(t, err, wire.Gap); e.Expected != 1 || e.Epoch != 1 {
		t.Errorf("%+v", e)
	}
	h.must(t, utopia1, list[:2]...)
	_, err = h.push(utopia1, list[1], list[4])
	if e := detail(t, err, wire.Gap); e.Expected != 3 {
		t.Errorf("%+v", e)
	}
	h.must(t, utopia1, list...)
	if h.size(t) != 5 {
		t.Errorf("size %d", h.size(t))
	}
}

func testRefusedPushStoresNothing(t *testing.T, on engine) {
	h := newHeadquarters(t, on)
	list := chain(t, h.one, "UTO-01", 2, nil)
	stranger := chain(t, newKey(t), "UTO-01", 1, &list[1])
	_, err := h.push(utopia1, append(list, stranger...)...)
	detail(t, err, wire.UnknownKey)
	if h.size(t) != 0 {
		t.Errorf("size %d after a refused push", h.size(t))
	}
	h.mustHold(t)
}

func testWhoMayPushWhat(t *testing.T, on engine) {
	h := newHeadquarters(t, on)
	for _, c := range []struct {
		name string
		from wire.Peer
		key  *ecdsa.PrivateKey
		to   string
		want wire.Code
	}{
		{"another station's chain", utopia2, h.one, "UTO-01", wire.NotYours},
		{"own directives", utopia1, h.one, "UTO-01/hq", wire.NotYours},
		{"vault into a station's chain", vault, h.hq, "UTO-01", wire.UnknownKey},
		{"directives signed by a station", vault, h.one, "UTO-01/hq", wire.UnknownKey},
		{"chain signed by the vault", utopia1, h.hq, "UTO-01", wire.UnknownKey},
		{"officer of another station", utopia2, h.officer, "UTO-02", wire.UnknownKey},
		{"directives to nobody", vault, h.hq, "UTO-09/hq", wire.UnknownStation},
		{"unregistered station", wire.Peer{Name: "UTO-09", Role: wire.RoleStation}, h.one, "UTO-09", wire.UnknownStation},
		{"station as a vault", wire.Peer{Name: "UTO-01", Role: wire.RoleVault}, h.hq, "UTO-01/hq", wire.UnknownStation},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := h.push(c.from, chain(t, c.key, c.to, 1, nil)...)
			detail(t, err, c.want)
		})
	}
	if h.size(t) != 0 {
		t.Errorf("size %d", h.size(t))
	}
}

// testVaultHandsInWhatAStationSigned: bundles of stations without a network come by the vault. Who
// carries an entry changes nothing about what it takes for it to be accepted.
func testVaultHandsInWhatAStationSigned(t *testing.T, on engine) {
	h := newHeadquarters(t, on)
	list := chain(t, h.one, "UTO-01", 3, nil)
	h.must(t, vault, list[:2]...)
	h.must(t, utopia1, list...)
	if h.size(t) != 3 {
		t.Errorf("size %d", h.size(t))
	}
	_, err := h.push(vault, sign(t, h.one, entry("UTO-01", 1, 3, list[1].ID(), "blank.spoiled")))
	detail(t, err, wire.Fork)
	if forks, err := h.Evidence(context.Background(), "UTO-01"); err != nil || len(forks) != 1 {
		t.Errorf("evidence %v, %v", forks, err)
	}
}

// testWhoMaySeeWhichChain: a station its own two, the vault every one.
func testWhoMaySeeWhichChain(t *testing.T, on engine) {
	h := newHeadquarters(t, on)
	h.must(t, utopia1, chain(t, h.one, "UTO-01", 2, nil)...)
	h.must(t, utopia2, chain(t, h.two, "UTO-02", 1, nil)...)
	h.must(t, vault, chain(t, h.hq, "UTO-01/hq", 1, nil)...)
	for _, c := range []struct {
		who   wire.Peer
		chain string
		want  int // entries; -1: refused
	}{
		{utopia1, "UTO-01", 2}, {utopia1, "UTO-01/hq", 1}, {utopia1, "UTO-02", -1}, {utopia1, "UTO-02/hq", -1},
		{utopia1, "", -1}, {utopia2, "UTO-02", 1}, {utopia2, "UTO-01", -1},
		{vault, "UTO-01", 2}, {vault, "UTO-02", 1}, {vault, "", 4},
	} {
		a, err := h.PullChain(context.Background(), c.who, c.chain, 0, 0)
		if c.want < 0 {
			detail(t, err, wire.NotYours)
			continue
		}
		if err != nil || len(a.Items) != c.want {
			t.Errorf("%s asks for %q: %d entries, %v", c.who.Name, c.chain, len(a.Items), err)
		}
	}
}

func testEverySingleBitOfAnEnvelope(t *testing.T, on engine) {
	h := newHeadquarters(t, on)
	list := chain(t, h.one, "UTO-01", 2, nil)
	h.must(t, utopia1, list[0])
	flip := func(raw []byte, bit int) wire.PushRequest {
		changed := append([]byte(nil), raw...)
		changed[bit/8] ^= 1 << (bit % 8)
		return wire.PushRequest{Entries: [][]byte{changed}}
	}
	for _, s := range list { // one that is stored already, one that is not
		for bit := range len(s.Raw()) * 8 {
			if _, err := h.Ingest(context.Background(), utopia1, flip(s.Raw(), bit)); err == nil {
				t.Fatalf("bit %d accepted", bit)
			}
		}
	}
	h.must(t, utopia1, list[1])
	h.mustHold(t)
}

func testRevoked(t *testing.T, on engine) {
	h := newHeadquarters(t, on)
	ctx := context.Background()
	list := chain(t, h.one, "UTO-01", 2, nil)
	h.must(t, utopia1, list[0])
	if err := h.Revoke(ctx, "UTO-01"); err != nil {
		t.Fatal(err)
	}
	_, err := h.push(utopia1, list[1])
	detail(t, err, wire.Revoked)
	_, err = h.Pull(ctx, utopia1, 0, 0)
	detail(t, err, wire.Revoked)
	_, err = h.push(vault, chain(t, h.hq, "UTO-01/hq", 1, nil)...)
	detail(t, err, wire.Revoked)
	if err := h.Revoke(ctx, "UTO-09"); !errors.Is(err, wire.UnknownStation) {
		t.Errorf("revoke nobody: %v", err)
	}
	list2, err := h.Standings(ctx)
	if err != nil || len(list2) != 3 || !list2[0].Revoked || list2[0].Last != 1 {
		t.Errorf("%+v, %v", list2, err)
	}
	h.mustHold(t)
}

func testOfficerWhoLeft(t *testing.T, on engine) {
	h := newHeadquarters(t, on)
	before := chain(t, h.officer, "UTO-01", 2, nil)
	h.must(t, utopia1, before...)
	if err := h.Register(context.Background(), ledger.Station{ID: "UTO-01", Epoch: 1, Key: spki(t, h.one)}); err != nil {
		t.Fatal(err)
	}
	h.must(t, utopia1, before...) // sent again after the answer was lost
	_, err := h.push(utopia1, chain(t, h.officer, "UTO-01", 1, &before[1])...)
	detail(t, err, wire.UnknownKey)
	h.must(t, utopia1, chain(t, h.one, "UTO-01", 1, &before[1])...)
	h.mustHold(t)
}

// TestLinksNothingThatOpens holds the rule that whoever takes the internet-facing machine finds
// no code that opens sealed things.
func TestLinksNothingThatOpens(t *testing.T) {
	out, err := exec.Command("go", "list", "-deps", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, forbidden := range []string{"token", "journal/seal", "hq/vault", "hq/client"} {
		if strings.Contains(string(out), "padarozhnik/station/"+forbidden+"\n") {
			t.Errorf("links %s", forbidden)
		}
	}
}
