package resources

import _ "embed"

// UtopiaProfile is the built-in specimen profile, TOML.
//
//go:embed profiles/uto.toml
var UtopiaProfile []byte
