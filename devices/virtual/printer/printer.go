// Package printer is the passport printer of a training office. It speaks IPP over HTTP, takes the
// book that lies at the desk's printer place, lays the ink of a PWG raster on the picture of its
// data page, and ejects it into the drawer.
//
// A desk directory DIR carries, beside the books, two things of this printer. DIR/jobs/N.pwg is
// every document that it received, as it came, under the job's number. DIR/faults/printer is a file
// with one word that a trainer or a test writes to plant a fault, and removes to cure it:
//
//	no-booklet        the printer does not see a book, even where one lies
//	jam               the next page jams when half of it is inked; the printer stays jammed
//	ink-empty         the ink is used up
//	cover-open        the cover is open
//	wrong-page        the booklet is not open at its data page
//	wrong-booklet     the printer takes another booklet than the one that lies there
//	skew              the booklet lies too askew to print on
//	damaged           the printer finds the page damaged
//	maintenance       a technician is needed
//	ink-low           the ink will soon be used up; the printer prints
//	power-lost        the power goes when half of the next page is inked; connections die
//	power-lost-early  the power goes while the next page is being sent, before any ink
//	power-lost-late   the power goes when the next page is complete and nobody was told
//	hang              takes every request and answers none until it is cured
//
// DIR/faults/lie.json lays booklets in askew (Lie); unless it is blind, the printer measures that and
// says so. DIR/faults/shift.json misplaces what it prints, by millimetres, degrees and scale (Shift).
//
// Jobs wait while a booklet is missing, the ink is empty or the cover is open, and go on when that
// is cured. A printer that lost its power forgets its jobs and comes back when the word is removed.
package printer

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"padarozhnik/devices/virtual/desk"
)

// Path is the printer's resource: ipp://HOST:PORT/ipp/print.
const Path = "/ipp/print"

// Options shape a virtual printer. Zero fields take the defaults.
type Options struct {
	ShortEdge    bool          // books are fed short edge first: media 88 mm across, 125 mm along
	Blind        bool          // the printer neither reads the booklet's number nor measures how it lies
	Streams      bool          // the printer has no memory for a page: it lays ink while the page comes
	Resolutions  []int         // what it offers, in dots per inch; 150, 300, 600 and 1200
	PrintTime    time.Duration // how long a page takes; 200 ms
	DocumentTime time.Duration // how long a job may wait for its document; 60 s
	Now          func() time.Time
	Log          *slog.Logger
}

// Printer is a virtual printer. Serve runs it once.
type Printer struct {
	desk  *desk.Desk
	dir   string
	o     Options
	start time.Time
	wake  chan struct{}

	mu     sync.Mutex
	jobs   []*job        // guarded by mu; oldest first
	lastID int           // guarded by mu
	jammed bool          // guarded by mu
	pace   time.Duration // guarded by mu; how long a page takes
	dark   bool          // guarded by mu; the power is lost
}

// Open returns the printer of the desk in dir.
func Open(dir string, o Options) (*Printer, error) {
	d, err := desk.Open(dir)
	if err != nil {
		return nil, fmt.Errorf("virtual printer: %w", err)
	}
	if len(o.Resolutions) == 0 {
		o.Resolutions = []int{150, 300, 600, 1200}
	}
	if o.PrintTime <= 0 {
		o.PrintTime = 200 * time.Millisecond
	}
	if o.DocumentTime <= 0 {
		o.DocumentTime = time.Minute
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	p := &Printer{desk: d, dir: dir, o: o, start: o.Now(), wake: make(chan struct{}, 1), pace: o.PrintTime}
	for _, sub := range []string{p.JobsDir(), filepath.Dir(p.FaultFile())} {
		if err := os.MkdirAll(sub, 0o700); err != nil {
			return nil, fmt.Errorf("virtual printer: %w", err)
		}
	}
	if p.lastID, err = lastKept(p.JobsDir()); err != nil {
		return nil, fmt.Errorf("virtual printer: %w", err)
	}
	return p, nil
}

// Slow makes a page take so long from now on.
func (p *Printer) Slow(page time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.pace = page
}

// JobsDir is where received documents are kept, one file N.pwg each.
func (p *Printer) JobsDir() string { return filepath.Join(p.dir, "jobs") }

// lastKept is the highest number of a kept document: numbers are never used again.
func lastKept(dir string) (int, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return 0, err
	}
	last := 0
	for _, e := range entries {
		name, kept := strings.CutSuffix(e.Name(), ".pwg")
		if n, err := strconv.Atoi(name); kept && err == nil {
			last = max(last, n)
		}
	}
	return last, nil
}

// Serve answers on l and prints until ctx ends; then it closes l. A page that is being inked is
// left half done, as by a pulled plug.
func (p *Printer) Serve(ctx context.Context, l net.Listener) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	server := &http.Server{
		Handler:           p,
		ReadHeaderTimeout: 10 * time.Second,
		BaseContext:       func(net.Listener) context.Context { return ctx },
		ErrorLog:          slog.NewLogLogger(p.o.Log.Handler(), slog.LevelDebug),
	}
	var work sync.WaitGroup
	work.Go(func() { p.work(ctx) })
	work.Go(func() {
		<-ctx.Done()
		_ = server.Close()
	})
	err := server.Serve(l)
	stop()
	work.Wait()
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return fmt.Errorf("virtual printer: %w", err)
}

// poke tells the worker to look again.
func (p *Printer) poke() {
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

// keep writes a document into the jobs directory under its number, complete or not at all.
func (p *Printer) keep(j *job, document io.Reader) (string, error) {
	path := filepath.Join(p.JobsDir(), strconv.Itoa(j.id)+".pwg")
	var came bytes.Buffer
	if p.o.Streams {
		document = io.TeeReader(document, &came)
	}
	err := replace(path, func(w io.Writer) error {
		n, err := io.Copy(w, io.LimitReader(document, maxDocument+1))
		if err == nil && n > maxDocument {
			return fmt.Errorf("document of more than %d bytes", maxDocument)
		}
		return err
	})
	if err != nil && p.o.Streams {
		err = errors.Join(err, p.breakOff(j, &came))
	}
	return path, err
}

// maxDocument is the most bytes of a document: an uncompressed page at 1200 dpi.
const maxDocument = 96 << 20

// replace writes a file under a temporary name, syncs it, renames it and syncs the directory.
func replace(path string, write func(io.Writer) error) error {
	dir := filepath.Dir(path)
	f, err := os.CreateTemp(dir, ".new-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	if err := errors.Join(write(f), f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
