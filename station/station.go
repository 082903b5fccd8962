// Package station holds the words of a passport office and their rules: who an applicant is, what
// an application must contain, which officer may do what, which stage follows which, and how every
// blank booklet is accounted for.
//
// A case begins as a draft, is submitted by the officer who enrolled, approved by another, ordered
// by headquarters, produced on one booklet by an operator, passed by an inspector and handed over.
// Case.Stage says how far the application has come; Booklet.State says what has happened to the
// blank that is bound to it. Values change only through the verbs of Case and Booklet, each of
// which returns a new value or refuses.
//
// The package does no input or output and knows no clock: the time is always an argument.
package station

import (
	"errors"
	"fmt"
	"regexp"
	"time"
)

// CaseToken names a case without naming a person: random letters and digits, as on the receipt.
type CaseToken string

// Serial is the number printed on a blank, which becomes the document number of the passport
// (ICAO Doc 9303-4, 4.2.2).
type Serial string

var serialForm = regexp.MustCompile(`^[A-Z0-9]{6,9}$`)

// Check refuses a serial that cannot be a document number.
func (s Serial) Check() error {
	if !serialForm.MatchString(string(s)) {
		return fmt.Errorf("serial: %w", ErrMalformed)
	}
	return nil
}

// Reasons for which the domain refuses.
var (
	// ErrMalformed: a value is not of its form.
	ErrMalformed = errors.New("malformed value")
	// ErrStage: the verb does not follow from the present stage.
	ErrStage = errors.New("not possible at this stage")
	// ErrRole: the officer does not hold the role.
	ErrRole = errors.New("officer does not hold this role")
	// ErrSamePerson: two different officers are needed.
	ErrSamePerson = errors.New("a second officer is needed")
	// ErrIncomplete: the application lacks something that the profile demands.
	ErrIncomplete = errors.New("application incomplete")
	// ErrReason: a decision needs its reason in words.
	ErrReason = errors.New("a reason is needed")
	// ErrNoBlank: no blank is available for this case.
	ErrNoBlank = errors.New("no blank available")
	// ErrNotOurs: the booklet does not belong to this office or this order.
	ErrNotOurs = errors.New("booklet is not the one bound to this case")
	// ErrProfile: the signed profile does not allow this.
	ErrProfile = errors.New("not allowed by the profile")
	// ErrMode: the host country lets this office enrol, and nothing else.
	ErrMode = errors.New("this office only enrols")
	// ErrVetting: the officer's vetting has run out.
	ErrVetting = errors.New("officer's vetting has run out")
	// ErrProxy: somebody else than the holder or a registered proxy came for the book.
	ErrProxy = errors.New("neither the holder nor a registered proxy")
	// ErrAged: the holder's age now gives another validity than the order was made for.
	ErrAged = errors.New("holder's age changes the validity")
	// ErrQuota: the officer has seen or taken out as much as the profile allows for one day.
	ErrQuota = errors.New("quota of the day is used up")
	// ErrTooMany: the limit of open cases is reached.
	ErrTooMany = errors.New("too many open cases")
	// ErrSilent: headquarters has not been heard for as long as the profile allows.
	ErrSilent = errors.New("headquarters silent for too long")
	// ErrTooOld: a case has been open for longer than the profile allows.
	ErrTooOld = errors.New("a case is open for too long")
)

// Date is a calendar day. Month or Day is 0 where it is not known; such dates occur in births only.
type Date struct{ Year, Month, Day int }

// DateOf returns the day of t in UTC.
func DateOf(t time.Time) Date {
	y, m, d := t.UTC().Date()
	return Date{y, int(m), d}
}

// ParseDate reads YYYY-MM-DD; 00 stands for an unknown month or day.
func ParseDate(s string) (Date, error) {
	var d Date
	if len(s) != 10 {
		return Date{}, fmt.Errorf("date: %w", ErrMalformed)
	}
	if _, err := fmt.Sscanf(s, "%4d-%2d-%2d", &d.Year, &d.Month, &d.Day); err != nil {
		return Date{}, fmt.Errorf("date: %w", ErrMalformed)
	}
	return d, d.Check()
}

// Check refuses days that no calendar has.
func (d Date) Check() error {
	month, day := max(d.Month, 1), max(d.Day, 1)
	t := time.Date(d.Year, time.Month(month), day, 0, 0, 0, 0, time.UTC)
	if d.Year < 1850 || d.Year > 2200 || int(t.Month()) != month || t.Day() != day || (d.Month == 0 && d.Day != 0) {
		return fmt.Errorf("date: %w", ErrMalformed)
	}
	return nil
}

// IsZero tells whether no date was given.
func (d Date) IsZero() bool { return d == Date{} }

// Before tells whether d is an earlier day than o; unknown parts count as the first.
func (d Date) Before(o Date) bool { return d.time().Before(o.time()) }

// AddYears returns the same day n years later; 29 February becomes 28 February.
func (d Date) AddYears(n int) Date {
	out := Date{d.Year + n, d.Month, d.Day}
	if out.Check() != nil {
		out.Day--
	}
	return out
}

// PreviousDay returns the day before.
func (d Date) PreviousDay() Date { return DateOf(d.time().AddDate(0, 0, -1)) }

// Age returns the completed years at another day.
func (d Date) Age(at Date) int {
	years := at.Year - d.Year
	if at.Before(d.AddYears(years)) {
		years--
	}
	return years
}

// Time returns midnight UTC of the day; unknown parts count as the first.
func (d Date) Time() time.Time { return d.time() }

func (d Date) time() time.Time {
	return time.Date(d.Year, time.Month(max(d.Month, 1)), max(d.Day, 1), 0, 0, 0, 0, time.UTC)
}

// String returns YYYY-MM-DD.
func (d Date) String() string { return fmt.Sprintf("%04d-%02d-%02d", d.Year, d.Month, d.Day) }

// YYMMDD returns the six digits of the machine readable zone; unknown parts are fillers (ICAO Doc
// 9303-3, 4.8).
func (d Date) YYMMDD() string {
	part := func(n int) string {
		if n == 0 {
			return "<<"
		}
		return fmt.Sprintf("%02d", n)
	}
	return fmt.Sprintf("%02d%s%s", d.Year%100, part(d.Month), part(d.Day))
}

// MarshalText writes YYYY-MM-DD.
func (d Date) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads YYYY-MM-DD.
func (d *Date) UnmarshalText(b []byte) error {
	if string(b) == "0000-00-00" {
		*d = Date{}
		return nil
	}
	parsed, err := ParseDate(string(b))
	if err != nil {
		return err
	}
	*d = parsed
	return nil
}
