package lds

import (
	"fmt"

	"padarozhnik/station/lds/tlv"
)

const (
	tagDG16    = 0x70
	firstEntry = 0xA1
	maxPersons = 15 // templates A1 to AF
)

// DG16 is the persons to notify in an emergency (ICAO Doc 9303-10, 4.7.16). It is rarely written:
// what stands on a chip cannot be taken back.
type DG16 struct {
	Persons []Notified
}

// Notified is one person to notify. Names are written as in the zone; the parts of the address are
// parted by '<' in the file and are list elements here.
type Notified struct {
	Recorded  string // YYYYMMDD
	Name      string
	Telephone string
	Address   []string
}

func (n *Notified) details() []detail {
	return []detail{
		{tag: 0x5F50, kind: numberKind, text: &n.Recorded, length: 8},
		{tag: 0x5F51, text: &n.Name},
		{tag: 0x5F52, text: &n.Telephone},
		{tag: 0x5F53, kind: partsKind, parts: &n.Address},
	}
}

// Bytes writes the file. Each person has all four fields.
func (d DG16) Bytes() ([]byte, error) {
	if len(d.Persons) == 0 || len(d.Persons) > maxPersons {
		return nil, fmt.Errorf("DG16 with %d persons: %w", len(d.Persons), ErrContent)
	}
	body := tlv.Encode(0x02, []byte{byte(len(d.Persons))})
	for i := range d.Persons {
		var fields []byte
		for _, f := range d.Persons[i].details() {
			if f.empty() || !f.fits() {
				return nil, fmt.Errorf("DG16 object %X: %w", f.tag, ErrContent)
			}
			fields = append(fields, f.encode()...)
		}
		if len(body)+len(fields) > maxFileLength-64 {
			return nil, fmt.Errorf("DG16 of over %d bytes: %w", maxFileLength, ErrContent)
		}
		body = tlv.Append(body, firstEntry+uint32(i), fields)
	}
	return tlv.Encode(tagDG16, body), nil
}

// ParseDG16 reads the file. Fields may be missing; objects that are not named here are skipped.
func ParseDG16(b []byte) (DG16, error) {
	const file = "DG16"
	list, err := counted(file, tagDG16, b)
	if err != nil {
		return DG16{}, err
	}
	if len(list) == 0 || len(list) > maxPersons {
		return DG16{}, fmt.Errorf("%s number of persons: %w", file, ErrMalformed)
	}
	d := DG16{make([]Notified, len(list))}
	for i, e := range list {
		if e.Tag != firstEntry+uint32(i) {
			return DG16{}, fmt.Errorf("%s object %X: %w", file, e.Tag, ErrMalformed)
		}
		fields, err := tlv.Elements(e.Value)
		if err != nil {
			return DG16{}, malformed(file, err)
		}
		if err := fillDetails(file, fields, d.Persons[i].details()); err != nil {
			return DG16{}, err
		}
	}
	return d, nil
}
