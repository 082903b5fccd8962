package chip

import (
	"context"

	"padarozhnik/devices/chip/pace"
)

// OpenAndRead is the terminal's work that the benchmark measures: PACE with the CAN, and one file of
// n bytes under its session. extended says how long APDUs may be.
func (e *Encoder) OpenAndRead(ctx context.Context, access []byte, can, name string, n int, extended bool) (
	[]byte, error) {
	l, err := e.connect(ctx)
	if err != nil {
		return nil, err
	}
	defer l.close()
	if extended {
		l.command, l.response = 4096, 4096
	}
	if _, err := l.openPACE(ctx, access, pace.CAN(can)); err != nil {
		return nil, err
	}
	return l.fill(ctx, name, 0, n, func(int) {})
}
