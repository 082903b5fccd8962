package sane_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"padarozhnik/devices"
	"padarozhnik/devices/sane"
	"padarozhnik/devices/virtual/scanner"
)

// airscan is a SANE with the virtual scanner as its only device.
func airscan(t *testing.T, pages string) *sane.Scanner {
	t.Helper()
	if _, err := exec.LookPath("scanimage"); err != nil {
		t.Fatal("scanimage is missing (run make deps)")
	}
	server := httptest.NewServer(scanner.New(scanner.Settings{Pages: pages}))
	t.Cleanup(server.Close)
	config := t.TempDir()
	for name, text := range map[string]string{
		"dll.conf":     "airscan\n",
		"airscan.conf": "[devices]\nVirtual = " + server.URL + "/eSCL, eSCL\n[options]\ndiscovery = disable\n",
	} {
		if err := os.WriteFile(filepath.Join(config, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s, err := sane.New("airscan:e0:Virtual", sane.Options{Env: []string{"SANE_CONFIG_DIR=" + config}})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestScanThroughSANE scans from the virtual scanner by way of SANE's own client and driverless back end.
func TestScanThroughSANE(t *testing.T) {
	pages := t.TempDir()
	sheet := image.NewGray(image.Rect(0, 0, 210, 297))
	for i := range sheet.Pix {
		sheet.Pix[i] = 230
	}
	for y := 40; y < 60; y++ {
		for x := 30; x < 80; x++ {
			sheet.SetGray(x, y, color.Gray{Y: 20})
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, sheet); err != nil {
		t.Fatal(err)
	}
	s := airscan(t, pages)
	if id, err := s.Identify(t.Context()); err != nil || id.URI != "sane:airscan:e0:Virtual" {
		t.Errorf("%+v, %v", id, err)
	}
	if _, err := s.Scan(t.Context(), devices.ScanSettings{DPI: 100}, nil); err == nil {
		t.Error("an empty glass was scanned")
	}
	if err := os.WriteFile(filepath.Join(pages, "a.png"), b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	var seen int64
	got, err := s.Scan(t.Context(), devices.ScanSettings{DPI: 100, Color: devices.Gray,
		Region: devices.Region{XMM: 20, YMM: 30, WidthMM: 80, HeightMM: 60}}, func(p devices.Progress) { seen = p.Done })
	if err != nil {
		t.Fatal(err)
	}
	img, err := png.Decode(bytes.NewReader(got.Data))
	if err != nil || got.Type != "image/png" || seen != int64(len(got.Data)) {
		t.Fatalf("%s of %d bytes, %d reported: %v", got.Type, len(got.Data), seen, err)
	}
	at := func(xMM, yMM float64) uint8 {
		return color.GrayModel.Convert(img.At(int(xMM/25.4*100), int(yMM/25.4*100))).(color.Gray).Y
	}
	if size := img.Bounds().Size(); size.X < 305 || size.X > 325 || at(35, 20) > 80 || at(5, 5) < 180 {
		t.Errorf("%v, mark %d, paper %d", size, at(35, 20), at(5, 5))
	}
}

// client writes a program that stands in for scanimage where a real one does not fail on demand.
func client(t *testing.T, script string) *sane.Scanner {
	t.Helper()
	path := filepath.Join(t.TempDir(), "scanimage")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+script), 0o700); err != nil {
		t.Fatal(err)
	}
	s, err := sane.New("test:0", sane.Options{Client: path})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestWhatSANESays(t *testing.T) {
	for words, want := range map[string]error{
		"scanimage: sane_start: Device busy":                         devices.ErrBusy,
		"scanimage: sane_start: Document feeder jammed":              devices.ErrJammed,
		"scanimage: sane_start: Document feeder out of documents":    devices.ErrNothingToScan,
		"scanimage: sane_start: Scanner cover is open":               devices.ErrCoverOpen,
		"scanimage: open of device test:0 failed: Invalid argument":  devices.ErrUnsupported,
		"scanimage: sane_read: Error during device I/O":              devices.ErrUnreachable,
		"scanimage: no SANE devices found":                           devices.ErrUnreachable,
		"a word that no version of it has ever said to anybody here": devices.ErrProtocol,
	} {
		s := client(t, fmt.Sprintf("echo %q >&2; exit 1\n", words))
		if _, err := s.Scan(t.Context(), devices.ScanSettings{DPI: 300}, nil); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", words, err, want)
		}
	}
	for name, script := range map[string]string{
		"a web page": "echo '<html>sign in</html>'",
		"half a PNG": `printf '\211PNG\r\n\032\n123'`,
		"nothing":    "true",
	} {
		if _, err := client(t, script).Scan(t.Context(), devices.ScanSettings{DPI: 300}, nil); !errors.Is(err, devices.ErrProtocol) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestCancelEndsTheProgram(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	s := client(t, "echo started; exec sleep 60\n")
	begun := time.Now()
	report := func(devices.Progress) { cancel() }
	if _, err := s.Scan(ctx, devices.ScanSettings{DPI: 300}, report); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	if took := time.Since(begun); took > 30*time.Second {
		t.Errorf("the program went on for %v", took)
	}
}

func TestNames(t *testing.T) {
	for _, name := range []string{"", "-L", "--batch", "a\nb", "$(reboot)", "a;b"} {
		if _, err := sane.New(name, sane.Options{}); err == nil {
			t.Errorf("%q is the name of a device", name)
		}
	}
	s, err := sane.New("test:0", sane.Options{Client: "/nonexistent/scanimage"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Scan(t.Context(), devices.ScanSettings{DPI: 300}, nil); err == nil {
		t.Error("scanned without a client")
	}
}
