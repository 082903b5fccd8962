package lds

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"

	"padarozhnik/station/lds/tlv"
)

// DG11 is additional personal detail in UTF-8 (ICAO Doc 9303-10, 4.7.11). Empty fields are left
// out. Names are written as in the zone, primary and secondary identifier parted by "<<"; the
// parts of a place or an address are parted by '<' in the file and are list elements here.
type DG11 struct {
	FullName       string
	PersonalNumber string
	Birth          string // YYYYMMDD
	PlaceOfBirth   []string
	Address        []string
	Telephone      string
	Profession     string
	Title          string
	Summary        string
	OtherDocuments []string
	Custody        string
	OtherNames     []string
	Citizenship    []byte // image proving citizenship
}

// DG12 is additional detail of the document in UTF-8 (ICAO Doc 9303-10, 4.7.12). Empty fields are
// left out.
type DG12 struct {
	Authority    string
	Issued       string // YYYYMMDD
	Endorsements string
	TaxExit      string
	Front, Rear  []byte // images
	Personalised string // YYYYMMDDhhmmss
	SystemSerial string
	OtherPersons []string
}

// kind says how a detail is written.
type kind int

const (
	textKind     kind = iota
	numberKind        // digits only; old passports pack two to a byte
	partsKind         // parts parted by '<'
	imageKind         // bytes
	repeatedKind      // a count and repeated objects within a template
)

// detail joins a data object and the field that holds its value.
type detail struct {
	tag    uint32
	kind   kind
	text   *string
	parts  *[]string
	image  *[]byte
	length int    // of numberKind
	inner  uint32 // tag of the repeated objects
}

const templateTag = 0xA0

func (d *DG11) details() []detail {
	return []detail{
		{tag: 0x5F0E, text: &d.FullName},
		{tag: templateTag, kind: repeatedKind, parts: &d.OtherNames, inner: 0x5F0F},
		{tag: 0x5F10, text: &d.PersonalNumber},
		{tag: 0x5F2B, kind: numberKind, text: &d.Birth, length: 8},
		{tag: 0x5F11, kind: partsKind, parts: &d.PlaceOfBirth},
		{tag: 0x5F42, kind: partsKind, parts: &d.Address},
		{tag: 0x5F12, text: &d.Telephone},
		{tag: 0x5F13, text: &d.Profession},
		{tag: 0x5F14, text: &d.Title},
		{tag: 0x5F15, text: &d.Summary},
		{tag: 0x5F16, kind: imageKind, image: &d.Citizenship},
		{tag: 0x5F17, kind: partsKind, parts: &d.OtherDocuments},
		{tag: 0x5F18, text: &d.Custody},
	}
}

func (d *DG12) details() []detail {
	return []detail{
		{tag: 0x5F19, text: &d.Authority},
		{tag: 0x5F26, kind: numberKind, text: &d.Issued, length: 8},
		{tag: templateTag, kind: repeatedKind, parts: &d.OtherPersons, inner: 0x5F1A},
		{tag: 0x5F1B, text: &d.Endorsements},
		{tag: 0x5F1C, text: &d.TaxExit},
		{tag: 0x5F1D, kind: imageKind, image: &d.Front},
		{tag: 0x5F1E, kind: imageKind, image: &d.Rear},
		{tag: 0x5F55, kind: numberKind, text: &d.Personalised, length: 14},
		{tag: 0x5F56, text: &d.SystemSerial},
	}
}

// Bytes writes the file.
func (d DG11) Bytes() ([]byte, error) {
	return encodeDetails("DG11", 0x6B, d.details())
}

// ParseDG11 reads the file; objects that are not named here are skipped.
func ParseDG11(b []byte) (DG11, error) {
	var d DG11
	if err := parseDetails("DG11", 0x6B, b, d.details()); err != nil {
		return DG11{}, err
	}
	return d, nil
}

// Bytes writes the file.
func (d DG12) Bytes() ([]byte, error) {
	return encodeDetails("DG12", 0x6C, d.details())
}

// ParseDG12 reads the file; objects that are not named here are skipped.
func ParseDG12(b []byte) (DG12, error) {
	var d DG12
	if err := parseDetails("DG12", 0x6C, b, d.details()); err != nil {
		return DG12{}, err
	}
	return d, nil
}

// encodeDetails writes the tag list and the objects that have a value.
func encodeDetails(file string, tag uint32, details []detail) ([]byte, error) {
	var tags, objects []byte
	for _, d := range details {
		if d.empty() {
			continue
		}
		if !d.fits() {
			return nil, fmt.Errorf("%s object %X: %w", file, d.tag, ErrContent)
		}
		if d.kind == repeatedKind {
			tags = append(tags, tlv.TagBytes(d.inner)...)
		} else {
			tags = append(tags, tlv.TagBytes(d.tag)...)
		}
		objects = append(objects, d.encode()...)
	}
	if len(tags) == 0 {
		return nil, fmt.Errorf("%s without content: %w", file, ErrContent)
	}
	return tlv.Encode(tag, tlv.Encode(0x5C, tags), objects), nil
}

func (d detail) empty() bool {
	switch d.kind {
	case partsKind, repeatedKind:
		return len(*d.parts) == 0
	case imageKind:
		return len(*d.image) == 0
	}
	return *d.text == ""
}

func (d detail) fits() bool {
	switch d.kind {
	case numberKind:
		return len(*d.text) == d.length && digits(*d.text)
	case partsKind:
		for _, part := range *d.parts {
			if part == "" || !utf8.ValidString(part) || strings.Contains(part, "<") {
				return false
			}
		}
		return true
	case repeatedKind:
		for _, part := range *d.parts {
			if part == "" || !utf8.ValidString(part) {
				return false
			}
		}
		return len(*d.parts) <= 0xFF
	case imageKind:
		_, _, _, err := imageSize(*d.image)
		return err == nil
	}
	return utf8.ValidString(*d.text)
}

func (d detail) encode() []byte {
	switch d.kind {
	case partsKind:
		return tlv.Encode(d.tag, []byte(strings.Join(*d.parts, "<")))
	case repeatedKind:
		body := tlv.Encode(0x02, []byte{byte(len(*d.parts))})
		for _, part := range *d.parts {
			body = tlv.Append(body, d.inner, []byte(part))
		}
		return tlv.Encode(d.tag, body)
	case imageKind:
		return tlv.Encode(d.tag, *d.image)
	}
	return tlv.Encode(d.tag, []byte(*d.text))
}

// parseDetails fills the fields whose objects are present.
func parseDetails(file string, tag uint32, b []byte, details []detail) error {
	if err := tooLong(file, b); err != nil {
		return err
	}
	body, err := tlv.Only(b, tag)
	if err != nil {
		return malformed(file, err)
	}
	list, err := tlv.Elements(body)
	if err != nil {
		return malformed(file, err)
	}
	if len(list) == 0 || list[0].Tag != 0x5C {
		return fmt.Errorf("%s tag list: %w", file, ErrMalformed)
	}
	return fillDetails(file, list[1:], details)
}

// fillDetails fills the fields whose objects are among the list.
func fillDetails(file string, list []tlv.Element, details []detail) error {
	for _, d := range details {
		value, ok := tlv.Find(list, d.tag)
		if !ok || len(value) == 0 {
			continue
		}
		if !d.parse(value) {
			return fmt.Errorf("%s object %X: %w", file, d.tag, ErrMalformed)
		}
	}
	return nil
}

func (d detail) parse(value []byte) bool {
	switch d.kind {
	case numberKind:
		*d.text = string(value)
		if len(value) == d.length/2 {
			*d.text = fmt.Sprintf("%x", value)
		}
		return len(*d.text) == d.length && digits(*d.text)
	case partsKind:
		*d.parts = strings.FieldsFunc(string(value), func(r rune) bool { return r == '<' })
		return utf8.Valid(value)
	case repeatedKind:
		return d.parseRepeated(value)
	case imageKind:
		*d.image = bytes.Clone(value)
		return true
	}
	*d.text = string(value)
	return utf8.Valid(value)
}

func (d detail) parseRepeated(value []byte) bool {
	list, err := tlv.Elements(value)
	if err != nil || len(list) == 0 || list[0].Tag != 0x02 || len(list[0].Value) != 1 {
		return false
	}
	if int(list[0].Value[0]) != len(list)-1 {
		return false
	}
	for _, e := range list[1:] {
		if e.Tag != d.inner || !utf8.Valid(e.Value) {
			return false
		}
		*d.parts = append(*d.parts, string(e.Value))
	}
	return true
}
