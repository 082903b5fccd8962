package paper_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestBannerStandsOnEveryPage: the pages that were begun before it was asked for, and those after.
func TestBannerStandsOnEveryPage(t *testing.T) {
	s := sheet()
	pages := func(raw []byte) (text string, pages int) {
		path := filepath.Join(t.TempDir(), "sheet.pdf")
		if err := os.WriteFile(path, raw, 0o600); err != nil {
			t.Fatal(err)
		}
		out, err := exec.CommandContext(t.Context(), "pdftotext", path, "-").Output()
		if err != nil {
			t.Fatalf("pdftotext: %v: run make deps", err)
		}
		return string(out), strings.Count(string(out), "\f")
	}
	s.Banner("ВУЧОБА")
	for range 60 {
		s.Text("радок")
	}
	text, n := pages(bytesOf(t, s))
	if had := strings.Count(text, "ВУЧОБА"); n < 4 || had != n-2 {
		t.Errorf("the banner stands on %d of %d pages, asked for on the third", had, n)
	}
}
