package main_test

import (
	"encoding/json"
	"strings"
	"testing"
)

// TestNames: the officer sees every rule's spelling and what the zone makes of it.
func TestNames(t *testing.T) {
	out, stderr, status := stationctl(t, "mrz", "names", "--from", "be", "Юлія Васільева")
	if status != 0 {
		t.Fatalf("%d: %s", status, stderr)
	}
	for _, want := range []string{"ministry 200/2010", "Vasiĺjeva", "IULIIA<VASILEVA", "Łacinka"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	out, _, status = stationctl(t, "mrz", "names", "--from", "ru", "--json", "Юлия Васильева")
	var list []struct{ Text, Rule, Zone string }
	if err := json.Unmarshal([]byte(out), &list); err != nil || status != 0 || len(list) != 3 {
		t.Fatalf("%d, %v: %s", status, err, out)
	}
	if list[2].Rule != "Doc 9303-3" || list[2].Zone != "IULIIA<VASILEVA" || strings.Contains(out, `\u003c`) {
		t.Errorf("%s", out)
	}
	if _, stderr, status := stationctl(t, "mrz", "names", "--from", "be", "Щукин"); status != 1 || stderr == "" {
		t.Errorf("a letter that Belarusian does not have: %d, %q", status, stderr)
	}
}

// TestOddNumbers: a personal number that does not fit is said, and the zone is still printed.
func TestOddNumbers(t *testing.T) {
	// A man's document with a woman's number.
	const zone = "P<BLRUTOPKA<<IMIA<<<<<<<<<<<<<<<<<<<<<<<<<<<" + "MP12345677BLR8508122M30081224120885A001PB506"
	out, stderr, status := stationctl(t, "mrz", "check", zone)
	if status != 0 {
		t.Fatal(stderr)
	}
	if !strings.Contains(out, `"issuer": "BLR"`) || !strings.Contains(stderr, "sex") || strings.Contains(stderr, "4120885A001PB") {
		t.Errorf("%s%s", out, stderr)
	}
}
