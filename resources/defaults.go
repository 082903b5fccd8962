package resources

import _ "embed"

// StationConfig is a station's configuration with every key and its default, TOML.
//
//go:embed station.toml
var StationConfig []byte
