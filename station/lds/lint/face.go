package lint

import (
	"encoding/binary"
	"strings"

	"padarozhnik/station/lds"
	"padarozhnik/station/lds/tlv"
)

// image is the portrait of the first face and what is said of it.
type image struct {
	bytes         []byte
	kind          lds.ImageType // stated
	width, height int           // stated, zero where not
}

// faceImage returns the image of either format.
func faceImage(s *subject) *image {
	if r := recordOf(s); r != nil && r.whole(s) {
		return &r.image
	}
	if b := blockOf(s); b != nil {
		return b.image()
	}
	return nil
}

func (i *image) known() bool {
	_, err := lds.NewDG2(i.bytes)
	return err == nil
}

// own returns what the image says of itself.
func (i *image) own() (lds.Face, bool) {
	dg, err := lds.NewDG2(i.bytes)
	if err != nil {
		return lds.Face{}, false
	}
	return dg.Faces[0], true
}

// record is a facial record by ISO/IEC 19794-5:2005 with its first face.
type record struct {
	raw          []byte
	count        int
	blocks       int // faces that the lengths reach
	exact        bool
	features     bool // the feature points end within the face
	faceKind     byte
	colorSpace   byte
	image        image
	statedLength uint32
}

const (
	recordHeader = 14
	faceHeader   = 20
	imageHeader  = 12
)

func recordOf(s *subject) *record {
	b := s.faceData(format19794)
	if len(b) < recordHeader+faceHeader+imageHeader {
		return nil
	}
	r := &record{raw: b, statedLength: binary.BigEndian.Uint32(b[8:]), count: int(binary.BigEndian.Uint16(b[12:]))}
	rest := b[recordHeader:]
	for len(rest) >= faceHeader {
		size := uint64(binary.BigEndian.Uint32(rest))
		if size < faceHeader+imageHeader || size > uint64(len(rest)) {
			break
		}
		rest = rest[size:]
		r.blocks++
	}
	r.exact = len(rest) == 0
	first := b[recordHeader:]
	at := faceHeader + 8*int(binary.BigEndian.Uint16(first[4:]))
	if r.features = at+imageHeader < len(first); !r.features {
		return r
	}
	info := first[at:]
	r.faceKind, r.colorSpace = info[0], info[6]
	r.image = image{info[imageHeader:], lds.ImageType(info[1]), int(binary.BigEndian.Uint16(info[2:])),
		int(binary.BigEndian.Uint16(info[4:]))}
	return r
}

// whole reports whether the parts of the record stand where they should.
func (r *record) whole(s *subject) bool {
	for _, id := range []string{"FAC-03", "FAC-04", "FAC-05", "FAC-06"} {
		if s.failed[id] {
			return false
		}
	}
	return r.exact && r.features
}

// face19794Rules are about the record of a face by ISO/IEC 19794-5.
func face19794Rules() []rule {
	const clause = "ISO/IEC 19794-5:2005, "
	whole := func(s *subject) *record {
		if r := recordOf(s); r != nil && r.whole(s) {
			return r
		}
		return nil
	}
	return []rule{
		{"FAC-01", clause + "5.4.1", "the record begins with FAC", on(recordOf, func(_ *subject, r *record) finding {
			return judge(string(r.raw[:4]) == "FAC\x00", "%d bytes", len(r.raw))
		})},
		{"FAC-02", clause + "5.4.2", "the record is of version 010", on(recordOf, func(_ *subject, r *record) finding {
			return judge(string(r.raw[4:8]) == "010\x00", "four bytes")
		})},
		{"FAC-03", clause + "5.4.3", "the record has the length it states", on(recordOf,
			func(_ *subject, r *record) finding {
				return judge(uint64(r.statedLength) == uint64(len(r.raw)), "%d of %d bytes", r.statedLength, len(r.raw))
			})},
		{"FAC-04", clause + "5.5.1", "the faces fill the record by their lengths", on(recordOf,
			func(_ *subject, r *record) finding { return judge(r.exact && r.blocks > 0, "%d faces", r.blocks) })},
		{"FAC-05", clause + "5.4.4", "the record has as many faces as it states", on(recordOf,
			func(s *subject, r *record) finding {
				if s.failed["FAC-04"] {
					return skip("FAC-04 failed")
				}
				return judge(r.count == r.blocks, "%d stated, %d there", r.count, r.blocks)
			})},
		{"FAC-06", clause + "5.5.2", "the feature points end within the face", on(recordOf,
			func(_ *subject, r *record) finding { return judge(r.features, "feature points") })},
		{"FAC-07", clause + "5.7.1; Doc 9303-9, 3", "the face is full frontal or a token of it", on(whole,
			func(_ *subject, r *record) finding {
				return judge(r.faceKind == 1 || r.faceKind == 2, "kind %d", r.faceKind)
			})},
		{"FAC-08", clause + "5.7.2", "the stated compression is the image's", on(whole,
			func(_ *subject, r *record) finding {
				own, ok := r.image.own()
				if !ok {
					return skip("no image")
				}
				return judge(own.Type == r.image.kind, "type %d stated", r.image.kind)
			})},
		{"FAC-09", clause + "5.7.3", "the stated size is the image's", on(whole, func(_ *subject, r *record) finding {
			own, ok := r.image.own()
			if !ok {
				return skip("no image")
			}
			return judge(own.Width == r.image.width && own.Height == r.image.height,
				"%d x %d stated, %d x %d found", r.image.width, r.image.height, own.Width, own.Height)
		})},
		{"FAC-10", clause + "5.7.4", "the color space is an assigned one", on(whole,
			func(_ *subject, r *record) finding {
				return judge(r.colorSpace <= 4 || r.colorSpace >= 128, "code %d", r.colorSpace)
			})},
	}
}

// block is a face block by ISO/IEC 39794-5.
type block struct {
	outer           []byte
	fields          []tlv.Element
	representations []tlv.Element
}

func blockOf(s *subject) *block {
	data := s.faceData(format39794)
	if data == nil {
		return nil
	}
	b := &block{outer: data}
	if inner, err := tlv.Only(data, 0xA1); err == nil {
		if value, err := tlv.Only(inner, 0x65); err == nil {
			b.fields, _ = tlv.Elements(value)
		}
	}
	if raw, ok := tlv.Find(b.fields, 0xA1); ok {
		b.representations, _ = tlv.Elements(raw)
	}
	return b
}

// within returns the objects at the end of a path of tags from b, nil where there is none.
func within(list []tlv.Element, path ...uint32) []tlv.Element {
	for _, tag := range path {
		value, ok := tlv.Find(list, tag)
		if !ok {
			return nil
		}
		list, _ = tlv.Elements(value)
	}
	return list
}

func (b *block) flat() []tlv.Element {
	if len(b.representations) == 0 {
		return nil
	}
	first, _ := tlv.Elements(b.representations[0].Value)
	return within(first, 0xA1, 0xA0, 0xA0)
}

func (b *block) image() *image {
	data, ok := tlv.Find(b.flat(), 0x80)
	if !ok {
		return nil
	}
	return &image{bytes: data}
}

// face39794Rules are about the block of a face by ISO/IEC 39794-5.
func face39794Rules() []rule {
	const clause = "Doc 9303-10, 4.7.2; ISO/IEC 39794-5:2019"
	filled := func(s *subject) *block {
		if b := blockOf(s); b != nil && !s.failed["FAX-01"] {
			return b
		}
		return nil
	}
	return []rule{
		{"FAX-01", clause, "the data is A1 with a face block 65", on(blockOf, func(_ *subject, b *block) finding {
			return judge(len(b.fields) > 0, "%d fields", len(b.fields))
		})},
		{"FAX-02", clause, "the block states generation and year of its version", on(filled,
			func(_ *subject, b *block) finding {
				version := within(b.fields, 0xA0)
				return judge(sameTags(version, 0x80, 0x81), "%d objects", len(version))
			})},
		{"FAX-03", clause, "the block has one representation", on(filled, func(_ *subject, b *block) finding {
			return judge(sameTags(b.representations, 0x30), "%d representations", len(b.representations))
		})},
		{"FAX-04", clause, "the representation is an image in two dimensions", on(filled,
			func(s *subject, b *block) finding {
				if s.failed["FAX-03"] {
					return skip("FAX-03 failed")
				}
				_, ok := tlv.Find(b.flat(), 0x80)
				return judge(ok, "%d objects", len(b.flat()))
			})},
		{"FAX-05", clause, "the stated format is the image's", on(filled, func(_ *subject, b *block) finding {
			i := b.image()
			if i == nil || !i.known() {
				return skip("no image")
			}
			own, _ := i.own()
			code, _ := tlv.Find(within(b.flat(), 0xA1, 0xA0), 0x80)
			want := map[lds.ImageType]string{lds.ImageJPEG: "\x02", lds.ImageJPEG2000: "\x03\x04"}[own.Type]
			return judge(len(code) == 1 && strings.Contains(want, string(code)), "code of %d bytes", len(code))
		})},
		{"FAX-06", clause, "the stated size is the image's", on(filled, func(_ *subject, b *block) finding {
			i := b.image()
			size := within(b.flat(), 0xA1, 0xA7)
			if i == nil || !i.known() || len(size) == 0 {
				return skip("no size stated")
			}
			own, _ := i.own()
			width, _ := tlv.Find(size, 0x80)
			height, _ := tlv.Find(size, 0x81)
			return judge(natural(width) == own.Width && natural(height) == own.Height,
				"%d x %d stated, %d x %d found", natural(width), natural(height), own.Width, own.Height)
		})},
	}
}

func natural(b []byte) int {
	n := 0
	for _, c := range b[:min(len(b), 4)] {
		n = n<<8 | int(c)
	}
	return n
}
