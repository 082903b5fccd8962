package pace_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"padarozhnik/devices/chip/apdu"
	"padarozhnik/devices/chip/pace"
	"padarozhnik/devices/chip/sm"
)

type gmVector struct {
	SHA1       string      `json:"sha1_mrz"`
	Nonce      string      `json:"nonce_s"`
	MapIFD     string      `json:"map_terminal_private"`
	MapIC      string      `json:"map_chip_private"`
	KeyIFD     string      `json:"ka_terminal_private"`
	KeyIC      string      `json:"ka_chip_private"`
	KSEnc      string      `json:"KS_Enc"`
	KSMac      string      `json:"KS_MAC"`
	CardAccess string      `json:"EF_CardAccess"`
	APDUs      [][2]string `json:"apdus"`
}

func load(t testing.TB) gmVector {
	t.Helper()
	b, err := os.ReadFile("../../../station/testdata/doc9303.json")
	if err != nil {
		t.Fatal(err)
	}
	var all struct {
		V gmVector `json:"pace_gm_ecdh_G1"`
	}
	if err := json.Unmarshal(b, &all); err != nil {
		t.Fatal(err)
	}
	return all.V
}

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// fixed is a source of randomness that gives the published numbers, each 32 bytes long.
func fixed(t testing.TB, numbers ...string) *bytes.Reader {
	var all []byte
	for i, n := range numbers {
		b := unhex(t, n)
		if i > 0 || len(numbers) == 2 {
			b = append(make([]byte, 32-len(b)), b...)
		}
		all = append(all, b...)
	}
	return bytes.NewReader(all)
}

// script is a chip that answers exactly the published commands.
type script struct {
	t    *testing.T
	left [][2]string
}

func (s *script) Transmit(_ context.Context, command []byte) ([]byte, error) {
	if len(s.left) == 0 {
		return nil, errors.New("more commands than published")
	}
	want, answer := s.left[0][0], s.left[0][1]
	s.left = s.left[1:]
	if got := strings.ToUpper(hex.EncodeToString(command)); got != want {
		s.t.Errorf("command %s\nwant    %s", got, want)
	}
	return unhex(s.t, answer), nil
}

// TestTerminalPublished runs the terminal against ICAO Doc 9303-11, Appendix G.1, byte for byte.
func TestTerminalPublished(t *testing.T) {
	v := load(t)
	infos, err := pace.ParseInfos(unhex(t, v.CardAccess))
	if err != nil || len(infos) != 1 || !infos[0].Supported() {
		t.Fatalf("infos %v, %v", infos, err)
	}
	chip := &script{t: t, left: v.APDUs}
	terminal := pace.Terminal{Rand: fixed(t, v.MapIFD, v.KeyIFD)}
	session, err := terminal.Run(t.Context(), chip, infos[0], pace.MRZ(unhex(t, v.SHA1)))
	if err != nil {
		t.Fatal(err)
	}
	if len(chip.left) != 0 {
		t.Errorf("%d published commands were not sent", len(chip.left))
	}
	sameSession(t, v, session)
}

// TestChipPublished runs the chip's end against the same appendix.
func TestChipPublished(t *testing.T) {
	v := load(t)
	info := pace.Info{Protocol: pace.Protocol{Mapping: pace.GenericMapping, Suite: sm.AES128}, ParameterID: 13}
	chip, err := pace.NewChip(fixed(t, v.Nonce, v.MapIC, v.KeyIC), info, pace.MRZ(unhex(t, v.SHA1)))
	if err != nil {
		t.Fatal(err)
	}
	var session *sm.Session
	for _, pair := range v.APDUs[1:] {
		c, err := apdu.ParseCommand(unhex(t, pair[0]))
		if err != nil {
			t.Fatal(err)
		}
		answer, s, err := chip.Authenticate(c.Data)
		if err != nil {
			t.Fatal(err)
		}
		if got := (apdu.Response{Data: answer, Status: apdu.OK}); !bytes.Equal(got.Bytes(), unhex(t, pair[1])) {
			t.Errorf("answer %X\nwant   %s", got.Bytes(), pair[1])
		}
		session = s
	}
	if session == nil {
		t.Fatal("no session after the last round")
	}
	sameSession(t, v, session)
}

// sameSession shows that a session has the published keys: a peer made of them understands it.
func sameSession(t *testing.T, v gmVector, s *sm.Session) {
	t.Helper()
	peer, err := sm.New(sm.AES128, unhex(t, v.KSEnc), unhex(t, v.KSMac), nil)
	if err != nil {
		t.Fatal(err)
	}
	c, err := s.Wrap(apdu.Command{INS: 0xB0, Data: []byte{1, 2, 3}, Ne: 9})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := peer.Unprotect(c); err != nil || !bytes.Equal(got.Data, []byte{1, 2, 3}) {
		t.Errorf("the published keys do not open the session: %v", err)
	}
}

// ends joins a terminal to the chip's end.
type ends struct {
	chip  *pace.Chip
	spoil func(round int, answer []byte) []byte
	round int
}

func (e *ends) Transmit(_ context.Context, command []byte) ([]byte, error) {
	c, err := apdu.ParseCommand(command)
	if err != nil {
		return nil, err
	}
	if c.INS == 0x22 {
		return apdu.Response{Status: 0x63C2}.Bytes(), nil
	}
	answer, _, err := e.chip.Authenticate(c.Data)
	switch {
	case errors.Is(err, pace.ErrPassword):
		return apdu.Response{Status: apdu.AuthFailed}.Bytes(), nil
	case err != nil:
		return apdu.Response{Status: apdu.WrongData}.Bytes(), nil
	}
	e.round++
	if e.spoil != nil {
		answer = e.spoil(e.round, answer)
	}
	return apdu.Response{Data: answer, Status: apdu.OK}.Bytes(), nil
}

func TestAllCurvesAndSuites(t *testing.T) {
	for parameter := 9; parameter <= 18; parameter++ {
		suite := []sm.Suite{sm.AES128, sm.AES192, sm.AES256, sm.TripleDES}[parameter%4]
		info := pace.Info{Protocol: pace.Protocol{Mapping: pace.GenericMapping, Suite: suite}, ParameterID: parameter}
		t.Run(fmt.Sprintf("%s with parameters %d", info.Protocol, parameter), func(t *testing.T) {
			chip, err := pace.NewChip(rand.Reader, info, pace.CAN("123456"))
			if err != nil {
				t.Fatal(err)
			}
			terminal := pace.Terminal{Rand: rand.Reader, NameParameters: true}
			if _, err := terminal.Run(t.Context(), &ends{chip: chip}, info, pace.CAN("123456")); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestRunRefuses(t *testing.T) {
	info := pace.Info{Protocol: pace.Protocol{Mapping: pace.GenericMapping, Suite: sm.AES256}, ParameterID: 12}
	other := info
	other.Protocol.Mapping = pace.IntegratedMapping
	tests := []struct {
		name  string
		info  pace.Info
		can   string
		spoil func(int, []byte) []byte
		want  error
	}{
		{"wrong password", info, "654321", nil, pace.ErrPassword},
		{"other mapping", other, "123456", nil, pace.ErrUnsupported},
		{"empty answer", info, "123456", func(int, []byte) []byte { return nil }, pace.ErrProtocol},
		{"point off the curve", info, "123456", func(round int, b []byte) []byte {
			if round == 2 {
				b[len(b)-1] ^= 1
			}
			return b
		}, pace.ErrProtocol},
		{"wrong token", info, "123456", func(round int, b []byte) []byte {
			if round == 4 {
				b[len(b)-1] ^= 1
			}
			return b
		}, pace.ErrToken},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			chip, err := pace.NewChip(rand.Reader, info, pace.CAN("123456"))
			if err != nil {
				t.Fatal(err)
			}
			terminal := pace.Terminal{Rand: rand.Reader}
			_, err = terminal.Run(t.Context(), &ends{chip: chip, spoil: test.spoil}, test.info, pace.CAN(test.can))
			if !errors.Is(err, test.want) {
				t.Errorf("error %v, want %v", err, test.want)
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
	chip, err := pace.NewChip(rand.Reader, info, pace.CAN("123456"))
	if err != nil {
		t.Fatal(err)
	}
	_, err = pace.Terminal{Rand: rand.Reader}.Run(t.Context(), mirror{chip}, info, pace.CAN("123456"))
	if !errors.Is(err, pace.ErrProtocol) {
		t.Errorf("error %v, want ErrProtocol", err)
	}
}

func FuzzParseInfos(f *testing.F) {
	f.Add(unhex(f, load(f).CardAccess))
	f.Add([]byte{0x31, 0x82, 0xFF, 0xFF})
	f.Fuzz(func(t *testing.T, b []byte) {
		infos, err := pace.ParseInfos(b)
		if err != nil && infos != nil {
			t.Error("infos and an error")
		}
	})
}

func FuzzChip(f *testing.F) {
	f.Add([]byte{0x7C, 0}, []byte{0x7C, 2, 0x81, 0})
	f.Fuzz(func(t *testing.T, first, second []byte) {
		info := pace.Info{Protocol: pace.Protocol{Mapping: pace.GenericMapping, Suite: sm.AES128}, ParameterID: 12}
		chip, err := pace.NewChip(rand.Reader, info, pace.CAN("123456"))
		if err != nil {
			t.Fatal(err)
		}
		for _, b := range [][]byte{first, second} {
			if _, s, err := chip.Authenticate(b); s != nil || errors.Is(err, pace.ErrPassword) {
				t.Error("two rounds led to the end")
			}
		}
	})
}
