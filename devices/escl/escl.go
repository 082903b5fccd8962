// Package escl drives a document scanner over eSCL, the protocol of driverless scanning: XML and
// pictures over HTTP, the same over a network and, through a RoundTripper that speaks IPP over
// USB, over a cable.
//
// # Life of a scan
//
// Scan reads ScannerCapabilities and chooses source, resolution, colour and media type; posts the
// settings to ScanJobs; asks for NextDocument until the page is there; looks at its bytes; and
// deletes the job, also after a cancel or an error, so that the scanner is free for the next one.
// One page is taken per call; ScanFed takes all that lie in a feeder. A PDF is not interpreted: its JPEG is
// cut out.
//
// A refusal is not believed before ScannerStatus was read: 409 stands for refused settings, an
// empty feeder and a jam alike. 503 means "not yet" and is asked again with growing pauses. The
// host in a job's address is ignored and its path kept: devices behind a cable or a name server
// give names of their own.
package escl

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"padarozhnik/devices"
)

// MaxPageBytes bounds one page. An A4 page at 1200 dpi in colour is about 60 MB as PNG.
const MaxPageBytes = 256 << 20

// Timing says how patient the driver is. The zero value of a field takes the one of
// DefaultTiming.
type Timing struct {
	Call     time.Duration // deadline of one short exchange
	Page     time.Duration // from the accepted job to the last byte of its page
	Busy     time.Duration // how long a busy scanner is asked again before ErrBusy
	MinPause time.Duration // first pause after 503; doubled each time
	MaxPause time.Duration // longest pause
}

// DefaultTiming suits desktop flatbeds: a lamp warms up within half a minute, a page at 1200 dpi
// takes up to two minutes.
var DefaultTiming = Timing{
	Call:     15 * time.Second,
	Page:     3 * time.Minute,
	Busy:     30 * time.Second,
	MinPause: 200 * time.Millisecond,
	MaxPause: 2 * time.Second,
}

// Scanner is one eSCL scanner. It implements devices.Scanner and holds no connection of its own.
type Scanner struct {
	uri    string
	base   *url.URL
	rt     http.RoundTripper
	timing Timing
}

var _ devices.Scanner = (*Scanner)(nil)

// New returns the scanner at an address of the form http://HOST:PORT/eSCL. Exchanges go through
// rt, http.DefaultTransport where it is nil; redirects are not followed.
func New(uri string, rt http.RoundTripper, timing Timing) (*Scanner, error) {
	base, err := url.Parse(uri)
	if err != nil {
		return nil, errors.New("scanner address is not a URI")
	}
	if base.Scheme != "http" && base.Scheme != "https" || base.Host == "" {
		return nil, fmt.Errorf("scanner address %q: want http://HOST:PORT/eSCL", base.Redacted())
	}
	base.Path = strings.TrimRight(base.Path, "/")
	base.RawQuery, base.Fragment = "", ""
	if rt == nil {
		rt = http.DefaultTransport
	}
	return &Scanner{uri: uri, base: base, rt: rt, timing: timing.orDefault()}, nil
}

func (t Timing) orDefault() Timing {
	for _, f := range []struct{ have, want *time.Duration }{
		{&t.Call, &DefaultTiming.Call},
		{&t.Page, &DefaultTiming.Page},
		{&t.Busy, &DefaultTiming.Busy},
		{&t.MinPause, &DefaultTiming.MinPause},
		{&t.MaxPause, &DefaultTiming.MaxPause},
	} {
		if *f.have <= 0 {
			*f.have = *f.want
		}
	}
	return t
}

// Identify asks the scanner who it is.
func (s *Scanner) Identify(ctx context.Context) (devices.Identity, error) {
	c, err := s.Capabilities(ctx)
	if err != nil {
		return devices.Identity{}, err
	}
	return c.identity(s.uri), nil
}

// Capabilities reads what the scanner can do.
func (s *Scanner) Capabilities(ctx context.Context) (Capabilities, error) {
	b, err := s.document(ctx, "ScannerCapabilities")
	if err != nil {
		return Capabilities{}, err
	}
	return ParseCapabilities(b)
}

// Status reads how the scanner is.
func (s *Scanner) Status(ctx context.Context) (Status, error) {
	b, err := s.document(ctx, "ScannerStatus")
	if err != nil {
		return Status{}, err
	}
	return ParseStatus(b)
}

// document gets one XML document below the base address and waits out a busy scanner.
func (s *Scanner) document(ctx context.Context, name string) ([]byte, error) {
	var body []byte
	err := s.whileBusy(ctx, s.timing.Busy, func() (bool, error) {
		a, err := s.exchange(ctx, http.MethodGet, s.at(name), nil, s.timing.Call, maxXMLBytes, nil)
		if err != nil {
			return false, fmt.Errorf("read %s: %w", name, err)
		}
		switch a.status {
		case http.StatusOK:
			body = a.body
			return true, nil
		case http.StatusServiceUnavailable:
			return false, nil
		}
		return false, fmt.Errorf("read %s: HTTP status %d: %w", name, a.status, devices.ErrProtocol)
	})
	return body, err
}

// at is the address of a resource below the scanner's base.
func (s *Scanner) at(name string) *url.URL {
	u := *s.base
	u.Path += "/" + name
	return &u
}

// answer is one HTTP answer, read to its end.
type answer struct {
	status   int
	location string
	body     []byte
}

// exchange sends one request and reads its answer, at most limit bytes of body, within the given
// time. The error wraps the context's error where the caller cancelled, else a condition of
// package devices.
func (s *Scanner) exchange(ctx context.Context, method string, to *url.URL, body []byte, within time.Duration,
	limit int64, report devices.Report) (answer, error) {
	call, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	req, err := http.NewRequestWithContext(call, method, to.String(), bytes.NewReader(body))
	if err != nil {
		return answer{}, fmt.Errorf("job address: %w", devices.ErrProtocol)
	}
	if body != nil {
		req.Header.Set("Content-Type", "text/xml")
	}
	res, err := s.rt.RoundTrip(req)
	if err != nil {
		return answer{}, lost(ctx, err)
	}
	defer res.Body.Close()
	a := answer{status: res.StatusCode, location: res.Header.Get("Location")}
	if res.StatusCode != http.StatusOK {
		limit = maxXMLBytes
	}
	if res.ContentLength > limit {
		return answer{}, fmt.Errorf("answer of %d bytes: %w", res.ContentLength, devices.ErrProtocol)
	}
	in := &counted{in: io.LimitReader(res.Body, limit+1), total: res.ContentLength, report: report}
	held := bytes.NewBuffer(make([]byte, 0, max(res.ContentLength, 0)+bytes.MinRead)) // a page is held once
	if _, err = held.ReadFrom(in); err != nil {
		return answer{}, lost(ctx, err)
	}
	a.body = held.Bytes()
	if int64(len(a.body)) > limit {
		return answer{}, fmt.Errorf("answer longer than %d bytes: %w", limit, devices.ErrProtocol)
	}
	return a, nil
}

// counted reports bytes as they pass.
type counted struct {
	in          io.Reader
	done, total int64
	report      devices.Report
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.in.Read(p)
	c.done += int64(n)
	c.report.At("scan", c.done, max(c.total, 0))
	return n, err
}

// lost names the cause of a broken exchange. A transport's own condition (a USB device in use)
// is kept.
func lost(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	for _, known := range []error{devices.ErrBusy, devices.ErrProtocol, devices.ErrUnsupported} {
		if errors.Is(err, known) {
			return err
		}
	}
	return fmt.Errorf("%w: %w", devices.ErrUnreachable, err)
}

// whileBusy calls try until it is done, fails, or the scanner has been busy for too long.
func (s *Scanner) whileBusy(ctx context.Context, patience time.Duration, try func() (bool, error)) error {
	limit := time.NewTimer(patience)
	defer limit.Stop()
	pause := s.timing.MinPause
	for {
		done, err := try()
		if done || err != nil {
			return err
		}
		next := time.NewTimer(pause)
		select {
		case <-next.C:
		case <-limit.C:
			next.Stop()
			return fmt.Errorf("not ready after %v: %w", patience, devices.ErrBusy)
		case <-ctx.Done():
			next.Stop()
			return ctx.Err()
		}
		pause = min(2*pause, s.timing.MaxPause)
	}
}
