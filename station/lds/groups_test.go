package lds_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"padarozhnik/station/lds"
	"padarozhnik/station/lds/tlv"
	"padarozhnik/station/pki"
	"padarozhnik/station/pki/ec"
)

// roundTrip checks that parsing what was built gives the same value, and the same bytes again.
func roundTrip[T interface{ Bytes() ([]byte, error) }](t testing.TB, parse func([]byte) (T, error), want T) {
	t.Helper()
	file, err := want.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	got, err := parse(file)
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Fatalf("not what was built: %v", err)
	}
	again, err := got.Bytes()
	if err != nil || !bytes.Equal(again, file) {
		t.Fatalf("not the same bytes: %v", err)
	}
}

// words draws text that a name or an address may hold.
func words() *rapid.Generator[string] {
	return rapid.StringMatching(`[A-Za-zА-Яа-яІіЎў0-9 .,'-]{1,40}`)
}

func parts() *rapid.Generator[[]string] {
	return rapid.OneOf(rapid.Just([]string(nil)), rapid.SliceOfN(words(), 1, 6))
}

func digitsOf(n int) *rapid.Generator[string] {
	return rapid.StringMatching(strings.Repeat("[0-9]", n))
}

func TestDetailsRoundTrip(t *testing.T) {
	picture := testJPEG(t, 8, 8)
	rapid.Check(t, func(r *rapid.T) {
		dg := lds.DG11{
			FullName: words().Draw(r, "name"), PersonalNumber: words().Draw(r, "number"),
			Birth: digitsOf(8).Draw(r, "birth"), PlaceOfBirth: parts().Draw(r, "place"),
			Address: parts().Draw(r, "address"), Telephone: words().Draw(r, "telephone"),
			Profession: words().Draw(r, "profession"), Title: words().Draw(r, "title"),
			Summary: words().Draw(r, "summary"), OtherDocuments: parts().Draw(r, "documents"),
			Custody: words().Draw(r, "custody"), OtherNames: parts().Draw(r, "names"), Citizenship: picture,
		}
		roundTrip(t, lds.ParseDG11, dg)
		roundTrip(t, lds.ParseDG12, lds.DG12{
			Authority: words().Draw(r, "authority"), Issued: digitsOf(8).Draw(r, "issued"),
			Endorsements: words().Draw(r, "endorsements"), TaxExit: words().Draw(r, "tax"), Front: picture,
			Rear: picture, Personalised: digitsOf(14).Draw(r, "personalised"),
			SystemSerial: words().Draw(r, "serial"), OtherPersons: parts().Draw(r, "persons"),
		})
		people := rapid.SliceOfN(rapid.Custom(func(r *rapid.T) lds.Notified {
			return lds.Notified{
				Recorded: digitsOf(8).Draw(r, "recorded"), Name: words().Draw(r, "name"),
				Telephone: words().Draw(r, "telephone"), Address: rapid.SliceOfN(words(), 1, 4).Draw(r, "address"),
			}
		}), 1, 15).Draw(r, "people")
		roundTrip(t, lds.ParseDG16, lds.DG16{Persons: people})
		details := rapid.SliceOfN(rapid.Byte(), 1, 300).Draw(r, "details")
		roundTrip(t, lds.ParseDG13, lds.DG13{Details: details})
	})
}

func TestDG16Vector(t *testing.T) {
	want := example(t, "EF.DG16")
	dg, err := lds.ParseDG16(want)
	if err != nil || len(dg.Persons) != 2 || dg.Persons[0].Name != "SMITH<<CHARLES<R" ||
		dg.Persons[0].Recorded != "20020101" || len(dg.Persons[1].Address) < 2 {
		t.Fatalf("%v", err)
	}
	if got, err := dg.Bytes(); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%X, %v", got, err)
	}
	for name, bad := range map[string]lds.DG16{
		"nobody": {}, "a name alone": {Persons: []lds.Notified{{Name: "A"}}},
		"a crowd": {Persons: make([]lds.Notified, 16)},
	} {
		if _, err := bad.Bytes(); !errors.Is(err, lds.ErrContent) {
			t.Errorf("%s: %v", name, err)
		}
	}
	count := bytes.Clone(want)
	count[bytes.Index(count, []byte{2, 1, 2})+2] = 3
	if _, err := lds.ParseDG16(count); !errors.Is(err, lds.ErrMalformed) {
		t.Errorf("number of persons: %v", err)
	}
}

func TestDG7(t *testing.T) {
	one, two := testJPEG(t, 60, 20), testJPEG(t, 61, 21)
	roundTrip(t, lds.ParseDG7, lds.DG7{Images: [][]byte{one}})
	roundTrip(t, lds.ParseDG7, lds.DG7{Images: [][]byte{one, two}})
	for name, bad := range map[string]lds.DG7{
		"none": {}, "ten": {Images: make([][]byte, 10)}, "no image": {Images: [][]byte{[]byte("GIF89a")}},
	} {
		if _, err := bad.Bytes(); !errors.Is(err, lds.ErrContent) {
			t.Errorf("%s: %v", name, err)
		}
	}
	wrong := tlv.Encode(0x67, []byte{2, 1, 1}, tlv.Encode(0x5F40, one))
	if _, err := lds.ParseDG7(wrong); !errors.Is(err, lds.ErrMalformed) {
		t.Errorf("portrait in the place of a signature: %v", err)
	}
}

func TestDG3StaysClosed(t *testing.T) {
	finger := func(subtype byte, secret string) []byte {
		return tlv.Encode(0x7F60, tlv.Encode(0xA1, tlv.Encode(0x80, []byte{1, 1}), tlv.Encode(0x81, []byte{8}),
			tlv.Encode(0x82, []byte{subtype}), tlv.Encode(0x87, []byte{1, 1}), tlv.Encode(0x88, []byte{0, 7})),
			tlv.Encode(0x5F2E, []byte(secret)))
	}
	file := tlv.Encode(0x63, tlv.Encode(0x7F61, []byte{2, 1, 2}, finger(5, "left"), finger(9, "right")))
	dg, err := lds.ParseDG3(file)
	if err != nil {
		t.Fatal(err)
	}
	want := lds.DG3{Templates: []lds.BiometricHeader{
		{Version: 0x0101, Type: 8, Subtype: 5, Owner: 0x0101, Format: 7, Size: 4},
		{Version: 0x0101, Type: 8, Subtype: 9, Owner: 0x0101, Format: 7, Size: 5},
	}}
	if !reflect.DeepEqual(dg, want) {
		t.Errorf("%+v", dg)
	}
	none := tlv.Encode(0x63, tlv.Encode(0x7F61, []byte{2, 1, 0}, tlv.Encode(0x53, []byte{1, 2, 3})))
	if dg, err := lds.ParseDG3(none); err != nil || len(dg.Templates) != 0 {
		t.Errorf("no finger: %v", err)
	}
	for name, bad := range map[string][]byte{
		"count": tlv.Encode(0x63, tlv.Encode(0x7F61, []byte{2, 1, 2}, finger(5, "left"))),
		"face":  tlv.Encode(0x75, tlv.Encode(0x7F61, []byte{2, 1, 1}, finger(5, "left"))),
	} {
		if _, err := lds.ParseDG3(bad); !errors.Is(err, lds.ErrMalformed) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestDG15(t *testing.T) {
	nist, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	long, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	_, point, err := ec.BrainpoolP384r1().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	brainpool, err := ec.BrainpoolP384r1().PublicKey(point)
	if err != nil {
		t.Fatal(err)
	}
	for name, public := range map[string]crypto.PublicKey{
		"P-256": nist.Public(), "brainpool": brainpool, "RSA": long.Public(),
	} {
		dg, err := lds.NewDG15(public)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		file, err := dg.Bytes()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		got, err := lds.ParseDG15(file)
		if err != nil || !got.Key.Equal(dg.Key) {
			t.Fatalf("%s: %v", name, err)
		}
		if again, err := got.Bytes(); err != nil || !bytes.Equal(again, file) {
			t.Errorf("%s: not the same bytes", name)
		}
	}
	if _, err := lds.NewDG15("no key"); !errors.Is(err, lds.ErrContent) {
		t.Errorf("no key: %v", err)
	}
	unknown := tlv.Encode(0x6F, unhex(t, "3007300306012A030200"+"00"))
	if _, err := lds.ParseDG15(unknown); err == nil {
		t.Error("a key of no algorithm was read")
	}
}

func TestCardSecurity(t *testing.T) {
	o := newOffice(t, ec.P256(), ec.P256())
	infos := testInfos(false)
	file, err := lds.SignCardSecurity(infos, sodIssued(), o.key, o.signer, 0)
	if err != nil {
		t.Fatal(err)
	}
	got, err := lds.ParseCardSecurity(file)
	if err != nil || got.Verify() != nil || !got.Infos.Contains(infos) || got.Signer == nil {
		t.Fatalf("%v", err)
	}
	for i := range file {
		changed := bytes.Clone(file)
		changed[i] ^= 0x10
		if back, err := lds.ParseCardSecurity(changed); err == nil && back.Verify() == nil &&
			back.Signer.CheckSignatureFrom(o.root) == nil {
			t.Errorf("byte %d changed and verified", i)
		}
	}
	bare := infos
	bare.ChipAuthenticationKeys = nil
	if _, err := lds.SignCardSecurity(bare, sodIssued(), o.key, o.signer, 0); !errors.Is(err, lds.ErrContent) {
		t.Errorf("without key: %v", err)
	}
	late := sodIssued().AddDate(0, 4, 0)
	if _, err := lds.SignCardSecurity(infos, late, o.key, o.signer, 0); !errors.Is(err, pki.ErrOutsideKeyUse) {
		t.Errorf("after the key use: %v", err)
	}
	sod, err := lds.SignSOD(sodSpec(0), o.key, o.signer)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := lds.ParseCardSecurity(sod[4:]); !errors.Is(err, lds.ErrMalformed) {
		t.Errorf("EF.SOD as EF.CardSecurity: %v", err)
	}
}
