package chip_test

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"slices"
	"testing"

	"padarozhnik/devices"
	"padarozhnik/devices/chip"
	"padarozhnik/devices/chip/pace"
	"padarozhnik/devices/chip/sm"
	virtual "padarozhnik/devices/virtual/chip"
	"padarozhnik/devices/virtual/chip/chiptest"
	"padarozhnik/station/lds"
)

// stateFile finds a file of a chip's memory.
func stateFile(t *testing.T, s *virtual.State, id uint16, master bool) *virtual.File {
	t.Helper()
	for i := range s.Files {
		if s.Files[i].ID == id && s.Files[i].Master == master {
			return &s.Files[i]
		}
	}
	t.Fatalf("chip without %04X", id)
	return nil
}

// TestInspectFindsForgedKeys copies a chip with every mechanism and forges one thing at a time.
func TestInspectFindsForgedKeys(t *testing.T) {
	b := newBench(t)
	o := b.country.Order(t, fullBook(t), virtual.State{})
	genuine, err := virtual.NewPassport(o, false)
	if err != nil {
		t.Fatal(err)
	}
	ecdsa := b.country.Order(t, chiptest.Book{ECDSA: 12}, virtual.State{})
	stranger := chiptest.NewCountry(t).Order(t, fullBook(t), virtual.State{})
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	forged := b.country.Order(t, chiptest.Book{RSA: other}, virtual.State{})
	for _, test := range []struct {
		name  string
		forge func(s *virtual.State)
		want  []string // mechanisms that fail, and no others
	}{
		{"nothing", func(*virtual.State) {}, nil},
		{"copied without the mapping key", func(s *virtual.State) {
			s.Mapping.Private = stranger.Mapping.Private
		}, []string{chip.MechanismMapping}},
		{"copied without the key of DG14", func(s *virtual.State) {
			s.Auth.Private = stranger.Auth.Private
		}, []string{chip.MechanismChipAuth}},
		{"copied without the key of DG15", func(s *virtual.State) {
			s.Active.RSA = forged.Active.RSA
		}, []string{chip.MechanismActiveAuth}},
		{"copied without any key of DG15", func(s *virtual.State) { s.Active = nil }, []string{chip.MechanismActiveAuth}},
		{"key of DG15 of another kind", func(s *virtual.State) {
			s.Active = &virtual.ActiveKey{ParameterID: 12, Private: ecdsa.Active.Private, HashBytes: 32}
		}, []string{chip.MechanismActiveAuth}},
		{"EF.CardSecurity of another country, with its key", func(s *virtual.State) {
			stateFile(t, s, 0x011D, true).Data = filesNamed(stranger, "EF.CardSecurity")
			s.Mapping.Private = stranger.Mapping.Private
		}, []string{chip.MechanismCardSecurity}},
		{"EF.CardSecurity with one bit changed", func(s *virtual.State) {
			f := stateFile(t, s, 0x011D, true)
			f.Data = bytes.Clone(f.Data)
			f.Data[len(f.Data)-1] ^= 1
		}, []string{chip.MechanismCardSecurity}},
		{"EF.CardSecurity taken away", func(s *virtual.State) {
			s.Files = slices.DeleteFunc(s.Files, func(f virtual.File) bool { return f.ID == 0x011D && f.Master })
		}, []string{chip.MechanismCardSecurity, chip.MechanismMapping}},
		{"best way of PACE hidden", func(s *virtual.State) {
			weak := b.country.Order(t, chiptest.Book{Offers: fullBook(t).Offers[:1]}, virtual.State{})
			stateFile(t, s, 0x011C, true).Data = filesNamed(weak, "EF.CardAccess")
		}, []string{chip.MechanismAccess}},
		{"weaker way of PACE added", func(s *virtual.State) {
			weak := b.country.Order(t, chiptest.Book{Offers: append(fullBook(t).Offers,
				offer(pace.GenericMapping, sm.TripleDES, 8))}, virtual.State{})
			stateFile(t, s, 0x011C, true).Data = filesNamed(weak, "EF.CardAccess")
		}, []string{chip.MechanismAccess}},
		{"PACE hidden behind BAC", func(s *virtual.State) {
			s.BAC = true
			s.Files = slices.DeleteFunc(s.Files, func(f virtual.File) bool { return f.ID == 0x011C })
		}, []string{chip.MechanismAccess}},
		{"key in DG14 exchanged", func(s *virtual.State) {
			stateFile(t, s, 0x010E, false).Data = filesNamed(stranger, "DG14")
			s.Auth.Private = stranger.Auth.Private
		}, []string{chip.MechanismPassive}},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := genuine
			s.Files = slices.Clone(genuine.Files)
			mapping, auth, active := *genuine.Mapping, *genuine.Auth, *genuine.Active
			s.Mapping, s.Auth, s.Active = &mapping, &auth, &active
			test.forge(&s)
			if failed := b.failures(t, s, o.MRZHash); !slices.Equal(failed, test.want) {
				t.Errorf("failed %q, want %q", failed, test.want)
			}
		})
	}
}

// failures inspects a chip and lists the mechanisms that failed. Every verdict must have its reason.
func (b *bench) failures(t *testing.T, s virtual.State, mrzHash []byte) (failed []string) {
	t.Helper()
	b.slot.Put(chiptest.Insert(t, chiptest.NewMemory(s)))
	r, err := b.inspect(t.Context(), devices.Password{MRZHash: mrzHash})
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range r.Verdicts {
		if v.Reason == "" {
			t.Errorf("%s without a reason", v.Mechanism)
		}
		if !v.OK {
			failed = append(failed, v.Mechanism)
			t.Logf("%s: %s", v.Mechanism, v.Reason)
		}
	}
	return failed
}

func TestInspectChipOfUnknownAccess(t *testing.T) {
	b := newBench(t)
	o := b.country.Order(t, chiptest.Book{}, virtual.State{})
	for _, test := range []struct {
		name  string
		forge func(s *virtual.State)
		want  error
	}{
		{"mapping that nobody knows", func(s *virtual.State) {
			f := stateFile(t, s, 0x011C, true)
			f.Data = bytes.Clone(f.Data)
			f.Data[14] = 5
		}, devices.ErrUnsupported},
		{"domain parameters that nobody knows", func(s *virtual.State) {
			f := stateFile(t, s, 0x011C, true)
			f.Data = bytes.Clone(f.Data)
			f.Data[len(f.Data)-1] = 31
		}, devices.ErrUnsupported},
		{"EF.CardAccess of noise", func(s *virtual.State) {
			stateFile(t, s, 0x011C, true).Data = []byte{0x31, 0x01, 0xFF}
		}, devices.ErrProtocol},
	} {
		t.Run(test.name, func(t *testing.T) {
			s, err := virtual.NewPassport(o, false)
			if err != nil {
				t.Fatal(err)
			}
			test.forge(&s)
			b.slot.Put(chiptest.Insert(t, chiptest.NewMemory(s)))
			if _, err := b.inspect(t.Context(), devices.Password{MRZHash: o.MRZHash}); !errors.Is(err, test.want) {
				t.Errorf("error %v, want %v", err, test.want)
			}
		})
	}
}

// TestInspectNeverAsksForGuardedGroups looks at the trace of a chip whose files name DG3 and DG4.
func TestInspectNeverAsksForGuardedGroups(t *testing.T) {
	b := newBench(t)
	o := b.country.Order(t, chiptest.Book{}, virtual.State{})
	com, err := lds.NewCOM(1, 2, 3, 4, 14).Bytes()
	if err != nil {
		t.Fatal(err)
	}
	fileByName(t, &o, "EF.COM").Data = com
	s, err := virtual.NewPassport(o, false)
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []uint16{0x0103, 0x0104} {
		s.Files = append(s.Files, virtual.File{ID: id, Short: byte(id), Data: []byte{0x63, 0}})
	}
	b.slot.Put(chiptest.Insert(t, chiptest.NewMemory(s)))
	r, err := b.inspect(t.Context(), devices.Password{CAN: o.CAN})
	if err != nil {
		t.Fatal(err)
	}
	if r.File("DG3") != nil || r.File("DG4") != nil {
		t.Error("guarded data groups were read")
	}
	for _, forbidden := range []string{"0C B0 83 00", "0C B0 84 00"} {
		if bytes.Contains(b.trace.Bytes(), []byte(forbidden)) {
			t.Errorf("command %s was sent", forbidden)
		}
	}
}
