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

func pdfOf(t testing.TB, p printing.Page, dpi int) string {
	t.Helper()
	var b bytes.Buffer
	if err := printing.WritePDF(t.Context(), &b, p, layout(t), printing.PDFOptions{Serial: serial, Made: made(), DPI: dpi}); err != nil {
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

// TestPDF lets poppler read the text of the archive's page and draw it.
func TestPDF(t *testing.T) {
	p := anna()
	p.Signature = signed()
	path := pdfOf(t, p, 150)
	t.Run("reads", func(t *testing.T) { readPDF(t, p, path) })
	t.Run("looks like the page", func(t *testing.T) { lookAtPDF(t, p, path) })
}

// readPDF finds every text of the page in the file, Belarusian letters and the machine readable zone among
// them.
func readPDF(t *testing.T, p printing.Page, path string) {
	text := string(poppler(t, "pdftotext", "-layout", path, "-"))
	squeezed := strings.Join(strings.Fields(text), "")
	for _, want := range []string{
		p.Surname, p.SurnameLocal, p.GivenNamesLocal, p.Number, p.MRZ[0], p.MRZ[1], "УТОПІЯ",
	} {
		if !strings.Contains(squeezed, strings.Join(strings.Fields(want), "")) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}

// lookAtPDF compares what poppler draws of the file with what we print, looked at from so far that the two
// ways to smooth an edge are alike.
func lookAtPDF(t *testing.T, p printing.Page, path string) {
	const dpi, block = 150, 4
	raw := poppler(t, "pdftoppm", "-png", "-r", "150", path)
	drawn, err := png.Decode(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	ours, err := compose(t, p, layout(t), printing.Options{DPI: dpi, Serial: serial}).RGBA(t.Context())
	if err != nil {
		t.Fatal(err)
	}
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
	if mean := float64(sum) / float64(n); worst > 90 || mean > 4 {
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
	o := printing.PDFOptions{Made: made(), DPI: 150}
	for _, w := range []*bytes.Buffer{&a, &b} {
		if err := printing.WritePDF(t.Context(), w, anna(), layout(t), o); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(a.Bytes(), b.Bytes()) {
		t.Fatal("two files of one page differ")
	}
	p := anna()
	p.Surname = ""
	if err := printing.WritePDF(t.Context(), &a, p, layout(t), o); !missing("surname")(err) {
		t.Fatalf("got %v", err)
	}
}
