package usbip

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"padarozhnik/devices/ieee1284"
	"padarozhnik/devices/virtual/printer"
)

// Requests of the printer class (USB Printer Class 1.1, 4.2).
const (
	getDeviceID   = 0
	getPortStatus = 1
)

// uel is the universal exit language sequence, which begins and ends a job of PJL.
const uel = "\x1b%-12345X"

// raw ends a document that no PJL ends: when nothing more came for so long.
const rawSilence = 400 * time.Millisecond

// pipe is the printer class in both directions: a stream of jobs in PJL, or bare pages, and a channel back on
// which the printer says how it is and when a job has ended.
type pipe struct {
	printer *printer.Printer
	id      string
	plain   bool // knows no PJL and says nothing
	lost    func()

	box    outbox
	ctx    context.Context
	stop   context.CancelFunc
	work   sync.WaitGroup
	mu     sync.Mutex
	held   []byte         // guarded by mu; a beginning of uel or of a line of PJL
	inPJL  bool           // guarded by mu
	tell   bool           // guarded by mu; USTATUS JOB is on
	name   string         // guarded by mu
	page   *io.PipeWriter // guarded by mu; the document that is coming
	job    int            // guarded by mu; being printed
	timer  *time.Timer    // guarded by mu; ends a bare document
	resets int            // guarded by mu
}

// Class returns the printer class for a virtual printer. A plain one knows no PJL and says nothing on its way
// back. lost is called when the printer lost its power.
func Class(p *printer.Printer, shape Shape, plain bool, lost func()) Function {
	commands := "PJL,PWGRaster"
	if plain {
		commands = "PWGRaster"
	}
	f := &pipe{printer: p, plain: plain, lost: lost, id: fmt.Sprintf("MFG:%s;MDL:%s;CMD:%s;CLS:PRINTER;SN:%s;FW:%x.%02x;",
		shape.Maker, shape.Model, commands, shape.Serial, shape.Release>>8, shape.Release&0xff)}
	f.ctx, f.stop = context.WithCancel(context.Background())
	return f
}

// Protocol implements Function.
func (*pipe) Protocol() uint8 { return protocolBoth }

// Request implements Function.
func (f *pipe) Request(s Setup) ([]byte, error) {
	switch s.Code {
	case getDeviceID:
		return ieee1284.Encode(f.id), nil
	case getPortStatus:
		return []byte{f.status()}, nil
	}
	return nil, errStall
}

// status is the byte of GET_PORT_STATUS.
func (f *pipe) status() byte {
	const paperEmpty, selected, noError = 0x20, 0x10, 0x08
	reasons := f.printer.Reasons()
	switch {
	case len(reasons) == 0:
		return selected | noError
	case slices.Contains(reasons, "media-empty-error"):
		return paperEmpty | selected | noError
	}
	return 0
}

// Out implements Function.
func (f *pipe) Out(ctx context.Context, b []byte) error {
	if !f.printer.Powered() {
		if f.lost != nil {
			go f.lost()
		}
		<-ctx.Done()
		return ctx.Err()
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.timer != nil {
		f.timer.Stop()
	}
	b = append(f.held, b...)
	f.held = nil
	for len(b) > 0 {
		n, rest := f.next(b)
		if n == 0 {
			f.held = rest
			break
		}
		b = rest
	}
	if f.page != nil && f.plain {
		f.timer = time.AfterFunc(rawSilence, func() {
			f.mu.Lock()
			defer f.mu.Unlock()
			f.finish()
		})
	}
	return nil
}

// next takes one piece of the stream: a line of PJL, the end of a job, or bytes of a page. It returns 0 with
// what must wait for more. The caller holds mu.
func (f *pipe) next(b []byte) (int, []byte) {
	if !f.plain {
		switch at := bytes.Index(b, []byte(uel)); {
		case at == 0:
			f.finish()
			f.inPJL = true
			return 1, b[len(uel):]
		case at > 0 && !f.inPJL:
			f.document(b[:at])
			return 1, b[at:]
		case f.inPJL && (bytes.HasPrefix(b, []byte("@PJL")) || len(b) < 4 && strings.HasPrefix("@PJL", string(b))):
			line, rest, ok := bytes.Cut(b, []byte("\n"))
			if !ok && len(b) < 4096 {
				return 0, b
			}
			f.command(strings.TrimSpace(string(line)))
			return 1, rest
		}
		f.inPJL = false
		if tail := beginning(b); tail > 0 {
			f.document(b[:len(b)-tail])
			return 0, b[len(b)-tail:]
		}
	}
	f.document(b)
	return 1, nil
}

// beginning is how many bytes at the end of b may be the beginning of uel.
func beginning(b []byte) int {
	for n := min(len(uel)-1, len(b)); n > 0; n-- {
		if strings.HasPrefix(uel, string(b[len(b)-n:])) {
			return n
		}
	}
	return 0
}

// command does a line of PJL.
func (f *pipe) command(line string) {
	words := strings.Fields(strings.ToUpper(strings.NewReplacer("=", " = ").Replace(line)))
	rest := strings.Join(words[min(1, len(words)):], " ")
	switch {
	case strings.HasPrefix(rest, "JOB"):
		f.name = ""
		if _, name, ok := strings.Cut(line, `"`); ok {
			f.name = strings.TrimSuffix(name, `"`)
		}
	case strings.HasPrefix(rest, "USTATUS JOB = ON"):
		f.tell = true
	case strings.HasPrefix(rest, "USTATUSOFF"):
		f.tell = false
	case strings.HasPrefix(rest, "INFO STATUS"):
		f.say(fmt.Sprintf("@PJL INFO STATUS\r\nCODE=%d\r\nONLINE=TRUE\r\n\f", f.code()))
	case strings.HasPrefix(rest, "ENTER LANGUAGE"):
		f.inPJL = false
	}
}

// code is how the printer is, in numbers of PJL.
func (f *pipe) code() int {
	const ready, trouble = 10001, 50000
	codes := map[string]int{
		"media-empty-error": 41000, "media-jam-error": 42000, "cover-open-error": 40021,
		"marker-supply-empty-error": 40038, "marker-waste-full-error": 40119,
	}
	reasons := f.printer.Reasons()
	for _, r := range reasons {
		if c, ok := codes[r]; ok {
			return c
		}
	}
	if len(reasons) > 0 {
		return trouble
	}
	return ready
}

// say puts a message on the way back. One that finds no room is dropped: a printer does not wait for a host
// that does not listen.
func (f *pipe) say(s string) {
	if f.box.size() < backlog/2 {
		_ = f.box.put(f.ctx, []byte(s))
	}
}

// document gives bytes of a page to the printer, and begins a job with the first.
func (f *pipe) document(b []byte) {
	if len(b) == 0 {
		return
	}
	if f.page == nil {
		r, w := io.Pipe()
		f.page = w
		name, tell, generation := f.name, f.tell, f.resets
		f.work.Go(func() { f.print(r, name, tell, generation) })
	}
	_, _ = f.page.Write(b) // a printer that refused the page takes the rest and drops it
}

// finish ends the document that is coming.
func (f *pipe) finish() {
	if f.page != nil {
		_ = f.page.Close()
		f.page = nil
	}
}

// print hands a document to the printer and says when the job has ended.
func (f *pipe) print(r *io.PipeReader, name string, tell bool, generation int) {
	id, err := f.printer.Receive(name, r)
	_ = r.CloseWithError(errors.New("page refused"))
	f.mu.Lock()
	current := f.resets == generation
	if current {
		f.job = id
	}
	f.mu.Unlock()
	if err == nil && !current {
		f.printer.CallOff(id)
	}
	pages := 0
	for ended := err != nil; !ended; {
		ended, pages = f.printer.Outcome(id)
		if !f.printer.Powered() {
			if f.lost != nil {
				f.lost()
			}
			return
		}
		select {
		case <-f.ctx.Done():
			return
		case <-time.After(20 * time.Millisecond):
		}
	}
	if current && tell && !f.plain {
		f.say(fmt.Sprintf("@PJL USTATUS JOB\r\nEND\r\nNAME=\"%s\"\r\nPAGES=%d\r\n\f", name, pages))
	}
}

// Await implements Function.
func (f *pipe) Await(ctx context.Context) error { return f.box.await(ctx) }

// In implements Function.
func (f *pipe) In(most int) []byte { return f.box.take(most) }

// Reset implements Function: what has not been printed is forgotten.
func (f *pipe) Reset() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.page != nil {
		_ = f.page.CloseWithError(errors.New("reset"))
	}
	if f.timer != nil {
		f.timer.Stop()
	}
	if f.job != 0 {
		f.printer.CallOff(f.job)
	}
	f.page, f.held, f.job, f.inPJL, f.tell = nil, nil, 0, false, false
	f.resets++
	f.box.empty()
}

// Close implements Function.
func (f *pipe) Close() {
	f.Reset()
	f.stop()
	f.work.Wait()
}
