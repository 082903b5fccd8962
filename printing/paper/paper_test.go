package paper_test

import (
	"bytes"
	"errors"
	"image"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"padarozhnik/printing/paper"
)

var made = time.Date(2026, 3, 2, 9, 30, 0, 0, time.UTC)

func sheet() *paper.Sheet {
	s := paper.New("Квітанцыя аб уручэнні", made)
	s.Code("PAD-TEST-0123456789", 40, true)
	s.Fact("Нумар", "UT4200001")
	s.Fact("Місія", "Місія Утопіі ў Зеніце, дзе назва доўгая і не змяшчаецца ў адзін радок паперы")
	s.Heading("Бланкі")
	rows := make([][]string, 90)
	for i := range rows {
		rows[i] = []string{"UT42" + strings.Repeat("0", 5), "на складзе", "1"}
	}
	s.Table([]paper.Column{{Head: "Серыя"}, {Head: "Стан"}, {Head: "Колькасць", WidthMM: 25, Right: true}}, rows)
	s.Text("Ґ, ў, і, ё, апостраф ’ - усе літары на месцы.")
	s.Signatures("захавальнік", "другі захавальнік", "назіральнік")
	s.Keywords("PAD-TEST-0123456789")
	return s
}

func bytesOf(t *testing.T, s *paper.Sheet) []byte {
	t.Helper()
	raw, err := s.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func TestSameWordsMakeTheSameFile(t *testing.T) {
	a, b := bytesOf(t, sheet()), bytesOf(t, sheet())
	if !bytes.Equal(a, b) {
		t.Error("two sheets of the same words differ")
	}
	if len(a) > 120_000 {
		t.Errorf("%d bytes: the fonts are not cut down to what is used", len(a))
	}
	if !bytes.Contains(a, []byte("PAD-TEST-0123456789")) {
		t.Error("the keywords cannot be found without drawing the page")
	}
}

// TestTextCanBeTakenOut reads the file with poppler: a reader for the blind or a search finds the
// words, in Belarusian, on as many pages as the table needs.
func TestTextCanBeTakenOut(t *testing.T) {
	tool, err := exec.LookPath("pdftotext")
	if err != nil {
		t.Fatal("pdftotext is missing: run make deps")
	}
	path := filepath.Join(t.TempDir(), "sheet.pdf")
	if err := os.WriteFile(path, bytesOf(t, sheet()), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), tool, "-layout", path, "-").Output()
	if err != nil {
		t.Fatal(err)
	}
	text := string(out)
	for _, want := range []string{"Квітанцыя аб уручэнні", "Місія Утопіі ў Зеніце", "Ґ, ў, і, ё", "назіральнік", "3/3"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in the text", want)
		}
	}
	if n := strings.Count(text, "Колькасць"); n < 2 {
		t.Errorf("the heads of the table stand on %d pages", n)
	}
}

func TestCodeIsReadBack(t *testing.T) {
	for _, text := range []string{"A", strings.Repeat("0123456789ABCDEF", 24), "lower-case_and-more"} {
		img, err := paper.Picture(text, 4)
		if err != nil {
			t.Fatal(err)
		}
		if read, err := paper.ReadCode(img); err != nil || read != text {
			t.Errorf("read %q, %v", read, err)
		}
	}
	if _, err := paper.ReadCode(image.NewGray(image.Rect(0, 0, 50, 50))); !errors.Is(err, paper.ErrNoCode) {
		t.Errorf("a dark picture: %v", err)
	}
	if _, err := paper.Picture(strings.Repeat("x", 4000), 1); err == nil {
		t.Error("more than a code can hold was drawn")
	}
}

func TestTooLongACodeIsAnError(t *testing.T) {
	s := paper.New("x", made)
	s.Code(strings.Repeat("x", 4000), 40, false)
	if _, err := s.Bytes(); err == nil {
		t.Error("no error")
	}
}
