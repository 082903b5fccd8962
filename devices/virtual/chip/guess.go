package chip

import (
	"time"

	"padarozhnik/devices/chip/apdu"
	"padarozhnik/devices/chip/pace"
)

// paceRun is a run of PACE under way. guessable says that its password is the CAN, which is short
// enough to be tried out.
type paceRun struct {
	*pace.Chip
	guessable bool
}

// Bounds of the delay.
const (
	freeGuesses  = 3
	firstDelay   = 250 * time.Millisecond
	longestDelay = 8 * time.Second // well inside what a reader waits for
)

// guessDelay is what a run with the CAN waits for its nonce after so many wrong ones in a row: the
// first are free, because people mistype; each further one doubles the delay. Doc 9303 leaves to the
// chip how it defends a password of six digits. A CAN is not blocked: whoever has the book in hand
// must be able to read it, and whoever has not would block it for fun. At the longest delay trying
// half of all CANs takes 46 days.
func guessDelay(wrong int) time.Duration {
	if wrong < freeGuesses {
		return 0
	}
	return min(firstDelay<<min(wrong-freeGuesses, 8), longestDelay)
}

// SetPause replaces the clock that the chip waits by.
func (c *Chip) SetPause(pause func(time.Duration)) { c.pause = pause }

// guard slows a run with the CAN down, and counts the guess before it is looked at: a chip that is
// torn from the field at the right moment must not forget it.
func (c *Chip) guard(run paceRun) apdu.Status {
	switch {
	case !run.guessable:
	case run.FirstRound():
		if d := guessDelay(c.state.Guesses); d > 0 {
			c.pause(d)
		}
	case run.LastRound():
		return c.commit(func(s *State) apdu.Status { s.Guesses++; return apdu.OK }).Status
	}
	return apdu.OK
}
