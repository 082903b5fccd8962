package ui_test

import (
	"context"
	"crypto/x509"
	"image"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/widget"
	"github.com/pelletier/go-toml/v2"

	"padarozhnik/printing"
	"padarozhnik/resources"
	"padarozhnik/station"
	"padarozhnik/station/issuance"
	"padarozhnik/station/journal"
	"padarozhnik/station/journal/event"
	"padarozhnik/station/journal/seal"
	"padarozhnik/station/mrz"
	"padarozhnik/station/portrait"
	"padarozhnik/station/portrait/utopian"
	"padarozhnik/station/sqlite"
	"padarozhnik/station/token"
	"padarozhnik/station/ui"
)

const passphrase = "open sesame"

// noon is the clock of every test, so that pictures do not change with the day.
var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// nobody is a headquarters that cannot be reached, as in an office that works by stick.
type nobody struct{}

func (nobody) PutBlob(context.Context, journal.Blob, []byte) error { return journal.ErrUnreachable }

func (nobody) GetBlob(context.Context, journal.Blob) ([]byte, error) {
	return nil, journal.ErrUnreachable
}

func (nobody) Own(context.Context, journal.Checkpoint, int64) (journal.Page, error) {
	return journal.Page{}, journal.ErrUnreachable
}

func (nobody) Push(context.Context, journal.Checkpoint, []journal.Signed) (
	[]journal.Receipt, journal.Checkpoint, error) {
	return nil, journal.Checkpoint{}, journal.ErrUnreachable
}

func (nobody) Pull(context.Context, journal.Checkpoint, int64) (journal.Page, error) {
	return journal.Page{}, journal.ErrUnreachable
}

// office is a real desk over a real store, without devices, and its window.
type office struct {
	t      testing.TB
	dir    string // of the store and the tokens
	desk   *issuance.Desk
	tokens map[string]*token.File
	deps   ui.Deps
	clock  time.Time // of double clicks
	window *ui.Window
	app    fyne.App
	signed []string  // who has signed in
	bench  *machines // nil: it has no devices
}

var roles = map[string][]station.Role{
	"E-01": {station.RoleEnrol}, "A-01": {station.RoleApprove, station.RoleCustody},
	"O-01": {station.RoleOperate}, "I-01": {station.RoleInspect},
	"C-01": {station.RoleCustody, station.RoleSecurity},
	"T-01": {station.RoleTechnician},
	"S-01": {station.RoleEnrol, station.RoleApprove, station.RoleOperate, station.RoleInspect},
}

func names() []string { return []string{"E-01", "A-01", "O-01", "I-01", "C-01"} }

func must[T any](v T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func newOffice(t testing.TB) *office {
	t.Helper()
	o := &office{t: t, tokens: map[string]*token.File{}, clock: noon}
	dir := t.TempDir()
	o.dir = dir
	store := must(sqlite.Open(t.Context(), filepath.Join(dir, "station.db")))(t)
	t.Cleanup(func() { _ = store.Close() })
	d := &issuance.Desk{Store: store, Headquarters: nobody{}, Now: func() time.Time { return noon },
		Log: slog.New(slog.DiscardHandler)}
	if err := toml.Unmarshal(resources.UtopiaProfile, &d.Charter.Profile); err != nil {
		t.Fatal(err)
	}
	d.Charter.Version, d.Charter.Station = 1, "UTO-01"
	d.Layout = must(printing.Utopia())(t)
	for _, name := range append(names(), "S-01", "T-01", "station", "vault") {
		k := must(token.Create(filepath.Join(dir, name), []byte(passphrase),
			token.Options{Passes: 1, MemoryKiB: 64, Lanes: 1}))(t)
		t.Cleanup(func() { _ = k.Close() })
		o.tokens[name] = k
		if r, ok := roles[name]; ok {
			d.Charter.Officers = append(d.Charter.Officers, station.Officer{
				Pseudonym: name, KeyID: k.KeyID(), Roles: r, HPKE: k.HPKEPublic(),
				SPKI: must(x509.MarshalPKIXPublicKey(k.Public()))(t),
			})
		}
	}
	d.Key, d.Charter.StationID = o.tokens["station"], o.tokens["station"].KeyID()
	d.Vault = must(seal.ParsePublic(o.tokens["vault"].HPKEPublic()))(t)
	if err := d.Adopt(t.Context()); err != nil {
		t.Fatal(err)
	}
	must(d.OpenDay(t.Context(), must(d.SignIn(o.tokens["A-01"]))(t), must(d.SignIn(o.tokens["C-01"]))(t), 0))(t)
	o.desk = d
	inline := func(f func()) { f() }
	o.deps = ui.Deps{
		Desk: d, Officers: names(), SignIn: o.signIn, Language: "be", Training: true,
		Go: inline, Do: inline, Now: func() time.Time { return o.clock },
		Devices: func(context.Context) []ui.Health {
			return []ui.Health{{Kind: "scanner"}, {Kind: "printer"}, {Kind: "encoder"}}
		},
		About: func() (ui.About, error) {
			return ui.About{Version: "1.2.3", Commit: "0123456789abcdef", Hash: make([]byte, 32), Parts: []string{"fyne.io/fyne/v2 v2.7.1"}}, nil
		},
	}
	return o
}

func (o *office) signIn(name string, secret []byte) (issuance.Seat, error) {
	if string(secret) != passphrase {
		return issuance.Seat{}, issuance.ErrPassphrase
	}
	o.signed = append(o.signed, name)
	return o.desk.SignIn(o.tokens[name])
}

// open shows the window.
func (o *office) open() {
	o.t.Helper()
	o.app = test.NewTempApp(o.t)
	o.window = must(ui.New(o.app, o.deps))(o.t)
	o.window.Fyne().Resize(fyne.NewSize(1366, 740))
	o.window.Fyne().Show()
}

// at is a furnished office in which an officer has signed in, chosen a line of the board and pressed buttons;
// before, which may be nil, makes something ready.
func at(t *testing.T, before func(*office), officer string, row int, keys ...string) *office {
	t.Helper()
	o := newOffice(t)
	o.furnish()
	if before != nil {
		before(o)
	}
	o.open()
	o.enter(officer)
	o.choose(row)
	for _, key := range keys {
		o.tap(key)
	}
	return o
}

// room is the window of the office in which an officer has signed in and gone to a screen of the menu.
func (o *office) room(officer, key string) {
	o.t.Helper()
	if !slices.Contains(o.deps.Officers, officer) {
		o.deps.Officers = append(o.deps.Officers, officer)
	}
	o.open()
	o.enter(officer)
	o.menu(key)
}

// enter signs an officer in through the screen.
func (o *office) enter(name string) {
	o.t.Helper()
	who := find[*widget.RadioGroup](o, func(*widget.RadioGroup) bool { return true })
	for _, option := range who.Options {
		if strings.HasPrefix(option, name) {
			who.SetSelected(option)
		}
	}
	e := find[*widget.Entry](o, func(e *widget.Entry) bool { return e.Password })
	e.SetText("")
	test.Type(e, passphrase)
	o.pass()
	e.TypedKey(&fyne.KeyEvent{Name: fyne.KeyReturn})
	o.pass()
}

// pass lets the rest after a verb go by.
func (o *office) pass() { o.clock = o.clock.Add(time.Minute) }

// shown walks over every visible object of the window, overlays first.
func shown(c fyne.Canvas, visit func(fyne.CanvasObject)) {
	for _, overlay := range c.Overlays().List() {
		walk(overlay, visit)
	}
	walk(c.Content(), visit)
}

func walk(o fyne.CanvasObject, visit func(fyne.CanvasObject)) {
	if o == nil || !o.Visible() {
		return
	}
	visit(o)
	switch o := o.(type) {
	case *fyne.Container:
		for _, child := range o.Objects {
			walk(child, visit)
		}
	case *container.Scroll:
		walk(o.Content, visit)
	case fyne.Widget:
		for _, child := range test.WidgetRenderer(o).Objects() {
			walk(child, visit)
		}
	}
}

// find returns the first visible object of a kind that fits.
func find[T fyne.CanvasObject](o *office, fits func(T) bool) T {
	o.t.Helper()
	found, ok := look(o, fits)
	if !ok {
		o.t.Fatalf("no such object on the screen: %T", found)
	}
	return found
}

func look[T fyne.CanvasObject](o *office, fits func(T) bool) (out T, ok bool) {
	shown(o.window.Fyne().Canvas(), func(each fyne.CanvasObject) {
		if a, is := each.(interface{ Field() *widget.Entry }); is { // of several lines
			each = a.Field()
		}
		if v, is := each.(T); is && !ok && fits(v) {
			out, ok = v, true
		}
	})
	return out, ok
}

func (o *office) text(key string) string {
	o.t.Helper()
	s, ok := must(resources.Texts(o.deps.Language))(o.t)[key]
	if !ok {
		o.t.Fatalf("no text %s", key)
	}
	return withoutCommand(s)
}

// withoutCommand leaves out the command that a sentence names in brackets: the window has a button for it.
func withoutCommand(s string) string {
	before, rest, named := strings.Cut(s, " (stationctl ")
	if !named {
		return s
	}
	_, after, _ := strings.Cut(rest, ")")
	return before + after
}

func (o *office) button(key string) *widget.Button {
	o.t.Helper()
	want := o.text(key)
	return find(o, func(b *widget.Button) bool { return b.Text == want })
}

// offers tells whether a button can be pressed.
func (o *office) offers(key string) bool {
	want := o.text(key)
	_, ok := look(o, func(b *widget.Button) bool { return b.Text == want && !b.Disabled() })
	return ok
}

// tap presses a button once, after the rest.
func (o *office) tap(key string) {
	o.t.Helper()
	o.pass()
	test.Tap(o.button(key))
	o.pass()
}

// step goes to a step of the enrolment, or presses whatever else has these words and is no button.
func (o *office) step(key string) {
	o.t.Helper()
	o.pass()
	test.Tap(o.pressed(o.text(key)))
	o.pass()
}

// pressable is what can be pressed though it is more than a word.
type pressable interface {
	fyne.CanvasObject
	fyne.Tappable
	Words() string
}

func (o *office) pressed(words string) pressable {
	o.t.Helper()
	return find(o, func(p pressable) bool { return p.Words() == words })
}

// says tells whether words stand on the screen.
func (o *office) says(words string) bool {
	found := false
	shown(o.window.Fyne().Canvas(), func(each fyne.CanvasObject) {
		switch v := each.(type) {
		case *canvas.Text:
			found = found || strings.Contains(v.Text, words)
		case *widget.Label:
			found = found || strings.Contains(v.Text, words)
		}
	})
	return found
}

// choose selects a line of the board.
func (o *office) choose(i int) {
	o.t.Helper()
	o.pass()
	find(o, func(*widget.List) bool { return true }).Select(i)
	o.pass()
}

// kinds counts the journal's entries by kind.
func (o *office) kinds() map[string]int {
	o.t.Helper()
	out := map[string]int{}
	for _, s := range must(o.desk.Journal(o.t.Context(), ""))(o.t) {
		out[s.Entry.Kind]++
	}
	return out
}

func person() station.Applicant {
	return station.Applicant{
		Surname: "VANDROUNAIA", GivenNames: "ZORKA MIRA", LocalSurname: "Вандроўная", LocalGivenNames: "Зорка Міра",
		Birth: station.Date{Year: 1991, Month: 5, Day: 14}, PlaceOfBirth: "Востраў Утопія", Sex: mrz.Female,
		Nationality: "UTO",
	}
}

// sitter is the applicant's picture, drawn once.
var sitter = sync.OnceValue(func() image.Image {
	p := utopian.Person{Seed: 7, Age: 35, Hair: utopian.HairLong, Tone: 0.2, Skin: 0.1, Jaw: -0.4}
	return utopian.Draw(p, 630, 810)
})

// face is the portrait that the desk would make of it.
var face = sync.OnceValues(func() ([]byte, error) { return portrait.Encode(sitter(), 20480) })

// application is one from which nothing is missing.
func (o *office) application() station.Application {
	o.t.Helper()
	zone := must(station.Zone(o.desk.Charter.Profile, person(), "UT0031416",
		station.Date{Year: 2024, Month: 1, Day: 2}, station.Date{Year: 2034, Month: 1, Day: 1}))(o.t)
	a := station.Application{
		Applicant: person(), OldPassport: &station.OldPassport{MRZ: zone, Accepted: true},
		Portrait: must(face())(o.t),
		Evidence: []station.Evidence{
			{Kind: "old-passport", Note: "старонка прачытаная", Scores: map[station.Question]int{
				station.IdentityExists: 2, station.LinkedToIt: 2}},
			{Kind: "interview", Note: "адказы сыходзяцца", Scores: map[station.Question]int{
				station.LinkedToIt: 1, station.UsesIt: 2}},
		},
	}
	for _, item := range o.desk.Charter.Profile.Consents {
		a.Consents = append(a.Consents, station.Consent{Item: item, Given: item != "headquarters-copy"})
	}
	return a
}

// put writes a case as it would stand after the work that led to its stage, with its booklet and
// the application where it is still here.
func (o *office) put(c station.Case, state station.State, a *station.Application, readers ...string) {
	o.t.Helper()
	f := issuance.Folder{Case: c}
	if a != nil {
		key := seal.NewKey()
		defer key.Destroy()
		f.Sealed = must(key.Seal(string(c.Token), must(journal.Encode(*a))(o.t)))(o.t)
		for _, r := range readers {
			pub := must(seal.ParsePublic(o.tokens[r].HPKEPublic()))(o.t)
			f.Keys = append(f.Keys, must(key.WrapTo(string(c.Token), pub))(o.t)...)
		}
	}
	err := o.desk.Store.Update(o.t.Context(), func(tx issuance.Tx) error {
		if c.Serial != "" {
			b := station.Booklet{Serial: c.Serial, ChipID: []byte{1}, State: state, Case: c.Token, Tries: 1}
			if err := tx.PutBooklet(b); err != nil {
				return err
			}
		}
		return tx.PutFolder(f)
	})
	if err != nil {
		o.t.Fatal(err)
	}
}

// write appends entries to the journal, one minute apart.
func (o *office) write(lines ...[3]string) {
	o.t.Helper()
	err := o.desk.Store.Update(o.t.Context(), func(tx issuance.Tx) error {
		for i, l := range lines {
			last, err := tx.Last()
			if err != nil {
				return err
			}
			e := journal.Entry{Chain: "UTO-01", Epoch: 1, Sequence: last.Entry.Sequence + 1, Previous: last.ID(),
				Kind: l[0], Subject: l[1], Time: noon.Add(time.Duration(i-len(lines)) * 7 * time.Minute).Unix()}
			s, err := journal.Sign(e, o.tokens[l[2]])
			if err != nil {
				return err
			}
			if err := tx.Append(s); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		o.t.Fatal(err)
	}
}

func (o *office) id(name string) string { return o.tokens[name].KeyID() }

// furnish fills the board with one case of each kind.
func (o *office) furnish() {
	o.t.Helper()
	a := o.application()
	at := func(hours int) int64 { return noon.Add(-time.Duration(hours) * time.Hour).Unix() }
	e, ap, op, in := o.id("E-01"), o.id("A-01"), o.id("O-01"), o.id("I-01")
	draft := station.Application{Applicant: a.Applicant, OldPassport: a.OldPassport}
	o.put(station.Case{Token: "7KQXM-2WNPA", Stage: station.StageDraft, Enrolled: e, Opened: at(1)}, "", &draft, "E-01")
	o.put(station.Case{Token: "HX4RT-9DBJC", Stage: station.StageSubmitted, Enrolled: e, Opened: at(3)}, "", &a,
		"E-01", "A-01", "S-01")
	o.put(station.Case{Token: "V8MEL-5QZYK", Stage: station.StageApproved, Serial: "UT0000104", Enrolled: e, Approved: ap,
		Opened: at(5)}, station.StateReserved, nil)
	o.put(station.Case{Token: "P3WFG-6TNRS", Stage: station.StageProducing, Serial: "UT0000103", Enrolled: e, Approved: ap,
		Operated: op, Opened: at(26)}, station.StatePrinted, nil)
	o.put(station.Case{Token: "B9CYD-4HVKE", Stage: station.StageProducing, Serial: "UT0000102", Enrolled: e, Approved: ap,
		Operated: op, Opened: at(28), Spoiled: []station.Serial{"UT0000099"}}, station.StateInking, nil)
	o.put(station.Case{Token: "M2JZU-8PAXF", Stage: station.StagePassed, Serial: "UT0000101", Enrolled: e, Approved: ap,
		Operated: op, Passed: in, Opened: at(50)}, station.StatePassed, nil)
	o.put(station.Case{Token: "Q6TLN-3SRGW", Stage: station.StageReturned, Enrolled: e, Opened: at(51)}, "", &draft,
		"E-01")
	o.write(
		[3]string{event.CaseOpened, "P3WFG-6TNRS", "E-01"}, [3]string{event.CaseDrafted, "P3WFG-6TNRS", "E-01"},
		[3]string{event.CaseSubmitted, "P3WFG-6TNRS", "E-01"}, [3]string{event.CaseViewed, "P3WFG-6TNRS", "A-01"},
		[3]string{event.CaseApproved, "P3WFG-6TNRS", "A-01"}, [3]string{event.BlankReserved, "UT0000103", "A-01"},
		[3]string{event.CaseOrdered, "P3WFG-6TNRS", "station"}, [3]string{event.BlankTaken, "UT0000103", "O-01"},
		[3]string{event.BookletEncoded, "UT0000103", "O-01"}, [3]string{event.PrintStarted, "UT0000103", "O-01"},
		[3]string{event.BookletPrinted, "UT0000103", "O-01"},
	)
	o.stock("UT0000105", "UT0000106")
}

// stock puts blanks into the safe.
func (o *office) stock(serials ...station.Serial) {
	o.t.Helper()
	err := o.desk.Store.Update(o.t.Context(), func(tx issuance.Tx) error {
		for _, s := range serials {
			b := station.Booklet{Serial: s, ChipID: []byte{2}, State: station.StateAvailable}
			if err := tx.PutBooklet(b); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		o.t.Fatal(err)
	}
}
