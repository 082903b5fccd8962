package lds

import (
	"fmt"
	"slices"

	"padarozhnik/station/lds/tlv"
)

// COM is EF.COM: the versions and the list of data groups present (ICAO Doc 9303-10, 4.6.1). The
// list must equal the one that EF.SOD signs.
type COM struct {
	Version    string // four digits, "0107"
	Unicode    string // six digits, "040000"
	DataGroups []int  // numbers, ascending
}

// NewCOM returns the EF.COM of a chip with the data groups.
func NewCOM(dataGroups ...int) COM {
	list := slices.Clone(dataGroups)
	slices.Sort(list)
	return COM{Version108, Unicode400, slices.Compact(list)}
}

// Bytes writes the file.
func (c COM) Bytes() ([]byte, error) {
	if len(c.Version) != 4 || len(c.Unicode) != 6 || !digits(c.Version) || !digits(c.Unicode) {
		return nil, fmt.Errorf("EF.COM versions: %w", ErrContent)
	}
	var list []byte
	for i, number := range c.DataGroups {
		tag, ok := DataGroupTag(number)
		if !ok || i > 0 && number <= c.DataGroups[i-1] {
			return nil, fmt.Errorf("EF.COM list: %w", ErrContent)
		}
		list = append(list, byte(tag))
	}
	return tlv.Encode(0x60, tlv.Encode(0x5F01, []byte(c.Version)), tlv.Encode(0x5F36, []byte(c.Unicode)),
		tlv.Encode(0x5C, list)), nil
}

// ParseCOM reads the file. The data groups stand in ascending order whatever order the file has.
func ParseCOM(b []byte) (COM, error) {
	const file = "EF.COM"
	body, err := tlv.Only(b, 0x60)
	if err != nil {
		return COM{}, malformed(file, err)
	}
	version, rest, err := tlv.Expect(body, 0x5F01)
	if err != nil {
		return COM{}, malformed(file, err)
	}
	unicode, rest, err := tlv.Expect(rest, 0x5F36)
	if err != nil {
		return COM{}, malformed(file, err)
	}
	list, err := tlv.Only(rest, 0x5C)
	if err != nil {
		return COM{}, malformed(file, err)
	}
	c := COM{Version: string(version), Unicode: string(unicode)}
	if len(version) != 4 || len(unicode) != 6 || !digits(c.Version) || !digits(c.Unicode) {
		return COM{}, fmt.Errorf("%s versions: %w", file, ErrMalformed)
	}
	for _, tag := range list {
		number, ok := DataGroupByTag(uint32(tag))
		if !ok || slices.Contains(c.DataGroups, number) {
			return COM{}, fmt.Errorf("%s list: %w", file, ErrMalformed)
		}
		c.DataGroups = append(c.DataGroups, number)
	}
	slices.Sort(c.DataGroups)
	return c, nil
}

func digits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}
