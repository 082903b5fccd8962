package event

import "padarozhnik/station"

// Kinds of entries about a batch run. The subject is the run's name or, for one booklet, its serial. What
// happens to a booklet itself has its own entries, as outside of a run.
const (
	RunBegun    = "run.begun"
	RunPaused   = "run.paused"
	RunResumed  = "run.resumed"
	RunNeeds    = "run.needs" // a person was called to a booklet
	RunRetried  = "run.retried"
	RunSkipped  = "run.skipped"
	RunReported = "run.reported"
)

// RunSheet is the body of RunBegun: the sheet by its SHA-256, who wrote it, and how many orders it has.
type RunSheet struct {
	Sheet  []byte `cbor:"1,keyasint"`
	By     string `cbor:"2,keyasint"`
	Orders int    `cbor:"3,keyasint"`
}

// RunStopped is the body of RunPaused. Word is empty where a person asked for it.
type RunStopped struct {
	Word string `cbor:"1,keyasint,omitempty"`
}

// RunBooklet is the body of RunNeeds, RunRetried and RunSkipped. Word is the program's word for the cause,
// or the reason that an officer wrote, which never names the holder.
type RunBooklet struct {
	Run  string            `cbor:"1,keyasint"`
	Case station.CaseToken `cbor:"2,keyasint"`
	Word string            `cbor:"3,keyasint,omitempty"`
}

// RunResult is the body of RunReported: the SHA-256 of the report, and its sum. Orders is the sum of the
// other three.
type RunResult struct {
	Report  []byte `cbor:"1,keyasint"`
	Orders  int    `cbor:"2,keyasint"`
	Good    int    `cbor:"3,keyasint"`
	Spoiled int    `cbor:"4,keyasint"`
	Skipped int    `cbor:"5,keyasint"`
}
