package lint_test

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"padarozhnik/station/lds/lint"
	"padarozhnik/station/pki/ec"
)

func TestSoundPassportPasses(t *testing.T) {
	f := newFixture(t, 2026, ec.P256(), ec.P256())
	r := f.lint()
	if !r.OK() || len(r.Checks) < 120 || r.Count(lint.Pass) < 200 {
		t.Errorf("failed %v, %d of %d passed", r.Failed(), r.Count(lint.Pass), len(r.Checks))
	}
	f.seal()
	if r := f.lint(); !r.OK() {
		t.Errorf("sealed again: %v", r.Failed())
	}
	seen := map[string]bool{}
	for _, c := range r.Checks {
		if c.ID == "" || c.Clause == "" || c.Asks == "" || c.Found == "" || seen[c.ID] {
			t.Errorf("check %+v", c)
		}
		seen[c.ID] = true
	}
}

// TestPlantedDefects plants one defect at a time: it turns its check red and no other. Every check
// has one.
func TestPlantedDefects(t *testing.T) {
	base := newFixture(t, 2026, ec.P256(), ec.P256())
	plants := map[string]func(*fixture){}
	for _, table := range []map[string]func(*fixture){filePlants(), facePlants(), infoPlants(),
		accessPlants(), signedPlants("SOD"),
		signedPlants("CSE"), objectPlants(), certificatePlants("DSC"), certificatePlants("CSCA"),
		chainPlants(), listPlants()} {
		maps.Copy(plants, table)
	}
	bases := map[string]*fixture{
		"DG2-15":  newFixture(t, 2030, ec.P256(), ec.P256()),
		"DSC-24":  newFixture(t, 2026, ec.P256(), ec.BrainpoolP192r1()),
		"CSCA-24": newFixture(t, 2026, ec.BrainpoolP192r1(), ec.P256()),
	}
	for _, id := range slices.Sorted(maps.Keys(bases)) {
		plants[id] = func(*fixture) {}
	}
	for _, c := range base.lint().Checks {
		plant, ok := plants[c.ID]
		if !ok {
			t.Errorf("%s: no defect is planted", c.ID)
			continue
		}
		delete(plants, c.ID)
		t.Run(c.ID, func(t *testing.T) {
			f := base.clone(t)
			if other := bases[c.ID]; other != nil {
				f = other.clone(t)
			}
			plant(f)
			f.seal()
			if r := f.lint(); !slices.Equal(r.Failed(), []string{c.ID}) || r.OK() {
				t.Errorf("red: %v", r.Failed())
			}
		})
	}
	for id := range plants {
		t.Errorf("%s: a defect of no check", id)
	}
}

// TestReportHoldsNoPerson looks for what the files say of their holder.
func TestReportHoldsNoPerson(t *testing.T) {
	base := newFixture(t, 2026, ec.P256(), ec.P256())
	for name, plant := range filePlants() {
		f := base.clone(t)
		plant(f)
		f.seal()
		b, err := json.Marshal(f.lint())
		if err != nil {
			t.Fatal(err)
		}
		for _, secret := range []string{"ERIKSSON", "ANNA", "L898902C3", "690806", "19690806"} {
			if strings.Contains(string(b), secret) {
				t.Errorf("%s: the report holds a value", name)
			}
		}
	}
}

func TestNothingToJudge(t *testing.T) {
	if r := lint.Lint(nil, lint.Trust{}, sealedAt()); r.OK() {
		t.Error("nothing conforms")
	}
}

// FuzzLint judges hostile files: whatever they are, there is a report.
func FuzzLint(f *testing.F) {
	base := newFixture(f, 2026, ec.P256(), ec.P256())
	names := slices.Sorted(maps.Keys(base.files))
	for i, name := range names {
		f.Add(uint8(i), base.files[name])
	}
	f.Add(uint8(len(names)), base.root)
	f.Add(uint8(len(names)+1), base.crl)
	f.Fuzz(func(t *testing.T, which uint8, b []byte) {
		c := base.clone(t)
		switch n := int(which) % (len(names) + 2); n {
		case len(names):
			c.root = b
		case len(names) + 1:
			c.crl = b
		default:
			c.files[names[n]] = b
		}
		if r := c.lint(); len(r.Checks) < 120 {
			t.Errorf("%d checks", len(r.Checks))
		}
	})
}
