package issuance_test

import (
	"bytes"
	"errors"
	"image/jpeg"
	"os"
	"testing"

	"padarozhnik/station"
	"padarozhnik/station/issuance"
	"padarozhnik/station/jp2"
	"padarozhnik/station/portrait"
	"padarozhnik/station/portrait/utopian"
)

// TestOldFace shows the face of an old chip in either form, says what a broken one is, and lets none of them
// become the new portrait under any name.
func TestOldFace(t *testing.T) {
	o := newOffice(t, 1)
	d := o.desk(nil)
	d.OpenJP2 = jp2.Reader{}.Decode
	seat, token := o.draft(d, bornAbroad(t, person()))
	who := utopian.Person{Seed: 3, Age: 36, Hair: utopian.HairSwept, Tone: 0.3, Skin: 0.15}
	drawn := utopian.Draw(who, 630, 810)
	var b bytes.Buffer
	if err := jpeg.Encode(&b, drawn, &jpeg.Options{Quality: 80}); err != nil {
		t.Fatal(err)
	}
	j2k := must(os.ReadFile("../jp2/testdata/utopian.jp2"))(t)
	lay := func(face []byte, kind string) station.Application {
		t.Helper()
		err := d.Amend(t.Context(), seat, token, "old-chip", func(a *station.Application) error {
			return a.TakeChip(station.OldChip{Level: station.ChipSigned, Face: face, FaceType: kind})
		})
		if err != nil {
			t.Fatal(err)
		}
		return must(d.Application(t.Context(), seat, token))(t)
	}
	if _, err := d.OldFace(t.Context(), station.Application{}); !errors.Is(err, issuance.ErrUnknown) {
		t.Errorf("no chip: %v", err)
	}
	for _, face := range [][]byte{j2k[:len(j2k)/2], j2k[:30], []byte("<html>"), b.Bytes()[:900]} {
		if _, err := d.OldFace(t.Context(), lay(face, "image/jp2")); !errors.Is(err, issuance.ErrOldFace) {
			t.Errorf("a broken face: %v", err)
		}
	}
	if m := must(d.OldFace(t.Context(), lay(j2k, "image/jp2")))(t); m.Bounds().Dx() != 240 {
		t.Errorf("JPEG 2000: %v", m.Bounds())
	}
	a := lay(b.Bytes(), "image/jpeg")
	old := must(d.OldFace(t.Context(), a))(t)
	for _, from := range []string{issuance.FromCamera, issuance.FromScan, issuance.FromFile} {
		_, err := d.TakePortraitOf(t.Context(), seat, token, old, issuance.Sitting{From: from})
		if !errors.Is(err, issuance.ErrSameFace) || issuance.Cure(err) != "same-face" {
			t.Errorf("the old chip's picture from the %s: %v", from, err)
		}
	}
	if _, err := d.TakePortraitOf(t.Context(), seat, token, drawn, issuance.Sitting{From: "old-chip"}); !errors.Is(err, station.ErrMalformed) {
		t.Errorf("named as what it is: %v", err)
	}
	if a := must(d.Application(t.Context(), seat, token))(t); a.Portrait != nil || a.TakenFrom != "" {
		t.Error("the old chip's picture became the portrait")
	}
	who.Tilt = 2
	now := utopian.Draw(who, 630, 810)
	for _, from := range []string{issuance.FromCamera, issuance.FromScan, issuance.FromFile} {
		found := must(d.PreviewPortrait(t.Context(), seat, token, now))(t)
		if found.Outcome() == portrait.Fail || len(found.Ticks()) == 0 {
			t.Fatalf("%+v", found.Checks)
		}
		sitting := issuance.Sitting{From: from, Crop: found.Crop, Ticks: found.Ticks()}
		if _, err := d.TakePortraitOf(t.Context(), seat, token, now, sitting); err != nil {
			t.Fatal(err)
		}
		if a := must(d.Application(t.Context(), seat, token))(t); a.TakenFrom != from || len(a.Ticks) != len(found.Ticks()) {
			t.Errorf("from the %s: kept as from %q", from, a.TakenFrom)
		}
	}
}
