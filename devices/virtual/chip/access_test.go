package chip_test

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"testing"
	"time"

	"padarozhnik/devices"
	"padarozhnik/devices/chip/apdu"
	"padarozhnik/devices/chip/bac"
	"padarozhnik/devices/chip/chipauth"
	"padarozhnik/devices/chip/domain"
	"padarozhnik/devices/chip/pace"
	"padarozhnik/devices/chip/sm"
	virtual "padarozhnik/devices/virtual/chip"
	"padarozhnik/devices/virtual/chip/chiptest"
	"padarozhnik/station/lds"
	"padarozhnik/station/lds/tlv"
)

// issued is a locked chip, and its memory.
func issued(t testing.TB, b chiptest.Book, bac bool) (*virtual.Chip, *chiptest.Memory, devices.ChipOrder) {
	t.Helper()
	o := chiptest.NewCountry(t).Order(t, b, virtual.State{})
	s, err := virtual.NewPassport(o, bac)
	if err != nil {
		t.Fatal(err)
	}
	m := chiptest.NewMemory(s)
	return chiptest.Insert(t, m), m, o
}

// direct speaks to a chip without a reader.
type direct struct{ *virtual.Chip }

func (d direct) Transmit(_ context.Context, command []byte) ([]byte, error) {
	return d.Chip.Transmit(command)
}

// session opens a chip with the one way of PACE that it has and selects the application.
func session(t *testing.T, c *virtual.Chip, pw pace.Password, info pace.Info) (*sm.Channel, error) {
	t.Helper()
	c.Power()
	s, _, err := pace.Terminal{Rand: rand.Reader}.Run(t.Context(), direct{c}, info, pw)
	if err != nil {
		return nil, err
	}
	ch := &sm.Channel{Transmitter: direct{c}, Session: s}
	_, err = ch.Do(t.Context(), apdu.Command{INS: 0xA4, P1: 4, P2: 0x0C, Data: []byte(lds.Application)})
	return ch, err
}

var gm = pace.Info{Protocol: pace.Protocol{Mapping: pace.GenericMapping, Suite: sm.AES128}, ParameterID: 12}

// TestGuessingSlowsDown guesses the CAN: the first wrong ones are free, each further one waits twice
// as long as the one before, up to a limit. The count outlives the power and ends with the right CAN.
// The MRZ is no shorter for it.
func TestGuessingSlowsDown(t *testing.T) {
	c, m, o := issued(t, chiptest.Book{}, false)
	var waits []time.Duration
	watch := func(c *virtual.Chip) *virtual.Chip {
		c.SetPause(func(d time.Duration) { waits = append(waits, d) })
		return c
	}
	watch(c)
	for n := range 10 {
		if n == 5 {
			c = watch(chiptest.Insert(t, m)) // out of the field and back
		}
		if _, err := session(t, c, pace.CAN("000000"), gm); !errors.Is(err, pace.ErrPassword) {
			t.Fatal(err)
		}
	}
	want := []time.Duration{250, 500, 1000, 2000, 4000, 8000, 8000}
	if len(waits) != len(want) {
		t.Fatalf("waits %v", waits)
	}
	for i, d := range want {
		if waits[i] != d*time.Millisecond {
			t.Errorf("wait %d is %v, want %v ms", i, waits[i], int64(d))
		}
	}
	waits = nil
	if _, err := session(t, c, pace.MRZ(o.MRZHash), gm); err != nil || waits != nil {
		t.Errorf("MRZ: %v, waits %v", err, waits)
	}
	if m.State().Guesses != 10 {
		t.Errorf("%d guesses after the MRZ", m.State().Guesses)
	}
	if _, err := session(t, c, pace.CAN(o.CAN), gm); err != nil || len(waits) != 1 || m.State().Guesses != 0 {
		t.Errorf("right CAN: %v, waits %v, %d guesses", err, waits, m.State().Guesses)
	}
}

// TestGuessCountedBeforeItIsSeen tears the chip before it answers a wrong guess.
func TestGuessCountedBeforeItIsSeen(t *testing.T) {
	c, m, _ := issued(t, chiptest.Book{}, false)
	c.SetFaults(virtual.Faults{TearAfter: 5}) // MSE:Set AT and four rounds
	if _, err := session(t, c, pace.CAN("000000"), gm); !errors.Is(err, virtual.ErrTorn) {
		t.Fatal(err)
	}
	if n := m.State().Guesses; n != 1 {
		t.Errorf("%d guesses remembered", n)
	}
}

// TestCardSecurityIsClosed asks for EF.CardSecurity without PACE and with it.
func TestCardSecurityIsClosed(t *testing.T) {
	cam := gm
	cam.Protocol.Mapping = pace.ChipAuthMapping
	c, _, o := issued(t, chiptest.Book{Offers: []pace.Info{cam, gm}}, false)
	for _, command := range []string{"00a4020c02011d", "00b09d0008", "00a4080c02011d"} {
		if got := statusOf(t, c, command); got != apdu.SecurityStatus {
			t.Errorf("%s in clear: %v", command, got)
		}
	}
	ch, err := session(t, c, pace.CAN(o.CAN), gm)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ch.Do(t.Context(), apdu.Command{INS: 0xA4, P2: 0x0C, Data: []byte{0x3F, 0}}); err != nil {
		t.Fatal(err)
	}
	r, err := ch.Do(t.Context(), apdu.Command{INS: 0xB0, P1: 0x9D, Ne: 8})
	if err != nil || r.Data[0] != 0x30 {
		t.Errorf("behind PACE: % X, %v", r.Data, err)
	}
}

// TestChipAuthenticationTakesWhatIsAnnounced names protocols and keys that DG14 does not state.
func TestChipAuthenticationTakesWhatIsAnnounced(t *testing.T) {
	c, _, o := issued(t, chiptest.Book{}, false)
	g, err := domain.ByParameterID(12)
	if err != nil {
		t.Fatal(err)
	}
	_, public, err := g.Generate(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	named := func(p chipauth.Protocol, more ...byte) []byte { return append(tlv.Encode(0x80, p.OID()), more...) }
	aes128 := chipauth.Protocol{OnCurve: true, Suite: sm.AES128}
	for _, test := range []struct {
		name string
		p2   byte
		data []byte
		want apdu.Status
	}{
		{"announced", 0xA4, named(aes128), apdu.OK},
		{"another cipher", 0xA4, named(chipauth.Protocol{OnCurve: true, Suite: sm.AES256}), apdu.WrongData},
		{"integers", 0xA4, named(chipauth.Protocol{Suite: sm.AES128}), apdu.WrongData},
		{"a number that the key has not", 0xA4, named(aes128, 0x84, 1, 1), apdu.ReferenceNotFound},
		{"3DES in one command", 0xA6, tlv.Encode(0x91, g.Bytes(public)), apdu.NotSupported},
		{"one command without a key", 0xA6, nil, apdu.WrongData},
	} {
		ch, err := session(t, c, pace.CAN(o.CAN), gm)
		if err != nil {
			t.Fatal(err)
		}
		r, err := ch.Do(t.Context(), apdu.Command{INS: 0x22, P1: 0x41, P2: test.p2, Data: test.data})
		if s, ok := apdu.StatusOf(err); r.Status != test.want || ok && s != test.want {
			t.Errorf("%s: %v, %v, want %v", test.name, r.Status, err, test.want)
		}
	}
}

// TestEphemeralKeyOffTheCurve leaves the old session standing (ICAO Doc 9303-11, 6.2.4.1).
func TestEphemeralKeyOffTheCurve(t *testing.T) {
	c, _, o := issued(t, chiptest.Book{Auth: &chiptest.Auth{ParameterID: 12, Cipher: lds.TripleDES}}, false)
	ch, err := session(t, c, pace.CAN(o.CAN), gm)
	if err != nil {
		t.Fatal(err)
	}
	zeros := append([]byte{4}, make([]byte, 64)...)
	_, err = ch.Do(t.Context(), apdu.Command{INS: 0x22, P1: 0x41, P2: 0xA6, Data: tlv.Encode(0x91, zeros)})
	if !errors.Is(err, apdu.WrongData) {
		t.Errorf("error %v, want WrongData", err)
	}
	if _, err := ch.Do(t.Context(), apdu.Command{INS: 0xB0, P1: 0x9E, Ne: 8}); err != nil {
		t.Errorf("the old session is gone: %v", err)
	}
}

// TestActiveAuthenticationAsksForASession sends INTERNAL AUTHENTICATE in clear and in a session.
func TestActiveAuthenticationAsksForASession(t *testing.T) {
	c, _, o := issued(t, chiptest.Book{ECDSA: 12}, false)
	command := "0088000008" + hex.EncodeToString(make([]byte, 8)) + "00"
	if got := statusOf(t, c, command); got != apdu.SecurityStatus {
		t.Errorf("in clear: %v", got)
	}
	ch, err := session(t, c, pace.CAN(o.CAN), gm)
	if err != nil {
		t.Fatal(err)
	}
	r, err := ch.Do(t.Context(), apdu.Command{INS: 0x88, Data: make([]byte, 8), Ne: 256})
	if err != nil || len(r.Data) != 64 {
		t.Errorf("%d bytes, %v", len(r.Data), err)
	}
	_, err = ch.Do(t.Context(), apdu.Command{INS: 0x88, Data: make([]byte, 16), Ne: 256})
	if !errors.Is(err, apdu.WrongData) {
		t.Errorf("nonce of 16 bytes: %v, want WrongData", err)
	}
}

// TestBasicAccessBesidePACE opens a chip that has both by Basic Access Control, as an old terminal
// does.
func TestBasicAccessBesidePACE(t *testing.T) {
	c, _, o := issued(t, chiptest.Book{}, true)
	if got := statusOf(t, c, selectApplication); got != apdu.OK {
		t.Errorf("plain selection: %v", got)
	}
	if got := statusOf(t, c, "00a4020c020101"); got != apdu.SecurityStatus {
		t.Errorf("plain selection of DG1: %v", got)
	}
	terminal := bac.Terminal{Rand: rand.Reader}
	if _, err := terminal.Run(t.Context(), direct{c}, make([]byte, 20)); !errors.Is(err, bac.ErrPassword) {
		t.Errorf("wrong key: %v", err)
	}
	s, err := terminal.Run(t.Context(), direct{c}, o.MRZHash)
	if err != nil {
		t.Fatal(err)
	}
	ch := &sm.Channel{Transmitter: direct{c}, Session: s}
	if r, err := ch.Do(t.Context(), apdu.Command{INS: 0xB0, P1: 0x81, Ne: 8}); err != nil || r.Data[0] != 0x61 {
		t.Errorf("DG1 % X, %v", r.Data, err)
	}
	alone, _, _ := issued(t, chiptest.Book{}, false)
	if got := statusOf(t, alone, "0084000008"); got != apdu.UnknownInstruction {
		t.Errorf("challenge of a chip with PACE alone: %v", got)
	}
}
