package station_test

import (
	"errors"
	"slices"
	"testing"

	"padarozhnik/station"
)

// bookOf is an old passport with its chip and its printed page.
func bookOf(t *testing.T, surname, given string, page station.PrintedPage) station.OldPassport {
	t.Helper()
	who := station.Applicant{Surname: surname, GivenNames: given, Birth: station.Date{Year: 1990, Month: 4, Day: 12},
		Sex: "F", Nationality: "UTO"}
	zone, err := station.Zone(station.Profile{IssuingState: "UTO", DocumentCode: "P"}, who, "UX0031416",
		station.Date{Year: 2014, Month: 3, Day: 3}, station.Date{Year: 2024, Month: 3, Day: 2})
	if err != nil {
		t.Fatal(err)
	}
	return station.OldPassport{MRZ: zone, Page: &page, Chip: &station.OldChip{Level: station.ChipSigned, Zone: zone[:],
		PlaceOfBirth: "ZENITH, UTOPIA", Authority: "Zenith", Issued: "20140303"}}
}

// TestFieldRows holds chip, zone and page of old passports against one another.
func TestFieldRows(t *testing.T) {
	long := "Vandrounskaya-Padarozhnaya-Zarechnaya"
	whole := station.PrintedPage{Surname: "Vándrounaia", GivenNames: "Zorka Mira", Number: "UX 0031416", Nationality: "UTO",
		Birth: station.Date{Year: 1990, Month: 4, Day: 12}, Sex: "F", Issued: station.Date{Year: 2014, Month: 3, Day: 3},
		Expiry: station.Date{Year: 2024, Month: 3, Day: 2}, PlaceOfBirth: "Zenith / Utopia", Authority: "ZENITH"}
	with := func(change func(*station.PrintedPage)) station.PrintedPage {
		p := whole
		change(&p)
		return p
	}
	tests := []struct {
		name           string
		surname, given string
		page           station.PrintedPage
		differ         []string
	}{
		{"as printed, with a diacritic", "VANDROUNAIA", "ZORKA MIRA", whole, nil},
		{"nothing typed", "VANDROUNAIA", "ZORKA MIRA", station.PrintedPage{}, nil},
		{"another number", "VANDROUNAIA", "ZORKA MIRA", with(func(p *station.PrintedPage) { p.Number = "UX0031417" }),
			[]string{station.PageNumber}},
		{"another name and day", "VANDROUNAIA", "ZORKA MIRA", with(func(p *station.PrintedPage) {
			p.Surname, p.Birth.Day = "Vandrounaya", 13
		}), []string{station.PageSurname, station.PageBirth}},
		{"another office and day of issue", "VANDROUNAIA", "ZORKA MIRA", with(func(p *station.PrintedPage) {
			p.Authority, p.Issued.Year = "Nadir", 2015
		}), []string{station.PageIssued, station.PageAuthority}},
		{"shortened in the zone", long, "Zorka Mira", with(func(p *station.PrintedPage) {
			p.Surname = long
		}), nil},
		{"shortened, and another", long, "Zorka Mira", with(func(p *station.PrintedPage) {
			p.Surname, p.GivenNames = long, "Vera"
		}),
			[]string{station.PageGivenNames}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			old := bookOf(t, tt.surname, tt.given, tt.page)
			if got := old.Contradicted(); !slices.Equal(got, tt.differ) {
				t.Errorf("contradicted in %v, want %v", got, tt.differ)
			}
			for _, r := range old.FieldRows() {
				if !slices.Contains(station.PageFields(), r.Field) {
					t.Errorf("row %q", r.Field)
				}
				alone := r.Page == "" && (r.Chip == "" || r.Zone == "")
				if (r.Agree == station.OneAlone) != alone {
					t.Errorf("%+v", r)
				}
			}
		})
	}
}

// TestChipOfAnotherZone: the chip's own zone stands beside that of the page, field by field.
func TestChipOfAnotherZone(t *testing.T) {
	old := bookOf(t, "VANDROUNAIA", "ZORKA MIRA", station.PrintedPage{})
	other := bookOf(t, "VANDROUNAYA", "ZORKA MIRA", station.PrintedPage{})
	old.Chip.Zone = other.MRZ[:]
	var differ []string
	for _, r := range old.FieldRows() {
		if r.Agree == station.Differs {
			differ = append(differ, r.Field)
		}
	}
	if !slices.Equal(differ, []string{station.PageSurname}) || old.Contradicted() != nil {
		t.Errorf("differ %v, contradicted %v", differ, old.Contradicted())
	}
}

// TestPageAgainstEvidence: a page that contradicts its chip takes the chip's word away until it is cleared up,
// and the approver reads in which field.
func TestPageAgainstEvidence(t *testing.T) {
	old := bookOf(t, "VANDROUNAIA", "ZORKA MIRA", station.PrintedPage{})
	a := station.Application{OldPassport: &old}
	if err := a.TakeChip(*old.Chip); err != nil || !a.Evidence[0].Proven {
		t.Fatalf("%+v: %v", a.Evidence, err)
	}
	if err := a.TakePage(station.PrintedPage{Surname: "Vandrounaya"}); err != nil || a.Evidence[0].Proven ||
		a.Evidence[0].Note != "signed; printed page differs: surname" || len(a.Evidence) != 1 {
		t.Errorf("%+v: %v", a.Evidence, err)
	}
	if err := a.TakePage(station.PrintedPage{Surname: "Vandrounaia"}); err != nil || !a.Evidence[0].Proven {
		t.Errorf("%+v: %v", a.Evidence, err)
	}
	again := station.OldPassport{MRZ: old.MRZ, Typed: true}.Again(a.OldPassport)
	if again.Page == nil || again.Chip != nil {
		t.Error("the same book entered anew keeps its page, and its chip is opened again")
	}
	other := bookOf(t, "SOMEBODY", "ELSE", station.PrintedPage{})
	other.MRZ[1] = "UX00314174" + other.MRZ[1][10:] // no digit fits
	if got := (station.OldPassport{MRZ: other.MRZ}).Again(a.OldPassport); got.Page != nil {
		t.Error("another book has the page of the one before")
	}
	if err := (&station.Application{}).TakePage(station.PrintedPage{}); !errors.Is(err, station.ErrIncomplete) {
		t.Errorf("no passport: %v", err)
	}
}
