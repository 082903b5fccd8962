package scanner

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Faults make the scanner misbehave. The zero value is a healthy one.
//
// The same words stand in the file DESK/faults/scanner, separated by white space, as long as the
// file is there: busy, busy=5s (counted from the file's time), unplugged, html, truncate, jam.
type Faults struct {
	Busy      bool      // every request but a DELETE is answered 503
	BusyUntil time.Time // the same until then
	Unplugged bool      // connections are reset without an answer
	HTML      bool      // documents are answered with a web page, as by a captive portal
	Truncate  bool      // pictures break off in the middle
	Jam       bool      // jobs are accepted; their page is refused with 409 and the status says why
}

// ParseFaults reads the words of a fault file that was written at the given time.
func ParseFaults(text string, written time.Time) (Faults, error) {
	var f Faults
	for _, word := range strings.Fields(text) {
		name, value, timed := strings.Cut(word, "=")
		switch {
		case name == "busy" && timed:
			d, err := time.ParseDuration(value)
			if err != nil {
				return Faults{}, fmt.Errorf("fault %q: want busy=DURATION", word)
			}
			f.BusyUntil = written.Add(d)
		case word == "busy":
			f.Busy = true
		case word == "unplugged":
			f.Unplugged = true
		case word == "html":
			f.HTML = true
		case word == "truncate":
			f.Truncate = true
		case word == "jam":
			f.Jam = true
		default:
			return Faults{}, fmt.Errorf("fault %q: want busy, busy=DURATION, unplugged, html, truncate or jam", word)
		}
	}
	return f, nil
}

// SetFaults replaces the faults set by program. Those of the file are added to them.
func (s *Scanner) SetFaults(f Faults) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = f
}

// currentFaults joins the faults set by program and those of the file.
func (s *Scanner) currentFaults() Faults {
	s.mu.Lock()
	f := s.faults
	s.mu.Unlock()
	if s.set.Dir == "" {
		return f
	}
	path := filepath.Join(s.set.Dir, "faults", "scanner")
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return f
	}
	text, readErr := os.ReadFile(path)
	if err = errors.Join(err, readErr); err != nil {
		s.set.Log.Warn("fault file not readable", "error", err)
		return f
	}
	more, err := ParseFaults(string(text), info.ModTime())
	if err != nil {
		s.set.Log.Warn("fault file not understood", "error", err)
		return f
	}
	f.Busy = f.Busy || more.Busy
	f.Unplugged = f.Unplugged || more.Unplugged
	f.HTML = f.HTML || more.HTML
	f.Truncate = f.Truncate || more.Truncate
	f.Jam = f.Jam || more.Jam
	if more.BusyUntil.After(f.BusyUntil) {
		f.BusyUntil = more.BusyUntil
	}
	return f
}

// busy says whether requests are put off at the given time.
func (f Faults) busy(now time.Time) bool { return f.Busy || now.Before(f.BusyUntil) }

// unplug resets a connection as a pulled cable would.
func unplug(w http.ResponseWriter) {
	hijacker, ok := w.(http.Hijacker)
	if !ok {
		panic(http.ErrAbortHandler)
	}
	conn, _, err := hijacker.Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = conn.Close()
}
