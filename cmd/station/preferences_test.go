package main

import (
	"testing"

	"fyne.io/fyne/v2/test"

	"padarozhnik/station/ui"
)

// What was liked is there again at the next start; what nobody offers any more is not.
func TestPreferencesAreKept(t *testing.T) {
	p := test.NewTempApp(t).Preferences()
	if got := preferred(p, "be"); got != (ui.Preferences{Language: "be"}) {
		t.Errorf("the first start is liked as %+v", got)
	}
	want := ui.Preferences{Language: "en", Look: ui.Look{Percent: 125, Contrast: true}, Guided: true}
	keep(p, want)
	if got := preferred(p, "be"); got != want {
		t.Errorf("kept %+v, want %+v", got, want)
	}
	keep(p, ui.Preferences{Language: "xx", Look: ui.Look{Percent: 900}})
	if got := preferred(p, "be"); got != (ui.Preferences{Language: "be"}) {
		t.Errorf("what is not offered is taken: %+v", got)
	}
}
