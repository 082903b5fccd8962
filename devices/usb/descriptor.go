package usb

import (
	"encoding/binary"
	"fmt"

	"padarozhnik/devices"
)

// Bounds of what is read of a device's descriptors.
const (
	maxDescriptors = 64 << 10
	maxSettings    = 256
)

// Types of descriptors (USB 2.0, table 9-5).
const (
	typeDevice    = 1
	typeConfig    = 2
	typeInterface = 4
	typeEndpoint  = 5
)

// Layout is what the descriptors of a device say that matters here.
type Layout struct {
	Vendor, Product uint16
	Release         uint16 // bcdDevice, which makers use for hardware or firmware
	Configs         []Config
}

// Config is one configuration.
type Config struct {
	Value    int
	Settings []Setting
}

// Setting is one alternate setting of an interface, with its first bulk endpoint in each direction.
type Setting struct {
	Interface, Alternate      int
	Class, SubClass, Protocol uint8
	In, Out                   Endpoint
}

// Endpoint is a bulk endpoint; the zero value is none.
type Endpoint struct {
	Address uint8
	Packet  int // most bytes of a packet
}

// ParseLayout reads a device descriptor and the configurations behind it, as the kernel keeps them. What
// it cannot understand it leaves out; it returns an error wrapping devices.ErrProtocol only where there is no
// device descriptor.
func ParseLayout(b []byte) (Layout, error) {
	if len(b) < 18 || b[0] < 18 || b[1] != typeDevice {
		return Layout{}, fmt.Errorf("device descriptor: %w", devices.ErrProtocol)
	}
	l := Layout{
		Vendor: binary.LittleEndian.Uint16(b[8:]), Product: binary.LittleEndian.Uint16(b[10:]),
		Release: binary.LittleEndian.Uint16(b[12:]),
	}
	if len(b) > maxDescriptors {
		b = b[:maxDescriptors]
	}
	settings := 0
	for rest := b[18:]; len(rest) >= 2; {
		length := int(rest[0])
		if length < 2 || length > len(rest) {
			break // nothing behind it has a place
		}
		one := rest[:length]
		rest = rest[length:]
		switch {
		case one[1] == typeConfig && length >= 9:
			l.Configs = append(l.Configs, Config{Value: int(one[5])})
		case len(l.Configs) == 0:
		case one[1] == typeInterface && length >= 9:
			if settings++; settings > maxSettings {
				return l, nil
			}
			last := &l.Configs[len(l.Configs)-1]
			last.Settings = append(last.Settings, Setting{
				Interface: int(one[2]), Alternate: int(one[3]), Class: one[5], SubClass: one[6], Protocol: one[7],
			})
		case one[1] == typeEndpoint && length >= 7:
			l.Configs[len(l.Configs)-1].endpoint(one)
		}
	}
	return l, nil
}

// endpoint adds an endpoint to the last setting, where it is the first bulk one of its direction.
func (c *Config) endpoint(b []byte) {
	const bulk = 2
	packet := int(binary.LittleEndian.Uint16(b[4:]) & 0x07ff)
	if len(c.Settings) == 0 || b[3]&3 != bulk || packet == 0 || b[2]&0x0f == 0 {
		return
	}
	s := &c.Settings[len(c.Settings)-1]
	at := &s.Out
	if b[2]&0x80 != 0 {
		at = &s.In
	}
	if at.Address == 0 {
		*at = Endpoint{Address: b[2], Packet: packet}
	}
}

// kind tells what an alternate setting speaks. A setting without the pipes of its kind speaks nothing.
func (s Setting) kind() (Kind, bool) {
	const classPrinter, subclassPrinter = 7, 1
	if s.Class != classPrinter || s.SubClass != subclassPrinter || s.Out.Address == 0 {
		return "", false
	}
	switch {
	case s.Protocol == 1, s.Protocol == 2:
		return Pipe, true
	case s.Protocol == 4 && s.In.Address != 0:
		return IPP, true
	}
	return "", false
}

// kinds lists what the settings of a device speak, each once.
func (l Layout) kinds() []Kind {
	var out []Kind
	for _, kind := range []Kind{IPP, Pipe} {
		if _, settings := l.speaking(kind); len(settings) > 0 {
			out = append(out, kind)
		}
	}
	return out
}

// speaking returns the configuration that speaks a kind on most interfaces, and one setting of each of
// these interfaces, the bidirectional ones first.
func (l Layout) speaking(kind Kind) (config int, settings []Setting) {
	for _, c := range l.Configs {
		var found []Setting
		taken := map[int]bool{}
		for _, both := range []bool{true, false} {
			for _, s := range c.Settings {
				k, ok := s.kind()
				if !ok || k != kind || taken[s.Interface] || (s.In.Address != 0) != both {
					continue
				}
				taken[s.Interface] = true
				found = append(found, s)
			}
		}
		if len(found) > len(settings) {
			config, settings = c.Value, found
		}
	}
	return config, settings
}
