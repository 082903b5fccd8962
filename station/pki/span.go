package pki

import "time"

// Span is a length of calendar time, as profiles give it.
type Span struct {
	Years  int `json:"years,omitempty" cbor:"years,omitempty"`
	Months int `json:"months,omitempty" cbor:"months,omitempty"`
	Days   int `json:"days,omitempty" cbor:"days,omitempty"`
}

// After returns the time a span after t, in UTC. A day that the month lacks becomes its last one
// (31 January and a month is 28 February), so that a later start never ends earlier.
func (s Span) After(t time.Time) time.Time {
	t = t.UTC()
	first := time.Date(t.Year()+s.Years, t.Month()+time.Month(s.Months), 1,
		t.Hour(), t.Minute(), t.Second(), 0, time.UTC)
	day := min(t.Day(), first.AddDate(0, 1, -1).Day())
	return first.AddDate(0, 0, day-1+s.Days)
}

func (s Span) positive() bool {
	return s.Years >= 0 && s.Months >= 0 && s.Days >= 0 && s != Span{}
}
