package resources

import _ "embed"

// UtopiaLayout is the data page of Utopian passports as data: millimetres, type sizes, captions.
// It is read by printing.ParseLayout. Read only.
//
//go:embed layout/utopia.toml
var UtopiaLayout []byte
