package chiptest

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"math/big"
	"testing"

	"padarozhnik/devices"
	"padarozhnik/devices/chip/domain"
	"padarozhnik/devices/chip/pace"
	"padarozhnik/devices/chip/sm"
	"padarozhnik/station/lds"
	"padarozhnik/station/pki/dh"
	"padarozhnik/station/pki/ec"
)

// Book says what an order is for. The zero value is a P-256, AES-128 book with a portrait of a few
// kilobytes.
type Book struct {
	ParameterID int        // of PACE and Chip Authentication; 0 for 12
	Cipher      lds.Cipher // 0 for AES-128
	Side        int        // of the square portrait, in pixels; 0 for 64. A pixel takes about a byte
	Old         bool       // DG1, DG2, EF.COM and EF.SOD alone, and DG15 with a key of Active Authentication
	BAC         bool       // no PACE, but Chip Authentication and Active Authentication

	Offers []pace.Info     // ways of PACE; nil for generic mapping as above
	Auth   *Auth           // of Chip Authentication; nil as above
	RSA    *rsa.PrivateKey // of Active Authentication; nil for none
	ECDSA  int             // domain parameters of Active Authentication on a curve; 0 for none
	Hash   int             // bits of the hash of Active Authentication; 0 for 256

	Zone   []string       // nil for MRZ
	Groups map[int][]byte // more data groups, whole files by number
}

// Auth is the key of Chip Authentication.
type Auth struct {
	ParameterID int
	Cipher      lds.Cipher
}

// Numbers of the static keys in a book with chip authentication mapping.
const (
	AuthNumber    = 1
	MappingNumber = 2
)

func (b Book) filled() Book {
	if b.ParameterID == 0 {
		b.ParameterID = 12
	}
	if b.Cipher == 0 {
		b.Cipher = lds.AES128
	}
	if b.Hash == 0 {
		b.Hash = 256
	}
	if b.Zone == nil {
		b.Zone = MRZ()
	}
	if b.Auth == nil {
		b.Auth = &Auth{b.ParameterID, b.Cipher}
	}
	if b.Offers == nil && !b.BAC {
		protocol := pace.Protocol{Mapping: pace.GenericMapping, Suite: sm.Suite(b.Cipher) - 1}
		b.Offers = []pace.Info{{Protocol: protocol, ParameterID: b.ParameterID}}
	}
	return b
}

// offers are the PACEInfos, and the curve of chip authentication mapping where there is one.
func (b Book) offers() (infos []lds.PACEInfo, mapping int) {
	for _, o := range b.Offers {
		oid := lds.OIDPACEGM(lds.Cipher(o.Protocol.Suite) + 1)
		oid[len(oid)-2] = int(o.Protocol.Mapping)
		id := o.ParameterID
		infos = append(infos, lds.PACEInfo{OID: oid, Version: 2, ParameterID: &id})
		if o.Protocol.Mapping == pace.ChipAuthMapping {
			mapping = id
		}
	}
	return infos, mapping
}

// secure draws the chip's keys and writes what announces them: EF.CardAccess, EF.CardSecurity with
// chip authentication mapping, DG14 and DG15.
func (c Country) secure(t testing.TB, b Book, o *devices.ChipOrder, groups map[int][]byte) {
	t.Helper()
	offers, mapping := b.offers()
	all := lds.SecurityInfos{PACE: offers}
	if offers != nil {
		access := lds.CardAccess{Infos: lds.SecurityInfos{PACE: offers}}
		o.Files = append(o.Files, devices.ChipFile{Name: "EF.CardAccess", Data: file(t, access)})
	}
	if mapping != 0 {
		o.Auth = static(t, &all, b.Auth.ParameterID, AuthNumber)
		o.Mapping = static(t, &all, mapping, MappingNumber)
	} else {
		o.Auth = static(t, &all, b.Auth.ParameterID, 0)
	}
	announce(&all, *b.Auth, o.Auth.KeyID)
	b.answers(t, o, &all, groups)
	groups[14] = file(t, lds.DG14{Infos: all})
	if mapping == 0 {
		return
	}
	signed, err := lds.SignCardSecurity(all, c.day, c.key, c.signer, 0)
	if err != nil {
		t.Fatal(err)
	}
	o.Files = append(o.Files, devices.ChipFile{Name: "EF.CardSecurity", Data: signed})
}

// answers gives the order a key of Active Authentication, and DG15, where the book has one.
func (b Book) answers(t testing.TB, o *devices.ChipOrder, infos *lds.SecurityInfos, groups map[int][]byte) {
	t.Helper()
	public := active(t, b, o, infos)
	if public == nil {
		return
	}
	d, err := lds.NewDG15(public)
	if err != nil {
		t.Fatal(err)
	}
	groups[15] = file(t, d)
}

// static draws a static key pair and states its public half.
func static(t testing.TB, infos *lds.SecurityInfos, parameterID, number int) devices.ChipAuthKey {
	t.Helper()
	g, err := domain.ByParameterID(parameterID)
	if err != nil {
		t.Fatal(err)
	}
	d, p, err := g.Generate(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	var id *int
	if number != 0 {
		id = &number
	}
	if g.OnCurve() {
		infos.ChipAuthenticationKeys = append(infos.ChipAuthenticationKeys,
			lds.ChipAuthenticationPublicKey{ParameterID: parameterID, Point: g.Bytes(p), KeyID: id})
	} else {
		group, err := dh.ByParameterID(parameterID)
		if err != nil {
			t.Fatal(err)
		}
		public := new(big.Int).SetBytes(g.Bytes(p))
		infos.ChipAuthenticationKeysDH = append(infos.ChipAuthenticationKeysDH,
			lds.ChipAuthenticationPublicKeyDH{Group: group, Public: public, KeyID: id})
	}
	return devices.ChipAuthKey{ParameterID: parameterID, Private: g.PrivateBytes(d), KeyID: number}
}

func announce(infos *lds.SecurityInfos, a Auth, number int) {
	info := lds.ChipAuthenticationInfo{OID: lds.OIDChipAuthentication(a.Cipher), Version: 1}
	if a.ParameterID <= 2 {
		info.OID = lds.OIDChipAuthenticationDH(a.Cipher)
	}
	if number != 0 {
		info.KeyID = &number
	}
	infos.ChipAuthentication = append(infos.ChipAuthentication, info)
}

// active puts the key of Active Authentication into the order and returns its public half, or nil.
func active(t testing.TB, b Book, o *devices.ChipOrder, infos *lds.SecurityInfos) any {
	t.Helper()
	switch {
	case b.RSA != nil:
		o.Active = devices.ActiveAuthKey{RSA: x509.MarshalPKCS1PrivateKey(b.RSA), HashBits: b.Hash}
		return &b.RSA.PublicKey
	case b.ECDSA != 0:
		c, err := ec.ByParameterID(b.ECDSA)
		if err != nil {
			t.Fatal(err)
		}
		d, p, err := c.GenerateKey(rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		public, err := c.PublicKey(p)
		if err != nil {
			t.Fatal(err)
		}
		o.Active = devices.ActiveAuthKey{
			ParameterID: b.ECDSA, Private: domain.Curve(c).PrivateBytes(d), HashBits: b.Hash,
		}
		arc := map[int]int{224: 2, 256: 3, 384: 4, 512: 5}[b.Hash]
		infos.ActiveAuthentication = []lds.ActiveAuthenticationInfo{{Version: 1, Signature: lds.OIDPlainECDSA(arc)}}
		return public
	}
	return nil
}
