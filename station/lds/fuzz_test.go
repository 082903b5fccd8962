package lds_test

import (
	"bytes"
	"testing"

	"padarozhnik/station/lds"
	"padarozhnik/station/pki/ec"
)

// fuzzFile runs one parser over mutated files; what it accepts and can write again must be stable.
func fuzzFile[T interface{ Bytes() ([]byte, error) }](f *testing.F, parse func([]byte) (T, error), seeds ...[]byte) {
	for _, s := range seeds {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		first, err := parse(b)
		if err != nil {
			return
		}
		file, err := first.Bytes()
		if err != nil {
			return
		}
		second, err := parse(file)
		if err != nil {
			t.Fatalf("own bytes refused: %v", err)
		}
		again, err := second.Bytes()
		if err != nil || !bytes.Equal(file, again) {
			t.Fatalf("not stable: %v", err)
		}
	})
}

func FuzzParseCOM(f *testing.F) { fuzzFile(f, lds.ParseCOM, example(f, "EF.COM LDS 1.7")) }

func FuzzParseDG1(f *testing.F) {
	fuzzFile(f, lds.ParseDG1, example(f, "EF.DG1 TD3"), example(f, "EF.DG1 TD1"))
}

func FuzzParseDG2(f *testing.F) {
	dg, err := lds.NewDG2(testJPEG(f, 8, 8))
	if err != nil {
		f.Fatal(err)
	}
	file, err := dg.Bytes()
	if err != nil {
		f.Fatal(err)
	}
	dg, err = lds.NewDG2As(lds.Format39794, testJPEG(f, 8, 8))
	if err != nil {
		f.Fatal(err)
	}
	newer, err := dg.Bytes()
	if err != nil {
		f.Fatal(err)
	}
	fuzzFile(f, lds.ParseDG2, file, newer)
}

func FuzzParseDG3(f *testing.F) {
	f.Add(unhex(f, "631D7F611A0201017F6014A10D80020101810108820105"+"87020101"+"5F2E0131"))
	f.Add(unhex(f, "63087F610502010053"+"00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		dg, err := lds.ParseDG3(b)
		if err != nil {
			return
		}
		for _, h := range dg.Templates {
			if h.Size > len(b) {
				t.Errorf("template of %d bytes in a file of %d", h.Size, len(b))
			}
		}
	})
}

func FuzzParseDG7(f *testing.F) {
	file, err := lds.DG7{Images: [][]byte{testJPEG(f, 8, 4)}}.Bytes()
	if err != nil {
		f.Fatal(err)
	}
	fuzzFile(f, lds.ParseDG7, file)
}

func FuzzParseDG13(f *testing.F) { fuzzFile(f, lds.ParseDG13, []byte{0x6D, 1, 0}) }

func FuzzParseDG15(f *testing.F) {
	curve := ec.P256()
	public, err := curve.PublicKey(ec.Point{X: curve.Gx, Y: curve.Gy})
	if err != nil {
		f.Fatal(err)
	}
	dg, err := lds.NewDG15(public)
	if err != nil {
		f.Fatal(err)
	}
	file, err := dg.Bytes()
	if err != nil {
		f.Fatal(err)
	}
	fuzzFile(f, lds.ParseDG15, file)
}

func FuzzParseDG16(f *testing.F) { fuzzFile(f, lds.ParseDG16, example(f, "EF.DG16")) }

func FuzzParseCardSecurity(f *testing.F) {
	o := newOffice(f, ec.P256(), ec.P256())
	file, err := lds.SignCardSecurity(testInfos(false), sodIssued(), o.key, o.signer, 0)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(file)
	f.Fuzz(func(_ *testing.T, b []byte) {
		if s, err := lds.ParseCardSecurity(b); err == nil {
			_ = s.Verify()
		}
	})
}

func FuzzParseDG11(f *testing.F) { fuzzFile(f, lds.ParseDG11, example(f, "EF.DG11")) }

func FuzzParseDG12(f *testing.F) {
	file, err := lds.DG12{Authority: "UTO", Issued: "20260101", OtherPersons: []string{"A"}}.Bytes()
	if err != nil {
		f.Fatal(err)
	}
	fuzzFile(f, lds.ParseDG12, file)
}

func FuzzParseDG14(f *testing.F) {
	for _, explicit := range []bool{false, true} {
		file, err := lds.DG14{Infos: testInfos(explicit)}.Bytes()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(file)
	}
	fuzzFile(f, lds.ParseDG14)
}

func FuzzParseCardAccess(f *testing.F) { fuzzFile(f, lds.ParseCardAccess, example(f, "EF.CardAccess")) }

func FuzzParseDir(f *testing.F) { fuzzFile(f, lds.ParseDir, example(f, "EF.DIR")) }

func FuzzParseATRInfo(f *testing.F) {
	fuzzFile(f, lds.ParseATRInfo, unhex(f, "47039401607F66080202100002021000"))
}
