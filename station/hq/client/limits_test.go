package client_test

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"padarozhnik/station/hq/ledger"
	"padarozhnik/station/hq/wire"
	"padarozhnik/station/journal"
)

func TestLimits(t *testing.T) {
	h := serve(t, ledger.Options{PerMinute: 5})
	ctx := context.Background()
	c := h.client(t, utopia1)
	var err error
	for range 6 {
		_, err = c.Checkpoint(ctx, journal.Checkpoint{})
	}
	var e *wire.Error
	if !errors.As(err, &e) || e.Code != wire.TooFast || e.Wait() < time.Second || e.Wait() > time.Minute {
		t.Errorf("sixth request: %v", err)
	}
	if _, err := h.client(t, utopia2).Checkpoint(ctx, journal.Checkpoint{}); err != nil {
		t.Errorf("another station: %v", err)
	}
}

// TestPatience sends more messages than a minute allows: a patient client waits as it is asked, and
// stops waiting when it is told to.
func TestPatience(t *testing.T) {
	h := serve(t, ledger.Options{PerMinute: 60})
	o := h.options(t, h.issuer, utopia1)
	o.Patience = time.Minute
	c := dial(t, o)
	for range 61 {
		if _, err := c.Checkpoint(t.Context(), journal.Checkpoint{}); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	var err error
	for range 5 {
		if _, err = c.Checkpoint(ctx, journal.Checkpoint{}); err != nil {
			break
		}
	}
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

func TestOversizedBodies(t *testing.T) {
	h := serve(t, ledger.Options{})
	o := h.options(t, h.issuer, utopia1)
	config := wire.ClientTLS(o.Certificate, o.Root, "127.0.0.1", time.Now)
	bare := http.Client{Transport: &http.Transport{TLSClientConfig: config}}
	defer bare.CloseIdleConnections()
	big := make([]byte, journal.MaxBlob+1)
	for name, r := range map[string]struct {
		method, path string
		body         []byte
	}{
		"blob": {http.MethodPut, wire.PathBlob + strings.Repeat("00", 32), big},
		"push": {http.MethodPost, wire.PathPush, big},
	} {
		t.Run(name, func(t *testing.T) {
			req, err := http.NewRequest(r.method, h.url+r.path, bytes.NewReader(r.body))
			if err != nil {
				t.Fatal(err)
			}
			resp, err := bare.Do(req)
			if err != nil {
				t.Logf("refused by closing the connection: %v", err)
				return
			}
			_ = resp.Body.Close()
			if resp.StatusCode != http.StatusRequestEntityTooLarge {
				t.Errorf("status %d", resp.StatusCode)
			}
		})
	}
}
