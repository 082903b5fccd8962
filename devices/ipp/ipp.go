// Package ipp drives a passport printer that speaks the Internet Printing Protocol (RFC 8010 and
// 8011, IPP Everywhere PWG 5100.14), over a network or, with the transport of devices/usb, over a
// cable.
//
// Printing one page goes: ask the printer how it is and what it can; refuse what does not fit;
// Validate-Job; Create-Job; Send-Document with the page as PWG raster; Get-Job-Attributes until the
// job has ended. The driver owes its caller one truth above all: whether ink may lie on the
// booklet. Until the first byte of the document is sent, no ink was laid. After it, only a printer
// that says the job never began processing (time-at-processing without a value, RFC 8011, 5.3.14.2)
// proves that the page is clean; everything else that is not "completed" is devices.ErrPrintInDoubt.
package ipp

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"sync/atomic"
	"time"

	"padarozhnik/devices"
	"padarozhnik/devices/ieee1284"
)

// Options are the deadlines of a printer. Zero fields take the defaults.
type Options struct {
	Answer time.Duration // one exchange without a document; 10 s
	Send   time.Duration // sending the document; 2 min
	Job    time.Duration // from the last byte to the end of the job; 3 min
	Poll   time.Duration // between two looks at the job; 300 ms
	Reach  time.Duration // how long a silent printer is called again before the job is in doubt; 10 s
	Cancel time.Duration // how long a job may take to end once it was cancelled; 20 s
}

// withDefaults fills what was left out.
func (o Options) withDefaults() Options {
	for _, d := range []struct {
		field *time.Duration
		value time.Duration
	}{
		{&o.Answer, 10 * time.Second}, {&o.Send, 2 * time.Minute}, {&o.Job, 3 * time.Minute},
		{&o.Poll, 300 * time.Millisecond}, {&o.Reach, 10 * time.Second}, {&o.Cancel, 20 * time.Second},
	} {
		if *d.field <= 0 {
			*d.field = d.value
		}
	}
	return o
}

// Printer is a printer at an address. It implements devices.Printer.
type Printer struct {
	uri     string // ipp://host/path, as the protocol names it
	url     string // http://host:port/path
	client  *http.Client
	options Options
	request atomic.Uint32 // number of the last request
}

var (
	_ devices.Printer = (*Printer)(nil)
	_ devices.Feeder  = (*Printer)(nil)
)

// New returns the printer at an ipp or ipps URI. A nil transport means the network, without a
// proxy. New does not talk to the printer.
func New(uri string, transport http.RoundTripper, o Options) (*Printer, error) {
	u, err := url.Parse(uri)
	if err != nil || u.Hostname() == "" {
		return nil, fmt.Errorf("printer address: want ipp://HOST[:PORT]/PATH: %w", devices.ErrUnsupported)
	}
	web := *u
	switch u.Scheme {
	case "ipp":
		web.Scheme = "http"
	case "ipps":
		web.Scheme = "https"
	default:
		return nil, fmt.Errorf("printer address: scheme %q, want ipp or ipps: %w", u.Scheme, devices.ErrUnsupported)
	}
	if u.Port() == "" {
		web.Host = net.JoinHostPort(u.Hostname(), "631")
	}
	if transport == nil {
		transport = &http.Transport{
			DialContext:         (&net.Dialer{Timeout: 5 * time.Second}).DialContext,
			DisableCompression:  true,
			MaxIdleConnsPerHost: 1,
			IdleConnTimeout:     20 * time.Second,
			TLSHandshakeTimeout: 5 * time.Second,
		}
	}
	client := &http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return &Printer{uri: uri, url: web.String(), client: client, options: o.withDefaults()}, nil
}

// Identify asks the printer who it is.
func (p *Printer) Identify(ctx context.Context) (devices.Identity, error) {
	c, err := p.ask(ctx)
	if err != nil {
		return devices.Identity{}, fmt.Errorf("identify printer: %w", err)
	}
	id := devices.Identity{URI: p.uri, Model: c.model, Firmware: c.firmware}
	said := ieee1284.Parse(c.deviceID)
	id.Maker, id.Serial = said.Maker, said.Serial
	if said.Model != "" {
		id.Model = said.Model
	}
	return id, nil
}

// State asks the printer how it is.
func (p *Printer) State(ctx context.Context) (devices.PrinterState, error) {
	c, err := p.ask(ctx)
	if err != nil {
		return devices.PrinterState{}, fmt.Errorf("state of printer: %w", err)
	}
	s := devices.PrinterState{Idle: c.state == stateIdle && c.accepting, Conditions: conditions(c.reasons)}
	s.Warnings = warnings(c.reasons)
	for _, r := range c.resolutions {
		if r.x == r.y {
			s.DPI = append(s.DPI, r.x)
		}
	}
	return s, nil
}

// Loaded asks the printer what it sees of its booklet.
func (p *Printer) Loaded(ctx context.Context) (devices.Loaded, error) {
	c, err := p.ask(ctx)
	if err != nil {
		return devices.Loaded{}, fmt.Errorf("booklet in the printer: %w", err)
	}
	if found := conditions(c.reasons); slices.Contains(found, devices.ErrNoBooklet) {
		return devices.Loaded{}, devices.ErrNoBooklet
	}
	l := devices.Loaded{Serial: first(c.serial)}
	if len(c.position) == 3 {
		l.Measured = true
		l.XMM, l.YMM = float64(c.position[0])/1000, float64(c.position[1])/1000
		l.Degrees = float64(c.position[2]) / 1000
	}
	if l == (devices.Loaded{}) {
		return l, fmt.Errorf("booklet in the printer: %w", devices.ErrUnsupported)
	}
	return l, nil
}

// Print implements devices.Printer.
func (p *Printer) Print(ctx context.Context, s devices.Sheet, report devices.Report) error {
	if s.Image == nil || s.Image.Bounds().Empty() || s.DPI < 1 {
		return fmt.Errorf("print: no picture: %w", devices.ErrUnsupported)
	}
	c, err := p.ask(ctx)
	if err != nil {
		return fmt.Errorf("print: %w", err)
	}
	if err := c.ready(); err != nil {
		return fmt.Errorf("print: %w", err)
	}
	t, err := c.ticket(s)
	if err != nil {
		return fmt.Errorf("print: %w", err)
	}
	if err := p.validate(ctx, t); err != nil {
		return fmt.Errorf("print: %w", err)
	}
	if err := p.run(ctx, c, t, report); err != nil {
		return fmt.Errorf("print: %w", err)
	}
	return nil
}

// inDoubt adds the condition that the page may carry ink.
func inDoubt(cause error) error {
	if errors.Is(cause, devices.ErrPrintInDoubt) {
		return cause
	}
	return fmt.Errorf("%w: %w", devices.ErrPrintInDoubt, cause)
}
