package paper_test

import (
	"image/png"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"padarozhnik/printing/paper"
)

// TestCodeIsReadWhereGridsBeat reads receipts at 150 dpi, where modules are no whole number of pixels wide: two of
// these are not found when they are looked at in one way alone.
func TestCodeIsReadWhereGridsBeat(t *testing.T) {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
	path := filepath.Join(t.TempDir(), "receipt.pdf")
	drawn := filepath.Join(filepath.Dir(path), "receipt")
	for _, seed := range []uint64{1, 50, 64} {
		r := rand.New(rand.NewPCG(seed, 9))
		text := make([]byte, 330+r.IntN(40))
		for i := range text {
			text[i] = letters[r.IntN(len(letters))]
		}
		s := paper.New("Квітанцыя", made)
		for range 8 {
			s.Fact("Нумар", "UT4200001")
		}
		s.Code(string(text), 62, false)
		s.Text("нешта далей")
		if err := os.WriteFile(path, bytesOf(t, s), 0o600); err != nil {
			t.Fatal(err)
		}
		if out, err := exec.CommandContext(t.Context(), "pdftoppm", "-r", "150", "-png", "-singlefile", path, drawn).
			CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		f, err := os.Open(drawn + ".png")
		if err != nil {
			t.Fatal(err)
		}
		img, err := png.Decode(f)
		if err != nil {
			t.Fatal(err)
		}
		if read, err := paper.ReadCode(img); err != nil || read != string(text) {
			t.Errorf("receipt %d: read %d characters of %d, %v", seed, len(read), len(text), err)
		}
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	}
}
