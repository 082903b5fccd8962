package chip_test

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"testing"
	"time"

	"padarozhnik/devices"
	"padarozhnik/devices/chip"
	virtual "padarozhnik/devices/virtual/chip"
	"padarozhnik/devices/virtual/chip/chiptest"
)

// shortKey is an RSA key as the second kind of chip has it.
func shortKey(t testing.TB) *rsa.PrivateKey {
	t.Helper()
	k, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// TestAppletActiveAuthentication proves the key of the second kind of chip when it is written and when
// it is read, and refuses what it cannot hold.
func TestAppletActiveAuthentication(t *testing.T) {
	b := newBenchFor(t, "jmrtd")
	m := chiptest.NewApplet(t)
	o := b.country.OldOrder(t, 48, shortKey(t))
	b.slot.Put(chiptest.Insert(t, m))
	proof, err := b.personalise(t.Context(), o)
	if err != nil || mechanisms(proof.Verdicts)[chip.MechanismActiveAuth] != 1 {
		t.Fatalf("%+v, %v", proof, err)
	}
	holdsOrder(t, m.State(), o)
	r, err := b.inspect(t.Context(), devices.Password{MRZHash: o.MRZHash})
	if v, failed := r.Failed(); err != nil || failed || mechanisms(r.Verdicts)[chip.MechanismActiveAuth] != 1 {
		t.Errorf("%+v, %+v, %v", v, r.Verdicts, err)
	}
	s := m.State()
	s.Exponent = bytes.Repeat([]byte{3}, 128)
	b.slot.Put(chiptest.Insert(t, chiptest.NewMemory(s)))
	if r, err := b.inspect(t.Context(), devices.Password{MRZHash: o.MRZHash}); err != nil {
		t.Error(err)
	} else if v, failed := r.Failed(); !failed || v.Mechanism != chip.MechanismActiveAuth {
		t.Errorf("a copy without the key: %+v", r.Verdicts)
	}
	for name, spoil := range map[string]func(*devices.ChipOrder){
		"SHA-256":         func(o *devices.ChipOrder) { o.Active.HashBits = 256 },
		"2048 bits":       func(o *devices.ChipOrder) { *o = b.country.OldOrder(t, 48, rsaKey(t)) },
		"another key":     func(o *devices.ChipOrder) { o.Active.RSA = x509.MarshalPKCS1PrivateKey(shortKey(t)) },
		"key on a curve":  func(o *devices.ChipOrder) { o.Active.RSA, o.Active.Private = nil, []byte{1} },
		"DG15 and no key": func(o *devices.ChipOrder) { o.Active = devices.ActiveAuthKey{} },
	} {
		o := b.country.OldOrder(t, 48, shortKey(t))
		spoil(&o)
		c := chiptest.Insert(t, chiptest.NewApplet(t))
		b.slot.Put(c)
		if _, err := b.personalise(t.Context(), o); !errors.Is(err, devices.ErrCannotHold) || c.Commands() != 0 {
			t.Errorf("%s: %v behind %d commands, want ErrCannotHold", name, err, c.Commands())
		}
	}
}

// TestBookIsRefusedByDate: from 2027 on no chip that opens by BAC alone is written.
func TestBookIsRefusedByDate(t *testing.T) {
	b := newBenchFor(t, "jmrtd")
	m := chiptest.NewApplet(t)
	o := b.country.OldOrder(t, 48, nil)
	b.slot.Put(chiptest.Insert(t, m))
	for _, test := range []struct {
		day  time.Time
		want error
	}{
		{time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC), devices.ErrOutdatedAccess},
		{time.Date(2031, 5, 1, 0, 0, 0, 0, time.UTC), devices.ErrOutdatedAccess},
		{time.Date(2026, 12, 31, 23, 59, 59, 0, time.UTC), nil},
	} {
		_, err := b.encoder.Personalise(t.Context(), o, b.country.Trust, test.day, nil)
		if !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", test.day, err, test.want)
		}
		if test.want != nil && len(m.State().Files) != 0 {
			t.Error("the chip was written")
		}
	}
}

// TestAppletRefusals: what the second kind of chip cannot hold is refused before anything is sent.
func TestAppletRefusals(t *testing.T) {
	b := newBenchFor(t, "jmrtd")
	for _, test := range []struct {
		name  string
		spoil func(*devices.ChipOrder)
	}{
		{"guarded data group", func(o *devices.ChipOrder) {
			o.Files = append(o.Files, devices.ChipFile{Name: "DG3", Data: []byte{0x63, 0}})
		}},
		{"DG16", func(o *devices.ChipOrder) {
			o.Files = append(o.Files, devices.ChipFile{Name: "DG16", Data: []byte{0x70, 0}})
		}},
		{"DG15 without a key that fits", func(o *devices.ChipOrder) {
			o.Files = append(o.Files, devices.ChipFile{Name: "DG15", Data: []byte{0x6F, 0}})
		}},
		{"EF.CardAccess", func(o *devices.ChipOrder) {
			o.Files = append(o.Files, devices.ChipFile{Name: "EF.CardAccess", Data: []byte{0x31, 0}})
		}},
		{"file of 32767 bytes", func(o *devices.ChipOrder) {
			data := append([]byte{0x67, 0x82, 0x7F, 0xFB}, make([]byte, 0x7FFB)...)
			o.Files = append(o.Files, devices.ChipFile{Name: "DG7", Data: data})
		}},
		{"CAN", func(o *devices.ChipOrder) { o.CAN = "314159" }},
		{"Chip Authentication", func(o *devices.ChipOrder) { o.Auth.Private = []byte{1} }},
		{"identifier", func(o *devices.ChipOrder) { o.ChipID = make([]byte, 8) }},
	} {
		t.Run(test.name, func(t *testing.T) {
			m := chiptest.NewApplet(t)
			c := chiptest.Insert(t, m)
			b.slot.Put(c)
			o := b.country.OldOrder(t, 48, nil)
			test.spoil(&o)
			if _, err := b.personalise(t.Context(), o); !errors.Is(err, devices.ErrCannotHold) {
				t.Errorf("error %v, want ErrCannotHold", err)
			}
			if c.Commands() != 0 {
				t.Errorf("%d commands were sent", c.Commands())
			}
		})
	}
}

// TestAppletFileOfAnotherSize meets chips on which an earlier order left a larger or a smaller DG2:
// the one is made smaller, the other is spoiled, because its files never grow.
func TestAppletFileOfAnotherSize(t *testing.T) {
	b := newBenchFor(t, "jmrtd")
	o := b.country.OldOrder(t, 48, nil)
	dg2 := fileByName(t, &o, "DG2").Data
	com := fileByName(t, &o, "EF.COM").Data
	dg1 := fileByName(t, &o, "DG1").Data
	for _, test := range []struct {
		name string
		size int
		want error
	}{
		{"larger", len(dg2) + 40, nil},
		{"smaller", len(dg2) - 40, devices.ErrCannotHold},
	} {
		m := chiptest.NewApplet(t)
		s := m.State()
		s.MRZHash = o.MRZHash
		left := append(bytes.Clone(dg2), make([]byte, 40)...)[:test.size]
		s.Files = []virtual.File{
			{ID: 0x011E, Data: bytes.Clone(com), First: len(com)}, {ID: 0x0101, Data: bytes.Clone(dg1), First: len(dg1)},
			{ID: 0x0102, Data: left, First: test.size},
		}
		m = chiptest.NewMemory(s)
		b.slot.Put(chiptest.Insert(t, m))
		_, err := b.personalise(t.Context(), o)
		if !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", test.name, err, test.want)
		}
		if err == nil {
			holdsOrder(t, m.State(), o)
		}
	}
}
