package chip_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"padarozhnik/devices"
	virtual "padarozhnik/devices/virtual/chip"
	"padarozhnik/devices/virtual/chip/chiptest"
	"padarozhnik/station/lds"
)

// TestTornAtEveryCommand tears the chip before and after each command in turn. A torn chip is
// never locked unless its read-back matched, and a second call always brings it to its end.
func TestTornAtEveryCommand(t *testing.T) {
	t.Run("generic mapping", func(t *testing.T) { tornEverywhere(t, chiptest.Book{Side: 80}) })
	t.Run("every mechanism", func(t *testing.T) { tornEverywhere(t, fullBook(t)) })
}

func tornEverywhere(t *testing.T, book chiptest.Book) {
	b := newBench(t)
	m, c := b.blank(t)
	blank := m.State()
	o := b.country.Order(t, book, blank)
	c.SetFaults(virtual.Faults{})
	if _, err := b.personalise(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	commands := c.Commands()
	t.Logf("%d commands", commands)
	for n := 1; n <= commands; n++ {
		for _, f := range []virtual.Faults{{TearBefore: n}, {TearAfter: n}} {
			t.Run(fmt.Sprintf("%+v", f), func(t *testing.T) { tear(t, b, blank, o, f) })
		}
	}
}

func tear(t *testing.T, b *bench, blank virtual.State, o devices.ChipOrder, f virtual.Faults) {
	m := chiptest.NewMemory(blank)
	c := chiptest.Insert(t, m)
	b.slot.Put(c)
	c.SetFaults(f)
	if _, err := b.personalise(t.Context(), o); !errors.Is(err, devices.ErrChipRemoved) {
		t.Fatalf("torn: %v, want ErrChipRemoved", err)
	}
	if s := m.State(); s.Life == virtual.Locked {
		holdsOrder(t, s, o)
	}
	// The chip wakes with the memory that was committed.
	b.slot.Put(chiptest.Insert(t, m))
	proof, err := b.personalise(t.Context(), o)
	if err != nil {
		t.Fatalf("second call: %v", err)
	}
	if m.State().Life != virtual.Locked {
		t.Errorf("chip is %s at the end", m.State().Life)
	}
	holdsOrder(t, m.State(), o)
	if proof.Bytes == 0 {
		t.Error("nothing was read back")
	}
}

func holdsOrder(t *testing.T, s virtual.State, o devices.ChipOrder) {
	t.Helper()
	same := bytes.Equal(s.MRZHash, o.MRZHash) && s.CAN == o.CAN
	if !same || s.Auth == nil || !bytes.Equal(s.Auth.Private, o.Auth.Private) {
		t.Error("secrets are not those of the order")
	}
	if len(o.Mapping.Private) > 0 && (s.Mapping == nil || !bytes.Equal(s.Mapping.Private, o.Mapping.Private)) {
		t.Error("key of chip authentication mapping is not that of the order")
	}
	if !o.Active.IsZero() && (s.Active == nil || !bytes.Equal(s.Active.RSA, o.Active.RSA)) {
		t.Error("key of Active Authentication is not that of the order")
	}
	for _, f := range o.Files {
		id, _ := lds.FileID(f.Name)
		ok := slices.ContainsFunc(s.Files, func(has virtual.File) bool {
			return has.ID == id && bytes.Equal(has.Data, f.Data)
		})
		if !ok {
			t.Errorf("%s is not that of the order", f.Name)
		}
	}
}

func TestResumeWritesOnlyTheRest(t *testing.T) {
	b := newBench(t)
	m, c := b.blank(t)
	o := b.country.Order(t, chiptest.Book{Side: 160}, m.State())
	c.SetFaults(virtual.Faults{TearAfter: 25})
	if _, err := b.personalise(t.Context(), o); !errors.Is(err, devices.ErrChipRemoved) {
		t.Fatal(err)
	}
	b.trace.Reset()
	proof, err := b.personalise(t.Context(), o)
	if err != nil || !proof.Resumed {
		t.Fatalf("proof %+v, %v", proof, err)
	}
	if n := strings.Count(b.trace.String(), "CREATE FILE"); n > 4 {
		t.Errorf("%d files were created again", n)
	}
}

func TestWrongReadBackIsNeverLocked(t *testing.T) {
	b := newBench(t)
	for n := 4; n <= 14; n++ {
		m, c := b.blank(t)
		o := b.country.Order(t, chiptest.Book{Side: 80}, m.State())
		c.SetFaults(virtual.Faults{WrongByteAtRead: n})
		_, err := b.personalise(t.Context(), o)
		if err == nil {
			continue // a read behind the comparison
		}
		if !errors.Is(err, devices.ErrReadBack) && !errors.Is(err, devices.ErrNotAuthentic) {
			t.Errorf("read %d: %v", n, err)
		}
		if s := m.State(); s.Life == virtual.Locked {
			holdsOrder(t, s, o)
		}
	}
}

func TestLockedChip(t *testing.T) {
	b := newBench(t)
	m, _ := b.blank(t)
	o := b.country.Order(t, chiptest.Book{}, m.State())
	if _, err := b.personalise(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	proof, err := b.personalise(t.Context(), o)
	if err != nil || !proof.Resumed {
		t.Errorf("the same order again: %+v, %v", proof, err)
	}
	other := b.country.Order(t, chiptest.Book{Side: 72}, m.State())
	other.SCP03 = o.SCP03
	if _, err := b.personalise(t.Context(), other); !errors.Is(err, devices.ErrLockedChip) {
		t.Errorf("another order: %v, want ErrLockedChip", err)
	}
}

func TestHalfPersonalisedForAnotherOrder(t *testing.T) {
	b := newBench(t)
	m, c := b.blank(t)
	o := b.country.Order(t, chiptest.Book{}, m.State())
	c.SetFaults(virtual.Faults{TearAfter: 20})
	if _, err := b.personalise(t.Context(), o); !errors.Is(err, devices.ErrChipRemoved) {
		t.Fatal(err)
	}
	s := m.State()
	s.MRZHash = make([]byte, 20)
	b.slot.Put(chiptest.Insert(t, chiptest.NewMemory(s)))
	if _, err := b.personalise(t.Context(), o); !errors.Is(err, devices.ErrWrongBlank) {
		t.Errorf("error %v, want ErrWrongBlank", err)
	}
}

// TestLockThatDidNotHold meets a chip that says it locked and did not.
func TestLockThatDidNotHold(t *testing.T) {
	b := newBench(t)
	m, c := b.blank(t)
	o := b.country.Order(t, chiptest.Book{}, m.State())
	c.SetFaults(virtual.Faults{})
	if _, err := b.personalise(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	lock := lockCommand(t, b.trace.String())
	m = chiptest.NewBlank(t)
	c = chiptest.Insert(t, m)
	b.slot.Put(c)
	o = b.country.Order(t, chiptest.Book{}, m.State())
	c.SetFaults(virtual.Faults{StatusAt: lock, Status: 0x9000})
	if _, err := b.personalise(t.Context(), o); !errors.Is(err, devices.ErrNotLocked) {
		t.Errorf("error %v, want ErrNotLocked", err)
	}
}

// lockCommand finds the number of the lock in a trace.
func lockCommand(t *testing.T, trace string) int {
	t.Helper()
	n := 0
	for line := range strings.Lines(trace) {
		if strings.HasPrefix(line, ">") {
			n++
		}
		if strings.Contains(line, "SET STATUS") {
			return n
		}
	}
	t.Fatal("no lock in the trace")
	return 0
}
