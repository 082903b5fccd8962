// Package apdu is the language of chips: command and response APDUs with short and extended
// lengths (ISO/IEC 7816-4, 5.1 and 5.2), and status words that are errors.
package apdu

import (
	"context"
	"errors"
	"fmt"
)

// Sizes of the two length forms.
const (
	MaxShort    = 256   // most response bytes that a short command can ask for
	MaxExtended = 65536 // the same for an extended command
)

// Errors of the codec.
var (
	// ErrShort: a response has no status word.
	ErrShort = errors.New("response shorter than its status word")
	// ErrMalformed: a command's length fields do not match its length.
	ErrMalformed = errors.New("malformed command")
	// ErrTooLong: a command's data or expected length is beyond the extended form.
	ErrTooLong = errors.New("command too long")
)

// Transmitter carries one command to a chip and its response back. Transmit blocks until the
// response is there; a chip that left the field gives an error wrapping devices.ErrChipRemoved.
// The response holds at least a status word.
type Transmitter interface {
	Transmit(ctx context.Context, command []byte) ([]byte, error)
}

// Card is a chip that is held for one user. Reset makes it forget its session; Close lets it go
// and must be called once, whatever happened before.
type Card interface {
	Transmitter
	Reset(ctx context.Context) error
	ATR() []byte
	Close() error
}

// Reader is a place where a chip can lie. Check returns nil while the reader is connected and
// answers, whether a chip lies on it or not. Connect takes the chip for this user alone. Both
// return devices.ErrNoReader or ErrServiceStopped, and Connect also ErrNoChip or ErrBusy, where a
// person can help. WaitChip returns when a chip lies there, or with the context's error.
type Reader interface {
	Name() string
	Check(ctx context.Context) error
	Connect(ctx context.Context) (Card, error)
	WaitChip(ctx context.Context) error
}

// Command is a command APDU. Ne is the number of response bytes asked for: 0 none, 256 all that a
// short command can carry, 65536 all of an extended one. The extended form is used where the
// numbers need it or where Extended says so.
type Command struct {
	CLA, INS, P1, P2 byte
	Data             []byte
	Ne               int
	Extended         bool
}

// IsExtended tells whether the command goes out with extended lengths.
func (c Command) IsExtended() bool {
	return c.Extended || len(c.Data) > 255 || c.Ne > MaxShort
}

// Header is the first four bytes.
func (c Command) Header() []byte { return []byte{c.CLA, c.INS, c.P1, c.P2} }

// Bytes encodes the command.
func (c Command) Bytes() ([]byte, error) {
	if len(c.Data) > 65535 || c.Ne > MaxExtended || c.Ne < 0 {
		return nil, fmt.Errorf("%w: %d bytes of data, %d expected", ErrTooLong, len(c.Data), c.Ne)
	}
	b := append(make([]byte, 0, 9+len(c.Data)), c.Header()...)
	if !c.IsExtended() {
		if len(c.Data) > 0 {
			b = append(append(b, byte(len(c.Data))), c.Data...)
		}
		if c.Ne > 0 {
			b = append(b, byte(c.Ne))
		}
		return b, nil
	}
	if len(c.Data) == 0 && c.Ne == 0 {
		return b, nil
	}
	b = append(b, 0)
	if len(c.Data) > 0 {
		b = append(append(b, byte(len(c.Data)>>8), byte(len(c.Data))), c.Data...)
	}
	if c.Ne > 0 {
		b = append(b, byte(c.Ne>>8), byte(c.Ne))
	}
	return b, nil
}

// Chain splits a command into short ones for a chip that takes no extended length (ISO/IEC 7816-4,
// 5.3.3): all but the last have the chaining bit in their class, and only the last asks for an
// answer. A command that is short already comes back alone.
func (c Command) Chain() []Command {
	const room, chained = 255, 0x10
	var out []Command
	rest := c.Data
	for ; len(rest) > room; rest = rest[room:] {
		out = append(out, Command{CLA: c.CLA | chained, INS: c.INS, P1: c.P1, P2: c.P2, Data: rest[:room:room]})
	}
	return append(out, Command{CLA: c.CLA, INS: c.INS, P1: c.P1, P2: c.P2, Data: rest, Ne: min(c.Ne, MaxShort)})
}

// ParseCommand decodes a command as a chip receives it.
func ParseCommand(b []byte) (Command, error) {
	if len(b) < 4 {
		return Command{}, fmt.Errorf("%w: %d bytes", ErrMalformed, len(b))
	}
	c := Command{CLA: b[0], INS: b[1], P1: b[2], P2: b[3]}
	body := b[4:]
	if len(body) >= 3 && body[0] == 0 {
		return parseExtended(c, body[1:])
	}
	return parseShort(c, body)
}

func parseShort(c Command, body []byte) (Command, error) {
	switch {
	case len(body) == 0:
		return c, nil
	case len(body) == 1:
		c.Ne = shortNe(body[0])
		return c, nil
	}
	n := int(body[0])
	rest := body[1:]
	if n == 0 || len(rest) < n || len(rest) > n+1 {
		return Command{}, fmt.Errorf("%w: length %d of %d", ErrMalformed, n, len(rest))
	}
	c.Data = rest[:n]
	if len(rest) == n+1 {
		c.Ne = shortNe(rest[n])
	}
	return c, nil
}

func parseExtended(c Command, body []byte) (Command, error) {
	c.Extended = true
	n := int(body[0])<<8 | int(body[1])
	rest := body[2:]
	if len(rest) == 0 {
		c.Ne = n
		if n == 0 {
			c.Ne = MaxExtended
		}
		return c, nil
	}
	if n == 0 || (len(rest) != n && len(rest) != n+2) {
		return Command{}, fmt.Errorf("%w: extended length %d of %d", ErrMalformed, n, len(rest))
	}
	c.Data = rest[:n]
	if len(rest) == n+2 {
		c.Ne = int(rest[n])<<8 | int(rest[n+1])
		if c.Ne == 0 {
			c.Ne = MaxExtended
		}
	}
	return c, nil
}

func shortNe(b byte) int {
	if b == 0 {
		return MaxShort
	}
	return int(b)
}

// Response is a response APDU.
type Response struct {
	Data   []byte
	Status Status
}

// Bytes encodes the response.
func (r Response) Bytes() []byte {
	return append(append(make([]byte, 0, len(r.Data)+2), r.Data...), byte(r.Status>>8), byte(r.Status))
}

// ParseResponse decodes a response and refuses one without a status word.
func ParseResponse(b []byte) (Response, error) {
	if len(b) < 2 {
		return Response{}, fmt.Errorf("%w: %d bytes", ErrShort, len(b))
	}
	n := len(b) - 2
	return Response{Data: b[:n:n], Status: Status(b[n])<<8 | Status(b[n+1])}, nil
}

// Exchange sends a command in clear. A status other than 9000 is returned both in the response
// and as an error that unwraps to its Status.
func Exchange(ctx context.Context, t Transmitter, c Command) (Response, error) {
	b, err := c.Bytes()
	if err != nil {
		return Response{}, err
	}
	raw, err := t.Transmit(ctx, b)
	if err != nil {
		return Response{}, fmt.Errorf("%s: %w", c.Name(), err)
	}
	r, err := ParseResponse(raw)
	if err != nil {
		return Response{}, fmt.Errorf("%s: %w", c.Name(), err)
	}
	if r.Status != OK {
		return r, fmt.Errorf("%s: %w", c.Name(), r.Status)
	}
	return r, nil
}
