package main_test

import (
	"bytes"
	"image"
	"os"
	"path/filepath"
	"testing"

	"padarozhnik/printing/pwg"
)

// checkPages draws the order's page in every way that there is, and prints what came of it into a folder.
func checkPages(t *testing.T, dir string, r report) {
	t.Helper()
	out := t.TempDir()
	draw := func(args ...string) (stderr string, status int) {
		_, stderr, status = stationctl(t, append([]string{"page", "render", "--order", filepath.Join(dir, "order")}, args...)...)
		return stderr, status
	}
	for name, head := range map[string]string{"page.png": "\x89PNG", "page.pwg": "RaS2", "page.pcl": "\x1bE", "page.pdf": "%PDF"} {
		path := filepath.Join(out, name)
		if stderr, status := draw("--dpi", "300", "--ink", "--out", path); status != 0 {
			t.Errorf("%s: %s", name, stderr)
			continue
		}
		if b, err := os.ReadFile(path); err != nil || !bytes.HasPrefix(b, []byte(head)) {
			t.Errorf("%s begins with %q, %v", name, b[:min(8, len(b))], err)
		}
	}
	preview := filepath.Join(out, "preview.png")
	if stderr, status := draw("--dpi", "300", "--preview", "--out", preview); status != 0 {
		t.Errorf("preview: %s", stderr)
	}
	for _, wrong := range [][]string{{"--out", filepath.Join(out, "page.gif")}, {"--dpi", "299", "--out", preview}} {
		if _, status := draw(wrong...); status != 2 {
			t.Errorf("%v: status %d, want 2", wrong, status)
		}
	}
	folder := filepath.Join(out, "printed")
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	from := filepath.Join(out, "page.pwg")
	if _, stderr, status := stationctl(t, "print", "--device", "file:"+folder, from); status != 0 {
		t.Fatalf("print: %s", stderr)
	}
	printed, err := filepath.Glob(filepath.Join(folder, "*.pwg"))
	if err != nil || len(printed) != 1 {
		t.Fatalf("printed %v, %v", printed, err)
	}
	a, b := rasterOf(t, from), rasterOf(t, printed[0])
	if !bytes.Equal(a.Pix, b.Pix) || a.Rect.Dx() != 1476 {
		t.Errorf("the folder got another page of %s", r.Serial)
	}
}

func rasterOf(t *testing.T, path string) *image.RGBA {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	img, _, err := pwg.NewDecoder(bytes.NewReader(raw), 1<<24).DecodePage()
	if err != nil {
		t.Fatal(err)
	}
	return img.(*image.RGBA)
}
