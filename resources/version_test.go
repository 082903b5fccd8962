package resources_test

import (
	"os"
	"testing"

	"github.com/pelletier/go-toml/v2"

	"padarozhnik/resources"
)

// The number in the programs is the one under which fyne packages them.
func TestOneVersion(t *testing.T) {
	raw, err := os.ReadFile("../FyneApp.toml")
	if err != nil {
		t.Fatal(err)
	}
	var app struct {
		Details struct{ Version string }
	}
	if err := toml.Unmarshal(raw, &app); err != nil {
		t.Fatal(err)
	}
	if app.Details.Version != resources.Version() || resources.Version() == "" {
		t.Errorf("FyneApp.toml says %q, version.txt %q", app.Details.Version, resources.Version())
	}
}
