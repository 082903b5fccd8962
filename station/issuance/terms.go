package issuance

import (
	"fmt"
	"strings"
	"time"

	"padarozhnik/station"
)

// terms says whose appointment or vetting ends soon, or has ended, where there is somebody. It stops nobody: an
// officer whose term is over is refused by every verb.
func (d *Desk) terms(now time.Time) []Check {
	var ending []string
	for _, e := range d.Charter.Endings(station.DateOf(now)) {
		ending = append(ending, fmt.Sprintf("%s: %s until %s", e.Pseudonym, e.What, e.On))
	}
	if len(ending) == 0 {
		return nil
	}
	return []Check{{"terms", false, strings.Join(ending, "; ")}}
}
