package chip_test

import (
	"bytes"
	"crypto/x509"
	"errors"
	"fmt"
	"math/big"
	"reflect"
	"slices"
	"strings"
	"testing"

	"padarozhnik/devices"
	"padarozhnik/devices/chip/apdu"
	virtual "padarozhnik/devices/virtual/chip"
	"padarozhnik/devices/virtual/chip/chiptest"
	"padarozhnik/station/lds"
)

// family is one kind of chip with an order for it.
type family struct {
	name  string
	kind  string // as newBenchFor names it
	blank func(testing.TB) *chiptest.Memory
	order func(testing.TB, chiptest.Country, virtual.State) devices.ChipOrder
}

func families() []family {
	return []family{
		{"gp", "gp", chiptest.NewBlank, func(t testing.TB, c chiptest.Country, s virtual.State) devices.ChipOrder {
			return c.Order(t, chiptest.Book{Side: 80}, s)
		}},
		{"gp, every mechanism", "gp", chiptest.NewBlank,
			func(t testing.TB, c chiptest.Country, s virtual.State) devices.ChipOrder {
				return c.Order(t, fullBook(t), s)
			}},
		{"jmrtd", "jmrtd", chiptest.NewApplet, func(t testing.TB, c chiptest.Country, _ virtual.State) devices.ChipOrder {
			return c.OldOrder(t, 48, nil)
		}},
		{"jmrtd, active authentication", "jmrtd", chiptest.NewApplet,
			func(t testing.TB, c chiptest.Country, _ virtual.State) devices.ChipOrder {
				return c.OldOrder(t, 32, shortKey(t))
			}},
	}
}

// once personalises one chip of the family, and returns what to do it again with, and how many
// commands it took.
func (f family) once(t *testing.T) (b *bench, blank virtual.State, o devices.ChipOrder, commands int) {
	t.Helper()
	b = newBenchFor(t, f.kind)
	m := f.blank(t)
	blank = m.State()
	o = f.order(t, b.country, blank)
	c := chiptest.Insert(t, m)
	b.slot.Put(c)
	if _, err := b.personalise(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	return b, blank, o, c.Commands()
}

// TestTornAtEveryCommand tears the chip before and after each command in turn, and lays another
// chip in its place before each. A chip is never locked unless its read-back matched, and a second
// call always brings it to its end.
func TestTornAtEveryCommand(t *testing.T) {
	for _, f := range families() {
		t.Run(f.name, func(t *testing.T) {
			b, blank, o, commands := f.once(t)
			t.Logf("%d commands", commands)
			for n := 1; n <= commands; n++ {
				for _, fault := range []virtual.Faults{{TearBefore: n}, {TearAfter: n}} {
					t.Run(fmt.Sprintf("%+v", fault), func(t *testing.T) { tear(t, b, blank, o, fault) })
				}
				t.Run(fmt.Sprintf("swapped at %d", n), func(t *testing.T) { swap(t, b, f, blank, o, n) })
			}
		})
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
	b.resume(t, m, o)
}

// resume lays the chip down again, which wakes with the memory that was committed, and goes on.
func (b *bench) resume(t *testing.T, m *chiptest.Memory, o devices.ChipOrder) {
	t.Helper()
	if s := m.State(); s.Life == virtual.Locked {
		holdsOrder(t, s, o)
	}
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

// swap lays another blank in the chip's place before command n. The work ends there; the other chip
// is not locked and, where chips have identifiers, not written; and the first one is finished when
// it lies there again.
func swap(t *testing.T, b *bench, f family, blank virtual.State, o devices.ChipOrder, n int) {
	m, other := chiptest.NewMemory(blank), f.blank(t)
	untouched := other.State()
	c := chiptest.Insert(t, m)
	b.slot.Put(c)
	c.SetFaults(virtual.Faults{SwapAt: n, Swap: func() { b.slot.Put(chiptest.Insert(t, other)) }})
	if _, err := b.personalise(t.Context(), o); !errors.Is(err, devices.ErrChipRemoved) {
		t.Fatalf("swapped: %v, want ErrChipRemoved", err)
	}
	if f.kind == "gp" {
		if _, err := b.personalise(t.Context(), o); !errors.Is(err, devices.ErrWrongBlank) {
			t.Errorf("the other chip: %v, want ErrWrongBlank", err)
		}
	}
	if !reflect.DeepEqual(other.State(), untouched) {
		t.Error("the other chip was changed")
	}
	b.resume(t, m, o)
}

func holdsOrder(t *testing.T, s virtual.State, o devices.ChipOrder) {
	t.Helper()
	if !bytes.Equal(s.MRZHash, o.MRZHash) || s.CAN != o.CAN {
		t.Error("passwords are not those of the order")
	}
	if len(o.Auth.Private) > 0 && (s.Auth == nil || !bytes.Equal(s.Auth.Private, o.Auth.Private)) {
		t.Error("key is not that of the order")
	}
	if len(o.Mapping.Private) > 0 && (s.Mapping == nil || !bytes.Equal(s.Mapping.Private, o.Mapping.Private)) {
		t.Error("key of chip authentication mapping is not that of the order")
	}
	if !o.Active.IsZero() && !holdsActive(t, s, o.Active) {
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

func holdsActive(t *testing.T, s virtual.State, k devices.ActiveAuthKey) bool {
	t.Helper()
	if s.Kind != virtual.Applet {
		return s.Active != nil && bytes.Equal(s.Active.RSA, k.RSA)
	}
	key, err := x509.ParsePKCS1PrivateKey(k.RSA)
	if err != nil {
		t.Fatal(err)
	}
	return bytes.Equal(s.Modulus, key.N.Bytes()) && new(big.Int).SetBytes(s.Exponent).Cmp(key.D) == 0
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
	_, err := b.personalise(t.Context(), o)
	if !errors.Is(err, devices.ErrWrongBlank) || !errors.Is(err, devices.ErrBegunForAnother) {
		t.Errorf("error %v, want ErrBegunForAnother", err)
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

// TestReaderPulled pulls the reader before some commands. It is a condition of its own, and the work
// goes on when the reader is back.
func TestReaderPulled(t *testing.T) {
	for _, f := range families() {
		t.Run(f.name, func(t *testing.T) {
			b := newBenchFor(t, f.kind)
			for _, n := range []int{1, 5, 12, 25} {
				m := f.blank(t)
				o := f.order(t, b.country, m.State())
				c := chiptest.Insert(t, m)
				b.slot.Put(c)
				c.SetFaults(virtual.Faults{SwapAt: n, Swap: func() { b.slot.Unplug(true) }})
				if _, err := b.personalise(t.Context(), o); !errors.Is(err, devices.ErrNoReader) {
					t.Errorf("pulled at %d: %v, want ErrNoReader", n, err)
				}
				if _, err := b.personalise(t.Context(), o); !errors.Is(err, devices.ErrNoReader) {
					t.Errorf("still away: %v, want ErrNoReader", err)
				}
				b.slot.Unplug(false)
				b.resume(t, m, o)
			}
		})
	}
}

// TestLyingChipIsNeverLocked meets chips that answer 9000 to one command and do not do it, and chips
// that give one wrong bit, at every command and every reading. Whatever ends up locked holds the
// order; a chip whose keys or files do not match it is not locked.
func TestLyingChipIsNeverLocked(t *testing.T) {
	for _, f := range families() {
		t.Run(f.name, func(t *testing.T) {
			b, blank, o, commands := f.once(t)
			refused := 0
			for n := 1; n <= commands; n++ {
				for _, fault := range []virtual.Faults{{StatusAt: n, Status: apdu.OK}, {WrongByteAtRead: n}} {
					m := chiptest.NewMemory(blank)
					liar := chiptest.Insert(t, m)
					liar.SetFaults(fault)
					b.slot.Put(liar)
					_, err := b.personalise(t.Context(), o)
					if s := m.State(); s.Life == virtual.Locked {
						holdsOrder(t, s, o)
					} else if err == nil {
						t.Errorf("%+v: taken for done, and the chip is %s", fault, s.Life)
					}
					if err != nil {
						refused++
					}
				}
			}
			if refused < commands/2 {
				t.Errorf("only %d lies of %d commands were found", refused, commands)
			}
		})
	}
}
