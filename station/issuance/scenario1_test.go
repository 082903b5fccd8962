package issuance_test

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"padarozhnik/devices"
	"padarozhnik/devices/escl"
	"padarozhnik/station"
	"padarozhnik/station/issuance"
	"padarozhnik/station/mrz"
	"padarozhnik/station/portrait"
	"padarozhnik/station/portrait/utopian"
)

// TestScenario1F1: where the zone cannot be read it is typed, and every check digit must be right.
func TestScenario1F1(t *testing.T) {
	o := newOffice(t, 1)
	d := o.desk(nil)
	seat := o.seat(d, "E")
	token := must(d.Enrol(t.Context(), seat))(t)
	blank := image.NewRGBA(image.Rect(0, 0, 1240, 1754))
	draw.Draw(blank, blank.Rect, image.White, image.Point{}, draw.Src)
	o.layPicture("no-zone.png", blank)
	if _, err := d.ReadOldPassport(t.Context(), seat, token); !errors.Is(err, issuance.ErrDoubtful) {
		t.Errorf("a page without a zone: %v", err)
	}
	zone := bornAbroad(t, person())
	for at := range 44 {
		wrong := zone
		c := byte('0' + (wrong[1][at]-'0'+1)%10)
		if wrong[1][at] < '0' || wrong[1][at] > '9' {
			continue
		}
		wrong[1] = wrong[1][:at] + string(c) + wrong[1][at+1:]
		if err := d.TypeOldPassport(t.Context(), seat, token, wrong); !errors.Is(err, issuance.ErrDoubtful) {
			t.Errorf("character %d typed wrong: %v", at+1, err)
		}
	}
	if a := must(d.Application(t.Context(), seat, token))(t); a.OldPassport != nil {
		t.Error("something of a wrong zone was kept")
	}
	if err := d.TypeOldPassport(t.Context(), seat, token, zone); err != nil {
		t.Fatal(err)
	}
	a := must(d.Application(t.Context(), seat, token))(t)
	if !a.OldPassport.Typed || a.OldPassport.Accepted || a.Applicant.Surname != person().Surname {
		t.Errorf("%+v", a.OldPassport)
	}
}

// layPicture puts a picture into the scanner's folder.
func (o *office) layPicture(name string, img image.Image) {
	o.t.Helper()
	if err := os.WriteFile(filepath.Join(o.pages, name), pngBytes(o.t, img), 0o600); err != nil {
		o.t.Fatal(err)
	}
}

// TestScenario1F4: a portrait that fails names the check, and each check has its cure in words; the draft
// keeps none.
func TestScenario1F4(t *testing.T) {
	o := newOffice(t, 1)
	d := o.desk(nil)
	seat := o.seat(d, "E")
	token := must(d.Enrol(t.Context(), seat))(t)
	tilted := utopian.Draw(utopian.Person{Seed: 3, Age: 36, Hair: utopian.HairSwept, Tone: 0.3, Skin: 0.15, Tilt: 11}, 630, 810)
	found, err := d.TakePortrait(t.Context(), seat, token, tilted)
	if !errors.Is(err, issuance.ErrPortrait) {
		t.Fatalf("a tilted head: %v", err)
	}
	roll, _ := found.Check(portrait.KeyRoll)
	if roll.Outcome != portrait.Fail || roll.Basis == "" || roll.Limit == "" {
		t.Errorf("%+v", roll)
	}
	for _, language := range []string{"be", "en"} {
		texts := textsOf(t, language)
		for _, c := range found.Checks {
			if strings.TrimSpace(texts["remedy."+c.Key]) == "" {
				t.Errorf("%s has no cure in %s", c.Key, language)
			}
		}
	}
	if a := must(d.Application(t.Context(), seat, token))(t); a.Portrait != nil || a.TakenFrom != "" {
		t.Error("a portrait that failed was kept")
	}
	infant := func(a *station.Application) error {
		a.Applicant.Birth = station.DateOf(d.Now())
		return nil
	}
	if err := d.Amend(t.Context(), seat, token, "person", infant); err != nil {
		t.Fatal(err)
	}
	ticks := []string{portrait.TickLikeness, portrait.TickEyes, "made up"}
	if _, err := d.TakePortraitOf(t.Context(), seat, token, tilted, issuance.Sitting{Ticks: ticks}); err != nil {
		t.Errorf("the same head of a newborn: %v", err)
	}
	a := must(d.Application(t.Context(), seat, token))(t)
	if a.TakenFrom != issuance.FromFile || !slices.Equal(a.Ticks, ticks[:1]) { // nobody asks of a newborn's eyes
		t.Errorf("from %q, ticks %q", a.TakenFrom, a.Ticks)
	}
}

// TestScenario1F5 cuts the power after each step of a capture, and locks the desk in between. The draft
// goes on where it was, for the officer who began it and nobody else, and no file says who it is about.
func TestScenario1F5(t *testing.T) {
	o := newOffice(t, 1)
	d := o.desk(nil)
	token := must(d.Enrol(t.Context(), o.seat(d, "E")))(t)
	who := person()
	who.Surname, who.GivenNames = "POZNAVALNAIA", "KVITKA"
	zone := bornAbroad(t, who)
	card := image.NewGray(image.Rect(0, 0, 800, 300))
	for i := range card.Pix {
		card.Pix[i] = 235
	}
	for x := 200; x < 600; x++ {
		for w := range 5 {
			card.SetGray(x, 150+x%37+w, color.Gray{Y: 30})
		}
	}
	spelled := station.LatinName{Surname: who.Surname, GivenNames: who.GivenNames}
	steps := []struct {
		name string
		do   func(issuance.Seat) error
		kept func(station.Application) bool
	}{
		{"zone", func(s issuance.Seat) error { return d.TypeOldPassport(t.Context(), s, token, zone) },
			func(a station.Application) bool { return a.OldPassport != nil && a.OldPassport.MRZ == zone }},
		{"chip", func(s issuance.Seat) error { return d.WaiveOldChip(t.Context(), s, token, "no chip in this book") },
			func(a station.Application) bool { return a.OldPassport.Chip.Level == station.ChipSilent }},
		{"portrait", func(s issuance.Seat) error { _, err := d.TakePortrait(t.Context(), s, token, sitter()); return err },
			func(a station.Application) bool { return len(a.Portrait) > 0 && len(a.Checks) > 5 }},
		{"signature", func(s issuance.Seat) error { _, err := d.TakeSignature(t.Context(), s, token, card); return err },
			func(a station.Application) bool { return bytes.HasPrefix(a.Signature, []byte("\x89PNG")) }},
		{"name", func(s issuance.Seat) error {
			return d.SpellName(t.Context(), s, token, spelled, station.LatinName{}, "")
		}, func(a station.Application) bool {
			return a.Spelling != nil && a.Spelling.Surname == station.FromOldZone
		}},
		{"no signature", func(s issuance.Seat) error { return d.CannotSign(t.Context(), s, token, "a broken hand") },
			func(a station.Application) bool { return a.Signature == nil && a.CannotSign == "a broken hand" }},
	}
	for i, step := range steps {
		if err := step.do(o.seat(d, "E")); err != nil {
			t.Fatalf("%s: %v", step.name, err)
		}
		if i%2 == 0 {
			d = o.desk(nil) // the program was killed: nothing of the old desk is closed or asked
		} else {
			d.Lock()
			o.reopenToken("E")
		}
		a := must(d.Application(t.Context(), o.seat(d, "E"), token))(t)
		for _, done := range steps[:i+1] {
			if done.name != "signature" && !done.kept(a) || done.name == "signature" && i == 3 && !done.kept(a) {
				t.Errorf("after %s, %s is lost", step.name, done.name)
			}
		}
	}
	if _, err := d.Application(t.Context(), o.seat(d, "A"), token); !errors.Is(err, issuance.ErrNotForYou) {
		t.Errorf("another officer: %v", err)
	}
	n := &needles{}
	for _, text := range []string{"POZNAVALNAIA", "KVITKA", "UX0031416", "a broken hand", "no chip in this book"} {
		n.addText(text, text)
	}
	if found := o.searchStation(n); len(found) > 0 {
		t.Errorf("in clear: %q", found)
	}
}

// TestBadScanners: what a scanner may send instead of a page ends in an error that names the cure, and
// changes nothing.
func TestBadScanners(t *testing.T) {
	o := newOffice(t, 1)
	d := o.desk(nil)
	seat := o.seat(d, "E")
	token := must(d.Enrol(t.Context(), seat))(t)
	page := pngBytes(t, image.NewGray(image.Rect(0, 0, 8, 8)))
	huge := bytes.Clone(page)
	copy(huge[16:], []byte{0, 0, 0x40, 0, 0, 0, 0x40, 0})
	for name, body := range map[string][]byte{
		"web page":      []byte("<!DOCTYPE html><html><body>sign in</body></html>"),
		"cut PNG":       page[:40],
		"PDF":           []byte("%PDF-1.7\n1 0 obj << /Subtype /Image /Filter /FlateDecode >> stream\nxx\nendstream"),
		"268 megapixel": huge,
		"nothing":       {},
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			switch {
			case strings.HasSuffix(r.URL.Path, "ScannerCapabilities"):
				_, _ = w.Write([]byte(`<s:ScannerCapabilities xmlns:s="http://schemas.hp.com/imaging/escl/2011/05/03">` +
					`<s:Platen><s:PlatenInputCaps><s:MaxWidth>2550</s:MaxWidth><s:MaxHeight>3507</s:MaxHeight><s:SettingProfiles>` +
					`<s:SettingProfile><s:DocumentFormats><s:DocumentFormatExt>image/png</s:DocumentFormatExt></s:DocumentFormats>` +
					`</s:SettingProfile></s:SettingProfiles></s:PlatenInputCaps></s:Platen></s:ScannerCapabilities>`))
			case strings.HasSuffix(r.URL.Path, "ScanJobs"):
				w.Header().Set("Location", "/eSCL/ScanJobs/1")
				w.WriteHeader(http.StatusCreated)
			case strings.HasSuffix(r.URL.Path, "NextDocument"):
				_, _ = w.Write(body)
			}
		}))
		d.Scanner = must(escl.New(server.URL+"/eSCL", nil, escl.Timing{}))(t)
		_, err := d.ReadOldPassport(t.Context(), seat, token)
		if !errors.Is(err, devices.ErrProtocol) && !errors.Is(err, devices.ErrUnsupported) || issuance.Cure(err) == "other" {
			t.Errorf("%s: %v", name, err)
		}
		server.Close()
	}
	if a := must(d.Application(t.Context(), seat, token))(t); a.OldPassport != nil || a.Applicant.Sex == mrz.Female {
		t.Error("something was kept")
	}
}

// pngBytes encodes a picture.
func pngBytes(t testing.TB, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestSpeed}).Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
