package chip_test

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"

	"padarozhnik/devices"
	"padarozhnik/devices/chip"
	virtual "padarozhnik/devices/virtual/chip"
	"padarozhnik/devices/virtual/chip/chiptest"
)

// TestChipThatGivesLessThanItAnnounces reads chips that answer long commands short, or refuse them
// and drop their session. What they can give is found once and remembered.
func TestChipThatGivesLessThanItAnnounces(t *testing.T) {
	for _, test := range []struct {
		name  string
		fault virtual.Faults
	}{
		{"short answers", virtual.Faults{ReadRoom: 1000}},
		{"refuses 2 kB", virtual.Faults{ReadRoom: 2030, RefuseLong: true}},
		{"refuses 1 kB", virtual.Faults{ReadRoom: 1000, RefuseLong: true}},
		{"refuses all but short ones", virtual.Faults{ReadRoom: 224, RefuseLong: true}},
		{"refuses even those", virtual.Faults{ReadRoom: 100, RefuseLong: true}},
	} {
		full := fullBook(t)
		full.Side = 160
		for name, book := range map[string]chiptest.Book{"generic mapping": {Side: 160}, "every mechanism": full} {
			t.Run(test.name+", "+name, func(t *testing.T) { readLimited(t, book, test.fault) })
		}
	}
}

// readLimited personalises and reads a chip with a fault. A session that a refused command ended is
// opened again in the midst of files of the application and, with EF.CardSecurity, of the master file.
func readLimited(t *testing.T, book chiptest.Book, fault virtual.Faults) {
	b := newBench(t)
	m, c := b.blank(t)
	o := b.country.Order(t, book, m.State())
	c.SetFaults(fault)
	if _, err := b.personalise(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	fresh := newBench(t) // which has not learned yet what the chip gives
	fresh.country = b.country
	fresh.slot.Put(c)
	checkReading(t, fresh, o, devices.Password{MRZHash: o.MRZHash})
	fresh.trace.Reset()
	checkReading(t, fresh, o, devices.Password{CAN: o.CAN})
	if n := strings.Count(fresh.trace.String(), ", 6700"); n > 2 {
		t.Errorf("%d refused commands in a later reading", n)
	}
}

// TestReadingStopsAtTheDeclaredSize reads a file that is longer on the chip than it says.
func TestReadingStopsAtTheDeclaredSize(t *testing.T) {
	b := newBench(t)
	m, _ := b.blank(t)
	o := b.country.Order(t, chiptest.Book{Side: 100}, m.State())
	if _, err := b.personalise(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	s := m.State()
	s.Files = slices.Clone(s.Files)
	for i := range s.Files {
		if !s.Files[i].Master {
			s.Files[i].Data = append(bytes.Clone(s.Files[i].Data), make([]byte, 700)...)
		}
	}
	b.slot.Put(chiptest.Insert(t, chiptest.NewMemory(s)))
	checkReading(t, b, o, devices.Password{MRZHash: o.MRZHash})
}

// TestShortFileIsFound: a file that ends before its declared size is no file.
func TestShortFileIsFound(t *testing.T) {
	b := newBench(t)
	m, _ := b.blank(t)
	o := b.country.Order(t, chiptest.Book{Side: 160}, m.State())
	if _, err := b.personalise(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	s := m.State()
	s.Files = slices.Clone(s.Files)
	for i := range s.Files {
		if s.Files[i].ID == 0x0102 {
			s.Files[i].Data = s.Files[i].Data[:9000]
		}
	}
	b.slot.Put(chiptest.Insert(t, chiptest.NewMemory(s)))
	if _, err := b.inspect(t.Context(), devices.Password{MRZHash: o.MRZHash}); !errors.Is(err, devices.ErrProtocol) {
		t.Errorf("a file cut short: %v, want ErrProtocol", err)
	}
	// The end of that file was not taken for a limit of the chip.
	b.slot.Put(chiptest.Insert(t, m))
	b.trace.Reset()
	checkReading(t, b, o, devices.Password{MRZHash: o.MRZHash})
	if n := strings.Count(b.trace.String(), "READ BINARY"); n > 16 {
		t.Errorf("%d readings of a whole chip", n)
	}
}

// TestOtherCards lays on the reader what else lies on desks.
func TestOtherCards(t *testing.T) {
	refuse := []byte{0x6A, 0x82}
	for _, test := range []struct {
		name  string
		card  chiptest.Other
		want  error
		sends bool
	}{
		{"bank card", chiptest.Other{Answer: func(b []byte) []byte {
			if bytes.Contains(b, []byte("2PAY.SYS.DDF01")) {
				return []byte{0x6F, 0x00, 0x90, 0x00}
			}
			return refuse
		}}, devices.ErrBankCard, true},
		{"transport card with a processor", chiptest.Other{Answer: func([]byte) []byte { return refuse }},
			devices.ErrForeignChip, true},
		{"memory card", chiptest.Other{
			Reset: unhex(t, "3b8f8001804f0ca000000306030001000000006a"), Answer: func([]byte) []byte { return refuse },
		}, devices.ErrForeignChip, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			card := test.card
			e, err := chip.NewEncoder(&card, chip.Options{})
			if err != nil {
				t.Fatal(err)
			}
			b := newBench(t)
			o := b.country.Order(t, chiptest.Book{}, chiptest.NewBlank(t).State())
			_, err = e.Chip(t.Context())
			_, err2 := e.Inspect(t.Context(), devices.Password{MRZHash: o.MRZHash}, nil, chiptest.Now(), nil)
			_, err3 := e.Personalise(t.Context(), o, b.country.Trust, chiptest.Now(), nil)
			for _, err := range []error{err, err2, err3} {
				if !errors.Is(err, test.want) || !errors.Is(err, devices.ErrForeignChip) {
					t.Errorf("error %v, want %v", err, test.want)
				}
				if test.want != devices.ErrBankCard && errors.Is(err, devices.ErrBankCard) {
					t.Errorf("taken for a bank card: %v", err)
				}
			}
			if (card.Commands > 0) != test.sends {
				t.Errorf("%d commands were sent", card.Commands)
			}
		})
	}
}

// TestLockedPassportOfSomebody lays a finished passport under the order of another.
func TestLockedPassportOfSomebody(t *testing.T) {
	b := newBench(t)
	old := b.country.Order(t, chiptest.Book{Old: true}, virtual.State{})
	s, err := virtual.NewOldPassport(old.Files, old.MRZHash)
	if err != nil {
		t.Fatal(err)
	}
	o := b.country.Order(t, chiptest.Book{}, chiptest.NewBlank(t).State())
	b.slot.Put(chiptest.Insert(t, chiptest.NewMemory(s)))
	if _, err := b.personalise(t.Context(), o); !errors.Is(err, devices.ErrLockedChip) {
		t.Errorf("an old passport: %v, want ErrLockedChip", err)
	}
}
