package ocr_test

import (
	"image"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"padarozhnik/station/mrz"
	"padarozhnik/station/mrz/ocr"
	"padarozhnik/station/mrz/ocr/ocrb"
	"padarozhnik/station/mrz/ocr/synth"
)

// BenchmarkAgainstTesseract reads whole A4 pages at 300 dpi, and gives Tesseract the ready-cut strip of each,
// straight and upright. It reports our time as a multiple of Tesseract's in the same run, and how many
// characters and zones each gets right.
func BenchmarkAgainstTesseract(b *testing.B) {
	tesseract, err := exec.LookPath("tesseract")
	if err != nil {
		b.Fatal("tesseract is missing (make bench installs it)")
	}
	var ours, theirs time.Duration
	var taken uint64 // by the greediest page, as if nothing were given back: its peak is no higher
	var pages, zones, theirZones, chars, right, theirRight int
	for b.Loop() {
		p := synth.Random(mrz.TD3, synth.Office, 0, firstSeed+900+uint64(pages))
		p.DPI, p.WidthMM, p.HeightMM, p.XMM, p.YMM, p.Degrees = 300, 210, 297, 90, 80, 0
		m := p.Draw()
		strip := stripOf(b, &p, m)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		begin := time.Now()
		r, err := ocr.Read(b.Context(), m, p.DPI)
		ours += time.Since(begin)
		runtime.ReadMemStats(&after)
		taken = max(taken, after.TotalAlloc-before.TotalAlloc)
		if err != nil {
			b.Fatal(err)
		}
		cmd := exec.CommandContext(b.Context(), tesseract, strip, "-", "--psm", "6", "-l", "eng",
			"-c", "tessedit_char_whitelist="+ocrb.Alphabet)
		cmd.Env = append(os.Environ(), "OMP_THREAD_LIMIT=1")
		begin = time.Now()
		out, err := cmd.Output()
		theirs += time.Since(begin)
		if err != nil {
			b.Fatal(err)
		}
		pages++
		text := strings.Fields(string(out))
		n, total := same(r.Lines, p.Lines)
		k, _ := same(text, p.Lines)
		chars, right, theirRight = chars+total, right+n, theirRight+k
		if n == total {
			zones++
		}
		if k == total {
			theirZones++
		}
	}
	percent := func(n, of int) float64 { return 100 * float64(n) / float64(max(1, of)) }
	b.ReportMetric(float64(ours)/float64(theirs), "×tesseract")
	b.ReportMetric(float64(ours.Milliseconds())/float64(pages), "ms/page")
	b.ReportMetric(float64(taken)/(1<<20), "MB/page")
	b.ReportMetric(percent(right, chars), "%chars")
	b.ReportMetric(percent(theirRight, chars), "%chars-tesseract")
	b.ReportMetric(percent(zones, pages), "%zones")
	b.ReportMetric(percent(theirZones, pages), "%zones-tesseract")
}

// same counts the characters of a zone that a reading has in their place.
func same(got, want []string) (right, total int) {
	for i, line := range want {
		total += len(line)
		for c := range line {
			if i < len(got) && c < len(got[i]) && got[i][c] == line[c] {
				right++
			}
		}
	}
	return right, total
}

// stripOf cuts the zone of an upright page out with a little room around it.
func stripOf(b *testing.B, p *synth.Page, m *image.Gray) string {
	b.Helper()
	x0, y0 := p.Cell(0, 0)
	x1, y1 := p.Cell(len(p.Lines)-1, len(p.Lines[0])-1)
	path := filepath.Join(b.TempDir(), "strip.png")
	f, err := os.Create(path)
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	if err := png.Encode(f, m.SubImage(image.Rect(int(x0)-40, int(y0)-40, int(x1)+40, int(y1)+40))); err != nil {
		b.Fatal(err)
	}
	return path
}
