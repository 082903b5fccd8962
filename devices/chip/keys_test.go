package chip_test

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"slices"
	"sync"
	"testing"

	"padarozhnik/devices"
	"padarozhnik/devices/chip"
	"padarozhnik/devices/chip/pace"
	"padarozhnik/devices/chip/sm"
	virtual "padarozhnik/devices/virtual/chip"
	"padarozhnik/devices/virtual/chip/chiptest"
	"padarozhnik/station/lds"
)

var activeKey = sync.OnceValues(func() (*rsa.PrivateKey, error) { return rsa.GenerateKey(rand.Reader, 2048) })

func rsaKey(t testing.TB) *rsa.PrivateKey {
	t.Helper()
	k, err := activeKey()
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func offer(m pace.Mapping, s sm.Suite, parameterID int) pace.Info {
	return pace.Info{Protocol: pace.Protocol{Mapping: m, Suite: s}, ParameterID: parameterID}
}

// fullBook has every mechanism: three mappings, Chip Authentication, Active Authentication by RSA.
func fullBook(t testing.TB) chiptest.Book {
	return chiptest.Book{Side: 32, RSA: rsaKey(t), Offers: []pace.Info{
		offer(pace.GenericMapping, sm.AES128, 12), offer(pace.IntegratedMapping, sm.AES128, 12),
		offer(pace.ChipAuthMapping, sm.AES256, 12),
	}}
}

func mechanisms(list []devices.Verdict) map[string]int {
	found := map[string]int{}
	for _, v := range list {
		if v.OK {
			found[v.Mechanism]++
		}
	}
	return found
}

// TestPersonaliseKeys brings every kind of key onto a blank, and reads it back and proves it.
func TestPersonaliseKeys(t *testing.T) {
	for _, test := range []struct {
		name string
		book chiptest.Book
		want []string
	}{
		{"every mechanism", fullBook(t), []string{chip.MechanismMapping, chip.MechanismCardSecurity,
			chip.MechanismActiveAuth, chip.MechanismChipAuth}},
		{"CAM on P-521, ECDSA on P-384", chiptest.Book{ECDSA: 15, Hash: 384, Offers: []pace.Info{
			offer(pace.ChipAuthMapping, sm.AES256, 18), offer(pace.GenericMapping, sm.AES256, 18)}},
			[]string{chip.MechanismMapping, chip.MechanismActiveAuth}},
		{"CAM on Brainpool beside IM", chiptest.Book{Offers: []pace.Info{
			offer(pace.ChipAuthMapping, sm.AES128, 13), offer(pace.IntegratedMapping, sm.AES128, 13)}},
			[]string{chip.MechanismMapping}},
		{"integers of 2048 bits", chiptest.Book{Auth: &chiptest.Auth{ParameterID: 2, Cipher: lds.AES256},
			Offers: []pace.Info{offer(pace.GenericMappingDH, sm.AES128, 1), offer(pace.IntegratedMappingDH, sm.AES256, 2)}},
			[]string{chip.MechanismChipAuth}},
		{"ECDSA on brainpoolP256r1", chiptest.Book{ECDSA: 13, Hash: 224}, []string{chip.MechanismActiveAuth}},
		{"two curves of one protocol", chiptest.Book{Offers: []pace.Info{
			offer(pace.GenericMapping, sm.AES128, 12), offer(pace.GenericMapping, sm.AES128, 18)}}, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := newBench(t)
			m, _ := b.blank(t)
			o := b.country.Order(t, test.book, m.State())
			proof, err := b.personalise(t.Context(), o)
			if err != nil {
				t.Fatal(err)
			}
			r, err := b.inspect(t.Context(), devices.Password{CAN: o.CAN})
			if err != nil {
				t.Fatal(err)
			}
			if v, failed := r.Failed(); failed {
				t.Errorf("%s: %s", v.Mechanism, v.Reason)
			}
			proven, read := mechanisms(proof.Verdicts), mechanisms(r.Verdicts)
			for _, want := range append(test.want, chip.MechanismAccess, chip.MechanismPassive, chip.MechanismLock) {
				if proven[want] == 0 || want != chip.MechanismLock && read[want] == 0 {
					t.Errorf("no verdict on %s: %v, %v", want, proof.Verdicts, r.Verdicts)
				}
			}
			if n := proven[chip.MechanismPACE]; n != 1+len(test.book.Offers) && test.book.Offers != nil {
				t.Errorf("%d ways of PACE proven, want each with the MRZ and one with the CAN", n)
			}
			if !bytes.Equal(r.File("EF.CardSecurity"), filesNamed(o, "EF.CardSecurity")) {
				t.Error("EF.CardSecurity was read differently")
			}
		})
	}
}

func filesNamed(o devices.ChipOrder, name string) []byte {
	for _, f := range o.Files {
		if f.Name == name {
			return f.Data
		}
	}
	return nil
}

// TestKeysRefusedBeforeFirstWrite spoils the keys of an order with every mechanism.
func TestKeysRefusedBeforeFirstWrite(t *testing.T) {
	b := newBench(t)
	cam := offer(pace.ChipAuthMapping, sm.AES128, 12)
	for _, test := range []struct {
		name  string
		book  func(*chiptest.Book)
		spoil func(o *devices.ChipOrder)
		want  error
	}{
		{"mapping key that is not in EF.CardSecurity", nil, func(o *devices.ChipOrder) {
			o.Mapping.Private[5] ^= 1
		}, devices.ErrCannotHold},
		{"mapping key under another number", nil, func(o *devices.ChipOrder) { o.Mapping.KeyID = 3 }, devices.ErrCannotHold},
		{"mapping key without a number", nil, func(o *devices.ChipOrder) { o.Mapping.KeyID = 0 }, devices.ErrCannotHold},
		{"mapping key missing", nil, func(o *devices.ChipOrder) {
			o.Mapping = devices.ChipAuthKey{}
		}, devices.ErrCannotHold},
		{"mapping key for nothing", func(b *chiptest.Book) { b.Offers = nil }, func(o *devices.ChipOrder) {
			o.Mapping = o.Auth
		}, devices.ErrCannotHold},
		{"EF.CardSecurity missing", nil, func(o *devices.ChipOrder) {
			o.Files = slices.DeleteFunc(o.Files, func(f devices.ChipFile) bool { return f.Name == "EF.CardSecurity" })
		}, devices.ErrCannotHold},
		{"chip authentication mapping alone", func(b *chiptest.Book) {
			b.Offers = []pace.Info{cam}
		}, nil, devices.ErrCannotHold},
		{"integrated mapping on P-224", func(b *chiptest.Book) {
			b.Offers = append(b.Offers, offer(pace.IntegratedMapping, sm.AES128, 10))
		}, nil, devices.ErrCannotHold},
		{"3DES", func(b *chiptest.Book) {
			b.Offers = append(b.Offers, offer(pace.GenericMapping, sm.TripleDES, 12))
		}, nil, devices.ErrCannotHold},
		{"Chip Authentication with 3DES", func(b *chiptest.Book) {
			b.Auth = &chiptest.Auth{ParameterID: 12, Cipher: lds.TripleDES}
		}, nil, devices.ErrCannotHold},
		{"integers of 1024 bits", func(b *chiptest.Book) {
			b.Auth = &chiptest.Auth{ParameterID: 0, Cipher: lds.AES128}
		}, nil, devices.ErrCannotHold},
		{"key under another number than DG14's", nil, func(o *devices.ChipOrder) { o.Auth.KeyID = 7 }, devices.ErrCannotHold},
		{"AA key missing", nil, func(o *devices.ChipOrder) { o.Active = devices.ActiveAuthKey{} }, devices.ErrCannotHold},
		{"AA key that is not in DG15", nil, func(o *devices.ChipOrder) {
			o.Active.RSA = nil
			o.Active.ParameterID, o.Active.Private = 12, o.Auth.Private
		}, devices.ErrCannotHold},
		{"AA key that cannot be read", nil, func(o *devices.ChipOrder) {
			o.Active.RSA = o.Active.RSA[1:]
		}, devices.ErrCannotHold},
		{"AA with SHA-1", nil, func(o *devices.ChipOrder) { o.Active.HashBits = 160 }, devices.ErrCannotHold},
		{"AA hash longer than its key", func(b *chiptest.Book) { b.RSA, b.ECDSA, b.Hash = nil, 12, 384 }, nil,
			devices.ErrCannotHold},
		{"AA hash that is not DG14's", func(b *chiptest.Book) { b.RSA, b.ECDSA = nil, 12 }, func(o *devices.ChipOrder) {
			o.Active.HashBits = 224
		}, devices.ErrCannotHold},
		{"EF.CardSecurity of another country", nil, func(o *devices.ChipOrder) {
			other := chiptest.NewCountry(t).Order(t, chiptest.Book{Offers: fullBook(t).Offers}, virtual.State{})
			fileByName(t, o, "EF.CardSecurity").Data = filesNamed(other, "EF.CardSecurity")
			o.Mapping = other.Mapping
		}, devices.ErrNotAuthentic},
	} {
		t.Run(test.name, func(t *testing.T) {
			book := fullBook(t)
			if test.book != nil {
				test.book(&book)
			}
			refusedUntouched(t, b, book, test.spoil, test.want)
		})
	}
}

// refusedUntouched wants an order refused, and the chip blank behind it.
func refusedUntouched(t *testing.T, b *bench, book chiptest.Book, spoil func(*devices.ChipOrder), want error) {
	t.Helper()
	m, _ := b.blank(t)
	o := b.country.Order(t, book, m.State())
	if spoil != nil {
		spoil(&o)
	}
	if _, err := b.personalise(t.Context(), o); !errors.Is(err, want) {
		t.Errorf("error %v, want %v", err, want)
	}
	if m.State().Life != virtual.Blank {
		t.Errorf("chip is %s", m.State().Life)
	}
}
