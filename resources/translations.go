package resources

import (
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// Translations holds one file of texts for each language, by its code: be.json, en.json.
//
//go:embed translations/*.json
var Translations embed.FS

// Languages lists the languages that there are texts for: Belarusian and English, then every other one whose
// file lies beside theirs. A file is all that a new language needs.
func Languages() []string { return LanguagesIn(Translations) }

// LanguagesIn is Languages for another set of files.
func LanguagesIn(files fs.FS) []string {
	out := []string{"be", "en"}
	found, _ := fs.Glob(files, "translations/*.json") // the pattern is well formed
	for _, f := range found {
		code := strings.TrimSuffix(path.Base(f), ".json")
		if !slices.Contains(out, code) {
			out = append(out, code)
		}
	}
	return out
}

// Texts reads the texts of a language by key.
func Texts(language string) (map[string]string, error) { return TextsIn(Translations, language) }

// TextsIn is Texts for another set of files. What a language lacks is said in English.
func TextsIn(files fs.FS, language string) (map[string]string, error) {
	texts := map[string]string{}
	for _, l := range slices.Compact([]string{"en", language}) {
		b, err := fs.ReadFile(files, "translations/"+l+".json")
		if err != nil {
			return nil, fmt.Errorf("language %s: %w", language, err)
		}
		if err := json.Unmarshal(b, &texts); err != nil {
			return nil, fmt.Errorf("language %s: %w", language, err)
		}
	}
	return texts, nil
}
