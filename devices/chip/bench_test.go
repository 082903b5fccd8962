package chip_test

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"errors"
	"runtime"
	"testing"
	"time"

	"filippo.io/nistec"

	"padarozhnik/devices/chip"
	"padarozhnik/devices/chip/apdu"
	virtual "padarozhnik/devices/virtual/chip"
	"padarozhnik/devices/virtual/chip/chiptest"
)

const benchFile = 30_000

// tape is a reader that records what a chip answers, and then answers it again: what runs against it
// is the terminal alone. The terminal must draw the same random numbers each time.
type tape struct {
	hostile
	card    apdu.Card // nil to play
	answers [][]byte
	next    int
}

func (t *tape) Connect(context.Context) (apdu.Card, error) { t.next = 0; return t, nil }

func (t *tape) Transmit(ctx context.Context, command []byte) ([]byte, error) {
	if t.card != nil {
		b, err := t.card.Transmit(ctx, command)
		t.answers = append(t.answers, bytes.Clone(b))
		return b, err
	}
	if t.next == len(t.answers) {
		return nil, errors.New("end of tape")
	}
	t.next++
	return t.answers[t.next-1], nil
}

// draws gives the same random bytes after each rewind.
type draws struct {
	bytes []byte
	at    int
}

func (d *draws) Read(b []byte) (int, error) {
	n := copy(b, d.bytes[d.at:])
	d.at += n
	return n, nil
}

// recorded is a run: PACE-GM on P-256 with AES-128, and 30 kB.
type recorded struct {
	tape    *tape
	draws   *draws
	encoder *chip.Encoder
	access  []byte
	content []byte
}

func record(tb testing.TB, extended bool) *recorded {
	tb.Helper()
	o := chiptest.NewCountry(tb).Order(tb, chiptest.Book{Side: 200}, virtual.State{})
	s, err := virtual.NewPassport(o, false)
	if err != nil {
		tb.Fatal(err)
	}
	slot := &virtual.Slot{}
	slot.Put(chiptest.Insert(tb, chiptest.NewMemory(s)))
	r := &recorded{tape: &tape{}, draws: &draws{bytes: make([]byte, 4096)}, access: filesNamed(o, "EF.CardAccess")}
	r.content = filesNamed(o, "DG2")
	if len(r.content) < benchFile {
		tb.Fatalf("portrait of %d bytes", len(r.content))
	}
	if _, err := rand.Read(r.draws.bytes); err != nil {
		tb.Fatal(err)
	}
	if r.tape.card, err = slot.Connect(tb.Context()); err != nil {
		tb.Fatal(err)
	}
	if r.encoder, err = chip.NewEncoder(r.tape, chip.Options{Rand: r.draws}); err != nil {
		tb.Fatal(err)
	}
	r.run(tb, extended)
	r.tape.card = nil
	return r
}

func (r *recorded) run(tb testing.TB, extended bool) {
	r.draws.at = 0
	b, err := r.encoder.OpenAndRead(context.Background(), r.access, chiptest.CAN, "DG2", benchFile, extended)
	if err != nil {
		tb.Fatal(err)
	}
	if len(b) != benchFile || !bytes.Equal(b[:64], r.content[:64]) {
		tb.Fatalf("%d bytes read", len(b))
	}
}

// bare is the cryptography that a terminal cannot do without, over the same bytes: five scalar
// multiplications with the coding of their points, CBC and CMAC of what the answers hold.
type bare struct {
	point    []byte
	scalar   []byte
	lengths  []int // of the answers under secure messaging
	data     []byte
	dec, mac cipher.Block
}

func newBare(tb testing.TB, r *recorded) *bare {
	tb.Helper()
	b := &bare{scalar: bytes.Clone(r.draws.bytes[:32]), data: make([]byte, 1<<16)}
	b.scalar[0] &= 0x7F
	p, err := nistec.NewP256Point().ScalarBaseMult(b.scalar)
	if err != nil {
		tb.Fatal(err)
	}
	b.point = p.Bytes()
	for _, a := range r.tape.answers[5:] {
		b.lengths = append(b.lengths, len(a)/16*16)
	}
	if b.dec, err = aes.NewCipher(b.scalar[:16]); err != nil {
		tb.Fatal(err)
	}
	if b.mac, err = aes.NewCipher(b.scalar[16:]); err != nil {
		tb.Fatal(err)
	}
	return b
}

func (b *bare) run(tb testing.TB) {
	var last *nistec.P256Point
	for i := range 5 { // 2 on the generator, 3 on points
		var err error
		p := nistec.NewP256Point()
		if i < 2 {
			last, err = p.ScalarBaseMult(b.scalar)
		} else {
			if _, err := p.SetBytes(b.point); err != nil {
				tb.Fatal(err)
			}
			last, err = p.ScalarMult(p, b.scalar)
		}
		if err != nil {
			tb.Fatal(err)
		}
		if i != 1 && i != 2 {
			_ = last.Bytes() // two public keys and the secret
		}
	}
	dec, mac := cipher.NewCBCDecrypter(b.dec, b.scalar[:16]), cipher.NewCBCEncrypter(b.mac, b.scalar[:16])
	for _, n := range b.lengths {
		dec.CryptBlocks(b.data[:n], b.data[:n])
		mac.CryptBlocks(b.data[:n+32], b.data[:n+32]) // with counter, status and padding: CMAC's chain
		mac.CryptBlocks(b.data[:48], b.data[:48])     // of the command: counter, header, expected length
	}
}

// BenchmarkTerminal measures the terminal's work for PACE-GM on P-256 and 30 kB under AES-128 as a
// multiple of the bare cryptography in the same run: rounds of both take turns, and the shortest of
// each counts.
func BenchmarkTerminal(b *testing.B) {
	for _, form := range []struct {
		name     string
		extended bool
	}{{"extended", true}, {"short", false}} {
		b.Run(form.name, func(b *testing.B) {
			r := record(b, form.extended)
			base := newBare(b, r)
			var ours, theirs time.Duration = 1 << 62, 1 << 62
			var before, after runtime.MemStats
			var allocations uint64
			rounds := 0
			for b.Loop() {
				for range 20 {
					runtime.ReadMemStats(&before)
					start := time.Now()
					r.run(b, form.extended)
					ours = min(ours, time.Since(start))
					runtime.ReadMemStats(&after)
					allocations += after.Mallocs - before.Mallocs
					start = time.Now()
					base.run(b)
					theirs = min(theirs, time.Since(start))
					rounds++
				}
			}
			apdus := len(r.tape.answers)
			b.ReportMetric(float64(ours)/float64(theirs), "x-bare")
			b.ReportMetric(float64(ours.Microseconds()), "µs-terminal")
			b.ReportMetric(float64(theirs.Microseconds()), "µs-bare")
			b.ReportMetric(float64(allocations)/float64(rounds)/float64(apdus), "allocs/APDU")
			b.ReportMetric(float64(apdus), "APDUs")
		})
	}
}
