package issuance

import (
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

// elapsed is by what idle time is measured. Nobody keeps a desk open, or locks it, by setting the
// date; the time for which the machine sleeps counts.
func (d *Desk) elapsed() time.Duration {
	if d.Elapsed != nil {
		return d.Elapsed()
	}
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &ts); err != nil {
		panic(fmt.Errorf("time since the machine started: %w", err)) // every Linux since 2.6.39 has it
	}
	return time.Duration(ts.Nano())
}
