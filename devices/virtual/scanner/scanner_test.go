package scanner_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"math"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"padarozhnik/devices"
	"padarozhnik/devices/escl"
	"padarozhnik/devices/virtual/desk"
	"padarozhnik/devices/virtual/scanner"
)

// office is a desk with one book, its scanner, and a driver for it.
type office struct {
	dir     string
	desk    *desk.Desk
	scanner *scanner.Scanner
	uri     string
	driver  *escl.Scanner
}

func newOffice(t *testing.T, set scanner.Settings) *office {
	t.Helper()
	dir := t.TempDir()
	d, err := desk.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.AddBook("UT0000001"); err != nil {
		t.Fatal(err)
	}
	writePNG(t, d.PagePath("UT0000001"), bookPage(1000))
	set.Desk, set.Dir = d, dir
	s := scanner.New(set)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Serve(ctx, l) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	o := &office{dir: dir, desk: d, scanner: s, uri: fmt.Sprintf("http://%s/eSCL", l.Addr())}
	o.driver, err = escl.New(o.uri, nil, escl.Timing{Call: 10 * time.Second, Page: time.Minute,
		Busy: 400 * time.Millisecond, MinPause: 10 * time.Millisecond, MaxPause: 50 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func (o *office) put(t *testing.T, p desk.Place) {
	t.Helper()
	if err := o.desk.Move("UT0000001", p); err != nil {
		t.Fatal(err)
	}
}

// bookPage is a mid-grey data page with a black square of 10 mm around its middle.
func bookPage(width int) image.Image {
	perMM := float64(width) / 125
	m := image.NewGray(image.Rect(0, 0, width, int(88*perMM)))
	for y := range m.Rect.Dy() {
		for x := range width {
			v := uint8(180)
			if math.Abs(float64(x)/perMM-62.5) < 5 && math.Abs(float64(y)/perMM-44) < 5 {
				v = 0
			}
			m.SetGray(x, y, color.Gray{Y: v})
		}
	}
	return m
}

func writePNG(t *testing.T, path string, m image.Image) {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
}

func (o *office) scan(t *testing.T, s devices.ScanSettings) image.Image {
	t.Helper()
	got, err := o.driver.Scan(t.Context(), s, nil)
	if err != nil {
		t.Fatal(err)
	}
	m, _, err := image.Decode(bytes.NewReader(got.Data))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// dark returns area and centre of what is nearly black, in millimetres.
func dark(m image.Image, dpi int) (area, x, y float64) {
	b := m.Bounds()
	n := 0.0
	for py := b.Min.Y; py < b.Max.Y; py++ {
		for px := b.Min.X; px < b.Max.X; px++ {
			if r, _, _, _ := m.At(px, py).RGBA(); r < 90<<8 {
				n++
				x += float64(px) + 0.5
				y += float64(py) + 0.5
			}
		}
	}
	perMM := float64(dpi) / 25.4
	return n / perMM / perMM, x / n / perMM, y / n / perMM
}

func near(a, b, by float64) bool { return math.Abs(a-b) <= by }

func TestBookOnTheGlass(t *testing.T) {
	tests := []struct {
		name string
		set  scanner.Settings
		scan devices.ScanSettings
		x, y float64 // of the square's centre
	}{
		{"whole glass", scanner.Settings{}, devices.ScanSettings{DPI: 150}, 82.5, 69},
		{"region", scanner.Settings{},
			devices.ScanSettings{DPI: 300, Region: devices.Region{XMM: 50, YMM: 40, WidthMM: 60, HeightMM: 60}}, 32.5, 29},
		{"gray, askew, noisy, soft", scanner.Settings{SkewDeg: 5, Noise: 6, BlurMM: 0.2, Seed: 7},
			devices.ScanSettings{DPI: 200, Color: devices.Gray}, 82.5, 69},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o := newOffice(t, tt.set)
			o.put(t, desk.Scanner)
			m := o.scan(t, tt.scan)
			if _, gray := m.(*image.Gray); gray != (tt.scan.Color == devices.Gray) {
				t.Errorf("picture is a %T", m)
			}
			area, x, y := dark(m, tt.scan.DPI)
			if !near(area, 100, 4) || !near(x, tt.x, 0.3) || !near(y, tt.y, 0.3) {
				t.Errorf("square of %.1f mm2 at %.2f, %.2f; want 100 at %.2f, %.2f", area, x, y, tt.x, tt.y)
			}
		})
	}
}

func TestSeedRepeats(t *testing.T) {
	set := scanner.Settings{Seed: 3, SkewDeg: 2, ShiftMM: 5, Noise: 3}
	var pictures [][]byte
	for _, seed := range []uint64{3, 3, 4} {
		set.Seed = seed
		o := newOffice(t, set)
		o.put(t, desk.Scanner)
		s, err := o.driver.Scan(t.Context(), devices.ScanSettings{DPI: 100}, nil)
		if err != nil {
			t.Fatal(err)
		}
		pictures = append(pictures, s.Data)
	}
	if !bytes.Equal(pictures[0], pictures[1]) || bytes.Equal(pictures[0], pictures[2]) {
		t.Error("the picture does not follow from the seed")
	}
}

func TestPages(t *testing.T) {
	pages := t.TempDir()
	for i, width := range []int{420, 840} { // A4 at 2 and at 4 pixels a millimetre
		m := image.NewGray(image.Rect(0, 0, width, width*297/210))
		for j := range m.Pix {
			m.Pix[j] = uint8(100 + 100*i)
		}
		var b bytes.Buffer
		if err := jpeg.Encode(&b, m, nil); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(pages, fmt.Sprintf("%d.jpg", i)), b.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	o := newOffice(t, scanner.Settings{Pages: pages})
	for _, want := range []uint32{100, 200} {
		m := o.scan(t, devices.ScanSettings{DPI: 100})
		at := func(xMM float64) uint32 {
			r, _, _, _ := m.At(int(xMM/25.4*100), 500).RGBA()
			return r >> 8
		}
		if got := at(208); got < want-3 || got > want+3 {
			t.Errorf("page is %d at its right edge, want %d", got, want)
		}
		if got := at(213); got < 240 {
			t.Errorf("lid is %d beside the page", got)
		}
	}
	_, err := o.driver.Scan(t.Context(), devices.ScanSettings{DPI: 100}, nil)
	if !errors.Is(err, devices.ErrNothingToScan) {
		t.Errorf("third scan: %v, want %v", err, devices.ErrNothingToScan)
	}
}

func TestFaults(t *testing.T) {
	tests := []struct {
		name, file string
		faults     scanner.Faults
		want       error
	}{
		{name: "busy for good", faults: scanner.Faults{Busy: true}, want: devices.ErrBusy},
		{name: "busy, then well", faults: scanner.Faults{BusyUntil: time.Now().Add(100 * time.Millisecond)}},
		{name: "unplugged", faults: scanner.Faults{Unplugged: true}, want: devices.ErrUnreachable},
		{name: "web page", faults: scanner.Faults{HTML: true}, want: devices.ErrProtocol},
		{name: "truncated", faults: scanner.Faults{Truncate: true}, want: devices.ErrProtocol},
		{name: "jam", faults: scanner.Faults{Jam: true}, want: devices.ErrJammed},
		{name: "jam by file", file: "jam\n", want: devices.ErrJammed},
		{name: "busy by file, long ago", file: "busy=1ns"},
		{name: "unplugged by file", file: "unplugged", want: devices.ErrUnreachable},
		{name: "unknown word", file: "on fire"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o := newOffice(t, scanner.Settings{})
			o.put(t, desk.Scanner)
			o.scanner.SetFaults(tt.faults)
			if tt.file != "" {
				o.writeFault(t, tt.file)
			}
			_, err := o.driver.Scan(t.Context(), devices.ScanSettings{DPI: 100}, nil)
			if !errors.Is(err, tt.want) {
				t.Errorf("error = %v, want %v", err, tt.want)
			}
			o.scanner.SetFaults(scanner.Faults{})
			if err := os.RemoveAll(filepath.Join(o.dir, "faults")); err != nil {
				t.Fatal(err)
			}
			if _, err := o.driver.Scan(t.Context(), devices.ScanSettings{DPI: 100}, nil); err != nil {
				t.Errorf("after the fault: %v", err)
			}
		})
	}
}

func (o *office) writeFault(t *testing.T, text string) {
	t.Helper()
	dir := filepath.Join(o.dir, "faults")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "scanner"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestEmptyGlass(t *testing.T) {
	o := newOffice(t, scanner.Settings{})
	_, err := o.driver.Scan(t.Context(), devices.ScanSettings{DPI: 100}, nil)
	if !errors.Is(err, devices.ErrNothingToScan) {
		t.Errorf("error = %v, want %v", err, devices.ErrNothingToScan)
	}
}

func TestIdentify(t *testing.T) {
	o := newOffice(t, scanner.Settings{Seed: 9})
	got, err := o.driver.Identify(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want := devices.Identity{URI: o.uri, Maker: "Padarozhnik", Model: "Virtual Scanner", Serial: "PVS-9"}
	if got != want {
		t.Errorf("identity = %+v, want %+v", got, want)
	}
}

func TestParseFaults(t *testing.T) {
	for _, text := range []string{"busy=soon", "fire", "jam busy=", "html=1"} {
		if _, err := scanner.ParseFaults(text, time.Time{}); err == nil {
			t.Errorf("ParseFaults(%q) gave no error", text)
		}
	}
	got, err := scanner.ParseFaults(" jam\nbusy=2s html ", time.Unix(10, 0))
	if want := (scanner.Faults{Jam: true, HTML: true, BusyUntil: time.Unix(12, 0)}); err != nil || got != want {
		t.Errorf("faults = %+v, %v; want %+v", got, err, want)
	}
}

func FuzzServeSettings(f *testing.F) {
	s := scanner.New(scanner.Settings{})
	f.Add(strings.Repeat("<a>", 10))
	f.Add(`<s:ScanSettings xmlns:s="http://schemas.hp.com/imaging/escl/2011/05/03"><s:XResolution>300</s:XResolution>` +
		`<s:YResolution>300</s:YResolution></s:ScanSettings>`)
	f.Fuzz(func(t *testing.T, body string) {
		if code := post(s, body); code != 409 {
			t.Errorf("status %d from an empty glass", code)
		}
	})
}
