package chip_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"sync"
	"testing"
	"time"

	"padarozhnik/devices"
	"padarozhnik/devices/chip"
	"padarozhnik/devices/chip/pace"
	"padarozhnik/devices/chip/sm"
	"padarozhnik/devices/pcsc"
	virtual "padarozhnik/devices/virtual/chip"
	"padarozhnik/devices/virtual/chip/chiptest"
	"padarozhnik/devices/virtual/readers"
	"padarozhnik/station/lds"
)

// turntable lies on a reader in the place of one chip after another, so that the reader need not be
// told of each: they have the same ATR, and the next one is powered with the next connection.
type turntable struct {
	mu   sync.Mutex
	chip *virtual.Chip // guarded by mu
}

func (t *turntable) put(c *virtual.Chip) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.chip = c
	c.Power()
}

func (t *turntable) ATR() []byte {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.chip.ATR()
}

func (t *turntable) Power() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.chip.Power()
}

func (t *turntable) Transmit(command []byte) ([]byte, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.chip.Transmit(command)
}

// matrix is one reader of the real PC/SC service with a turntable on it.
type matrix struct {
	country chiptest.Country
	encoder *chip.Encoder
	table   *turntable
	ran     int
}

func newMatrix(t *testing.T) *matrix {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	l, release, err := readers.New().Lease(ctx)
	if readers.CannotRun(err) {
		t.Fatalf("%v: run make deps", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(release)
	m := &matrix{country: chiptest.NewCountry(t), table: &turntable{}}
	m.table.put(chiptest.Insert(t, chiptest.NewBlank(t)))
	serving, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- virtual.ServeAt(serving, l.Port, m.table) }()
	reader := pcsc.NewService(pcsc.Deadlines{}).Reader(l.ReaderName)
	t.Cleanup(func() {
		stop()
		<-ended
		_ = reader.WaitNoChip(context.Background())
	})
	if m.encoder, err = chip.NewEncoder(reader, chip.Options{}); err != nil {
		t.Fatal(err)
	}
	if err := reader.WaitChip(ctx); err != nil {
		t.Fatal(err)
	}
	return m
}

// open reads a chip and wants every verdict to hold, and those named to be there.
func (m *matrix) open(t *testing.T, o devices.ChipOrder, p devices.Password, want map[string]string) {
	t.Helper()
	r, err := m.encoder.Inspect(t.Context(), p, m.country.Trust, chiptest.Now(), nil)
	if err != nil {
		t.Fatal(err)
	}
	m.ran++
	if v, failed := r.Failed(); failed {
		t.Errorf("%s: %s", v.Mechanism, v.Reason)
	}
	for mechanism, reason := range want {
		found := false
		for _, v := range r.Verdicts {
			found = found || v.Mechanism == mechanism && (reason == "" || v.Reason == reason)
		}
		if !found {
			t.Errorf("no verdict %s %s in %+v", mechanism, reason, r.Verdicts)
		}
	}
	for _, f := range o.Files {
		if f.Name != "EF.CardSecurity" && !bytes.Equal(r.File(f.Name), f.Data) {
			t.Errorf("%s was read differently", f.Name)
		}
	}
}

// TestAccessMatrix reads a chip for every mapping, every standardized domain parameters, every cipher
// and both passwords, less what the standard bars, through the real PC/SC service. With generic
// mapping the chip also has its Chip Authentication key in the same group and under the same cipher.
func TestAccessMatrix(t *testing.T) {
	m := newMatrix(t)
	for _, mapping := range []pace.Mapping{
		pace.GenericMapping, pace.IntegratedMapping, pace.ChipAuthMapping, pace.GenericMappingDH, pace.IntegratedMappingDH,
	} {
		for id := range 32 {
			for _, suite := range []sm.Suite{sm.TripleDES, sm.AES128, sm.AES192, sm.AES256} {
				info := pace.Info{Protocol: pace.Protocol{Mapping: mapping, Suite: suite}, ParameterID: id}
				if info.Supported() {
					t.Run(fmt.Sprintf("%s with parameters %d", info.Protocol, id), func(t *testing.T) { m.cell(t, info) })
				}
			}
		}
	}
	// GM and IM on curves with four ciphers, P-224 without IM; CAM without 3DES; GM and IM on integers.
	if want := 2 * (11*4 + 10*4 + 11*3 + 2*3*4); m.ran != want {
		t.Errorf("%d readings, want %d", m.ran, want)
	}
}

func (m *matrix) cell(t *testing.T, info pace.Info) {
	b := chiptest.Book{Side: 16, Offers: []pace.Info{info}}
	want := map[string]string{chip.MechanismPACE: info.Protocol.String(), chip.MechanismPassive: "",
		chip.MechanismAccess: "DG14 repeats it", chip.MechanismChipAuth: ""}
	switch info.Protocol.Mapping {
	case pace.GenericMapping, pace.GenericMappingDH:
		b.Auth = &chiptest.Auth{ParameterID: info.ParameterID, Cipher: lds.Cipher(info.Protocol.Suite) + 1}
	case pace.ChipAuthMapping:
		beside := info
		beside.Protocol.Mapping = pace.GenericMapping
		b.Offers = append(b.Offers, beside)
		want[chip.MechanismMapping], want[chip.MechanismCardSecurity] = "", ""
		want[chip.MechanismAccess] = "DG14 and EF.CardSecurity repeat it"
	}
	o := m.country.Order(t, b, virtual.State{})
	s, err := virtual.NewPassport(o, false)
	if err != nil {
		t.Fatal(err)
	}
	m.table.put(chiptest.Insert(t, chiptest.NewMemory(s)))
	for _, p := range []devices.Password{{MRZHash: o.MRZHash}, {CAN: o.CAN}} {
		m.open(t, o, p, want)
	}
}

// TestBasicAccess reads what has Basic Access Control, alone, with the chip's keys of its time, and
// beside PACE, through the real PC/SC service.
func TestBasicAccess(t *testing.T) {
	m := newMatrix(t)
	o := m.country.Order(t, chiptest.Book{Side: 16, Old: true}, virtual.State{})
	s, err := virtual.NewOldPassport(o.Files, o.MRZHash)
	if err != nil {
		t.Fatal(err)
	}
	m.table.put(chiptest.Insert(t, chiptest.NewMemory(s)))
	m.open(t, o, devices.Password{MRZHash: o.MRZHash}, map[string]string{chip.MechanismBAC: ""})

	rsa1024, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range []chiptest.Book{
		{BAC: true, Auth: &chiptest.Auth{ParameterID: 13, Cipher: lds.TripleDES}, RSA: rsa1024, Hash: 160},
		{BAC: true, Auth: &chiptest.Auth{ParameterID: 0, Cipher: lds.TripleDES}, ECDSA: 11, Hash: 224},
		{BAC: true, Auth: &chiptest.Auth{ParameterID: 2, Cipher: lds.AES128}, RSA: rsaKey(t)},
	} {
		o := m.country.Order(t, b, virtual.State{})
		if s, err = virtual.NewPassport(o, true); err != nil {
			t.Fatal(err)
		}
		m.table.put(chiptest.Insert(t, chiptest.NewMemory(s)))
		m.open(t, o, devices.Password{MRZHash: o.MRZHash}, map[string]string{chip.MechanismBAC: "",
			chip.MechanismAccess: "DG14 signs no PACE either", chip.MechanismChipAuth: "", chip.MechanismActiveAuth: ""})
	}

	both := m.country.Order(t, chiptest.Book{Side: 16}, virtual.State{})
	if s, err = virtual.NewPassport(both, true); err != nil {
		t.Fatal(err)
	}
	m.table.put(chiptest.Insert(t, chiptest.NewMemory(s)))
	m.open(t, both, devices.Password{MRZHash: both.MRZHash}, map[string]string{chip.MechanismPACE: ""})
}
