package main_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/png"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"padarozhnik/devices"
	"padarozhnik/devices/escl"
	"padarozhnik/devices/ipp"
	"padarozhnik/devices/stream"
	"padarozhnik/devices/usb"
	"padarozhnik/devices/virtual/desk"
	"padarozhnik/devices/virtual/hub"
	"padarozhnik/devices/virtual/usbip"
)

// program is where TestMain builds the simulator.
var program string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "padarozhnik-simulator-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	program = filepath.Join(dir, "simulator")
	status := 1
	if out, err := exec.Command("go", "build", "-o", program, ".").CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "build: %v\n%s", err, out)
	} else {
		status = m.Run()
	}
	_ = os.RemoveAll(dir)
	os.Exit(status)
}

// running is the simulator while it serves a desk over USB/IP.
type running struct {
	t       *testing.T
	desk    *desk.Desk
	address string // host and port
	says    string // its first line
	cmd     *exec.Cmd
	errs    bytes.Buffer
	bus     hub.Bus
}

// start runs `simulator usb` on a desk of its own.
func start(t *testing.T, args ...string) *running {
	t.Helper()
	dir := t.TempDir()
	r := &running{t: t}
	var err error
	if r.desk, err = desk.Open(dir); err != nil {
		t.Fatal(err)
	}
	args = append([]string{"usb", "--desk", dir, "--listen", "127.0.0.1:0", "--print-time", "1ms"}, args...)
	r.cmd = exec.Command(program, args...) // it outlives the test's context, to be stopped in its end
	r.cmd.Stderr = &r.errs
	out, err := r.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := r.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("%v: %s", err, &r.errs)
	}
	r.says = strings.TrimSpace(line)
	r.address, _, _ = strings.Cut(strings.TrimPrefix(r.says, "listening "), ": ")
	t.Cleanup(func() {
		if err := r.bus.Close(); err != nil {
			t.Error(err)
		}
		if r.cmd.ProcessState == nil {
			r.stop()
		}
	})
	return r
}

// stop ends the program as a system does, which is no failure of it.
func (r *running) stop() {
	r.t.Helper()
	if err := r.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		r.t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- r.cmd.Wait() }()
	select {
	case err := <-ended:
		if err != nil {
			r.t.Errorf("ended with %v: %s", err, &r.errs)
		}
	case <-time.After(20 * time.Second):
		r.t.Error("does not end")
		_ = r.cmd.Process.Kill()
		<-ended
	}
}

// plug imports the device, as the kernel of another machine would.
func (r *running) plug() {
	r.t.Helper()
	if err := r.bus.Import(r.t.Context(), r.address, "1-1"); err != nil {
		r.t.Fatal(err)
	}
}

// link is the way to the imported device.
func (r *running) link(address string) *usb.Link {
	r.t.Helper()
	a, err := usb.ParseAddress(address)
	if err != nil {
		r.t.Fatal(err)
	}
	l := usb.NewLink(a, usb.Options{Bus: &r.bus, Timing: usb.Timing{
		Quiet: 10 * time.Millisecond, Idle: 200 * time.Millisecond, Silence: time.Second, Drain: time.Second,
	}})
	r.t.Cleanup(func() {
		if err := l.Close(); err != nil {
			r.t.Error(err)
		}
	})
	return l
}

// book lays a new book of white paper on a place of the desk.
func (r *running) book(serial string, at desk.Place) {
	r.t.Helper()
	page := image.NewGray(image.Rect(0, 0, 738, 520))
	for i := range page.Pix {
		page.Pix[i] = 0xff
	}
	var b bytes.Buffer
	if err := png.Encode(&b, page); err != nil {
		r.t.Fatal(err)
	}
	_, err := r.desk.AddBook(serial)
	if err == nil {
		err = os.WriteFile(r.desk.PagePath(serial), b.Bytes(), 0o600)
	}
	if err == nil {
		err = r.desk.Move(serial, at)
	}
	if err != nil {
		r.t.Fatal(err)
	}
}

// print prints a black page on a new book and tells whether the book got it.
func (r *running) print(p devices.Printer, serial string) (black bool, err error) {
	r.t.Helper()
	r.book(serial, desk.Printer)
	sheet := devices.Sheet{Image: image.NewGray(image.Rect(0, 0, 738, 520)), DPI: 150, Title: serial}
	err = p.Print(r.t.Context(), sheet, nil)
	f, openErr := os.Open(r.desk.PagePath(serial))
	if openErr != nil {
		r.t.Fatal(openErr)
	}
	defer f.Close()
	page, decodeErr := png.Decode(f)
	if decodeErr != nil {
		r.t.Fatal(decodeErr)
	}
	red, _, _, _ := page.At(300, 300).RGBA()
	return red < 0x8000, err
}

func overIPP(t *testing.T, l *usb.Link) *ipp.Printer {
	t.Helper()
	p, err := ipp.New("ipp://localhost/ipp/print", l.Transport(), ipp.Options{Poll: 5 * time.Millisecond,
		Reach: 100 * time.Millisecond, Cancel: 200 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestUSBServesADesk runs the program, imports what it serves, prints over both ways and scans, and ends it while
// its device is in use.
func TestUSBServesADesk(t *testing.T) {
	r := start(t, "--serial", "S0007")
	_, port, err := net.SplitHostPort(r.address)
	if want := "usbip --tcp-port " + port + " attach -r HOST -b 1-1"; err != nil || !strings.HasSuffix(r.says, want) {
		t.Errorf("it says %q: %v", r.says, err)
	}
	offers, err := usbip.Offers(t.Context(), r.address)
	if err != nil || len(offers) != 1 || offers[0].BusID != "1-1" || offers[0].Product != usbip.CompositeProduct {
		t.Fatalf("offers %+v, %v", offers, err)
	}
	r.plug()
	if err := r.bus.Import(t.Context(), r.address, "1-1"); !errors.Is(err, usbip.ErrRefused) {
		t.Errorf("given to two: %v", err)
	}
	found, err := usb.ListOn(t.Context(), &r.bus)
	if err != nil || len(found) != 1 || found[0].Identity.URI != "usb:1209:0003:S0007" || found[0].Identity.Model == "" {
		t.Fatalf("%+v, %v", found, err)
	}
	l := r.link("usb:1209:0003:S0007")
	if black, err := r.print(overIPP(t, l), "UT0000001"); err != nil || !black {
		t.Errorf("IPP over USB: black %v, %v", black, err)
	}
	if black, err := r.print(stream.New(l.Port(), stream.PWG{}), "UT0000002"); err != nil || !black {
		t.Errorf("printer class: black %v, %v", black, err)
	}
	r.book("UT0000003", desk.Scanner)
	s, err := escl.New("http://localhost/eSCL", l.Transport(), escl.Timing{})
	if err != nil {
		t.Fatal(err)
	}
	page, err := s.Scan(t.Context(), devices.ScanSettings{DPI: 150}, nil)
	if err != nil || len(page.Data) < 1000 {
		t.Errorf("scanned %d bytes, %v", len(page.Data), err)
	}
	r.stop()
	if r.errs.Len() > 0 {
		t.Errorf("it complained: %s", &r.errs)
	}
}

// TestUSBGoesWrongOnDemand plants a fault by the program's flag. It strikes once; the program goes on, and with the
// cable back the next page is printed.
func TestUSBGoesWrongOnDemand(t *testing.T) {
	for word, want := range map[string]error{
		"unplug@3000": devices.ErrUnreachable, "babble@20": devices.ErrProtocol, "short=7": nil, "http=html": devices.ErrProtocol,
	} {
		t.Run(word, func(t *testing.T) {
			r := start(t, "--device", "printer", "--fault", word)
			r.plug()
			p := overIPP(t, r.link("usb:1209:0001"))
			if black, err := r.print(p, "UT0000001"); !errors.Is(err, want) || black != (want == nil) {
				t.Errorf("black %v, %v", black, err)
			}
			if strings.HasPrefix(word, "unplug") {
				if err := r.bus.Gone(); err != nil {
					t.Error(err)
				}
				r.plug()
			}
			if err := r.desk.Clear(desk.Printer); err != nil {
				t.Fatal(err)
			}
			if black, err := r.print(p, "UT0000002"); err != nil || !black {
				t.Errorf("the next page: black %v, %v", black, err)
			}
		})
	}
}

// said runs the program to its end.
func said(t *testing.T, args ...string) (out string, status int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, args...)
	b, err := cmd.CombinedOutput()
	if cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return string(b), cmd.ProcessState.ExitCode()
}

// TestUSBExplainsItself: the help names every device, fault and flag in lines that fit a terminal, and whoever
// mistypes is told what there is.
func TestUSBExplainsItself(t *testing.T) {
	help, status := said(t, "usb", "--help")
	if status != 0 {
		t.Error(status)
	}
	for line := range strings.Lines(help) {
		if len([]rune(line)) > 121 {
			t.Errorf("too long for a terminal: %s", line)
		}
	}
	words := append(usbip.Hostilities(), usbip.Shapes()...)
	words = append(words, "modprobe vhci-hcd", "usbip attach -r HOST -b 1-1", "printer", "plain", "scanner", "composite", "--desk",
		"--listen", "--attach", "--device", "--serial", "--fault", "--print-time")
	for word := range strings.FieldsSeq(usbip.FaultWords()) {
		if name, _, _ := strings.Cut(word, "("); !strings.Contains(name, "|") {
			words = append(words, strings.TrimSuffix(name, "="))
		}
	}
	for _, w := range words {
		if !strings.Contains(help, w) {
			t.Errorf("the help says nothing of %q", w)
		}
	}
	dir := t.TempDir()
	for _, c := range []struct{ flag, value, says string }{
		{"--fault", "explode", "stall-out@N"}, {"--device", "toaster", "want printer, plain, scanner or composite"},
		{"--listen", "nowhere", "listen"},
	} {
		if out, status := said(t, "usb", "--desk", dir, c.flag, c.value); status != 1 || !strings.Contains(out, c.says) {
			t.Errorf("%s %s: status %d, %s", c.flag, c.value, status, out)
		}
	}
}
