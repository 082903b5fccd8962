package products_test

import (
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
application = "A0000002471001"
[identifier]
tag = 0x9F7F
length = 8
[limits]
file = 1000
short = 255
[[step]]
do = "lock"
`
	if _, err := products.Parse([]byte(good)); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ name, old, new string }{
		{"unknown key", "[identifier]", "colour = 1\n[identifier]"},
		{"odd digits", "A0000002471001", "A00"},
		{"no lock", `do = "lock"`, `do = "files"`},
		{"unknown step", `[[step]]`, "[[step]]\ndo = \"burn\"\n[[step]]"},
		{"store of nothing", `[[step]]`, "[[step]]\ndo = \"store\"\n[[step]]"},
		{"file beyond two bytes", "file = 1000", "file = 70000"},
	} {
		if _, err := products.Parse([]byte(strings.Replace(good, test.old, test.new, 1))); err == nil {
			t.Errorf("%s was taken", test.name)
		}
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
