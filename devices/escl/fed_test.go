package escl_test

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"padarozhnik/devices"
	"padarozhnik/devices/escl"
	"padarozhnik/devices/virtual/bounded"
	"padarozhnik/devices/virtual/scanner"
)

// sheets is a folder of small sheets, each of its own grey.
func sheets(t testing.TB, grays ...uint8) string {
	t.Helper()
	dir := t.TempDir()
	for i, v := range grays {
		img := image.NewGray(image.Rect(0, 0, 210, 297))
		for k := range img.Pix {
			img.Pix[k] = v
		}
		var b bytes.Buffer
		if err := png.Encode(&b, img); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%03d.png", i)), b.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// virtual is the driver on a virtual scanner.
func virtual(t testing.TB, set scanner.Settings) *escl.Scanner {
	t.Helper()
	server := httptest.NewServer(scanner.New(set))
	t.Cleanup(server.Close)
	s, err := escl.New(server.URL+"/eSCL", nil, escl.Timing{})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func middle(t testing.TB, s devices.Scan) uint8 {
	t.Helper()
	img, _, err := image.Decode(bytes.NewReader(s.Data))
	if err != nil {
		t.Fatal(err)
	}
	b := img.Bounds()
	return color.GrayModel.Convert(img.At(b.Dx()/2, b.Dy()/3)).(color.Gray).Y
}

// TestFeeder takes all pages of a feeder in one job, then finds it empty, while the glass is its own.
func TestFeeder(t *testing.T) {
	s := virtual(t, scanner.Settings{Pages: sheets(t, 60, 120, 180), Feeder: true})
	want := devices.ScanSettings{DPI: 100, Color: devices.Gray}
	if _, err := s.Scan(t.Context(), want, nil); !errors.Is(err, devices.ErrUnsupported) && !errors.Is(err, devices.ErrNothingToScan) {
		t.Errorf("the glass is empty: %v", err)
	}
	var seen []uint8
	err := s.ScanFed(t.Context(), want, nil, func(p devices.Scan) error {
		seen = append(seen, middle(t, p))
		return nil
	})
	if err != nil || len(seen) != 3 {
		t.Fatalf("%v, %v", seen, err)
	}
	for i, v := range []uint8{60, 120, 180} {
		if seen[i] < v-6 || seen[i] > v+6 {
			t.Errorf("pages %v", seen)
		}
	}
	if err := s.ScanFed(t.Context(), want, nil, nil); !errors.Is(err, devices.ErrNothingToScan) {
		t.Errorf("an empty feeder: %v", err)
	}
	none := virtual(t, scanner.Settings{Pages: sheets(t, 60)})
	if err := none.ScanFed(t.Context(), want, nil, nil); !errors.Is(err, devices.ErrUnsupported) {
		t.Errorf("no feeder: %v", err)
	}
	stop := errors.New("enough")
	again := virtual(t, scanner.Settings{Pages: sheets(t, 60, 70), Feeder: true})
	if err := again.ScanFed(t.Context(), want, nil, func(devices.Scan) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("the taker's error: %v", err)
	}
	if p, err := again.Scan(t.Context(), devices.ScanSettings{DPI: 100, Source: devices.FromFeeder}, nil); err != nil || middle(t, p) < 64 {
		t.Errorf("the second page by itself: %v", err)
	}
}

// TestPDFAnswer scans from a device that knows PDF alone.
func TestPDFAnswer(t *testing.T) {
	s := virtual(t, scanner.Settings{Pages: sheets(t, 90), OnlyPDF: true})
	p, err := s.Scan(t.Context(), devices.ScanSettings{DPI: 100}, nil)
	if err != nil || p.Type != "image/jpeg" {
		t.Fatalf("%s, %v", p.Type, err)
	}
	if v := middle(t, p); v < 84 || v > 96 {
		t.Errorf("grey %d", v)
	}
}

// TestPDFBombs: nothing in a PDF is unpacked, followed or run.
func TestPDFBombs(t *testing.T) {
	var page bytes.Buffer
	if err := jpeg.Encode(&page, image.NewGray(image.Rect(0, 0, 8, 8)), nil); err != nil {
		t.Fatal(err)
	}
	stream := func(dictionary, body string) string {
		return "%PDF-1.7\n1 0 obj\n<< " + dictionary + " >>\nstream\n" + body + "\nendstream\nendobj\n"
	}
	good := "/Type /XObject /Subtype /Image /Filter [ /DCTDecode ] /Length 7 0 R"
	for name, tt := range map[string]struct {
		pdf string
		ok  bool
	}{
		"length stands elsewhere":   {stream(good, page.String()), true},
		"length beyond the file":    {stream(strings.Replace(good, "7 0 R", "999999999", 1), page.String()), true},
		"packed picture":            {stream("/Subtype /Image /Filter /FlateDecode /Length 4", "\x78\x9c\x00\x00"), false},
		"twice packed":              {stream("/Subtype /Image /Filter [/FlateDecode /DCTDecode]", page.String()), false},
		"script":                    {stream("/S /JavaScript /JS (app.launchURL)", "x"), false},
		"file that it names":        {stream("/Subtype /Image /Filter /DCTDecode /F (/etc/passwd) /Length 0", ""), false},
		"objects packed in streams": {stream("/Type /ObjStm /N 100000 /Filter /FlateDecode", strings.Repeat("x", 1<<16)), false},
		"words alone":               {"%PDF-1.7\n" + strings.Repeat("stream endstream ", 1<<16), false},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := escl.PictureOf([]byte(tt.pdf))
			if tt.ok != (err == nil) || err != nil && !errors.Is(err, devices.ErrUnsupported) {
				t.Errorf("%v", err)
			}
			if tt.ok && !bytes.HasPrefix(got, page.Bytes()[:len(page.Bytes())-2]) {
				t.Error("another picture")
			}
		})
	}
}

func FuzzPictureOf(f *testing.F) {
	f.Add([]byte("%PDF-1.4\n1 0 obj\n<< /Subtype /Image /Filter /DCTDecode /Length 4 >>\nstream\n\xff\xd8\xff\xd9\nendstream"))
	f.Fuzz(func(t *testing.T, b []byte) {
		bounded.Memory(t, len(b), 64<<10, 16, func() {
			if p, err := escl.PictureOf(b); err == nil && !bytes.Contains(b, p) {
				t.Error("what is not in the file")
			}
		})
	})
}

// TestPageIsHeldOnce fetches a page as large as A4 at 600 dpi, and counts what the driver takes for it: little
// more than the page itself.
func TestPageIsHeldOnce(t *testing.T) {
	raw := &held{}
	server := httptest.NewServer(raw)
	defer server.Close()
	driver, err := escl.New(server.URL+"/eSCL", nil, escl.Timing{})
	if err != nil {
		t.Fatal(err)
	}
	raw.page = append([]byte("\xff\xd8\xff\xe0"), make([]byte, 48<<20)...)
	raw.page = append(raw.page, 0xff, 0xd9)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	p, err := driver.Scan(t.Context(), devices.ScanSettings{DPI: 600}, nil)
	runtime.ReadMemStats(&after)
	if err != nil || len(p.Data) != len(raw.page) {
		t.Fatal(err)
	}
	if took := after.TotalAlloc - before.TotalAlloc; took > uint64(len(raw.page))*5/4 {
		t.Errorf("%d MB were taken for a page of %d MB", took>>20, len(raw.page)>>20)
	}
}
