package usb

import (
	_ "embed" // quirks.toml
	"fmt"
	"path"
	"slices"
	"time"

	"github.com/pelletier/go-toml/v2"

	"padarozhnik/devices"
)

//go:embed quirks.toml
var quirksFile []byte

// Ends of a page on the printer class's pipe.
const (
	endAuto  = ""
	endPJL   = "pjl"
	endEject = "eject"
	endNone  = "none"
)

// Quirk is what a device does otherwise. The zero value is a device that keeps to the standards, but for the
// fields that are pointers, where nil is.
type Quirk struct {
	Connection    string        `toml:"connection"`
	Chunked       *bool         `toml:"chunked"`
	MaxInterfaces int           `toml:"max-interfaces"`
	RequestDelay  time.Duration `toml:"-"`
	OpenDelay     time.Duration `toml:"-"`
	Reset         string        `toml:"reset"`
	SetInterface  *bool         `toml:"set-interface"`
	ZeroLength    bool          `toml:"zero-length"`
	ReadBack      *bool         `toml:"read-back"`
	End           string        `toml:"end"`
	Ignore        bool          `toml:"ignore"`
}

// entry is one table of the file.
type entry struct {
	ID    []string `toml:"id"`
	Model string   `toml:"model"`
	Why   string   `toml:"why"`
	Quirk
	RequestWait string `toml:"request-delay"`
	OpenWait    string `toml:"open-delay"`
}

// Quirks are what is known of devices.
type Quirks struct{ entries []entry }

// known is what this program knows. It is read once and never changed.
var known = func() *Quirks {
	q, err := ParseQuirks(quirksFile)
	if err != nil {
		panic(err) // the embedded file: a test reads it
	}
	return q
}()

// ParseQuirks reads a file of quirks. It returns an error wrapping devices.ErrUnsupported that names the entry
// that cannot be understood.
func ParseQuirks(b []byte) (*Quirks, error) {
	var file struct {
		Device []entry `toml:"device"`
	}
	if err := toml.Unmarshal(b, &file); err != nil {
		return nil, fmt.Errorf("quirks: %w: %w", devices.ErrUnsupported, err)
	}
	for n := range file.Device {
		if err := file.Device[n].check(); err != nil {
			return nil, fmt.Errorf("quirks, entry %d: %w: %w", n+1, devices.ErrUnsupported, err)
		}
	}
	return &Quirks{file.Device}, nil
}

// check reads what is more than a word, and refuses words that nobody knows.
func (e *entry) check() error {
	if len(e.ID) == 0 {
		return fmt.Errorf("no id")
	}
	for _, id := range e.ID {
		if len(id) != 9 && (len(id) != 6 || id[4:] != ":*") {
			return fmt.Errorf("id %q: want VENDOR:PRODUCT or VENDOR:*", id)
		}
	}
	if _, err := path.Match(e.Model, ""); err != nil {
		return fmt.Errorf("model %q", e.Model)
	}
	if !slices.Contains([]string{"", "none", "soft", "port"}, e.Reset) {
		return fmt.Errorf("reset %q", e.Reset)
	}
	if !slices.Contains([]string{endAuto, endPJL, endEject, endNone}, e.End) {
		return fmt.Errorf("end %q", e.End)
	}
	for _, d := range []struct {
		text string
		into *time.Duration
	}{{e.RequestWait, &e.RequestDelay}, {e.OpenWait, &e.OpenDelay}} {
		if d.text == "" {
			continue
		}
		v, err := time.ParseDuration(d.text)
		if err != nil || v < 0 || v > time.Minute {
			return fmt.Errorf("duration %q", d.text)
		}
		*d.into = v
	}
	return nil
}

// And returns these quirks with more behind them, which are taken over these.
func (q *Quirks) And(more *Quirks) *Quirks {
	return &Quirks{append(slices.Clone(q.entries), more.entries...)}
}

// of is what is known of a device.
func (q *Quirks) of(p Plugged) Quirk {
	var out Quirk
	id := fmt.Sprintf("%04x:%04x", p.Layout.Vendor, p.Layout.Product)
	for _, e := range q.entries {
		if !slices.Contains(e.ID, id) && !slices.Contains(e.ID, id[:5]+"*") {
			continue
		}
		if fits, _ := path.Match(e.Model, p.Model); !fits && e.Model != "" {
			continue
		}
		out.take(e.Quirk)
	}
	return out
}

// take lays what another entry says over this one.
func (q *Quirk) take(o Quirk) {
	over(&q.Connection, o.Connection)
	over(&q.Chunked, o.Chunked)
	over(&q.MaxInterfaces, o.MaxInterfaces)
	over(&q.RequestDelay, o.RequestDelay)
	over(&q.OpenDelay, o.OpenDelay)
	over(&q.Reset, o.Reset)
	over(&q.SetInterface, o.SetInterface)
	over(&q.ZeroLength, o.ZeroLength)
	over(&q.ReadBack, o.ReadBack)
	over(&q.End, o.End)
	over(&q.Ignore, o.Ignore)
}

func over[T comparable](field *T, value T) {
	if value != *new(T) {
		*field = value
	}
}

// no tells whether an option was switched off.
func no(b *bool) bool { return b != nil && !*b }
