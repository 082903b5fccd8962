package printer

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/OpenPrinting/goipp"
)

// maxMessage is the most bytes of a request's attributes.
const maxMessage = 64 << 10

const mediaType = "application/ipp"

// ServeHTTP answers one IPP request (RFC 8010, 4).
func (p *Printer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.hang(r.Context())
	if !p.powered() {
		hangUp(w)
		return
	}
	switch {
	case r.URL.Path != Path && !strings.HasPrefix(r.URL.Path, Path+"/"):
		http.NotFound(w, r)
		return
	case r.Method != http.MethodPost:
		w.Header().Set("Allow", http.MethodPost)
		http.Error(w, "this is a printer", http.StatusMethodNotAllowed)
		return
	case r.Header.Get("Content-Type") != mediaType:
		http.Error(w, "want "+mediaType, http.StatusUnsupportedMediaType)
		return
	}
	// A client that stops in the middle of its document must not hold its job for ever.
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(p.o.DocumentTime))
	body := bufio.NewReader(r.Body)
	m := &goipp.Message{}
	if err := m.Decode(&io.LimitedReader{R: body, N: maxMessage}); err != nil {
		http.Error(w, "no ipp message", http.StatusBadRequest)
		return
	}
	q := &request{Message: m, document: body, uri: "ipp://" + r.Host + Path}
	answer := p.answer(q)
	if answer == nil {
		hangUp(w)
		return
	}
	_, _ = io.Copy(io.Discard, io.LimitReader(body, maxDocument)) // so that the connection can be used again
	out, err := answer.EncodeBytes()
	if err != nil {
		p.o.Log.Error("answer not encoded", "error", err)
		http.Error(w, "no answer", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", mediaType)
	w.Header().Set("Content-Length", strconv.Itoa(len(out)))
	_, _ = w.Write(out)
}

// hangUp ends a connection without an answer, as a printer without power does.
func hangUp(w http.ResponseWriter) {
	if h, ok := w.(http.Hijacker); ok {
		if conn, _, err := h.Hijack(); err == nil {
			_ = conn.Close()
		}
	}
}

// request is a decoded request with what came behind it.
type request struct {
	*goipp.Message
	document io.Reader
	uri      string
}

// reply begins an answer.
func (q *request) reply(status goipp.Status) *goipp.Message {
	version := goipp.MakeVersion(2, 0)
	if q.Version.Major() == 1 {
		version = goipp.MakeVersion(1, 1)
	}
	m := goipp.NewResponse(version, status, q.RequestID)
	m.Operation.Add(text("attributes-charset", goipp.TagCharset, "utf-8"))
	m.Operation.Add(text("attributes-natural-language", goipp.TagLanguage, "en"))
	return m
}

// refuse is an answer with a reason in words.
func (q *request) refuse(status goipp.Status, why string) *goipp.Message {
	m := q.reply(status)
	m.Operation.Add(text("status-message", goipp.TagText, why))
	return m
}

// value returns the first value of an operation attribute as text, or "".
func (q *request) value(name string) string {
	for _, a := range q.Operation {
		if a.Name == name && len(a.Values) > 0 {
			if s, ok := a.Values[0].V.(goipp.String); ok {
				return string(s)
			}
		}
	}
	return ""
}

// flag returns an operation attribute that is a boolean.
func (q *request) flag(name string) bool {
	for _, a := range q.Operation {
		if a.Name == name && len(a.Values) > 0 {
			b, _ := a.Values[0].V.(goipp.Boolean)
			return bool(b)
		}
	}
	return false
}

// jobNumber finds which job a request is about: by number, or by address.
func (q *request) jobNumber() int {
	for _, a := range q.Operation {
		if len(a.Values) == 0 {
			continue
		}
		switch v := a.Values[0].V.(type) {
		case goipp.Integer:
			if a.Name == "job-id" {
				return int(v)
			}
		case goipp.String:
			if a.Name == "job-uri" {
				n, _ := strconv.Atoi(string(v)[strings.LastIndexByte(string(v), '/')+1:])
				return n
			}
		}
	}
	return 0
}

// pick keeps the attributes that the request asks for (RFC 8011, 4.2.5.1). groups are the words
// that ask for all of them.
func (q *request) pick(attrs goipp.Attributes, groups ...string) goipp.Attributes {
	wanted := map[string]bool{}
	for _, a := range q.Operation {
		if a.Name != "requested-attributes" {
			continue
		}
		for _, v := range a.Values {
			wanted[v.V.String()] = true
		}
	}
	if len(wanted) == 0 || wanted["all"] {
		return attrs
	}
	for _, g := range groups {
		if wanted[g] {
			return attrs
		}
	}
	var out goipp.Attributes
	for _, a := range attrs {
		if wanted[a.Name] {
			out = append(out, a)
		}
	}
	return out
}

func text(name string, tag goipp.Tag, values ...string) goipp.Attribute {
	a := goipp.Attribute{Name: name}
	for _, v := range values {
		a.Values.Add(tag, goipp.String(v))
	}
	return a
}

func integer(name string, tag goipp.Tag, values ...int) goipp.Attribute {
	a := goipp.Attribute{Name: name}
	for _, v := range values {
		a.Values.Add(tag, goipp.Integer(v))
	}
	return a
}

func jobURI(printer string, id int) string { return fmt.Sprintf("%s/%d", printer, id) }
