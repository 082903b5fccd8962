package printing_test

import (
	"io"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"padarozhnik/printing"
)

// peakLimit is what drawing and packing pages at 1200 dpi may take, caches and all.
const peakLimit = 160 << 20

// alone is set in the process that only prints.
const alone = "PADAROZHNIK_PRINT_ALONE"

// TestPeakMemory prints whole pages at 1200 dpi in a process of its own, which says how much memory it
// took from the system.
func TestPeakMemory(t *testing.T) {
	taken, resident := peak(t)
	t.Logf("two whole pages at 1200 dpi: %d MB taken by the program, %d MB resident at most", taken>>20, resident>>20)
	if taken > peakLimit {
		t.Fatalf("%d MB, want at most %d", taken>>20, peakLimit>>20)
	}
}

// peak runs this test binary alone and returns what it took: the memory of the Go program, and of the
// whole process, which under the race detector is larger by what that keeps for itself.
func peak(t testing.TB) (taken, resident int) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestPrintAlone$", "-test.v")
	cmd.Env = append(os.Environ(), alone+"=1")
	out, err := cmd.CombinedOutput()
	found := regexp.MustCompile(`taken (\d+) resident (\d+)`).FindSubmatch(out)
	if err != nil || found == nil {
		t.Fatalf("%v\n%s", err, out)
	}
	taken, _ = strconv.Atoi(string(found[1]))
	resident, _ = strconv.Atoi(string(found[2]))
	return taken, resident
}

// TestPrintAlone is the process that TestPeakMemory looks at; among the other tests it prints small.
func TestPrintAlone(t *testing.T) {
	dpi := 1200
	if os.Getenv(alone) == "" {
		dpi = 150
	}
	l, p := layout(t), anna()
	p.Signature = signed()
	var band []byte
	for range 2 {
		band = raster(t, io.Discard, compose(t, p, l, printing.Options{DPI: dpi, Serial: serial}), band)
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	_, hwm, _ := strings.Cut(string(status), "VmHWM:")
	kb, _ := strconv.Atoi(strings.Fields(hwm)[0])
	t.Logf("taken %d resident %d", m.Sys, kb<<10)
}
