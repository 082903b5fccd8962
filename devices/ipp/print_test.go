package ipp_test

import (
	"bytes"
	"context"
	"errors"
	"image"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/OpenPrinting/goipp"

	"padarozhnik/devices"
	"padarozhnik/devices/virtual/desk"
	"padarozhnik/devices/virtual/printer"
	"padarozhnik/printing/pwg"
)

func TestPrint(t *testing.T) {
	for name, short := range map[string]bool{"long edge first": false, "short edge first": true} {
		t.Run(name, func(t *testing.T) {
			o := open(t, printer.Options{ShortEdge: short, PrintTime: 20 * time.Millisecond})
			var last devices.Progress
			steps := map[string]bool{}
			report := func(p devices.Progress) {
				if p.Step == last.Step && p.Done < last.Done {
					t.Errorf("progress went back from %d to %d", last.Done, p.Done)
				}
				last, steps[p.Step] = p, true
			}
			if err := o.driver(t, nil).Print(t.Context(), sheet(), report); err != nil {
				t.Fatal(err)
			}
			if share, _ := inked(t, o.page(t)); share != 1 {
				t.Errorf("%.2f of the page is inked", share)
			}
			if !steps["send"] || !steps["print"] {
				t.Errorf("steps %v", steps)
			}
			if lies, _ := o.desk.At(desk.Printer); lies != "" {
				t.Error("book was not ejected")
			}
			raw, err := os.ReadFile(filepath.Join(o.printer.JobsDir(), "1.pwg"))
			if err != nil {
				t.Fatal(err)
			}
			_, h, err := pwg.NewDecoder(bytes.NewReader(raw), 1<<24).DecodePage()
			if err != nil || h.MediaName != "custom_passport_88x125mm" ||
				h.Space != pwg.SRGB || (h.Width < h.Height) != short {
				t.Fatalf("kept job: %+v, %v", h, err)
			}
		})
	}
}

func TestIdentifyAndState(t *testing.T) {
	o := open(t, printer.Options{})
	d := o.driver(t, nil)
	id, err := d.Identify(t.Context())
	if err != nil || id.Maker != "Padarozhnik" || id.Model != "virtual passport printer" || id.Serial != "V0001" ||
		id.Firmware != "1.0" || id.URI != o.uri {
		t.Fatalf("%+v, %v", id, err)
	}
	s, err := d.State(t.Context())
	if err != nil || !s.Idle || len(s.Conditions) != 0 || !slices.Equal(s.DPI, []int{150, 300, 600, 1200}) {
		t.Fatalf("%+v, %v", s, err)
	}
	if err := o.printer.Plant(printer.CoverOpen); err != nil {
		t.Fatal(err)
	}
	s, err = d.State(t.Context())
	if err != nil || s.Idle || len(s.Conditions) != 1 || !errors.Is(s.Conditions[0], devices.ErrCoverOpen) {
		t.Fatalf("%+v, %v", s, err)
	}
}

// TestFaults plants each fault before the job and holds the driver to its contract: the condition,
// and the truth about ink.
func TestFaults(t *testing.T) {
	cases := []struct {
		fault printer.Fault
		want  error
		doubt bool
		share float64
	}{
		{printer.NoBooklet, devices.ErrNoBooklet, false, 0},
		{printer.InkEmpty, devices.ErrInkEmpty, false, 0},
		{printer.CoverOpen, devices.ErrCoverOpen, false, 0},
		{printer.WrongPage, devices.ErrWrongPage, false, 0},
		{printer.WrongBooklet, devices.ErrWrongBlank, false, 0},
		{printer.Skew, devices.ErrSkewed, false, 0},
		{printer.Damaged, devices.ErrDamaged, false, 0},
		{printer.Maintenance, devices.ErrMaintenance, false, 0},
		{printer.PowerLostLate, devices.ErrUnreachable, true, 1},
		{printer.Jam, devices.ErrJammed, true, 0.5},
		{printer.PowerLost, devices.ErrUnreachable, true, 0.5},
		{printer.PowerLostEarly, devices.ErrUnreachable, true, 0},
	}
	for _, c := range cases {
		t.Run(string(c.fault), func(t *testing.T) {
			o := open(t, printer.Options{PrintTime: 20 * time.Millisecond})
			if _, err := o.desk.AddBook("UT0000002"); err != nil { // what a printer can take by mistake
				t.Fatal(err)
			}
			writePNG(t, o.desk.PagePath("UT0000002"), paper())
			if err := o.printer.Plant(c.fault); err != nil {
				t.Fatal(err)
			}
			d := o.driver(t, nil)
			err := d.Print(t.Context(), sheet(), nil)
			if !errors.Is(err, c.want) || errors.Is(err, devices.ErrPrintInDoubt) != c.doubt {
				t.Fatalf("got %v", err)
			}
			share, clean := inked(t, o.page(t))
			if d := share - c.share; d < -0.02 || d > 0.02 || !clean {
				t.Errorf("%.2f of the page inked, rest untouched: %v", share, clean)
			}
			if lies, _ := o.desk.At(desk.Printer); lies != serial {
				t.Error("the book left the printer")
			}
			cure(t, o, d)
		})
	}
}

// TestWarnings: what will stop the printer soon is told, and does not stop it.
func TestWarnings(t *testing.T) {
	o := open(t, printer.Options{PrintTime: 20 * time.Millisecond})
	if err := o.printer.Plant(printer.InkLow); err != nil {
		t.Fatal(err)
	}
	d := o.driver(t, nil)
	s, err := d.State(t.Context())
	if err != nil || !s.Idle || len(s.Conditions) != 0 || len(s.Warnings) != 1 ||
		!errors.Is(s.Warnings[0], devices.ErrInkLow) {
		t.Fatalf("%+v, %v", s, err)
	}
	if err := d.Print(t.Context(), sheet(), nil); err != nil {
		t.Fatal(err)
	}
}

// TestLoaded: the driver passes on what the printer sees of its booklet, and tells when it sees nothing.
func TestLoaded(t *testing.T) {
	o := open(t, printer.Options{})
	d := o.driver(t, nil)
	if err := o.printer.Lay(printer.Lie{XMM: 1.25, YMM: -0.5, Degrees: 0.4}); err != nil {
		t.Fatal(err)
	}
	l, err := d.Loaded(t.Context())
	want := devices.Loaded{Serial: serial, Measured: true, XMM: 1.25, YMM: -0.5, Degrees: 0.4}
	if err != nil || l != want {
		t.Fatalf("%+v, %v", l, err)
	}
	if err := o.printer.Lay(printer.Lie{Degrees: 3}); err != nil {
		t.Fatal(err)
	}
	if err := d.Print(t.Context(), sheet(), nil); !errors.Is(err, devices.ErrSkewed) {
		t.Fatalf("a booklet turned by 3 degrees: %v", err)
	}
	if err := o.desk.Clear(desk.Printer); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Loaded(t.Context()); !errors.Is(err, devices.ErrNoBooklet) {
		t.Fatalf("an empty printer: %v", err)
	}
	blind := open(t, printer.Options{Blind: true})
	if _, err := blind.driver(t, nil).Loaded(t.Context()); !errors.Is(err, devices.ErrUnsupported) {
		t.Fatalf("a blind printer: %v", err)
	}
}

// cure removes the fault, lays a fresh page in, and prints it.
func cure(t *testing.T, o *office, d devices.Printer) {
	t.Helper()
	if err := o.printer.Plant(printer.NoFault); err != nil {
		t.Fatal(err)
	}
	writePNG(t, o.desk.PagePath(serial), paper())
	if err := d.Print(t.Context(), sheet(), nil); err != nil {
		t.Fatalf("after the cure: %v", err)
	}
	if share, _ := inked(t, o.page(t)); share != 1 {
		t.Errorf("after the cure %.2f of the page is inked", share)
	}
}

// TestConditionAfterTheCheck lets the condition arise after the driver looked and before the page
// was printed. The printer proves that processing never began, so no doubt is left.
func TestConditionAfterTheCheck(t *testing.T) {
	for _, c := range []struct {
		fault printer.Fault
		want  error
	}{
		{printer.NoBooklet, devices.ErrNoBooklet}, {printer.InkEmpty, devices.ErrInkEmpty},
		{printer.CoverOpen, devices.ErrCoverOpen},
	} {
		t.Run(string(c.fault), func(t *testing.T) {
			o := open(t, printer.Options{})
			cable := &meddler{func(op goipp.Op, pass pass) (*http.Response, error) {
				if op == goipp.OpSendDocument {
					if err := o.printer.Plant(c.fault); err != nil {
						return nil, err
					}
				}
				return pass()
			}}
			err := o.driver(t, cable).Print(t.Context(), sheet(), nil)
			if !errors.Is(err, c.want) || errors.Is(err, devices.ErrPrintInDoubt) {
				t.Fatalf("got %v", err)
			}
			if err := o.printer.Plant(printer.NoFault); err != nil {
				t.Fatal(err)
			}
			time.Sleep(100 * time.Millisecond)
			if share, _ := inked(t, o.page(t)); share != 0 {
				t.Fatal("the job that was called off was printed after the cure")
			}
		})
	}
}

// TestCables cuts in on the wire.
func TestCables(t *testing.T) {
	broken := errors.New("cable cut")
	count := 0
	cases := []struct {
		name  string
		cut   cut
		want  error // nil: printed
		doubt bool
	}{
		{"nothing cut", func(_ goipp.Op, pass pass) (*http.Response, error) { return pass() }, nil, false},
		{"dead from the start", func(goipp.Op, pass) (*http.Response, error) {
			return nil, broken
		}, devices.ErrUnreachable, false},
		{"dead before the document", func(op goipp.Op, pass pass) (*http.Response, error) {
			if op == goipp.OpCreateJob {
				return nil, broken
			}
			return pass()
		}, devices.ErrUnreachable, false},
		{"answer to the document lost", func(op goipp.Op, pass pass) (*http.Response, error) {
			res, err := pass()
			if op == goipp.OpSendDocument && err == nil {
				_ = res.Body.Close()
				return nil, broken
			}
			return res, err
		}, nil, false},
		{"silent for a while", func(op goipp.Op, pass pass) (*http.Response, error) {
			if count++; op == goipp.OpGetJobAttributes && count%3 != 0 {
				return nil, broken
			}
			return pass()
		}, nil, false},
		{"silent for ever after the document", func(op goipp.Op, pass pass) (*http.Response, error) {
			if op == goipp.OpGetJobAttributes || op == goipp.OpCancelJob {
				return nil, broken
			}
			return pass()
		}, devices.ErrUnreachable, true},
		{"no Validate-Job", without(goipp.OpValidateJob), nil, false},
		{"no Create-Job", without(goipp.OpCreateJob), nil, false},
		{"no way to print", without(goipp.OpCreateJob, goipp.OpPrintJob), devices.ErrUnsupported, false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			o := open(t, printer.Options{PrintTime: 60 * time.Millisecond})
			err := o.driver(t, &meddler{c.cut}).Print(t.Context(), sheet(), nil)
			doubt := errors.Is(err, devices.ErrPrintInDoubt)
			if c.want == nil && err != nil || !errors.Is(err, c.want) || doubt != c.doubt {
				t.Fatalf("got %v", err)
			}
			if share, _ := inked(t, o.page(t)); c.want == nil && share != 1 {
				t.Fatalf("%.2f of the page inked", share)
			}
		})
	}
}

// without answers some operations as a printer that does not have them.
func without(ops ...goipp.Op) cut {
	return func(op goipp.Op, pass pass) (*http.Response, error) {
		res, err := pass()
		if err != nil || !slices.Contains(ops, op) {
			return res, err
		}
		var m goipp.Message
		if err := m.Decode(res.Body); err != nil {
			return nil, err
		}
		_ = res.Body.Close()
		return answer(goipp.NewResponse(m.Version, goipp.StatusErrorOperationNotSupported, m.RequestID)), nil
	}
}

func TestCancelByCaller(t *testing.T) {
	o := open(t, printer.Options{PrintTime: time.Second})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	report := func(p devices.Progress) {
		if p.Step == "print" {
			time.AfterFunc(100*time.Millisecond, cancel)
		}
	}
	err := o.driver(t, nil).Print(ctx, sheet(), report)
	if !errors.Is(err, context.Canceled) || !errors.Is(err, devices.ErrPrintInDoubt) {
		t.Fatalf("while the page is inked: got %v", err)
	}
	if share, _ := inked(t, o.page(t)); share < 0.45 || share > 0.55 {
		t.Fatalf("%.2f of the page inked", share)
	}

	o = open(t, printer.Options{})
	ctx, cancel = context.WithCancel(t.Context())
	defer cancel()
	report = func(p devices.Progress) {
		if p.Step == "send" {
			cancel()
		}
	}
	err = o.driver(t, nil).Print(ctx, sheet(), report)
	if !errors.Is(err, context.Canceled) || errors.Is(err, devices.ErrPrintInDoubt) {
		t.Fatalf("while the page is sent: got %v", err)
	}
	if share, _ := inked(t, o.page(t)); share != 0 {
		t.Fatal("ink on the page")
	}
}

func TestRefusesWhatDoesNotFit(t *testing.T) {
	o := open(t, printer.Options{})
	cases := []struct {
		name   string
		change func(*devices.Sheet)
	}{
		{"no picture", func(s *devices.Sheet) { s.Image = nil }},
		{"resolution not offered", func(s *devices.Sheet) { s.DPI = 301 }},
		{"another size", func(s *devices.Sheet) { s.Image = image.NewGray(image.Rect(0, 0, 800, 520)) }},
		{"upright page", func(s *devices.Sheet) { s.Image = image.NewGray(image.Rect(0, 0, 100, 200)) }},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			s := sheet()
			c.change(&s)
			cable := &meddler{func(op goipp.Op, pass pass) (*http.Response, error) {
				if op != goipp.OpGetPrinterAttributes {
					t.Errorf("sent operation %v", op)
				}
				return pass()
			}}
			err := o.driver(t, cable).Print(t.Context(), s, nil)
			if !errors.Is(err, devices.ErrUnsupported) || errors.Is(err, devices.ErrPrintInDoubt) {
				t.Fatalf("got %v", err)
			}
		})
	}
}

// TestGrayPrinter: a page in colour is not sent to a printer without colour; a grey one is.
func TestGrayPrinter(t *testing.T) {
	o := open(t, printer.Options{PrintTime: 20 * time.Millisecond})
	cable := &meddler{func(op goipp.Op, pass pass) (*http.Response, error) {
		res, err := pass()
		if op != goipp.OpGetPrinterAttributes || err != nil {
			return res, err
		}
		b, err := io.ReadAll(res.Body)
		if err != nil {
			return nil, err
		}
		res.Body = io.NopCloser(bytes.NewReader(bytes.ReplaceAll(b, []byte("srgb_8"), []byte("rgb_16"))))
		return res, nil
	}}
	d := o.driver(t, cable)
	if err := d.Print(t.Context(), sheet(), nil); !errors.Is(err, devices.ErrUnsupported) {
		t.Fatalf("colour: got %v", err)
	}
	grey := image.NewGray(image.Rect(0, 0, width, height))
	if err := d.Print(t.Context(), devices.Sheet{Image: grey, DPI: dpi, Title: serial}, nil); err != nil {
		t.Fatalf("grey: %v", err)
	}
	if c := o.page(t).RGBAAt(350, 250); c.R != 0 || c.G != 0 || c.B != 0 {
		t.Fatalf("page is %v", c)
	}
}
