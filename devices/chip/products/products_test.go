package products_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"padarozhnik/devices/chip/products"
)

func TestEveryProductLoads(t *testing.T) {
	names, err := products.Names()
	if err != nil || len(names) == 0 {
		t.Fatalf("names %v, %v", names, err)
	}
	for _, name := range names {
		p, err := products.Load(name)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if p.Name != name {
			t.Errorf("file %s describes %q", name, p.Name)
		}
	}
}

func TestRefusals(t *testing.T) {
	if _, err := products.Load("../reference"); !errors.Is(err, products.ErrUnknown) {
		t.Errorf("a path as a name: %v", err)
	}
	const good = `name = "x"
driver = "gp"
application = "A0000002471001"
channel = "scp03"
access = "pace"
leave = "select"
create = "6304{size}{file}"
[identifier]
tag = 0x9F7F
length = 8
[limits]
file = 1000
short = 255
[[step]]
do = "lock"
ins = 0xF0
`
	if _, err := products.Parse([]byte(good)); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ name, old, new string }{
		{"unknown key", "[identifier]", "colour = 1\n[identifier]"},
		{"odd digits", "A0000002471001", "A00"},
		{"no lock", `do = "lock"`, `do = "files"`},
		{"unknown field", "{size}", "{size}{colour}"},
		{"unknown filter", "{size}", "{size|shaken}"},
		{"open brace", "{file}", "{file"},
		{"create without a size", "{size}", ""},
		{"create under a key", "{size}", "{size|sealed}"},
		{"no way to create what it carries", "[limits]", "[limits]\nfiles = [\"EF.CardSecurity\"]"},
		{"unknown channel", `"scp03"`, `"smoke"`},
		{"unknown access", `"pace"`, `"none"`},
		{"unknown way out", `"select"`, `"door"`},
		{"keys sealed by nobody", "[[step]]", "[[step]]\ndo = \"store\"\nins = 1\ndata = \"{can|sealed}\"\n[[step]]"},
		{"lock without a command", "ins = 0xF0", ""},
		{"unknown step", `[[step]]`, "[[step]]\ndo = \"burn\"\n[[step]]"},
		{"store of nothing", `[[step]]`, "[[step]]\ndo = \"store\"\n[[step]]"},
		{"file beyond two bytes", "file = 1000", "file = 70000"},
	} {
		in := good
		if strings.HasPrefix(test.name, "keys sealed") {
			in = strings.Replace(good, `"scp03"`, `"plain"`, 1)
		}
		if _, err := products.Parse([]byte(strings.Replace(in, test.old, test.new, 1))); err == nil {
			t.Errorf("%s was taken", test.name)
		}
	}
}

// TestFind takes a product's name or its driver's.
func TestFind(t *testing.T) {
	for name, want := range map[string]string{"reference": "reference", "gp": "reference", "jmrtd": "jmrtd"} {
		if p, err := products.Find(name); err != nil || p.Name != want {
			t.Errorf("%s: %+v, %v", name, p, err)
		}
	}
	if _, err := products.Find("abacus"); !errors.Is(err, products.ErrUnknown) {
		t.Errorf("unknown: %v", err)
	}
}

func TestTemplate(t *testing.T) {
	var tpl products.Template
	if err := tpl.UnmarshalText([]byte("8F 01 {can|sealed|counted} FF {birth}")); err != nil {
		t.Fatal(err)
	}
	seal := func(b []byte) []byte { return append([]byte("#"), b...) }
	value := map[string][]byte{"can": []byte("314159"), "birth": []byte("690806")}
	can := value["can"]
	got, complete := tpl.Expand(func(f string) []byte { return value[f] }, seal)
	if !bytes.Equal(can, make([]byte, 6)) {
		t.Errorf("the secret stays in memory: %q", can)
	}
	value["can"] = []byte("314159")
	if want := "\x8F\x01\x07#314159\xFF690806"; !complete || string(got) != want {
		t.Errorf("%x, %v, want %x", got, complete, want)
	}
	value["can"] = bytes.Repeat([]byte{7}, 0x123)
	if got, _ = tpl.Expand(func(f string) []byte { return value[f] }, seal); !bytes.HasPrefix(got[2:], []byte{0xFF, 1, 0x24}) {
		t.Errorf("long value: %x", got[:5])
	}
	delete(value, "birth")
	if got, complete := tpl.Expand(func(f string) []byte { return value[f] }, seal); complete || got != nil {
		t.Errorf("without a field: %x", got)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("name = \"x\"\n[[step]]\ndo = \"lock\"\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if p, err := products.Parse(b); err == nil && p.Steps[len(p.Steps)-1].Do != products.Lock {
			t.Error("product without a lock")
		}
	})
}
