package pcsc_test

import (
	"testing"

	"padarozhnik/devices"
	"padarozhnik/devices/chip/apdu"
	"padarozhnik/devices/pcsc"
	"padarozhnik/devices/virtual/chip/chiptest"
)

// BenchmarkTransmit is one command through the real service to a virtual chip: what the wire
// costs.
func BenchmarkTransmit(b *testing.B) {
	d := lease(b, pcsc.Deadlines{})
	defer d.insert(b, chiptest.Insert(b, chiptest.NewBlank(b)))()
	card, err := d.service.Reader(d.ReaderName).Connect(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	defer card.Close() //nolint:errcheck // the benchmark is over
	command, err := apdu.Command{INS: 0xB0, P1: 0x81, Ne: apdu.MaxShort}.Bytes()
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := card.Transmit(b.Context(), command); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkInspect reads and verifies a book of 25 kB.
func BenchmarkInspect(b *testing.B) {
	d := lease(b, pcsc.Deadlines{})
	country, m := chiptest.NewCountry(b), chiptest.NewBlank(b)
	o := country.Order(b, chiptest.Book{Side: 170}, m.State())
	e := d.encoder(b)
	c := chiptest.Insert(b, m)
	defer d.insert(b, c)()
	if _, err := e.Personalise(b.Context(), o, country.Trust, chiptest.Now(), nil); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := e.Inspect(b.Context(), devices.Password{CAN: o.CAN}, country.Trust, chiptest.Now(), nil); err != nil {
			b.Fatal(err)
		}
	}
}
