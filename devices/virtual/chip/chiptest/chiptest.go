// Package chiptest makes what tests of the chip need around it: a country with a root and a
// document signer, signed orders for the reference chip, and blanks in memory.
package chiptest

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"maps"
	mathrand "math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"padarozhnik/devices"
	"padarozhnik/devices/chip/scp03"
	"padarozhnik/devices/virtual/chip"
	"padarozhnik/station/lds"
	"padarozhnik/station/pki"
	"padarozhnik/station/pki/ec"
)

// Now is the day on which the tests issue and inspect.
func Now() time.Time { return time.Date(2026, 12, 1, 8, 0, 0, 0, time.UTC) }

// Country can sign chips, and holds the trust that a verifier would have.
type Country struct {
	Trust  *pki.TrustStore
	signer *pki.Certificate
	key    crypto.Signer
	day    time.Time
}

// NewCountry makes Utopia with fresh keys on P-256, on the day Now.
func NewCountry(t testing.TB) Country {
	t.Helper()
	return NewCountryOn(t, Now())
}

// NewCountryOn is NewCountry on another day.
func NewCountryOn(t testing.TB, day time.Time) Country {
	t.Helper()
	rootKey, signerKey := newKey(t), newKey(t)
	root, err := pki.NewCSCA(pki.CSCASpec{
		Subject: pki.Name{Country: "UT", CommonName: "CSCA Utopia"}, AltName: pki.AltName{Locality: "UTO"},
		CRLPoints: []string{"https://utopia.example/csca.crl"}, NotBefore: day, KeyUse: pki.Span{Years: 5},
		SignerKeyUse: pki.Span{Months: 3}, DocumentValidity: pki.Span{Years: 10},
	}, rootKey, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := pki.NewDocumentSigner(pki.SignerSpec{
		Subject: pki.Name{Country: "UT", CommonName: "Document Signer"}, DocumentTypes: []string{"P"},
		NotBefore: day, KeyUse: pki.Span{Months: 3}, DocumentValidity: pki.Span{Years: 10},
	}, signerKey.Public(), root, rootKey, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	trust := pki.NewTrustStore()
	if err := trust.AddAnchor(root, "test"); err != nil {
		t.Fatal(err)
	}
	return Country{Trust: trust, signer: signer, key: signerKey, day: day}
}

func newKey(t testing.TB) crypto.Signer {
	t.Helper()
	d, _, err := ec.P256().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	k, err := ec.P256().PrivateKey(d)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// MRZ is the specimen of Doc 9303.
func MRZ() []string {
	return []string{"P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<", "L898902C36UTO7408122F1204159ZE184226B<<<<<10"}
}

// CAN of every order.
const CAN = "314159"

// Order makes a signed order for a blank.
func (c Country) Order(t testing.TB, b Book, blank chip.State) devices.ChipOrder {
	t.Helper()
	b = b.filled()
	dg1 := lds.NewDG1(b.Zone)
	doc, err := dg1.Document()
	if err != nil {
		t.Fatal(err)
	}
	hash := sha1.Sum([]byte(doc.Information()))
	o := devices.ChipOrder{
		ChipID: blank.ChipID, MRZHash: hash[:], CAN: CAN,
		SCP03: devices.SCP03Keys{
			Enc: bytes.Clone(blank.SCP03.Enc), Mac: bytes.Clone(blank.SCP03.Mac), Dek: bytes.Clone(blank.SCP03.Dek),
		},
	}
	groups := map[int][]byte{1: file(t, dg1), 2: file(t, portrait(t, b.Side))}
	maps.Copy(groups, b.Groups)
	if b.Old {
		b.answers(t, &o, &lds.SecurityInfos{}, groups)
	} else {
		c.secure(t, b, &o, groups)
	}
	return c.finish(t, o, groups)
}

type encoder interface{ Bytes() ([]byte, error) }

func file(t testing.TB, f encoder) []byte {
	t.Helper()
	b, err := f.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// finish lists and signs the data groups.
func (c Country) finish(t testing.TB, o devices.ChipOrder, groups map[int][]byte) devices.ChipOrder {
	t.Helper()
	sod, err := lds.SignSOD(lds.SODSpec{DataGroups: groups, Issued: c.day, DocumentCode: "P"}, c.key, c.signer)
	if err != nil {
		t.Fatal(err)
	}
	numbers := slices.Sorted(maps.Keys(groups))
	o.Files = append(o.Files, devices.ChipFile{Name: "EF.COM", Data: file(t, lds.NewCOM(numbers...))})
	for _, n := range numbers {
		o.Files = append(o.Files, devices.ChipFile{Name: fmt.Sprintf("DG%d", n), Data: groups[n]})
	}
	o.Files = append(o.Files, devices.ChipFile{Name: "EF.SOD", Data: sod})
	return o
}

// portrait is a JPEG of noise, which no compression makes smaller.
func portrait(t testing.TB, side int) lds.DG2 {
	t.Helper()
	if side == 0 {
		side = 64
	}
	r := mathrand.New(mathrand.NewPCG(1, 2))
	img := image.NewGray(image.Rect(0, 0, side, side))
	for y := range side {
		for x := range side {
			img.SetGray(x, y, color.Gray{Y: uint8(r.Uint32())})
		}
	}
	var out bytes.Buffer
	if err := jpeg.Encode(&out, img, &jpeg.Options{Quality: 90}); err != nil {
		t.Fatal(err)
	}
	d, err := lds.NewDG2(out.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// Memory is a chip's store in the process.
type Memory struct {
	mu    sync.Mutex
	state chip.State // guarded by mu
	saves int        // guarded by mu
}

// NewBlank is the memory of a fresh blank.
func NewBlank(t testing.TB) *Memory {
	t.Helper()
	s, err := chip.NewState(rand.Reader, func(id []byte) (devices.SCP03Keys, error) {
		return scp03.Diversify(make([]byte, 32), id)
	})
	if err != nil {
		t.Fatal(err)
	}
	return &Memory{state: s}
}

// NewApplet is the memory of a fresh chip of the second kind.
func NewApplet(t testing.TB) *Memory {
	t.Helper()
	s, err := chip.NewApplet(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return &Memory{state: s}
}

// OldOrder makes an order for the second kind of chip: BAC alone, no identifier, and no key but one for
// Active Authentication where key is not nil.
func (c Country) OldOrder(t testing.TB, side int, key *rsa.PrivateKey) devices.ChipOrder {
	t.Helper()
	return c.OldBook(t, Book{Side: side, RSA: key})
}

// OldBook is OldOrder with the zone and the data groups of a book.
func (c Country) OldBook(t testing.TB, b Book) devices.ChipOrder {
	t.Helper()
	b.Old, b.Hash = true, 160
	o := c.Order(t, b, chip.State{})
	o.CAN, o.ChipID, o.SCP03 = "", nil, devices.SCP03Keys{}
	return o
}

// NewMemory holds a given state.
func NewMemory(s chip.State) *Memory { return &Memory{state: s} }

// Load gives the state.
func (m *Memory) Load() (chip.State, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.state, nil
}

// Save replaces it.
func (m *Memory) Save(s chip.State) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.state, m.saves = s, m.saves+1
	return nil
}

// State is what the chip holds now.
func (m *Memory) State() chip.State {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.state
}

// Insert opens the chip of a memory.
func Insert(t testing.TB, store chip.Store) *chip.Chip {
	t.Helper()
	c, err := chip.Open(store, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// Wait runs until fn is true, or fails the test after a while.
func Wait(ctx context.Context, t testing.TB, what string, fn func() bool) {
	t.Helper()
	ctx, stop := context.WithTimeout(ctx, 10*time.Second)
	defer stop()
	for !fn() {
		select {
		case <-ctx.Done():
			t.Fatalf("waited in vain: %s", what)
		case <-time.After(10 * time.Millisecond):
		}
	}
}
