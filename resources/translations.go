package resources

import (
	"embed"
	"encoding/json"
	"fmt"
)

// Translations holds one file of texts for each language, by its code: be.json, en.json.
//
//go:embed translations/*.json
var Translations embed.FS

// Texts reads the texts of a language by key.
func Texts(language string) (map[string]string, error) {
	b, err := Translations.ReadFile("translations/" + language + ".json")
	if err != nil {
		return nil, fmt.Errorf("language %s: %w", language, err)
	}
	texts := map[string]string{}
	if err := json.Unmarshal(b, &texts); err != nil {
		return nil, fmt.Errorf("language %s: %w", language, err)
	}
	return texts, nil
}
