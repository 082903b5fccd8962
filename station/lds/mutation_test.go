package lds_test

import (
	"bytes"
	"maps"
	"math/rand/v2"
	"os"
	"testing"

	"padarozhnik/station/lds"
	"padarozhnik/station/pki"
	"padarozhnik/station/pki/ec"
)

// wholeLDS is a signed LDS with a portrait of the usual size: the files by number, and EF.SOD.
func wholeLDS(t testing.TB, o office) (groups map[int][]byte, sod []byte) {
	t.Helper()
	groups = ldsGroups(t, usualPortrait(t))
	sod, err := lds.SignSOD(lds.SODSpec{DataGroups: groups, Issued: sodIssued(), DocumentCode: "PP"}, o.key, o.signer)
	if err != nil {
		t.Fatal(err)
	}
	return groups, sod
}

func ldsGroups(t testing.TB, picture []byte) map[int][]byte {
	t.Helper()
	dg2, err := lds.NewDG2(picture)
	if err != nil {
		t.Fatal(err)
	}
	dg1, err := lds.ParseDG1(example(t, "EF.DG1 TD3"))
	if err != nil {
		t.Fatal(err)
	}
	groups := map[int][]byte{}
	for number, file := range map[int]interface{ Bytes() ([]byte, error) }{
		1: dg1, 2: dg2, 14: lds.DG14{Infos: testInfos(false)},
	} {
		if groups[number], err = file.Bytes(); err != nil {
			t.Fatal(err)
		}
	}
	return groups
}

// usualPortrait is a JPEG of 24 kB, noise behind a small picture.
func usualPortrait(t testing.TB) []byte {
	t.Helper()
	picture := testJPEG(t, 420, 540)
	random := rand.New(rand.NewPCG(5, 6))
	for len(picture) < 24_000 {
		picture = append(picture, byte(random.Uint32()))
	}
	return picture
}

// authentic is what a reader with the right root decides about the files.
func authentic(trust *pki.TrustStore, groups map[int][]byte, file []byte) bool {
	sod, err := lds.ParseSOD(file)
	if err != nil {
		return false
	}
	v, err := sod.Judge(trust, sodIssued(), "PP", groups)
	return err == nil && len(v.Unread) == 0
}

// TestFlippedBits changes single bits of a signed LDS of 25 kB: 20,000 of them, or every one under
// PADAROZHNIK_TORTURE. None may pass as authentic. Half of the sample lies in EF.SOD.
func TestFlippedBits(t *testing.T) {
	o := newOffice(t, ec.P256(), ec.P256())
	trust := o.trust(t)
	groups, sod := wholeLDS(t, o)
	if !authentic(trust, groups, sod) {
		t.Fatal("the sound files do not pass")
	}
	const sample = 10_000 // of EF.SOD, and as many of the data groups
	size := len(sod)
	for _, file := range groups {
		size += len(file)
	}
	if size < 25_000 {
		t.Fatalf("LDS of %d bytes", size)
	}
	random := rand.New(rand.NewPCG(7, 8))
	tried := 0
	for _, bit := range bits(random, len(sod), sample) {
		changed := bytes.Clone(sod)
		changed[bit/8] ^= 1 << (bit % 8)
		if authentic(trust, groups, changed) {
			t.Errorf("EF.SOD passes with bit %d of byte %d changed", bit%8, bit/8)
		}
		tried++
	}
	for number, file := range groups {
		for _, bit := range bits(random, len(file), sample*len(file)/(size-len(sod))+1) {
			files := maps.Clone(groups)
			files[number] = bytes.Clone(file)
			files[number][bit/8] ^= 1 << (bit % 8)
			if authentic(trust, files, sod) {
				t.Errorf("DG%d passes with bit %d of byte %d changed", number, bit%8, bit/8)
			}
			tried++
		}
	}
	t.Logf("%d of %d bits changed", tried, 8*size)
}

// bits draws bits of a file without repetition, or all of them.
func bits(random *rand.Rand, size, sample int) []int {
	all := random.Perm(8 * size)
	if os.Getenv("PADAROZHNIK_TORTURE") != "" {
		return all
	}
	return all[:min(len(all), max(sample, 1))]
}
