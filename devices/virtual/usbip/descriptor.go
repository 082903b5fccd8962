package usbip

import (
	"encoding/binary"
	"unicode/utf16"
)

// Shape is what a device says of itself before anybody speaks its protocol.
type Shape struct {
	Vendor, Product      uint16
	Release              uint16 // bcdDevice
	Maker, Model, Serial string
}

// packet is the packet size of bulk endpoints at high speed.
const packet = 512

// Classes that functions speak.
const (
	classPrinter    = 7
	protocolBoth    = 2 // the printer class, in both directions
	protocolIPPOver = 4
)

// deviceDescriptor is the device descriptor (USB 2.0, 9.6.1).
func (d *Device) deviceDescriptor() []byte {
	b := []byte{18, 1, 0x00, 0x02, 0, 0, 0, 64, 0, 0, 0, 0, 0, 0, 1, 2, 3, 1}
	binary.LittleEndian.PutUint16(b[8:], d.shape.Vendor)
	binary.LittleEndian.PutUint16(b[10:], d.shape.Product)
	binary.LittleEndian.PutUint16(b[12:], d.shape.Release)
	return b
}

// configDescriptor is the one configuration with everything below it (USB 2.0, 9.6.3).
func (d *Device) configDescriptor() []byte {
	b := []byte{9, 2, 0, 0, byte(len(d.interfaces)), 1, 0, 0xc0, 50}
	for n, face := range d.interfaces {
		for alt, f := range face.settings {
			b = append(b, 9, 4, byte(n), byte(alt), 2, classPrinter, 1, f.Protocol(), 0)
			b = append(b, 7, 5, byte(n+1), 2, packet&0xff, packet>>8, 0)
			b = append(b, 7, 5, byte(n+1)|0x80, 2, packet&0xff, packet>>8, 0)
		}
	}
	binary.LittleEndian.PutUint16(b[2:], uint16(len(b)))
	return b
}

// Descriptors are the device descriptor and the configuration as the device gives them, planted hostility
// included.
func (d *Device) Descriptors() []byte {
	return append(d.bent(d.deviceDescriptor()), d.bent(d.configDescriptor())...)
}

// stringDescriptor is a string descriptor, or nil (USB 2.0, 9.6.7).
func (d *Device) stringDescriptor(index uint8) []byte {
	switch index {
	case 0:
		return []byte{4, 3, 0x09, 0x04}
	case 1, 2, 3:
	default:
		return nil
	}
	units := utf16.Encode([]rune([]string{d.shape.Maker, d.shape.Model, d.shape.Serial}[index-1]))
	units = units[:min(len(units), 126)]
	b := []byte{byte(2 + 2*len(units)), 3}
	for _, u := range units {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	return b
}
