package resources

import _ "embed"

// UdevRule lets who sits at the desk open printers and scanners on USB.
//
//go:embed linux/60-padarozhnik.rules
var UdevRule []byte
