package printer

import (
	"context"
	"fmt"
	"io"
	"slices"
)

// This file is the printer for those who reach it by another way than IPP: over the pipe of a USB cable
// there are documents, and no requests.

// Work prints what waits until ctx ends. Serve does it by itself.
func (p *Printer) Work(ctx context.Context) { p.work(ctx) }

// Receive takes a page as PWG raster and lets it wait for its turn. It returns the job's number, or an
// error when the document breaks off or is no page of a booklet; then nothing is printed but what a printer
// without memory for a page has laid already.
func (p *Printer) Receive(name string, document io.Reader) (int, error) {
	if !p.powered() {
		return 0, io.ErrClosedPipe
	}
	j := p.newJob(limited(name), "cable")
	if j == nil {
		return 0, fmt.Errorf("more than %d jobs", maxJobs)
	}
	p.mu.Lock()
	j.reason = receiving
	p.mu.Unlock()
	path, err := p.keep(j, document)
	if err == nil {
		err = p.inspect(path)
	}
	if err != nil {
		p.o.Log.Warn("document refused", "job", j.id, "error", err)
		p.end(j, stateAborted, "document-format-error")
		return 0, fmt.Errorf("no page of a booklet: %w", err)
	}
	p.mu.Lock()
	j.state, j.reason, j.document = statePending, "none", path
	p.mu.Unlock()
	p.poke()
	return j.id, nil
}

// Outcome tells whether a job has ended, and how many pages it printed.
func (p *Printer) Outcome(id int) (ended bool, pages int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	j := p.find(id)
	if j == nil {
		return true, 0
	}
	return j.state >= stateCanceled, j.pages
}

// Busy tells whether a document is on its way, waits for its turn or is being inked.
func (p *Printer) Busy() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.ContainsFunc(p.jobs, func(j *job) bool {
		return j.state < stateCanceled && (j.state != stateHeld || j.reason == receiving)
	})
}

// CallOff cancels a job that has not ended.
func (p *Printer) CallOff(id int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch j := p.find(id); {
	case j == nil || j.state >= stateCanceled:
	case j.state == stateProcessing:
		j.cancel = true
	default:
		p.endLocked(j, stateCanceled, "job-canceled-by-user")
	}
}

// Powered tells whether the printer answers at all.
func (p *Printer) Powered() bool { return p.powered() }

// Reasons are the printer-state-reasons that stop it now (RFC 8011, 5.4.12).
func (p *Printer) Reasons() []string { return p.reasons() }
