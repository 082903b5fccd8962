package station_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"padarozhnik/station"
	"padarozhnik/station/mrz"
)

// named is an application of a person with a name at home and an old passport.
func named(t testing.TB, surname, given string, old station.LatinName) station.Application {
	t.Helper()
	a := station.Application{Applicant: station.Applicant{LocalSurname: surname, LocalGivenNames: given,
		Birth: station.Date{Year: 1991, Month: 5, Day: 14}, Sex: mrz.Female, Nationality: "UTO"}}
	if old.Surname == "" {
		return a
	}
	who := a
	who.Applicant.Surname, who.Applicant.GivenNames = old.Surname, old.GivenNames
	zone, err := station.Zone(station.Profile{IssuingState: "UTO", DocumentCode: "P"}, who.Applicant, "UT0031416",
		station.Date{Year: 2014, Month: 3, Day: 3}, station.Date{Year: 2024, Month: 3, Day: 2})
	if err != nil {
		t.Fatal(err)
	}
	a.OldPassport = &station.OldPassport{MRZ: zone}
	return a
}

// TestScenario4Candidates shows every spelling beside the rule that made it, the old zone first.
func TestScenario4Candidates(t *testing.T) {
	a := named(t, "Вандроўная", "Юлія", station.LatinName{Surname: "VANDROUNAIA", GivenNames: "YULIYA"})
	card := station.LatinName{Surname: "WANDROUNAJA", GivenNames: "JULIA"}
	a.OldPassport.Chip = &station.OldChip{FullName: "VANDROUNAIA<<YULIYA<MIRA"}
	list := a.NameCandidates(card)
	var sources []string
	for _, c := range list {
		sources = append(sources, c.Source)
		if field, _, err := station.NameField(c.LatinName); err != nil || field != c.Zone {
			t.Errorf("%+v: zone %s, %v", c, field, err)
		}
	}
	want := []string{station.FromOldZone, station.FromOldChip, station.FromResidenceCard, string(mrz.RulePassport),
		string(mrz.RuleMinistry), string(mrz.RuleDoc9303), string(mrz.RuleLacinka)}
	if !slices.Equal(sources, want) { // ў and і are not Russian: no rule from Russian
		t.Errorf("sources %q", sources)
	}
	if list[0].Zone != "VANDROUNAIA<<YULIYA" || list[1].GivenNames != "YULIYA MIRA" || list[2].LatinName != card {
		t.Errorf("%+v", list[:3])
	}
	if russian := named(t, "Иванова", "Мария", station.LatinName{}); len(russian.NameCandidates(station.LatinName{})) < 3 {
		t.Error("no spelling from Russian")
	}
}

// TestScenario4F1 is a name of more than 39 characters: what the zone keeps of it is shown before.
func TestScenario4F1(t *testing.T) {
	long := station.LatinName{Surname: "PIERSHAYA-DRUHAYA-TRETSIAYA", GivenNames: "ALIAKSANDRA KATSIARYNA"}
	field, truncated, err := station.NameField(long)
	if err != nil || !truncated || len(field) != 39 {
		t.Errorf("%s of %d, truncated %v, %v", field, len(field), truncated, err)
	}
	if field, truncated, err := station.NameField(station.LatinName{Surname: "VANDROUNAIA", GivenNames: "ZORKA"}); truncated ||
		err != nil || field != "VANDROUNAIA<<ZORKA" {
		t.Errorf("%s, %v, %v", field, truncated, err)
	}
}

// TestScenario4F2 writes apostrophes and hyphens.
func TestScenario4F2(t *testing.T) {
	a := named(t, "Лук'янава-Сомава", "Ганна-Марыя", station.LatinName{})
	for _, c := range a.NameCandidates(station.LatinName{}) {
		if strings.ContainsAny(c.Zone, "'-’") || strings.Count(c.Zone, "<") != 4 {
			t.Errorf("%s: %s", c.Source, c.Zone)
		}
	}
}

// TestScenario4F3: a spelling of nobody's, and one of mixed languages, need a reason.
func TestScenario4F3(t *testing.T) {
	none := station.LatinName{}
	a := named(t, "Иванова", "Мария", station.LatinName{Surname: "IVANOVA", GivenNames: "MARYIA"})
	list := a.NameCandidates(none)
	for _, c := range list {
		b := a
		if err := b.Spell(c.LatinName, none, ""); c.Printable && (err != nil || b.Spelling.Surname == station.FromOfficer) {
			t.Errorf("%s: %v, %+v", c.Source, err, b.Spelling)
		}
	}
	own := station.LatinName{Surname: "IWANOWA", GivenNames: "MARYIA"}
	b := a
	if err := b.Spell(own, none, " "); !errors.Is(err, station.ErrNameReason) {
		t.Errorf("of nobody's: %v", err)
	}
	if err := b.Spell(own, none, "as on the birth certificate of her child"); err != nil ||
		b.Applicant.Surname != "IWANOWA" || b.Spelling.Surname != station.FromOfficer || b.Spelling.Reason == "" {
		t.Errorf("%v, %+v", err, b.Spelling)
	}
	if err := b.Spell(station.LatinName{Surname: "IVANOVA2"}, none, "a digit"); !errors.Is(err, station.ErrSpelling) {
		t.Errorf("a digit: %v", err)
	}
	mixed := named(t, "Вандроўная", "Зорка", station.LatinName{Surname: "SOMAVA", GivenNames: "ANNA"})
	spelled, err := mrz.Romanise("Вандроўная", mrz.Belarusian, mrz.RulePassport)
	if err != nil {
		t.Fatal(err)
	}
	if err := mixed.Spell(station.LatinName{Surname: spelled.Text, GivenNames: "ANNA"}, none, ""); !errors.Is(err, station.ErrNameReason) {
		t.Errorf("surname by a rule, given name of the old zone: %v", err)
	}
}
