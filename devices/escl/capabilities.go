package escl

import (
	"fmt"
	"strings"

	"padarozhnik/devices"
)

// Namespaces of the protocol's XML: HP's eSCL and the PWG semantic model.
const (
	nsScan = "http://schemas.hp.com/imaging/escl/2011/05/03"
	nsPWG  = "http://www.pwg.org/schemas/2010/12/sm"
)

// unitsPerInch is the protocol's unit of length: one three-hundredth of an inch.
const unitsPerInch = 300

// Capabilities is what ScannerCapabilities says, as far as this driver needs it.
type Capabilities struct {
	Version      string    `xml:"http://www.pwg.org/schemas/2010/12/sm Version"`
	MakeAndModel string    `xml:"http://www.pwg.org/schemas/2010/12/sm MakeAndModel"`
	SerialNumber string    `xml:"http://www.pwg.org/schemas/2010/12/sm SerialNumber"`
	Manufacturer string    `xml:"http://schemas.hp.com/imaging/escl/2011/05/03 Manufacturer"`
	Profiles     []Profile `xml:"http://schemas.hp.com/imaging/escl/2011/05/03 SettingProfiles>SettingProfile"`
	Platen       *Input    `xml:"http://schemas.hp.com/imaging/escl/2011/05/03 Platen>PlatenInputCaps"`
	Feeder       *Input    `xml:"http://schemas.hp.com/imaging/escl/2011/05/03 Adf>AdfSimplexInputCaps"`
}

// Input is one way to bring paper to the sensor. Lengths are in 1/300 inch.
type Input struct {
	MinWidth  int       `xml:"http://schemas.hp.com/imaging/escl/2011/05/03 MinWidth"`
	MaxWidth  int       `xml:"http://schemas.hp.com/imaging/escl/2011/05/03 MaxWidth"`
	MinHeight int       `xml:"http://schemas.hp.com/imaging/escl/2011/05/03 MinHeight"`
	MaxHeight int       `xml:"http://schemas.hp.com/imaging/escl/2011/05/03 MaxHeight"`
	Profiles  []Profile `xml:"http://schemas.hp.com/imaging/escl/2011/05/03 SettingProfiles>SettingProfile"`
}

// Profile is a set of settings that go together. A profile with Ref stands for the device's
// common profile of that Name.
type Profile struct {
	Name       string      `xml:"name,attr"`
	Ref        string      `xml:"ref,attr"`
	ColorModes []string    `xml:"http://schemas.hp.com/imaging/escl/2011/05/03 ColorModes>ColorMode"`
	Formats    Formats     `xml:"http://schemas.hp.com/imaging/escl/2011/05/03 DocumentFormats"`
	Dots       Resolutions `xml:"http://schemas.hp.com/imaging/escl/2011/05/03 SupportedResolutions"`
}

// Resolutions are the resolutions of a profile: a list, a range, or both.
type Resolutions struct {
	Discrete []Dots `xml:"http://schemas.hp.com/imaging/escl/2011/05/03 DiscreteResolutions>DiscreteResolution"`
	RangeX   *Range `xml:"http://schemas.hp.com/imaging/escl/2011/05/03 ResolutionRange>XResolutionRange"`
	RangeY   *Range `xml:"http://schemas.hp.com/imaging/escl/2011/05/03 ResolutionRange>YResolutionRange"`
}

// Formats are the media types of a profile, in the old list and in that of version 2.1.
type Formats struct {
	Plain    []string `xml:"http://www.pwg.org/schemas/2010/12/sm DocumentFormat"`
	Extended []string `xml:"http://schemas.hp.com/imaging/escl/2011/05/03 DocumentFormatExt"`
}

// Dots is one resolution in dots per inch.
type Dots struct {
	X int `xml:"http://schemas.hp.com/imaging/escl/2011/05/03 XResolution"`
	Y int `xml:"http://schemas.hp.com/imaging/escl/2011/05/03 YResolution"`
}

// Range is a range of resolutions in one direction.
type Range struct {
	Min  int `xml:"http://schemas.hp.com/imaging/escl/2011/05/03 Min"`
	Max  int `xml:"http://schemas.hp.com/imaging/escl/2011/05/03 Max"`
	Step int `xml:"http://schemas.hp.com/imaging/escl/2011/05/03 Step"`
}

// ParseCapabilities reads a ScannerCapabilities document. It returns an error wrapping
// devices.ErrProtocol when the bytes are none or name no input.
func ParseCapabilities(b []byte) (Capabilities, error) {
	var c Capabilities
	if err := unmarshal(b, "ScannerCapabilities", &c); err != nil {
		return Capabilities{}, err
	}
	if c.Platen == nil && c.Feeder == nil {
		return Capabilities{}, fmt.Errorf("capabilities name no platen and no feeder: %w", devices.ErrProtocol)
	}
	return c, nil
}

// identity is the device's name for the operator.
func (c Capabilities) identity(uri string) devices.Identity {
	model := strings.TrimSpace(c.MakeAndModel)
	maker := strings.TrimSpace(c.Manufacturer)
	if maker != "" {
		model = strings.TrimSpace(strings.TrimPrefix(model, maker))
	}
	return devices.Identity{URI: uri, Maker: maker, Model: model, Serial: strings.TrimSpace(c.SerialNumber)}
}

// input chooses the source that was asked for; else the glass, or the feeder of a device without glass.
func (c Capabilities) input(want devices.Source) (source string, in Input, err error) {
	switch {
	case want == devices.FromGlass && c.Platen == nil, want == devices.FromFeeder && c.Feeder == nil:
		return "", Input{}, fmt.Errorf("no such source: %w", devices.ErrUnsupported)
	case want == devices.FromFeeder || c.Platen == nil:
		return "Feeder", *c.Feeder, nil
	}
	return "Platen", *c.Platen, nil
}

// profiles returns the settings of an input with references resolved. A device that lists none
// is taken at its word for everything.
func (c Capabilities) profiles(in Input) []Profile {
	var list []Profile
	for _, p := range in.Profiles {
		if p.Ref == "" {
			list = append(list, p)
			continue
		}
		for _, common := range c.Profiles {
			if common.Name == p.Ref {
				list = append(list, common)
			}
		}
	}
	if len(in.Profiles) == 0 {
		return c.Profiles
	}
	return list
}

// mediaTypes are what the driver reads, best first: JPEG is what scanners stream well, and PDF the last
// resort.
var mediaTypes = [...]string{"image/jpeg", "image/png", "application/pdf"}

// mediaType is the best type that a profile offers, or "".
func (p Profile) mediaType() string {
	for _, want := range mediaTypes {
		for _, list := range [][]string{p.Formats.Plain, p.Formats.Extended} {
			for _, have := range list {
				if strings.EqualFold(strings.TrimSpace(have), want) {
					return want
				}
			}
		}
	}
	return ""
}

// offers says whether a profile has a colour mode.
func (p Profile) offers(mode string) bool {
	for _, m := range p.ColorModes {
		if strings.TrimSpace(m) == mode {
			return true
		}
	}
	return len(p.ColorModes) == 0
}

// resolution is the profile's answer to a wish: the smallest at or above it, up to twice as fine;
// else the largest below it, down to two thirds. 0 means that nothing is near enough. A finer
// scan costs time only; a coarser one costs characters.
func (p Profile) resolution(want int) int {
	above, below := 0, 0
	consider := func(dpi int) {
		switch {
		case dpi >= want && dpi <= 2*want && (above == 0 || dpi < above):
			above = dpi
		case dpi < want && 3*dpi >= 2*want && dpi > below:
			below = dpi
		}
	}
	for _, d := range p.Dots.Discrete {
		if d.X == d.Y {
			consider(d.X)
		}
	}
	if p.Dots.RangeX != nil && p.Dots.RangeY != nil {
		for _, dpi := range p.Dots.RangeX.near(want) {
			if p.Dots.RangeY.holds(dpi) {
				consider(dpi)
			}
		}
	}
	if len(p.Dots.Discrete) == 0 && p.Dots.RangeX == nil {
		consider(want)
	}
	if above != 0 {
		return above
	}
	return below
}

// near lists the resolutions of a range around a wish.
func (r Range) near(want int) []int {
	if r.Min <= 0 || r.Max < r.Min {
		return nil
	}
	step := max(r.Step, 1)
	at := min(max(want, r.Min), r.Max)
	low := r.Min + (at-r.Min)/step*step
	near := []int{low}
	if low <= r.Max-step {
		near = append(near, low+step)
	}
	return near
}

// holds says whether a resolution belongs to the range.
func (r Range) holds(dpi int) bool {
	return r.Min > 0 && dpi >= r.Min && dpi <= r.Max && (dpi-r.Min)%max(r.Step, 1) == 0
}
