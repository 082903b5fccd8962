package escl

import (
	"fmt"
	"strings"

	"padarozhnik/devices"
)

// Status is what ScannerStatus says.
type Status struct {
	State        string   `xml:"http://www.pwg.org/schemas/2010/12/sm State"`
	StateReasons []string `xml:"http://www.pwg.org/schemas/2010/12/sm StateReasons>StateReason"`
	FeederState  string   `xml:"http://schemas.hp.com/imaging/escl/2011/05/03 AdfState"`
	Jobs         []Job    `xml:"http://schemas.hp.com/imaging/escl/2011/05/03 Jobs>JobInfo"`
}

// Job is one entry of a scanner's list of jobs.
type Job struct {
	URI     string   `xml:"http://www.pwg.org/schemas/2010/12/sm JobUri"`
	State   string   `xml:"http://www.pwg.org/schemas/2010/12/sm JobState"`
	Reasons []string `xml:"http://www.pwg.org/schemas/2010/12/sm JobStateReasons>JobStateReason"`
}

// ParseStatus reads a ScannerStatus document. It returns an error wrapping devices.ErrProtocol
// when the bytes are none.
func ParseStatus(b []byte) (Status, error) {
	var s Status
	if err := unmarshal(b, "ScannerStatus", &s); err != nil {
		return Status{}, err
	}
	if s.State == "" {
		return Status{}, fmt.Errorf("ScannerStatus without a state: %w", devices.ErrProtocol)
	}
	return s, nil
}

// conditions maps parts of the protocol's keywords to what a person can cure, most serious first.
var conditions = []struct {
	part string
	err  error
}{
	{"jam", devices.ErrJammed},
	{"mispick", devices.ErrJammed},
	{"coveropen", devices.ErrCoverOpen},
	{"hatchopen", devices.ErrCoverOpen},
	{"dooropen", devices.ErrCoverOpen},
	{"adfempty", devices.ErrNothingToScan},
	{"mediaempty", devices.ErrNothingToScan},
	{"medianeeded", devices.ErrNothingToScan},
	{"notloaded", devices.ErrNothingToScan},
}

// cause names what keeps the scanner from a page of the given source, or nil where the status
// shows nothing wrong. job is the path of the job asked for, or "".
func (s Status) cause(source, job string) error {
	words := append([]string(nil), s.StateReasons...)
	if source == "Feeder" {
		words = append(words, s.FeederState)
	}
	for _, j := range s.Jobs {
		if job != "" && strings.HasSuffix(j.URI, job) {
			words = append(words, j.Reasons...)
		}
	}
	for _, c := range conditions {
		for _, w := range words {
			plain := strings.ToLower(strings.ReplaceAll(strings.TrimSpace(w), "-", ""))
			if strings.Contains(plain, c.part) {
				return c.err
			}
		}
	}
	fed := source == "Feeder" && job != "" // the scanner works on nothing but this job
	switch strings.TrimSpace(s.State) {
	case "Processing", "Testing":
		if !fed {
			return devices.ErrBusy
		}
	case "Down":
		return devices.ErrUnreachable
	}
	return nil
}
