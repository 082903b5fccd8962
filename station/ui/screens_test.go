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

	"golang.org/x/image/draw"

	"padarozhnik/station/ui"
)

var update = flag.Bool("update", false, "write the golden pictures again")

// screens are all there are: how each is reached from the window that was just opened.
var screens = []struct {
	name  string
	same  bool // buttons that another screen has too
	reach func(o *office)
}{
	{"sign-in", true, func(*office) {}},
	{"sign-in-wrong", true, func(o *office) {
		o.tap("ui.signin.enter")
	}},
	{"board", true, func(o *office) { o.enter("I-01") }},
	{"case", false, func(o *office) { o.enter("I-01"); o.choose(3) }},
	{"case-not-yours", true, func(o *office) { o.enter("O-01"); o.choose(3) }},
	{"case-in-doubt", false, func(o *office) { o.enter("O-01"); o.choose(4) }},
	{"case-resolve", true, func(o *office) { o.enter("O-01"); o.choose(4); o.tap("ui.verb.resolve") }},
	{"case-fault", true, func(o *office) {
		o.enter("E-01")
		o.choose(0)
		o.tap("ui.verb.submit")
	}},
	{"case-offline", true, func(o *office) { o.enter("O-01"); o.choose(2); o.tap("ui.verb.order") }},
	{"hand-over", false, func(o *office) { o.finished(); o.enter("E-01"); o.choose(5); o.tap("ui.verb.handover") }},
	{"inspect", true, func(o *office) { o.enter("I-01"); o.choose(3); o.tap("ui.verb.inspect") }},
	{"enrol", false, func(o *office) { o.enter("E-01"); o.choose(0); o.tap("ui.verb.enrol") }},
	{"emergency", true, func(o *office) { o.menu("ui.menu.emergency") }},
	{"centre", true, func(o *office) { o.enter("A-01"); o.menu("ui.centre.title"); o.tap("ui.centre.verify") }},
	{"batch", false, func(o *office) { o.enter("O-01"); o.tap("ui.batch.title") }},
	{"review", false, func(o *office) { o.enter("A-01"); o.choose(1); o.tap("ui.verb.review") }},
	{"stock", true, func(o *office) { o.enter("C-01"); o.menu("ui.stock.title") }},
	{"stock-count", true, func(o *office) {
		o.enter("C-01")
		o.menu("ui.stock.title")
		o.tapMore("ui.stock.check")
		o.entry("ui.stock.serials").SetText("UT0000101-UT0000106")
	}},
	{"settings", true, func(o *office) { o.menu("ui.settings.title") }},
	{"help", true, func(o *office) { o.enter("I-01"); o.menu("ui.help.screen") }},
	{"guide", true, func(o *office) { o.menu("ui.help.guide") }},
	{"about", true, func(o *office) { o.menu("ui.about.title") }},
	{"day-open", true, func(o *office) { o.closeDay(); o.enter("A-01"); o.tap("ui.day.open") }},
}

// ofTheSafe are the screens drawn of an office whose journal holds whole entries about its blanks.
var ofTheSafe = []string{"stock", "stock-count"}

// TestScreens draws every screen in both languages, for people to look at, into the directory that
// PADAROZHNIK_SCREENS names.
func TestScreens(t *testing.T) {
	dir, level := os.Getenv("PADAROZHNIK_SCREENS"), png.BestSpeed
	if dir == "" {
		dir, level = t.TempDir(), png.NoCompression
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, language := range ui.Languages() {
		full, cupboard := newOffice(t), newOffice(t)
		for _, o := range []*office{full, cupboard} {
			o.deps.Language, o.deps.Stick = language, &sticks{}
		}
		full.furnish()
		full.beginRun()
		full.open()
		cupboard.shelved()
		for _, s := range screens {
			o := full
			if slices.Contains(ofTheSafe, s.name) {
				o = cupboard
			}
			if o.window == nil {
				o.open()
			}
			s.reach(o)
			img := o.window.Fyne().Canvas().Capture()
			path := filepath.Join(dir, s.name+"-"+language+".png")
			if err := os.WriteFile(path, encode(t, img, level), 0o644); err != nil {
				t.Fatal(err)
			}
			o.leave()
		}
	}
}

// leave goes back to the screen on which officers sign in.
func (o *office) leave() {
	if o.offers("ui.help.seen") {
		o.tap("ui.help.seen")
	}
	if o.offers("ui.leave") {
		o.tap("ui.leave")
	}
	if o.offers("ui.seat.leave") {
		o.tap("ui.seat.leave")
	}
}

func drawScreen(t *testing.T, name, language string, reach func(*office)) image.Image {
	t.Helper()
	o := newOffice(t)
	o.deps.Language, o.deps.Stick = language, &sticks{}
	if slices.Contains(ofTheSafe, name) {
		o.shelved()
	} else {
		o.furnish()
	}
	if name == "batch" {
		o.beginRun()
	}
	o.open()
	reach(o)
	return o.window.Fyne().Canvas().Capture()
}

func encode(t *testing.T, img image.Image, level png.CompressionLevel) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: level}).Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestGolden compares one picture of each screen with the one that was looked at and accepted.
func TestGolden(t *testing.T) {
	for _, s := range screens {
		golden := []string{"sign-in", "board", "case", "enrol", "review", "batch", "day-open", "centre", "inspect", "stock", "settings",
			"help"}
		if !slices.Contains(golden, s.name) {
			continue
		}
		t.Run(s.name, func(t *testing.T) {
			img := half(drawScreen(t, s.name, "be", s.reach))
			path := filepath.Join("testdata", s.name+".png")
			if *update {
				if err := os.WriteFile(path, encode(t, img, png.BestCompression), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			f, err := os.Open(path)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			want := must(png.Decode(f))(t)
			if share := differing(img, want); share > 0.002 {
				bad := filepath.Join(t.TempDir(), s.name+".png")
				if keep := os.Getenv("PADAROZHNIK_SCREENS"); keep != "" {
					bad = filepath.Join(keep, "differs-"+s.name+".png")
				}
				_ = os.WriteFile(bad, encode(t, img, png.BestCompression), 0o644)
				t.Errorf("%.2f %% of the picture differ from %s; run with -update after looking at it", 100*share, path)
			}
		})
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
