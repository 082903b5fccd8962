package chip

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"padarozhnik/devices/chip/apdu"
)

// Faults are what goes wrong on demand. Numbers count commands, or reads, from 1; 0 is never.
type Faults struct {
	TearBefore      int         // out of the field before this command is done
	TearAfter       int         // out of the field after it is done, its answer lost
	StatusAt        int         // this command is not done and answers Status
	Status          apdu.Status // for StatusAt
	WrongByteAtRead int         // this READ BINARY gives one wrong bit
	ReadRoom        int         // bytes of data that one READ BINARY gives at most; 0 for all it announces
	RefuseLong      bool        // READ BINARY for more than ReadRoom answers 6700 and ends the session

	Delay  time.Duration // each command takes this much longer
	SwapAt int           // before this command Swap is called, and the chip is out of the field:
	Swap   func()        // something else lies on the reader now, or nothing, or there is no reader
}

// ErrFault is returned for a fault that cannot be read.
var ErrFault = errors.New("want tear-before:N, tear-after:N, remove:N, wrong-byte:N, status:N:XXXX, read-room:N, " +
	"refuse-long:N or delay:MILLISECONDS")

// ParseFault reads one fault as the simulator's command line writes it. remove:N is left to whoever
// plays the chip: it sets SwapAt alone.
func ParseFault(f *Faults, s string) error {
	parts := strings.Split(s, ":")
	if len(parts) < 2 || len(parts) > 3 || (len(parts) == 3) != (parts[0] == "status") {
		return fmt.Errorf("fault %q: %w", s, ErrFault)
	}
	n, err := strconv.Atoi(parts[1])
	if err != nil || n < 1 {
		return fmt.Errorf("fault %q: %q is no number from 1", s, parts[1])
	}
	switch parts[0] {
	case "tear-before":
		f.TearBefore = n
	case "tear-after":
		f.TearAfter = n
	case "remove":
		f.SwapAt = n
	case "wrong-byte":
		f.WrongByteAtRead = n
	case "read-room":
		f.ReadRoom = n
	case "refuse-long":
		f.ReadRoom, f.RefuseLong = n, true
	case "delay":
		f.Delay = time.Duration(n) * time.Millisecond
	case "status":
		w, err := strconv.ParseUint(parts[2], 16, 16)
		if err != nil {
			return fmt.Errorf("fault %q: %q is no status word", s, parts[2])
		}
		f.StatusAt, f.Status = n, apdu.Status(w)
	default:
		return fmt.Errorf("fault %q: %w", s, ErrFault)
	}
	return nil
}
