package issuance_test

import (
	"testing"

	virtualchip "padarozhnik/devices/virtual/chip"
	"padarozhnik/station"
	"padarozhnik/station/lds"
)

// TestFaceFormatOfTheProfile: a book under a profile that asks for ISO/IEC 39794-5 goes through the
// whole of its life and carries the face in that format.
func TestFaceFormatOfTheProfile(t *testing.T) {
	o := newOffice(t, 1)
	o.charter.Profile.FaceFormat = station.Face39794
	d := o.desk(nil)
	c := o.finish(d)
	state := must(virtualchip.FileStore{Path: o.table.ChipPath(string(c.Serial))}.Load())(t)
	id, _ := lds.FileID("DG2")
	for _, f := range state.Files {
		if f.ID != id || f.Master {
			continue
		}
		if dg2 := must(lds.ParseDG2(f.Data))(t); dg2.Format != lds.Format39794 || len(dg2.Faces) != 1 {
			t.Errorf("format %v, %d faces", dg2.Format, len(dg2.Faces))
		}
		return
	}
	t.Error("the chip holds no DG2")
}
