// Package published holds the worked examples of ICAO Doc 9303 as values, for table tests: what other
// people calculated, so that our code is not judged by itself alone.
package published

import (
	_ "embed"
	"encoding/json"
	"testing"
)

//go:embed doc9303.json
var doc9303 []byte

// Doc9303 reads the examples into a struct or a map whose JSON names are those of the parts wanted.
func Doc9303(t testing.TB, into any) {
	t.Helper()
	if err := json.Unmarshal(doc9303, into); err != nil {
		t.Fatal(err)
	}
}
