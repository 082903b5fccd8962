package issuance

import (
	"padarozhnik/station"
	"padarozhnik/station/portrait"
)

// SitterOf chooses by whose rules an applicant's portrait is judged. Without a date of birth they are taken
// for grown: those rules are the stricter.
func SitterOf(a station.Application, today station.Date) portrait.Sitter {
	if a.Applicant.Birth.IsZero() {
		return portrait.Adult
	}
	return portrait.SitterOf(a.Applicant.Birth.Age(today))
}
