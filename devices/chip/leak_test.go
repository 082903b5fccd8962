package chip_test

import (
	"bytes"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"testing"

	"padarozhnik/devices"

	virtual "padarozhnik/devices/virtual/chip"
	"padarozhnik/devices/virtual/chip/chiptest"
)

// planted is what must not stand anywhere: by name, in clear.
func planted(t testing.TB, o devices.ChipOrder) map[string][]byte {
	dg2 := fileByName(t, &o, "DG2").Data
	p := map[string][]byte{
		"surname": []byte("ERIKSSON"), "document number": []byte("L898902C3"), "birth": []byte("740812"),
		"personal number": []byte("ZE184226B"), "MRZ hash": o.MRZHash, "key seed": o.MRZHash[:16],
		"portrait": dg2[len(dg2)/2 : len(dg2)/2+12],
	}
	if key, err := x509.ParsePKCS1PrivateKey(o.Active.RSA); err == nil {
		p["private exponent"] = key.D.Bytes()
	}
	for name, b := range map[string][]byte{
		"CAN": []byte(o.CAN), "Chip Authentication key": o.Auth.Private, "ENC key": o.SCP03.Enc,
		"mapping key": o.Mapping.Private, "Active Authentication key": o.Active.RSA,
		"MAC key": o.SCP03.Mac, "DEK": o.SCP03.Dek,
	} {
		if len(b) > 0 {
			p[name] = b
		}
	}
	return p
}

// disguises are the forms in which bytes end up in logs: as they are, in hexadecimal digits with and
// without spaces, and in base64 at any of its three alignments.
func disguises(b []byte) []string {
	digits := hex.EncodeToString(b)
	spaced := strings.TrimSpace(fmt.Sprintf("% x", b))
	out := []string{string(b), digits, strings.ToUpper(digits), spaced, strings.ToUpper(spaced)}
	for shift := range 3 {
		text := base64.StdEncoding.EncodeToString(append(make([]byte, shift), b...))
		from := (shift*8 + 5) / 6
		to := (shift + len(b)) * 8 / 6
		out = append(out, text[from:to])
	}
	return out
}

// TestNothingPersonalLeaks reads traces, errors, verdicts and progress of good and of broken work on
// both kinds of chips.
func TestNothingPersonalLeaks(t *testing.T) {
	for _, f := range families() {
		t.Run(f.name, func(t *testing.T) {
			b := newBenchFor(t, f.kind)
			m := f.blank(t)
			blank := m.State()
			o := f.order(t, b.country, blank)
			var said bytes.Buffer
			work := func(fault virtual.Faults) {
				m := chiptest.NewMemory(blank)
				c := chiptest.Insert(t, m)
				c.SetFaults(fault)
				b.slot.Put(c)
				proof, err := b.encoder.Personalise(t.Context(), o, b.country.Trust, chiptest.Now(), func(p devices.Progress) {
					fmt.Fprintln(&said, p)
				})
				fmt.Fprintf(&said, "%+v %v\n", proof, err)
				r, err := b.inspect(t.Context(), devices.Password{MRZHash: o.MRZHash})
				fmt.Fprintf(&said, "%+v %v\n", r.Verdicts, err)
				_, err = b.inspect(t.Context(), devices.Password{CAN: "271828"})
				fmt.Fprintln(&said, err)
			}
			work(virtual.Faults{})
			for n := 1; n < 90; n += 2 {
				work(virtual.Faults{StatusAt: n, Status: 0x6F00})
				work(virtual.Faults{WrongByteAtRead: n})
			}
			all := b.trace.String() + said.String()
			if strings.Count(all, "\n") < 1000 {
				t.Fatalf("only %d lines were said", strings.Count(all, "\n"))
			}
			for name, secret := range planted(t, o) {
				for _, form := range disguises(secret) {
					if strings.Contains(all, form) {
						t.Errorf("%s stands there as %q", name, form)
					}
				}
			}
		})
	}
}

// TestDisguises makes sure that the test above would see what it looks for.
func TestDisguises(t *testing.T) {
	secret := []byte("L898902C3")
	for shift := range 5 {
		hidden := base64.StdEncoding.EncodeToString(append(append(bytes.Repeat([]byte{7}, shift), secret...), 1, 2))
		found := false
		for _, form := range disguises(secret) {
			found = found || strings.Contains(hidden, form)
		}
		if !found {
			t.Errorf("not seen at %d: %s", shift, hidden)
		}
	}
}

// TestCallersSecretsStay: what the encoder erases are its own copies; it leaves the caller's order whole.
func TestCallersSecretsStay(t *testing.T) {
	b := newBench(t)
	m, _ := b.blank(t)
	o := b.country.Order(t, chiptest.Book{}, m.State())
	before := planted(t, o)
	for name, secret := range before {
		before[name] = bytes.Clone(secret)
	}
	if _, err := b.personalise(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	for name, secret := range planted(t, o) {
		if !bytes.Equal(secret, before[name]) {
			t.Errorf("the caller's %s was changed", name)
		}
	}
}

// TestPersist goes on with a chip that is torn away, a bounded number of times.
func TestPersist(t *testing.T) {
	for _, f := range families() {
		for _, test := range []struct {
			name  string
			tears int
			want  error
		}{{"never", 0, nil}, {"twice", 2, nil}, {"for ever", 99, devices.ErrSpoiled}} {
			t.Run(f.name+" "+test.name, func(t *testing.T) {
				b := newBenchFor(t, f.kind)
				m := f.blank(t)
				o := f.order(t, b.country, m.State())
				torn := 0
				put := func(error) {
					c := chiptest.Insert(t, m)
					if torn < test.tears {
						torn++
						c.SetFaults(virtual.Faults{TearAfter: 10 + 3*torn})
					}
					b.slot.Put(c)
				}
				put(nil)
				_, err := devices.Persist(t.Context(), b.encoder, 3, o, b.country.Trust, chiptest.Now(), nil, put)
				if !errors.Is(err, test.want) {
					t.Errorf("error %v, want %v", err, test.want)
				}
				locked := m.State().Life == virtual.Locked
				if locked != (test.want == nil) {
					t.Errorf("chip is %s", m.State().Life)
				}
			})
		}
	}
}
