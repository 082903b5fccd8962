package scanner_test

import (
	"bytes"
	"context"
	"fmt"
	"image/png"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"padarozhnik/devices/virtual/desk"
	"padarozhnik/devices/virtual/scanner"
)

// post sends settings to a scanner without a network and returns the status.
func post(s *scanner.Scanner, body string) int {
	w := httptest.NewRecorder()
	s.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/eSCL/ScanJobs", strings.NewReader(body)))
	return w.Code
}

// scanimage runs SANE's client with our scanner as the only device of its driverless back end.
func scanimage(t *testing.T, uri string, args ...string) ([]byte, error) {
	t.Helper()
	config := t.TempDir()
	airscan := fmt.Sprintf("[devices]\nVirtual = %s, eSCL\n[options]\ndiscovery = disable\n", uri)
	for name, text := range map[string]string{"dll.conf": "airscan\n", "airscan.conf": airscan} {
		if err := os.WriteFile(filepath.Join(config, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	args = append([]string{"--device-name=airscan:e0:Virtual"}, args...)
	cmd := exec.CommandContext(ctx, "scanimage", args...)
	cmd.Env = append(os.Environ(), "SANE_CONFIG_DIR="+config)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("%w: %s", err, strings.TrimSpace(errs.String()))
	}
	return out.Bytes(), nil
}

// TestSANE lets an independent driverless client judge the virtual scanner.
func TestSANE(t *testing.T) {
	if _, err := exec.LookPath("scanimage"); err != nil {
		t.Fatal("scanimage is missing: install the Debian packages sane-utils and sane-airscan (make deps)")
	}
	backends, _ := filepath.Glob("/usr/lib/*/sane/libsane-airscan.so*")
	if len(backends) == 0 {
		t.Fatal("SANE's driverless back end is missing: install the Debian package sane-airscan (make deps)")
	}
	o := newOffice(t, scanner.Settings{Noise: 2})
	if _, err := scanimage(t, o.uri, "--format=png", "--resolution=150"); err == nil {
		t.Error("empty glass was scanned")
	}
	o.put(t, desk.Scanner)
	for _, mode := range []string{"Color", "Gray"} {
		t.Run(mode, func(t *testing.T) {
			b, err := scanimage(t, o.uri, "--format=png", "--resolution=150", "--mode="+mode,
				"-l", "50", "-t", "40", "-x", "60", "-y", "60")
			if err != nil {
				t.Fatal(err)
			}
			m, err := png.Decode(bytes.NewReader(b))
			if err != nil {
				t.Fatal(err)
			}
			if !near(float64(m.Bounds().Dx()), 354, 3) || !near(float64(m.Bounds().Dy()), 354, 3) {
				t.Errorf("picture of %v, want 354 x 354", m.Bounds().Size())
			}
			area, x, y := dark(m, 150)
			if !near(area, 100, 4) || !near(x, 32.5, 0.4) || !near(y, 29, 0.4) {
				t.Errorf("square of %.1f mm2 at %.2f, %.2f; want 100 at 32.50, 29.00", area, x, y)
			}
		})
	}
}
