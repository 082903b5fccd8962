package station_test

import (
	"errors"
	"testing"
	"time"

	"padarozhnik/station"
)

func TestSilence(t *testing.T) {
	p := profile()
	last := time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
	const day = 24 * time.Hour
	for name, c := range map[string]struct {
		last, now time.Time
		want      station.Silence
	}{
		"just heard":                    {last, last, station.Silence{}},
		"the day before the warning":    {last, last.Add(21*day - 1), station.Silence{Days: 20}},
		"three weeks":                   {last, last.Add(21 * day), station.Silence{Days: 21, Warn: true}},
		"a second before the limit":     {last, last.Add(42*day - time.Second), station.Silence{Days: 41, Warn: true}},
		"the limit":                     {last, last.Add(42 * day), station.Silence{Days: 42, Warn: true, Stop: true}},
		"a clock before the last word":  {last, last.Add(-400 * day), station.Silence{}},
		"a station that has not begun":  {time.Time{}, last, station.Silence{}},
		"a clock that was never set on": {last, time.Unix(0, 0), station.Silence{}},
	} {
		t.Run(name, func(t *testing.T) {
			if got := p.Silence(c.last, c.now); got != c.want {
				t.Errorf("got %+v", got)
			}
			err := p.MayIssue(c.last, c.now)
			if c.want.Stop != errors.Is(err, station.ErrSilent) || !c.want.Stop && err != nil {
				t.Errorf("may issue: %v", err)
			}
		})
	}
}
