package printer

import (
	"slices"
	"time"

	"github.com/OpenPrinting/goipp"
)

// States of a job (RFC 8011, 5.3.7).
const (
	statePending    = 3
	stateHeld       = 4
	stateProcessing = 5
	stateCanceled   = 7
	stateAborted    = 8
	stateCompleted  = 9
)

// receiving is the reason of a job whose document is on its way.
const receiving = "job-data-insufficient"

// maxJobs is how many jobs are remembered.
const maxJobs = 64

// job is one print job. Its fields are guarded by the printer's mutex.
type job struct {
	id       int
	name     string
	user     string
	state    int
	reason   string
	document string // path of the kept document; "" until it came
	pages    int    // impressions completed
	cancel   bool   // wanted while the page is being inked

	created, processing, completed time.Time
}

// newJob adds a job that waits for its document. It returns nil when too many are unfinished.
func (p *Printer) newJob(name, user string) *job {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.jobs) >= maxJobs {
		done := slices.IndexFunc(p.jobs, func(j *job) bool { return j.state >= stateCanceled })
		if done < 0 {
			return nil
		}
		p.jobs = slices.Delete(p.jobs, done, done+1)
	}
	p.lastID++
	j := &job{id: p.lastID, name: name, user: user, state: stateHeld, reason: "job-incoming", created: p.o.Now()}
	p.jobs = append(p.jobs, j)
	return j
}

// find returns the job of a number, or nil. The caller holds the mutex.
func (p *Printer) find(id int) *job {
	for _, j := range p.jobs {
		if j.id == id {
			return j
		}
	}
	return nil
}

// end gives a job its final state, once.
func (p *Printer) end(j *job, state int, reason string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.endLocked(j, state, reason)
}

func (p *Printer) endLocked(j *job, state int, reason string) {
	if j.state >= stateCanceled {
		return
	}
	j.state, j.reason, j.completed = state, reason, p.o.Now()
	p.o.Log.Info("job ended", "job", j.id, "state", state, "reason", reason)
}

// expire aborts jobs whose document does not come (multiple-operation-time-out, RFC 8011, 5.4.31).
func (p *Printer) expire() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, j := range p.jobs {
		if j.state == stateHeld && j.reason != receiving && p.o.Now().Sub(j.created) > p.o.DocumentTime {
			p.endLocked(j, stateAborted, "aborted-by-system")
		}
	}
}

// seconds is a time as the protocol counts it, from the start of the printer.
func (p *Printer) seconds(t time.Time) int { return int(t.Sub(p.start)/time.Second) + 1 }

// attributes describe a job. stopped are the reasons that hold the printer. The caller holds the
// mutex.
func (p *Printer) attributes(j *job, uri string, stopped []string) goipp.Attributes {
	reason := j.reason
	if j.state == statePending && len(stopped) > 0 {
		reason = "printer-stopped"
	}
	var out goipp.Attributes
	out.Add(integer("job-id", goipp.TagInteger, j.id))
	out.Add(text("job-uri", goipp.TagURI, jobURI(uri, j.id)))
	out.Add(text("job-printer-uri", goipp.TagURI, uri))
	out.Add(text("job-name", goipp.TagName, j.name))
	out.Add(text("job-originating-user-name", goipp.TagName, j.user))
	out.Add(integer("job-state", goipp.TagEnum, j.state))
	out.Add(text("job-state-reasons", goipp.TagKeyword, reason))
	out.Add(integer("job-impressions-completed", goipp.TagInteger, j.pages))
	out.Add(integer("job-printer-up-time", goipp.TagInteger, p.seconds(p.o.Now())))
	out.Add(integer("time-at-creation", goipp.TagInteger, p.seconds(j.created)))
	for name, at := range map[string]time.Time{"time-at-processing": j.processing, "time-at-completed": j.completed} {
		if at.IsZero() {
			out.Add(goipp.MakeAttr(name, goipp.TagNoValue, goipp.Void{}))
			continue
		}
		out.Add(integer(name, goipp.TagInteger, p.seconds(at)))
	}
	return out
}
