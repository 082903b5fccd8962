package charter_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"reflect"
	"testing"
	"time"

	"padarozhnik/station"
	"padarozhnik/station/hq/charter"
	"padarozhnik/station/pki"
)

func example() station.Charter {
	return station.Charter{
		Version: 3, Station: "UTO-01", StationID: "00112233445566778899aabbccddeeff", Ledger: "ledger.test+x",
		Profile: station.Profile{
			Version: 1, Name: "test", Mode: station.ModeSpecimen, DocumentCode: "PP", IssuingState: "UTO", CountryCode: "UT",
			Nationalities: []string{"UTO"}, NumberForm: "UT[0-9]{7}", Overprint: "SPECIMEN", Consents: []string{"passport"},
			Validity: []station.Validity{{Years: 10}}, MaxOpenCases: 3, PACEParameter: 12, PortraitBytes: 20480, ChipTries: 3,
			FaceFormat: station.Face19794, WarnSilenceDays: 21, MaxSilenceDays: 42,
		},
		Officers: []station.Officer{{Pseudonym: "E-01", KeyID: "k", Roles: []station.Role{station.RoleEnrol},
			Until: station.Date{Year: 2027, Month: 1, Day: 31}}},
		Vault: []byte{1}, VaultSPKI: []byte{2}, Anchors: [][]byte{{3}}, CRLs: [][]byte{{4}},
	}
}

func newRoot(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestRoundTrip(t *testing.T) {
	root := newRoot(t)
	raw, err := charter.Sign(example(), root)
	if err != nil {
		t.Fatal(err)
	}
	back, err := charter.Parse(raw, &root.PublicKey)
	if err != nil || !reflect.DeepEqual(back, example()) {
		t.Errorf("%v: %+v", err, back)
	}
	if _, err := charter.Parse(raw, &newRoot(t).PublicKey); !errors.Is(err, charter.ErrSignature) {
		t.Errorf("under another root: %v", err)
	}
}

func TestEveryBitIsSigned(t *testing.T) {
	root := newRoot(t)
	raw, err := charter.Sign(example(), root)
	if err != nil {
		t.Fatal(err)
	}
	for i := range raw {
		for bit := range 8 {
			changed := append([]byte(nil), raw...)
			changed[i] ^= 1 << bit
			if c, err := charter.Parse(changed, &root.PublicKey); err == nil && !reflect.DeepEqual(c, example()) {
				t.Fatalf("bit %d of byte %d changes the charter unnoticed", bit, i)
			}
		}
	}
}

func TestSignRefuses(t *testing.T) {
	for name, spoil := range map[string]func(*station.Charter){
		"no version":                    func(c *station.Charter) { c.Version = 0 },
		"no anchor":                     func(c *station.Charter) { c.Anchors = nil },
		"a station's name":              func(c *station.Charter) { c.Station = "over/there" },
		"a bad profile":                 func(c *station.Charter) { c.Profile.Overprint = "" },
		"a trust list without a digest": func(c *station.Charter) { c.Trust = &station.TrustRef{Version: 1, Size: 1} },
		"no key of a ledger":            func(c *station.Charter) { c.Ledger = "" },
	} {
		t.Run(name, func(t *testing.T) {
			c := example()
			spoil(&c)
			if _, err := charter.Sign(c, newRoot(t)); err == nil {
				t.Error("signed")
			}
		})
	}
}

// TestOwnSigners takes the certificate of a document signer whose key is used for a month, and no other.
func TestOwnSigners(t *testing.T) {
	root, key := newRoot(t), newRoot(t)
	begin := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	ten := pki.Span{Years: 10}
	csca, err := pki.NewCSCA(pki.CSCASpec{
		Subject: pki.Name{Country: "UT", Organization: "Test", CommonName: "CSCA", SerialNumber: "1"},
		AltName: pki.AltName{Locality: "UTO"}, CRLPoints: []string{"https://example.org/UTO.crl"}, NotBefore: begin,
		KeyUse: pki.Span{Years: 3}, SignerKeyUse: pki.Span{Months: 3}, DocumentValidity: ten,
	}, root, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name           string
		months, orders int
		signs          bool
	}{
		{"a month", 1, 20, true}, {"three months", 3, 20, false}, {"no books", 1, 0, false},
	} {
		cert, err := pki.NewDocumentSigner(pki.SignerSpec{
			Subject:       pki.Name{Country: "UT", Organization: "Test", CommonName: "DS", SerialNumber: "1"},
			DocumentTypes: []string{"P"}, NotBefore: begin, KeyUse: pki.Span{Months: c.months}, DocumentValidity: ten,
		}, key.Public(), csca, root, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		o := example()
		o.Signers = []station.MissionSigner{{Certificate: cert.Raw, Orders: c.orders}}
		if _, err := charter.Sign(o, newRoot(t)); (err == nil) != c.signs {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	o := example()
	o.Signers = []station.MissionSigner{{Certificate: csca.Raw, Orders: 1}}
	if _, err := charter.Sign(o, newRoot(t)); !errors.Is(err, charter.ErrMalformed) {
		t.Errorf("a CSCA signs books: %v", err)
	}
}

func FuzzParse(f *testing.F) {
	root := newRoot(f)
	raw, err := charter.Sign(example(), root)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(raw)
	f.Add([]byte{0xD2, 0x84})
	f.Fuzz(func(t *testing.T, b []byte) {
		if c, err := charter.Parse(b, &root.PublicKey); err == nil && !reflect.DeepEqual(c, example()) {
			t.Error("a charter that the root did not sign")
		}
	})
}
