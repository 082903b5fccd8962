package ipp_test

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/OpenPrinting/goipp"

	"padarozhnik/devices"
	"padarozhnik/devices/ipp"
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

// canned is a transport that always gives the same answer.
type canned []byte

func (c canned) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		_, _ = io.Copy(io.Discard, r.Body)
		_ = r.Body.Close()
	}
	return &http.Response{
		StatusCode: http.StatusOK, ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{},
		Body: io.NopCloser(bytes.NewReader(c)),
	}, nil
}

func FuzzAnswer(f *testing.F) {
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
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := ipp.New("ipp://localhost/ipp/print", canned(b), ipp.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.State(t.Context()); err == nil {
			return
		}
		_, _ = p.Identify(t.Context())
	})
}
