package chip_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"testing"

	"padarozhnik/devices"
	"padarozhnik/devices/chip"
	"padarozhnik/devices/chip/products"
	virtual "padarozhnik/devices/virtual/chip"
	"padarozhnik/devices/virtual/chip/chiptest"
	"padarozhnik/station/lds"
	"padarozhnik/station/pki"
)

var _ devices.Encoder = (*chip.Encoder)(nil)

// bench is an encoder over a slot in this process.
type bench struct {
	country chiptest.Country
	slot    *virtual.Slot
	encoder *chip.Encoder
	trace   bytes.Buffer
}

func newBench(t testing.TB) *bench {
	t.Helper()
	return newBenchFor(t, chip.DefaultProduct)
}

// newBenchFor is a bench whose encoder personalises one kind of chip, by product or driver.
func newBenchFor(t testing.TB, kind string) *bench {
	t.Helper()
	product, err := products.Find(kind)
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{country: chiptest.NewCountry(t), slot: &virtual.Slot{}}
	if b.encoder, err = chip.NewEncoder(b.slot, chip.Options{Product: product, Trace: &b.trace}); err != nil {
		t.Fatal(err)
	}
	return b
}

// blank lays a new blank on the slot.
func (b *bench) blank(t testing.TB) (*chiptest.Memory, *virtual.Chip) {
	t.Helper()
	m := chiptest.NewBlank(t)
	c := chiptest.Insert(t, m)
	b.slot.Put(c)
	return m, c
}

func (b *bench) personalise(ctx context.Context, o devices.ChipOrder) (devices.ChipProof, error) {
	return b.encoder.Personalise(ctx, o, b.country.Trust, chiptest.Now(), nil)
}

func (b *bench) inspect(ctx context.Context, p devices.Password) (devices.ChipReading, error) {
	return b.encoder.Inspect(ctx, p, b.country.Trust, chiptest.Now(), nil)
}

func fileByName(t testing.TB, o *devices.ChipOrder, name string) *devices.ChipFile {
	t.Helper()
	for i := range o.Files {
		if o.Files[i].Name == name {
			return &o.Files[i]
		}
	}
	t.Fatalf("order without %s", name)
	return nil
}

func TestPersonaliseAndInspect(t *testing.T) {
	for _, test := range []struct {
		name string
		book chiptest.Book
	}{
		{"P-256, AES-128, 25 kB", chiptest.Book{Side: 160}},
		{"brainpoolP256r1, AES-256", chiptest.Book{ParameterID: 13, Cipher: lds.AES256}},
		{"P-384, AES-192", chiptest.Book{ParameterID: 15, Cipher: lds.AES192}},
		{"P-521, AES-256, beyond 32 kB", chiptest.Book{ParameterID: 18, Cipher: lds.AES256, Side: 220}},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := newBench(t)
			m, _ := b.blank(t)
			o := b.country.Order(t, test.book, m.State())
			s, err := b.encoder.Chip(t.Context())
			if err != nil || s.Life != devices.LifeBlank || !bytes.Equal(s.ChipID, o.ChipID) {
				t.Fatalf("blank looks like %+v, %v", s, err)
			}
			proof, err := b.personalise(t.Context(), o)
			if err != nil {
				t.Fatal(err)
			}
			if proof.Resumed || len(proof.Verdicts) < 6 || m.State().Life != virtual.Locked {
				t.Errorf("proof %+v, life %s", proof, m.State().Life)
			}
			if s, err := b.encoder.Chip(t.Context()); err != nil || s.Life != devices.LifeLocked || s.ChipID != nil {
				t.Errorf("locked chip looks like %+v, %v", s, err)
			}
			for _, p := range []devices.Password{{MRZHash: o.MRZHash}, {CAN: o.CAN}} {
				checkReading(t, b, o, p)
			}
			t.Logf("%d bytes", proof.Bytes)
		})
	}
}

func checkReading(t *testing.T, b *bench, o devices.ChipOrder, p devices.Password) {
	t.Helper()
	r, err := b.inspect(t.Context(), p)
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
	for _, want := range []string{
		chip.MechanismPACE, chip.MechanismPassive, chip.MechanismAccess, chip.MechanismChipAuth,
	} {
		if !slices.ContainsFunc(r.Verdicts, func(v devices.Verdict) bool { return v.Mechanism == want }) {
			t.Errorf("no verdict on %s", want)
		}
	}
	if !bytes.Equal(r.ChipID, o.ChipID) || r.File("EF.ATR-INFO") == nil {
		t.Errorf("chip identifier %x, EF.ATR-INFO %x", r.ChipID, r.File("EF.ATR-INFO"))
	}
}

func TestOrderRefusedBeforeFirstWrite(t *testing.T) {
	tests := []struct {
		name  string
		spoil func(t *testing.T, o *devices.ChipOrder)
		want  error
	}{
		{"another chip", func(_ *testing.T, o *devices.ChipOrder) {
			o.ChipID = make([]byte, 8)
		}, devices.ErrWrongBlank},
		{"guarded data group", func(_ *testing.T, o *devices.ChipOrder) {
			o.Files = append(o.Files, devices.ChipFile{Name: "DG3", Data: []byte{0x63, 0}})
		}, devices.ErrCannotHold},
		{"unknown file", func(_ *testing.T, o *devices.ChipOrder) {
			o.Files = append(o.Files, devices.ChipFile{Name: "DG99", Data: []byte{0x63, 0}})
		}, devices.ErrCannotHold},
		{"file missing", func(_ *testing.T, o *devices.ChipOrder) {
			o.Files = o.Files[1:]
		}, devices.ErrCannotHold},
		{"file twice", func(_ *testing.T, o *devices.ChipOrder) {
			o.Files = append(o.Files, o.Files[0])
		}, devices.ErrCannotHold},
		{"file too large", func(t *testing.T, o *devices.ChipOrder) {
			fileByName(t, o, "DG2").Data = make([]byte, 70000)
		}, devices.ErrCannotHold},
		{"more than the memory", func(_ *testing.T, o *devices.ChipOrder) {
			for _, n := range []string{"DG5", "DG7"} {
				data := append([]byte{0x65, 0x82, 0xF0, 0}, make([]byte, 0xF000)...)
				o.Files = append(o.Files, devices.ChipFile{Name: n, Data: data})
			}
		}, devices.ErrNotAuthentic}, // unsigned data groups are found first
		{"key of another size", func(_ *testing.T, o *devices.ChipOrder) {
			o.Auth.Private = o.Auth.Private[1:]
		}, devices.ErrCannotHold},
		{"key that is not in DG14", func(_ *testing.T, o *devices.ChipOrder) {
			o.Auth.Private[5] ^= 1
		}, devices.ErrCannotHold},
		{"curve that the chip has not", func(_ *testing.T, o *devices.ChipOrder) {
			o.Auth.ParameterID = 10
		}, devices.ErrCannotHold},
		{"access protocol", func(t *testing.T, o *devices.ChipOrder) {
			fileByName(t, o, "EF.CardAccess").Data[15] = 1 // 3DES
		}, devices.ErrCannotHold},
		{"CAN of letters", func(_ *testing.T, o *devices.ChipOrder) {
			o.CAN = "12345a"
		}, devices.ErrCannotHold},
		{"password of another MRZ", func(_ *testing.T, o *devices.ChipOrder) {
			o.MRZHash = make([]byte, 20)
		}, devices.ErrCannotHold},
		{"another EF.ATR-INFO than the chip's", func(_ *testing.T, o *devices.ChipOrder) {
			o.Files = append(o.Files, devices.ChipFile{Name: "EF.ATR-INFO", Data: []byte{0x47, 0}})
		}, devices.ErrCannotHold},
		{"changed data group", func(t *testing.T, o *devices.ChipOrder) {
			d := fileByName(t, o, "DG2").Data
			d[len(d)-1] ^= 1
		}, devices.ErrNotAuthentic},
		{"keys of another chip", func(_ *testing.T, o *devices.ChipOrder) {
			o.SCP03.Mac = make([]byte, 16)
		}, devices.ErrWrongBlank},
	}
	b := newBench(t)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			m, _ := b.blank(t)
			o := b.country.Order(t, chiptest.Book{}, m.State())
			test.spoil(t, &o)
			if _, err := b.personalise(t.Context(), o); !errors.Is(err, test.want) {
				t.Errorf("error %v, want %v", err, test.want)
			}
			if m.State().Life != virtual.Blank {
				t.Errorf("chip is %s", m.State().Life)
			}
		})
	}
}

func TestOrderWithTheChipsOwnFile(t *testing.T) {
	b := newBench(t)
	m, _ := b.blank(t)
	o := b.country.Order(t, chiptest.Book{}, m.State())
	o.Files = append(o.Files, devices.ChipFile{Name: "EF.ATR-INFO", Data: m.State().Files[0].Data})
	if _, err := b.personalise(t.Context(), o); err != nil {
		t.Error(err)
	}
}

func TestChipTooSmall(t *testing.T) {
	b := newBench(t)
	m, _ := b.blank(t)
	s := m.State()
	s.Files = append(s.Files, virtual.File{ID: 0x2F99, Master: true, Data: make([]byte, 90_000)})
	b.slot.Put(chiptest.Insert(t, chiptest.NewMemory(s)))
	o := b.country.Order(t, chiptest.Book{Side: 120}, s)
	if _, err := b.personalise(t.Context(), o); !errors.Is(err, devices.ErrCannotHold) {
		t.Errorf("error %v, want ErrCannotHold", err)
	}
}

func TestUntrustedSignerRefused(t *testing.T) {
	b := newBench(t)
	m, _ := b.blank(t)
	o := chiptest.NewCountry(t).Order(t, chiptest.Book{}, m.State())
	for _, trust := range []*pki.TrustStore{b.country.Trust, nil} {
		_, err := b.encoder.Personalise(t.Context(), o, trust, chiptest.Now(), nil)
		if !errors.Is(err, devices.ErrNotAuthentic) || m.State().Life != virtual.Blank {
			t.Errorf("error %v, life %s", err, m.State().Life)
		}
	}
}

func TestTraceHoldsNothingPersonal(t *testing.T) {
	b := newBench(t)
	m, _ := b.blank(t)
	o := b.country.Order(t, chiptest.Book{}, m.State())
	if _, err := b.personalise(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	if _, err := b.inspect(t.Context(), devices.Password{MRZHash: o.MRZHash}); err != nil {
		t.Fatal(err)
	}
	trace := b.trace.String()
	if !strings.Contains(trace, "READ BINARY") || !strings.Contains(trace, ", 9000") {
		t.Fatalf("trace says too little: %.200s", trace)
	}
	for line := range strings.Lines(trace) {
		if len(line) > 70 {
			t.Errorf("line longer than any header: %s", line)
		}
	}
}

func TestCancelled(t *testing.T) {
	b := newBench(t)
	m, _ := b.blank(t)
	o := b.country.Order(t, chiptest.Book{Side: 160}, m.State())
	ctx, cancel := context.WithCancel(t.Context())
	_, err := b.encoder.Personalise(ctx, o, b.country.Trust, chiptest.Now(), func(p devices.Progress) {
		if p.Step == chip.StepWrite && p.Done > 0 {
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) || m.State().Life != virtual.Partial {
		t.Errorf("error %v, life %s", err, m.State().Life)
	}
	if _, err := b.personalise(t.Context(), o); err != nil {
		t.Errorf("after a cancel: %v", err)
	}
}

func TestProgressGrowsToTotal(t *testing.T) {
	b := newBench(t)
	m, _ := b.blank(t)
	o := b.country.Order(t, chiptest.Book{Side: 160}, m.State())
	last := map[string]devices.Progress{}
	proof, err := b.encoder.Personalise(t.Context(), o, b.country.Trust, chiptest.Now(), func(p devices.Progress) {
		if p.Done < last[p.Step].Done {
			t.Errorf("%s went back from %d to %d", p.Step, last[p.Step].Done, p.Done)
		}
		last[p.Step] = p
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, step := range []string{chip.StepWrite, chip.StepRead} {
		if p := last[step]; p.Done != p.Total || p.Total != int64(proof.Bytes) {
			t.Errorf("%s ended at %+v, proof says %d", step, p, proof.Bytes)
		}
	}
}

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
