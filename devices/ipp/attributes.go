package ipp

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/OpenPrinting/goipp"

	"padarozhnik/devices"
)

// States of a printer (RFC 8011, 5.4.11).
const (
	stateIdle       = 3
	stateProcessing = 4
	stateStopped    = 5
)

// resolution is dots per inch across and along.
type resolution struct{ x, y int }

// size is a range of media in hundredths of a millimetre.
type size struct{ x, y goipp.Range }

// capabilities is what a printer told of itself.
type capabilities struct {
	state       int
	reasons     []string
	accepting   bool
	model       string
	deviceID    string
	firmware    string
	formats     []string
	types       []string     // pwg-raster-document-type-supported
	resolutions []resolution // of raster documents
	printed     []resolution // that a job may ask for
	sizes       []size
	operations  []int
	borderless  bool // margins of 0 can be asked for
	settable    []string
	scalings    []string
	serial      []string // of the booklet that lies in the printer
	position    []int    // of its page: micrometres right and down, thousandths of a degree clockwise
}

// Attributes of a printer that looks at its booklets.
const (
	loadedSerial   = prefix + "loaded-serial"
	loadedPosition = prefix + "loaded-position"
)

// wanted are the attributes that the driver reads.
func wanted() []string {
	return []string{
		"printer-state", "printer-state-reasons", "printer-is-accepting-jobs", "printer-make-and-model",
		"printer-device-id", "printer-firmware-string-version", "document-format-supported",
		"pwg-raster-document-type-supported", "pwg-raster-document-resolution-supported",
		"printer-resolution-supported", "media-size-supported", "operations-supported",
		"media-left-margin-supported", "media-right-margin-supported", "media-top-margin-supported",
		"media-bottom-margin-supported", "job-creation-attributes-supported", "print-scaling-supported",
		loadedSerial, loadedPosition,
	}
}

// ask reads the printer's attributes (RFC 8011, 4.2.5).
func (p *Printer) ask(ctx context.Context) (*capabilities, error) {
	m := p.message(goipp.OpGetPrinterAttributes)
	m.Operation.Add(user())
	names := goipp.Attribute{Name: "requested-attributes"}
	for _, name := range wanted() {
		names.Values.Add(goipp.TagKeyword, goipp.String(name))
	}
	m.Operation.Add(names)
	answer, err := p.exchange(ctx, p.options.Answer, m, nil)
	if err != nil {
		return nil, err
	}
	return parseCapabilities(answer.Printer)
}

// parseCapabilities reads the attributes of a printer.
func parseCapabilities(attrs goipp.Attributes) (*capabilities, error) {
	c := &capabilities{
		reasons:    texts(attrs, "printer-state-reasons"),
		accepting:  true,
		formats:    texts(attrs, "document-format-supported"),
		types:      texts(attrs, "pwg-raster-document-type-supported"),
		operations: numbers(attrs, "operations-supported"),
		settable:   texts(attrs, "job-creation-attributes-supported"),
		scalings:   texts(attrs, "print-scaling-supported"),
		serial:     texts(attrs, loadedSerial),
		position:   numbers(attrs, loadedPosition),
		model:      first(texts(attrs, "printer-make-and-model")),
		deviceID:   first(texts(attrs, "printer-device-id")),
		firmware:   first(texts(attrs, "printer-firmware-string-version")),
	}
	states := numbers(attrs, "printer-state")
	if len(states) == 0 || states[0] < stateIdle || states[0] > stateStopped {
		return nil, fmt.Errorf("printer without a state: %w", devices.ErrProtocol)
	}
	c.state = states[0]
	for _, v := range values(attrs, "printer-is-accepting-jobs") {
		if b, ok := v.(goipp.Boolean); ok {
			c.accepting = bool(b)
		}
	}
	c.resolutions = resolutions(attrs, "pwg-raster-document-resolution-supported")
	c.printed = resolutions(attrs, "printer-resolution-supported")
	if len(c.resolutions) == 0 {
		c.resolutions = c.printed
	}
	for _, v := range values(attrs, "media-size-supported") {
		if col, ok := v.(goipp.Collection); ok {
			c.sizes = append(c.sizes, sizes(goipp.Attributes(col))...)
		}
	}
	c.borderless = true
	for _, side := range []string{"left", "right", "top", "bottom"} {
		if !slices.Contains(numbers(attrs, "media-"+side+"-margin-supported"), 0) {
			c.borderless = false
		}
	}
	return c, nil
}

func resolutions(attrs goipp.Attributes, name string) []resolution {
	var out []resolution
	for _, v := range values(attrs, name) {
		if r, ok := v.(goipp.Resolution); ok {
			out = append(out, perInch(r))
		}
	}
	return out
}

// ready refuses a printer that would not print now.
func (c *capabilities) ready() error {
	if found := conditions(c.reasons); len(found) > 0 {
		return found[0]
	}
	if c.state != stateIdle || !c.accepting {
		return fmt.Errorf("printer is not idle: %w", devices.ErrBusy)
	}
	return nil
}

// can tells whether the printer lists an operation. One that lists none can all that are needed.
func (c *capabilities) can(op goipp.Op) bool {
	return len(c.operations) == 0 || slices.Contains(c.operations, int(op))
}

// perInch converts a resolution in dots per centimetre.
func perInch(r goipp.Resolution) resolution {
	if r.Units == goipp.UnitsDpcm {
		inch := func(v int) int { return int(math.Round(float64(v) * 2.54)) }
		return resolution{inch(r.Xres), inch(r.Yres)}
	}
	return resolution{r.Xres, r.Yres}
}

// sizes reads one collection of media-size-supported: fixed numbers or ranges.
func sizes(col goipp.Attributes) []size {
	side := func(name string) []goipp.Range {
		var out []goipp.Range
		for _, v := range values(col, name) {
			switch n := v.(type) {
			case goipp.Integer:
				out = append(out, goipp.Range{Lower: int(n), Upper: int(n)})
			case goipp.Range:
				out = append(out, n)
			}
		}
		return out
	}
	var out []size
	for _, x := range side("x-dimension") {
		for _, y := range side("y-dimension") {
			out = append(out, size{x, y})
		}
	}
	return out
}

// values returns the values of a named attribute, without out-of-band ones.
func values(attrs goipp.Attributes, name string) []goipp.Value {
	var out []goipp.Value
	for _, a := range attrs {
		if a.Name != name {
			continue
		}
		for _, v := range a.Values {
			if _, void := v.V.(goipp.Void); !void {
				out = append(out, v.V)
			}
		}
		break
	}
	return out
}

// texts returns the values that are text, at most 1000 characters each.
func texts(attrs goipp.Attributes, name string) []string {
	var out []string
	for _, v := range values(attrs, name) {
		switch s := v.(type) {
		case goipp.String:
			out = append(out, string(s[:min(len(s), 1000)]))
		case goipp.TextWithLang:
			out = append(out, s.Text[:min(len(s.Text), 1000)])
		}
	}
	return out
}

// numbers returns the values that are integers or enums.
func numbers(attrs goipp.Attributes, name string) []int {
	var out []int
	for _, v := range values(attrs, name) {
		if n, ok := v.(goipp.Integer); ok {
			out = append(out, int(n))
		}
	}
	return out
}

func first(s []string) string {
	if len(s) == 0 {
		return ""
	}
	return s[0]
}
