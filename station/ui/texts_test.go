package ui_test

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/pelletier/go-toml/v2"

	"padarozhnik/resources"
	"padarozhnik/station"
	"padarozhnik/station/issuance"
	"padarozhnik/station/journal/event"
	"padarozhnik/station/mrz"
	"padarozhnik/station/portrait"
	"padarozhnik/station/ui"
)

// parse reads the sources of the package.
func parse(t *testing.T) []*ast.File {
	t.Helper()
	var files []*ast.File
	for _, name := range must(filepath.Glob("*.go"))(t) {
		if !strings.HasSuffix(name, "_test.go") {
			files = append(files, must(parser.ParseFile(token.NewFileSet(), name, nil, 0))(t))
		}
	}
	return files
}

// keysInCode lists the whole keys that the sources write.
func keysInCode(t *testing.T) []string {
	whole := regexp.MustCompile(`^ui(\.[A-Za-z0-9-]+)+$`)
	found := map[string]bool{}
	for _, f := range parse(t) {
		ast.Inspect(f, func(n ast.Node) bool {
			lit, ok := n.(*ast.BasicLit)
			if !ok || lit.Kind != token.STRING {
				return true
			}
			if s, err := strconv.Unquote(lit.Value); err == nil && whole.MatchString(s) {
				found[s] = true
			}
			return true
		})
	}
	for _, family := range families() {
		delete(found, family)
	}
	return slices.Sorted(maps.Keys(found))
}

// families are the beginnings of keys that are put together from values.
func families() []string {
	return []string{
		"ui.stage", "ui.state", "ui.role", "ui.mode", "ui.kind", "ui.sex", "ui.consents", "ui.device", "ui.progress",
		"ui.finding", "ui.declined", "ui.held", "ui.proof", "ui.check", "ui.standing", "ui.approval", "ui.visual",
		"ui.chip", "ui.opinion", "ui.optional", "ui.unit", "ui.printed", "ui.zone", "ui.source", "ui.tongue", "ui.oddity",
		"ui.absent", "ui.figure", "ui.language", "ui.wizard", "ui.device.name", "ui.safe.kind", "ui.chip.why",
	}
}

// computed lists the keys that are put together from what the domain and the package name.
func computed(t *testing.T) []string {
	var out []string
	add := func(family string, values ...string) {
		for _, v := range values {
			out = append(out, family+"."+v)
		}
	}
	for _, s := range station.Stages() {
		add("ui.stage", string(s))
	}
	add("ui.stage", string(station.StageReturned), string(station.StageRefused), string(station.StageSpoiled),
		string(station.StagePurged))
	for _, s := range station.States() {
		add("ui.state", string(s))
	}
	for _, r := range []station.Role{
		station.RoleEnrol, station.RoleApprove, station.RoleOperate, station.RoleInspect, station.RoleCustody,
		station.RoleTechnician, station.RoleSecurity,
	} {
		add("ui.role", string(r))
	}
	for _, l := range station.ChipLevels() {
		add("ui.chip", string(l))
	}
	for _, r := range station.ChipReasons() {
		add("ui.chip.why", string(r))
	}
	add("remedy", portrait.Keys()...)
	add("tick", portrait.Adult.Ticks()...)
	for _, m := range []station.Mode{station.ModeEnrolOnly, station.ModeSpecimen, station.ModeIssue} {
		add("ui.mode", string(m), string(m)+".says")
	}
	add("ui.sex", string(mrz.Female), string(mrz.Male), string(mrz.Unspecified))
	for _, q := range station.Questions() {
		add("ui.evidence", string(q))
		add("ui.question", string(q))
	}
	var p station.Profile
	if err := toml.Unmarshal(resources.UtopiaProfile, &p); err != nil {
		t.Fatal(err)
	}
	add("ui.consents", p.Consents...)
	for _, i := range station.ApprovalItems() {
		add("ui.approval", string(i))
	}
	for _, i := range station.VisualItems() {
		add("ui.visual", string(i))
	}
	for _, f := range station.OptionalFields() {
		add("ui.optional", string(f))
	}
	for _, a := range station.Absences() {
		add("ui.absent", string(a))
	}
	for _, f := range []mrz.Field{
		mrz.FieldCode, mrz.FieldIssuer, mrz.FieldName, mrz.FieldNumber, mrz.FieldNationality, mrz.FieldBirth, mrz.FieldSex,
		mrz.FieldExpiry, mrz.FieldOptional, mrz.FieldComposite,
	} {
		add("ui.zone", strings.ReplaceAll(string(f), " ", "-"))
	}
	add("ui.printed", station.PageFields()...)
	add("ui.step", "old", "person", "portrait", "signature", "evidence", "consents", "family", "summary")
	add("ui.source", station.FromOldZone, station.FromOldChip, station.FromResidenceCard, station.FromOfficer,
		string(mrz.RuleDoc9303), string(mrz.RuleMinistry), string(mrz.RulePassport), string(mrz.RuleLacinka))
	add("ui.tongue", string(mrz.Belarusian), string(mrz.Russian))
	for _, o := range []mrz.Oddity{
		mrz.OddForm, mrz.OddCheckDigit, mrz.OddBirth, mrz.OddSex, mrz.OddCentury, mrz.OddCitizenship, mrz.OddSeries,
		mrz.OddNumberLength,
	} {
		add("ui.oddity", string(o))
	}
	add("ui.opinion", string(station.OpinionGood), string(station.OpinionDoubt), string(station.OpinionBad))
	add("ui.declined", "mode", "voucher", "vouched-too-often")
	add("ui.waste", event.WasteCauses()...)
	for _, c := range station.Custodies() {
		add("paper.receipt.old", string(c))
	}
	for _, k := range p.Kinds() {
		add("ui.proof", k)
	}
	add("ui.held", "review", "quota")
	for _, s := range []issuance.Spot{issuance.SpotScanner, issuance.SpotReader, issuance.SpotPrinter} {
		add("ui.put", string(s))
	}
	for _, s := range []station.Standing{
		station.StandingWaiting, station.StandingWorking, station.StandingNeeds, station.StandingPrinted,
		station.StandingGood, station.StandingSpoiled, station.StandingSkipped,
	} {
		add("ui.standing", string(s))
	}
	add("ui.resolve", "encoded", "printed", "spoiled")
	add("ui.language", ui.Languages()...)
	for _, p := range ui.Percents() {
		add("ui.settings.size", strconv.Itoa(p))
	}
	add("ui.wizard", issuance.StepCard, issuance.StepPrint, issuance.StepScan, issuance.StepSign, issuance.StepDone)
	add("ui.wizard.cause", "out-of-reach", "unsteady", "out-of-tolerance", "grey")
	add("ui.service.word", issuance.WordOK, issuance.WordSilent, "swapped", "out-of-tolerance", "firmware-changed",
		"never-calibrated", "expired", "drifting")
	add("help", "keys", "guide", "guide.title")
	add("ui.stock.stage", string(station.ShipmentAnnounced), string(station.ShipmentArrived),
		string(station.ShipmentCompared), string(station.ShipmentStored))
	add("ui.safe.kind", event.DayOpened, event.StockWitnessed, event.StockSent, event.StockSpoiled, event.StockDestroyed,
		event.StockChecked)
	add("ui.stock.why", station.WhyBroken, station.WhySeal, station.WhyAbsent, station.WhyMissing, station.WhyExtra)
	add("ui.figure", station.FigureReceived, station.FigureIssued, station.FigureSpoiled, station.FigureSent,
		station.FigureLost, station.FigureCounted)
	add("ui.device", "scanner", "printer", "encoder")
	add("ui.device.name", "scanner", "printer", "encoder")
	add("ui.check", "scanner", "printer", "encoder", "calibration", "stock", "sync", "age", "room")
	add("ui.check.not", "scanner", "printer", "encoder", "calibration", "stock", "sync", "age", "room")
	for _, v := range verbs(t) {
		add("ui.verb", v, v+".title", v+".says")
	}
	add("ui.kind", event.CharterAdopted, event.CaseOpened, event.CaseDrafted, event.CaseViewed, event.CaseSubmitted,
		event.CaseApproved, event.CaseReturned, event.CaseRefused, event.CaseOrdered, event.CaseHanded, event.CaseClosed,
		event.StockProposed, event.StockWitnessed, event.BlankReserved, event.BlankTaken, event.BookletEncoded,
		event.PrintStarted, event.PrintRefused, event.BookletPrinted, event.BookletResolved, event.BookletPassed,
		event.BookletSpoiled, event.InspectionFailed, event.LedgerRolledBack, event.AlarmAcknowledged,
		event.StationResumed, event.CaseLost,
		event.RunBegun, event.RunPaused, event.RunResumed, event.RunNeeds, event.RunRetried, event.RunSkipped,
		event.RunReported,
		event.DayProposed, event.DayOpened, event.DayClosed, event.CaseKeyDestroyed, event.CaseWithdrawn,
		event.CaseRevealed, event.CasePresented, event.CaseLookedUp, event.CountersReported, event.QuotaMet,
		event.WasteProposed, event.BookReported, event.ReceiptMade, event.CorrectionAsked, event.CaseDecided,
		event.CaseArrived, event.CaseBound,
		event.PINProposed, event.PINWitnessed, event.StationPurged, event.NoticeTaken, event.BlankRevoked,
		event.StockArrivalProposed, event.StockArrived, event.StockCounted, event.StockRecount, event.StockCompared,
		event.StockSettled, event.StockSendProposed, event.StockSent, event.StockLossProposed, event.StockLost,
		event.StockSpoilProposed, event.StockSpoiled, event.StockDestroyProposed, event.StockDestroyed,
		event.StockCheckProposed, event.StockChecked,
		event.ServiceOpened, event.ServiceClosed, event.CalibrationBegun, event.DeviceCalibrated,
		event.AcceptanceProposed, event.DeviceAccepted, event.FirmwareChanged,
		event.OrderSignedHere, event.OrderPassedOn)
	for _, key := range issuance.CureKeys() {
		add("cure", key)
	}
	return out
}

// verbs lists the constants of the type verb.
func verbs(t *testing.T) []string {
	var out []string
	for _, f := range parse(t) {
		ast.Inspect(f, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok {
				return true
			}
			if kind, ok := spec.Type.(*ast.Ident); !ok || kind.Name != "verb" {
				return true
			}
			s, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, s)
			return true
		})
	}
	if len(out) < 10 {
		t.Fatalf("only %d verbs found in the sources", len(out))
	}
	return out
}

func TestEveryKeyHasWordsInEveryLanguage(t *testing.T) {
	keys := append(keysInCode(t), computed(t)...)
	for _, language := range ui.Languages() {
		texts := fileOf(t, language)
		for _, key := range keys {
			if strings.TrimSpace(texts[key]) == "" {
				t.Errorf("%s has no words for %s", language, key)
			}
		}
	}
}

// fileOf reads the texts that a language has of its own.
func fileOf(t *testing.T, language string) map[string]string {
	t.Helper()
	raw := must(resources.Translations.ReadFile("translations/" + language + ".json"))(t)
	texts := map[string]string{}
	if err := json.Unmarshal(raw, &texts); err != nil {
		t.Fatal(err)
	}
	return texts
}

func TestLanguagesSayTheSame(t *testing.T) {
	verb := regexp.MustCompile(`%[a-z%]`)
	be := fileOf(t, "be")
	for _, language := range ui.Languages()[1:] {
		other := fileOf(t, language)
		for key, text := range be {
			words, ok := other[key]
			if !ok {
				t.Errorf("%s lacks %s", language, key)
				continue
			}
			if !slices.Equal(verb.FindAllString(text, -1), verb.FindAllString(words, -1)) {
				t.Errorf("%s takes other arguments in %s: %q and %q", key, language, text, words)
			}
		}
		for key := range other {
			if _, ok := be[key]; !ok {
				t.Errorf("be lacks %s", key)
			}
		}
	}
}

// Belarusian has і and ў; Russian и and щ, and Latin i inside a Cyrillic word, are slips of the
// keyboard.
func TestBelarusianLetters(t *testing.T) {
	mixed := regexp.MustCompile(`\p{Cyrillic}[a-zA-Z]|[a-zA-Z]\p{Cyrillic}`)
	for key, text := range must(resources.Texts("be"))(t) {
		if strings.ContainsAny(text, "иИщЩъЪ") {
			t.Errorf("%s: a letter that Belarusian does not have: %s", key, text)
		}
		if mixed.MatchString(text) {
			t.Errorf("%s: Latin and Cyrillic letters in one word: %s", key, text)
		}
	}
}

// TestWindowNamesNoCommand shows a sentence whose cure is a button here: at a terminal it names the command too.
func TestWindowNamesNoCommand(t *testing.T) {
	for _, language := range ui.Languages() {
		o := newOffice(t)
		o.deps.Language = language
		o.furnish()
		o.beginRun()
		o.open()
		o.enter("O-01")
		sentence := must(resources.Texts(language))(t)["cure.in-doubt"]
		if !strings.Contains(sentence, "(stationctl case resolve)") {
			t.Errorf("at a terminal: %q", sentence)
		}
		o.tap("ui.batch.title")
		if o.says("stationctl") || !o.says(withoutCommand(sentence)) {
			t.Errorf("the window of %s names a command, or says nothing", language)
		}
	}
	for key, words := range must(resources.Texts("en"))(t) { // commands that no button stands for
		allowed := slices.Contains([]string{"cure.halted", "cure.no-camera", "cure.device-denied"}, key)
		if strings.Contains(withoutCommand(words), "stationctl") && !allowed {
			t.Errorf("%s names a command that the window would show", key)
		}
	}
}
