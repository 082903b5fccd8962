package station

import (
	"crypto/sha1"
	"fmt"
	"strings"

	"padarozhnik/station/mrz"
)

// Zone composes the machine readable zone of a TD3 book (ICAO Doc 9303-4, 4.2.2) under a profile.
// The optional data stays empty: the personal number is printed nowhere.
func Zone(p Profile, a Applicant, number Serial, issue, expiry Date) ([2]string, error) {
	if err := mrz.CheckCode(p.DocumentCode, issue.Time()); err != nil {
		return [2]string{}, fmt.Errorf("compose zone: %w", err)
	}
	lines, err := mrz.Compose(mrz.Document{
		Format: mrz.TD3, Code: p.DocumentCode, Issuer: p.IssuingState,
		Primary: a.Surname, Secondary: a.GivenNames,
		Number: string(number), Nationality: a.Nationality,
		Birth: mrz.Date(a.Birth.YYMMDD()), Sex: a.Sex, Expiry: mrz.Date(expiry.YYMMDD()),
	})
	if err != nil {
		return [2]string{}, fmt.Errorf("compose zone: %w", err)
	}
	return [2]string(lines), nil
}

// ZoneHash is SHA-1 over the MRZ information of a zone: what opens the chip (ICAO Doc 9303-11,
// 4.3.2). SHA-1 is the standard's; nothing rests on its collision resistance here.
func ZoneHash(zone [2]string) ([]byte, error) {
	doc, err := mrz.Parse(zone[:])
	if err != nil {
		return nil, fmt.Errorf("zone: %w", err)
	}
	sum := sha1.Sum([]byte(doc.Information()))
	return sum[:], nil
}

// FromZone fills in what an old passport's zone says of its holder. Names are in the zone's
// letters; the century of the birth is the latest that is not after today. The nationality must be
// one of the profile's.
func FromZone(p Profile, doc mrz.Document, today Date) Applicant {
	a := Applicant{
		Surname: doc.Primary, GivenNames: doc.Secondary, Nationality: doc.Nationality, Sex: doc.Sex,
	}
	if day, ok := doc.Birth.BirthDay(today.Time()); ok {
		a.Birth = Date{Year: day.Year, Month: day.Month, Day: day.DayOfMonth}
	}
	if p.Lists(FieldPersonalNumber) {
		a.PersonalNumber = strings.Trim(doc.Optional, "< ")
	}
	if len(p.Nationalities) == 1 && strings.TrimRight(doc.Nationality, "<") == "" {
		a.Nationality = p.Nationalities[0]
	}
	return a
}
