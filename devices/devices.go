// Package devices holds the contracts of the three machines on an officer's desk: a document
// scanner, a passport printer and a contactless-chip encoder.
//
// A driver implements one contract over one protocol (eSCL, IPP, PC/SC). The workflow sees only
// what stands here, so the same desk works with any of them, and with the virtual devices that
// speak the same protocols at the wire. Contracts block until done, honour the context, and
// leave the device usable and the booklet's state true after a cancel. A device is used by one
// goroutine at a time. Errors wrap the conditions of this package where a person can act on them.
package devices

// Identity says which device this is. Every field but URI may be empty where a device does not
// tell.
type Identity struct {
	URI      string `json:"uri"`
	Maker    string `json:"maker,omitempty"`
	Model    string `json:"model,omitempty"`
	Serial   string `json:"serial,omitempty"`
	Firmware string `json:"firmware,omitempty"`
}

// Progress reports how far a long step has come. Done and Total are in the unit that the step
// counts (bytes for chips and rasters); Total is 0 while it is not known.
type Progress struct {
	Step  string
	Done  int64
	Total int64
}

// Report receives progress. A nil Report is allowed everywhere: drivers call it through
// Report.At.
type Report func(Progress)

// At passes one position on, or drops it when nobody listens.
func (r Report) At(step string, done, total int64) {
	if r != nil {
		r(Progress{Step: step, Done: done, Total: total})
	}
}
