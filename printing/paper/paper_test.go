package paper_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"padarozhnik/printing/paper"
)

func document(rows int) paper.Document {
	t := paper.Table{
		Heading: "Рух бланкаў", Columns: []string{"Дата", "Што", "Бланкі"}, Widths: []float64{0.2, 0.5, 0.3},
		Right: []bool{false, false, true},
	}
	for i := range rows {
		t.Rows = append(t.Rows, []string{"2026-11-26", "Пломбы пастаўкі ў сейфе, ўсё палічана двойчы", fmt.Sprintf("UT42%05d", i)})
	}
	return paper.Document{
		Title: "Справаздача аб запасе", Banner: "ВУЧОБА · TRAINING", Foot: "UTO-01",
		Lines:  []paper.Line{{Name: "Шэсць слоў", Value: "babab zuzuz dabuh"}},
		Tables: []paper.Table{t}, Made: time.Unix(1_800_000_000, 0),
	}
}

// TestBelarusianIsRight reads the PDF back with poppler: letters that fonts lose, on every page, and an
// embedded font, so that no other is put in its place.
func TestBelarusianIsRight(t *testing.T) {
	path := filepath.Join(t.TempDir(), "statement.pdf")
	var b bytes.Buffer
	if err := document(120).Write(&b); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	text := run(t, "pdftotext", "-layout", path, "-")
	for _, want := range []string{"Справаздача аб запасе", "Пломбы пастаўкі ў сейфе", "UT4200000", "UT4200119"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in the PDF", want)
		}
	}
	pages := strings.Count(text, "\f")
	if pages < 2 || strings.Count(text, "ВУЧОБА · TRAINING") != pages || !strings.Contains(text, fmt.Sprintf("1 / %d", pages)) {
		t.Errorf("%d pages, banner on %d", pages, strings.Count(text, "ВУЧОБА · TRAINING"))
	}
	for _, line := range strings.Split(run(t, "pdffonts", path), "\n") {
		if strings.Contains(line, "CID TrueType") && !strings.Contains(line, " yes ") {
			t.Errorf("font not embedded: %s", line)
		}
	}
	if info := run(t, "pdfinfo", path); !strings.Contains(info, "A4") {
		t.Errorf("not A4: %s", info)
	}
}

func run(t *testing.T, program string, args ...string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), program, args...).Output()
	if err != nil {
		t.Fatalf("%s: %v: run make deps", program, err)
	}
	return string(out)
}

func TestSameDocumentSameBytes(t *testing.T) {
	var a, b bytes.Buffer
	if err := document(3).Write(&a); err != nil {
		t.Fatal(err)
	}
	if err := document(3).Write(&b); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(a.Bytes(), b.Bytes()) {
		t.Error("two PDFs of one document differ")
	}
}
