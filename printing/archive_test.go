package printing_test

import (
	"bytes"
	"image"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"padarozhnik/printing"
)

// made is when the files of these tests claim to have been made.
func made() time.Time { return time.Date(2026, 11, 26, 9, 0, 0, 0, time.UTC) }

func pdfOf(t testing.TB, p printing.Page, serial string) string {
	t.Helper()
	var b bytes.Buffer
	if err := printing.WritePDF(t.Context(), &b, p, layout(t), serial, made()); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "page.pdf")
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func poppler(t testing.TB, tool string, args ...string) []byte {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), tool, args...).Output()
	if err != nil {
		t.Fatalf("%s: %v (is poppler-utils installed? run make deps)", tool, err)
	}
	return out
}

// TestPDFReads lets poppler read the text of the archive's page, Belarusian letters and the machine
// readable zone among it.
func TestPDFReads(t *testing.T) {
	p := anna()
	text := string(poppler(t, "pdftotext", "-layout", pdfOf(t, p, serial), "-"))
	squeezed := strings.Join(strings.Fields(text), "")
	for _, want := range []string{p.Surname, p.SurnameLocal, p.GivenNamesLocal, p.Number, p.MRZ[0], p.MRZ[1], "УТОПІЯ"} {
		if !strings.Contains(squeezed, strings.Join(strings.Fields(want), "")) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}

// TestPDFLooksLikeThePage lets poppler draw the file and compares what it draws with what we print,
// looked at from so far that the two ways to smooth an edge are alike.
func TestPDFLooksLikeThePage(t *testing.T) {
	const dpi, block = 300, 6
	p := anna()
	p.Signature = signed()
	raw := poppler(t, "pdftoppm", "-png", "-r", "300", pdfOf(t, p, serial))
	drawn, err := png.Decode(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	ours := compose(t, p, layout(t), printing.Options{DPI: dpi, Serial: serial})
	w, h := ours.Bounds().Dx(), ours.Bounds().Dy()
	if d := drawn.Bounds(); abs(d.Dx()-w) > 1 || abs(d.Dy()-h) > 1 {
		t.Fatalf("page of %v, want %d x %d", d, w, h)
	}
	worst, sum, n := 0, 0, 0
	for y := 0; y+block < h-2; y += block {
		for x := 0; x+block < w-2; x += block {
			d := abs(mean(drawn, x, y, block) - mean(ours, x, y, block))
			worst, sum, n = max(worst, d), sum+d, n+1
		}
	}
	if mean := float64(sum) / float64(n); worst > 70 || mean > 3 {
		t.Errorf("blocks differ by %d at most, by %.2f on average", worst, mean)
	}
}

func abs(v int) int { return max(v, -v) }

// mean is the mean green of a square block.
func mean(img image.Image, x0, y0, side int) int {
	sum := 0
	for y := y0; y < y0+side; y++ {
		for x := x0; x < x0+side; x++ {
			_, g, _, _ := img.At(x, y).RGBA()
			sum += int(g >> 8)
		}
	}
	return sum / side / side
}

func TestPDFIsTheSameEachTime(t *testing.T) {
	var a, b bytes.Buffer
	for _, w := range []*bytes.Buffer{&a, &b} {
		if err := printing.WritePDF(t.Context(), w, anna(), layout(t), "", made()); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(a.Bytes(), b.Bytes()) {
		t.Fatal("two files of one page differ")
	}
	p := anna()
	p.Surname = ""
	if err := printing.WritePDF(t.Context(), &a, p, layout(t), "", made()); !missing("surname")(err) {
		t.Fatalf("got %v", err)
	}
}
