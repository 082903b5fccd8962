package station

import "time"

// Quota is how many production orders a station gets. What is above waits at headquarters, so that a
// station that was taken over cannot empty its safe in a night. Zero is no limit.
type Quota struct {
	OrdersPerDay   int `toml:"orders_per_day" cbor:"40,keyasint,omitempty" json:"ordersPerDay,omitempty"`
	OrdersPerMonth int `toml:"orders_per_month" cbor:"41,keyasint,omitempty" json:"ordersPerMonth,omitempty"`
}

// Full tells whether no further order may be made now, after those made at the given times. Days and
// months are those of the calendar, in UTC.
func (q Quota) Full(made []time.Time, now time.Time) bool {
	today, day, month := DateOf(now), 0, 0
	for _, t := range made {
		d := DateOf(t)
		if d.Year == today.Year && d.Month == today.Month {
			month++
		}
		if d == today {
			day++
		}
	}
	return q.OrdersPerDay > 0 && day >= q.OrdersPerDay || q.OrdersPerMonth > 0 && month >= q.OrdersPerMonth
}
