package pace_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"math/big"
	"testing"

	"padarozhnik/devices/chip/apdu"
	"padarozhnik/devices/chip/domain"
	"padarozhnik/devices/chip/pace"
	"padarozhnik/devices/chip/sm"
	"padarozhnik/station/lds/tlv"
)

// ends joins a terminal to the chip's end.
type ends struct {
	chip    *pace.Chip
	spoil   func(round int, answer []byte) []byte
	round   int
	session *sm.Session
}

func (e *ends) Transmit(_ context.Context, command []byte) ([]byte, error) {
	c, err := apdu.ParseCommand(command)
	if err != nil {
		return nil, err
	}
	if c.INS == 0x22 {
		return apdu.Response{Status: 0x63C2}.Bytes(), nil
	}
	answer, session, err := e.chip.Authenticate(c.Data)
	switch {
	case errors.Is(err, pace.ErrPassword):
		return apdu.Response{Status: apdu.AuthFailed}.Bytes(), nil
	case err != nil:
		return apdu.Response{Status: apdu.WrongData}.Bytes(), nil
	}
	e.round++
	e.session = session
	if e.spoil != nil {
		answer = e.spoil(e.round, answer)
	}
	return apdu.Response{Data: answer, Status: apdu.OK}.Bytes(), nil
}

// static is a key pair for chip authentication mapping on an info's parameters.
func static(t *testing.T, info pace.Info) (private *big.Int, public []byte) {
	t.Helper()
	if info.Protocol.Mapping != pace.ChipAuthMapping {
		return nil, nil
	}
	g, err := domain.ByParameterID(info.ParameterID)
	if err != nil {
		t.Fatal(err)
	}
	d, p, err := g.Generate(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return d, g.Bytes(p)
}

// TestEveryCombination runs each mapping on each domain parameters; those that the standard bars
// are refused by both ends (ICAO Doc 9303-11, 4.4.3 and 9.5.1).
func TestEveryCombination(t *testing.T) {
	ran := 0
	for _, mapping := range []pace.Mapping{1, 2, 3, 4, 5, 6} {
		for parameter := range 32 {
			suite := []sm.Suite{sm.AES128, sm.AES192, sm.AES256, sm.TripleDES}[(parameter+int(mapping))%4]
			if mapping == pace.ChipAuthMapping && suite == sm.TripleDES {
				suite = sm.AES128
			}
			info := pace.Info{Protocol: pace.Protocol{Mapping: mapping, Suite: suite}, ParameterID: parameter}
			curve, dh := mapping%2 == 0, mapping == 1 || mapping == 3
			want := curve && parameter >= 8 && parameter <= 18 || dh && parameter <= 2
			if mapping == pace.IntegratedMapping && parameter == 10 {
				want = false
			}
			if info.Supported() != want {
				t.Errorf("%s with parameters %d: supported %t", info.Protocol, parameter, !want)
			}
			if want {
				ran++
				t.Run(fmt.Sprintf("%s with parameters %d", info.Protocol, parameter), func(t *testing.T) { open(t, info) })
			}
		}
	}
	if ran != 11+10+11+3+3 {
		t.Errorf("%d combinations", ran)
	}
}

func open(t *testing.T, info pace.Info) {
	d, public := static(t, info)
	chip, err := pace.NewChip(rand.Reader, info, pace.CAN("123456"), d)
	if err != nil {
		t.Fatal(err)
	}
	terminal := pace.Terminal{Rand: rand.Reader, NameParameters: true}
	e := &ends{chip: chip}
	session, proof, err := terminal.Run(t.Context(), e, info, pace.CAN("123456"))
	if err != nil {
		t.Fatal(err)
	}
	wrapped, err := session.Wrap(apdu.Command{INS: 0xB0, Ne: 8})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.session.Unprotect(wrapped); err != nil {
		t.Errorf("ends do not agree: %v", err)
	}
	if (proof != nil) != (d != nil) {
		t.Fatalf("proof %v", proof)
	}
	if proof == nil {
		return
	}
	_, other := static(t, info)
	if err := proof.Verify(public); err != nil || proof.ParameterID() != info.ParameterID {
		t.Error(err)
	}
	for _, b := range [][]byte{other, nil, public[1:]} {
		if err := proof.Verify(b); !errors.Is(err, pace.ErrChipKey) {
			t.Errorf("another static key: %v, want ErrChipKey", err)
		}
	}
}

// TestSuitesOfIntegratedMapping covers the pseudo-random function of each cipher.
func TestSuitesOfIntegratedMapping(t *testing.T) {
	for _, suite := range []sm.Suite{sm.TripleDES, sm.AES128, sm.AES192, sm.AES256} {
		for _, info := range []pace.Info{
			{Protocol: pace.Protocol{Mapping: pace.IntegratedMapping, Suite: suite}, ParameterID: 18},
			{Protocol: pace.Protocol{Mapping: pace.IntegratedMappingDH, Suite: suite}, ParameterID: 2},
		} {
			t.Run(info.Protocol.String(), func(t *testing.T) { open(t, info) })
		}
	}
}

func TestChipAuthMappingBars(t *testing.T) {
	oid := pace.Protocol{Mapping: pace.ChipAuthMapping, Suite: sm.TripleDES}.OID()
	if _, err := pace.ParseProtocol(oid); !errors.Is(err, pace.ErrUnsupported) {
		t.Errorf("3DES: %v", err)
	}
	cam := pace.Info{Protocol: pace.Protocol{Mapping: pace.ChipAuthMapping, Suite: sm.AES128}, ParameterID: 12}
	if _, err := pace.NewChip(rand.Reader, cam, pace.CAN("123456"), nil); !errors.Is(err, pace.ErrUnsupported) {
		t.Errorf("without a static key: %v", err)
	}
	cam.Protocol.Suite = sm.TripleDES
	if cam.Supported() {
		t.Error("3DES supported")
	}
}

// flip returns a fault that flips the last bit of one answer.
func flip(at int) func(int, []byte) []byte {
	return func(round int, b []byte) []byte {
		if round == at {
			b[len(b)-1] ^= 1
		}
		return b
	}
}

// instead returns a fault that puts other data objects into one answer.
func instead(at int, objects ...[]byte) func(int, []byte) []byte {
	return func(round int, b []byte) []byte {
		if round == at {
			return tlv.Encode(0x7C, objects...)
		}
		return b
	}
}

func TestRunRefuses(t *testing.T) {
	info := func(m pace.Mapping, parameter int) pace.Info {
		return pace.Info{Protocol: pace.Protocol{Mapping: m, Suite: sm.AES256}, ParameterID: parameter}
	}
	gm, dhgm := info(pace.GenericMapping, 12), info(pace.GenericMappingDH, 1)
	im, cam := info(pace.IntegratedMapping, 12), info(pace.ChipAuthMapping, 12)
	barred, g := info(pace.IntegratedMapping, 10), []byte{2}
	infinity, zero := []byte{0}, append([]byte{4}, make([]byte, 64)...)
	for _, test := range []struct {
		name  string
		chip  pace.Info
		terms pace.Info
		can   string
		spoil func(int, []byte) []byte
		want  error
	}{
		{"wrong password", gm, gm, "654321", nil, pace.ErrPassword},
		{"wrong password over integers", dhgm, dhgm, "654321", nil, pace.ErrPassword},
		{"wrong password, integrated", im, im, "654321", nil, pace.ErrPassword},
		{"wrong password, chip authentication", cam, cam, "654321", nil, pace.ErrPassword},
		{"barred curve", gm, barred, "123456", nil, pace.ErrUnsupported},
		{"empty answer", gm, gm, "123456", func(int, []byte) []byte { return nil }, pace.ErrProtocol},
		{"nonce of another size", im, im, "123456", instead(1, tlv.Encode(0x80, make([]byte, 16))), pace.ErrProtocol},
		{"no whole block", gm, gm, "123456", instead(1, tlv.Encode(0x80, make([]byte, 17))), pace.ErrProtocol},
		{"mapping point off the curve", gm, gm, "123456", flip(2), pace.ErrProtocol},
		{"mapping point at infinity", gm, gm, "123456", instead(2, tlv.Encode(0x82, infinity)), pace.ErrProtocol},
		{"mapping point of zeros", gm, gm, "123456", instead(2, tlv.Encode(0x82, zero)), pace.ErrProtocol},
		{"key off the curve", gm, gm, "123456", flip(3), pace.ErrProtocol},
		{"key of zeros", gm, gm, "123456", instead(3, tlv.Encode(0x84, zero)), pace.ErrProtocol},
		{"mapping integer zero", dhgm, dhgm, "123456", instead(2, tlv.Encode(0x82, infinity)), pace.ErrProtocol},
		{"mapping integer outside", dhgm, dhgm, "123456", instead(2, tlv.Encode(0x82, g)), pace.ErrProtocol},
		{"key integer one", dhgm, dhgm, "123456", instead(3, tlv.Encode(0x84, []byte{1})), pace.ErrProtocol},
		{"mapping data where none may be", im, im, "123456", instead(2, tlv.Encode(0x82, g)), pace.ErrProtocol},
		{"wrong token", gm, gm, "123456", flip(4), pace.ErrToken},
		{"proof missing", cam, cam, "123456", func(round int, b []byte) []byte {
			if round == 4 {
				return tlv.Encode(0x7C, b[2:12])
			}
			return b
		}, pace.ErrProtocol},
		{"proof that nobody asked for", gm, gm, "123456", func(round int, b []byte) []byte {
			if round == 4 {
				return tlv.Encode(0x7C, b[2:], tlv.Encode(0x8A, make([]byte, 48)))
			}
			return b
		}, pace.ErrProtocol},
		{"proof that is no cryptogram", cam, cam, "123456", func(round int, b []byte) []byte {
			if round == 4 {
				return tlv.Encode(0x7C, b[2:12], tlv.Encode(0x8A, make([]byte, 47)))
			}
			return b
		}, pace.ErrProtocol},
	} {
		t.Run(test.name, func(t *testing.T) {
			d, _ := static(t, test.chip)
			chip, err := pace.NewChip(rand.Reader, test.chip, pace.CAN("123456"), d)
			if err != nil {
				t.Fatal(err)
			}
			terminal := pace.Terminal{Rand: rand.Reader}
			_, _, err = terminal.Run(t.Context(), &ends{chip: chip, spoil: test.spoil}, test.terms, pace.CAN(test.can))
			if !errors.Is(err, test.want) {
				t.Errorf("error %v, want %v", err, test.want)
			}
		})
	}
}

// TestTamperedProof changes each block of the chip authentication data: the session stands, and the
// proof holds for no key.
func TestTamperedProof(t *testing.T) {
	info := pace.Info{Protocol: pace.Protocol{Mapping: pace.ChipAuthMapping, Suite: sm.AES128}, ParameterID: 12}
	d, public := static(t, info)
	for _, back := range []int{1, 17, 33} {
		chip, err := pace.NewChip(rand.Reader, info, pace.CAN("123456"), d)
		if err != nil {
			t.Fatal(err)
		}
		e := &ends{chip: chip, spoil: func(round int, b []byte) []byte {
			if round == 4 {
				b[len(b)-back] ^= 0x40
			}
			return b
		}}
		_, proof, err := pace.Terminal{Rand: rand.Reader}.Run(t.Context(), e, info, pace.CAN("123456"))
		if err != nil {
			t.Fatal(err)
		}
		if err := proof.Verify(public); !errors.Is(err, pace.ErrChipKey) {
			t.Errorf("changed %d bytes from the end: %v, want ErrChipKey", back, err)
		}
	}
}

// TestChipRefuses sends what a terminal must not.
func TestChipRefuses(t *testing.T) {
	gm := pace.Info{Protocol: pace.Protocol{Mapping: pace.GenericMapping, Suite: sm.AES128}, ParameterID: 12}
	im := pace.Info{Protocol: pace.Protocol{Mapping: pace.IntegratedMapping, Suite: sm.AES128}, ParameterID: 12}
	dh := pace.Info{Protocol: pace.Protocol{Mapping: pace.GenericMappingDH, Suite: sm.AES128}, ParameterID: 0}
	for _, test := range []struct {
		name string
		info pace.Info
		data []byte
	}{
		{"no key", gm, tlv.Encode(0x7C)},
		{"infinity", gm, tlv.Encode(0x7C, tlv.Encode(0x81, []byte{0}))},
		{"point of zeros", gm, tlv.Encode(0x7C, tlv.Encode(0x81, append([]byte{4}, make([]byte, 64)...)))},
		{"short nonce", im, tlv.Encode(0x7C, tlv.Encode(0x81, make([]byte, 8)))},
		{"integer one", dh, tlv.Encode(0x7C, tlv.Encode(0x81, []byte{1}))},
		{"no template", dh, []byte{0x81, 0}},
	} {
		t.Run(test.name, func(t *testing.T) {
			chip, err := pace.NewChip(rand.Reader, test.info, pace.CAN("123456"), nil)
			if err != nil {
				t.Fatal(err)
			}
			if _, _, err := chip.Authenticate([]byte{0x7C, 0}); err != nil {
				t.Fatal(err)
			}
			if _, _, err := chip.Authenticate(test.data); !errors.Is(err, pace.ErrProtocol) {
				t.Errorf("error %v, want ErrProtocol", err)
			}
			if _, _, err := chip.Authenticate([]byte{0x7C, 0}); !errors.Is(err, pace.ErrProtocol) {
				t.Errorf("the run goes on: %v", err)
			}
		})
	}
}

// mirror is a chip that sends the terminal's own points back.
type mirror struct{ chip *pace.Chip }

func (m mirror) Transmit(_ context.Context, command []byte) ([]byte, error) {
	c, err := apdu.ParseCommand(command)
	if err != nil {
		return nil, err
	}
	switch {
	case c.INS == 0x22:
		return []byte{0x90, 0}, nil
	case len(c.Data) > 20:
		answer := append([]byte(nil), c.Data...)
		answer[2]++ // 81 becomes 82, 83 becomes 84
		return apdu.Response{Data: answer, Status: apdu.OK}.Bytes(), nil
	}
	answer, _, err := m.chip.Authenticate(c.Data)
	return apdu.Response{Data: answer, Status: apdu.OK}.Bytes(), err
}

func TestMirroredKeyRefused(t *testing.T) {
	info := pace.Info{Protocol: pace.Protocol{Mapping: pace.GenericMapping, Suite: sm.AES128}, ParameterID: 12}
	chip, err := pace.NewChip(rand.Reader, info, pace.CAN("123456"), nil)
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = pace.Terminal{Rand: rand.Reader}.Run(t.Context(), mirror{chip}, info, pace.CAN("123456"))
	if !errors.Is(err, pace.ErrProtocol) {
		t.Errorf("error %v, want ErrProtocol", err)
	}
}

func FuzzParseInfos(f *testing.F) {
	f.Add(unhex(f, load(f, "pace_gm_ecdh_G1").CardAccess))
	f.Add([]byte{0x31, 0x82, 0xFF, 0xFF})
	f.Fuzz(func(t *testing.T, b []byte) {
		infos, err := pace.ParseInfos(b)
		if err != nil && infos != nil {
			t.Error("infos and an error")
		}
		if best, _, err := pace.Choose(infos); (err == nil) != best.Supported() && len(infos) > 0 {
			t.Errorf("chose %v, %v", best, err)
		}
	})
}

// FuzzChip feeds the chip's end of each mapping.
func FuzzChip(f *testing.F) {
	f.Add(byte(2), []byte{0x7C, 0}, []byte{0x7C, 2, 0x81, 0})
	f.Add(byte(4), []byte{0x7C, 0}, tlv.Encode(0x7C, tlv.Encode(0x81, make([]byte, 16))))
	f.Add(byte(1), []byte{0x7C, 0}, tlv.Encode(0x7C, tlv.Encode(0x81, []byte{2})))
	f.Fuzz(func(t *testing.T, mapping byte, first, second []byte) {
		info := pace.Info{Protocol: pace.Protocol{Mapping: pace.Mapping(mapping), Suite: sm.AES128}, ParameterID: 12}
		if mapping%2 == 1 {
			info.ParameterID = 0
		}
		chip, err := pace.NewChip(rand.Reader, info, pace.CAN("123456"), nil)
		if err != nil {
			return
		}
		for _, b := range [][]byte{first, second} {
			if _, s, err := chip.Authenticate(b); s != nil || errors.Is(err, pace.ErrPassword) {
				t.Error("two rounds led to the end")
			}
		}
	})
}

// FuzzTerminal gives the terminal's end of each mapping a chip of fuzz.
func FuzzTerminal(f *testing.F) {
	f.Add(byte(2), []byte{0x7C, 2, 0x80, 0}, []byte{0x7C, 2, 0x82, 0}, []byte{0x7C, 0})
	f.Add(byte(4), tlv.Encode(0x7C, tlv.Encode(0x80, make([]byte, 16))), []byte{0x7C, 2, 0x82, 0}, []byte{0x7C, 0})
	f.Add(byte(3), tlv.Encode(0x7C, tlv.Encode(0x80, make([]byte, 16))), []byte{0x7C, 0}, []byte{0x7C, 2, 0x84, 0})
	f.Fuzz(func(t *testing.T, mapping byte, one, two, three []byte) {
		info := pace.Info{Protocol: pace.Protocol{Mapping: pace.Mapping(mapping), Suite: sm.AES128}, ParameterID: 12}
		if mapping%2 == 1 {
			info.ParameterID = 0
		}
		answers := answers{nil, one, two, three, three}
		s, _, err := pace.Terminal{Rand: rand.Reader}.Run(t.Context(), &answers, info, pace.CAN("123456"))
		if err == nil || s != nil {
			t.Error("a chip of fuzz was opened")
		}
	})
}

// answers is a chip that gives one answer after the other.
type answers [][]byte

func (a *answers) Transmit(context.Context, []byte) ([]byte, error) {
	if len(*a) == 0 {
		return []byte{0x6F, 0}, nil
	}
	b := (*a)[0]
	*a = (*a)[1:]
	return append(append([]byte(nil), b...), 0x90, 0), nil
}
