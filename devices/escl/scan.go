package escl

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"strings"
	"text/template"
	"time"

	"padarozhnik/devices"
)

// job is what was settled with the scanner before its settings were sent.
type job struct {
	Source    string
	Mode      string
	Type      string
	DPI       int
	X, Y      int // 1/300 inch
	W, H      int
	Extended  bool // the device knows DocumentFormatExt (version 2.1)
	NSScan    string
	NSPWG     string
	UnitsName string
}

var settings = template.Must(template.New("ScanSettings").Parse(`<?xml version="1.0" encoding="UTF-8"?>
<scan:ScanSettings xmlns:scan="{{.NSScan}}" xmlns:pwg="{{.NSPWG}}">
<pwg:Version>{{if .Extended}}2.1{{else}}2.0{{end}}</pwg:Version>
<pwg:ScanRegions>
<pwg:ScanRegion>
<pwg:ContentRegionUnits>{{.UnitsName}}</pwg:ContentRegionUnits>
<pwg:XOffset>{{.X}}</pwg:XOffset>
<pwg:YOffset>{{.Y}}</pwg:YOffset>
<pwg:Width>{{.W}}</pwg:Width>
<pwg:Height>{{.H}}</pwg:Height>
</pwg:ScanRegion>
</pwg:ScanRegions>
<pwg:InputSource>{{.Source}}</pwg:InputSource>
<pwg:DocumentFormat>{{.Type}}</pwg:DocumentFormat>
{{if .Extended}}<scan:DocumentFormatExt>{{.Type}}</scan:DocumentFormatExt>
{{end}}<scan:ColorMode>{{.Mode}}</scan:ColorMode>
<scan:XResolution>{{.DPI}}</scan:XResolution>
<scan:YResolution>{{.DPI}}</scan:YResolution>
</scan:ScanSettings>
`))

// Scan takes one page. The resolution granted, which Scan.DPI tells, is the one asked for or the
// nearest that the scanner has between two thirds and twice of it; none there is ErrUnsupported.
func (s *Scanner) Scan(ctx context.Context, want devices.ScanSettings, report devices.Report) (devices.Scan, error) {
	report.At("settings", 0, 0)
	caps, err := s.Capabilities(ctx)
	if err != nil {
		return devices.Scan{}, fmt.Errorf("scan: %w", err)
	}
	j, err := settle(caps, want)
	if err != nil {
		return devices.Scan{}, fmt.Errorf("scan: %w", err)
	}
	at, err := s.submit(ctx, j)
	if err != nil {
		return devices.Scan{}, fmt.Errorf("scan: %w", err)
	}
	defer s.release(ctx, at)
	data, err := s.page(ctx, j, at, report)
	if err != nil {
		return devices.Scan{}, fmt.Errorf("scan: %w", err)
	}
	out, err := pageOf(data, j.DPI)
	if err != nil {
		return devices.Scan{}, fmt.Errorf("scan: %w", err)
	}
	report.At("done", int64(len(data)), int64(len(data)))
	return out, nil
}

// pageOf looks at what came and takes the picture out of a PDF.
func pageOf(data []byte, dpi int) (devices.Scan, error) {
	if bytes.HasPrefix(data, pdfMagic) {
		picture, err := pictureOf(data)
		if err != nil {
			return devices.Scan{}, err
		}
		data = picture
	}
	kind, err := mediaTypeOf(data)
	return devices.Scan{Data: data, Type: kind, DPI: dpi}, err
}

// maxFed bounds the pages of one job.
const maxFed = 200

// ScanFed takes all pages in the feeder, in one job, and hands each to take as it comes. It ends with the
// last page, or with take's first error; a feeder without a page is devices.ErrNothingToScan.
func (s *Scanner) ScanFed(ctx context.Context, want devices.ScanSettings, report devices.Report,
	take func(devices.Scan) error) error {
	want.Source = devices.FromFeeder
	caps, err := s.Capabilities(ctx)
	if err != nil {
		return fmt.Errorf("scan: %w", err)
	}
	j, err := settle(caps, want)
	if err != nil {
		return fmt.Errorf("scan: %w", err)
	}
	at, err := s.submit(ctx, j)
	if err != nil {
		return fmt.Errorf("scan: %w", err)
	}
	defer s.release(ctx, at)
	for n := range maxFed {
		data, err := s.page(ctx, j, at, report)
		if n > 0 && errors.Is(err, devices.ErrNothingToScan) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("scan page %d: %w", n+1, err)
		}
		page, err := pageOf(data, j.DPI)
		if err == nil {
			err = take(page)
		}
		if err != nil {
			return fmt.Errorf("scan page %d: %w", n+1, err)
		}
	}
	return fmt.Errorf("scan: more than %d pages: %w", maxFed, devices.ErrUnsupported)
}

// settle chooses settings that the scanner offers.
func settle(c Capabilities, want devices.ScanSettings) (job, error) {
	if want.DPI <= 0 {
		return job{}, fmt.Errorf("%d dpi: %w", want.DPI, devices.ErrUnsupported)
	}
	source, in, err := c.input(want.Source)
	if err != nil {
		return job{}, err
	}
	j := job{Source: source, Mode: "RGB24", NSScan: nsScan, NSPWG: nsPWG,
		UnitsName: "escl:ThreeHundredthsOfInches", Extended: atLeast21(c.Version)}
	if want.Color == devices.Gray {
		j.Mode = "Grayscale8"
	}
	better := func(dpi int) bool { // whether dpi comes nearer to the wish than what is held
		return dpi != 0 && (j.DPI == 0 || j.DPI < want.DPI && dpi > j.DPI || dpi >= want.DPI && dpi < j.DPI)
	}
	for _, p := range c.profiles(in) {
		if dpi, kind := p.resolution(want.DPI), p.mediaType(); p.offers(j.Mode) && kind != "" && better(dpi) {
			j.DPI, j.Type = dpi, kind
		}
	}
	if j.DPI == 0 {
		return job{}, fmt.Errorf("%s at %d dpi: %w", j.Mode, want.DPI, devices.ErrUnsupported)
	}
	return j.within(in, want.Region)
}

// atLeast21 reads a protocol version such as "2.63".
func atLeast21(version string) bool {
	var major, minor int
	if n, _ := fmt.Sscanf(strings.TrimSpace(version), "%d.%d", &major, &minor); n != 2 {
		return false
	}
	return major > 2 || major == 2 && minor >= 1
}

// within sets the region, cut to the input's size.
func (j job) within(in Input, r devices.Region) (job, error) {
	if in.MaxWidth <= 0 || in.MaxHeight <= 0 {
		return job{}, fmt.Errorf("input without a size: %w", devices.ErrProtocol)
	}
	if r == (devices.Region{}) {
		j.W, j.H = in.MaxWidth, in.MaxHeight
		return j, nil
	}
	for _, mm := range []float64{r.XMM, r.YMM, r.WidthMM, r.HeightMM} {
		if math.IsNaN(mm) || mm < 0 || mm > 10000 {
			return job{}, fmt.Errorf("region outside the glass: %w", devices.ErrUnsupported)
		}
	}
	j.X, j.Y = units(r.XMM), units(r.YMM)
	j.W = min(units(r.XMM+r.WidthMM), in.MaxWidth) - j.X
	j.H = min(units(r.YMM+r.HeightMM), in.MaxHeight) - j.Y
	if j.W < max(in.MinWidth, 1) || j.H < max(in.MinHeight, 1) {
		return job{}, fmt.Errorf("region outside the glass or too small: %w", devices.ErrUnsupported)
	}
	return j, nil
}

func units(mm float64) int { return int(math.Round(mm / 25.4 * unitsPerInch)) }

// submit posts the settings and returns the address of the job.
func (s *Scanner) submit(ctx context.Context, j job) (*url.URL, error) {
	var body bytes.Buffer
	if err := settings.Execute(&body, j); err != nil {
		return nil, fmt.Errorf("write settings: %w", err)
	}
	var location string
	err := s.whileBusy(ctx, s.timing.Busy, func() (bool, error) {
		a, err := s.exchange(ctx, http.MethodPost, s.at("ScanJobs"), body.Bytes(), s.timing.Call, maxXMLBytes, nil)
		if err != nil {
			return false, fmt.Errorf("start job: %w", err)
		}
		switch a.status {
		case http.StatusCreated:
			location = a.location
			return true, nil
		case http.StatusServiceUnavailable:
			return false, nil
		case http.StatusConflict, http.StatusBadRequest:
			return false, fmt.Errorf("start job: %w", s.refused(ctx, j, "", devices.ErrUnsupported))
		}
		return false, fmt.Errorf("start job: HTTP status %d: %w", a.status, devices.ErrProtocol)
	})
	if err != nil {
		return nil, err
	}
	return s.jobAddress(location)
}

// jobAddress resolves a Location against the scanner's own address and keeps only its path.
func (s *Scanner) jobAddress(location string) (*url.URL, error) {
	ref, err := url.Parse(location)
	if err != nil || location == "" {
		return nil, fmt.Errorf("job without an address: %w", devices.ErrProtocol)
	}
	at := s.at("ScanJobs").ResolveReference(ref)
	at.Scheme, at.Host, at.User = s.base.Scheme, s.base.Host, s.base.User
	at.Path = strings.TrimRight(at.Path, "/")
	at.RawPath, at.RawQuery, at.Fragment = "", "", ""
	if at.Path == "" {
		return nil, fmt.Errorf("job without an address: %w", devices.ErrProtocol)
	}
	return at, nil
}

// page asks for the job's page until it is there.
func (s *Scanner) page(ctx context.Context, j job, at *url.URL, report devices.Report) ([]byte, error) {
	next := *at
	next.Path += "/NextDocument"
	end := time.Now().Add(s.timing.Page)
	var data []byte
	err := s.whileBusy(ctx, s.timing.Page, func() (bool, error) {
		report.At("scan", 0, 0)
		left := time.Until(end)
		a, err := s.exchange(ctx, http.MethodGet, &next, nil, left, MaxPageBytes, report)
		if err != nil {
			return false, fmt.Errorf("fetch page: %w", err)
		}
		switch a.status {
		case http.StatusOK:
			data = a.body
			return true, nil
		case http.StatusServiceUnavailable:
			return false, nil
		case http.StatusNotFound:
			none := devices.ErrProtocol
			if j.Source == "Feeder" {
				none = devices.ErrNothingToScan
			}
			return false, fmt.Errorf("fetch page: no page came: %w", s.refused(ctx, j, at.Path, none))
		case http.StatusConflict:
			return false, fmt.Errorf("fetch page: %w", s.refused(ctx, j, at.Path, devices.ErrUnsupported))
		case http.StatusGone:
			return false, fmt.Errorf("fetch page: %w", devices.ErrCancelled)
		}
		return false, fmt.Errorf("fetch page: HTTP status %d: %w", a.status, devices.ErrProtocol)
	})
	return data, err
}

// refused reads the scanner's status to name the cause of a refusal; otherwise it is the cause
// where the status shows nothing wrong.
func (s *Scanner) refused(ctx context.Context, j job, job string, otherwise error) error {
	status, err := s.Status(ctx)
	if err != nil {
		return err
	}
	if cause := status.cause(j.Source, job); cause != nil {
		return cause
	}
	return otherwise
}

// release deletes the job, also after the caller has cancelled. Its answer does not matter: a
// scanner that has finished a job may have forgotten it.
func (s *Scanner) release(ctx context.Context, at *url.URL) {
	_, _ = s.exchange(context.WithoutCancel(ctx), http.MethodDelete, at, nil, s.timing.Call, maxXMLBytes, nil)
}

// mediaTypeOf looks at the bytes of a page: a whole JPEG or PNG, or an error wrapping
// devices.ErrProtocol. Devices pad a JPEG behind its end, so the mark is sought near the end.
func mediaTypeOf(b []byte) (string, error) {
	tail := b[max(0, len(b)-1024):]
	switch {
	case bytes.HasPrefix(b, []byte("\xff\xd8\xff")):
		if !bytes.Contains(tail, []byte("\xff\xd9")) {
			return "", fmt.Errorf("page breaks off: %w", devices.ErrProtocol)
		}
		return "image/jpeg", nil
	case bytes.HasPrefix(b, []byte("\x89PNG\r\n\x1a\n")):
		if !bytes.Contains(tail, []byte("IEND\xaeB`\x82")) {
			return "", fmt.Errorf("page breaks off: %w", devices.ErrProtocol)
		}
		return "image/png", nil
	}
	return "", fmt.Errorf("page of %d bytes is neither JPEG nor PNG: %w", len(b), devices.ErrProtocol)
}
