package chip

import (
	"context"
	"fmt"
	"io"

	"padarozhnik/devices"
	"padarozhnik/devices/chip/apdu"
)

// guard stands between the protocols and a card: it takes an empty answer for what it is, a chip
// that left the field, and writes the trace.
type guard struct {
	apdu.Card
	trace io.Writer
}

// Transmit passes one command on.
func (g *guard) Transmit(ctx context.Context, command []byte) ([]byte, error) {
	answer, err := g.Card.Transmit(ctx, command)
	if err == nil && len(answer) == 0 {
		err = devices.ErrChipRemoved
	}
	if g.trace != nil {
		g.write(command, answer, err)
	}
	return answer, err
}

// write notes header and lengths of a command and the length and status of its answer. Bodies are
// personal data or keys, in clear or not, and stay out.
func (g *guard) write(command, answer []byte, err error) {
	line := fmt.Sprintf("> %d bytes", len(command))
	if c, e := apdu.ParseCommand(command); e == nil {
		line = fmt.Sprintf("> %02X %02X %02X %02X Lc=%d Le=%d %s", c.CLA, c.INS, c.P1, c.P2, len(c.Data), c.Ne, c.Name())
	}
	switch {
	case err != nil:
		line += "\n< no answer"
	case len(answer) < 2:
		line += fmt.Sprintf("\n< %d bytes", len(answer))
	default:
		n := len(answer) - 2
		line += fmt.Sprintf("\n< %d bytes, %X", n, answer[n:])
	}
	_, _ = fmt.Fprintln(g.trace, line) // a trace that cannot be written must not stop the work
}
