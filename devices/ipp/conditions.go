package ipp

import (
	"strings"

	"padarozhnik/devices"
)

// conditions turns the keywords of printer-state-reasons and job-state-reasons (RFC 8011, 5.4.12
// and 5.3.8; PWG 5100.9) into conditions that a person can cure, most serious first. Reports and
// warnings do not stop a printer and are no conditions.
func conditions(reasons []string) []error {
	found := map[error]bool{}
	for _, r := range reasons {
		if strings.HasSuffix(r, "-report") || strings.HasSuffix(r, "-warning") {
			continue
		}
		if cause := condition(strings.TrimSuffix(r, "-error")); cause != nil {
			found[cause] = true
		}
	}
	var out []error
	for _, cause := range []error{
		devices.ErrJammed, devices.ErrCoverOpen, devices.ErrInkEmpty, devices.ErrNoBooklet, devices.ErrUnreachable,
		devices.ErrBusy, devices.ErrCancelled,
	} {
		if found[cause] {
			out = append(out, cause)
		}
	}
	return out
}

func condition(reason string) error {
	switch reason {
	case "media-jam":
		return devices.ErrJammed
	case "cover-open", "door-open", "interlock-open":
		return devices.ErrCoverOpen
	case "marker-supply-empty", "toner-empty", "marker-supply-missing":
		return devices.ErrInkEmpty
	case "media-empty", "media-needed", "input-tray-missing", "input-media-tray-empty":
		return devices.ErrNoBooklet
	case "shutdown", "offline", "power-down", "connecting-to-device", "timed-out":
		return devices.ErrUnreachable
	case "paused", "moving-to-paused", "stopping", "stopped-partly", "deactivated":
		return devices.ErrBusy
	case "job-canceled-by-user", "job-canceled-at-device", "job-canceled-by-operator", "job-canceled-after-timeout":
		return devices.ErrCancelled
	}
	return nil
}
