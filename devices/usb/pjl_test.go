package usb_test

import (
	"bytes"
	"testing"

	"padarozhnik/devices/usb"
	"padarozhnik/devices/virtual/bounded"
)

// FuzzMessages: whatever a printer says of its jobs, what is kept is bounded; how the cable cuts it makes no
// difference; and a job is not ended by words that do not name it.
func FuzzMessages(f *testing.F) {
	for _, s := range []string{
		"@PJL USTATUS JOB\r\nEND\r\nNAME=\"UT1\"\r\nPAGES=1\r\n\f", "@PJL INFO STATUS\r\nCODE=10001\r\nONLINE=TRUE\r\n\f",
		"@PJL USTATUS JOB\r\nEND\r\nNAME=\"UT2\"\r\nPAGES=1\r\n\f", "@pjl  ustatus job\nCANCELED\nNAME=UT1\n\f",
		"\f\f\f", "@PJL USTATUS JOB\r\nEND\r\nPAGES=99999999999999999999\r\n\f", "=\n=\n=\f",
	} {
		f.Add([]byte(s), 7)
	}
	f.Fuzz(func(t *testing.T, said []byte, at int) {
		if len(said) == 0 {
			return
		}
		at = int(uint(at) % uint(len(said)))
		bounded.Memory(t, len(said), 64<<10, 1200, func() {
			count, values, ended, held := usb.Heard("UT1", said)
			if values > 64 || held > 4096 || count > len(said) {
				t.Errorf("%d messages of at most %d values, %d bytes wait", count, values, held)
			}
			if ended && !bytes.Contains(said, []byte("UT1")) {
				t.Error("ended by another's end")
			}
			if c, v, e, h := usb.Heard("UT1", said[:at], said[at:]); c != count || v != values || e != ended || h != held {
				t.Errorf("cut at %d it says %d, %d, %v, %d; whole %d, %d, %v, %d", at, c, v, e, h, count, values, ended, held)
			}
		})
	})
}
