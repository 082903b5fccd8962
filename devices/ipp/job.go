package ipp

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/OpenPrinting/goipp"

	"padarozhnik/devices"
)

// States of a job (RFC 8011, 5.3.7).
const (
	jobPending           = 3
	jobProcessing        = 5
	jobProcessingStopped = 6
	jobCanceled          = 7
	jobAborted           = 8
	jobCompleted         = 9
)

// job is what the printer says of a job.
type job struct {
	state   int
	reasons []string
	// clean: the printer says outright that processing never began.
	clean bool
}

// run creates the job, sends the page and follows it to its end.
func (p *Printer) run(ctx context.Context, c *capabilities, t *ticket, report devices.Report) error {
	page := newRaster(t, report)
	if !c.can(goipp.OpCreateJob) || !c.can(goipp.OpSendDocument) {
		return p.runPrintJob(ctx, t, page, report)
	}
	m := p.message(goipp.OpCreateJob)
	t.describe(m, false)
	answer, err := p.exchange(ctx, p.options.Answer, m, nil)
	if refused(err, goipp.StatusErrorOperationNotSupported) && c.can(goipp.OpPrintJob) {
		return p.runPrintJob(ctx, t, page, report)
	}
	if err != nil {
		return fmt.Errorf("create job: %w", err)
	}
	id, err := jobID(answer)
	if err != nil {
		return fmt.Errorf("create job: %w", err)
	}
	m = p.about(goipp.OpSendDocument, id)
	m.Operation.Add(goipp.MakeAttr("document-format", goipp.TagMimeType, goipp.String(rasterType)))
	m.Operation.Add(goipp.MakeAttr("last-document", goipp.TagBoolean, goipp.Boolean(true)))
	if _, err := p.exchange(ctx, p.options.Send, m, page); err != nil {
		return p.afterBrokenSend(ctx, id, page, report, fmt.Errorf("send document: %w", err))
	}
	return p.follow(ctx, id, report)
}

// runPrintJob is the one-step way, for printers that lack Create-Job. Without a job number nobody
// can ask after a job whose answer was lost.
func (p *Printer) runPrintJob(ctx context.Context, t *ticket, page *raster, report devices.Report) error {
	m := p.message(goipp.OpPrintJob)
	t.describe(m, true)
	answer, err := p.exchange(ctx, p.options.Send, m, page)
	var said *statusError
	switch {
	case errors.As(err, &said), err != nil && !page.begun:
		return fmt.Errorf("print job: %w", err)
	case err != nil:
		return inDoubt(fmt.Errorf("print job: %w", err))
	}
	id, err := jobID(answer)
	if err != nil {
		return inDoubt(fmt.Errorf("print job: %w", err))
	}
	return p.follow(ctx, id, report)
}

func jobID(answer *goipp.Message) (int, error) {
	ids := numbers(answer.Job, "job-id")
	if len(ids) == 0 || ids[0] < 1 {
		return 0, fmt.Errorf("answer without a job number: %w", devices.ErrProtocol)
	}
	return ids[0], nil
}

// afterBrokenSend finds out what became of a page whose sending failed. If all of it went out and
// only the answer is lost, the job is followed; otherwise it is called off, and its last state
// decides.
func (p *Printer) afterBrokenSend(ctx context.Context, id int, page *raster, report devices.Report, cause error) error {
	if page.sent() && errors.Is(cause, devices.ErrUnreachable) && ctx.Err() == nil {
		return p.follow(ctx, id, report)
	}
	last, err := p.callOff(ctx, id)
	switch {
	case err == nil && last.state == jobCompleted:
		return nil
	case !page.begun, err == nil && last.ended() && last.clean:
		return firstCondition(last, cause)
	case err != nil && !errors.Is(cause, devices.ErrUnreachable):
		return inDoubt(fmt.Errorf("%w: %w", cause, err))
	}
	return inDoubt(firstCondition(last, cause))
}

// follow looks at the job until it has ended. A job that stands still for a condition is called
// off: nobody comes back to a printer that prints by itself an hour later.
func (p *Printer) follow(ctx context.Context, id int, report devices.Report) error {
	deadline := time.Now().Add(p.options.Job)
	silent := time.Time{} // since when the printer does not answer
	for {
		report.At("print", 0, 0)
		j, err := p.look(ctx, id)
		switch {
		case ctx.Err() != nil:
			return p.conclude(ctx, id, ctx.Err())
		case err == nil && j.state == jobCompleted:
			return nil
		case err == nil && j.ended():
			return p.verdict(ctx, j, fmt.Errorf("job ended in state %d", j.state))
		case err == nil:
			silent = time.Time{}
			if c, askErr := p.ask(ctx); askErr == nil && j.stands(c) {
				return p.conclude(ctx, id, conditions(c.reasons)[0])
			}
		case !errors.Is(err, devices.ErrUnreachable) && !errors.Is(err, devices.ErrBusy):
			return inDoubt(err)
		case silent.IsZero():
			silent = time.Now()
		case time.Since(silent) > p.options.Reach:
			return inDoubt(err)
		}
		if time.Now().After(deadline) {
			return p.conclude(ctx, id, fmt.Errorf("job did not end in %v: %w", p.options.Job, devices.ErrBusy))
		}
		wait(ctx, p.options.Poll)
	}
}

// conclude calls the job off for a cause and says whether the page may carry ink.
func (p *Printer) conclude(ctx context.Context, id int, cause error) error {
	j, err := p.callOff(ctx, id)
	switch {
	case err == nil && j.state == jobCompleted:
		return nil
	case err == nil && j.ended() && j.clean:
		return cause
	}
	return inDoubt(cause)
}

// verdict is the error of a job that ended by itself without being completed.
func (p *Printer) verdict(ctx context.Context, j job, cause error) error {
	err := firstCondition(j, nil)
	if err == nil && j.state == jobCanceled {
		err = devices.ErrCancelled
	}
	if err == nil {
		err = p.printerCondition(ctx, j)
	}
	if err == nil {
		err = fmt.Errorf("%w: %w", cause, devices.ErrProtocol)
	}
	if j.clean {
		return err
	}
	return inDoubt(err)
}

// printerCondition asks what holds the printer after it gave up a job. An empty tray says nothing
// of a page that was begun: the book may have been ejected.
func (p *Printer) printerCondition(ctx context.Context, j job) error {
	c, err := p.ask(ctx)
	if err != nil {
		return nil
	}
	for _, found := range conditions(c.reasons) {
		if j.clean || !errors.Is(found, devices.ErrNoBooklet) {
			return found
		}
	}
	return nil
}

// firstCondition is the most serious condition of a job, or the cause.
func firstCondition(j job, cause error) error {
	if found := conditions(j.reasons); len(found) > 0 && !errors.Is(found[0], devices.ErrCancelled) {
		return found[0]
	}
	return cause
}

// callOff cancels a job and waits for its end (RFC 8011, 4.3.3). It works after ctx was cancelled,
// within a deadline of its own.
func (p *Printer) callOff(ctx context.Context, id int) (job, error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), p.options.Cancel)
	defer cancel()
	var last job
	var err error
	asked := false
	for ctx.Err() == nil {
		if last, err = p.look(ctx, id); err == nil && last.ended() {
			return last, nil
		}
		var said *statusError
		if errors.As(err, &said) {
			return job{}, err // the printer answers and does not know the job
		}
		if err == nil && !asked {
			_, cancelErr := p.exchange(ctx, p.options.Answer, p.about(goipp.OpCancelJob, id), nil)
			asked = cancelErr == nil
		}
		wait(ctx, p.options.Poll)
	}
	if err == nil {
		err = fmt.Errorf("job does not end: %w", devices.ErrBusy)
	}
	return last, err
}

// look reads the state of a job (RFC 8011, 4.3.4).
func (p *Printer) look(ctx context.Context, id int) (job, error) {
	m := p.about(goipp.OpGetJobAttributes, id)
	names := goipp.Attribute{Name: "requested-attributes"}
	for _, name := range []string{"job-state", "job-state-reasons", "time-at-processing"} {
		names.Values.Add(goipp.TagKeyword, goipp.String(name))
	}
	m.Operation.Add(names)
	answer, err := p.exchange(ctx, p.options.Answer, m, nil)
	if err != nil {
		return job{}, fmt.Errorf("job %d: %w", id, err)
	}
	return parseJob(answer.Job)
}

func parseJob(attrs goipp.Attributes) (job, error) {
	states := numbers(attrs, "job-state")
	if len(states) == 0 || states[0] < jobPending || states[0] > jobCompleted {
		return job{}, fmt.Errorf("job without a state: %w", devices.ErrProtocol)
	}
	j := job{state: states[0], reasons: texts(attrs, "job-state-reasons")}
	for _, a := range attrs {
		if a.Name == "time-at-processing" && len(a.Values) == 1 && a.Values[0].T == goipp.TagNoValue {
			j.clean = true
		}
	}
	return j, nil
}

// ended tells whether the job's state is final.
func (j job) ended() bool { return j.state >= jobCanceled }

// stands tells whether the job waits for a person.
func (j job) stands(c *capabilities) bool {
	return j.state != jobProcessing && len(conditions(c.reasons)) > 0
}

// wait sleeps, or returns early when ctx ends.
func wait(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
}
