package ui_test

import (
	"bytes"
	"flag"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"golang.org/x/image/draw"

	"padarozhnik/station"
	"padarozhnik/station/ui"
)

var update = flag.Bool("update", false, "write the golden pictures again")

// screens are all there are: how each is reached from the window that was just opened.
var screens = []struct {
	name   string
	same   bool // buttons that another screen has too
	golden bool // it is compared with a picture
	reach  func(o *office)
}{
	{"sign-in", true, true, func(*office) {}},
	{"sign-in-wrong", true, false, func(o *office) {
		o.tap("ui.signin.enter")
	}},
	{"board", true, true, func(o *office) { o.enter("I-01") }},
	{"case", false, true, func(o *office) { o.enter("I-01"); o.choose(3) }},
	{"case-not-yours", true, false, func(o *office) { o.enter("O-01"); o.choose(3) }},
	{"case-in-doubt", false, false, func(o *office) { o.enter("O-01"); o.choose(4) }},
	{"case-resolve", true, false, func(o *office) { o.enter("O-01"); o.choose(4); o.tap("ui.verb.resolve") }},
	{"case-fault", true, false, func(o *office) {
		o.enter("E-01")
		o.choose(0)
		o.tap("ui.verb.submit")
	}},
	{"case-offline", true, false, func(o *office) { o.enter("O-01"); o.choose(2); o.tap("ui.verb.order") }},
	{"hand-over", false, false, func(o *office) { o.finished(); o.enter("E-01"); o.choose(5); o.tap("ui.verb.handover") }},
	{"inspect", true, true, func(o *office) { o.enter("I-01"); o.choose(3); o.tap("ui.verb.inspect") }},
	{"enrol", false, true, func(o *office) { o.draft() }},
	{"enrol-doubts", false, true, func(o *office) {
		o.draft()
		page, _ := doubtful(o.t)
		o.lay(page)
		o.tap("ui.old.scan")
	}},
	{"enrol-person", false, true, func(o *office) { o.draft(); o.step("ui.step.person") }},
	{"enrol-portrait", false, true, func(o *office) { o.draft(); o.step("ui.step.portrait"); o.tap("ui.portrait.choose") }},
	{"enrol-signature", false, true, func(o *office) { o.draft(); o.step("ui.step.signature") }},
	{"enrol-evidence", false, true, func(o *office) { o.draft(); o.step("ui.step.evidence") }},
	{"enrol-consents", false, true, func(o *office) { o.draft(); o.step("ui.step.consents") }},
	{"enrol-family", false, true, func(o *office) {
		o.draft()
		o.grow(2015)
		o.step("ui.step.family")
		o.tap("ui.guardian.add")
	}},
	{"enrol-page", false, true, func(o *office) {
		o.draft()
		o.printed(map[string]string{station.PageBirth: "1991-05-14", station.PageExpiry: "2034-01-11",
			station.PageAuthority: "Zenith"})
		o.scrollDown()
	}},
	{"enrol-summary", false, true, func(o *office) { o.draft(); o.step("ui.step.summary") }},
	{"page", false, true, func(o *office) { o.ordered(); o.enter("I-01"); o.choose(3); o.tap("ui.verb.preview") }},
	{"page-differs", true, true, func(o *office) {
		o.differing()
		o.enter("I-01")
		o.choose(3)
		o.tap("ui.verb.inspect")
		o.tickAll()
		o.tap("ui.verb.inspect")
		o.tap("ui.page.compare")
	}},
	{"enrol-chip", true, true, func(o *office) { o.chipRead(); o.enter("E-01"); o.choose(6); o.tap("ui.verb.enrol") }},
	{"status", true, true, func(o *office) { o.enter("O-01"); o.step("ui.status.details") }},
	{"emergency", true, false, func(o *office) { o.menu("ui.menu.emergency") }},
	{"centre", true, true, func(o *office) { o.enter("A-01"); o.menu("ui.centre.title"); o.tap("ui.centre.verify") }},
	{"batch", false, true, func(o *office) { o.enter("O-01"); o.tap("ui.batch.title") }},
	{"review", false, true, func(o *office) { o.enter("A-01"); o.choose(1); o.tap("ui.verb.review") }},
	{"stock", true, true, func(o *office) { o.enter("C-01"); o.menu("ui.stock.title") }},
	{"stock-count", true, false, func(o *office) {
		o.enter("C-01")
		o.menu("ui.stock.title")
		o.tapMore("ui.stock.check")
		o.entry("ui.stock.serials").SetText("UT0000101-UT0000106")
	}},
	{"technician", true, true, func(o *office) { o.serve() }},
	{"technician-wizard", true, true, func(o *office) { o.serve(); o.tap("ui.service.calibrate"); o.tap("ui.wizard.do") }},
	{"technician-print", true, false, func(o *office) { o.serve(); o.bench.scannerKnown(); o.tapNth("ui.service.calibrate", 1) }},
	{"technician-result", true, false, func(o *office) {
		o.serve()
		o.bench.scannerKnown()
		o.bench.longAgo()
		o.bench.misplace(0.3, -0.2)
		o.tapNth("ui.service.calibrate", 1)
		o.bench.measurePrinter("V")
	}},
	{"technician-history", true, false, func(o *office) {
		o.serve()
		o.bench.scannerKnown()
		o.bench.longAgo()
		o.tapNth("ui.service.show", 1)
	}},
	{"technician-accept", true, false, func(o *office) {
		o.serve()
		o.bench.scannerKnown()
		o.desk.Scanner = relabelled{o.desk.Scanner, "E7731", ""}
		o.menu("ui.service.title")
		o.tap("ui.service.accept")
	}},
	{"technician-reader", true, false, func(o *office) { o.serve(); o.bench.readerTested() }},
	{"settings", true, true, func(o *office) { o.menu("ui.settings.title") }},
	{"help", true, true, func(o *office) { o.enter("I-01"); o.menu("ui.help.screen") }},
	{"guide", true, false, func(o *office) { o.menu("ui.help.guide") }},
	{"about", true, false, func(o *office) { o.menu("ui.about.title") }},
	{"day-open", true, true, func(o *office) { o.closeDay(); o.enter("A-01"); o.tap("ui.day.open") }},
}

// draft opens the first case's draft.
func (o *office) draft() { o.enter("E-01"); o.choose(0); o.tap("ui.verb.enrol") }

// ofTheSafe are the screens drawn of an office whose journal holds whole entries about its blanks.
var ofTheSafe = []string{"stock", "stock-count", "technician", "technician-wizard", "technician-print", "technician-result",
	"technician-history", "technician-accept", "technician-reader"}

// slow are the screens that take a whole calibration to reach, and are compared with no picture.
var slow = []string{"technician-print", "technician-result", "technician-history", "technician-accept", "technician-reader"}

// TestScreens draws every screen in both languages, for people to look at, into the directory that
// PADAROZHNIK_SCREENS names, and compares the Belarusian ones with the pictures that were looked at and accepted.
func TestScreens(t *testing.T) {
	dir := album(t)
	for _, language := range ui.Languages() {
		if dir == "" && language != "be" {
			continue // nobody looks at it, and nothing is compared
		}
		full, cupboard := newOffice(t), newOffice(t)
		for _, o := range []*office{full, cupboard} {
			o.deps.Language, o.deps.Stick = language, &sticks{}
		}
		full.pick()
		full.furnish()
		full.beginRun()
		full.open()
		cupboard.deps.Officers = append(cupboard.deps.Officers, "T-01")
		cupboard.shelved()
		cupboard.machines(time.Millisecond)
		cupboard.desk.Encoder = nil // the chip reader is not plugged in
		for _, s := range screens {
			if dir == "" && slices.Contains(slow, s.name) {
				continue // nobody looks at it
			}
			o := full
			if slices.Contains(ofTheSafe, s.name) {
				o = cupboard
			}
			if o.window == nil {
				o.open()
			}
			s.reach(o)
			compared := language == "be" && s.golden
			if dir != "" || compared {
				img := o.window.Fyne().Canvas().Capture()
				if compared {
					golden(t, s.name, half(img))
				}
				if dir != "" {
					keep(t, filepath.Join(dir, s.name+"-"+language+".png"), img)
				}
			}
			o.leave()
		}
	}
}

// album is the directory for pictures that people look at, "" for none.
func album(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("PADAROZHNIK_SCREENS")
	if dir != "" {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// leave goes back to the screen on which officers sign in.
func (o *office) leave() {
	o.dismiss()
	if o.offers("ui.seat.leave") {
		o.tap("ui.seat.leave")
	}
}

func encode(t *testing.T, img image.Image, level png.CompressionLevel) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: level}).Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// golden compares a picture with the one that was looked at and accepted.
func golden(t *testing.T, name string, img image.Image) {
	t.Helper()
	path := filepath.Join("testdata", name+".png")
	if *update {
		if err := os.WriteFile(path, encode(t, img, png.BestCompression), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	f, err := os.Open(path)
	if err != nil {
		t.Error(err)
		return
	}
	defer f.Close()
	want := must(png.Decode(f))(t)
	if share := differing(img, want); share > 0.002 {
		bad := filepath.Join(t.TempDir(), name+".png")
		if keep := os.Getenv("PADAROZHNIK_SCREENS"); keep != "" {
			bad = filepath.Join(keep, "differs-"+name+".png")
		}
		_ = os.WriteFile(bad, encode(t, img, png.BestCompression), 0o644)
		t.Errorf("%.2f %% of the picture differ from %s; run with -update after looking at it", 100*share, path)
	}
}

// half draws a picture at half its size, which keeps the golden ones small.
func half(img image.Image) image.Image {
	out := image.NewRGBA(image.Rect(0, 0, img.Bounds().Dx()/2, img.Bounds().Dy()/2))
	draw.BiLinear.Scale(out, out.Bounds(), img, img.Bounds(), draw.Src, nil)
	return out
}

// differing is the share of pixels that an eye would tell apart.
func differing(a, b image.Image) float64 {
	if a.Bounds() != b.Bounds() {
		return 1
	}
	n := 0
	for y := a.Bounds().Min.Y; y < a.Bounds().Max.Y; y++ {
		for x := a.Bounds().Min.X; x < a.Bounds().Max.X; x++ {
			ar, ag, ab, _ := a.At(x, y).RGBA()
			br, bg, bb, _ := b.At(x, y).RGBA()
			for _, d := range []int{int(ar) - int(br), int(ag) - int(bg), int(ab) - int(bb)} {
				if max(d, -d) > 24<<8 {
					n++
					break
				}
			}
		}
	}
	return float64(n) / float64(a.Bounds().Dx()*a.Bounds().Dy())
}
