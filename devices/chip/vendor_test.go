package chip_test

import (
	"errors"
	"strings"
	"testing"

	"padarozhnik/devices"
	"padarozhnik/devices/chip"
	"padarozhnik/devices/chip/products"
	virtual "padarozhnik/devices/virtual/chip"
	"padarozhnik/devices/virtual/chip/chiptest"
)

// vendorProduct is a chip that differs from the reference chip in everything that makers choose for
// themselves. No code of the encoder knows it.
const vendorProduct = `
name = "vendor"
title = "a vendor's chip"
driver = "gp"
application = "A0000002471001"
channel = "scp03"
key_version = 1
access = "pace"
leave = "power"
create = "6F0B 8302{file} 8002{size} 8801{short}"
create_master = "6F0D 83043F00{file} 8002{size} 8801{short}"
[identifier]
tag = 0x9F7F
offset = 10
length = 8
[life]
blank = 0x07
partial = 0x0B
locked = 0x0F
[limits]
file = 65535
files = ["EF.CardAccess", "EF.CardSecurity", "EF.COM", "EF.SOD", "DG1", "DG2", "DG14", "DG15"]
required = ["EF.CardAccess", "EF.COM", "EF.SOD", "DG1", "DG2", "DG14"]
pace = ["0.4.0.127.0.7.2.2.4.2.2", "0.4.0.127.0.7.2.2.4.4.2", "0.4.0.127.0.7.2.2.4.6.4"]
parameters = [12]
chip_auth = ["0.4.0.127.0.7.2.2.3.2.2"]
rsa = [2048]
hash = [256]
can = 6
short = 255
[[step]]
do = "store"
cla = 0x80
ins = 0xE2
p1 = 0x68
data = "0101{mrz-hash|sealed|counted}"
[[step]]
do = "store"
cla = 0x80
ins = 0xE2
p1 = 0x68
data = "0102{can|sealed|counted}"
[[step]]
do = "store"
cla = 0x80
ins = 0xE2
p1 = 0x68
data = "7F48{chip-authentication|sealed|counted}"
[[step]]
do = "store"
cla = 0x80
ins = 0xE2
p1 = 0x68
data = "7F49{numbered-chip-authentication|sealed|counted}"
[[step]]
do = "store"
cla = 0x80
ins = 0xE2
p1 = 0x68
data = "7F4A{chip-authentication-mapping|sealed|counted}"
[[step]]
do = "store"
cla = 0x80
ins = 0xE2
p1 = 0x68
more = 0x68
data = "7F4B{active-authentication|sealed|counted}"
[[step]]
do = "files"
first = ["EF.CardAccess"]
[[step]]
do = "lock"
cla = 0x80
ins = 0xE2
p1 = 0xE8
data = "7FFF00"
`

// TestVendorIsAFile personalises, reads and resumes such a chip with every mechanism, torn at every
// tenth command.
func TestVendorIsAFile(t *testing.T) {
	for name, book := range map[string]chiptest.Book{"generic mapping": {Side: 80}, "every mechanism": fullBook(t)} {
		t.Run(name, func(t *testing.T) {
			b, blank := vendor(t, vendorProduct)
			o := b.country.Order(t, book, blank)
			m := chiptest.NewMemory(blank)
			c := chiptest.Insert(t, m)
			b.slot.Put(c)
			if _, err := b.personalise(t.Context(), o); err != nil {
				t.Fatal(err)
			}
			if m.State().Life != virtual.Locked {
				t.Errorf("chip is %s", m.State().Life)
			}
			holdsOrder(t, m.State(), o)
			checkReading(t, b, o, devices.Password{CAN: o.CAN})
			for n := 1; n < c.Commands()/2; n += 10 {
				tear(t, b, blank, o, virtual.Faults{TearAfter: n})
			}
		})
	}
}

// vendor is a bench for a product, and a blank of the vendor's.
func vendor(t *testing.T, product string) (*bench, virtual.State) {
	t.Helper()
	p, err := products.Parse([]byte(product))
	if err != nil {
		t.Fatal(err)
	}
	b := newBench(t)
	if b.encoder, err = chip.NewEncoder(b.slot, chip.Options{Product: p, Trace: &b.trace}); err != nil {
		t.Fatal(err)
	}
	blank := chiptest.NewBlank(t).State()
	blank.Dialect = &virtual.Dialect{
		Blank: 0x07, Partial: 0x0B, Locked: 0x0F, Create: 0x6F, Last: 0x7FFF,
		Groups: virtual.Groups{
			MRZ: 0x0101, CAN: 0x0102, Auth: 0x7F48, Numbered: 0x7F49, Mapping: 0x7F4A, Active: 0x7F4B,
		},
	}
	return b, blank
}

// TestVendorIsNotTheReference: the reference chip's own product does not take it for a blank.
func TestVendorIsNotTheReference(t *testing.T) {
	_, blank := vendor(t, vendorProduct)
	b := newBench(t)
	b.slot.Put(chiptest.Insert(t, chiptest.NewMemory(blank)))
	if s, err := b.encoder.Chip(t.Context()); err == nil && s.Life == devices.LifeBlank {
		t.Errorf("taken for a reference chip: %+v", s)
	}
}

// TestSecretThatFitsNoCommand: a product that does not spread secrets over commands is asked for no RSA
// key, and one that has no step for a key is asked for no such key, before anything is sent.
func TestSecretThatFitsNoCommand(t *testing.T) {
	for name, change := range map[string][2]string{
		"one command":    {"more = 0x68\n", ""},
		"no mapping key": {"{chip-authentication-mapping|", "{can|"},
		"no numbered":    {"{numbered-chip-authentication|", "{can|"},
		"no active key":  {"{active-authentication|", "{can|"},
	} {
		b, blank := vendor(t, strings.Replace(vendorProduct, change[0], change[1], 1))
		c := chiptest.Insert(t, chiptest.NewMemory(blank))
		b.slot.Put(c)
		_, err := b.personalise(t.Context(), b.country.Order(t, fullBook(t), blank))
		if !errors.Is(err, devices.ErrCannotHold) || c.Commands() != 0 {
			t.Errorf("%s: %v behind %d commands", name, err, c.Commands())
		}
	}
}
