package ipp_test

import (
	"bytes"
	"errors"
	"image"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/OpenPrinting/goipp"

	"padarozhnik/devices"
	"padarozhnik/devices/ipp"
	"padarozhnik/devices/virtual/bounded"
	"padarozhnik/devices/virtual/printer"
)

func TestNewRefuses(t *testing.T) {
	for _, uri := range []string{"", "http://h/ipp/print", "ipp:///ipp/print", "file:/x", "ipp://h:%zz/"} {
		if _, err := ipp.New(uri, nil, ipp.Options{}); !errors.Is(err, devices.ErrUnsupported) {
			t.Errorf("%q: got %v", uri, err)
		}
	}
}

// TestStrangeAnswers holds the driver against printers that are none.
func TestStrangeAnswers(t *testing.T) {
	status := func(code int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
	}
	cases := []struct {
		name    string
		handler http.HandlerFunc
		want    error
	}{
		{"not found", status(http.StatusNotFound), devices.ErrProtocol},
		{"redirected", http.RedirectHandler("/x", http.StatusFound).ServeHTTP, devices.ErrProtocol},
		{"busy", status(http.StatusServiceUnavailable), devices.ErrBusy},
		{"empty", status(http.StatusOK), devices.ErrProtocol},
		{"a web page", func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, "<html>")
		}, devices.ErrProtocol},
		{"endless", func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.Copy(w, io.LimitReader(zeros{}, 2<<20))
		}, devices.ErrProtocol},
		{"another request", reply(func(m *goipp.Message) { m.RequestID += 7 }), devices.ErrProtocol},
		{"no state", reply(func(*goipp.Message) {}), devices.ErrProtocol},
		{"deactivated", reply(func(m *goipp.Message) {
			m.Code = goipp.Code(goipp.StatusErrorPrinterIsDeactivated)
		}), devices.ErrBusy},
		{"not now", reply(func(m *goipp.Message) { m.Code = goipp.Code(goipp.StatusErrorBusy) }), devices.ErrBusy},
		{"silent", func(_ http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			<-r.Context().Done()
		}, devices.ErrUnreachable},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s := httptest.NewServer(c.handler)
			defer s.Close()
			uri := strings.Replace(s.URL, "http", "ipp", 1) + "/ipp/print"
			p, err := ipp.New(uri, nil, ipp.Options{Answer: 300 * time.Millisecond})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := p.State(t.Context()); !errors.Is(err, c.want) {
				t.Errorf("state: got %v", err)
			}
			err = p.Print(t.Context(), sheet(), nil)
			if !errors.Is(err, c.want) || errors.Is(err, devices.ErrPrintInDoubt) {
				t.Errorf("print: got %v", err)
			}
		})
	}
}

// zeros is an endless stream.
type zeros struct{}

func (zeros) Read(b []byte) (int, error) {
	clear(b)
	return len(b), nil
}

// reply answers every request with success, changed.
func reply(change func(*goipp.Message)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var q goipp.Message
		if err := q.Decode(r.Body); err != nil {
			return
		}
		m := goipp.NewResponse(q.Version, goipp.StatusOk, q.RequestID)
		change(m)
		b, _ := m.EncodeBytes()
		_, _ = w.Write(b)
	}
}

// canned is a transport that answers every request with the same bytes, but for the number of the request in them.
type canned []byte

func (c canned) RoundTrip(r *http.Request) (*http.Response, error) {
	head := make([]byte, 8)
	if _, err := io.ReadFull(r.Body, head); err != nil {
		return nil, err
	}
	return c.answer(head, r), nil
}

// answer takes a request of which the head was read.
func (c canned) answer(head []byte, r *http.Request) *http.Response {
	_, _ = io.Copy(io.Discard, r.Body)
	_ = r.Body.Close()
	b := bytes.Clone(c)
	if len(b) >= 8 {
		copy(b[4:8], head[4:])
	}
	return &http.Response{
		StatusCode: http.StatusOK, ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{},
		Body: io.NopCloser(bytes.NewReader(b)),
	}
}

// forger is a printer that tells the truth about itself, and the same bytes about every job.
type forger struct{ canned }

func (f forger) RoundTrip(r *http.Request) (*http.Response, error) {
	head := make([]byte, 8)
	if _, err := io.ReadFull(r.Body, head); err != nil {
		return nil, err
	}
	switch goipp.Op(head[2])<<8 | goipp.Op(head[3]) {
	case goipp.OpGetPrinterAttributes, goipp.OpValidateJob:
		whole := r.Clone(r.Context())
		whole.Body = io.NopCloser(io.MultiReader(bytes.NewReader(head), r.Body))
		return http.DefaultTransport.RoundTrip(whole)
	}
	return f.answer(head, r), nil
}

// answers begins a fuzz target with what a printer answers to questions about itself and about a job.
func answers(f *testing.F) {
	f.Helper()
	m := goipp.NewResponse(goipp.MakeVersion(2, 0), goipp.StatusOk, 1)
	m.Printer.Add(goipp.MakeAttr("printer-state", goipp.TagEnum, goipp.Integer(3)))
	m.Printer.Add(goipp.MakeAttr("printer-state-reasons", goipp.TagKeyword, goipp.String("media-jam-error")))
	m.Printer.Add(goipp.MakeAttr("printer-device-id", goipp.TagText, goipp.String("MFG:x;SN:")))
	m.Printer.Add(goipp.MakeAttr("pwg-raster-document-resolution-supported", goipp.TagResolution,
		goipp.Resolution{Xres: 118, Yres: 118, Units: goipp.UnitsDpcm}))
	m.Printer.Add(goipp.MakeAttrCollection("media-size-supported",
		goipp.MakeAttr("x-dimension", goipp.TagRange, goipp.Range{Lower: 1, Upper: 99999}),
		goipp.MakeAttr("y-dimension", goipp.TagInteger, goipp.Integer(8800))))
	seed, err := m.EncodeBytes()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(seed)
	f.Add([]byte{2, 0, 0, 0, 0, 0, 0, 1, 3})
}

// FuzzAnswer: whatever a printer answers when it is asked who and how it is and what it has loaded, there is an
// answer or a condition, in bounded memory.
func FuzzAnswer(f *testing.F) {
	answers(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := ipp.New("ipp://localhost/ipp/print", canned(b), ipp.Options{})
		if err != nil {
			t.Fatal(err)
		}
		bounded.Memory(t, len(b), 1<<20, 3*200, func() {
			_, err = p.State(t.Context())
			_, _ = p.Identify(t.Context())
			_, _ = p.Loaded(t.Context())
		})
		if err != nil && !errors.Is(err, devices.ErrProtocol) && !errors.Is(err, devices.ErrBusy) &&
			!errors.Is(err, devices.ErrUnsupported) && !errors.Is(err, devices.ErrCancelled) {
			t.Errorf("got %v", err)
		}
	})
}

// FuzzJob: whatever a printer says of a job, a page is not called printed unless it says completed, and the job comes
// to its end.
func FuzzJob(f *testing.F) {
	answers(f)
	m := goipp.NewResponse(goipp.MakeVersion(2, 0), goipp.StatusOk, 1)
	m.Job.Add(goipp.MakeAttr("job-id", goipp.TagInteger, goipp.Integer(1)))
	m.Job.Add(goipp.MakeAttr("job-state", goipp.TagEnum, goipp.Integer(9)))
	m.Job.Add(goipp.MakeAttr("job-state-reasons", goipp.TagKeyword, goipp.String("job-completed-successfully")))
	said, err := m.EncodeBytes()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(said)
	truth := open(f, printer.Options{})
	page := image.NewGray(image.Rect(0, 0, width, height))
	quick := ipp.Options{Job: 2 * time.Millisecond, Poll: time.Millisecond, Reach: time.Millisecond,
		Cancel: 2 * time.Millisecond}
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := ipp.New(truth.uri, forger{b}, quick)
		if err != nil {
			t.Fatal(err)
		}
		bounded.Memory(t, len(b), 16<<20, 2000, func() {
			err = p.Print(t.Context(), devices.Sheet{Image: page, DPI: dpi, Title: "F"}, nil)
		})
		if err == nil && !completed(b) {
			t.Error("printed, and the printer did not say so")
		}
	})
}

// completed tells whether a message says of a job that it is completed (RFC 8011, 5.3.7).
func completed(b []byte) bool {
	var m goipp.Message
	if err := m.DecodeBytesEx(b, goipp.DecoderOptions{EnableWorkarounds: true}); err != nil {
		return false
	}
	return slices.ContainsFunc(m.Job, func(a goipp.Attribute) bool {
		return a.Name == "job-state" && len(a.Values) > 0 && a.Values[0].V == goipp.Integer(9)
	})
}
