package client_test

import (
	"crypto/x509"
	"errors"
	"testing"

	"padarozhnik/station/hq/ledger"
	"padarozhnik/station/hq/wire"
	"padarozhnik/station/journal"
)

// TestReplacedHardwareGetsNothing: after a station was brought onto other hardware, the certificate of the
// old one, which is valid for two years, gets no directive, no blob and no checkpoint, and the new one
// does. The same certificate under a key that was never registered gets nothing from the start.
func TestReplacedHardwareGetsNothing(t *testing.T) {
	h := serve(t, ledger.Options{})
	old := h.client(t, utopia1)
	if _, err := old.Pull(t.Context(), journal.Checkpoint{}, 0); err != nil {
		t.Fatal(err)
	}
	fresh := newKey(t)
	spki, err := x509.MarshalPKIXPublicKey(&fresh.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	if err := h.Register(t.Context(), ledger.Station{ID: "UTO-01", Epoch: 2, Key: spki}); err != nil {
		t.Fatal(err)
	}
	now := dial(t, h.optionsOf(t, h.issuer, utopia1, fresh))
	if _, err := now.Pull(t.Context(), journal.Checkpoint{}, 0); err != nil {
		t.Errorf("the new hardware: %v", err)
	}
	stranger := dial(t, h.optionsOf(t, h.issuer, utopia1, newKey(t)))
	for name, try := range map[string]func() error{
		"pull":       func() error { _, err := old.Pull(t.Context(), journal.Checkpoint{}, 0); return err },
		"own":        func() error { _, err := old.Own(t.Context(), journal.Checkpoint{}, 0); return err },
		"checkpoint": func() error { _, err := old.Checkpoint(t.Context(), journal.Checkpoint{}); return err },
		"blob":       func() error { _, err := old.GetBlob(t.Context(), journal.Blob{Size: 1}); return err },
		"stranger":   func() error { _, err := stranger.Pull(t.Context(), journal.Checkpoint{}, 0); return err },
	} {
		if err := try(); !errors.Is(err, journal.ErrRejected) || !errors.Is(err, wire.UnknownKey) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
