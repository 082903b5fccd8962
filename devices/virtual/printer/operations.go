package printer

import (
	"errors"
	"io"
	"os"

	"github.com/OpenPrinting/goipp"

	"padarozhnik/printing/pwg"
)

const rasterType = "image/pwg-raster"

// answer does one operation. It returns nil when the power goes in the middle.
func (p *Printer) answer(q *request) *goipp.Message {
	if q.RequestID == 0 || len(q.Operation) < 2 || q.Operation[0].Name != "attributes-charset" ||
		q.Operation[1].Name != "attributes-natural-language" {
		return q.refuse(goipp.StatusErrorBadRequest, "charset and language come first")
	}
	if v := q.Version.Major(); v != 1 && v != 2 {
		return q.refuse(goipp.StatusErrorVersionNotSupported, "versions 1 and 2")
	}
	switch c := q.value("attributes-charset"); c {
	case "utf-8", "us-ascii":
	default:
		return q.refuse(goipp.StatusErrorCharset, "utf-8")
	}
	if q.value("printer-uri") == "" && q.value("job-uri") == "" {
		return q.refuse(goipp.StatusErrorBadRequest, "no printer or job named")
	}
	switch goipp.Op(q.Code) {
	case goipp.OpGetPrinterAttributes:
		m := q.reply(goipp.StatusOk)
		m.Printer = q.pick(p.describe(q.uri), "printer-description", "job-template", "media-col-database")
		return m
	case goipp.OpValidateJob:
		if refusal := p.check(q); refusal != nil {
			return refusal
		}
		return q.reply(goipp.StatusOk)
	case goipp.OpCreateJob:
		return p.create(q, nil)
	case goipp.OpPrintJob:
		return p.create(q, q.document)
	case goipp.OpSendDocument:
		return p.send(q)
	case goipp.OpGetJobAttributes:
		return p.jobAttributes(q)
	case goipp.OpGetJobs:
		return p.listJobs(q)
	case goipp.OpCancelJob:
		return p.cancelJob(q)
	}
	return q.refuse(goipp.StatusErrorOperationNotSupported, "no such operation")
}

// check refuses a job that cannot be printed as described (RFC 8011, 4.2.1.2).
func (p *Printer) check(q *request) *goipp.Message {
	if f := q.value("document-format"); f != "" && f != rasterType && f != "application/octet-stream" {
		return q.refuse(goipp.StatusErrorDocumentFormatNotSupported, rasterType)
	}
	if c := q.value("compression"); c != "" && c != "none" {
		return q.refuse(goipp.StatusErrorCompressionNotSupported, "none")
	}
	strict := q.flag("ipp-attribute-fidelity")
	var bad goipp.Attributes
	for _, a := range q.Job {
		if known, ok := p.supports(a); !ok && (strict || known) {
			bad.Add(a)
		}
	}
	if len(bad) == 0 {
		return nil
	}
	m := q.refuse(goipp.StatusErrorAttributesOrValues, "attributes of the job")
	m.Unsupported = bad
	return m
}

// create makes a job, with its document where that came along.
func (p *Printer) create(q *request, document io.Reader) *goipp.Message {
	if refusal := p.check(q); refusal != nil {
		return refusal
	}
	name, user := q.value("job-name"), q.value("requesting-user-name")
	if name == "" {
		name = "untitled"
	}
	if user == "" {
		user = "anonymous"
	}
	j := p.newJob(limited(name), limited(user))
	if j == nil {
		return q.refuse(goipp.StatusErrorTooManyJobs, "too many jobs")
	}
	if document != nil {
		return p.receive(q, j, document)
	}
	return p.jobReply(q, j.id)
}

// limited cuts a name to the length of the protocol (RFC 8011, 5.1.3).
func limited(s string) string { return s[:min(len(s), 255)] }

// send takes the document of a job (RFC 8011, 4.3.1).
func (p *Printer) send(q *request) *goipp.Message {
	p.mu.Lock()
	j := p.find(q.jobNumber())
	open := j != nil && j.state == stateHeld
	if open {
		j.reason = receiving
	}
	p.mu.Unlock()
	switch {
	case j == nil:
		return q.refuse(goipp.StatusErrorNotFound, "no such job")
	case !open:
		return q.refuse(goipp.StatusErrorNotPossible, "the job has its document")
	}
	if refusal := p.check(q); refusal != nil {
		p.end(j, stateAborted, "unsupported-document-format")
		return refusal
	}
	if !q.flag("last-document") {
		p.end(j, stateAborted, "aborted-by-system")
		return q.refuse(goipp.StatusErrorTooManyDocuments, "one document a job")
	}
	return p.receive(q, j, q.document)
}

// receive keeps a document, looks whether it is a page of a book, and lets the job wait for its
// turn. A document that breaks off or is no page ends the job before any ink.
func (p *Printer) receive(q *request, j *job, document io.Reader) *goipp.Message {
	if p.planted() == PowerLostEarly {
		_, _ = io.CopyN(io.Discard, document, 4096)
		p.losePower()
		return nil
	}
	path, err := p.keep(j, document)
	if err != nil {
		p.o.Log.Warn("document not received", "job", j.id, "error", err)
		p.end(j, stateAborted, "aborted-by-system")
		return q.refuse(goipp.StatusErrorDocumentAccess, "document broke off")
	}
	if err := p.inspect(path); err != nil {
		p.o.Log.Warn("document refused", "job", j.id, "error", err)
		p.end(j, stateAborted, "document-format-error")
		return q.refuse(goipp.StatusErrorDocumentFormatError, "no page of a booklet")
	}
	p.mu.Lock()
	if j.state == stateHeld {
		j.state, j.reason, j.document = statePending, "none", path
	}
	p.mu.Unlock()
	p.poke()
	return p.jobReply(q, j.id)
}

// inspect decodes a kept document from end to end.
func (p *Printer) inspect(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	d := pwg.NewDecoder(f, maxPixels)
	h, err := d.Next()
	if err != nil {
		return err
	}
	x, y := p.medium()
	if !near(hundredths(h.Width, h.DPIX), x) || !near(hundredths(h.Height, h.DPIY), y) {
		return errors.New("page of another size")
	}
	for {
		if _, err := d.Line(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return err
		}
	}
	if _, err := d.Next(); !errors.Is(err, io.EOF) {
		return errors.New("more than one page")
	}
	return nil
}

// jobReply answers with a job's number and state.
func (p *Printer) jobReply(q *request, id int) *goipp.Message {
	stopped := p.reasons()
	p.mu.Lock()
	defer p.mu.Unlock()
	j := p.find(id)
	if j == nil {
		return q.refuse(goipp.StatusErrorNotFound, "no such job")
	}
	m := q.reply(goipp.StatusOk)
	for _, a := range p.attributes(j, q.uri, stopped) {
		switch a.Name {
		case "job-id", "job-uri", "job-state", "job-state-reasons":
			m.Job.Add(a)
		}
	}
	return m
}

// jobAttributes answers how a job is (RFC 8011, 4.3.4).
func (p *Printer) jobAttributes(q *request) *goipp.Message {
	stopped := p.reasons()
	p.mu.Lock()
	defer p.mu.Unlock()
	j := p.find(q.jobNumber())
	if j == nil {
		return q.refuse(goipp.StatusErrorNotFound, "no such job")
	}
	m := q.reply(goipp.StatusOk)
	m.Job = q.pick(p.attributes(j, q.uri, stopped), "job-description", "job-template")
	return m
}

// listJobs answers with the unfinished jobs, or the finished ones (RFC 8011, 4.2.6).
func (p *Printer) listJobs(q *request) *goipp.Message {
	stopped := p.reasons()
	which := q.value("which-jobs")
	p.mu.Lock()
	defer p.mu.Unlock()
	m := q.reply(goipp.StatusOk)
	groups := goipp.Groups{{Tag: goipp.TagOperationGroup, Attrs: m.Operation}}
	for _, j := range p.jobs {
		if done := j.state >= stateCanceled; done == (which == "completed") {
			attrs := q.pick(p.attributes(j, q.uri, stopped), "job-description", "job-template")
			groups.Add(goipp.Group{Tag: goipp.TagJobGroup, Attrs: attrs})
		}
	}
	return goipp.NewMessageWithGroups(m.Version, m.Code, m.RequestID, groups)
}

// cancelJob ends a job, at once or when the page lets go (RFC 8011, 4.3.3).
func (p *Printer) cancelJob(q *request) *goipp.Message {
	p.mu.Lock()
	j := p.find(q.jobNumber())
	known, ended := j != nil, j != nil && j.state >= stateCanceled
	p.mu.Unlock()
	switch {
	case !known:
		return q.refuse(goipp.StatusErrorNotFound, "no such job")
	case ended:
		return q.refuse(goipp.StatusErrorNotPossible, "the job has ended")
	}
	p.CallOff(q.jobNumber())
	return q.reply(goipp.StatusOk)
}
