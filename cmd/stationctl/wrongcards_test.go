package main_test

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"padarozhnik/devices/pcsc"
	"padarozhnik/devices/virtual/chip/chiptest"
	"padarozhnik/devices/virtual/readers"
)

// lay puts a card on a vpcd reader and waits until the service has seen it.
func lay(t *testing.T, l readers.Lease, answer func(command []byte) []byte) (takeAway func()) {
	t.Helper()
	card := &chiptest.Other{Reset: []byte{0x3B, 0x80, 0x80, 0x01, 0x01}, Answer: answer}
	takeAway = card.Serve(t, l.Port)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := pcsc.NewService(pcsc.Deadlines{}).Reader(l.ReaderName).WaitChip(ctx); err != nil {
		t.Fatal(err)
	}
	return takeAway
}

// TestWrongCardsHaveTheirSentences lays cards on readers that are no blank of ours, without naming
// a reader. Each ends with a sentence of its own.
func TestWrongCardsHaveTheirSentences(t *testing.T) {
	ctx, alone := wholeMachine(t)
	keep, err := pcsc.NewService(pcsc.Deadlines{}).Keep(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer keep()
	inspect := []string{"chip", "inspect", "--trust", t.TempDir(), "--can", "123456"}
	wants := func(cure string) {
		t.Helper()
		_, stderr, status := stationctl(t, inspect...)
		if status != 1 || !strings.HasPrefix(stderr, sentence(t, cure)+"\n") {
			t.Errorf("exit status %d, said %q, want %q", status, stderr, sentence(t, cure))
		}
	}
	wants("no-chip")
	refuse := func([]byte) []byte { return []byte{0x6A, 0x82} }
	takeAway := lay(t, alone.Lease, refuse)
	wants("foreign-chip")
	takeOther := lay(t, alone.Other(), refuse)
	wants("two-chips")
	takeOther()
	takeAway()
	takeAway = lay(t, alone.Lease, func(b []byte) []byte {
		if bytes.Contains(b, []byte("2PAY.SYS.DDF01")) {
			return []byte{0x6F, 0x00, 0x90, 0x00}
		}
		return refuse(b)
	})
	wants("bank-card")
	takeAway()
}
