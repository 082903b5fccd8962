package inspection_test

import (
	"bytes"
	"fmt"
	"image"
	"image/jpeg"
	"image/png"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"padarozhnik/devices/virtual/scanner"
	"padarozhnik/printing"
	"padarozhnik/printing/inspection"
	"padarozhnik/printing/measure"
	"padarozhnik/station/mrz"
	"padarozhnik/station/portrait/utopian"
)

const scanDPI = 300

// press is an office that prints and scans pages of Utopians: a calibrated printer with what calibration
// leaves, a scanner with noise and a soft lens.
type press struct {
	t       testing.TB
	layout  printing.Layout
	random  *rand.Rand
	dpi     int // of the printer
	blanks  map[string]*image.RGBA
	drawn   [faces]image.Image
	artwork map[string]*inspection.Artwork
}

func newPress(t testing.TB, seed uint64, dpi int) *press {
	t.Helper()
	l, err := printing.Utopia()
	if err != nil {
		t.Fatal(err)
	}
	return &press{t: t, dpi: dpi, layout: l, random: rand.New(rand.NewPCG(seed, 7)), blanks: map[string]*image.RGBA{},
		artwork: map[string]*inspection.Artwork{}}
}

// serials are few: a blank is slow to draw.
func (p *press) serial() string { return []string{"UT0000017", "UT1184302"}[p.random.IntN(2)] }

func (p *press) blank(serial string) *image.RGBA {
	if p.blanks[serial] == nil {
		img, err := printing.RenderBlank(p.t.Context(), serial, p.layout, p.dpi)
		if err != nil {
			p.t.Fatal(err)
		}
		p.blanks[serial] = img
	}
	return p.blanks[serial]
}

func pick[T any](r *rand.Rand, from ...T) T { return from[r.IntN(len(from))] }

// person makes a page of somebody who does not exist.
func (p *press) person(serial string) printing.Page {
	r := p.random
	surname := pick(r, "ERIKSSON", "KAVALIOVA", "ILLICH", "O'NEILL-DOE", "VASILEUSKAYA", "LI", "IVANOU", "KOLAS")
	given := pick(r, "ANNA MARIA", "ILYA", "OLGA", "MIKALAI", "LIL", "ALIAKSANDRA", "NINA")
	by, bm, bd := 1950+r.IntN(55), 1+r.IntN(12), 1+r.IntN(28)
	iy, im, id := 2026, 1+r.IntN(12), 1+r.IntN(28)
	sex := pick(r, "F", "M", "<")
	lines, err := mrz.Compose(mrz.Document{
		Format: mrz.TD3, Code: "PP", Issuer: "UTO", Primary: surname, Secondary: given, Number: serial, Nationality: "UTO",
		Birth: date(by, bm, bd), Sex: mrz.Sex(sex), Expiry: date(iy+10, im, id),
	})
	if err != nil {
		p.t.Fatal(err)
	}
	return printing.Page{
		DocumentCode: "PP", Issuer: "UTO", Number: serial, Surname: surname, GivenNames: given,
		SurnameLocal:    pick(r, "ЭРЫКСАН", "КАВАЛЁВА", "ІЛЬІЧ", "ВАСІЛЕЎСКАЯ", ""),
		GivenNamesLocal: pick(r, "ГАННА МАРЫЯ", "ІЛЬЯ", "МІКАЛАЙ"),
		Nationality:     "УТОПІЯ / UTOPIAN", Birth: printing.DateText(by, bm, bd), Sex: sex,
		PlaceOfBirth: pick(r, "ЗЕНІТ / ZENITH", "ВОЛЬНЫ / VOLNY", "Il Lido / ІЛЬ"),
		Issue:        printing.DateText(iy, im, id), Expiry: printing.DateText(iy+10, im, id),
		Authority: "МЗС УТОПІІ / MFA OF UTOPIA", CAN: fmt.Sprintf("%06d", r.IntN(1e6)),
		MRZ: [2]string(lines), Portrait: p.face(r.IntN(faces)),
	}
}

// faces is how many Utopians sit for the press.
const faces = 12

func (p *press) face(n int) image.Image {
	if p.drawn[n] == nil {
		p.drawn[n] = utopian.Draw(utopian.Citizens(3, faces)[n], 413, 531)
	}
	return p.drawn[n]
}

func date(year, month, day int) mrz.Date {
	return mrz.Date(fmt.Sprintf("%02d%02d%02d", year%100, month, day))
}

// good is a scan of a page as it is printed; spoil, where it is not nil, changes the printed page, and
// moved is what the printer was moved by besides what a calibration leaves.
func (p *press) good(page printing.Page, serial string, moved measure.Point, spoil func(*image.RGBA)) image.Image {
	r := p.random
	turn := 0.05 * r.NormFloat64() * math.Pi / 180
	place := printing.Placement{XX: 1 + 0.0004*r.NormFloat64(), XY: -turn, YX: turn, YY: 1 + 0.0004*r.NormFloat64(),
		XMM: moved.X + 0.08*r.NormFloat64(), YMM: moved.Y + 0.08*r.NormFloat64()}
	forme, err := printing.Compose(p.t.Context(), page, p.layout, printing.Options{DPI: p.dpi, Place: place})
	if err != nil {
		p.t.Fatal(err)
	}
	ink, err := forme.RGBA(p.t.Context())
	if err != nil {
		p.t.Fatal(err)
	}
	if spoil != nil {
		spoil(ink)
	}
	whole, err := printing.Overlay(p.blank(serial), ink)
	if err != nil {
		p.t.Fatal(err)
	}
	set := scanner.Settings{Seed: r.Uint64(), SkewDeg: 2, ShiftMM: 5, Noise: 1.5 + 2.5*r.Float64(), BlurMM: pick(r, 0, 0.08)}
	return scanned(p.t, set, whole, 1)
}

// scanned is a page as a scanner sees and sends it; number is that of the scan.
func scanned(t testing.TB, set scanner.Settings, page image.Image, number uint64) image.Image {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, set.Picture(page, scanDPI, number), &jpeg.Options{Quality: 90}); err != nil {
		t.Fatal(err)
	}
	img, err := jpeg.Decode(&b)
	if err != nil {
		t.Fatal(err)
	}
	return img
}

func (p *press) inspect(page printing.Page, serial string, img image.Image) *inspection.Result {
	if p.artwork[serial] == nil {
		a, err := inspection.DrawArtwork(p.t.Context(), p.layout, serial, scanDPI)
		if err != nil {
			p.t.Fatal(err)
		}
		p.artwork[serial] = a
	}
	order, err := inspection.Prepare(p.t.Context(), page, p.artwork[serial])
	if err != nil {
		p.t.Fatal(err)
	}
	r, err := order.Inspect(p.t.Context(), img, measure.Geometry{})
	if err != nil {
		p.t.Fatal(err)
	}
	return r
}

// cached is a press with a random of its own that shares what is slow to draw.
func cached(t testing.TB, seed uint64, dpi int) *press {
	t.Helper()
	if presses[dpi] == nil {
		presses[dpi] = newPress(t, seed, dpi)
	}
	p := *presses[dpi]
	p.t, p.random = t, rand.New(rand.NewPCG(seed, 11))
	return &p
}

// presses are shared by the tests of this package, which run one after the other.
var presses = map[int]*press{}

// keep writes the picture of a surprising result to a directory, where one is named.
func keep(t testing.TB, r *inspection.Result, name string) {
	dir := os.Getenv("PADAROZHNIK_KEEP")
	if dir == "" || r.Picture() == nil {
		return
	}
	var b bytes.Buffer
	if err := png.Encode(&b, r.Picture()); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name+".png"), b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
}
