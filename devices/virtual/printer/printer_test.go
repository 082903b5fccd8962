package printer_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/OpenPrinting/goipp"

	"padarozhnik/devices/virtual/bounded"
	"padarozhnik/devices/virtual/desk"
	"padarozhnik/devices/virtual/printer"
	"padarozhnik/printing/pwg"
)

const serial = "UT0000001"

// newDesk is a desk with one book, 150 dpi, in the printer.
func newDesk(t testing.TB) (string, *desk.Desk) {
	t.Helper()
	dir := t.TempDir()
	d, err := desk.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.AddBook(serial); err != nil {
		t.Fatal(err)
	}
	page := image.NewGray(image.Rect(0, 0, 738, 520))
	for i := range page.Pix {
		page.Pix[i] = 200
	}
	var buf bytes.Buffer
	if err := png.Encode(&buf, page); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(d.PagePath(serial), buf.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := d.Move(serial, desk.Printer); err != nil {
		t.Fatal(err)
	}
	return dir, d
}

// serve runs a printer until the end of the test and returns its host and port.
func serve(t testing.TB, p *printer.Printer) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- p.Serve(ctx, l) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return l.Addr().String()
}

func openPrinter(t testing.TB, dir string, o printer.Options) *printer.Printer {
	t.Helper()
	p, err := printer.Open(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// raster is a page of one tone, w x h pixels.
func raster(t testing.TB, w, h, dpi int, tone uint8) []byte {
	t.Helper()
	var out bytes.Buffer
	e := pwg.NewEncoder(&out)
	if err := e.Begin(pwg.Header{Width: w, Height: h, DPIX: dpi, DPIY: dpi, Space: pwg.SGray, Pages: 1}); err != nil {
		t.Fatal(err)
	}
	if err := e.Lines(bytes.Repeat([]byte{tone}, w*h)); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// call sends one request with a document behind it.
func call(t testing.TB, host string, op goipp.Op, document []byte, attrs ...goipp.Attribute) (*goipp.Message, error) {
	t.Helper()
	m := goipp.NewRequest(goipp.MakeVersion(2, 0), op, 7)
	m.Operation.Add(goipp.MakeAttr("attributes-charset", goipp.TagCharset, goipp.String("utf-8")))
	m.Operation.Add(goipp.MakeAttr("attributes-natural-language", goipp.TagLanguage, goipp.String("en")))
	m.Operation.Add(goipp.MakeAttr("printer-uri", goipp.TagURI, goipp.String("ipp://"+host+printer.Path)))
	for _, a := range attrs {
		m.Operation.Add(a)
	}
	head, err := m.EncodeBytes()
	if err != nil {
		t.Fatal(err)
	}
	body := io.MultiReader(bytes.NewReader(head), bytes.NewReader(document))
	res, err := http.Post("http://"+host+printer.Path, "application/ipp", body)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	answer := &goipp.Message{}
	return answer, answer.Decode(res.Body)
}

func number(attrs goipp.Attributes, name string) int {
	for _, a := range attrs {
		if a.Name == name {
			if n, ok := a.Values[0].V.(goipp.Integer); ok {
				return int(n)
			}
		}
	}
	return -1
}

func jobID(id int) goipp.Attribute {
	return goipp.MakeAttr("job-id", goipp.TagInteger, goipp.Integer(id))
}

// ends waits until a job has a final state.
func ends(t testing.TB, host string, id int) *goipp.Message {
	t.Helper()
	for range 500 {
		m, err := call(t, host, goipp.OpGetJobAttributes, nil, jobID(id))
		if err != nil {
			t.Fatal(err)
		}
		if number(m.Job, "job-state") >= 7 {
			return m
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Fatal("the job does not end")
	return nil
}

func tone(t testing.TB, d *desk.Desk, x, y int) color.RGBA {
	t.Helper()
	b, err := os.ReadFile(d.PagePath(serial))
	if err != nil {
		t.Fatal(err)
	}
	img, err := png.Decode(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	return color.RGBAModel.Convert(img.At(x, y)).(color.RGBA)
}

// TestAgainstIpptool lets the test client of CUPS judge the printer.
func TestAgainstIpptool(t *testing.T) {
	ipptool, err := exec.LookPath("ipptool")
	if err != nil {
		t.Fatalf("cups-ipp-utils is not installed, run make deps: %v", err)
	}
	dir, d := newDesk(t)
	host := serve(t, openPrinter(t, dir, printer.Options{PrintTime: 20 * time.Millisecond}))
	file := filepath.Join(t.TempDir(), "page.pwg")
	if err := os.WriteFile(file, raster(t, 738, 520, 150, 128), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), ipptool, "-tI", "-f", file, "ipp://"+host+printer.Path,
		"testdata/printer.test").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if got := tone(t, d, 10, 10); got.R != 100 {
		t.Errorf("page is %v, want 200 x 128 / 255", got)
	}
}

func TestInkOfAnotherResolution(t *testing.T) {
	dir, d := newDesk(t)
	host := serve(t, openPrinter(t, dir, printer.Options{PrintTime: time.Millisecond}))
	m, err := call(t, host, goipp.OpPrintJob, raster(t, 1476, 1039, 300, 51))
	if err != nil || m.Code != 0 {
		t.Fatalf("%v, %v", m, err)
	}
	end := ends(t, host, number(m.Job, "job-id"))
	if number(end.Job, "job-state") != 9 || number(end.Job, "job-impressions-completed") != 1 {
		t.Fatalf("job %v", end.Job)
	}
	if got := tone(t, d, 737, 519); got.R != 40 {
		t.Errorf("page is %v", got)
	}
}

func TestRefusedDocuments(t *testing.T) {
	dir, d := newDesk(t)
	host := serve(t, openPrinter(t, dir, printer.Options{}))
	good := raster(t, 738, 520, 150, 0)
	for name, document := range map[string][]byte{
		"empty": nil, "no raster": []byte("%PDF-1.7"), "cut": good[:len(good)-1],
		"letter":    raster(t, 850, 1100, 100, 0),
		"two pages": append(bytes.Clone(good), good[4:]...),
	} {
		t.Run(name, func(t *testing.T) {
			m, err := call(t, host, goipp.OpPrintJob, document)
			if err != nil || goipp.Status(m.Code) != goipp.StatusErrorDocumentFormatError {
				t.Fatalf("%v, %v", m.Code, err)
			}
		})
	}
	if got := tone(t, d, 10, 10); got.R != 200 {
		t.Errorf("page is %v", got)
	}
}

func TestDocumentThatNeverComes(t *testing.T) {
	dir, _ := newDesk(t)
	host := serve(t, openPrinter(t, dir, printer.Options{DocumentTime: 100 * time.Millisecond}))
	m, err := call(t, host, goipp.OpCreateJob, nil)
	if err != nil || m.Code != 0 {
		t.Fatalf("%v, %v", m, err)
	}
	id := number(m.Job, "job-id")
	if end := ends(t, host, id); number(end.Job, "job-state") != 8 {
		t.Fatalf("job %v, want aborted", end.Job)
	}
	m, err = call(t, host, goipp.OpSendDocument, raster(t, 738, 520, 150, 0), jobID(id))
	if err != nil || goipp.Status(m.Code) != goipp.StatusErrorNotPossible {
		t.Fatalf("late document: %v, %v", m.Code, err)
	}
}

func TestWaitsForTheBook(t *testing.T) {
	dir, d := newDesk(t)
	host := serve(t, openPrinter(t, dir, printer.Options{PrintTime: time.Millisecond}))
	if err := d.Clear(desk.Printer); err != nil {
		t.Fatal(err)
	}
	m, err := call(t, host, goipp.OpPrintJob, raster(t, 738, 520, 150, 0))
	if err != nil || m.Code != 0 {
		t.Fatalf("%v, %v", m, err)
	}
	id := number(m.Job, "job-id")
	time.Sleep(60 * time.Millisecond)
	m, err = call(t, host, goipp.OpGetJobAttributes, nil, jobID(id))
	if err != nil || number(m.Job, "job-state") != 3 {
		t.Fatalf("job %v, %v", m.Job, err)
	}
	for _, a := range m.Job {
		if a.Name == "time-at-processing" && a.Values[0].T != goipp.TagNoValue {
			t.Error("a waiting job claims to have been processed")
		}
	}
	if err := d.Move(serial, desk.Printer); err != nil {
		t.Fatal(err)
	}
	if end := ends(t, host, id); number(end.Job, "job-state") != 9 {
		t.Fatalf("job %v", end.Job)
	}
}

func TestNumbersAreNotUsedAgain(t *testing.T) {
	dir, _ := newDesk(t)
	for want := 1; want <= 2; want++ {
		host := serve(t, openPrinter(t, dir, printer.Options{}))
		m, err := call(t, host, goipp.OpPrintJob, raster(t, 738, 520, 150, 0))
		if err != nil || number(m.Job, "job-id") != want {
			t.Fatalf("job %d, want %d, %v", number(m.Job, "job-id"), want, err)
		}
		if _, err := os.Stat(filepath.Join(dir, "jobs", fmt.Sprintf("%d.pwg", want))); err != nil {
			t.Error(err)
		}
	}
}

func TestPowerComesBack(t *testing.T) {
	dir, _ := newDesk(t)
	p := openPrinter(t, dir, printer.Options{})
	host := serve(t, p)
	if err := os.WriteFile(p.FaultFile(), []byte("power-lost-early\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := call(t, host, goipp.OpPrintJob, raster(t, 738, 520, 150, 0)); err == nil {
		t.Fatal("an answer without power")
	}
	if _, err := call(t, host, goipp.OpGetPrinterAttributes, nil); err == nil {
		t.Fatal("an answer without power")
	}
	if err := os.Remove(p.FaultFile()); err != nil {
		t.Fatal(err)
	}
	m, err := call(t, host, goipp.OpGetPrinterAttributes, nil)
	if err != nil || number(m.Printer, "printer-state") != 3 {
		t.Fatalf("%v", err)
	}
}

func TestParseFault(t *testing.T) {
	for _, f := range printer.Faults() {
		if got, err := printer.ParseFault(string(f) + "\n"); err != nil || got != f {
			t.Errorf("%s: %v, %v", f, got, err)
		}
	}
	if f, err := printer.ParseFault("none"); err != nil || f != printer.NoFault {
		t.Errorf("none: %v, %v", f, err)
	}
	if _, err := printer.ParseFault("fire"); err == nil {
		t.Error("fire accepted")
	}
}

func TestHTTPRefusals(t *testing.T) {
	dir, _ := newDesk(t)
	p := openPrinter(t, dir, printer.Options{})
	for name, c := range map[string]struct {
		method, path, kind string
		want               int
	}{
		"another path":  {http.MethodPost, "/", "application/ipp", http.StatusNotFound},
		"a browser":     {http.MethodGet, printer.Path, "", http.StatusMethodNotAllowed},
		"another type":  {http.MethodPost, printer.Path, "text/plain", http.StatusUnsupportedMediaType},
		"not a message": {http.MethodPost, printer.Path, "application/ipp", http.StatusBadRequest},
	} {
		r := httptest.NewRequest(c.method, c.path, bytes.NewReader([]byte("x")))
		r.Header.Set("Content-Type", c.kind)
		w := httptest.NewRecorder()
		p.ServeHTTP(w, r)
		if w.Code != c.want {
			t.Errorf("%s: status %d, want %d", name, w.Code, c.want)
		}
	}
}

func FuzzRequest(f *testing.F) {
	dir, _ := newDesk(f)
	p := openPrinter(f, dir, printer.Options{})
	for _, op := range []goipp.Op{
		goipp.OpGetPrinterAttributes, goipp.OpValidateJob, goipp.OpCancelJob, goipp.OpGetJobs, goipp.OpSendDocument,
	} {
		m := goipp.NewRequest(goipp.MakeVersion(2, 0), op, 7)
		m.Operation.Add(goipp.MakeAttr("attributes-charset", goipp.TagCharset, goipp.String("utf-8")))
		m.Operation.Add(goipp.MakeAttr("attributes-natural-language", goipp.TagLanguage, goipp.String("en")))
		m.Operation.Add(goipp.MakeAttr("printer-uri", goipp.TagURI, goipp.String("ipp://x"+printer.Path)))
		m.Operation.Add(goipp.MakeAttr("job-uri", goipp.TagURI, goipp.String("ipp://x/9")))
		m.Job.Add(goipp.MakeAttrCollection("media-col", goipp.MakeAttrCollection("media-size",
			goipp.MakeAttr("x-dimension", goipp.TagInteger, goipp.Integer(12500)))))
		b, err := m.EncodeBytes()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		r := httptest.NewRequest(http.MethodPost, printer.Path, bytes.NewReader(b))
		r.Header.Set("Content-Type", "application/ipp")
		w := httptest.NewRecorder()
		p.ServeHTTP(w, r)
		var m goipp.Message
		if err := m.Decode(w.Body); w.Code == http.StatusOK && err != nil && !errors.Is(err, io.EOF) {
			t.Fatal(err)
		}
	})
}

// FuzzReceive: whatever comes over a cable instead of a page, the printer survives it in bounded memory, and its
// next page is printed: even one that lays ink while it reads.
func FuzzReceive(f *testing.F) {
	dir, _ := newDesk(f)
	p := openPrinter(f, dir, printer.Options{Streams: true})
	whole := raster(f, 738, 520, 150, 128)
	f.Add(whole)
	f.Add(whole[:len(whole)/2])
	f.Add([]byte("RaS2"))
	f.Fuzz(func(t *testing.T, b []byte) {
		bounded.Memory(t, len(b), 24<<20, 64, func() {
			if id, err := p.Receive("F", bytes.NewReader(b)); err == nil {
				p.CallOff(id)
			}
		})
	})
}
