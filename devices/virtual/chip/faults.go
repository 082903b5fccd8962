package chip

import (
	"fmt"
	"strconv"
	"strings"

	"padarozhnik/devices/chip/apdu"
)

// Faults are what goes wrong on demand. Numbers count commands, or reads, from 1; 0 is never.
type Faults struct {
	TearBefore      int         // out of the field before this command is done
	TearAfter       int         // out of the field after it is done, its answer lost
	StatusAt        int         // this command is not done and answers Status
	Status          apdu.Status // for StatusAt
	WrongByteAtRead int         // this READ BINARY gives one wrong bit
}

// ParseFault reads one fault as the simulator's command line writes it: tear-before:N,
// tear-after:N, wrong-byte:N or status:N:XXXX.
func ParseFault(f *Faults, s string) error {
	parts := strings.Split(s, ":")
	if len(parts) < 2 {
		return fmt.Errorf("fault %q: want tear-before:N, tear-after:N, wrong-byte:N or status:N:XXXX", s)
	}
	n, err := strconv.Atoi(parts[1])
	if err != nil || n < 1 {
		return fmt.Errorf("fault %q: %q is no number from 1", s, parts[1])
	}
	switch {
	case parts[0] == "tear-before" && len(parts) == 2:
		f.TearBefore = n
	case parts[0] == "tear-after" && len(parts) == 2:
		f.TearAfter = n
	case parts[0] == "wrong-byte" && len(parts) == 2:
		f.WrongByteAtRead = n
	case parts[0] == "status" && len(parts) == 3:
		w, err := strconv.ParseUint(parts[2], 16, 16)
		if err != nil {
			return fmt.Errorf("fault %q: %q is no status word", s, parts[2])
		}
		f.StatusAt, f.Status = n, apdu.Status(w)
	default:
		return fmt.Errorf("fault %q: want tear-before:N, tear-after:N, wrong-byte:N or status:N:XXXX", s)
	}
	return nil
}
