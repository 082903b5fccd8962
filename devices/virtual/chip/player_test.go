package chip_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"log/slog"
	"testing"
	"time"

	"padarozhnik/devices/chip"
	"padarozhnik/devices/pcsc"
	virtual "padarozhnik/devices/virtual/chip"
	"padarozhnik/devices/virtual/desk"
	"padarozhnik/devices/virtual/readers"
)

// TestPlayerFollowsTheDesk moves two books over the reader of the real PC/SC service.
func TestPlayerFollowsTheDesk(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	l, release, err := readers.New().Lease(ctx)
	if readers.CannotRun(err) {
		t.Fatalf("no virtual readers, run make deps: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	d, err := desk.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	manifest, _, err := virtual.Maker{Rand: rand.Reader, Prefix: "UT"}.MakeBlanks(d, 2)
	if err != nil {
		t.Fatal(err)
	}
	playing, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	player := virtual.Player{Desk: d, Port: l.Port, Rand: rand.Reader, Log: slog.New(slog.DiscardHandler)}
	go func() { ended <- player.Run(playing) }()

	reader := pcsc.NewService(pcsc.Deadlines{}).Reader(l.ReaderName)
	e, err := chip.NewEncoder(reader, chip.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, book := range manifest.Blanks {
		if err := d.Move(book.Serial, desk.Reader); err != nil {
			t.Fatal(err)
		}
		if err := reader.WaitChip(ctx); err != nil {
			t.Fatal(err)
		}
		if s, err := e.Chip(ctx); err != nil || !bytes.Equal(s.ChipID, book.ChipID) {
			t.Errorf("%s shows chip %x, %v, want %x", book.Serial, s.ChipID, err, []byte(book.ChipID))
		}
		if err := d.Move(book.Serial, desk.Away); err != nil {
			t.Fatal(err)
		}
		if err := reader.WaitNoChip(ctx); err != nil {
			t.Fatal(err)
		}
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
