package mrz_test

import (
	"testing"

	"padarozhnik/station/published"
)

// vectors are the parts of the published examples that concern the zone.
type vectors struct {
	CheckDigits []struct {
		Field      string `json:"field"`
		CheckDigit int    `json:"check_digit"`
	} `json:"check_digits"`
	Documents []struct {
		Format string   `json:"format"`
		Name   string   `json:"name"`
		Lines  []string `json:"lines"`
	} `json:"mrz_documents"`
	Names []struct {
		Primary    string  `json:"viz_primary"`
		Secondary  string  `json:"viz_secondary"`
		Line       string  `json:"mrz_line1"`
		Truncation *string `json:"truncation"`
	} `json:"td3_names"`
	Punctuation []struct {
		VIZ string `json:"viz"`
		MRZ string `json:"mrz"`
	} `json:"name_punctuation"`
	Codes           map[string]string `json:"document_codes_P4_4_4"`
	Transliteration struct {
		Latin    map[string][]string `json:"latin"`
		Cyrillic map[string]string   `json:"cyrillic"`
	} `json:"transliteration"`
	BAC struct {
		Information string `json:"mrz_information"`
		Variants    []struct {
			Information string `json:"mrz_information"`
			KSeed       string `json:"K_seed"`
		} `json:"key_seed_variants_D2"`
	} `json:"bac"`
	PACE struct {
		Information string `json:"mrz_information"`
	} `json:"pace_gm_ecdh_G1"`
	Errata []struct {
		Where string `json:"where"`
		Line2 string `json:"printed_line2"`
	} `json:"errata_found_while_checking"`
}

func loadVectors(t testing.TB) vectors {
	t.Helper()
	var v vectors
	published.Doc9303(t, &v)
	return v
}
