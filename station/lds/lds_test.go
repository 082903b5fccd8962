package lds_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"os/exec"
	"reflect"
	"strings"
	"testing"

	"padarozhnik/station/lds"
	"padarozhnik/station/lds/tlv"
	"padarozhnik/station/mrz"
	"padarozhnik/station/pki/ec"
	"padarozhnik/station/published"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

type vectors struct {
	Examples []struct {
		Name string `json:"name"`
		Hex  string `json:"hex"`
	} `json:"lds_examples"`
	BAC struct {
		COM json.RawMessage `json:"EF_COM"`
	} `json:"bac"`
	GM struct {
		PACEInfo string `json:"PACEInfo"`
	} `json:"pace_gm_ecdh_G1"`
	CAM struct {
		PACEInfo string `json:"PACEInfo"`
		KeyInfo  string `json:"ChipAuthenticationPublicKeyInfo"`
		Key      string `json:"chip_static_public_key"`
	} `json:"pace_cam_ecdh_I1"`
}

func loadVectors(t testing.TB) vectors {
	t.Helper()
	var v vectors
	published.Doc9303(t, &v)
	return v
}

// example returns the bytes of the published example whose name begins with prefix.
func example(t testing.TB, prefix string) []byte {
	t.Helper()
	for _, e := range loadVectors(t).Examples {
		if strings.HasPrefix(e.Name, prefix) {
			return unhex(t, e.Hex)
		}
	}
	t.Fatalf("no example %q", prefix)
	return nil
}

func testJPEG(t testing.TB, width, height int) []byte {
	t.Helper()
	img := image.NewGray(image.Rect(0, 0, width, height))
	for i := range img.Pix {
		img.Pix[i] = color.GrayModel.Convert(color.Gray{uint8(i)}).(color.Gray).Y
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestFilePlaces(t *testing.T) {
	cases := []struct {
		name string
		id   uint16
		sfi  byte
		root bool
	}{
		{"DG1", 0x0101, 1, false}, {"DG16", 0x0110, 16, false}, {"EF.COM", 0x011E, 0x1E, false},
		{"EF.SOD", 0x011D, 0x1D, false}, {"EF.CardAccess", 0x011C, 0x1C, true},
		{"EF.CardSecurity", 0x011D, 0x1D, true}, {"EF.DIR", 0x2F00, 0x1E, true}, {"EF.ATR-INFO", 0x2F01, 1, true},
	}
	for _, c := range cases {
		id, ok := lds.FileID(c.name)
		sfi, _ := lds.ShortFileID(c.name)
		if !ok || id != c.id || sfi != c.sfi || lds.InMasterFile(c.name) != c.root {
			t.Errorf("%s: %04X, %02X", c.name, id, sfi)
		}
	}
	for _, name := range []string{"DG0", "DG17", "DG01", "DG+1", "DG", "", "EF.X"} {
		if _, ok := lds.FileID(name); ok {
			t.Errorf("%q has a place", name)
		}
	}
}

func TestCOMVectors(t *testing.T) {
	cases := []struct {
		name, version string
		groups        []int
	}{
		{"EF.COM LDS 1.7", "0107", []int{1, 2, 4, 12}},
		{"EF.COM of P11 D.4", "0106", []int{1, 2}},
		{"EF.COM hypothetical", "1599", []int{1, 2, 4, 12}},
	}
	for _, c := range cases {
		want := example(t, c.name)
		com, err := lds.ParseCOM(want)
		if err != nil || com.Version != c.version || com.Unicode != lds.Unicode400 ||
			!reflect.DeepEqual(com.DataGroups, c.groups) {
			t.Errorf("%s: %+v, %v", c.name, com, err)
		}
		if got, err := com.Bytes(); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s: %X, %v", c.name, got, err)
		}
	}
	if got := lds.NewCOM(14, 1, 2, 1); !reflect.DeepEqual(got.DataGroups, []int{1, 2, 14}) {
		t.Errorf("NewCOM: %v", got.DataGroups)
	}
	unsorted := lds.COM{Version: "0107", Unicode: "040000", DataGroups: []int{2, 1}}
	if _, err := unsorted.Bytes(); !errors.Is(err, lds.ErrContent) {
		t.Errorf("unsorted: %v", err)
	}
}

func TestDG1Vectors(t *testing.T) {
	want := example(t, "EF.DG1 TD3")
	dg, err := lds.ParseDG1(want)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := dg.Document()
	if err != nil || doc.Code != "PP" || doc.Primary != "ERIKSSON" {
		t.Errorf("%+v, %v", doc, err)
	}
	if got, err := lds.NewDG1(dg.Lines()).Bytes(); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%X, %v", got, err)
	}
	card, err := lds.ParseDG1(example(t, "EF.DG1 TD1"))
	if err != nil || len(card.Lines()) != 3 {
		t.Fatalf("TD1: %v", err)
	}
	var defects *mrz.CheckError
	if _, err := card.Document(); !errors.As(err, &defects) {
		t.Errorf("TD1 with check digits that do not hold: %v", err)
	}
	if _, err := card.Bytes(); !errors.Is(err, lds.ErrContent) {
		t.Errorf("a defective zone was written: %v", err)
	}
}

func TestDG2RoundTrip(t *testing.T) {
	picture := testJPEG(t, 35, 45)
	dg, err := lds.NewDG2(picture)
	if err != nil {
		t.Fatal(err)
	}
	file, err := dg.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	again, err := lds.ParseDG2(file)
	if err != nil || !reflect.DeepEqual(again, dg) {
		t.Fatalf("%v", err)
	}
	if f := again.Faces[0]; f.Width != 35 || f.Height != 45 || f.Type != lds.ImageJPEG || f.Kind != lds.FullFrontal {
		t.Errorf("%+v", f)
	}
	if _, err := lds.NewDG2([]byte("GIF89a")); !errors.Is(err, lds.ErrContent) {
		t.Errorf("other image: %v", err)
	}
}

// TestDG2Template reads a file laid out as in the standard's example, with dates and creator, and
// of its published lengths (ICAO Doc 9303-10, A.3).
func TestDG2Template(t *testing.T) {
	record := func(size int) []byte {
		picture := testJPEG(t, 60, 80)
		padded := append(picture, make([]byte, size-46-len(picture))...)
		head := append([]byte("FAC\x00010\x00"), 0, 0, byte(size>>8), byte(size), 0, 1)
		data := size - 14
		head = append(head, 0, 0, byte(data>>8), byte(data))
		head = append(head, make([]byte, 16)...)
		head = append(head, 1, 0, 0, 60, 0, 80, 1, 2, 0, 0, 0, 0)
		return append(head, padded...)
	}
	header := tlv.Encode(0xA1,
		tlv.Encode(0x80, []byte{1, 1}), tlv.Encode(0x81, []byte{2}), tlv.Encode(0x83, make([]byte, 7)),
		tlv.Encode(0x85, make([]byte, 8)), tlv.Encode(0x86, []byte{0, 1}), tlv.Encode(0x87, []byte{1, 1}),
		tlv.Encode(0x88, []byte{0, 8}))
	if header[1] != 0x26 {
		t.Fatalf("header of %X bytes", header[1])
	}
	const image = 0x3191 - 40 - 5
	template := tlv.Encode(0x7F60, header, tlv.Encode(0x5F2E, record(image)))
	group := tlv.Encode(0x7F61, []byte{2, 1, 1}, template)
	file := tlv.Encode(0x75, group)
	if len(group) != 0x319E || len(template) != 0x3191+5 {
		t.Fatalf("lengths %X, %X", len(group), len(template))
	}
	dg, err := lds.ParseDG2(file)
	if err != nil || len(dg.Faces) != 1 || dg.Faces[0].Width != 60 || dg.Faces[0].Height != 80 {
		t.Fatalf("%v", err)
	}
}

func TestDG2Refuses(t *testing.T) {
	dg, err := lds.NewDG2(testJPEG(t, 35, 45))
	if err != nil {
		t.Fatal(err)
	}
	file, err := dg.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	at := bytes.Index(file, []byte("FAC\x00"))
	cases := map[string]func([]byte) []byte{
		"truncated":          func(b []byte) []byte { return b[:len(b)-1] },
		"trailing byte":      func(b []byte) []byte { return append(b, 0) },
		"magic":              func(b []byte) []byte { b[at] = 'f'; return b },
		"record too long":    func(b []byte) []byte { b[at+8] = 0xFF; return b },
		"no face":            func(b []byte) []byte { b[at+13] = 0; return b },
		"many faces":         func(b []byte) []byte { b[at+12] = 0xFF; return b },
		"face too long":      func(b []byte) []byte { b[at+14] = 0xFF; return b },
		"face too short":     func(b []byte) []byte { copy(b[at+14:], []byte{0, 0, 0, 1}); return b },
		"65535 features":     func(b []byte) []byte { b[at+18], b[at+19] = 0xFF, 0xFF; return b },
		"number of template": func(b []byte) []byte { b[bytes.Index(b, []byte{2, 1, 1})+2] = 2; return b },
	}
	for name, spoil := range cases {
		if _, err := lds.ParseDG2(spoil(bytes.Clone(file))); !errors.Is(err, lds.ErrMalformed) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestJPEG2000IsTold(t *testing.T) {
	stream := unhex(t, "FF4FFF51002F0000"+"0000018E"+"00000200"+"00000000"+"00000000")
	boxed := append(unhex(t, "0000000C6A5020200D0A870A0000001466747970"), stream...)
	for name, b := range map[string][]byte{"bare": stream, "boxed": boxed} {
		dg, err := lds.NewDG2(b)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if f := dg.Faces[0]; f.Type != lds.ImageJPEG2000 || f.Width != 398 || f.Height != 512 {
			t.Errorf("%s: %+v", name, f)
		}
	}
}

func TestCardAccessVectors(t *testing.T) {
	v := loadVectors(t)
	want := example(t, "EF.CardAccess")
	access, err := lds.ParseCardAccess(want)
	if err != nil {
		t.Fatal(err)
	}
	thirteen := 13
	infos := lds.SecurityInfos{PACE: []lds.PACEInfo{
		{OID: lds.OIDPACECAM(lds.AES128), Version: 2, ParameterID: &thirteen},
		{OID: lds.OIDPACEGM(lds.AES128), Version: 2, ParameterID: &thirteen},
	}}
	if got, err := (lds.CardAccess{Infos: infos}).Bytes(); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%X, %v", got, err)
	}
	if !infos.Contains(access.Infos) || !access.Infos.Contains(infos) {
		t.Error("Contains")
	}
	for _, info := range []string{v.GM.PACEInfo, v.CAM.PACEInfo} {
		one, err := lds.ParseSecurityInfos(tlv.Encode(0x31, unhex(t, info)))
		if err != nil || len(one.PACE) != 1 || !infos.Contains(one) {
			t.Errorf("%s: %v", info, err)
		}
	}
	if _, err := (lds.CardAccess{}).Bytes(); !errors.Is(err, lds.ErrContent) {
		t.Errorf("empty: %v", err)
	}
}

func TestChipKeyVector(t *testing.T) {
	v := loadVectors(t)
	want := tlv.Encode(0x31, unhex(t, v.CAM.KeyInfo))
	infos, err := lds.ParseSecurityInfos(want)
	if err != nil || len(infos.ChipAuthenticationKeys) != 1 {
		t.Fatal(err)
	}
	key := infos.ChipAuthenticationKeys[0]
	if key.ParameterID != 13 || key.Explicit || key.KeyID == nil || *key.KeyID != 13 ||
		hex.EncodeToString(key.Point) != "04"+strings.ToLower(v.CAM.Key) {
		t.Errorf("%+v", key)
	}
	if got, err := infos.Bytes(); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%X, %v", got, err)
	}
}

// testInfos are the security infos of a chip with everything, on P-256.
func testInfos(explicit bool) lds.SecurityInfos {
	twelve, one := 12, 1
	curve := ec.P256()
	return lds.SecurityInfos{
		PACE: []lds.PACEInfo{{OID: lds.OIDPACEGM(lds.AES128), Version: 2, ParameterID: &twelve}},
		ChipAuthentication: []lds.ChipAuthenticationInfo{
			{OID: lds.OIDChipAuthentication(lds.AES128), Version: 1, KeyID: &one},
			{OID: lds.OIDChipAuthentication(lds.AES256), Version: 1},
		},
		ChipAuthenticationKeys: []lds.ChipAuthenticationPublicKey{{
			ParameterID: 12, Point: curve.Bytes(ec.Point{X: curve.Gx, Y: curve.Gy}), KeyID: &one, Explicit: explicit,
		}},
		ActiveAuthentication: []lds.ActiveAuthenticationInfo{{Version: 1, Signature: lds.OIDECDSASHA256()}},
		Other:                [][]byte{tlv.Encode(0x30, []byte{6, 3, 0x2A, 3, 4})},
	}
}

func TestDG14RoundTrip(t *testing.T) {
	for name, explicit := range map[string]bool{"by number": false, "explicit": true} {
		want := lds.DG14{Infos: testInfos(explicit)}
		file, err := want.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		got, err := lds.ParseDG14(file)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got.Infos.ChipAuthenticationKeys, want.Infos.ChipAuthenticationKeys) ||
			!got.Infos.Contains(want.Infos) || !want.Infos.Contains(got.Infos) {
			t.Errorf("%s: %+v", name, got)
		}
		again, err := got.Bytes()
		if err != nil || !bytes.Equal(again, file) {
			t.Errorf("%s: not the same bytes", name)
		}
	}
	bad := testInfos(false)
	bad.ChipAuthenticationKeys[0].Point[5] ^= 1
	if _, err := bad.Bytes(); !errors.Is(err, lds.ErrContent) {
		t.Errorf("point off the curve: %v", err)
	}
}

func TestDetailsVectors(t *testing.T) {
	want := example(t, "EF.DG11")
	dg, err := lds.ParseDG11(want)
	if err != nil || dg.FullName != "SMITH<<JOHN<J" || !reflect.DeepEqual(dg.PlaceOfBirth, []string{"ANYTOWN", "MN"}) ||
		dg.Profession != "TRAVEL<AGENT" || dg.Telephone != "16125551212" {
		t.Fatalf("%+v, %v", dg, err)
	}
	if got, err := dg.Bytes(); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%X, %v", got, err)
	}
	packed := tlv.Encode(0x6B, tlv.Encode(0x5C, []byte{0x5F, 0x2B}), tlv.Encode(0x5F2B, []byte{0x19, 0x74, 0x08, 0x12}))
	if dg, err := lds.ParseDG11(packed); err != nil || dg.Birth != "19740812" {
		t.Errorf("packed date: %v", err)
	}
	full := lds.DG12{
		Authority: "Utopia, Office of Travel", Issued: "20260101", OtherPersons: []string{"A<<B", "C<<D"},
		Endorsements: "Падарожнік", TaxExit: "none", Front: testJPEG(t, 8, 8), Rear: testJPEG(t, 9, 9),
		Personalised: "20260101120000", SystemSerial: "ST-1",
	}
	file, err := full.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	if got, err := lds.ParseDG12(file); err != nil || !reflect.DeepEqual(got, full) {
		t.Errorf("%v", err)
	}
	for name, bad := range map[string]lds.DG12{
		"empty": {}, "date": {Issued: "2026"}, "not text": {Authority: "\xff"}, "image": {Front: []byte("x")},
	} {
		if _, err := bad.Bytes(); !errors.Is(err, lds.ErrContent) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestDirAndATRInfo(t *testing.T) {
	want := example(t, "EF.DIR")
	dir, err := lds.ParseDir(want)
	if err != nil || len(dir.Applications) != 1 || string(dir.Applications[0]) != lds.Application {
		t.Fatalf("%v", err)
	}
	if got, err := dir.Bytes(); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%X, %v", got, err)
	}
	info := lds.ATRInfo{Capabilities: lds.ExtendedCapabilities(), MaxCommand: 4096, MaxResponse: 0x8000}
	file, err := info.Bytes()
	if err != nil || hex.EncodeToString(file) != "4703940160"+"7f6609020210000203008000" {
		t.Fatalf("%x, %v", file, err)
	}
	if got, err := lds.ParseATRInfo(file); err != nil || !reflect.DeepEqual(got, info) {
		t.Errorf("%+v, %v", got, err)
	}
	unsigned, err := lds.ParseATRInfo(unhex(t, "7f66080202ffff02028000"))
	if err != nil || unsigned.MaxCommand != 0xFFFF || unsigned.MaxResponse != 0x8000 {
		t.Errorf("unsigned sizes: %+v, %v", unsigned, err)
	}
	for _, bad := range []string{"7f6600", "7f66040201000201", "7f66060205ffffffffff"} {
		if _, err := lds.ParseATRInfo(unhex(t, bad)); !errors.Is(err, lds.ErrMalformed) {
			t.Errorf("%s: %v", bad, err)
		}
	}
}

// TestOpenSSLReads lets another program read every file that is plain BER.
func TestOpenSSLReads(t *testing.T) {
	openssl, err := exec.LookPath("openssl")
	if err != nil {
		t.Fatal("openssl is not installed: run make deps")
	}
	dg2, err := lds.NewDG2(testJPEG(t, 35, 45))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]interface{ Bytes() ([]byte, error) }{
		"EF.COM": lds.NewCOM(1, 2, 14), "DG2": dg2, "DG14": lds.DG14{Infos: testInfos(false)},
		"DG14 explicit": lds.DG14{Infos: testInfos(true)}, "DG12": lds.DG12{Authority: "UTO", OtherPersons: []string{"A"}},
		"EF.CardAccess": lds.CardAccess{Infos: lds.SecurityInfos{PACE: testInfos(false).PACE}},
		"EF.DIR":        lds.Dir{Applications: [][]byte{[]byte(lds.Application)}},
		"EF.ATR/INFO":   lds.ATRInfo{Capabilities: lds.ExtendedCapabilities(), MaxCommand: 4096, MaxResponse: 4096},
	}
	for name, file := range files {
		b, err := file.Bytes()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		cmd := exec.Command(openssl, "asn1parse", "-inform", "DER")
		cmd.Stdin = bytes.NewReader(b)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
	}
}
