package station

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"time"
)

// Mode is what an office may do in its host country.
type Mode string

// Modes of an office.
const (
	ModeEnrolOnly Mode = "enrol-only"
	ModeSpecimen  Mode = "specimen"
	ModeIssue     Mode = "issue"
)

// Bilingual is one text in English and in Belarusian.
type Bilingual struct {
	EN string `toml:"en" cbor:"1,keyasint" json:"en"`
	BE string `toml:"be" cbor:"2,keyasint" json:"be"`
}

// Validity is one row of the table of validity by age: the first row whose UnderAge exceeds the
// holder's age applies; UnderAge 0 is for everybody else.
type Validity struct {
	UnderAge int `toml:"under_age" cbor:"1,keyasint" json:"underAge"`
	Years    int `toml:"years" cbor:"2,keyasint" json:"years"`
}

// Profile is the rule book of one kind of passport, signed by headquarters. What it does not list
// cannot be entered or issued.
type Profile struct {
	Version       int        `toml:"version" cbor:"1,keyasint" json:"version"`
	Name          string     `toml:"name" cbor:"2,keyasint" json:"name"`
	Mode          Mode       `toml:"mode" cbor:"3,keyasint" json:"mode"`
	DocumentCode  string     `toml:"document_code" cbor:"4,keyasint" json:"documentCode"`
	IssuingState  string     `toml:"issuing_state" cbor:"5,keyasint" json:"issuingState"` // three letters, as in the MRZ
	CountryCode   string     `toml:"country_code" cbor:"6,keyasint" json:"countryCode"`   // two letters, as in certificates
	Nationalities []string   `toml:"nationalities" cbor:"7,keyasint" json:"nationalities"`
	StateName     Bilingual  `toml:"state_name" cbor:"8,keyasint" json:"stateName"`
	Nationality   Bilingual  `toml:"nationality_name" cbor:"9,keyasint" json:"nationalityName"`
	Authority     Bilingual  `toml:"authority" cbor:"10,keyasint" json:"authority"`
	NumberForm    string     `toml:"number_form" cbor:"11,keyasint" json:"numberForm"` // regular expression of serials
	Validity      []Validity `toml:"validity" cbor:"12,keyasint" json:"validity"`
	Overprint     string     `toml:"overprint" cbor:"13,keyasint" json:"overprint"`
	Consents      []string   `toml:"consents" cbor:"14,keyasint" json:"consents"` // items each applicant decides on
	MaxOpenCases  int        `toml:"max_open_cases" cbor:"15,keyasint" json:"maxOpenCases"`
	PACEParameter int        `toml:"pace_parameter" cbor:"16,keyasint" json:"paceParameter"`
	PortraitBytes int        `toml:"portrait_bytes" cbor:"17,keyasint" json:"portraitBytes"`
	ChipTries     int        `toml:"chip_tries" cbor:"18,keyasint" json:"chipTries"`
	FaceFormat    FaceFormat `toml:"face_format" cbor:"19,keyasint" json:"faceFormat"`

	// Days without a word of headquarters until the desk warns, and until issuing stops.
	WarnSilenceDays int `toml:"warn_silence_days" cbor:"20,keyasint" json:"warnSilenceDays"`
	MaxSilenceDays  int `toml:"max_silence_days" cbor:"21,keyasint" json:"maxSilenceDays"`
	IdleMinutes     int `toml:"idle_minutes" cbor:"30,keyasint,omitempty" json:"idleMinutes,omitempty"`  // until the desk locks
	MaxCaseDays     int `toml:"max_case_days" cbor:"31,keyasint,omitempty" json:"maxCaseDays,omitempty"` // of an open case

	Quota
	ChipKeys
	MissionRule
	RunLimits
	PageRules
}

// FaceFormat is the ISO/IEC standard by which the chip's picture of the holder is encoded.
type FaceFormat string

// Formats of faces.
const (
	Face19794 FaceFormat = "19794-5"
	Face39794 FaceFormat = "39794-5"
)

// only39794 is the year from which issuers encode faces by ISO/IEC 39794-5 alone (ICAO Doc 9303-10, 4.7.2).
const only39794 = 2030

// FaceFormatOn returns the format of a book that is issued on a day: the profile's, and from 2030 on
// the newer one whatever an old profile says.
func (p Profile) FaceFormatOn(issue Date) FaceFormat {
	if issue.Year >= only39794 {
		return Face39794
	}
	return p.FaceFormat
}

// What holds where a profile is silent.
const (
	defaultIdleMinutes = 5
	defaultCaseDays    = 60
)

// IdleTime is how long a desk that nobody works at keeps its keys in memory.
func (p Profile) IdleTime() time.Duration {
	return time.Duration(cmp.Or(p.IdleMinutes, defaultIdleMinutes)) * time.Minute
}

// CaseAge is how long a case may be kept open at a station.
func (p Profile) CaseAge() time.Duration {
	return time.Duration(cmp.Or(p.MaxCaseDays, defaultCaseDays)) * 24 * time.Hour
}

// Check refuses a profile that contradicts itself or lacks what an issuance needs.
func (p Profile) Check() error {
	switch {
	case p.Version < 1, len(p.IssuingState) != 3, len(p.CountryCode) != 2, len(p.Nationalities) == 0:
		return fmt.Errorf("profile %s: codes: %w", p.Name, ErrMalformed)
	case len(p.DocumentCode) == 0 || len(p.DocumentCode) > 2 || p.DocumentCode[0] != 'P':
		return fmt.Errorf("profile %s: document code: %w", p.Name, ErrMalformed)
	case len(p.Validity) == 0 || p.Validity[len(p.Validity)-1].UnderAge != 0:
		return fmt.Errorf("profile %s: validity: %w", p.Name, ErrMalformed)
	case p.IssuingState == "UTO" && (p.Overprint == "" || p.Mode == ModeIssue):
		return fmt.Errorf("profile %s: Utopian books are specimens: %w", p.Name, ErrMalformed)
	case p.FaceFormat != Face19794 && p.FaceFormat != Face39794:
		return fmt.Errorf("profile %s: face format: %w", p.Name, ErrMalformed)
	case p.IdleMinutes < 0 || p.IdleMinutes > 60 || p.MaxCaseDays < 0 || p.MaxCaseDays > 366:
		return fmt.Errorf("profile %s: idle time, age of cases: %w", p.Name, ErrMalformed)
	case p.MaxOpenCases < 1 || p.PortraitBytes < 4096 || p.ChipTries < 1:
		return fmt.Errorf("profile %s: limits: %w", p.Name, ErrMalformed)
	case p.WarnSilenceDays < 1 || p.MaxSilenceDays < p.WarnSilenceDays:
		return fmt.Errorf("profile %s: days of silence: %w", p.Name, ErrMalformed)
	}
	if _, err := regexp.Compile(p.NumberForm); err != nil {
		return fmt.Errorf("profile %s: number form: %w", p.Name, ErrMalformed)
	}
	return errors.Join(p.ChipKeys.check(p), p.MissionRule.check(p))
}

// Expiry returns the last day of validity of a book issued on a day to a holder born on another:
// the table gives the years, and the book ends on the day before the anniversary.
func (p Profile) Expiry(birth, issue Date) Date {
	age := birth.Age(issue)
	for _, v := range p.Validity {
		if v.UnderAge == 0 || age < v.UnderAge {
			return issue.AddYears(v.Years).PreviousDay()
		}
	}
	return issue
}

// CheckSerial refuses a serial that is not of the profile's number form.
func (p Profile) CheckSerial(s Serial) error {
	form, err := regexp.Compile("^(?:" + p.NumberForm + ")$")
	if err != nil || !form.MatchString(string(s)) {
		return fmt.Errorf("serial %s: %w", s, ErrProfile)
	}
	return nil
}
