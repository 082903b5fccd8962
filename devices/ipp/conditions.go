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
		devices.ErrJammed, devices.ErrCoverOpen, devices.ErrWrongBlank, devices.ErrWrongPage, devices.ErrDamaged,
		devices.ErrSkewed, devices.ErrMaintenance, devices.ErrInkEmpty, devices.ErrNoBooklet, devices.ErrUnreachable,
		devices.ErrBusy, devices.ErrCancelled,
	} {
		if found[cause] {
			out = append(out, cause)
		}
	}
	return out
}

// warnings turns keywords into what will stop the printer soon. Whether the printer calls them a
// warning, a report or nothing makes no difference.
func warnings(reasons []string) []error {
	low, worn := false, false
	for _, r := range reasons {
		for _, severity := range []string{"-error", "-warning", "-report"} {
			r = strings.TrimSuffix(r, severity)
		}
		switch r {
		case "marker-supply-low", "toner-low", "developer-low":
			low = true
		case "marker-waste-almost-full", "opc-near-eol", "output-area-almost-full":
			worn = true
		}
	}
	var out []error
	if worn {
		out = append(out, devices.ErrMaintenance)
	}
	if low {
		out = append(out, devices.ErrInkLow)
	}
	return out
}

// prefix begins the keywords and attributes that are no standard's: what a printer of booklets has to
// say and a printer of paper has not. They are the virtual printer's; a real one's join them here.
const prefix = "padarozhnik.org-"

func condition(reason string) error {
	switch reason {
	case "media-jam":
		return devices.ErrJammed
	case "cover-open", "door-open", "interlock-open":
		return devices.ErrCoverOpen
	case "marker-supply-empty", "toner-empty", "marker-supply-missing", "developer-empty":
		return devices.ErrInkEmpty
	case "media-empty", "media-needed", "input-tray-missing", "input-media-tray-empty":
		return devices.ErrNoBooklet
	case "marker-waste-full", "opc-life-over", "fuser-over-temp", "fuser-under-temp", "output-area-full":
		return devices.ErrMaintenance
	case prefix + "wrong-booklet":
		return devices.ErrWrongBlank
	case prefix + "wrong-page":
		return devices.ErrWrongPage
	case prefix + "booklet-skewed":
		return devices.ErrSkewed
	case prefix + "booklet-damaged":
		return devices.ErrDamaged
	case "shutdown", "offline", "power-down", "connecting-to-device", "timed-out":
		return devices.ErrUnreachable
	case "paused", "moving-to-paused", "stopping", "stopped-partly", "deactivated":
		return devices.ErrBusy
	case "job-canceled-by-user", "job-canceled-at-device", "job-canceled-by-operator", "job-canceled-after-timeout":
		return devices.ErrCancelled
	}
	return nil
}
