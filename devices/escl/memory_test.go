package escl_test

import (
	"bytes"
	"image"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"padarozhnik/devices"
	"padarozhnik/devices/virtual/scanner"
)

// TestTortureScans scans again and again and looks at what stays in memory: 500 times with
// PADAROZHNIK_TORTURE=1, 20 times without.
func TestTortureScans(t *testing.T) {
	scans := 20
	if os.Getenv("PADAROZHNIK_TORTURE") != "" {
		scans = 500
	}
	pages := sheets(t, 200)
	name := filepath.Join(pages, "000.png")
	sheet, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	s := virtual(t, scanner.Settings{Pages: folder, Noise: 4})
	lay := func(i int) { // each scan uses up a page
		t.Helper()
		path := filepath.Join(folder, "page"+string(rune('a'+i/676))+string(rune('a'+i/26%26))+string(rune('a'+i%26))+".png")
		if err := os.WriteFile(path, sheet, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	held := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	var first, most uint64
	for i := range scans {
		lay(i)
		got, err := s.Scan(t.Context(), devices.ScanSettings{DPI: 150, Region: devices.Region{WidthMM: 170, HeightMM: 130}}, nil)
		if err != nil {
			t.Fatalf("scan %d: %v", i, err)
		}
		if _, _, err := image.Decode(bytes.NewReader(got.Data)); err != nil {
			t.Fatalf("scan %d: %v", i, err)
		}
		if i == scans/10 {
			first = held()
		}
		if i > scans/10 && i%(scans/10) == 0 {
			most = max(most, held())
		}
	}
	last := held()
	t.Logf("%d scans: %d KB held after the first tenth, %d KB at most, %d KB at the end", scans, first>>10, most>>10, last>>10)
	if last > first+2<<20 {
		t.Errorf("memory grew by %d KB", (last-first)>>10)
	}
}
