// Package scanner is the virtual document scanner of a training desk: an eSCL server whose glass
// shows the book that lies at the desk's scanner place, or else the next page of a folder.
//
// It stands at the wire. A driver under test speaks HTTP and XML to it as to a desktop flatbed,
// and gets a picture with the faults of a real one: the book lies a little askew, the sensor is
// noisy, the lens may be soft, the picture is compressed. All of that follows from Settings.Seed
// and the number of the scan, so a test can be repeated to the byte.
//
// # Glass
//
// The glass is 215.9 x 297 mm with a white lid. A book's page.png is taken to be 125 mm wide
// (ICAO Doc 9303-4, 2.1), whatever its pixels. A page of the folder is laid at the origin at the
// size that its pHYs chunk or JFIF density tells, else 210 mm wide; each is used up by one
// delivered scan, in name order. A glass with nothing on it refuses the job with 409, and the
// status says MediaNeeded.
//
// # Faults
//
// SetFaults, or the words in the file DESK/faults/scanner, make it misbehave; see Faults.
package scanner

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"padarozhnik/devices/virtual/desk"
)

// Size of the glass in millimetres.
const (
	GlassWidthMM  = 215.9
	GlassHeightMM = 297.0
)

// Settings describe one scanner. Desk, Dir or Pages may be empty; a scanner without any of them
// has an empty glass.
type Settings struct {
	Desk    *desk.Desk   // books; nil for none
	Dir     string       // the desk's directory, where faults/scanner is looked for; "" for none
	Pages   string       // folder of PNG and JPEG pages; "" for none
	Seed    uint64       // of position, angle and noise
	SkewDeg float64      // largest angle at which a book is laid, either way
	ShiftMM float64      // largest distance of a book from its usual place, each way
	Noise   float64      // standard deviation of the sensor's noise in grey levels
	BlurMM  float64      // radius of the lens's blur; 0 for none
	Quality int          // of JPEG, 1 to 100; 0 means 90
	OnlyPDF bool         // pages are offered as PDF alone
	Feeder  bool         // the folder's pages lie in a feeder beside the glass
	Lens    Lens         // how the picture's measures are wrong
	Log     *slog.Logger // nil drops the log
	Now     func() time.Time
}

// Scanner is the virtual device. It is an http.Handler for paths below /eSCL and may serve
// several connections, but holds one job at a time.
type Scanner struct {
	set Settings

	mu     sync.Mutex
	faults Faults
	job    *job   // under mu
	jobs   uint64 // jobs accepted so far, under mu
	served int    // pages of the folder used up, under mu
}

// New returns a scanner with its lamp on.
func New(set Settings) *Scanner {
	if set.Log == nil {
		set.Log = slog.New(slog.DiscardHandler)
	}
	if set.Now == nil {
		set.Now = time.Now
	}
	if set.Quality == 0 {
		set.Quality = 90
	}
	return &Scanner{set: set}
}

// Serve answers requests on l until ctx ends, closes l, and returns nil after a clean stop.
func (s *Scanner) Serve(ctx context.Context, l net.Listener) error {
	server := &http.Server{Handler: s, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: time.Minute}
	stopped := make(chan struct{})
	release := context.AfterFunc(ctx, func() {
		defer close(stopped)
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*time.Second)
		defer cancel()
		if server.Shutdown(last) != nil {
			_ = server.Close()
		}
	})
	err := server.Serve(l)
	if !release() {
		<-stopped
	}
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return fmt.Errorf("serve scanner: %w", err)
}
