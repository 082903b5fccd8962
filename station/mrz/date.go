package mrz

import (
	"fmt"
	"time"
)

// Date is a date as the zone writes it: six characters YYMMDD. An unknown year, month or day of
// birth is "<<" (ICAO Doc 9303-3, 4.8).
type Date string

// Unknown is a date of which nothing is known.
const Unknown Date = "<<<<<<"

// DateOf returns the calendar date of t in t's location.
func DateOf(t time.Time) Date {
	return Date(t.Format("060102"))
}

// PartialDate returns a date with unknown parts: pass a negative year, or 0 for month or day. The
// year may be given in full. It returns ErrField for a date that no calendar has.
func PartialDate(year, month, day int) (Date, error) {
	text := "<<"
	if year >= 0 {
		text = fmt.Sprintf("%02d", year%100)
	}
	for _, part := range []int{month, day} {
		if part == 0 {
			text += "<<"
			continue
		}
		text += fmt.Sprintf("%02d", part)
	}
	d := Date(text)
	if !d.Valid() || year > 0 && month > 0 && day > daysIn(year, month) {
		return "", fmt.Errorf("date: %w", ErrField)
	}
	return d, nil
}

// Valid reports whether the date has the zone's form and stands in some year's calendar.
func (d Date) Valid() bool {
	year, month, day, ok := d.parts()
	if !ok || month > 12 {
		return false
	}
	if month == 0 {
		return day <= 31
	}
	if year <= 0 {
		return day <= daysIn(2000, month)
	}
	return day <= daysIn(2000+year, month)
}

// Complete reports whether the date is valid and no part of it is unknown.
func (d Date) Complete() bool {
	year, month, day, ok := d.parts()
	return ok && year >= 0 && month > 0 && day > 0 && d.Valid()
}

// parts splits the date: year -1, month 0 and day 0 stand for unknown.
func (d Date) parts() (year, month, day int, ok bool) {
	if len(d) != 6 {
		return 0, 0, 0, false
	}
	number := [3]int{-1, 0, 0}
	for i := range number {
		part := string(d[2*i : 2*i+2])
		if part == "<<" {
			continue
		}
		if !isDigits(part) {
			return 0, 0, 0, false
		}
		number[i] = int(part[0]-'0')*10 + int(part[1]-'0')
		if i > 0 && number[i] == 0 {
			return 0, 0, 0, false
		}
	}
	return number[0], number[1], number[2], true
}

// Day is a date with its century: Year 0, Month 0 or DayOfMonth 0 where unknown.
type Day struct {
	Year, Month, DayOfMonth int
}

// Time returns the day as midnight UTC, false where a part is unknown.
func (d Day) Time() (time.Time, bool) {
	if d.Year == 0 || d.Month == 0 || d.DayOfMonth == 0 {
		return time.Time{}, false
	}
	return time.Date(d.Year, time.Month(d.Month), d.DayOfMonth, 0, 0, 0, 0, time.UTC), true
}

// BirthDay resolves the century of a date of birth: the latest one in which the date does not lie
// after the reference. A holder of a hundred years or more comes out a century too young; the zone
// cannot say more. It returns false for an invalid date.
func (d Date) BirthDay(reference time.Time) (Day, bool) {
	year, month, day, ok := d.parts()
	if !ok || !d.Valid() {
		return Day{}, false
	}
	if year < 0 {
		return Day{0, month, day}, true
	}
	full := reference.Year()/100*100 + year
	if after(full, month, day, reference) {
		full -= 100
	}
	return Day{full, month, day}, true
}

// ExpiryDay resolves the century of a date of expiry: the one that brings it nearest to the
// reference, up to 49 years after and 50 before. It returns false unless the date is complete.
func (d Date) ExpiryDay(reference time.Time) (Day, bool) {
	if !d.Complete() {
		return Day{}, false
	}
	year, month, day, _ := d.parts()
	full := reference.Year()/100*100 + year
	switch gap := full - reference.Year(); {
	case gap >= 50:
		full -= 100
	case gap < -50:
		full += 100
	}
	return Day{full, month, day}, true
}

// after reports whether a date, taken at the earliest day that its known parts allow, lies after
// the reference's day.
func after(year, month, day int, reference time.Time) bool {
	earliest := time.Date(year, time.Month(max(month, 1)), max(day, 1), 0, 0, 0, 0, time.UTC)
	y, m, d := reference.Date()
	return earliest.After(time.Date(y, m, d, 0, 0, 0, 0, time.UTC))
}

func daysIn(year, month int) int {
	return time.Date(year, time.Month(month)+1, 0, 0, 0, 0, 0, time.UTC).Day()
}
