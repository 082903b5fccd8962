package lint_test

import (
	"bytes"
	"slices"
	"strings"
	"time"

	"padarozhnik/station/lds"
	"padarozhnik/station/lds/internal/ber"
	"padarozhnik/station/lds/internal/forge"
	"padarozhnik/station/lds/tlv"
	"padarozhnik/station/mrz"
)

func sealedAt() time.Time { return time.Date(2026, 12, 1, 8, 0, 0, 0, time.UTC) }

// longer writes a file with a length of three bytes.
func longer(b []byte) []byte {
	tag, header, size, err := tlv.Header(b)
	if err != nil {
		panic(err)
	}
	out := append(tlv.TagBytes(tag), 0x83, byte(size>>16), byte(size>>8), byte(size))
	return append(out, b[header:]...)
}

// change replaces a file.
func change(name string, with func(b []byte) []byte) func(*fixture) {
	return func(f *fixture) { f.files[name] = with(bytes.Clone(f.files[name])) }
}

func drop(name string) func(*fixture) { return func(f *fixture) { delete(f.files, name) } }

func append0(b []byte) []byte { return append(b, 0) }

func com(objects ...[]byte) func(*fixture) {
	return change("EF.COM", func([]byte) []byte { return tlv.Encode(0x60, objects...) })
}

func comObjects(version, unicode string, tags ...byte) [][]byte {
	return [][]byte{tlv.Encode(0x5F01, []byte(version)), tlv.Encode(0x5F36, []byte(unicode)), tlv.Encode(0x5C, tags)}
}

// zone changes the zone of DG1; put writes at a position, and sums writes the digits anew.
func zone(edit func(z []byte)) func(*fixture) {
	return change("DG1", func(b []byte) []byte {
		edit(b[len(b)-88:])
		return b
	})
}

func put(at int, text string) func([]byte) { return func(z []byte) { copy(z[at:], text) } }

func summed(edit func([]byte)) func([]byte) {
	return func(z []byte) {
		edit(z)
		for _, span := range [][2]int{{44, 53}, {57, 63}, {65, 71}, {72, 86}} {
			z[span[1]], _ = mrz.CheckDigit(string(z[span[0]:span[1]]))
		}
		z[87], _ = mrz.CheckDigit(string(z[44:54]) + string(z[57:64]) + string(z[65:87]))
	}
}

func other(at int) func([]byte) {
	return func(z []byte) { z[at] = '0' + (z[at]-'0'+1)%10 }
}

func details(name string, tag uint32, tags []byte, objects ...[]byte) func(*fixture) {
	return change(name, func([]byte) []byte {
		return tlv.Encode(tag, tlv.Encode(0x5C, tags), bytes.Join(objects, nil))
	})
}

// filePlants are defects of EF.COM, DG1, DG11, DG12 and EF.ATR/INFO.
func filePlants() map[string]func(*fixture) {
	all := []byte{0x61, 0x75, 0x6B, 0x6C, 0x6E, 0x6F}
	good := comObjects("0108", "040000", all...)
	plants := map[string]func(*fixture){
		"COM-01": drop("EF.COM"),
		"COM-02": change("EF.COM", append0),
		"COM-03": change("EF.COM", longer),
		"COM-04": com(good[1], good[0], good[2]),
		"COM-05": com(comObjects("0106", "040000", all...)...),
		"COM-06": com(comObjects("0108", "030000", all...)...),
		"COM-07": com(comObjects("0108", "040000", append(slices.Clone(all), 0x99)...)...),
		"COM-08": com(comObjects("0108", "040000", all[0], all[2], all[3], all[4], all[5])...),
		"COM-09": com(comObjects("0108", "040000", all[:5]...)...),
		"COM-10": drop("DG12"),
		"DG1-01": drop("DG1"),
		"DG1-02": change("DG1", append0),
		"DG1-03": change("DG1", longer),
		"DG1-04": change("DG1", func(b []byte) []byte { return tlv.Encode(0x61, b[2:], tlv.Encode(0x5F1F, nil)) }),
		"DG1-05": change("DG1", func(b []byte) []byte { return tlv.Encode(0x61, tlv.Encode(0x5F1F, b[5:len(b)-1])) }),
		"DG1-06": zone(put(6, "a")),
		"DG1-07": zone(other(53)), "DG1-08": zone(other(63)), "DG1-09": zone(other(71)), "DG1-10": zone(other(86)),
		"DG1-11": zone(other(87)),
		"DG1-12": zone(put(0, "PX")), "DG1-13": zone(put(2, "U1O")), "DG1-14": zone(put(54, "U1O")),
		"DG1-15": zone(put(7, "1")), "DG1-16": zone(summed(put(57, "991399"))),
		"DG1-17": zone(summed(put(65, "991399"))), "DG1-18": zone(put(64, "X")),
		"DG1-19": zone(summed(func(z []byte) { copy(z, "P<"); copy(z[65:], "390101") })),
		"DG1-20": zone(put(5, "A<<<B<<C")),
		"ATR-01": change("EF.ATR-INFO", func(b []byte) []byte { return append(b, 0x47, 5) }),
		"ATR-02": change("EF.ATR-INFO", func([]byte) []byte { return tlv.Encode(0x47, []byte{0x94, 1}) }),
		"ATR-03": change("EF.ATR-INFO", func(b []byte) []byte { return b[:5] }),
		"ATR-04": change("EF.ATR-INFO", func(b []byte) []byte {
			return append(b[:5], tlv.Encode(0x7F66, []byte{2, 1, 16}, []byte{2, 1, 16})...)
		}),
	}
	for name, d := range map[string]struct {
		tag, date uint32
		text      uint32
	}{"DG11": {0x6B, 0x5F2B, 0x5F0E}, "DG12": {0x6C, 0x5F26, 0x5F19}} {
		tags := append(tlv.TagBytes(d.text), tlv.TagBytes(d.date)...)
		text, date := tlv.Encode(d.text, []byte("Utopia")), tlv.Encode(d.date, []byte("20261201"))
		plants[name+"-01"] = change(name, append0)
		plants[name+"-02"] = change(name, longer)
		plants[name+"-03"] = change(name, func([]byte) []byte { return tlv.Encode(d.tag, text) })
		plants[name+"-04"] = details(name, d.tag, append(tags, 0x5F, 0x70), text, date)
		plants[name+"-05"] = details(name, d.tag, tags, text)
		plants[name+"-06"] = details(name, d.tag, tags, tlv.Encode(d.text, []byte{0xFF, 0xFE}), date)
		plants[name+"-07"] = details(name, d.tag, tags, text, tlv.Encode(d.date, []byte("2026121")))
	}
	return plants
}

// template lays DG2 out from the fields of its header and its data.
func template(header [][]byte, data ...[]byte) []byte {
	return tlv.Encode(0x75, tlv.Encode(0x7F61, []byte{2, 1, 1},
		tlv.Encode(0x7F60, tlv.Encode(0xA1, header...), bytes.Join(data, nil))))
}

func headerFields(format byte) [][]byte {
	return [][]byte{{0x80, 2, 1, 1}, {0x81, 1, 2}, {0x82, 1, 0}, {0x87, 2, 1, 1}, {0x88, 2, 0, format}}
}

// header changes one field of DG2's header, or adds it at the end.
func header(f *fixture, place int, field ...byte) {
	fields := headerFields(8)
	if place < len(fields) {
		fields[place] = field
	} else {
		fields = append(fields, field)
	}
	f.files["DG2"] = template(fields, tlv.Encode(0x5F2E, faceRecord(f)))
}

// faceRecord returns the record of the sound DG2.
func faceRecord(f *fixture) []byte {
	b := f.files["DG2"]
	return bytes.Clone(b[bytes.Index(b, []byte("FAC\x00")):])
}

func record(edit func(r []byte)) func(*fixture) {
	return func(f *fixture) {
		r := faceRecord(f)
		edit(r)
		f.files["DG2"] = template(headerFields(8), tlv.Encode(0x5F2E, r))
	}
}

// newer lays out a face by ISO/IEC 39794-5.
func newer(version []byte, representations ...[]byte) func(*fixture) {
	return func(f *fixture) {
		block := tlv.Encode(0x65, tlv.Encode(0xA0, version), tlv.Encode(0xA1, representations...))
		f.files["DG2"] = template(headerFields(0x2A), tlv.Encode(0x7F2E, tlv.Encode(0xA1, block)))
	}
}

func flat(picture []byte, format byte, size string) []byte {
	return tlv.Encode(0x30, []byte{0x80, 1, 0}, tlv.Encode(0xA1, tlv.Encode(0xA0, tlv.Encode(0xA0,
		tlv.Encode(0x80, picture), tlv.Encode(0xA1, []byte{0xA0, 3, 0x80, 1, format},
			tlv.Encode(0xA7, []byte(size)))))))
}

// facePlants are defects of DG2.
func facePlants() map[string]func(*fixture) {
	const size, version = "\x80\x01\x24\x81\x01\x2D", "\x80\x01\x03\x81\x02\x07\xE3" // 36 x 45
	face := func(format byte, size string) func(f *fixture) []byte {
		return func(f *fixture) []byte { return flat(portrait(f.t, 36, 45), format, size) }
	}
	good := face(2, size)
	block := func(version string, representations ...func(*fixture) []byte) func(*fixture) {
		return func(f *fixture) {
			var list [][]byte
			for _, r := range representations {
				list = append(list, r(f))
			}
			newer([]byte(version), list...)(f)
		}
	}
	set := func(place int, field ...byte) func(*fixture) {
		return func(f *fixture) { header(f, place, field...) }
	}
	return map[string]func(*fixture){
		"DG2-01": drop("DG2"),
		"DG2-02": change("DG2", append0),
		"DG2-03": change("DG2", longer),
		"DG2-04": change("DG2", func(b []byte) []byte { return tlv.Encode(0x75, b[4:], []byte{0x53, 0}) }),
		"DG2-05": change("DG2", func(b []byte) []byte {
			b[bytes.Index(b, []byte{2, 1, 1})+2] = 2
			return b
		}),
		"DG2-06": func(f *fixture) {
			f.files["DG2"] = template(headerFields(8), tlv.Encode(0x5F2E, faceRecord(f)), []byte{0x53, 0})
		},
		"DG2-07": set(0, 0x80, 2, 1, 0), "DG2-08": set(1, 0x81, 1, 8), "DG2-09": set(2, 0x82, 1, 1),
		"DG2-10": set(9, 0x83, 3, 0x20, 0x26, 0x12), "DG2-11": set(9, 0x85, 4, 0x20, 0x26, 0x12, 1),
		"DG2-12": set(3, 0x87, 2, 1, 2), "DG2-13": set(4, 0x88, 2, 0, 9),
		"DG2-14": func(f *fixture) {
			f.files["DG2"] = template(headerFields(8), tlv.Encode(0x7F2E, tlv.Encode(0x53, nil)))
		},
		"DG2-16": record(func(r []byte) { r[46] = 'G' }),
		"FAC-01": record(func(r []byte) { r[0] = 'f' }), "FAC-02": record(func(r []byte) { r[5] = '2' }),
		"FAC-03": record(func(r []byte) { r[11]++ }), "FAC-04": record(func(r []byte) { r[17]-- }),
		"FAC-05": record(func(r []byte) { r[13] = 2 }), "FAC-06": record(func(r []byte) { r[18] = 0xFF }),
		"FAC-07": record(func(r []byte) { r[34] = 0 }), "FAC-08": record(func(r []byte) { r[35] = 1 }),
		"FAC-09": record(func(r []byte) { r[37]++ }), "FAC-10": record(func(r []byte) { r[40] = 9 }),
		"FAX-01": func(f *fixture) {
			f.files["DG2"] = template(headerFields(0x2A), tlv.Encode(0x7F2E, tlv.Encode(0xA1, tlv.Encode(0x66, nil))))
		},
		"FAX-02": block(version[:3], good),
		"FAX-03": block(version, good, good),
		"FAX-04": block(version, func(*fixture) []byte {
			return tlv.Encode(0x30, tlv.Encode(0xA1, tlv.Encode(0xA0, tlv.Encode(0xA1, nil))))
		}),
		"FAX-05": block(version, face(3, size)),
		"FAX-06": block(version, face(2, strings.Replace(size, "\x24", "\x25", 1))),
	}
}

// chip writes the three files of security infos: EF.CardAccess, DG14 and EF.CardSecurity.
func chip(access, dg14, security lds.SecurityInfos) func(*fixture) {
	return func(f *fixture) {
		bytesOf := func(i lds.SecurityInfos) []byte {
			b, err := i.Bytes()
			if err != nil {
				f.t.Fatal(err)
			}
			return b
		}
		f.files["EF.CardAccess"] = bytesOf(access)
		f.files["DG14"] = tlv.Encode(0x6E, bytesOf(dg14))
		set := forge.Tree(f.t, bytesOf(security))
		f.security.content = func(n *ber.Node) { n.Children = set.Children }
	}
}
