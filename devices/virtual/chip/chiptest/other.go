package chiptest

import (
	"context"
	"encoding/binary"
	"io"
	"net"
	"strconv"
	"testing"
	"time"

	"padarozhnik/devices/chip/apdu"
	"padarozhnik/devices/virtual/chip"
)

// Other is a card that is no passport: a reader with it on, and the card itself. Answer takes each
// command.
type Other struct {
	Reset    []byte // its answer to reset
	Answer   func(command []byte) []byte
	Commands int
}

// Name of the reader.
func (o *Other) Name() string { return "reader with another card" }

// Check finds the reader there.
func (o *Other) Check(ctx context.Context) error { return ctx.Err() }

// WaitChip finds the card there.
func (o *Other) WaitChip(ctx context.Context) error { return ctx.Err() }

// Connect holds the card.
func (o *Other) Connect(ctx context.Context) (apdu.Card, error) { return otherCard{o}, ctx.Err() }

// Serve plays the card on a vpcd reader until takeAway is called, which returns when its reader has
// had the time to notice. An answer of nil is none: the card hangs.
func (o *Other) Serve(t testing.TB, port int) (takeAway func()) {
	t.Helper()
	conn, err := net.Dial("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		o.serve(conn)
	}()
	return func() {
		_ = conn.Close() // twice does no harm
		<-ended
		time.Sleep(chip.Noticed)
	}
}

func (o *Other) serve(conn net.Conn) {
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
			o.Commands++
			out = o.Answer(message)
		case message[0] == 4:
			out = o.Reset
		}
		if out == nil {
			continue
		}
		if _, err := conn.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(out))), out...)); err != nil {
			return
		}
	}
}

type otherCard struct{ *Other }

func (c otherCard) Transmit(ctx context.Context, command []byte) ([]byte, error) {
	c.Commands++
	return c.Answer(command), ctx.Err()
}

func (c otherCard) Reset(ctx context.Context) error { return ctx.Err() }
func (c otherCard) ATR() []byte                     { return c.Other.Reset }
func (c otherCard) Close() error                    { return nil }
