package ieee1284_test

import (
	"reflect"
	"strings"
	"testing"

	"padarozhnik/devices/ieee1284"
	"padarozhnik/devices/virtual/bounded"
)

func TestParse(t *testing.T) {
	for _, c := range []struct {
		name, text string
		want       ieee1284.ID
	}{
		{"short keys", "MFG:Utopia;MDL:Page 1;CMD:PJL,PWGRaster;SN:U7;FW:2.1;", ieee1284.ID{
			Maker: "Utopia", Model: "Page 1", Serial: "U7", Firmware: "2.1", Commands: []string{"PJL", "PWGRaster"}}},
		{"long keys in any case", "manufacturer: Utopia ;Model:Page; Command Set : PCL , ,PWGRaster;SERIALNUMBER:1", ieee1284.ID{
			Maker: "Utopia", Model: "Page", Serial: "1", Commands: []string{"PCL", "PWGRaster"}}},
		{"a value with a colon, a pair without one", "MDL:a:b;noise;SERN:2", ieee1284.ID{Model: "a:b", Serial: "2"}},
		{"control characters", "MDL:Pa\x00ge\n;", ieee1284.ID{Model: "Page"}},
		{"nothing", "", ieee1284.ID{}},
	} {
		if got := ieee1284.Parse(c.text); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
	}
}

func TestDecode(t *testing.T) {
	for _, c := range []struct{ name, answer, want string }{
		{"as the standard has it", string(ieee1284.Encode("MFG:U;")), "MFG:U;"},
		{"low byte first", "\x08\x00MFG:U;", "MFG:U;"},
		{"longer than what came", "\x7f\xffMFG:U;", "MFG:U;"},
		{"filled up with zeroes", "\x00\x00MFG:U;\x00\x00", "MFG:U;"},
		{"one byte", "\x00", ""},
	} {
		if got := ieee1284.Decode([]byte(c.answer)); got != c.want {
			t.Errorf("%s: %q", c.name, got)
		}
	}
}

// FuzzParse: whatever a device says, what is kept is bounded and printable.
func FuzzParse(f *testing.F) {
	for _, s := range []string{"\x00\x10MFG:U;MDL:P;CMD:A,B;", "\xff\xff;;;:::", "\x02\x00", "MFG:\xff\xfe\x00;CMD:,,,,"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, answer []byte) {
		var id ieee1284.ID
		bounded.Memory(t, len(answer), 64<<10, 32, func() { id = ieee1284.Parse(ieee1284.Decode(answer)) })
		for _, text := range append([]string{id.Maker, id.Model, id.Serial, id.Firmware}, id.Commands...) {
			if len(text) > 300 || strings.ContainsAny(text, "\x00\n\r\x1b") {
				t.Errorf("kept %q", text)
			}
		}
	})
}
