package ipp

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/OpenPrinting/goipp"

	"padarozhnik/devices"
)

// maxAnswer is the most bytes of an answer that are read.
const maxAnswer = 1 << 20

// mediaType is the type of an IPP message (RFC 8010, 3).
const mediaType = "application/ipp"

// message begins a request to the printer with the attributes that every one carries, in the order
// that RFC 8011, 4.1.4 wants.
func (p *Printer) message(op goipp.Op) *goipp.Message {
	m := goipp.NewRequest(goipp.MakeVersion(2, 0), op, p.request.Add(1))
	m.Operation.Add(goipp.MakeAttr("attributes-charset", goipp.TagCharset, goipp.String("utf-8")))
	m.Operation.Add(goipp.MakeAttr("attributes-natural-language", goipp.TagLanguage, goipp.String("en")))
	m.Operation.Add(goipp.MakeAttr("printer-uri", goipp.TagURI, goipp.String(p.uri)))
	return m
}

// about is a request about one job.
func (p *Printer) about(op goipp.Op, job int) *goipp.Message {
	m := p.message(op)
	m.Operation.Add(goipp.MakeAttr("job-id", goipp.TagInteger, goipp.Integer(job)))
	m.Operation.Add(user())
	return m
}

// user names the requester: never an officer.
func user() goipp.Attribute {
	return goipp.MakeAttr("requesting-user-name", goipp.TagName, goipp.String("padarozhnik"))
}

// exchange sends one request, with a document behind it or without, and returns the answer of a
// printer that did it. An answer that refuses becomes an error.
func (p *Printer) exchange(
	ctx context.Context, limit time.Duration, m *goipp.Message, document io.Reader,
) (*goipp.Message, error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	head, err := m.EncodeBytes()
	if err != nil {
		return nil, fmt.Errorf("ipp request: %w", err)
	}
	var body io.Reader = bytes.NewReader(head)
	if document != nil {
		body = io.MultiReader(body, document)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.url, body)
	if err != nil {
		return nil, fmt.Errorf("ipp request: %w", err)
	}
	req.Header.Set("Content-Type", mediaType)
	req.Header.Set("Accept-Encoding", "identity")
	res, err := p.client.Do(req)
	if err != nil {
		return nil, unreachable(ctx, err)
	}
	defer res.Body.Close()
	answer, err := read(ctx, res)
	if err != nil {
		return nil, err
	}
	if answer.RequestID != m.RequestID {
		return nil, fmt.Errorf("answer to another request: %w", devices.ErrProtocol)
	}
	return answer, refusal(goipp.Status(answer.Code))
}

// read takes the answer out of an HTTP response.
func read(ctx context.Context, res *http.Response) (*goipp.Message, error) {
	switch {
	case res.StatusCode == http.StatusServiceUnavailable:
		return nil, fmt.Errorf("http status %d: %w", res.StatusCode, devices.ErrBusy)
	case res.StatusCode != http.StatusOK:
		return nil, fmt.Errorf("http status %d: %w", res.StatusCode, devices.ErrProtocol)
	}
	body, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer+1))
	if err != nil {
		return nil, unreachable(ctx, err)
	}
	if len(body) > maxAnswer {
		return nil, fmt.Errorf("answer of more than %d bytes: %w", maxAnswer, devices.ErrProtocol)
	}
	m := &goipp.Message{}
	if err := m.DecodeBytesEx(body, goipp.DecoderOptions{EnableWorkarounds: true}); err != nil {
		return nil, fmt.Errorf("answer is no ipp message: %w", devices.ErrProtocol)
	}
	return m, nil
}

// unreachable names a transport that failed. The caller's own cancel stays what it is; a deadline
// of ours is a printer that does not answer.
func unreachable(ctx context.Context, err error) error {
	if errors.Is(ctx.Err(), context.Canceled) {
		return context.Canceled
	}
	return fmt.Errorf("%w: %w", devices.ErrUnreachable, err)
}

// refusal turns a status that is not a success into an error (RFC 8011, appendix B).
func refusal(s goipp.Status) error {
	if s < 0x0100 {
		return nil
	}
	cause := devices.ErrProtocol
	switch s {
	case goipp.StatusErrorBusy, goipp.StatusErrorNotAcceptingJobs, goipp.StatusErrorTooManyJobs,
		goipp.StatusErrorTemporary, goipp.StatusErrorServiceUnavailable, goipp.StatusErrorPrinterIsDeactivated:
		cause = devices.ErrBusy
	case goipp.StatusErrorDocumentFormatNotSupported, goipp.StatusErrorAttributesOrValues,
		goipp.StatusErrorConflicting, goipp.StatusErrorOperationNotSupported, goipp.StatusErrorCharset,
		goipp.StatusErrorVersionNotSupported, goipp.StatusErrorCompressionNotSupported:
		cause = devices.ErrUnsupported
	case goipp.StatusErrorJobCanceled:
		cause = devices.ErrCancelled
	}
	return &statusError{status: s, cause: cause}
}

// statusError is a refusal with the printer's status, for the callers that fall back on another
// operation.
type statusError struct {
	status goipp.Status
	cause  error
}

func (e *statusError) Error() string {
	return fmt.Sprintf("printer answered %v: %v", e.status, e.cause)
}

func (e *statusError) Unwrap() error { return e.cause }

// refused tells whether err is a refusal with one of the statuses.
func refused(err error, statuses ...goipp.Status) bool {
	var e *statusError
	if !errors.As(err, &e) {
		return false
	}
	for _, s := range statuses {
		if e.status == s {
			return true
		}
	}
	return false
}
