package pcsc_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"testing"
	"time"

	"padarozhnik/devices"
	"padarozhnik/devices/chip"
	"padarozhnik/devices/chip/products"
	"padarozhnik/devices/pcsc"
	virtual "padarozhnik/devices/virtual/chip"
	"padarozhnik/devices/virtual/chip/chiptest"
	"padarozhnik/devices/virtual/readers"
)

// desk is one leased reader of the real service.
type desk struct {
	*readers.Lease
	service *pcsc.Service
}

func lease(t testing.TB, d pcsc.Deadlines) desk {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	l, release, err := readers.New().Lease(ctx)
	needReaders(t, err)
	t.Cleanup(release)
	return desk{Lease: l, service: pcsc.NewService(d)}
}

// needReaders names the cure on a machine that has no virtual readers.
func needReaders(t testing.TB, err error) {
	t.Helper()
	if readers.CannotRun(err) {
		t.Fatalf("no virtual readers, run make deps: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// alone holds the whole machine for a test that stops its service.
func alone(t *testing.T) (context.Context, *readers.Exclusive, *pcsc.Service) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	x, release, err := readers.New().Exclusive(ctx)
	if err != nil {
		cancel()
		needReaders(t, err)
	}
	t.Cleanup(func() {
		release()
		cancel()
	})
	return ctx, x, pcsc.NewService(pcsc.Deadlines{})
}

// insert lays a chip on the reader and returns the hand that takes it away.
func (d desk) insert(t testing.TB, c *virtual.Chip) (takeAway func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- c.ServeAt(ctx, d.Port) }()
	takeAway = func() {
		cancel()
		<-ended
		_ = d.service.Reader(d.ReaderName).WaitNoChip(context.Background()) // or there is no service
	}
	wait, stop := context.WithTimeout(t.Context(), 10*time.Second)
	defer stop()
	if err := d.service.Reader(d.ReaderName).WaitChip(wait); err != nil {
		select {
		case served := <-ended:
			t.Fatalf("%v; the chip: %v", err, served)
		default:
			t.Fatal(err)
		}
	}
	return takeAway
}

func (d desk) encoder(t testing.TB) *chip.Encoder {
	t.Helper()
	e, err := chip.NewEncoder(d.service.Reader(d.ReaderName), chip.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// TestPersonaliseAndInspect brings 25 kB onto a chip through the real service.
func TestPersonaliseAndInspect(t *testing.T) {
	d := lease(t, pcsc.Deadlines{})
	country, m := chiptest.NewCountry(t), chiptest.NewBlank(t)
	o := country.Order(t, chiptest.Book{Side: 160}, m.State())
	defer d.insert(t, chiptest.Insert(t, m))()
	e := d.encoder(t)
	if id, err := e.Identify(t.Context()); err != nil || id.URI != "pcsc:"+d.ReaderName {
		t.Errorf("identity %+v, %v", id, err)
	}
	began := time.Now()
	proof, err := e.Personalise(t.Context(), o, country.Trust, chiptest.Now(), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("personalised %d bytes in %s", proof.Bytes, time.Since(began))
	began = time.Now()
	for _, p := range []devices.Password{{MRZHash: o.MRZHash}, {CAN: o.CAN}} {
		r, err := e.Inspect(t.Context(), p, country.Trust, chiptest.Now(), nil)
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
	}
	t.Logf("inspected twice in %s", time.Since(began))
	for _, p := range []devices.Password{{MRZHash: make([]byte, 20)}, {CAN: "000000"}} {
		_, err := e.Inspect(t.Context(), p, country.Trust, chiptest.Now(), nil)
		if !errors.Is(err, devices.ErrWrongPassword) {
			t.Errorf("wrong password: %v", err)
		}
	}
}

// TestAppletThroughService brings an order with a key onto the other kind of chip, which takes short
// commands in clear, and reads it by Basic Access Control.
func TestAppletThroughService(t *testing.T) {
	d := lease(t, pcsc.Deadlines{})
	country, m := chiptest.NewCountry(t), chiptest.NewApplet(t)
	key, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	o := country.OldOrder(t, 64, key)
	defer d.insert(t, chiptest.Insert(t, m))()
	product, err := products.Find("jmrtd")
	if err != nil {
		t.Fatal(err)
	}
	e, err := chip.NewEncoder(d.service.Reader(d.ReaderName), chip.Options{Product: product})
	if err != nil {
		t.Fatal(err)
	}
	proof, err := e.Personalise(t.Context(), o, country.Trust, chiptest.Now(), nil)
	if err != nil || m.State().Life != virtual.Locked {
		t.Fatalf("chip is %s, %+v, %v", m.State().Life, proof, err)
	}
	r, err := e.Inspect(t.Context(), devices.Password{MRZHash: o.MRZHash}, country.Trust, chiptest.Now(), nil)
	if v, failed := r.Failed(); err != nil || failed {
		t.Errorf("%+v, %v", v, err)
	}
	for _, f := range o.Files {
		if !bytes.Equal(r.File(f.Name), f.Data) {
			t.Errorf("%s was read differently", f.Name)
		}
	}
}

// TestTornThroughService tears the chip at a handful of commands; package chip's tests do it at
// every one.
func TestTornThroughService(t *testing.T) {
	d := lease(t, pcsc.Deadlines{})
	country, blank := chiptest.NewCountry(t), chiptest.NewBlank(t).State()
	o := country.Order(t, chiptest.Book{}, blank)
	e := d.encoder(t)
	for _, f := range []virtual.Faults{
		{TearBefore: 1}, {TearAfter: 6}, {TearBefore: 14}, {TearAfter: 21}, {TearBefore: 40},
	} {
		m := chiptest.NewMemory(blank)
		c := chiptest.Insert(t, m)
		c.SetFaults(f)
		takeAway := d.insert(t, c)
		_, err := e.Personalise(t.Context(), o, country.Trust, chiptest.Now(), nil)
		if !errors.Is(err, devices.ErrChipRemoved) {
			t.Errorf("%+v: %v, want ErrChipRemoved", f, err)
		}
		takeAway()
		takeAway = d.insert(t, chiptest.Insert(t, m))
		if _, err := e.Personalise(t.Context(), o, country.Trust, chiptest.Now(), nil); err != nil {
			t.Errorf("%+v, second call: %v", f, err)
		}
		if m.State().Life != virtual.Locked {
			t.Errorf("%+v: chip is %s", f, m.State().Life)
		}
		takeAway()
	}
}

func TestAbsences(t *testing.T) {
	d := lease(t, pcsc.Deadlines{})
	if _, err := d.service.Reader(d.ReaderName).Connect(t.Context()); !errors.Is(err, devices.ErrNoChip) {
		t.Errorf("empty reader: %v, want ErrNoChip", err)
	}
	for _, name := range []string{"No Such Reader 00 00", ""} {
		r := d.service.Reader(name)
		if _, err := r.Connect(t.Context()); !errors.Is(err, devices.ErrNoReader) {
			t.Errorf("reader %q: %v, want ErrNoReader", name, err)
		}
		if err := r.Check(t.Context()); !errors.Is(err, devices.ErrNoReader) {
			t.Errorf("reader %q: %v, want ErrNoReader", name, err)
		}
	}
	if err := d.service.Reader("No Such Reader 00 00").WaitChip(t.Context()); !errors.Is(err, devices.ErrNoReader) {
		t.Errorf("waiting at no reader: %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if err := d.service.Reader(d.ReaderName).WaitChip(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("waiting in vain: %v", err)
	}
}

func TestChipIsHeldAlone(t *testing.T) {
	d := lease(t, pcsc.Deadlines{})
	defer d.insert(t, chiptest.Insert(t, chiptest.NewBlank(t)))()
	r := d.service.Reader(d.ReaderName)
	card, err := r.Connect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(card.ATR()) < 5 {
		t.Errorf("ATR % X", card.ATR())
	}
	if _, err := r.Connect(t.Context()); !errors.Is(err, devices.ErrBusy) {
		t.Errorf("second user: %v, want ErrBusy", err)
	}
	if err := card.Reset(t.Context()); err != nil {
		t.Error(err)
	}
	if err := card.Close(); err != nil {
		t.Error(err)
	}
	card, err = r.Connect(t.Context())
	if err != nil {
		t.Fatalf("after Close: %v", err)
	}
	if err := card.Close(); err != nil {
		t.Error(err)
	}
}

func TestServiceStopsAndComesBack(t *testing.T) {
	ctx, x, service := alone(t)
	d := desk{Lease: &x.Lease, service: service}
	takeAway := d.insert(t, chiptest.Insert(t, chiptest.NewBlank(t)))
	r := d.service.Reader(d.ReaderName)
	card, err := r.Connect(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if err := x.Stop(ctx); err != nil {
		t.Fatal(err)
	}
	if _, err := card.Transmit(ctx, []byte{0, 0xA4, 0, 0}); !errors.Is(err, devices.ErrServiceStopped) {
		t.Errorf("command without service: %v, want ErrServiceStopped", err)
	}
	_ = card.Close() // the service that held it is gone
	if _, err := r.Connect(ctx); !errors.Is(err, devices.ErrServiceStopped) {
		t.Errorf("connect without service: %v, want ErrServiceStopped", err)
	}
	if err := x.Start(ctx); err != nil {
		t.Fatal(err)
	}
	takeAway()
	defer d.insert(t, chiptest.Insert(t, chiptest.NewBlank(t)))()
	card, err = r.Connect(ctx)
	if err != nil {
		t.Fatalf("after the restart: %v", err)
	}
	if err := card.Close(); err != nil {
		t.Error(err)
	}
}
