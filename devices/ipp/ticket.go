package ipp

import (
	"context"
	"fmt"
	"image"
	"math"
	"slices"

	"github.com/OpenPrinting/goipp"

	"padarozhnik/devices"
	"padarozhnik/printing/pwg"
)

// rasterType is the document format that is sent (PWG 5102.4).
const rasterType = "image/pwg-raster"

// ticket is a job before it exists: what is printed, on what, and how the printer is told.
type ticket struct {
	sheet      devices.Sheet
	header     pwg.Header
	turned     bool // the picture goes a quarter turn to the left, for a printer that takes books upright
	attributes goipp.Attributes
}

// ticket fits a sheet to the printer, or says what does not fit.
func (c *capabilities) ticket(s devices.Sheet) (*ticket, error) {
	if !slices.Contains(c.formats, rasterType) {
		return nil, fmt.Errorf("printer does not take %s: %w", rasterType, devices.ErrUnsupported)
	}
	if !slices.Contains(c.resolutions, resolution{s.DPI, s.DPI}) {
		return nil, fmt.Errorf("printer does not offer %d dpi: %w", s.DPI, devices.ErrUnsupported)
	}
	space, err := c.space(s.Image)
	if err != nil {
		return nil, err
	}
	b := s.Image.Bounds()
	w, h := hundredths(b.Dx(), s.DPI), hundredths(b.Dy(), s.DPI)
	t := &ticket{sheet: s, header: pwg.Header{
		Width: b.Dx(), Height: b.Dy(), DPIX: s.DPI, DPIY: s.DPI, Space: space, Pages: 1,
		MediaName: mediaName(w, h),
	}}
	switch {
	case c.takes(w, h):
	case c.takes(h, w):
		t.turned = true
		w, h = h, w
		t.header.Width, t.header.Height = b.Dy(), b.Dx()
	default:
		return nil, fmt.Errorf("printer does not take media of %.1f x %.1f mm: %w",
			float64(w)/100, float64(h)/100, devices.ErrUnsupported)
	}
	t.attributes = c.jobAttributes(s.DPI, w, h)
	return t, nil
}

// space chooses the colour space: sRGB, or grey for a picture that has no colour. A page in colour
// is never sent to a printer that has none.
func (c *capabilities) space(img image.Image) (pwg.ColorSpace, error) {
	if slices.Contains(c.types, pwg.SRGB.String()) {
		return pwg.SRGB, nil
	}
	if slices.Contains(c.types, pwg.SGray.String()) && pwg.Colourless(img) {
		return pwg.SGray, nil
	}
	return 0, fmt.Errorf("printer does not print this picture's colours: %w", devices.ErrUnsupported)
}

// takes tells whether a medium lies in one of the printer's ranges, x across the feed.
func (c *capabilities) takes(x, y int) bool {
	for _, s := range c.sizes {
		if s.x.Within(x) && s.y.Within(y) {
			return true
		}
	}
	return false
}

// hundredths is a length in hundredths of a millimetre, rounded to half millimetres: pixels are
// coarser than the unit, and media are not made finer.
func hundredths(pixels, dpi int) int {
	return 50 * int(math.Round(float64(pixels)*2540/float64(dpi)/50))
}

// mediaName is the self-describing name of a medium, the short side first (PWG 5101.1, 5).
func mediaName(w, h int) string {
	mm := func(v int) string {
		if v%100 == 0 {
			return fmt.Sprintf("%d", v/100)
		}
		return fmt.Sprintf("%.1f", float64(v)/100)
	}
	return fmt.Sprintf("custom_passport_%sx%smm", mm(min(w, h)), mm(max(w, h)))
}

// jobAttributes describes the job (RFC 8011, 5.2; PWG 5100.3, 3.13). Resolution, scaling and quality
// are only asked for where the printer lists them; the raster carries its resolution itself, and some
// printers take raster of more resolutions than they let a job ask for.
func (c *capabilities) jobAttributes(dpi, x, y int) goipp.Attributes {
	number := func(name string, v int) goipp.Attribute {
		return goipp.MakeAttr(name, goipp.TagInteger, goipp.Integer(v))
	}
	media := goipp.Collection{
		goipp.MakeAttrCollection("media-size", number("x-dimension", x), number("y-dimension", y)),
	}
	if c.borderless {
		for _, side := range []string{"left", "right", "top", "bottom"} {
			media.Add(number("media-"+side+"-margin", 0))
		}
	}
	var out goipp.Attributes
	out.Add(number("copies", 1))
	out.Add(goipp.MakeAttr("media-col", goipp.TagBeginCollection, media))
	if slices.Contains(c.settable, "printer-resolution") && slices.Contains(c.printed, resolution{dpi, dpi}) {
		out.Add(goipp.MakeAttr("printer-resolution", goipp.TagResolution,
			goipp.Resolution{Xres: dpi, Yres: dpi, Units: goipp.UnitsDpi}))
	}
	if slices.Contains(c.settable, "print-quality") {
		const high = 5
		out.Add(goipp.MakeAttr("print-quality", goipp.TagEnum, goipp.Integer(high)))
	}
	if slices.Contains(c.scalings, "none") {
		out.Add(goipp.MakeAttr("print-scaling", goipp.TagKeyword, goipp.String("none")))
	}
	return out
}

// describe adds to a request what the printer must know of the job. The printer must not replace
// any of it.
func (t *ticket) describe(m *goipp.Message, withFormat bool) {
	m.Operation.Add(user())
	m.Operation.Add(goipp.MakeAttr("job-name", goipp.TagName, goipp.String(t.sheet.Title)))
	m.Operation.Add(goipp.MakeAttr("ipp-attribute-fidelity", goipp.TagBoolean, goipp.Boolean(true)))
	if withFormat {
		m.Operation.Add(goipp.MakeAttr("document-format", goipp.TagMimeType, goipp.String(rasterType)))
	}
	m.Job = t.attributes
}

// validate asks whether the job would be taken (RFC 8011, 4.2.3).
func (p *Printer) validate(ctx context.Context, t *ticket) error {
	m := p.message(goipp.OpValidateJob)
	t.describe(m, true)
	if _, err := p.exchange(ctx, p.options.Answer, m, nil); err != nil {
		if refused(err, goipp.StatusErrorOperationNotSupported) {
			return nil
		}
		return fmt.Errorf("validate job: %w", err)
	}
	return nil
}
