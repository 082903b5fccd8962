package main_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"padarozhnik/cmd/internal/training"
	"padarozhnik/devices/virtual/desk"
	"padarozhnik/devices/virtual/readers"
	"padarozhnik/resources"
	"padarozhnik/station"
)

// bureau is a training office that runs, and the arguments that every command in it needs.
type bureau struct {
	t      *testing.T
	office *training.Office
	zone   string // of the passport made by the demo
	can    string
	serial string
	dir    string
}

// openBureau makes one whole passport with the demo, then starts the same office again.
func openBureau(t *testing.T) *bureau {
	t.Helper()
	b := &bureau{t: t, dir: t.TempDir()}
	if _, stderr, status := stationctl(t, "demo", "--out", b.dir); status != 0 {
		t.Fatalf("demo: %s", stderr)
	}
	b.serial = readReport(t, b.dir).Serial
	var order struct {
		MRZ     [2]string `json:"mrz"`
		Secrets struct {
			CAN string `json:"can"`
		} `json:"secrets"`
	}
	if err := json.Unmarshal(read(t, b.dir, "order/order.json"), &order); err != nil {
		t.Fatal(err)
	}
	b.zone, b.can = order.MRZ[0]+order.MRZ[1], order.Secrets.CAN
	office, err := training.New(filepath.Join(b.dir, "office"), io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	office.Programs = programs
	if err := office.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := office.Stop(); err != nil {
			t.Error(err)
		}
	})
	b.office = office
	return b
}

func (b *bureau) run(args ...string) (stdout, stderr string, status int) {
	b.t.Helper()
	return stationctl(b.t, append(args, "--config", b.office.Config(), "--passphrase-file", b.office.PassphraseFile())...)
}

func (b *bureau) ok(args ...string) string {
	b.t.Helper()
	out, stderr, status := b.run(args...)
	if status != 0 {
		b.t.Fatalf("%v: %d: %s", args, status, stderr)
	}
	return strings.TrimSpace(out)
}

// refused runs a command that must end with exit status 1 and with the one sentence that belongs to
// the cure, on its first line.
func (b *bureau) refused(cure string, args ...string) {
	b.t.Helper()
	_, stderr, status := b.run(args...)
	first, _, _ := strings.Cut(stderr, "\n")
	if want := sentence(b.t, cure); status != 1 || first != want {
		b.t.Errorf("%v: exit status %d, said %q, want %q", args, status, stderr, want)
	}
}

func sentence(t *testing.T, cure string) string {
	t.Helper()
	texts, err := resources.Texts("en")
	if err != nil {
		t.Fatal(err)
	}
	if texts["cure."+cure] == "" {
		t.Fatalf("no sentence for %s", cure)
	}
	return texts["cure."+cure]
}

func (b *bureau) desk() *desk.Desk {
	d, err := b.office.Desk()
	if err != nil {
		b.t.Fatal(err)
	}
	return d
}

func (b *bureau) fault(device, word string) {
	b.t.Helper()
	path := b.office.Path("desk", "faults", device)
	err := os.MkdirAll(filepath.Dir(path), 0o700)
	if err == nil && word == "" {
		err = os.Remove(path)
	} else if err == nil {
		err = os.WriteFile(path, []byte(word+"\n"), 0o600)
	}
	if err != nil {
		b.t.Fatal(err)
	}
}

// TestEachFailureHasItsSentence plants the failures of a day in an office one after another. Each
// ends in one sentence with its cure and exit status 1; when it is cured the work goes on where it
// was, to a passport in its holder's hand.
func TestEachFailureHasItsSentence(t *testing.T) {
	b := openBureau(t)
	t.Run("chip", func(t *testing.T) { b.t = t; b.chipFailures() })
	b.t = t
	token := b.enrolWithFailures()
	b.ok("case", "submit", token, "--token", b.office.Token("E-01"))
	b.refused("role", "case", "approve", token, "--token", b.office.Token("O-01"), "--reason", "complete")
	b.refused("not-officer", "case", "approve", token, "--token", b.office.Token("station"), "--reason", "complete")
	b.refused("incomplete", "case", "approve", token, "--token", b.office.Token("A-01"), "--reason", "complete")
	b.decide(token)
	b.refused("no-order", "case", "personalise", token, "--token", b.office.Token("O-01"))
	b.headquartersFailures()
	b.order(token)
	b.produceWithFailures(token)
	b.batchWithFailures(token)
	receipt := b.handOver(token)
	b.ok("sync", "now")
	if list := b.ok("case", "list", "--token", b.office.Token("E-01")); strings.Contains(list, token) {
		t.Errorf("a closed case is still listed:\n%s", list)
	}
	b.lost(receipt)
	b.stockDay()
	b.dayAndRaid()
}

// decide approves as an officer does who works through the list.
func (b *bureau) decide(token string) {
	a := b.office.Token("A-01")
	judged := b.ok("case", "judge", token, "--token", a)
	if strings.Contains(judged, "bad ") || !strings.Contains(judged, "points uses-it") {
		b.t.Errorf("the checklist says:\n%s", judged)
	}
	if found := b.ok("case", "find", "vandr", "--token", a); found != token {
		b.t.Errorf("found %q by name", found)
	}
	b.ok("case", "approve", token, "--token", a, "--reason", "complete",
		"--checked", "identity,link,use,portrait,names,dates,consents,interview")
}

// handOver gives the book to its holder with a receipt, and returns the receipt's file.
func (b *bureau) handOver(token string) string {
	t, e := b.t, b.office.Token("E-01")
	hand := []string{"case", "handover", token, "--token", e, "--holder-present", "--data-checked"}
	b.refused("incomplete", hand...)
	b.refused("proxy", append(hand, "--portrait-matches", "--proxy", "UT1234567")...)
	face := filepath.Join(t.TempDir(), "face.jpg")
	b.ok(append(hand, "--portrait-matches", "--picture", face)...)
	if picture := read(t, face); !bytes.HasPrefix(picture, []byte{0xFF, 0xD8, 0xFF}) {
		t.Errorf("the chip's picture begins % X", picture[:4])
	}
	paper := filepath.Join(t.TempDir(), "receipt.pdf")
	text := b.ok("case", "receipt", token, "--token", e, "--out", paper)
	key := b.headquarters("key", "print", "--pdf", filepath.Join(t.TempDir(), "key.pdf"))
	for _, shown := range []string{paper, text} {
		out, stderr, status := stationctl(t, "receipt", "check", shown, "--key", key)
		if status != 0 || !strings.HasPrefix(out, "genuine: passport UTO ") || strings.Contains(out, "VANDROUNAIA") {
			t.Errorf("receipt: %d, %q, %q", status, out, stderr)
		}
	}
	if _, stderr, status := stationctl(t, "receipt", "check", text[:len(text)-3]+"AAA", "--key", key); status != 1 ||
		!strings.HasPrefix(stderr, sentence(t, "not-attested")) && !strings.HasPrefix(stderr, sentence(t, "forged")) {
		t.Errorf("a receipt that was changed: %d, %q", status, stderr)
	}
	return paper
}

// headquarters runs a command of headquarters.
func (b *bureau) headquarters(args ...string) string {
	b.t.Helper()
	cmd, err := b.office.Command(b.t.Context(), "headquarters", args...)
	if err != nil {
		b.t.Fatal(err)
	}
	out, err := cmd.Output()
	if err != nil {
		b.t.Fatalf("headquarters %v: %v", args, err)
	}
	return strings.TrimSpace(string(out))
}

// lost reports a book, carries the list of revoked books away, and looks the receipt up in it.
func (b *bureau) lost(receipt string) {
	t := b.t
	b.ok("book", "report", b.serial, "--token", b.office.Token("E-01"), "--as", "lost", "--detail", "on the train")
	list, key := filepath.Join(t.TempDir(), "revoked.list"), b.headquarters("key", "print")
	for deadline := time.Now().Add(time.Minute); ; {
		b.ok("sync", "now")
		_, stderr, status := b.run("revocations", "export", list)
		if status == 0 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("no list came: %s", stderr)
		}
	}
	out, _, status := stationctl(t, "revocations", "check", list, b.serial, "--key", key)
	if status != 1 || !strings.Contains(out, "REVOKED") {
		t.Errorf("the lost book: %d, %q", status, out)
	}
	if out, stderr, status := stationctl(t, "receipt", "check", receipt, "--key", key, "--revocations", list); status != 0 {
		t.Errorf("another book's receipt: %d, %q, %q", status, out, stderr)
	}
	if _, stderr, status := stationctl(t, "revocations", "check", receipt, "--key", key); status != 1 ||
		!strings.HasPrefix(stderr, sentence(t, "not-attested")) {
		t.Errorf("a receipt taken for a list: %d, %q", status, stderr)
	}
}

// counted asks headquarters what its officers looked at: numbers, and nobody's case.
func (b *bureau) counted() {
	b.t.Helper()
	var lines []struct {
		Station, Pseudonym               string
		Views, Lookups, Exports, Refused int
	}
	raw := b.headquarters("counters", "--json")
	if err := json.Unmarshal([]byte(raw), &lines); err != nil {
		b.t.Fatal(err)
	}
	looked := map[string]int{}
	for _, l := range lines {
		looked[l.Pseudonym] += l.Views
	}
	if looked["E-01"]+looked["A-01"] == 0 || strings.Contains(raw, b.serial) {
		b.t.Errorf("counters: %s", raw)
	}
	if table := b.headquarters("counters", "UTO-01"); !strings.Contains(table, "E-01") || strings.Contains(table, b.serial) {
		b.t.Errorf("counters: %s", table)
	}
	if refused := b.headquarters("counters", "--refused", "--json"); refused != "[]" {
		b.t.Errorf("days on which somebody was refused: %s", refused)
	}
}

func (b *bureau) chipFailures() {
	reader := b.readerName()
	trust := filepath.Join(b.dir, "trust")
	inspect := func(password ...string) []string {
		return append([]string{"chip", "inspect", "--reader", reader, "--trust", trust}, password...)
	}
	if err := b.desk().Clear(desk.Reader); err != nil {
		b.t.Fatal(err)
	}
	b.refused("no-chip", inspect("--can", b.can)...)
	if err := b.desk().Move(b.serial, desk.Reader); err != nil {
		b.t.Fatal(err)
	}
	wrong := []byte(b.can)
	wrong[5] = '0' + (wrong[5]-'0'+1)%10
	for deadline := time.Now().Add(20 * time.Second); ; {
		if _, stderr, _ := b.run(inspect("--can", b.can)...); !strings.Contains(stderr, "no chip") ||
			time.Now().After(deadline) {
			break
		}
	}
	b.refused("wrong-password", inspect("--can", string(wrong))...)
	other := strings.Replace(b.zone, "9105148", "9105155", 1)
	b.refused("wrong-password", inspect("--mrz", other)...)
	trace := filepath.Join(b.t.TempDir(), "trace")
	b.ok(inspect("--can", b.can, "--trace", trace)...)
	b.chipTree(b.ok(inspect("--mrz", b.zone)...), b.ok(inspect("--mrz", b.zone, "--json")...))
	face := filepath.Join(b.t.TempDir(), "face.jpg")
	b.ok(inspect("--mrz", b.zone, "--portrait", face)...)
	if picture := read(b.t, face); !bytes.HasPrefix(picture, []byte{0xFF, 0xD8, 0xFF}) {
		b.t.Errorf("portrait begins % X", picture[:4])
	}
	if list, _, _ := b.run("devices", "list"); !strings.Contains(list, "pcsc:"+reader+"  ISO 14443 A") {
		b.t.Errorf("the reader with the chip is not in the list:\n%s", list)
	}
	b.refused("no-reader", "chip", "inspect", "--reader", "No Such Reader", "--trust", trust, "--can", b.can)
	for _, planted := range []string{"VANDROUNAIA", b.can, b.zone[44:53]} {
		if bytes.Contains(read(b.t, trace), []byte(planted)) {
			b.t.Errorf("the trace holds %q", planted)
		}
	}
}

// chipTree checks what an inspection shows: every file, every mechanism, and nothing personal.
func (b *bureau) chipTree(text, asJSON string) {
	b.t.Helper()
	var r struct {
		Files    map[string]int `json:"files"`
		Contents []struct {
			Name, Place, What string
			Bytes             int
		} `json:"contents"`
		Verdicts []struct {
			Mechanism, Reason string
			OK                bool
		} `json:"verdicts"`
	}
	if err := json.Unmarshal([]byte(asJSON), &r); err != nil {
		b.t.Fatal(err)
	}
	if len(r.Contents) < 7 || len(r.Verdicts) < 4 {
		b.t.Errorf("%d files, %d verdicts", len(r.Contents), len(r.Verdicts))
	}
	for _, c := range r.Contents {
		if c.Bytes != r.Files[c.Name] || c.What == "" || !strings.Contains(text, c.Name) || !strings.Contains(text, c.What) {
			b.t.Errorf("%+v is not in the tree", c)
		}
	}
	for _, v := range r.Verdicts {
		if !v.OK || v.Reason == "" || !strings.Contains(text, v.Mechanism) {
			b.t.Errorf("verdict %+v", v)
		}
	}
	if !strings.Contains(text, "not reported lost") {
		b.t.Error("what the office's notices say is not shown")
	}
	for _, personal := range []string{"VANDROUNAIA", b.can, b.zone[44:53]} {
		if strings.Contains(text+asJSON, personal) {
			b.t.Errorf("the inspection shows %q", personal)
		}
	}
}

func (b *bureau) readerName() string { return strings.TrimPrefix(b.setting("encoder"), "pcsc:") }

// setting reads a text of the station's configuration.
func (b *bureau) setting(name string) string {
	b.t.Helper()
	for _, line := range strings.Split(string(read(b.t, b.office.Config())), "\n") {
		if value, ok := strings.CutPrefix(line, name+` = "`); ok {
			return strings.TrimSuffix(value, `"`)
		}
	}
	b.t.Fatalf("the configuration has no %s", name)
	return ""
}

// enrolWithFailures opens a case while the scanner fails, and goes on with it.
func (b *bureau) enrolWithFailures() string {
	applicant := training.Example()
	photo := filepath.Join(b.t.TempDir(), "photo.jpg")
	if err := applicant.Photograph(photo); err != nil {
		b.t.Fatal(err)
	}
	if err := applicant.LayOldPassport(b.t.Context(), b.office.Path("pages", "old-passport.jpg")); err != nil {
		b.t.Fatal(err)
	}
	form, err := json.Marshal(map[string]any{
		"localSurname": applicant.Person.LocalSurname, "localGivenNames": applicant.Person.LocalGivenNames,
		"placeOfBirth": applicant.Person.PlaceOfBirth, "evidence": applicant.Evidence,
		"consents": []map[string]any{
			{"item": "passport", "given": true}, {"item": "chip", "given": true}, {"item": "headquarters-copy", "given": true},
		},
	})
	if err != nil {
		b.t.Fatal(err)
	}
	formFile := filepath.Join(b.t.TempDir(), "form.json")
	if err := os.WriteFile(formFile, form, 0o600); err != nil {
		b.t.Fatal(err)
	}
	enrol := []string{"case", "enrol", "--form", formFile, "--portrait", photo, "--token", b.office.Token("E-01")}
	b.fault("scanner", "unplugged")
	out, stderr, status := b.run(enrol...)
	token := strings.TrimSpace(out)
	if status != 1 || !strings.HasPrefix(stderr, sentence(b.t, "device-unreachable")) || token == "" {
		b.t.Fatalf("unplugged scanner: %d, %q, %q", status, out, stderr)
	}
	b.fault("scanner", "")
	b.ok(append(enrol, "--case", token)...)
	b.cameraFailures(token, photo)
	return token
}

// cameraFailures asks for a portrait where no camera is, and takes it with one.
func (b *bureau) cameraFailures(token, photo string) {
	officer := b.office.Token("E-01")
	b.refused("no-camera", "case", "portrait", token, "--camera", "--token", officer)
	b.refused("no-camera", "case", "portrait", token, "--device", "v4l2:/dev/video99", "--token", officer)
	b.refused("no-frames", "case", "portrait", token, "--device", "file:"+b.t.TempDir(), "--token", officer)
	out := b.ok("case", "portrait", token, "--device", "file:"+photo, "--tick", "likeness", "--token", officer)
	if !strings.Contains(out, "pass") || !strings.Contains(out, "look likeness") {
		b.t.Errorf("a portrait from the camera reports %q", out)
	}
}

func (b *bureau) headquartersFailures() {
	b.t.Setenv("PADAROZHNIK_HEADQUARTERS_URL", "https://127.0.0.1:1")
	b.refused("headquarters-unreachable", "sync", "now")
	if err := os.Unsetenv("PADAROZHNIK_HEADQUARTERS_URL"); err != nil {
		b.t.Fatal(err)
	}
}

// order syncs until the production order has come. The office has had the same invented person before,
// so two officers of headquarters look first.
func (b *bureau) order(token string) {
	cleared := false
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); {
		b.ok("sync", "now")
		if strings.Contains(b.ok("case", "list", "--token", b.office.Token("E-01")), token+"  ordered") {
			return
		}
		cleared = cleared || b.office.Clear(b.t.Context(), station.CaseToken(token)) == nil
	}
	b.t.Fatalf("no order came: %s", b.ok("case", "list", "--token", b.office.Token("E-01")))
}

func (b *bureau) produceWithFailures(token string) {
	personalise := []string{"case", "personalise", token, "--token", b.office.Token("O-01")}
	b.fault("printer", "no-booklet")
	b.refused("no-booklet", personalise...)
	b.fault("printer", "ink-empty")
	b.refused("ink-empty", personalise...)
	b.fault("printer", "")
	b.fault("scanner", "unplugged")
	b.refused("device-unreachable", personalise...)
	b.fault("scanner", "")
	b.refused("role", "case", "inspect", token, "--token", b.office.Token("O-01"))
}

// wholeMachine holds every reader of the machine for one test.
func wholeMachine(t *testing.T) (context.Context, *readers.Exclusive) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	t.Cleanup(cancel)
	alone, release, err := readers.New().Exclusive(ctx)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(release)
	return ctx, alone
}

// TestStoppedService stops pcscd under a station. It holds every reader of the machine meanwhile.
func TestStoppedService(t *testing.T) {
	ctx, alone := wholeMachine(t)
	if err := alone.Stop(ctx); err != nil {
		t.Fatal(err)
	}
	_, stderr, status := stationctl(t, "chip", "inspect", "--reader", alone.ReaderName, "--trust", t.TempDir(), "--can", "123456")
	if status != 1 || !strings.HasPrefix(stderr, sentence(t, "service-stopped")) {
		t.Errorf("stopped: %d: %s", status, stderr)
	}
	if err := alone.Start(ctx); err != nil {
		t.Fatal(err)
	}
	_, stderr, status = stationctl(t, "chip", "inspect", "--reader", alone.ReaderName, "--trust", t.TempDir(), "--can", "123456")
	if status != 1 || !strings.HasPrefix(stderr, sentence(t, "no-chip")) {
		t.Errorf("started again: %d: %s", status, stderr)
	}
}

func TestUsage(t *testing.T) {
	for name, args := range map[string][]string{
		"no such flag":         {"scan", "--devise", "x"},
		"too few arguments":    {"mrz", "check"},
		"zone of wrong length": {"mrz", "check", "P<UTO"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, stderr, status := stationctl(t, args...); status != 2 || !strings.Contains(stderr, "--help") {
				t.Errorf("%d: %s", status, stderr)
			}
		})
	}
	out, _, status := stationctl(t, "--help")
	if status != 0 || !strings.Contains(out, "demo") {
		t.Errorf("help: %d: %s", status, out)
	}
}
