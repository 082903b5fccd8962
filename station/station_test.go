package station_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"padarozhnik/station"
	"padarozhnik/station/mrz"
)

var now = time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)

func officer(key string, roles ...station.Role) station.Officer {
	return station.Officer{Pseudonym: key, KeyID: key, Roles: roles}
}

func profile() station.Profile {
	return station.Profile{
		Version: 1, Name: "test", Mode: station.ModeSpecimen, DocumentCode: "PP", IssuingState: "UTO", CountryCode: "UT",
		Nationalities: []string{"UTO"}, NumberForm: "UT[0-9]{7}", Overprint: "SPECIMEN", Consents: []string{"passport"},
		Validity: []station.Validity{{UnderAge: 14, Years: 5}, {Years: 10}}, MaxOpenCases: 3, PACEParameter: 12,
		PortraitBytes: 20480, ChipTries: 3, FaceFormat: station.Face39794, WarnSilenceDays: 21, MaxSilenceDays: 42,
		Rules: station.Rules{Fields: station.OptionalFields()},
	}
}

func application() station.Application {
	return station.Application{
		Applicant: station.Applicant{
			Surname: "ERIKSSON", GivenNames: "ANNA MARIA", Birth: station.Date{Year: 1974, Month: 8, Day: 12},
			PlaceOfBirth: "Zenith", Sex: mrz.Female, Nationality: "UTO",
		},
		Portrait: []byte{0xFF, 0xD8},
		Evidence: []station.Evidence{{Kind: "interview", Scores: map[station.Question]int{
			station.IdentityExists: 1, station.LinkedToIt: 1, station.UsesIt: 1,
		}}},
		Consents: []station.Consent{{Item: "passport", Given: true}},
	}
}

// given is a hand-over of which everything was confirmed.
func given() station.Handing {
	return station.Handing{Present: true, Match: true, Checked: true, Chip: true, Old: station.CustodyHolder}
}

func TestCaseFromDraftToClose(t *testing.T) {
	enroller := officer("e", station.RoleEnrol)
	approver := officer("a", station.RoleApprove)
	operator := officer("o", station.RoleOperate)
	inspector := officer("i", station.RoleInspect)
	c, err := station.NewCase("AAAAA-AAAAA", enroller, now)
	for _, step := range []struct {
		want station.Stage
		do   func() (station.Case, error)
	}{
		{station.StageSubmitted, func() (station.Case, error) { return c.Submit(enroller, application(), profile(), now) }},
		{station.StageReturned, func() (station.Case, error) { return c.Return(approver, "photo too dark", now) }},
		{station.StageSubmitted, func() (station.Case, error) { return c.Submit(enroller, application(), profile(), now) }},
		{station.StageApproved, func() (station.Case, error) { return c.Approve(approver, "UT0000001", "complete", now) }},
		{station.StageOrdered, func() (station.Case, error) { return c.Order("UT0000001") }},
		{station.StageProducing, func() (station.Case, error) { return c.Produce(operator, now) }},
		{station.StageSpoiled, func() (station.Case, error) { return c.Spoil("page soiled") }},
		{station.StageApproved, func() (station.Case, error) { return c.Approve(approver, "UT0000002", "again", now) }},
		{station.StageOrdered, func() (station.Case, error) { return c.Order("UT0000002") }},
		{station.StageProducing, func() (station.Case, error) { return c.Produce(operator, now) }},
		{station.StagePassed, func() (station.Case, error) { return c.Pass(inspector, now) }},
		{station.StageHanded, func() (station.Case, error) { return c.HandOver(enroller, given(), nil, now) }},
		{station.StageClosed, func() (station.Case, error) { return c.Close() }},
	} {
		if err != nil {
			t.Fatalf("before %s: %v", step.want, err)
		}
		if c, err = step.do(); err != nil || c.Stage != step.want {
			t.Fatalf("want %s, got %s, %v", step.want, c.Stage, err)
		}
	}
	if len(c.Spoiled) != 1 || c.Spoiled[0] != "UT0000001" {
		t.Errorf("spoiled blanks: %v", c.Spoiled)
	}
}

func TestCaseRefuses(t *testing.T) {
	all := []station.Role{station.RoleEnrol, station.RoleApprove, station.RoleOperate, station.RoleInspect}
	one := officer("one", all...)
	two := officer("two", all...)
	former := officer("former", all...)
	former.Until = station.Date{Year: 2026, Month: 11, Day: 21}
	at := func(stage station.Stage) station.Case {
		return station.Case{Token: "T", Stage: stage, Serial: "UT0000001", Enrolled: "one", Operated: "one",
			Spoiled: []station.Serial{"UT0000009"}}
	}
	incomplete := application()
	incomplete.Evidence = nil
	for _, tc := range []struct {
		name string
		want error
		do   func() error
	}{
		{"enrol without the role", station.ErrRole, func() error {
			_, err := station.NewCase("T", officer("x", station.RoleOperate), now)
			return err
		}},
		{"enrol after the appointment ended", station.ErrRole, func() error {
			_, err := station.NewCase("T", former, now)
			return err
		}},
		{"submit somebody else's draft", station.ErrRole, func() error {
			_, err := at(station.StageDraft).Submit(two, application(), profile(), now)
			return err
		}},
		{"submit without evidence", station.ErrIncomplete, func() error {
			_, err := at(station.StageDraft).Submit(one, incomplete, profile(), now)
			return err
		}},
		{"approve what one enrolled", station.ErrSamePerson, func() error {
			_, err := at(station.StageSubmitted).Approve(one, "UT0000001", "complete", now)
			return err
		}},
		{"approve without a reason", station.ErrReason, func() error {
			_, err := at(station.StageSubmitted).Approve(two, "UT0000001", " ", now)
			return err
		}},
		{"approve a draft", station.ErrStage, func() error {
			_, err := at(station.StageDraft).Approve(two, "UT0000001", "complete", now)
			return err
		}},
		{"approve twice", station.ErrStage, func() error {
			_, err := at(station.StageApproved).Approve(two, "UT0000002", "complete", now)
			return err
		}},
		{"approve a blank that was spoiled for the case", station.ErrNotOurs, func() error {
			_, err := at(station.StageSpoiled).Approve(two, "UT0000009", "again", now)
			return err
		}},
		{"order for another blank", station.ErrNotOurs, func() error {
			_, err := at(station.StageApproved).Order("UT0000002")
			return err
		}},
		{"inspect what one printed", station.ErrSamePerson, func() error {
			_, err := at(station.StageProducing).Pass(one, now)
			return err
		}},
		{"hand over without a match", station.ErrIncomplete, func() error {
			_, err := at(station.StagePassed).HandOver(two, station.Handing{Present: true, Checked: true, Chip: true}, nil, now)
			return err
		}},
		{"hand over what one printed", station.ErrSamePerson, func() error {
			_, err := at(station.StagePassed).HandOver(one, given(), nil, now)
			return err
		}},
		{"hand over to somebody else", station.ErrProxy, func() error {
			h := given()
			h.Proxy = "AB1234567"
			_, err := at(station.StagePassed).HandOver(two, h, []station.Proxy{{Name: "Ina Utopskaja", Document: "AB7654321"}}, now)
			return err
		}},
		{"hand over with a dead chip", station.ErrIncomplete, func() error {
			h := given()
			h.Chip = false
			_, err := at(station.StagePassed).HandOver(two, h, nil, now)
			return err
		}},
		{"hand over without a word on the old passport", station.ErrMalformed, func() error {
			h := given()
			h.Old = ""
			_, err := at(station.StagePassed).HandOver(two, h, nil, now)
			return err
		}},
		{"hand over before inspection", station.ErrStage, func() error {
			_, err := at(station.StageProducing).HandOver(two, given(), nil, now)
			return err
		}},
		{"close an unfinished case", station.ErrStage, func() error {
			_, err := at(station.StagePassed).Close()
			return err
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if err := tc.do(); !errors.Is(err, tc.want) {
				t.Errorf("got %v, want %v", err, tc.want)
			}
		})
	}
}

func TestMissing(t *testing.T) {
	today := station.DateOf(now)
	if m := application().Missing(profile(), today); len(m) != 0 {
		t.Fatalf("a complete application lacks %v", m)
	}
	for field, spoil := range map[string]func(*station.Application){
		"applicant.surname":        func(a *station.Application) { a.Applicant.Surname = " " },
		"applicant.nationality":    func(a *station.Application) { a.Applicant.Nationality = "XXX" },
		"applicant.sex":            func(a *station.Application) { a.Applicant.Sex = "Q" },
		"applicant.placeOfBirth":   func(a *station.Application) { a.Applicant.PlaceOfBirth = "" },
		"applicant.placeOfBirth ":  func(a *station.Application) { a.Applicant.PlaceOfBirth = "Їжакове" },
		"applicant.birth":          func(a *station.Application) { a.Applicant.Birth = station.Date{Year: 2027, Month: 1, Day: 1} },
		"portrait":                 func(a *station.Application) { a.Portrait = make([]byte, 20481) },
		"evidence.uses-it":         func(a *station.Application) { delete(a.Evidence[0].Scores, station.UsesIt) },
		"consents.passport":        func(a *station.Application) { a.Consents = nil },
		"evidence.identity-exists": func(a *station.Application) { a.Evidence[0].Scores[station.IdentityExists] = 0 },
	} {
		t.Run(field, func(t *testing.T) {
			a := application()
			spoil(&a)
			missing := a.Missing(profile(), today)
			if len(missing) != 1 || missing[0].Field != strings.TrimSpace(field) {
				t.Errorf("lacks %v, want %s alone", missing, field)
			}
		})
	}
}

func TestExpiry(t *testing.T) {
	d := func(y, m, day int) station.Date { return station.Date{Year: y, Month: m, Day: day} }
	for _, tc := range []struct {
		name               string
		birth, issue, want station.Date
	}{
		{"adult", d(1991, 5, 14), d(2026, 11, 22), d(2036, 11, 21)},
		{"child", d(2015, 5, 14), d(2026, 11, 22), d(2031, 11, 21)},
		{"the day before the fourteenth birthday", d(2012, 11, 23), d(2026, 11, 22), d(2031, 11, 21)},
		{"the fourteenth birthday", d(2012, 11, 22), d(2026, 11, 22), d(2036, 11, 21)},
		{"issued on a leap day", d(1991, 5, 14), d(2028, 2, 29), d(2038, 2, 27)},
		{"birth month unknown", d(1991, 0, 0), d(2026, 11, 22), d(2036, 11, 21)},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := profile().Expiry(tc.birth, tc.issue); got != tc.want {
				t.Errorf("got %s, want %s", got, tc.want)
			}
		})
	}
}

func TestBookletHasOneWay(t *testing.T) {
	states := station.States()
	allowed := map[[2]station.State]bool{}
	for _, from := range states {
		for _, to := range states {
			if _, err := (station.Booklet{State: from}).Advance(to); err == nil {
				allowed[[2]station.State{from, to}] = true
			}
		}
	}
	for _, never := range [][2]station.State{
		{station.StateHanded, station.StateSpoiled}, {station.StateSpoiled, station.StateAvailable},
		{station.StateTaken, station.StateReserved}, {station.StateTaken, station.StateAvailable},
		{station.StatePrinted, station.StateInking}, {station.StatePrinted, station.StateEncoded},
		{station.StateEncoded, station.StatePrinted}, {station.StateReserved, station.StateEncoded},
		{station.StateLost, station.StateAvailable}, {station.StateQuarantined, station.StateAvailable},
		{station.StateInTransit, station.StateAvailable}, {station.StateDestroyed, station.StateSpoiled},
	} {
		if allowed[never] {
			t.Errorf("a booklet goes from %s to %s", never[0], never[1])
		}
	}
	if len(allowed) != 51 {
		t.Errorf("%d transitions are allowed, want 51", len(allowed))
	}
}

func TestZoneOfTheStandard(t *testing.T) {
	p := profile()
	p.DocumentCode = "P"
	a := application().Applicant
	lines, err := station.Zone(p, a, "L898902C3", station.Date{Year: 2022, Month: 4, Day: 16},
		station.Date{Year: 2032, Month: 4, Day: 15})
	if err != nil {
		t.Fatal(err)
	}
	if lines[0] != "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<" {
		t.Errorf("line 1: %s", lines[0])
	}
	if lines[1][:20] != "L898902C36UTO7408122" {
		t.Errorf("line 2: %s", lines[1])
	}
	doc, err := mrz.Parse(lines[:])
	if err != nil {
		t.Fatal(err)
	}
	back := station.FromZone(profile(), doc, station.DateOf(now))
	if back.Surname != a.Surname || back.GivenNames != a.GivenNames || back.Birth != a.Birth || back.Sex != a.Sex {
		t.Errorf("read back %+v", back)
	}
}

// TestFaceFormat: the profile chooses until the standard does.
func TestFaceFormat(t *testing.T) {
	for _, c := range []struct {
		says   station.FaceFormat
		issued station.Date
		want   station.FaceFormat
	}{
		{station.Face19794, station.Date{Year: 2029, Month: 12, Day: 31}, station.Face19794},
		{station.Face39794, station.Date{Year: 2026, Month: 11, Day: 26}, station.Face39794},
		{station.Face19794, station.Date{Year: 2030, Month: 1, Day: 1}, station.Face39794},
	} {
		p := profile()
		p.FaceFormat = c.says
		if got := p.FaceFormatOn(c.issued); got != c.want {
			t.Errorf("%s on %v: %s", c.says, c.issued, got)
		}
	}
}

func TestProfileCheck(t *testing.T) {
	if err := profile().Check(); err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func(*station.Profile){
		"Utopian without overprint":    func(p *station.Profile) { p.Overprint = "" },
		"Utopian that issues":          func(p *station.Profile) { p.Mode = station.ModeIssue },
		"visa code":                    func(p *station.Profile) { p.DocumentCode = "V" },
		"no validity for adults":       func(p *station.Profile) { p.Validity = p.Validity[:1] },
		"broken number form":           func(p *station.Profile) { p.NumberForm = "[" },
		"a face format of no standard": func(p *station.Profile) { p.FaceFormat = "" },
		"no tries":                     func(p *station.Profile) { p.ChipTries = 0 },
		"no limit of silence":          func(p *station.Profile) { p.WarnSilenceDays, p.MaxSilenceDays = 0, 0 },
		"a mapping of no standard":     func(p *station.Profile) { p.ChipAuth = "camouflage" },
		"an RSA key that is too short": func(p *station.Profile) { p.ActiveAuth = "rsa-1024" },
		"PACE on a curve of 192 bits":  func(p *station.Profile) { p.PACEParameter = 8 },
		"signers without a number":     func(p *station.Profile) { p.MissionSigning = station.MissionAfterClear },
		"a number of no signers":       func(p *station.Profile) { p.MissionOrders = 5 },
		"signers of no rule": func(p *station.Profile) {
			p.MissionSigning, p.MissionOrders = "whenever", 5
		},
		"PACE without curve": func(p *station.Profile) { p.PACEParameter = 2 },
		"a real book that can be copied": func(p *station.Profile) {
			p.IssuingState, p.Mode, p.ChipAuth = "XXA", station.ModeIssue, station.ChipAuthNone
		},
		"a warning after the stop": func(p *station.Profile) { p.WarnSilenceDays, p.MaxSilenceDays = 43, 42 },
	} {
		t.Run(name, func(t *testing.T) {
			p := profile()
			spoil(&p)
			if err := p.Check(); !errors.Is(err, station.ErrMalformed) {
				t.Errorf("got %v", err)
			}
		})
	}
}
