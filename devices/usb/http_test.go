package usb_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"padarozhnik/devices"
	"padarozhnik/devices/usb"
	"padarozhnik/devices/virtual/bounded"
	"padarozhnik/devices/virtual/usbip"
)

// echo is a device that says what it was sent.
func echo(t *testing.T) *usb.Link {
	t.Helper()
	b := begin(t)
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		w.Header().Set("X-Seen", fmt.Sprintf("%s %d %v %q %q %v", r.Host, r.ContentLength, r.TransferEncoding,
			r.Header.Get("Expect"), r.Header.Get("Connection"), err))
		fmt.Fprintf(w, "%d", len(body))
	})
	shape := usbip.Shape{Vendor: usbip.Vendor, Product: 9, Maker: "Utopia", Model: "Echo", Serial: serial}
	b.with(usbip.New(shape, []usbip.Function{usbip.Web(handler, nil)}))
	return b.link(9)
}

func TestRequestOnTheWire(t *testing.T) {
	l := echo(t)
	for _, c := range []struct {
		name   string
		length int64
		body   io.Reader
		seen   string
	}{
		{"no body", 0, nil, `localhost 0 [] "" "" <nil>`},
		{"a short one", 5, strings.NewReader("hello"), `localhost 5 [] "" "" <nil>`},
		{"of unknown length", -1, strings.NewReader("hello"), `localhost -1 [chunked] "" "" <nil>`},
		{"a long one", 300_000, strings.NewReader(strings.Repeat("x", 300_000)), `localhost -1 [chunked] "" "" <nil>`},
	} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://other.example/path?q=1", c.body)
		if err != nil {
			t.Fatal(err)
		}
		req.ContentLength = c.length
		req.Header.Set("Expect", "100-continue")
		req.Header.Set("Connection", "close")
		res, err := l.Transport().RoundTrip(req)
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		if seen := res.Header.Get("X-Seen"); seen != c.seen {
			t.Errorf("%s: the device saw %s", c.name, seen)
		}
		_ = res.Body.Close()
	}
}

// broken is a body that breaks off.
type broken struct{ left int }

var errBody = errors.New("no more")

func (b *broken) Read(p []byte) (int, error) {
	if b.left == 0 {
		return 0, errBody
	}
	n := min(b.left, len(p))
	b.left -= n
	return n, nil
}

// TestBrokenBody: a body that breaks off is the caller's error, and the exchange is brought to its end: the next one
// goes through the same pipe.
func TestBrokenBody(t *testing.T) {
	l := echo(t)
	for _, n := range []int{0, 1, 100_000, 500_000} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://localhost/", &broken{n})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := l.Transport().RoundTrip(req); !errors.Is(err, errBody) {
			t.Errorf("after %d bytes: %v", n, err)
		}
		if err := fetch(l)(t.Context(), 0); err != nil {
			t.Errorf("next after %d bytes: %v", n, err)
		}
	}
}

// FuzzAnswer: whatever a device answers, there is an answer or an error, in bounded memory.
func FuzzAnswer(f *testing.F) {
	for _, s := range []string{
		"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
		"HTTP/1.0 200\r\n\r\n", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No\r\n\r\n", "\x00\x01",
		"HTTP/9.9 999 \r\nContent-Length: -3\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, answer []byte) {
		var read int
		var err error
		bounded.Memory(t, len(answer), 1<<20, 64, func() { read, err = usb.ReadAnswer(answer) })
		if err == nil && read > len(answer) {
			t.Errorf("%d bytes out of %d", read, len(answer))
		}
		if err != nil && !errors.Is(err, devices.ErrProtocol) && !errors.Is(err, devices.ErrUnreachable) {
			t.Errorf("got %v", err)
		}
	})
}
