package chip

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"golang.org/x/sys/unix"
)

// Control bytes of the virtual reader's protocol: a message of one byte is for the reader's power,
// everything longer is an APDU.
const (
	controlOff   = 0
	controlOn    = 1
	controlReset = 2
	controlATR   = 4
)

// Card is what lies on a virtual reader: a Chip, or something that stands for several of them.
// Transmit returns ErrTorn for a chip out of the field.
type Card interface {
	ATR() []byte
	Power()
	Transmit(command []byte) ([]byte, error)
}

// Serve plays the chip on a connection as the function Serve does.
func (c *Chip) Serve(ctx context.Context, conn net.Conn) error { return Serve(ctx, conn, c) }

// Serve plays a card on a connection to a vpcd reader of pcscd until ctx ends, the reader hangs
// up, or a fault tears the chip, which gives ErrTorn. It closes the connection. Messages are two
// bytes of length, big endian, and the content, in both directions.
//
// On one machine the delays of TCP are what costs: without TCP_NODELAY, one write for length and
// content, and TCP_QUICKACK before each read, every APDU takes 48 ms instead of 0.2 ms.
func Serve(ctx context.Context, conn net.Conn, card Card) error {
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	defer conn.Close() //nolint:errcheck // the far end has what it will get
	if t, ok := conn.(*net.TCPConn); ok {
		if err := t.SetNoDelay(true); err != nil {
			return fmt.Errorf("virtual reader: %w", err)
		}
	}
	for {
		message, err := receive(conn)
		if err == nil {
			err = react(conn, card, message)
		}
		switch {
		case err == nil:
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, ErrTorn):
			return ErrTorn
		default:
			return fmt.Errorf("virtual reader: %w", err)
		}
	}
}

func receive(conn net.Conn) ([]byte, error) {
	if err := quickAck(conn); err != nil {
		return nil, err
	}
	var head [2]byte
	if _, err := io.ReadFull(conn, head[:]); err != nil {
		return nil, err
	}
	message := make([]byte, binary.BigEndian.Uint16(head[:]))
	_, err := io.ReadFull(conn, message)
	return message, err
}

// quickAck asks for immediate acknowledgements. The kernel forgets it after a while.
func quickAck(conn net.Conn) error {
	t, ok := conn.(*net.TCPConn)
	if !ok {
		return nil
	}
	raw, err := t.SyscallConn()
	if err != nil {
		return err
	}
	var inner error
	err = raw.Control(func(fd uintptr) {
		inner = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_QUICKACK, 1)
	})
	return errors.Join(err, inner)
}

func react(conn net.Conn, card Card, message []byte) error {
	if len(message) == 0 {
		return nil
	}
	if len(message) > 1 {
		answer, err := card.Transmit(message)
		if err != nil {
			return err
		}
		return send(conn, answer)
	}
	switch message[0] {
	case controlOff, controlOn, controlReset:
		card.Power()
	case controlATR:
		return send(conn, card.ATR())
	}
	return nil
}

func send(conn net.Conn, content []byte) error {
	b := binary.BigEndian.AppendUint16(make([]byte, 0, len(content)+2), uint16(len(content)))
	_, err := conn.Write(append(b, content...))
	return err
}

// Noticed is how long a chip must stay away until pcscd has surely seen that it went: it looks every
// 400 ms. One that comes back sooner after a broken command is taken for the one before, and never
// powered.
const Noticed = 500 * time.Millisecond

// ServeAt plays the chip at a port as the function ServeAt does.
func (c *Chip) ServeAt(ctx context.Context, port int) error { return ServeAt(ctx, port, c) }

// ServeAt connects to the vpcd reader that listens at a port of this machine and serves there. It
// returns when the reader has had the time to notice that the chip is gone.
func ServeAt(ctx context.Context, port int, card Card) error {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		return fmt.Errorf("virtual reader: %w", err)
	}
	card.Power()
	defer time.Sleep(Noticed)
	return Serve(ctx, conn, card)
}
