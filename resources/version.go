package resources

import (
	_ "embed"
	"strings"
)

// version is one line: the number that FyneApp.toml and the Debian package carry too.
//
//go:embed version.txt
var version string

// Version is the number of this release of the programs.
func Version() string { return strings.TrimSpace(version) }
