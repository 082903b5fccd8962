package escl_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"image/png"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"padarozhnik/devices"
	"padarozhnik/devices/escl"
)

// quick keeps the tests short; it is long enough for a loaded machine.
var quick = escl.Timing{
	Call: 10 * time.Second, Page: 10 * time.Second, Busy: 300 * time.Millisecond,
	MinPause: 5 * time.Millisecond, MaxPause: 20 * time.Millisecond,
}

// device is a scanner at the wire whose every answer a test may set.
type device struct {
	caps     string // file in testdata
	status   string
	post     func(w http.ResponseWriter, body string)
	next     func(w http.ResponseWriter, r *http.Request)
	deleted  atomic.Int32
	settings atomic.Value
}

func (d *device) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case strings.HasSuffix(r.URL.Path, "/ScannerCapabilities"):
		b, err := os.ReadFile("testdata/" + d.caps)
		if err != nil {
			panic(err)
		}
		_, _ = w.Write(b)
	case strings.HasSuffix(r.URL.Path, "/ScannerStatus"):
		fmt.Fprintf(w, statusForm, d.status)
	case r.Method == http.MethodPost:
		b, _ := io.ReadAll(r.Body)
		d.settings.Store(string(b))
		if d.post != nil {
			d.post(w, string(b))
			return
		}
		w.Header().Set("Location", "/eSCL/ScanJobs/7")
		w.WriteHeader(http.StatusCreated)
	case r.Method == http.MethodDelete && strings.HasSuffix(r.URL.Path, "/ScanJobs/7"):
		d.deleted.Add(1)
	case strings.HasSuffix(r.URL.Path, "/ScanJobs/7/NextDocument"):
		d.next(w, r)
	default:
		http.NotFound(w, r)
	}
}

const statusForm = `<?xml version="1.0"?><scan:ScannerStatus xmlns:scan="http://schemas.hp.com/imaging/escl/2011/05/03"
 xmlns:pwg="http://www.pwg.org/schemas/2010/12/sm"><pwg:Version>2.0</pwg:Version>%s</scan:ScannerStatus>`

const idle = `<pwg:State>Idle</pwg:State>`

func picture(t testing.TB, kind string) []byte {
	t.Helper()
	m := image.NewGray(image.Rect(0, 0, 40, 30))
	var b bytes.Buffer
	var err error
	if kind == "image/png" {
		err = png.Encode(&b, m)
	} else {
		err = jpeg.Encode(&b, m, nil)
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func serve(t *testing.T, h http.Handler) *escl.Scanner {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	s, err := escl.New(server.URL+"/eSCL/", server.Client().Transport, quick)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func answers(codes ...int) func(http.ResponseWriter, string) {
	var n atomic.Int32
	return func(w http.ResponseWriter, _ string) {
		code := codes[min(int(n.Add(1)), len(codes))-1]
		if code == http.StatusCreated {
			w.Header().Set("Location", "/eSCL/ScanJobs/7")
		}
		w.WriteHeader(code)
	}
}

func located(at string) func(http.ResponseWriter, string) {
	return func(w http.ResponseWriter, _ string) {
		w.Header().Set("Location", at)
		w.WriteHeader(http.StatusCreated)
	}
}

func TestScan(t *testing.T) {
	jpg, pic := picture(t, "image/jpeg"), picture(t, "image/png")
	page := func(b []byte) func(http.ResponseWriter, *http.Request) {
		return func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(b) }
	}
	code := func(c int) func(http.ResponseWriter, *http.Request) {
		return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(c) }
	}
	var waits atomic.Int32
	tests := []struct {
		name   string
		device *device
		want   devices.ScanSettings
		kind   string
		dpi    int
		err    error
		holds  []string // in the settings sent
	}{
		{"plain", &device{next: page(jpg)}, devices.ScanSettings{DPI: 300}, "image/jpeg", 300, nil,
			[]string{"<pwg:InputSource>Platen<", "<scan:ColorMode>RGB24<", "<pwg:Width>2550<", "<scan:XResolution>300<"}},
		{"gray and region", &device{next: page(jpg)},
			devices.ScanSettings{DPI: 300, Color: devices.Gray,
				Region: devices.Region{XMM: 25.4, YMM: 12.7, WidthMM: 127, HeightMM: 88.9}}, "image/jpeg", 300, nil,
			[]string{"<scan:ColorMode>Grayscale8<", "<pwg:XOffset>300<", "<pwg:YOffset>150<", "<pwg:Width>1500<",
				"<pwg:Height>1050<"}},
		{"another type than asked", &device{next: page(pic)}, devices.ScanSettings{DPI: 300}, "image/png", 300, nil, nil},
		{"padded jpeg", &device{next: page(append(bytes.Clone(jpg), make([]byte, 100)...))},
			devices.ScanSettings{DPI: 300}, "image/jpeg", 300, nil, nil},
		{"finer resolution", &device{next: page(jpg)}, devices.ScanSettings{DPI: 400}, "image/jpeg", 600, nil, nil},
		{"coarser resolution", &device{next: page(jpg)}, devices.ScanSettings{DPI: 800}, "image/jpeg", 600, nil, nil},
		{"no resolution near", &device{next: page(jpg)}, devices.ScanSettings{DPI: 1200}, "", 0, devices.ErrUnsupported, nil},
		{"range", &device{caps: "range.xml", next: page(jpg)}, devices.ScanSettings{DPI: 333}, "image/jpeg", 350, nil, nil},
		{"feeder only", &device{caps: "feeder.xml", next: page(jpg)}, devices.ScanSettings{DPI: 300}, "image/jpeg", 300, nil,
			[]string{"<pwg:InputSource>Feeder<", "<pwg:Version>2.0<"}},
		{"region off the glass", &device{next: page(jpg)},
			devices.ScanSettings{DPI: 300, Region: devices.Region{XMM: 300, WidthMM: 10, HeightMM: 10}}, "", 0,
			devices.ErrUnsupported, nil},
		{"absolute location elsewhere", &device{next: page(jpg), post: located("http://printer.lan:8080/eSCL/ScanJobs/7")},
			devices.ScanSettings{DPI: 300}, "image/jpeg", 300, nil, nil},
		{"relative location", &device{next: page(jpg), post: located("ScanJobs/7/")},
			devices.ScanSettings{DPI: 300}, "image/jpeg", 300, nil, nil},
		{"no location", &device{post: located("")}, devices.ScanSettings{DPI: 300}, "", 0, devices.ErrProtocol, nil},
		{"busy, then free", &device{next: page(jpg), post: answers(503, 503, 201)}, devices.ScanSettings{DPI: 300},
			"image/jpeg", 300, nil, nil},
		{"busy for good", &device{post: answers(503)}, devices.ScanSettings{DPI: 300}, "", 0, devices.ErrBusy, nil},
		{"page not yet", &device{next: func(w http.ResponseWriter, _ *http.Request) {
			if waits.Add(1) < 4 {
				w.WriteHeader(http.StatusServiceUnavailable)
				return
			}
			_, _ = w.Write(jpg)
		}}, devices.ScanSettings{DPI: 300}, "image/jpeg", 300, nil, nil},
		{"409 without a cause", &device{post: answers(409)}, devices.ScanSettings{DPI: 300}, "", 0,
			devices.ErrUnsupported, nil},
		{"409, in use", &device{post: answers(409), status: `<pwg:State>Processing</pwg:State>`},
			devices.ScanSettings{DPI: 300}, "", 0, devices.ErrBusy, nil},
		{"409, feeder empty", &device{caps: "feeder.xml", post: answers(409),
			status: idle + `<scan:AdfState>ScannerAdfEmpty</scan:AdfState>`},
			devices.ScanSettings{DPI: 300}, "", 0, devices.ErrNothingToScan, nil},
		{"409, empty feeder beside a glass", &device{post: answers(409),
			status: idle + `<scan:AdfState>ScannerAdfEmpty</scan:AdfState>`},
			devices.ScanSettings{DPI: 300}, "", 0, devices.ErrUnsupported, nil},
		{"409 behind the job, jam", &device{caps: "feeder.xml", next: code(409),
			status: `<pwg:State>Stopped</pwg:State><scan:AdfState>ScannerAdfJam</scan:AdfState>`},
			devices.ScanSettings{DPI: 300}, "", 0, devices.ErrJammed, nil},
		{"no page in the feeder", &device{caps: "feeder.xml", next: code(404), status: idle},
			devices.ScanSettings{DPI: 300}, "", 0, devices.ErrNothingToScan, nil},
		{"no page from the glass", &device{next: code(404)}, devices.ScanSettings{DPI: 300}, "", 0,
			devices.ErrProtocol, nil},
		{"cancelled at the device", &device{next: code(410)}, devices.ScanSettings{DPI: 300}, "", 0,
			devices.ErrCancelled, nil},
		{"error page instead of a picture", &device{next: page([]byte("<html>"))}, devices.ScanSettings{DPI: 300}, "", 0,
			devices.ErrProtocol, nil},
		{"broken jpeg", &device{next: page(jpg[:len(jpg)-40])}, devices.ScanSettings{DPI: 300}, "", 0,
			devices.ErrProtocol, nil},
		{"broken png", &device{next: page(pic[:len(pic)-20])}, devices.ScanSettings{DPI: 300}, "", 0,
			devices.ErrProtocol, nil},
		{"connection lost in the page", &device{next: func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "5000")
			_, _ = w.Write(jpg[:20])
		}}, devices.ScanSettings{DPI: 300}, "", 0, devices.ErrUnreachable, nil},
		{"page longer than any page", &device{next: func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", fmt.Sprint(escl.MaxPageBytes+1))
		}}, devices.ScanSettings{DPI: 300}, "", 0, devices.ErrProtocol, nil},
		{"redirect", &device{post: answers(302)}, devices.ScanSettings{DPI: 300}, "", 0, devices.ErrProtocol, nil},
		{"capabilities are a web page", &device{caps: "portal.html"}, devices.ScanSettings{DPI: 300}, "", 0,
			devices.ErrProtocol, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if tt.device.caps == "" {
				tt.device.caps = "flatbed.xml"
			}
			if tt.device.status == "" {
				tt.device.status = idle
			}
			got, err := serve(t, tt.device).Scan(t.Context(), tt.want, nil)
			if !errors.Is(err, tt.err) {
				t.Fatalf("error = %v, want %v", err, tt.err)
			}
			if got.Type != tt.kind || got.DPI != tt.dpi {
				t.Errorf("scan = %s at %d dpi, want %s at %d", got.Type, got.DPI, tt.kind, tt.dpi)
			}
			if tt.err == nil && tt.device.deleted.Load() != 1 {
				t.Errorf("job deleted %d times, want once", tt.device.deleted.Load())
			}
			for _, part := range tt.holds {
				if sent, _ := tt.device.settings.Load().(string); !strings.Contains(sent, part) {
					t.Errorf("settings lack %s:\n%s", part, sent)
				}
			}
		})
	}
}

func TestScanCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	d := &device{caps: "flatbed.xml", status: idle, next: func(_ http.ResponseWriter, r *http.Request) {
		cancel()
		<-r.Context().Done()
	}}
	_, err := serve(t, d).Scan(ctx, devices.ScanSettings{DPI: 300}, nil)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error = %v, want %v", err, context.Canceled)
	}
	if d.deleted.Load() != 1 {
		t.Errorf("job deleted %d times, want once", d.deleted.Load())
	}
}

func TestUnreachable(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	server.Close()
	s, err := escl.New(server.URL+"/eSCL", nil, quick)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Identify(t.Context()); !errors.Is(err, devices.ErrUnreachable) {
		t.Errorf("error = %v, want %v", err, devices.ErrUnreachable)
	}
}

func TestSilentDevice(t *testing.T) {
	release := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
	defer server.Close()
	defer close(release)
	impatient := quick
	impatient.Call = 50 * time.Millisecond
	s, err := escl.New(server.URL+"/eSCL", nil, impatient)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Identify(t.Context()); !errors.Is(err, devices.ErrUnreachable) {
		t.Errorf("error = %v, want %v", err, devices.ErrUnreachable)
	}
}

// transport is a RoundTripper with a condition of its own, as that of a cable.
type transport struct{ err error }

func (t transport) RoundTrip(*http.Request) (*http.Response, error) { return nil, t.err }

func TestTransportCondition(t *testing.T) {
	for _, want := range []error{devices.ErrBusy, devices.ErrUnreachable} {
		s, err := escl.New("http://localhost/eSCL", transport{fmt.Errorf("interface 2: %w", want)}, quick)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Identify(t.Context()); !errors.Is(err, want) {
			t.Errorf("error = %v, want %v", err, want)
		}
	}
}

func TestIdentify(t *testing.T) {
	got, err := serve(t, &device{caps: "flatbed.xml"}).Identify(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	got.URI = ""
	want := devices.Identity{Maker: "Utopia Optics", Model: "Flat 300", Serial: "UO-0042"}
	if got != want {
		t.Errorf("identity = %+v, want %+v", got, want)
	}
}

func TestNewRefuses(t *testing.T) {
	for _, uri := range []string{"", "usb:1234:5678", "http:///eSCL", "http://[::1", "ftp://host/eSCL"} {
		if _, err := escl.New(uri, nil, quick); err == nil {
			t.Errorf("New(%q) gave no error", uri)
		}
	}
}
