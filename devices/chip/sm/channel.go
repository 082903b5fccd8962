package sm

import (
	"context"
	"fmt"

	"padarozhnik/devices/chip/apdu"
)

// Channel is a chip with an optional session on it. Without a session commands go in clear.
type Channel struct {
	Transmitter apdu.Transmitter
	Session     *Session
}

// Do sends one command. As with apdu.Exchange, a status other than 9000 comes back both in the
// response and as an error that unwraps to its apdu.Status.
func (c *Channel) Do(ctx context.Context, cmd apdu.Command) (apdu.Response, error) {
	if c.Session == nil {
		return apdu.Exchange(ctx, c.Transmitter, cmd)
	}
	wrapped, err := c.Session.Wrap(cmd)
	if err != nil {
		return apdu.Response{}, fmt.Errorf("%s: %w", cmd.Name(), err)
	}
	b, err := wrapped.Bytes()
	if err != nil {
		return apdu.Response{}, fmt.Errorf("%s: %w", cmd.Name(), err)
	}
	raw, err := c.Transmitter.Transmit(ctx, b)
	if err != nil {
		return apdu.Response{}, fmt.Errorf("%s: %w", cmd.Name(), err)
	}
	r, err := apdu.ParseResponse(raw)
	if err != nil {
		return apdu.Response{}, fmt.Errorf("%s: %w", cmd.Name(), err)
	}
	r, err = c.Session.Unwrap(r)
	if err != nil {
		return apdu.Response{}, fmt.Errorf("%s: %w", cmd.Name(), err)
	}
	if r.Status != apdu.OK {
		return r, fmt.Errorf("%s: %w", cmd.Name(), r.Status)
	}
	return r, nil
}
