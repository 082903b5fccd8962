package station_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"padarozhnik/station"
	"padarozhnik/station/mrz"
)

// pairs reads testdata/pairs.txt.
func pairs(t *testing.T, do func(name, verdict string, a, b station.Application)) {
	t.Helper()
	text, err := os.ReadFile("testdata/pairs.txt")
	if err != nil {
		t.Fatal(err)
	}
	for i, line := range strings.Split(string(text), "\n") {
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		verdict, rest, _ := strings.Cut(line, ";")
		left, right, ok := strings.Cut(rest, "//")
		if !ok {
			t.Fatalf("line %d: no second person", i+1)
		}
		do(fmt.Sprintf("line %d", i+1), strings.TrimSpace(verdict), utopian(t, left, 1), utopian(t, right, 2))
	}
}

// utopian makes an application of one side of a line; n makes its old passport another one.
func utopian(t *testing.T, text string, n int) station.Application {
	t.Helper()
	f := strings.Split(text, ";")
	for i := range f {
		f[i] = strings.TrimSpace(f[i])
	}
	birth, err := station.ParseDate(f[4])
	if err != nil {
		t.Fatal(err)
	}
	a := station.Application{Applicant: station.Applicant{
		Surname: f[0], GivenNames: f[1], LocalSurname: f[2], LocalGivenNames: f[3], Birth: birth, Sex: mrz.Female,
	}}
	zone, err := mrz.Compose(mrz.Document{
		Format: mrz.TD3, Code: "P", Issuer: "UTO", Primary: f[0], Secondary: f[1], Number: fmt.Sprintf("UT000000%d", n),
		Nationality: "UTO", Birth: mrz.Date(birth.YYMMDD()), Sex: mrz.Female, Expiry: "300101", Optional: f[5],
	})
	if err != nil {
		t.Fatal(err)
	}
	a.OldPassport = &station.OldPassport{MRZ: [2]string(zone)}
	return a
}

func share(a, b []station.Trait) bool {
	return slices.ContainsFunc(a, func(t station.Trait) bool {
		return slices.ContainsFunc(b, func(o station.Trait) bool { return o.Text == t.Text })
	})
}

// TestTraitsGolden holds the golden pairs, from either side: who applies first must not matter.
func TestTraitsGolden(t *testing.T) {
	pairs(t, func(name, want string, a, b station.Application) {
		for _, side := range [][2]station.Application{{a, b}, {b, a}} {
			old, now := side[0].Traits(), side[1].Traits()
			got := "no"
			switch {
			case share(old.Exact, now.Exact):
				got = "exact"
			case share(old.Near, append(now.Near, now.Asked...)):
				got = "near"
			}
			if got != want {
				t.Errorf("%s, %s and %s: %s, want %s", name, side[0].Applicant.Surname, side[1].Applicant.Surname, got, want)
			}
		}
	})
}

// TestTraitsStayBounded: an application is a stranger's text; it must not fill the index.
func TestTraitsStayBounded(t *testing.T) {
	long := strings.Repeat("Кшталт", 30)
	a := station.Application{Applicant: station.Applicant{
		Surname: strings.Repeat("KSTLT", 39), GivenNames: strings.Repeat("BRVND", 39), LocalSurname: long, LocalGivenNames: long,
		Birth: station.Date{Year: 1990, Month: 1, Day: 1},
	}}
	traits := a.Traits()
	if n := len(traits.Near); n == 0 || n > 420 {
		t.Errorf("%d near traits", n)
	}
}

func TestQuota(t *testing.T) {
	now := time.Date(2026, 3, 31, 23, 30, 0, 0, time.UTC)
	made := []time.Time{now.Add(-time.Hour), now.Add(-30 * time.Hour), now.AddDate(-1, 0, 0)}
	for _, tc := range []struct {
		quota station.Quota
		at    time.Time
		full  bool
	}{
		{station.Quota{}, now, false},
		{station.Quota{OrdersPerDay: 1}, now, true},
		{station.Quota{OrdersPerDay: 2}, now, false},
		{station.Quota{OrdersPerDay: 1}, now.Add(time.Hour), false},
		{station.Quota{OrdersPerMonth: 2}, now, true},
		{station.Quota{OrdersPerMonth: 2}, now.Add(time.Hour), false},
	} {
		if got := tc.quota.Full(made, tc.at); got != tc.full {
			t.Errorf("%+v at %v: full %v", tc.quota, tc.at, got)
		}
	}
}
