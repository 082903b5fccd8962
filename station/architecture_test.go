package station_test

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// pkg is what `go list` says of a package of ours.
type pkg struct {
	ImportPath string
	Imports    []string
	Deps       []string
	CgoFiles   []string
}

const module = "padarozhnik/"

func packages(t *testing.T) map[string]pkg {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Imports,Deps,CgoFiles", "./...")
	cmd.Dir = ".."
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	found := map[string]pkg{}
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p pkg
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return found
		} else if err != nil {
			t.Fatal(err)
		}
		found[strings.TrimPrefix(p.ImportPath, module)] = p
	}
}

func ours(imports []string) []string {
	var out []string
	for _, i := range imports {
		if strings.HasPrefix(i, module) {
			out = append(out, strings.TrimPrefix(i, module))
		}
	}
	return out
}

// within tells whether a package is one of the listed, or lies below one that ends in "/...".
func within(name string, list []string) bool {
	return slices.ContainsFunc(list, func(l string) bool {
		below, all := strings.CutSuffix(l, "/...")
		return name == below || all && strings.HasPrefix(name, below+"/")
	})
}

var leaves = []string{
	"station/mrz", "station/lds/...", "station/pki/...", "printing/pwg", "devices",
}

// TestDependenciesPointOneWay holds the whole tree against the rule: each row says what the
// packages on its left may import of ours.
func TestDependenciesPointOneWay(t *testing.T) {
	rules := []struct {
		who   []string
		may   []string
		leafs bool
	}{
		{who: leaves, leafs: true},
		{who: []string{"station"}, may: []string{"station/mrz"}},
		{who: []string{"resources/..."}},
		{who: []string{"station/published", "station/sqlite/synced"}}, // for tests alone
		{who: []string{"station/mrz/ocr/..."}, may: []string{"station/mrz", "station/mrz/ocr/..."}},
		{who: []string{"station/portrait/...", "station/signature"}},
		{who: []string{"station/jp2"}}, // linked by programs alone: the desk is given its Decode
		{who: []string{"printing"}, may: []string{"printing/pwg", "resources", "station/mrz"}},
		{who: []string{"printing/paper"}, may: []string{"resources"}},
		{who: []string{"station/attest"}, may: []string{"station", "station/journal"}},
		{who: []string{"printing/measure"}},
		{
			who: []string{"printing/calibration", "printing/inspection"},
			may: []string{"printing", "printing/measure", "station/mrz", "station/mrz/ocr"},
		},
		{who: []string{"station/journal", "station/journal/seal"}, may: []string{"station/journal"}},
		{who: []string{"station/journal/event"}, may: []string{"station", "station/journal", "station/journal/seal"}},
		// The rule by which orders are made: the vault and a station with a signer of its own share it, so
		// it opens nothing and knows neither.
		{who: []string{"station/production"}, may: []string{"station"}, leafs: true},
		{who: []string{"station/token/softhsm/..."}, may: []string{"station/token/softhsm"}},
		{who: []string{"station/token"}, may: []string{"station/journal", "station/journal/seal"}},
		{who: []string{"devices/..."}, may: []string{"devices/..."}, leafs: true},
		{
			who: []string{"station/issuance"},
			may: []string{"station", "station/portrait", "station/signature", "station/mrz/ocr", "station/journal/...",
				"station/production", "station/attest", "printing", "printing/paper", "printing/measure", "printing/calibration",
				"printing/inspection"}, leafs: true,
		},
		{ // for tests alone
			who: []string{"station/issuance/memory"}, may: []string{"station", "station/issuance", "station/journal"},
		},
		{who: []string{"station/sqlite"}, may: []string{"station", "station/issuance", "station/journal"}},
		{who: []string{"station/hq/ledger/cluster"}},
		{who: []string{"station/hq/wire"}, may: []string{"station/journal"}},
		{who: []string{"station/hq/client", "station/hq/ledger"}, may: []string{"station/journal", "station/hq/wire"}},
		{who: []string{"station/hq/charter/abroad"}, leafs: true},
		{who: []string{"station/hq/charter"}, may: []string{"station", "station/journal"}, leafs: true},
		{
			who: []string{"station/hq/bundle"},
			may: []string{"station/journal", "station/journal/seal", "station/hq/wire"},
		},
		{
			who:   []string{"station/hq/vault"},
			may:   []string{"station", "station/journal/...", "station/production", "station/attest", "devices/chip/scp03"},
			leafs: true,
		},
		{who: []string{"station/ui"}, may: []string{"station", "station/issuance", "station/journal/...", "station/mrz",
			"station/portrait", "resources/...", "devices"}},
		{who: []string{"cmd/..."}, may: []string{"cmd/internal/...", "station/...", "station", "devices/...",
			"printing/...", "resources/..."}},
	}
	for name, p := range packages(t) {
		covered := false
		for _, r := range rules {
			if !within(name, r.who) {
				continue
			}
			covered = true
			for _, i := range ours(p.Imports) {
				if !within(i, r.may) && !(r.leafs && within(i, leaves)) {
					t.Errorf("%s imports %s", name, i)
				}
			}
			break
		}
		if !covered {
			t.Errorf("no rule speaks of %s", name)
		}
	}
}

// TestWhatProgramsLink looks at everything that a program carries, not only at what it imports.
func TestWhatProgramsLink(t *testing.T) {
	found := packages(t)
	for _, rule := range []struct {
		who    string
		not    string
		reason string
	}{
		{"cmd/stationctl", "fyne.io/", "the command line opens no window"},
		{"cmd/headquarters", "fyne.io/", "headquarters opens no window"},
		{"cmd/simulator", "fyne.io/", "a device opens no window"},
		{"cmd/station", module + "station/hq/ledger", "a station is no server"},
		{"cmd/station", module + "station/hq/vault", "a station opens no cases"},
		{"cmd/stationctl", module + "station/hq/ledger", "a station is no server"},
		{"cmd/stationctl", module + "station/hq/vault", "a station opens no cases"},
		{"cmd/station", module + "station/issuance/memory", "a station forgets nothing"},
		{"cmd/stationctl", module + "station/issuance/memory", "a station forgets nothing"},
		{"cmd/stationctl", module + "station/published", "worked examples are for tests"},
		{"cmd/headquarters", module + "station/published", "worked examples are for tests"},
		{"cmd/headquarters", module + "station/sqlite/synced", "syncs are counted by benchmarks"},
		{"station/hq/ledger", module + "station/journal/seal", "the internet side opens nothing"},
		{"station/hq/ledger", module + "station/hq/bundle", "the internet side opens nothing"},
		{"station/hq/ledger", module + "station/token", "the internet side opens nothing"},
		{"station/hq/ledger", module + "station/hq/vault", "the internet side opens nothing"},
		{"station/hq/ledger", module + "station/production", "the internet side signs nothing"},
	} {
		p, ok := found[rule.who]
		if !ok {
			t.Errorf("%s is gone", rule.who)
		}
		for _, d := range p.Deps {
			if strings.HasPrefix(d, rule.not) {
				t.Errorf("%s links %s: %s", rule.who, d, rule.reason)
				break
			}
		}
	}
}

// TestCgoStaysWhereItMust: our own C is confined to the packages that talk to C libraries.
func TestCgoStaysWhereItMust(t *testing.T) {
	for name, p := range packages(t) {
		if len(p.CgoFiles) > 0 && !within(name, []string{"devices/usb", "devices/pcsc", "station/sqlite", "station/token", "station/jp2"}) {
			t.Errorf("%s has cgo files %v", name, p.CgoFiles)
		}
	}
}
