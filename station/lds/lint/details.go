package lint

import (
	"fmt"
	"slices"
	"unicode/utf8"

	"padarozhnik/station/lds/tlv"
)

// detailTags are the objects of DG11 and DG12, with those that hold an image.
func detailTags(name string) (known, images []uint32) {
	if name == "DG11" {
		return []uint32{0x5F0E, 0x5F0F, 0x5F10, 0x5F2B, 0x5F11, 0x5F42, 0x5F12, 0x5F13, 0x5F14, 0x5F15, 0x5F16, 0x5F17,
			0x5F18}, []uint32{0x5F16}
	}
	return []uint32{0x5F19, 0x5F26, 0x5F1A, 0x5F1B, 0x5F1C, 0x5F1D, 0x5F1E, 0x5F55, 0x5F56}, []uint32{0x5F1D, 0x5F1E}
}

// detailFile is DG11 or DG12.
type detailFile struct {
	tags    []uint32 // of the tag list, nil where there is none
	objects []tlv.Element
	flat    []tlv.Element // objects, those of the template A0 in its place
}

func openDetails(b []byte, tag uint32) *detailFile {
	c := openContainer(b, tag)
	if c == nil {
		return nil
	}
	d := &detailFile{}
	if len(c.elements) > 0 && c.elements[0].Tag == 0x5C {
		d.tags, _ = tlv.Tags(c.elements[0].Value)
		d.objects = c.elements[1:]
	}
	for _, e := range d.objects {
		if e.Tag != 0xA0 {
			d.flat = append(d.flat, e)
			continue
		}
		inner, _ := tlv.Elements(e.Value)
		d.flat = append(d.flat, slices.DeleteFunc(inner, func(e tlv.Element) bool { return e.Tag == 2 })...)
	}
	return d
}

// detailRules are about DG11 or DG12, which are optional.
func detailRules(name string, tag uint32) []rule {
	clause := map[string]string{"DG11": "Doc 9303-10, 4.7.11", "DG12": "Doc 9303-10, 4.7.12"}[name]
	id := func(n int) string { return fmt.Sprintf("%s-%02d", name, n) }
	open := func(s *subject) *detailFile {
		d := openDetails(s.files[name], tag)
		if d == nil || s.failed[id(3)] {
			return nil
		}
		return d
	}
	known, images := detailTags(name)
	dateTag, dateSize := uint32(0x5F2B), 8
	if name == "DG12" {
		dateTag = 0x5F26
	}
	return []rule{
		wholeness(id(1), clause, name, tag),
		compactness(id(2), name, tag),
		{id(3), clause, "the file begins with a tag list", on(open, func(_ *subject, d *detailFile) finding {
			return judge(len(d.tags) > 0, "%d tags", len(d.tags))
		})},
		{id(4), clause, "the tag list names objects of this file", on(open, func(_ *subject, d *detailFile) finding {
			for _, t := range d.tags {
				if !slices.Contains(known, t) {
					return fail("tag %X", t)
				}
			}
			return judge(true, "%d tags", len(d.tags))
		})},
		{id(5), clause, "the tag list is that of the objects there", on(open, func(s *subject, d *detailFile) finding {
			if s.failed[id(4)] {
				return skip("unknown tags")
			}
			return judge(slices.Equal(slices.Compact(slices.Sorted(slices.Values(d.tags))), d.present()),
				"%d tags, %d objects", len(d.tags), len(d.flat))
		})},
		{id(6), clause + "; ISO/IEC 10646", "texts are UTF-8", on(open, func(_ *subject, d *detailFile) finding {
			for _, e := range d.flat {
				packed := e.Tag == 0x5F2B || e.Tag == 0x5F26 || e.Tag == 0x5F55
				if !packed && !slices.Contains(images, e.Tag) && !utf8.Valid(e.Value) {
					return fail("object %X", e.Tag)
				}
			}
			return judge(true, "%d objects", len(d.flat))
		})},
		{id(7), clause, "the date is eight digits", on(open, func(_ *subject, d *detailFile) finding {
			value, there := tlv.Find(d.flat, dateTag)
			if !there {
				return skip("no date")
			}
			return judge(len(value) == dateSize && allDigits(value), "%d bytes", len(value))
		})},
	}
}

func (d *detailFile) present() []uint32 {
	var tags []uint32
	for _, e := range d.flat {
		tags = append(tags, e.Tag)
	}
	slices.Sort(tags)
	return slices.Compact(tags)
}

func allDigits(b []byte) bool {
	return !slices.ContainsFunc(b, func(c byte) bool { return c < '0' || c > '9' })
}
