package main_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"padarozhnik/devices/pcsc"
	virtual "padarozhnik/devices/virtual/chip"
	"padarozhnik/devices/virtual/readers"
)

// lay puts a card on a vpcd reader that answers every command by answer, and waits until the service
// has seen it.
func lay(t *testing.T, l readers.Lease, answer func(command []byte) []byte) (takeAway func()) {
	t.Helper()
	conn, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", l.Port))
	if err != nil {
		t.Fatal(err)
	}
	go func() { // ends with the connection
		for {
			var head [2]byte
			if _, err := io.ReadFull(conn, head[:]); err != nil {
				return
			}
			message := make([]byte, binary.BigEndian.Uint16(head[:]))
			if _, err := io.ReadFull(conn, message); err != nil {
				return
			}
			var out []byte
			switch {
			case len(message) > 1:
				out = answer(message)
			case message[0] == 4:
				out = []byte{0x3B, 0x80, 0x80, 0x01, 0x01}
			default:
				continue
			}
			if _, err := conn.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(out))), out...)); err != nil {
				return
			}
		}
	}()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := pcsc.NewService(pcsc.Deadlines{}).Reader(l.ReaderName).WaitChip(ctx); err != nil {
		t.Fatal(err)
	}
	return func() {
		_ = conn.Close()
		time.Sleep(virtual.Noticed)
	}
}

// TestWrongCardsHaveTheirSentences lays cards on readers that are no blank of ours, without naming
// a reader. Each ends with a sentence of its own.
func TestWrongCardsHaveTheirSentences(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	alone, release, err := readers.New().Exclusive(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer release()
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
