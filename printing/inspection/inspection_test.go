package inspection_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"padarozhnik/devices/virtual/scanner"
	"padarozhnik/printing"
	"padarozhnik/printing/inspection"
	"padarozhnik/printing/measure"
)

// trials is how many defects of each kind and how many good prints a test takes: a few in make test, all
// in make torture.
func trials() (each, good int) {
	switch {
	case os.Getenv("PADAROZHNIK_TORTURE") != "":
		return 43, 1000
	case racing:
		return 1, 1
	}
	return 2, 6
}

// failed lists what a result found wrong.
func failed(r *inspection.Result) string {
	var out []string
	for _, f := range r.Findings {
		if !f.OK {
			out = append(out, f.What)
		}
	}
	return strings.Join(out, ", ")
}

// TestPlantedDefectsAreFound plants one thing at a time into pages of Utopians. Each must be found.
func TestPlantedDefectsAreFound(t *testing.T) {
	each, _ := trials()
	for k, d := range defects() {
		t.Run(d.name, func(t *testing.T) {
			p := cached(t, uint64(1000+k), 300)
			found, by := 0, map[string]int{}
			for n := range each {
				serial := p.serial()
				page := p.person(serial)
				r := p.inspect(page, serial, d.plant(p, page, serial))
				if r.OK() {
					t.Errorf("trial %d: not found; scores %v", n, r.Scores)
					keep(t, r, fmt.Sprintf("missed-%d-%d", k, n))
					continue
				}
				found++
				by[failed(r)]++
			}
			t.Logf("%s: %d of %d found", d.name, found, each)
			for what, n := range by {
				t.Logf("  %3d by %s", n, what)
			}
		})
	}
}

// TestBarsAreNoStrokes: the bars of a booklet's number are finer than what a scan can show stroke by stroke. This
// page lay so on the glass that a comparison by strokes refused it, good as it was; the number is read instead.
func TestBarsAreNoStrokes(t *testing.T) {
	const serial = "UT4200006"
	p := cached(t, 6, 300)
	page := p.person(serial)
	forme, err := printing.Compose(t.Context(), page, p.layout, printing.Options{DPI: 300})
	if err != nil {
		t.Fatal(err)
	}
	ink, err := forme.RGBA(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	whole, err := printing.Overlay(p.blank(serial), ink)
	if err != nil {
		t.Fatal(err)
	}
	img := scanned(t, scanner.Settings{Seed: 1, SkewDeg: 1, ShiftMM: 3}, whole, 26)
	if r := p.inspect(page, serial, img); !r.OK() {
		t.Errorf("a good page: %s, scores %v", failed(r), r.Scores)
	}
}

// TestGoodPrintsPass holds that at most one in a hundred good prints is refused, under the noise and the
// softness of the scanner and what a calibration leaves.
func TestGoodPrintsPass(t *testing.T) {
	_, good := trials()
	refused, worst := 0, map[string]float64{}
	for n := range good {
		dpi := 300
		if n%5 == 1 {
			dpi = 600
		}
		p := cached(t, uint64(n), dpi)
		serial := p.serial()
		page := p.person(serial)
		r := p.inspect(page, serial, p.good(page, serial, measure.Point{}, nil))
		for what, v := range r.Scores {
			worst[what] = max(worst[what], v)
		}
		if !r.OK() {
			refused++
			t.Logf("good print %d refused: %s, scores %v, %+v", n, failed(r), r.Scores, r.Areas)
			keep(t, r, fmt.Sprintf("refused-%d", n))
		}
	}
	t.Logf("%d of %d good prints refused; nearest to a limit: %.2f", refused, good, worst["stroke"])
	for what, v := range worst {
		t.Logf("  %-16s %.2f of the limit", what, v)
	}
	if refused > good/100 {
		t.Errorf("%d of %d good prints refused", refused, good)
	}
}
