package pace_test

import (
	"bytes"
	"context"
	"crypto/aes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"math/big"
	"strings"
	"testing"

	"padarozhnik/devices/chip/apdu"
	"padarozhnik/devices/chip/domain"
	"padarozhnik/devices/chip/pace"
	"padarozhnik/devices/chip/sm"
	"padarozhnik/station/lds/tlv"
	"padarozhnik/station/published"
)

// vector is one worked example of ICAO Doc 9303-11, Appendices G, H and I.
type vector struct {
	SHA1       string      `json:"sha1_mrz"`
	KPi        string      `json:"K_pi"`
	Nonce      string      `json:"nonce_s"`
	Encrypted  string      `json:"encrypted_nonce_z"`
	NonceT     string      `json:"nonce_t"`
	MapIFD     string      `json:"map_terminal_private"`
	MapIC      string      `json:"map_chip_private"`
	MapIFDPub  string      `json:"map_terminal_public"`
	MapICPub   string      `json:"map_chip_public"`
	KeyIFD     string      `json:"ka_terminal_private"`
	KeyIC      string      `json:"ka_chip_private"`
	KeyIFDPub  string      `json:"ka_terminal_public"`
	KeyICPub   string      `json:"ka_chip_public"`
	TIFD       string      `json:"T_IFD"`
	TIC        string      `json:"T_IC"`
	KSEnc      string      `json:"KS_Enc"`
	KSMac      string      `json:"KS_MAC"`
	CAData     string      `json:"chip_authentication_data"`
	Static     string      `json:"chip_static_public_key"`
	Cryptogram string      `json:"encrypted_chip_authentication_data"`
	CardAccess string      `json:"EF_CardAccess"`
	PACEInfo   string      `json:"PACEInfo"`
	APDUs      [][2]string `json:"apdus"`
}

func load(t testing.TB, name string) vector {
	t.Helper()
	var all map[string]json.RawMessage
	published.Doc9303(t, &all)
	var v vector
	if err := json.Unmarshal(all[name], &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil || len(b) == 0 {
		t.Fatalf("no vector: %v", err)
	}
	return b
}

// example is a vector with what its text says around it.
type example struct {
	name    string
	mapping pace.Mapping
	id      int
}

var examples = []example{
	{"pace_gm_ecdh_G1", pace.GenericMapping, 13},
	{"pace_gm_dh_G2", pace.GenericMappingDH, 0},
	{"pace_im_ecdh_H1", pace.IntegratedMapping, 13},
	{"pace_im_dh_H2", pace.IntegratedMappingDH, 0},
	{"pace_cam_ecdh_I1", pace.ChipAuthMapping, 13},
}

func (e example) info() pace.Info {
	return pace.Info{Protocol: pace.Protocol{Mapping: e.mapping, Suite: sm.AES128}, ParameterID: e.id}
}

// scalar is a published private key as the random source gives it: below the group's order, in as
// many bytes. (H.2 prints exponents longer than the order of the subgroup.)
func (e example) scalar(t *testing.T, s string) []byte {
	t.Helper()
	g, err := domain.ByParameterID(e.id)
	if err != nil {
		t.Fatal(err)
	}
	d := new(big.Int).SetBytes(unhex(t, s))
	return g.PrivateBytes(d.Mod(d, g.Order()))
}

// randomness gives both ends the published nonces and keys.
func (e example) randomness(t *testing.T, v vector) (terminal, chip *bytes.Reader) {
	t.Helper()
	first, chipFirst := []byte(nil), unhex(t, v.Nonce)
	if v.NonceT != "" {
		first = unhex(t, v.NonceT)
	} else {
		first = e.scalar(t, v.MapIFD)
		chipFirst = append(chipFirst, e.scalar(t, v.MapIC)...)
	}
	return bytes.NewReader(append(first, e.scalar(t, v.KeyIFD)...)),
		bytes.NewReader(append(chipFirst, e.scalar(t, v.KeyIC)...))
}

// static finds the chip's static private key in I.1, which prints its public half: it is the
// quotient of mapping key and authentication data.
func (v vector) static(t *testing.T) *big.Int {
	t.Helper()
	if v.CAData == "" {
		return nil
	}
	g, err := domain.ByParameterID(13)
	if err != nil {
		t.Fatal(err)
	}
	d := new(big.Int).ModInverse(new(big.Int).SetBytes(unhex(t, v.CAData)), g.Order())
	d.Mul(d, new(big.Int).SetBytes(unhex(t, v.MapIC))).Mod(d, g.Order())
	p, err := g.Public(d)
	if err != nil || !bytes.Equal(g.Bytes(p)[1:], unhex(t, v.Static)) {
		t.Fatalf("static key of the example: %v", err)
	}
	return d
}

// password is the example's MRZ; those of Appendix H print no MRZ that gives their K_pi, so that of
// G stands in, and the nonce is enciphered under the printed key on the way (recorder).
func password(t *testing.T, v vector) pace.Password {
	t.Helper()
	if v.SHA1 == "" {
		v.SHA1 = load(t, "pace_gm_ecdh_G1").SHA1
	}
	return pace.MRZ(unhex(t, v.SHA1))
}

// recorder is the chip's end, with a list of what went over the wire.
type recorder struct {
	ends
	sent, got [][]byte
}

func (r *recorder) Transmit(ctx context.Context, command []byte) ([]byte, error) {
	answer, err := r.ends.Transmit(ctx, command)
	r.sent, r.got = append(r.sent, command), append(r.got, answer)
	return answer, err
}

// at is an object of the nth round, in the command or in the answer.
func at(t *testing.T, messages [][]byte, round int, tag uint32, command bool) string {
	t.Helper()
	data := messages[round]
	if command {
		c, err := apdu.ParseCommand(data)
		if err != nil {
			t.Fatal(err)
		}
		data = c.Data
	} else {
		data = data[:len(data)-2]
	}
	b, err := tlv.Path(data, 0x7C, tag)
	if err != nil {
		t.Fatalf("round %d: %v", round, err)
	}
	return strings.TrimPrefix(strings.ToUpper(hex.EncodeToString(b)), "0X")
}

// TestPublished runs terminal and chip of every worked example against each other and compares all
// that goes over the wire.
func TestPublished(t *testing.T) {
	for _, e := range examples {
		t.Run(e.name, func(t *testing.T) {
			v := load(t, e.name)
			terminalRand, chipRand := e.randomness(t, v)
			chip, err := pace.NewChip(chipRand, e.info(), password(t, v), v.static(t))
			if err != nil {
				t.Fatal(err)
			}
			r := &recorder{ends: ends{chip: chip}}
			session, proof, err := pace.Terminal{Rand: terminalRand}.Run(t.Context(), r, e.info(), password(t, v))
			if err != nil {
				t.Fatal(err)
			}
			compare(t, e, v, r)
			sameSession(t, v, session)
			if proof != nil {
				if err := proof.Verify(append([]byte{4}, unhex(t, v.Static)...)); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

func compare(t *testing.T, e example, v vector, r *recorder) {
	t.Helper()
	point := ""
	if e.id > 2 {
		point = "04"
	}
	same := func(what, got, want string) {
		t.Helper()
		if got != want {
			t.Errorf("%s is %s\nwant %s", what, got, want)
		}
	}
	block, err := aes.NewCipher(unhex(t, v.KPi))
	if err != nil {
		t.Fatal(err)
	}
	z := unhex(t, v.Nonce)
	block.Encrypt(z, z)
	same("z under the printed key", strings.ToUpper(hex.EncodeToString(z)), v.Encrypted)
	if v.NonceT == "" {
		same("z", at(t, r.got, 1, 0x80, false), v.Encrypted)
		same("mapping key of the terminal", at(t, r.sent, 2, 0x81, true), point+v.MapIFDPub)
		same("mapping key of the chip", at(t, r.got, 2, 0x82, false), point+v.MapICPub)
	} else {
		same("second nonce", at(t, r.sent, 2, 0x81, true), v.NonceT)
		same("mapping data of the chip", at(t, r.got, 2, 0x82, false), "")
	}
	same("key of the terminal", at(t, r.sent, 3, 0x83, true), point+v.KeyIFDPub)
	same("key of the chip", at(t, r.got, 3, 0x84, false), point+v.KeyICPub)
	same("token of the terminal", at(t, r.sent, 4, 0x85, true), v.TIFD)
	same("token of the chip", at(t, r.got, 4, 0x86, false), v.TIC)
	if v.Cryptogram != "" {
		same("chip authentication data", at(t, r.got, 4, 0x8A, false), v.Cryptogram)
	}
	for i, pair := range v.APDUs {
		same("command", strings.ToUpper(hex.EncodeToString(r.sent[i])), pair[0])
		if i > 0 { // the chip's end here answers MSE:Set AT with a warning
			same("answer", strings.ToUpper(hex.EncodeToString(r.got[i])), pair[1])
		}
	}
}

// sameSession shows that a session has the published keys: a peer made of them understands it.
func sameSession(t *testing.T, v vector, s *sm.Session) {
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

// TestPublishedInfos reads the PACEInfos that the examples print.
func TestPublishedInfos(t *testing.T) {
	for _, e := range examples {
		v := load(t, e.name)
		file := v.CardAccess
		if file == "" && v.PACEInfo != "" {
			file = hex.EncodeToString(tlv.Encode(0x31, unhex(t, v.PACEInfo)))
		}
		if file == "" {
			continue
		}
		infos, err := pace.ParseInfos(unhex(t, file))
		if err != nil || len(infos) != 1 || infos[0] != e.info() || !infos[0].Supported() {
			t.Errorf("%s: %v, %v", e.name, infos, err)
		}
	}
}

func TestChoose(t *testing.T) {
	info := func(m pace.Mapping, s sm.Suite, id int) pace.Info {
		return pace.Info{Protocol: pace.Protocol{Mapping: m, Suite: s}, ParameterID: id}
	}
	old := info(pace.GenericMapping, sm.TripleDES, 13)
	gm, im := info(pace.GenericMapping, sm.AES128, 12), info(pace.IntegratedMapping, sm.AES128, 12)
	cam, strong := info(pace.ChipAuthMapping, sm.AES128, 12), info(pace.GenericMapping, sm.AES256, 18)
	dh, brainpool := info(pace.GenericMappingDH, sm.AES256, 2), info(pace.GenericMapping, sm.AES128, 13)
	short, barred := info(pace.ChipAuthMapping, sm.AES128, 8), info(pace.IntegratedMapping, sm.AES256, 10)
	for _, test := range []struct {
		name      string
		offers    []pace.Info
		want      pace.Info
		ambiguous bool
	}{
		{"AES before 3DES", []pace.Info{old, dh}, dh, false},
		{"CAM before the rest", []pace.Info{strong, gm, cam}, cam, false},
		{"curve before integers", []pace.Info{dh, gm}, gm, false},
		{"generic before integrated", []pace.Info{im, gm}, gm, false},
		{"stronger curve", []pace.Info{gm, strong}, strong, false},
		{"NIST before Brainpool, named", []pace.Info{brainpool, gm}, gm, true},
		{"barred is passed over", []pace.Info{barred, old}, old, false},
		{"CAM on a short curve comes last", []pace.Info{short, im}, im, false},
		{"what is there", []pace.Info{short}, short, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, ambiguous, err := pace.Choose(test.offers)
			if err != nil || got != test.want || ambiguous != test.ambiguous {
				t.Errorf("chose %v, named %t, %v", got, ambiguous, err)
			}
		})
	}
	if _, _, err := pace.Choose([]pace.Info{barred}); !errors.Is(err, pace.ErrUnsupported) {
		t.Errorf("nothing to run: %v", err)
	}
}
