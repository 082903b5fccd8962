package lds_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"padarozhnik/station/lds"
	"padarozhnik/station/lds/tlv"
)

func TestDG2New(t *testing.T) {
	for _, size := range [][2]int{{35, 45}, {127, 128}, {255, 256}, {572, 731}} {
		dg, err := lds.NewDG2As(lds.Format39794, testJPEG(t, size[0], size[1]))
		if err != nil {
			t.Fatal(err)
		}
		roundTrip(t, lds.ParseDG2, dg)
	}
	stream := unhex(t, "FF4FFF51002F0000"+"00000200"+"0000FFFF"+"00000000"+"00000000")
	dg, err := lds.NewDG2As(lds.Format39794, stream)
	if err != nil {
		t.Fatal(err)
	}
	roundTrip(t, lds.ParseDG2, dg)
}

// TestDG2NewBytes spells the whole file out, level by level.
func TestDG2NewBytes(t *testing.T) {
	stream := unhex(t, "FF4FFF51002F0000"+"0000018E"+"00000200"+"00000000"+"00000000")
	dg, err := lds.NewDG2As(lds.Format39794, stream)
	if err != nil {
		t.Fatal(err)
	}
	file, err := dg.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	want := "7565" + "7F6162" + "020101" + "7F605C" +
		"A112" + "80020101" + "810102" + "820100" + "87020101" + "8802002A" +
		"7F2E45" + "A143" + "6541" +
		"A007" + "800103" + "810207E3" +
		"A136" + "3034" + "800100" + "A12F" + "A02D" + "A02B" +
		"8018" + hex.EncodeToString(stream) +
		"A10F" + "A003" + "800103" + "A708" + "8002018E" + "81020200"
	if got := hex.EncodeToString(file); got != strings.ToLower(want) {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// wrapNew lays a representation out as a file, as another issuer would.
func wrapNew(representations ...[]byte) []byte {
	block := tlv.Encode(0x65, tlv.Encode(0xA0, []byte{0x80, 1, 3, 0x81, 2, 7, 0xE3}),
		tlv.Encode(0xA1, bytes.Join(representations, nil)))
	header := tlv.Encode(0xA1, tlv.Encode(0x87, []byte{1, 1}), tlv.Encode(0x88, []byte{0, 0x2A}))
	return tlv.Encode(0x75, tlv.Encode(0x7F61, []byte{2, 1, 1},
		tlv.Encode(0x7F60, header, tlv.Encode(0x7F2E, tlv.Encode(0xA1, block)))))
}

// TestDG2NewOptional reads past what the standard leaves optional.
func TestDG2NewOptional(t *testing.T) {
	picture := testJPEG(t, 60, 80)
	info := tlv.Encode(0xA1, unhex(t, "A003800102"), // JPEG
		unhex(t, "A103800100"), unhex(t, "A2038001FF"), unhex(t, "A303800101"), unhex(t, "84020BB8"),
		unhex(t, "85012B"), unhex(t, "860137"), unhex(t, "A908A106A004"+"A0028000"))
	image := tlv.Encode(0xA1, tlv.Encode(0xA0, tlv.Encode(0xA0, tlv.Encode(0x80, picture), info,
		unhex(t, "A2058003000000"))))
	representation := tlv.Encode(0x30, unhex(t, "800105"), image, unhex(t, "A204800207E8"),
		unhex(t, "A3023000"), unhex(t, "A403800101"), unhex(t, "850109"), unhex(t, "860100"),
		unhex(t, "A700"), unhex(t, "A803800102"), unhex(t, "A900"))
	dg, err := lds.ParseDG2(wrapNew(representation))
	if err != nil {
		t.Fatal(err)
	}
	f := dg.Faces[0]
	if dg.Format != lds.Format39794 || f.Width != 60 || f.Height != 80 || !bytes.Equal(f.Image, picture) {
		t.Errorf("%v, %d x %d", dg.Format, f.Width, f.Height)
	}
}

func TestDG2NewRefuses(t *testing.T) {
	picture := testJPEG(t, 60, 80)
	representation := func(info string, image []byte) []byte {
		return tlv.Encode(0x30, unhex(t, "800100"), tlv.Encode(0xA1, tlv.Encode(0xA0, tlv.Encode(0xA0,
			tlv.Encode(0x80, image), tlv.Encode(0xA1, unhex(t, info))))))
	}
	good := representation("A003800102", picture)
	if _, err := lds.ParseDG2(wrapNew(good)); err != nil {
		t.Fatal(err)
	}
	cases := map[string][]byte{
		"no representation":   wrapNew(),
		"another object":      wrapNew(tlv.Encode(0x31, nil)),
		"no format":           wrapNew(representation("", picture)),
		"unknown format":      wrapNew(representation("A003800101", picture)),
		"size of zero bytes":  wrapNew(representation("A003800102"+"A70480008100", picture)),
		"negative size":       wrapNew(representation("A003800102"+"A7068001FF8101FF", picture)),
		"a shape, not flat":   wrapNew(tlv.Encode(0x30, tlv.Encode(0xA1, tlv.Encode(0xA0, tlv.Encode(0xA1, picture))))),
		"no image":            wrapNew(representation("A003800102", []byte("GIF89a"))),
		"seventeen":           wrapNew(bytes.Repeat(good, 17)),
		"old tag, new format": bytes.Replace(wrapNew(good), []byte{0x7F, 0x2E}, []byte{0x5F, 0x2E}, 1),
		"new tag, old format": bytes.Replace(wrapNew(good), []byte{0x88, 2, 0, 0x2A}, []byte{0x88, 2, 0, 8}, 1),
	}
	for name, file := range cases {
		if _, err := lds.ParseDG2(file); !errors.Is(err, lds.ErrMalformed) {
			t.Errorf("%s: %v", name, err)
		}
	}
	dg, err := lds.NewDG2As(lds.Format39794, picture)
	if err != nil {
		t.Fatal(err)
	}
	dg.Faces[0].Kind = lds.FullFrontal
	if _, err := dg.Bytes(); !errors.Is(err, lds.ErrContent) {
		t.Errorf("kind that the format does not carry here: %v", err)
	}
}
