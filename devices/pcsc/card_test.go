package pcsc_test

import (
	"bytes"
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"padarozhnik/devices"
	"padarozhnik/devices/chip/apdu"
	"padarozhnik/devices/pcsc"
	"padarozhnik/devices/virtual/chip/chiptest"
)

// insertOdd lays a card on the reader that answers as it likes.
func (d desk) insertOdd(t *testing.T, answer func([]byte) []byte) {
	t.Helper()
	d.insertATR(t, []byte{0x3B, 0x80, 0x80, 0x01, 0x01}, answer)
}

// insertATR lays one with an answer to reset of its own on the reader.
func (d desk) insertATR(t *testing.T, atr []byte, answer func([]byte) []byte) {
	t.Helper()
	takeAway := (&chiptest.Other{Reset: atr, Answer: answer}).Serve(t, d.Port)
	t.Cleanup(func() {
		takeAway()
		_ = d.service.Reader(d.ReaderName).WaitNoChip(context.Background())
	})
	if err := d.service.Reader(d.ReaderName).WaitChip(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestTransmitFollowsTheChip(t *testing.T) {
	d := lease(t, pcsc.Deadlines{})
	d.insertOdd(t, func(command []byte) []byte {
		switch {
		case command[1] == 0xC0 && command[4] == 2:
			return []byte{'c', 'd', 0x61, 1}
		case command[1] == 0xC0:
			return []byte{'e', 0x90, 0}
		case command[1] == 0xB0 && command[4] == 3:
			return []byte{'x', 'y', 'z', 0x90, 0}
		case command[1] == 0xB0:
			return []byte{0x6C, 3}
		case command[1] == 0xCA:
			return []byte{0x90}
		case command[1] == 0xCB:
			return []byte{0x61, 0}
		}
		return []byte{'a', 'b', 0x61, 2}
	})
	card, err := d.service.Reader(d.ReaderName).Connect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer card.Close() //nolint:errcheck // the test is over
	for _, test := range []struct {
		name    string
		command []byte
		want    []byte
	}{
		{"61XX twice", []byte{0, 0xA4, 4, 0, 1, 0}, []byte{'a', 'b', 'c', 'd', 'e', 0x90, 0}},
		{"6CXX", []byte{0, 0xB0, 0, 0, 0}, []byte{'x', 'y', 'z', 0x90, 0}},
	} {
		if got, err := card.Transmit(t.Context(), test.command); err != nil || !bytes.Equal(got, test.want) {
			t.Errorf("%s: % X, %v", test.name, got, err)
		}
	}
	if got, err := card.Transmit(t.Context(), []byte{0, 0xCB, 0, 0, 0}); err == nil && len(got) < 2 {
		t.Errorf("endless answer: % X, %v", got, err)
	}
	if _, err := card.Transmit(t.Context(), []byte{0, 0xCA, 0, 0, 0}); err == nil {
		t.Error("an answer of one byte was taken")
	}
}

// TestChainForChipsThatWantIt sends a long command to chips that state chaining, extended length,
// both and nothing.
func TestChainForChipsThatWantIt(t *testing.T) {
	command, err := apdu.Command{INS: 0xE2, Data: bytes.Repeat([]byte{9}, 700), Ne: 256}.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name         string
		capabilities byte
		commands     int64
	}{
		{"chaining", 0x80, 3}, {"extended", 0x40, 1}, {"both", 0xC0, 1}, {"neither", 0, 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			d := lease(t, pcsc.Deadlines{})
			atr := []byte{0x3B, 0x85, 0x80, 0x01, 0x80, 0x73, 0x84, 0x01, test.capabilities}
			var check byte
			for _, b := range atr[1:] {
				check ^= b
			}
			var commands, data atomic.Int64 // of the card's goroutine
			d.insertATR(t, append(atr, check), func(b []byte) []byte {
				commands.Add(1)
				if cmd, err := apdu.ParseCommand(b); err == nil {
					data.Add(int64(len(cmd.Data)))
				}
				return []byte{0x90, 0}
			})
			card, err := d.service.Reader(d.ReaderName).Connect(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			defer card.Close() //nolint:errcheck // the test is over
			if got, err := card.Transmit(t.Context(), command); err != nil || !bytes.Equal(got, []byte{0x90, 0}) {
				t.Errorf("answer % X, %v", got, err)
			}
			if commands.Load() != test.commands || data.Load() != 700 {
				t.Errorf("%d commands with %d bytes, want %d", commands.Load(), data.Load(), test.commands)
			}
		})
	}
}

// TestStuckReader meets a card that never answers, and a service that recovers when it is taken
// away.
func TestStuckReader(t *testing.T) {
	d := lease(t, pcsc.Deadlines{Transmit: 300 * time.Millisecond})
	free := make(chan struct{})
	d.insertOdd(t, func([]byte) []byte { <-free; return []byte{0x90, 0} })
	r := d.service.Reader(d.ReaderName)
	card, err := r.Connect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	_, err = card.Transmit(t.Context(), []byte{0, 0xA4, 0, 0})
	if !errors.Is(err, pcsc.ErrStuck) || !errors.Is(err, devices.ErrUnreachable) {
		t.Errorf("past the deadline: %v, want ErrStuck", err)
	}
	if _, err := card.Transmit(t.Context(), []byte{0, 0xA4, 0, 0}); !errors.Is(err, pcsc.ErrStuck) {
		t.Errorf("on a stuck reader: %v, want ErrStuck", err)
	}
	if _, err := d.service.Readers(t.Context()); err != nil {
		t.Errorf("other readers suffer: %v", err)
	}
	if err := card.Close(); !errors.Is(err, pcsc.ErrStuck) {
		t.Errorf("close of a stuck card: %v", err)
	}
	close(free)
	began := time.Now()
	for {
		card, err := r.Connect(t.Context())
		if err == nil {
			_ = card.Close()
			return
		}
		if !errors.Is(err, pcsc.ErrStuck) && !errors.Is(err, devices.ErrBusy) || time.Since(began) > 10*time.Second {
			t.Fatalf("after the answer: %v", err)
		}
		time.Sleep(20 * time.Millisecond)
	}
}
