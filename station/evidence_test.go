package station_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/pelletier/go-toml/v2"
	"pgregory.net/rapid"

	"padarozhnik/resources"
	"padarozhnik/station"
)

// utopia is the built-in profile.
func utopia(t testing.TB) station.Profile {
	t.Helper()
	var p station.Profile
	if err := toml.Unmarshal(resources.UtopiaProfile, &p); err != nil {
		t.Fatal(err)
	}
	if err := p.Check(); err != nil {
		t.Fatal(err)
	}
	return p
}

// unpapered is an application of somebody without any passport: an internal card, a birth certificate,
// two vouchers, an interview.
func unpapered() station.Application {
	a := application()
	a.Evidence = []station.Evidence{
		{Kind: "internal-card", Note: "copy"}, {Kind: "birth-certificate", Note: "seen"},
		{Kind: station.KindVoucher, Voucher: "UT4200011"}, {Kind: station.KindVoucher, Voucher: "UT4200012"},
		{Kind: station.KindInterview, Note: "told of the school and of the street"},
	}
	return a
}

func TestEvidencePoints(t *testing.T) {
	p := utopia(t)
	zone, err := station.Zone(p, application().Applicant, "UT0031416", station.Date{Year: 2014, Month: 1, Day: 2},
		station.Date{Year: 2024, Month: 1, Day: 1})
	if err != nil {
		t.Fatal(err)
	}
	read := &station.OldPassport{MRZ: zone, Accepted: true}
	one := func(e ...station.Evidence) station.Application { return station.Application{Evidence: e} }
	for _, tc := range []struct {
		name string
		a    station.Application
		want [3]int
	}{
		{"nothing", one(), [3]int{}},
		{"a passport that the desk read counts without being written down", station.Application{OldPassport: read}, [3]int{2, 2, 1}},
		{"and once where it was", station.Application{OldPassport: read, Evidence: []station.Evidence{{Kind: "old-passport"}}},
			[3]int{2, 2, 1}},
		{"its chip is authentic", one(station.Evidence{Kind: "old-passport", Proven: true}), [3]int{4, 4, 3}},
		{"its state lists it as lost", one(station.Evidence{Kind: "old-passport", Proven: true, Lost: true}), [3]int{4, 4, 3}},
		{"residence card", one(station.Evidence{Kind: "residence-card"}), [3]int{3, 3, 3}},
		{"one voucher twice", one(station.Evidence{Kind: "voucher", Voucher: "UT4200011"},
			station.Evidence{Kind: "voucher", Voucher: "UT4200011"}), [3]int{0, 1, 1}},
		{"three vouchers", one(station.Evidence{Kind: "voucher", Voucher: "UT4200011"}, station.Evidence{Kind: "voucher",
			Voucher: "UT4200012"}, station.Evidence{Kind: "voucher", Voucher: "UT4200013"}), [3]int{0, 2, 2}},
		{"an officer's own points", one(station.Evidence{Kind: "other", Scores: map[station.Question]int{
			station.UsesIt: 99}}), [3]int{1, 0, 0}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			for i, q := range station.Questions() {
				if got := tc.a.Score(p.Rules, q); got != tc.want[i] {
					t.Errorf("%s: %d points, want %d", q, got, tc.want[i])
				}
			}
		})
	}
}

// TestLostNeverLowers: whatever evidence there is, that a state lists a document as lost takes no point away.
func TestLostNeverLowers(t *testing.T) {
	p := utopia(t)
	rapid.Check(t, func(r *rapid.T) {
		var a station.Application
		for range rapid.IntRange(0, 6).Draw(r, "items") {
			a.Evidence = append(a.Evidence, station.Evidence{
				Kind: rapid.SampledFrom(p.Kinds()).Draw(r, "kind"), Proven: rapid.Bool().Draw(r, "proven"),
				Lost: rapid.Bool().Draw(r, "lost"),
			})
		}
		b := a
		b.Evidence = slices.Clone(a.Evidence)
		for i := range b.Evidence {
			b.Evidence[i].Lost = !b.Evidence[i].Lost
		}
		for _, q := range station.Questions() {
			if a.Score(p.Rules, q) != b.Score(p.Rules, q) {
				r.Errorf("%s: %d and %d", q, a.Score(p.Rules, q), b.Score(p.Rules, q))
			}
		}
	})
}

// TestScenario3NoPassportAtAll: three questions scored, none may be zero; F4 without the interview's note
// there is no approval, whatever the approver ticks.
func TestScenario3NoPassportAtAll(t *testing.T) {
	p, today := utopia(t), station.DateOf(now)
	p.Consents = []string{"passport"}
	a := unpapered()
	if err := a.Approvable(p, today); err != nil {
		t.Fatal(err)
	}
	for _, j := range a.Judge(p, today) {
		if j.Opinion == station.OpinionBad {
			t.Errorf("%s is judged %s", j.Item, j.Opinion)
		}
	}
	for name, tc := range map[string]struct {
		change func(*station.Application)
		field  string
	}{
		"F4 no interview note": {func(a *station.Application) { a.Evidence[4].Note = "  " }, "approval.interview"},
		"nobody says that it exists": {func(a *station.Application) { a.Evidence = a.Evidence[2:] },
			"evidence.identity-exists"},
		"a voucher without a book": {func(a *station.Application) { a.Evidence[2].Voucher = "" }, "evidence.voucher"},
		"no consent to the passport": {func(a *station.Application) { a.Consents[0].Given = false },
			"approval.consents"},
	} {
		t.Run(name, func(t *testing.T) {
			a := unpapered()
			tc.change(&a)
			var incomplete *station.IncompleteError
			if err := a.Approvable(p, today); !errors.As(err, &incomplete) || incomplete.Missing[0].Field != tc.field {
				t.Errorf("got %v, want %s", err, tc.field)
			}
		})
	}
}

func TestTicked(t *testing.T) {
	p, today := utopia(t), station.DateOf(now)
	a := unpapered()
	demanded := a.Demanded(p, today)
	if slices.Contains(demanded, station.ItemGuardians) {
		t.Error("an adult needs guardians")
	}
	if err := station.Ticked("approval", demanded, demanded); err != nil {
		t.Error(err)
	}
	for i := range demanded {
		less := slices.Delete(slices.Clone(demanded), i, i+1)
		var incomplete *station.IncompleteError
		err := station.Ticked("approval", demanded, append(less, less...))
		if !errors.As(err, &incomplete) || len(incomplete.Missing) != 1 ||
			incomplete.Missing[0].Field != "approval."+string(demanded[i]) {
			t.Errorf("without %s: %v", demanded[i], err)
		}
	}
}

// TestProfileListsWhatMayBeEntered: each optional field is refused under a profile that does not list it.
func TestProfileListsWhatMayBeEntered(t *testing.T) {
	fill := map[station.Optional]func(*station.Application){
		station.FieldPlaceOfBirth:   func(*station.Application) {},
		station.FieldLocalNames:     func(a *station.Application) { a.Applicant.LocalSurname = "Эрыксан" },
		station.FieldPatronymic:     func(a *station.Application) { a.Applicant.Patronymic = "Янаўна" },
		station.FieldPersonalNumber: func(a *station.Application) { a.Applicant.PersonalNumber = "4120874A001PB2" },
		station.FieldSignature:      func(a *station.Application) { a.Signature = []byte{1} },
		station.FieldOldPassport:    func(a *station.Application) { a.OldPassport = &station.OldPassport{MRZ: [2]string{"P", "1"}} },
		station.FieldOldScan:        func(a *station.Application) { a.OldPassport = &station.OldPassport{Scan: []byte{1}} },
		station.FieldGuardians:      func(a *station.Application) { a.Guardians = []station.Guardian{{Name: "x"}} },
		station.FieldProxies: func(a *station.Application) {
			a.Proxies = []station.Proxy{{Name: "Дар’я", Document: "AB1234567"}}
		},
	}
	for _, f := range station.OptionalFields() {
		t.Run(string(f), func(t *testing.T) {
			a := application()
			fill[f](&a)
			if err := a.Enter(profile()); err != nil {
				t.Fatalf("listed and refused: %v", err)
			}
			p := profile()
			p.Fields = slices.DeleteFunc(slices.Clone(p.Fields), func(o station.Optional) bool { return o == f })
			var unlisted *station.UnlistedError
			if err := a.Enter(p); !errors.As(err, &unlisted) || !errors.Is(err, station.ErrProfile) {
				t.Errorf("not listed and taken: %v", err)
			}
			p.Masked = []station.Optional{f}
			masked, hidden := a.Mask(p.Rules)
			if f != station.FieldLocalNames && (!slices.Contains(hidden, f) || a.Field(f) != "" && masked.Field(f) == a.Field(f)) {
				t.Errorf("masked: %v", hidden)
			}
		})
	}
	p := profile()
	p.Fields = append(slices.Clone(p.Fields), "religion")
	if err := p.Check(); !errors.Is(err, station.ErrMalformed) {
		t.Errorf("a field that the program does not know: %v", err)
	}
}

func TestModesOfTheHostCountry(t *testing.T) {
	for mode, issues := range map[station.Mode]bool{
		station.ModeEnrolOnly: false, station.ModeSpecimen: true, station.ModeIssue: true,
	} {
		p := profile()
		p.Mode = mode
		if err := p.Issues(); (err == nil) != issues || err != nil && !errors.Is(err, station.ErrMode) {
			t.Errorf("%s: %v", mode, err)
		}
	}
	p := profile()
	p.IssuingState, p.Mode = "UTX", station.Mode("tourism")
	if err := p.Check(); !errors.Is(err, station.ErrMalformed) {
		t.Errorf("a mode that nobody knows: %v", err)
	}
	p.Mode, p.Overprint = station.ModeSpecimen, ""
	if err := p.Check(); !errors.Is(err, station.ErrMalformed) {
		t.Errorf("a specimen without its mark: %v", err)
	}
}

func TestOfficersTerms(t *testing.T) {
	day := func(d int) station.Date { return station.Date{Year: 2026, Month: 11, Day: d} }
	for _, tc := range []struct {
		name  string
		terms func(*station.Officer)
		want  error
	}{
		{"open", func(*station.Officer) {}, nil},
		{"the last day", func(o *station.Officer) { o.Until, o.Vetted = day(22), day(22) }, nil},
		{"appointment over", func(o *station.Officer) { o.Until = day(21) }, station.ErrRole},
		{"vetting over", func(o *station.Officer) { o.Vetted = day(21) }, station.ErrVetting},
		{"not begun", func(o *station.Officer) { o.From = day(23) }, station.ErrRole},
	} {
		t.Run(tc.name, func(t *testing.T) {
			o := officer("E-01", station.RoleEnrol)
			tc.terms(&o)
			if err := o.May(station.RoleEnrol, day(22)); !errors.Is(err, tc.want) {
				t.Errorf("got %v", err)
			}
		})
	}
	c := station.Charter{Profile: profile(), Officers: []station.Officer{
		{Pseudonym: "A-01", Until: station.Date{Year: 2027, Month: 3, Day: 1}},
		{Pseudonym: "B-01", Until: day(30), Vetted: day(20)},
		{Pseudonym: "C-01", Vetted: station.Date{Year: 2026, Month: 12, Day: 21}},
	}}
	got := c.Endings(day(22))
	want := []station.Ending{
		{"B-01", "vetting", day(20), -1}, {"B-01", "appointment", day(30), 9},
		{"C-01", "vetting", station.Date{Year: 2026, Month: 12, Day: 21}, 30},
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %v", got)
	}
	for name, ok := range map[string]bool{"E-01": true, "A": true, "Ганна": false, "Anna Petrova": false, "anna": false} {
		if err := station.CheckPseudonym(name); (err == nil) != ok {
			t.Errorf("%q: %v", name, err)
		}
	}
}

// TestScenario2Guardians: a child needs both parents' word, or what stands in the place of one.
func TestScenario2Guardians(t *testing.T) {
	p := utopia(t)
	p.Consents = []string{"passport"}
	today := station.DateOf(now)
	child := func(g ...station.Guardian) station.Application {
		a := unpapered()
		a.Applicant.Birth = station.Date{Year: 2016, Month: 3, Day: 4}
		a.Guardians = g
		return a
	}
	mother := station.Guardian{Name: "Марыя", Consent: true}
	away := station.Guardian{Name: "Янка", Absent: station.AbsentDetention, Note: "verdict of the court seen"}
	for _, tc := range []struct {
		name string
		a    station.Application
		ok   bool
	}{
		{"both agree", child(mother, station.Guardian{Name: "Янка", Consent: true}), true},
		{"one in prison, with evidence", child(mother, away), true},
		{"without evidence", child(mother, station.Guardian{Name: "Янка", Absent: station.AbsentDetention}), false},
		{"for a reason that is none", child(mother, station.Guardian{Name: "Янка", Absent: "busy", Note: "he said so"}), false},
		{"nobody agrees", child(away, away), false},
		{"one alone", child(mother), false},
		{"nobody", child(), false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if err := tc.a.Approvable(p, today); (err == nil) != tc.ok {
				t.Errorf("got %v", err)
			}
		})
	}
	if !slices.Contains(child().Demanded(p, today), station.ItemGuardians) {
		t.Error("the approver of a child's case is not asked about guardians")
	}
}

func TestScenario2Spellings(t *testing.T) {
	mother := station.Applicant{Surname: "VANDROUNAIA", LocalSurname: "Вандроўная"}
	for _, tc := range []struct {
		name, latin, local string
		differ             bool
	}{
		{"a son, the same system", "VANDROUNY", "Вандроўны", false},
		{"a daughter, alike", "VANDROUNAIA", "Вандроўная", false},
		{"a daughter by another rule", "VANDROWNAYA", "Вандроўная", true},
		{"another surname", "ZORNAIA", "Зорная", false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := station.Spellings(station.Applicant{Surname: tc.latin, LocalSurname: tc.local}, mother)
			if (got != nil) != tc.differ {
				t.Fatalf("got %+v", got)
			}
			if got != nil && (got.Own != tc.latin || got.Parent != "VANDROUNAIA") {
				t.Errorf("both are to be shown: %+v", got)
			}
		})
	}
}

func TestFatesOfABook(t *testing.T) {
	b := station.Booklet{Serial: "UT0000001", State: station.StateHanded}
	step := func(as station.Fate, ok bool) {
		t.Helper()
		next, err := b.Report(as)
		if (err == nil) != ok {
			t.Fatalf("%s after %q: %v", as, b.Fate, err)
		}
		b = next
	}
	step(station.FateLost, true)
	step(station.FateLost, false)
	step(station.FateFound, true)
	if b.Fate != station.FateFound {
		t.Error("a found book is as it was")
	}
	step(station.FateSpoiled, false)
	step(station.FateStolen, true)
	if _, err := (station.Booklet{State: station.StateAvailable}).Report(station.FateLost); !errors.Is(err, station.ErrStage) {
		t.Errorf("a blank in the safe: %v", err)
	}
}

func TestNamed(t *testing.T) {
	a := application()
	a.Applicant.LocalSurname, a.Applicant.LocalGivenNames = "Вандроўная", "Зорка Міра"
	for typed, want := range map[string]bool{
		"ERIK": true, "erik anna": true, "maria eriksson": true, "вандроуная": true, "Мір": true, "зорка ерік": false,
		"er": false, "": false, "wand": false, "  ": false,
	} {
		if got := a.Named(typed); got != want {
			t.Errorf("%q: %v", typed, got)
		}
	}
	if !station.CaseToken("7KQXM-2WNPA").Is("7kqxm 2wnpa") || station.CaseToken("7KQXM-2WNPA").Is("7KQXM") {
		t.Error("tokens as typed")
	}
}

func TestUncollected(t *testing.T) {
	c := station.Case{Stage: station.StagePassed, Ready: now.Unix()}
	p := profile()
	for days, want := range map[int]bool{0: false, 90: false, 91: true} {
		if got := c.Uncollected(p, now.Add(time.Duration(days)*24*time.Hour)); got != want {
			t.Errorf("after %d days: %v", days, got)
		}
	}
	p.CollectDays = 10
	if !c.Uncollected(p, now.AddDate(0, 0, 11)) {
		t.Error("the profile's own days do not count")
	}
}
