package scanner

import (
	"bytes"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// jobLife is how long a job that nobody asks for blocks the scanner.
const jobLife = time.Minute

// job is the one accepted job. Its fields are read and written under Scanner.mu.
type job struct {
	id        string
	number    uint64
	order     order
	delivered bool
	touched   time.Time
}

// path is the job's address.
func (j *job) path() string { return "/eSCL/ScanJobs/" + j.id }

// ServeHTTP answers one eSCL request.
func (s *Scanner) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f := s.currentFaults()
	if f.Unplugged {
		unplug(w)
		return
	}
	if f.busy(s.set.Now()) && r.Method != http.MethodDelete {
		w.Header().Set("Retry-After", "1")
		http.Error(w, "busy", http.StatusServiceUnavailable)
		return
	}
	if f.HTML {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, "<html><body><p>Please sign in to this network<br></body></html>")
		return
	}
	name, ok := strings.CutPrefix(r.URL.Path, "/eSCL/")
	if !ok {
		http.NotFound(w, r)
		return
	}
	id, isJob := strings.CutPrefix(name, "ScanJobs/")
	id, wantsPage := strings.CutSuffix(id, "/NextDocument")
	switch {
	case name == "ScannerCapabilities" && r.Method == http.MethodGet:
		s.document(w, "capabilities", map[string]any{"Seed": s.set.Seed, "Width": glassWidth, "Height": glassHeight,
			"Resolutions": resolutions, "Finest": resolutions[len(resolutions)-1],
			"Formats": s.formats(), "Feeder": s.set.Feeder})
	case name == "ScannerStatus" && r.Method == http.MethodGet:
		s.status(w, f)
	case name == "ScanJobs" && r.Method == http.MethodPost:
		s.accept(w, r)
	case isJob && wantsPage && r.Method == http.MethodGet:
		s.next(w, r, id, f)
	case isJob && !wantsPage && r.Method == http.MethodDelete:
		s.drop(w, id)
	default:
		http.NotFound(w, r)
	}
}

// formats are the media types on offer.
func (s *Scanner) formats() []string {
	if s.set.OnlyPDF {
		return []string{"application/pdf"}
	}
	return []string{"image/jpeg", "image/png"}
}

// document answers with one of the scanner's XML documents.
func (s *Scanner) document(w http.ResponseWriter, name string, data any) {
	var b bytes.Buffer
	if err := documents.ExecuteTemplate(&b, name, data); err != nil {
		s.set.Log.Error("document not written", "document", name, "error", err)
		http.Error(w, "internal error", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/xml")
	w.Header().Set("Content-Length", strconv.Itoa(b.Len()))
	_, _ = w.Write(b.Bytes())
}

// status tells the truth: jam, empty glass, or work in hand.
func (s *Scanner) status(w http.ResponseWriter, f Faults) {
	state := struct{ State, Reason, Job string }{State: "Idle"}
	lying, err := s.lyingIn(false)
	if lying == nil && err == nil && s.set.Feeder {
		lying, err = s.lyingIn(true)
	}
	switch j := s.current(); {
	case f.Jam:
		state.State, state.Reason = "Stopped", "MediaJam"
	case j != nil && !j.delivered:
		state.State, state.Job = "Processing", j.path()
	case err != nil:
		state.State, state.Reason = "Stopped", "AttentionRequired"
	case lying == nil:
		state.Reason = "MediaNeeded"
	}
	s.document(w, "status", state)
}

// current is the job in hand; one that was forgotten by its client is dropped.
func (s *Scanner) current() *job {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.currentLocked()
}

func (s *Scanner) currentLocked() *job {
	if s.job != nil && s.set.Now().Sub(s.job.touched) > jobLife {
		s.job = nil
	}
	return s.job
}

// accept takes a job: 201 with its address, 503 while another is in hand, 409 for settings that
// cannot be and for an empty glass.
func (s *Scanner) accept(w http.ResponseWriter, r *http.Request) {
	o, err := readOrder(r.Body)
	if err != nil {
		s.set.Log.Warn("settings refused", "error", err)
		http.Error(w, "settings refused", http.StatusConflict)
		return
	}
	if o.fed && !s.set.Feeder {
		http.Error(w, "no feeder", http.StatusConflict)
		return
	}
	lying, err := s.lyingIn(o.fed)
	if err != nil {
		s.set.Log.Warn("glass not readable", "error", err)
	}
	if lying == nil {
		http.Error(w, "nothing on the glass", http.StatusConflict)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if j := s.currentLocked(); j != nil && !j.delivered {
		http.Error(w, "another job in hand", http.StatusServiceUnavailable)
		return
	}
	s.jobs++
	id := fmt.Sprintf("%08x-%04d", uint32(s.set.Seed), s.jobs)
	s.job = &job{id: id, number: s.jobs, order: o, touched: s.set.Now()}
	w.Header().Set("Location", s.job.path())
	w.WriteHeader(http.StatusCreated)
}

// next delivers the job's page once: 404 for an unknown job and behind the page, 409 in a jam.
func (s *Scanner) next(w http.ResponseWriter, r *http.Request, id string, f Faults) {
	j := s.take(id)
	if j == nil {
		http.NotFound(w, r)
		return
	}
	if f.Jam {
		http.Error(w, "jam", http.StatusConflict)
		return
	}
	lying, err := s.lyingIn(j.order.fed)
	if j.order.fed && err == nil && lying == nil {
		http.NotFound(w, r) // behind the last page
		return
	}
	if err != nil || lying == nil {
		s.set.Log.Warn("page left the glass", "job", id)
		http.Error(w, "nothing on the glass", http.StatusConflict)
		return
	}
	data, err := s.expose(r.Context(), lying, j)
	if err != nil {
		s.set.Log.Warn("page not scanned", "job", id, "error", err)
		http.Error(w, "page not scanned", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", j.order.kind)
	if f.Truncate {
		_, _ = w.Write(data[:len(data)*2/3])
		s.deliver(id, lying)
		return
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(data)))
	if _, err := w.Write(data); err != nil {
		return
	}
	s.deliver(id, lying)
}

// take looks up a job that still owes its page and returns a copy.
func (s *Scanner) take(id string) *job {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.job == nil || s.job.id != id || s.job.delivered {
		return nil
	}
	s.job.touched = s.set.Now()
	j := *s.job
	return &j
}

// deliver notes that the job's page was sent and uses up a page of the folder.
func (s *Scanner) deliver(id string, lying *subject) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.job == nil || s.job.id != id || s.job.delivered {
		return
	}
	s.job.delivered = !s.job.order.fed
	if lying.sheet {
		s.served++
	}
}

// drop forgets a job.
func (s *Scanner) drop(w http.ResponseWriter, id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.job == nil || s.job.id != id {
		http.Error(w, "no such job", http.StatusNotFound)
		return
	}
	s.job = nil
	w.WriteHeader(http.StatusOK)
}
