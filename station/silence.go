package station

import (
	"fmt"
	"time"
)

// Silence is how long headquarters has not been heard. A station that nobody can reach does not
// learn what was revoked, so at the profile's limit it issues no more; enrolling goes on.
type Silence struct {
	Days int  `json:"days"` // whole ones; 0 also where the clock stands before the last word
	Warn bool `json:"warn"`
	Stop bool `json:"stop"`
}

// Silence judges the time since headquarters was last heard. A zero last is a station that has not
// begun to count.
func (p Profile) Silence(last, now time.Time) Silence {
	if last.IsZero() || now.Before(last) {
		return Silence{}
	}
	days := int(now.Sub(last) / (24 * time.Hour))
	return Silence{Days: days, Warn: days >= p.WarnSilenceDays, Stop: days >= p.MaxSilenceDays}
}

// MayIssue refuses with ErrSilent where headquarters has been silent for as long as the profile
// allows.
func (p Profile) MayIssue(last, now time.Time) error {
	if s := p.Silence(last, now); s.Stop {
		return fmt.Errorf("headquarters not heard for %d days of %d: %w", s.Days, p.MaxSilenceDays, ErrSilent)
	}
	return nil
}
