package wire_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"fmt"
	"testing"
	"time"

	"padarozhnik/station/hq/wire"
	"padarozhnik/station/journal"
)

func encode(t testing.TB, v any) []byte {
	t.Helper()
	b, err := wire.Encode(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestPushRequestBounds(t *testing.T) {
	many := make([][]byte, wire.MaxEntries+1)
	for i := range many {
		many[i] = []byte{1}
	}
	long := make([]byte, journal.MaxEntry+1)
	for _, c := range []struct {
		name string
		in   []byte
		want error
	}{
		{"good", encode(t, wire.PushRequest{Entries: many[1:], From: 3}), nil},
		{"a field of a later version", encode(t, map[int]any{1: [][]byte{{1}}, 2: 0, 9: "later"}), nil},
		{"no entries", encode(t, wire.PushRequest{}), wire.BadRequest},
		{"negative size", encode(t, wire.PushRequest{Entries: many[:1], From: -1}), wire.BadRequest},
		{"too many entries", encode(t, wire.PushRequest{Entries: many}), wire.BadRequest},
		{"entry too long", encode(t, wire.PushRequest{Entries: [][]byte{long}}), wire.TooLarge},
		{"message too long", make([]byte, wire.MaxMessage+1), wire.TooLarge},
		{"duplicate key", []byte{0xa2, 2, 0, 2, 0}, wire.BadRequest},
		{"promises more than it has", append([]byte{0xa1, 1, 0x9b, 0x7f}, bytes.Repeat([]byte{0xff}, 7)...), wire.BadRequest},
		{"nothing", nil, wire.BadRequest},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := wire.DecodePushRequest(c.in); !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
		})
	}
}

func TestResponseBounds(t *testing.T) {
	long := wire.Inclusion{Proof: make([]journal.Hash, 65)}
	_, err := wire.DecodePushResponse(encode(t, wire.PushResponse{Receipts: []wire.Inclusion{long}}))
	if !errors.Is(err, wire.BadRequest) {
		t.Errorf("push: %v", err)
	}
	_, err = wire.DecodePullResponse(encode(t, wire.PullResponse{Items: []wire.Item{{Inclusion: long}}}))
	if !errors.Is(err, wire.BadRequest) {
		t.Errorf("pull: %v", err)
	}
	short := map[int]any{1: []any{map[int]any{1: 0, 2: [][]byte{make([]byte, 31)}}}}
	if _, err := wire.DecodePushResponse(encode(t, short)); !errors.Is(err, wire.BadRequest) {
		t.Errorf("hash of 31 bytes: %v", err)
	}
}

func TestErrorsTravel(t *testing.T) {
	for code := wire.Internal; code <= wire.NotFound; code++ {
		sent := &wire.Error{Code: code, Chain: "UTO-01", Epoch: 1, Expected: 7,
			Digest: journal.Hash{1}, Size: 9, RetryAfter: 3}
		got := wire.DecodeError(encode(t, sent))
		if *got != *sent || !errors.Is(got, code) || code.Status() < 400 {
			t.Errorf("%v: got %+v", code, got)
		}
		if wrapped := fmt.Errorf("push: %w", got); !errors.Is(wrapped, code) {
			t.Errorf("%v is lost when wrapped", code)
		}
	}
	for name, b := range map[string][]byte{
		"page of a proxy": []byte("<html>504</html>"), "nothing": nil, "long": make([]byte, wire.MaxError+1),
		"no code": encode(t, wire.Error{}), "long wait": encode(t, wire.Error{Code: wire.TooFast, RetryAfter: 1 << 40}),
	} {
		if e := wire.DecodeError(b); e.Code != wire.Internal {
			t.Errorf("%s: %v", name, e)
		}
	}
	if e := wire.DecodeError(encode(t, wire.Error{Code: 999})); e.Code != 999 || e.Code.Status() != 500 {
		t.Errorf("code of a later version: %v", e)
	}
}

func TestPeers(t *testing.T) {
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)
	root, err := wire.NewRoot(k, "Utopia headquarters", now, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	by := wire.Issuer{Root: root, Key: k}
	pool := x509.NewCertPool()
	pool.AddCert(root)
	for _, p := range []wire.Peer{{Name: "UTO-01", Role: wire.RoleStation}, {Name: "vault", Role: wire.RoleVault}} {
		c, err := by.Client(&k.PublicKey, p, now, time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := wire.PeerOf(c); err != nil || got != p {
			t.Errorf("got %v, %v", got, err)
		}
		o := x509.VerifyOptions{Roots: pool, CurrentTime: now, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}
		if _, err := c.Verify(o); err != nil {
			t.Error(err)
		}
		o.KeyUsages = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
		if _, err := c.Verify(o); err == nil {
			t.Error("a client certificate passes for a server's")
		}
	}
	_, err = by.Client(&k.PublicKey, wire.Peer{Name: "x", Role: "root"}, now, time.Hour)
	if !errors.Is(err, wire.ErrCertificate) {
		t.Errorf("unknown role: %v", err)
	}
	if _, err := wire.PeerOf(root); !errors.Is(err, wire.ErrCertificate) {
		t.Errorf("root as a peer: %v", err)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(encode(f, wire.PushRequest{Entries: [][]byte{{1}}, From: 3}))
	f.Add(encode(f, wire.PushResponse{Receipts: []wire.Inclusion{{Index: 1, Proof: []journal.Hash{{}}}}}))
	f.Add(encode(f, wire.PullResponse{Items: []wire.Item{{Entry: []byte{1}}}}))
	f.Add(encode(f, wire.Error{Code: wire.Gap, Expected: 1}))
	f.Fuzz(func(t *testing.T, b []byte) {
		if m, err := wire.DecodePushRequest(b); err == nil {
			again, err := wire.DecodePushRequest(encode(t, m))
			if err != nil || !bytes.Equal(encode(t, again), encode(t, m)) {
				t.Error("a push does not survive a second reading")
			}
		}
		_, _ = wire.DecodePushResponse(b)
		_, _ = wire.DecodePullResponse(b)
		_, _ = wire.DecodeCheckpointResponse(b)
		_ = wire.DecodeError(b).Error()
	})
}
