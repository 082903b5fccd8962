package lint

import (
	"bytes"
	"encoding/binary"
	"time"

	"padarozhnik/station/lds/tlv"
)

const (
	clauseDG2  = "Doc 9303-10, 4.7.2"
	clauseCBEF = "Doc 9303-10, 4.7.2.1"
)

// Formats of a face, as a template's header names them.
const (
	format19794 = 0x0008
	format39794 = 0x002A
)

// face is DG2 down to the data of its first template.
type face struct {
	outer    []tlv.Element // within 75
	group    []tlv.Element // within 7F61
	template []tlv.Element // within the first 7F60
	header   []tlv.Element // within its A1
}

func openFace(b []byte) *face {
	c := openContainer(b, 0x75)
	if c == nil {
		return nil
	}
	f := &face{outer: c.elements}
	if len(c.elements) > 0 && c.elements[0].Tag == 0x7F61 {
		f.group, _ = tlv.Elements(c.elements[0].Value)
	}
	if len(f.group) > 1 && f.group[1].Tag == 0x7F60 {
		f.template, _ = tlv.Elements(f.group[1].Value)
	}
	if len(f.template) > 0 && f.template[0].Tag == 0xA1 {
		f.header, _ = tlv.Elements(f.template[0].Value)
	}
	return f
}

// templated returns DG2 where its templates have their form.
func templated(s *subject) *face {
	if s.dg2 == nil || s.failed["DG2-04"] || s.failed["DG2-05"] || s.failed["DG2-06"] {
		return nil
	}
	return s.dg2
}

// headerField is a check on one object of a template's header, which may be absent where optional.
func headerField(id, asks string, tag uint32, optional bool, ok func(value []byte) bool) rule {
	return rule{id, clauseCBEF, asks, on(templated, func(_ *subject, f *face) finding {
		value, there := tlv.Find(f.header, tag)
		if !there && optional {
			return skip("optional and not there")
		}
		return judge(there && ok(value), "object %X of %d bytes", tag, len(value))
	})}
}

// dg2Rules are about DG2 whatever its format.
func dg2Rules() []rule {
	is := func(want ...byte) func([]byte) bool { return func(v []byte) bool { return bytes.Equal(v, want) } }
	return []rule{
		presence("DG2-01", clauseDG2, "DG2"),
		wholeness("DG2-02", clauseDG2, "DG2", 0x75),
		compactness("DG2-03", "DG2", 0x75),
		{"DG2-04", clauseDG2, "DG2 holds one group 7F61", on(func(s *subject) *face { return s.dg2 },
			func(_ *subject, f *face) finding { return judge(sameTags(f.outer, 0x7F61), "%d objects", len(f.outer)) })},
		{"DG2-05", clauseDG2, "the group begins with the number of its templates", on(func(s *subject) *face {
			if s.failed["DG2-04"] {
				return nil
			}
			return s.dg2
		}, func(_ *subject, f *face) finding {
			return judge(len(f.group) > 1 && f.group[0].Tag == 2 && len(f.group[0].Value) == 1 &&
				int(f.group[0].Value[0]) == len(f.group)-1, "%d templates", max(0, len(f.group)-1))
		})},
		{"DG2-06", clauseDG2, "a template is a header A1 and one block of data", on(func(s *subject) *face {
			if s.failed["DG2-04"] || s.failed["DG2-05"] {
				return nil
			}
			return s.dg2
		}, func(_ *subject, f *face) finding {
			return judge(len(f.template) == 2 && f.template[0].Tag == 0xA1 &&
				(f.template[1].Tag == 0x5F2E || f.template[1].Tag == 0x7F2E), "%d objects", len(f.template))
		})},
		headerField("DG2-07", "the header is of version 1.1", 0x80, true, is(1, 1)),
		headerField("DG2-08", "the biometric type is facial features", 0x81, true, is(2)),
		headerField("DG2-09", "there is no biometric subtype", 0x82, true, is(0)),
		headerField("DG2-10", "the date of creation has seven bytes", 0x83, true,
			func(v []byte) bool { return len(v) == 7 }),
		headerField("DG2-11", "the validity has eight bytes", 0x85, true, func(v []byte) bool { return len(v) == 8 }),
		headerField("DG2-12", "the format's owner is ISO/IEC JTC 1/SC 37", 0x87, false, is(1, 1)),
		headerField("DG2-13", "the format is a face by ISO/IEC 19794-5 or 39794-5", 0x88, false, func(v []byte) bool {
			return bytes.Equal(v, []byte{0, 8}) || bytes.Equal(v, []byte{0, 0x2A})
		}),
		{"DG2-14", clauseCBEF, "the tag of the data is that of its format", on(templated,
			func(s *subject, f *face) finding {
				if s.failed["DG2-12"] || s.failed["DG2-13"] {
					return skip("unknown format")
				}
				want := uint32(0x5F2E)
				if f.format() == format39794 {
					want = 0x7F2E
				}
				return judge(f.template[1].Tag == want, "tag %X", f.template[1].Tag)
			})},
		{"DG2-15", clauseDG2, "a face signed since 2030 is by ISO/IEC 39794-5", on(templated,
			func(s *subject, f *face) finding {
				if s.dsc == nil || s.dsc.parsed == nil || s.failed["DG2-14"] || f.format() == 0 {
					return skip("no document signer, or unknown format")
				}
				change := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
				return judge(f.format() == format39794 || s.dsc.parsed.NotBefore.Before(change),
					"format %04X", f.format())
			})},
		{"DG2-16", "Doc 9303-9, 3; 9303-10, 4.7.2", "the image is JPEG or JPEG 2000", on(faceImage,
			func(_ *subject, i *image) finding { return judge(i.known(), "%d bytes", len(i.bytes)) })},
	}
}

func (f *face) format() int {
	value, _ := tlv.Find(f.header, 0x88)
	if len(value) != 2 {
		return 0
	}
	return int(binary.BigEndian.Uint16(value))
}

// data returns the block of data of a format, nil for another one.
func (s *subject) faceData(format int) []byte {
	f := templated(s)
	if f == nil || s.failed["DG2-12"] || s.failed["DG2-13"] || s.failed["DG2-14"] || f.format() != format {
		return nil
	}
	return f.template[1].Value
}
