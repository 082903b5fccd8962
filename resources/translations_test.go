package resources_test

import (
	"slices"
	"testing"
	"testing/fstest"

	"padarozhnik/resources"
)

// A file beside the others makes a language; what it does not say yet is said in English.
func TestAFileMakesALanguage(t *testing.T) {
	files := fstest.MapFS{
		"translations/be.json": {Data: []byte(`{"ui.leave": "Нічога не рабіць", "ui.back": "Да справы"}`)},
		"translations/en.json": {Data: []byte(`{"ui.leave": "Do nothing", "ui.back": "To the case"}`)},
		"translations/lt.json": {Data: []byte(`{"ui.leave": "Nieko nedaryti"}`)},
	}
	if got := resources.LanguagesIn(files); !slices.Equal(got, []string{"be", "en", "lt"}) {
		t.Errorf("languages %v", got)
	}
	texts, err := resources.TextsIn(files, "lt")
	if err != nil || texts["ui.leave"] != "Nieko nedaryti" || texts["ui.back"] != "To the case" {
		t.Errorf("texts %v, %v", texts, err)
	}
	if _, err := resources.TextsIn(files, "pl"); err == nil {
		t.Error("a language without a file is no error")
	}
}
