package chip_test

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"testing"

	"padarozhnik/devices"
	"padarozhnik/devices/chip"
	"padarozhnik/devices/chip/apdu"
	virtual "padarozhnik/devices/virtual/chip"
	"padarozhnik/devices/virtual/chip/chiptest"
)

func TestInspectWrongPasswords(t *testing.T) {
	b := newBench(t)
	m, _ := b.blank(t)
	o := b.country.Order(t, chiptest.Book{}, m.State())
	if _, err := b.personalise(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name string
		p    devices.Password
	}{
		{"CAN", devices.Password{CAN: "000000"}},
		{"MRZ", devices.Password{MRZHash: make([]byte, 20)}},
	} {
		if _, err := b.inspect(t.Context(), test.p); !errors.Is(err, devices.ErrWrongPassword) {
			t.Errorf("%s: %v, want ErrWrongPassword", test.name, err)
		}
	}
}

func TestInspectFindsForgeries(t *testing.T) {
	b := newBench(t)
	m, _ := b.blank(t)
	o := b.country.Order(t, chiptest.Book{}, m.State())
	if _, err := b.personalise(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name  string
		forge func(s *virtual.State)
		want  string
	}{
		{"changed portrait", func(s *virtual.State) {
			for i, f := range s.Files {
				if f.ID == 0x0102 {
					s.Files[i].Data = append(bytes.Clone(f.Data[:len(f.Data)-1]), 0)
				}
			}
		}, chip.MechanismPassive},
		{"cloned chip", func(s *virtual.State) {
			s.Auth = &virtual.AuthKey{ParameterID: 12, Private: append(make([]byte, 31), 7)}
		}, chip.MechanismChipAuth},
		{"weakened EF.CardAccess", func(s *virtual.State) {
			for i, f := range s.Files {
				if f.ID == 0x011C {
					s.Files[i].Data = bytes.Clone(f.Data)
					s.Files[i].Data[len(f.Data)-1] = 13
				}
			}
		}, chip.MechanismAccess},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := m.State()
			s.Files = slices.Clone(s.Files)
			test.forge(&s)
			b.slot.Put(chiptest.Insert(t, chiptest.NewMemory(s)))
			r, err := b.inspect(t.Context(), devices.Password{MRZHash: o.MRZHash})
			if err != nil {
				t.Fatal(err)
			}
			if v, failed := r.Failed(); !failed || v.Mechanism != test.want {
				t.Errorf("verdicts %+v, want %s to fail", r.Verdicts, test.want)
			}
		})
	}
}

func TestInspectOldPassport(t *testing.T) {
	b := newBench(t)
	o := b.country.Order(t, chiptest.Book{Old: true, Side: 160}, virtual.State{})
	s, err := virtual.NewOldPassport(o.Files, o.MRZHash)
	if err != nil {
		t.Fatal(err)
	}
	b.slot.Put(chiptest.Insert(t, chiptest.NewMemory(s)))
	if state, err := b.encoder.Chip(t.Context()); err != nil || state.Life != devices.LifeLocked {
		t.Errorf("looks like %+v, %v", state, err)
	}
	r, err := b.inspect(t.Context(), devices.Password{MRZHash: o.MRZHash})
	if err != nil {
		t.Fatal(err)
	}
	if v, failed := r.Failed(); failed {
		t.Errorf("%s: %s", v.Mechanism, v.Reason)
	}
	for _, f := range o.Files {
		if !bytes.Equal(r.File(f.Name), f.Data) {
			t.Errorf("%s was read differently", f.Name)
		}
	}
	for _, p := range []devices.Password{{MRZHash: make([]byte, 20)}, {CAN: "123456"}} {
		if _, err := b.inspect(t.Context(), p); !errors.Is(err, devices.ErrWrongPassword) {
			t.Errorf("%v, want ErrWrongPassword", err)
		}
	}
}

// hostile is a card whose answers are cut from fuzzed bytes.
type hostile struct{ left []byte }

func (h *hostile) Name() string                       { return "hostile" }
func (h *hostile) WaitChip(ctx context.Context) error { return ctx.Err() }

func (h *hostile) Check(context.Context) error                { return nil }
func (h *hostile) Connect(context.Context) (apdu.Card, error) { return h, nil }
func (h *hostile) Reset(context.Context) error                { return nil }
func (h *hostile) ATR() []byte                                { return nil }
func (h *hostile) Close() error                               { return nil }

// Transmit takes the next answer: one byte of length, then the content. Behind the end the chip is
// gone.
func (h *hostile) Transmit(context.Context, []byte) ([]byte, error) {
	if len(h.left) == 0 {
		return nil, nil
	}
	n := min(int(h.left[0]), len(h.left)-1)
	answer := h.left[1 : 1+n]
	h.left = h.left[1+n:]
	return answer, nil
}

func FuzzHostileChip(f *testing.F) {
	f.Add([]byte{2, 0x90, 0, 2, 0x90, 0, 2, 0x90, 0})
	f.Add([]byte{2, 0x6A, 0x82, 2, 0x90, 0, 24, 0x31, 0x14, 0x30, 0x12, 6, 10, 4, 0, 0x7F, 0, 7, 2, 2, 4, 2, 2,
		2, 1, 2, 2, 1, 13, 0x90, 0, 2, 0x90, 0})
	f.Add([]byte{2, 0x6A, 0x82, 2, 0x6A, 0x82, 2, 0x90, 0, 10, 1, 2, 3, 4, 5, 6, 7, 8, 0x90, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		e, err := chip.NewEncoder(&hostile{left: b}, chip.Options{})
		if err != nil {
			t.Fatal(err)
		}
		p := devices.Password{MRZHash: make([]byte, 20)}
		if _, err := e.Inspect(t.Context(), p, nil, chiptest.Now(), nil); err == nil {
			t.Error("a chip of fuzz was opened")
		}
		if e, err = chip.NewEncoder(&hostile{left: b}, chip.Options{}); err != nil {
			t.Fatal(err)
		}
		_, _ = e.Chip(t.Context()) // must come back, whatever it says
	})
}
