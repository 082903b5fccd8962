//go:build guest

package main_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"image"
	"image/png"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"padarozhnik/devices/virtual/desk"
	"padarozhnik/station/issuance"
	"padarozhnik/station/journal"
	"padarozhnik/station/sqlite"
)

// cabled is a desk whose printer and scanner hang on USB cables of the guest's kernel. A program serves each over
// TCP, and the kernel's own tool has plugged it in.
type cabled struct {
	t      *testing.T
	desk   *desk.Desk
	dir    string
	config string
}

const (
	printerURI = "usb:1209:0001:P0001"
	scannerURI = "usb:1209:0002:S0001"
)

func newCabled(t *testing.T) *cabled {
	t.Helper()
	dir := t.TempDir()
	c := &cabled{t: t, dir: dir, config: filepath.Join(dir, "station.toml")}
	var err error
	if c.desk, err = desk.Open(dir); err != nil {
		t.Fatal(err)
	}
	text := fmt.Sprintf("store = %q\n[devices]\nprinter = %q\nscanner = %q\n", filepath.Join(dir, "station.db"), printerURI, scannerURI)
	if err := os.WriteFile(c.config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll("/var/run", 0o755); err != nil { // where the tool notes what it has attached
		t.Fatal(err)
	}
	c.does("modprobe", "vhci-hcd")
	c.attach("printer", "P0001")
	c.attach("scanner", "S0001")
	return c
}

// does runs a program of the guest to its end.
func (c *cabled) does(name string, args ...string) string {
	c.t.Helper()
	out, err := exec.CommandContext(c.t.Context(), name, args...).CombinedOutput()
	if err != nil {
		c.t.Fatalf("%s %s: %v: %s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

// attach serves a device of the desk on a port of its own, as a program, and has the kernel's tool plug it in.
func (c *cabled) attach(device, serial string) {
	t := c.t
	t.Helper()
	cmd := exec.Command(filepath.Join(programs, "simulator"), "usb", "--desk", c.dir, "--listen", "127.0.0.1:0", "--device", device,
		"--serial", serial, "--print-time", "1ms")
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt)
		if err := cmd.Wait(); err != nil {
			t.Errorf("simulator: %v", err)
		}
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	_, say, ok := strings.Cut(strings.TrimSpace(line), ": usbip ")
	if err != nil || !ok {
		t.Fatalf("simulator says %q: %v", line, err)
	}
	c.does("usbip", strings.Fields(strings.ReplaceAll(say, "HOST", "127.0.0.1"))...) // as the program says it
	c.await(serial)
}

// await waits until the kernel has read a device.
func (c *cabled) await(serial string) {
	c.t.Helper()
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		found, err := filepath.Glob("/sys/bus/usb/devices/*/serial")
		if err != nil {
			c.t.Fatal(err)
		}
		if slices.ContainsFunc(found, func(path string) bool {
			text, _ := os.ReadFile(path)
			return strings.TrimSpace(string(text)) == serial
		}) {
			return
		}
		if time.Now().After(deadline) {
			c.t.Fatalf("the kernel does not list %s", serial)
		}
	}
}

// keep puts calibrations into the station's store.
func (c *cabled) keep(kept ...issuance.Calibration) {
	t := c.t
	t.Helper()
	store, err := sqlite.Open(t.Context(), filepath.Join(c.dir, "station.db"))
	if err != nil {
		t.Fatal(err)
	}
	err = store.Update(t.Context(), func(tx issuance.Tx) error {
		for _, k := range kept {
			raw, err := journal.Encode([]issuance.Calibration{k})
			if err != nil {
				return err
			}
			if err := tx.PutNote("calibration/"+string(k.Kind)+"/"+k.Serial, raw); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
}

// listed is a device as `devices list --json` has it.
type listed struct {
	Kind     string `json:"kind"`
	OK       bool   `json:"ok"`
	Detail   string `json:"detail"`
	Identity struct {
		URI, Maker, Model, Serial, Firmware string
	} `json:"identity"`
	Speaks      []string `json:"speaks"`
	Conditions  []string `json:"conditions"`
	Calibration *struct {
		Time                string `json:"time"`
		OK                  bool   `json:"ok"`
		Cause               string `json:"cause"`
		Technician, Witness string
		Firmware            string `json:"firmware"`
	} `json:"calibration"`
}

// list runs `devices list` or `devices test`, and returns what it says of the device of a kind at an address.
func (c *cabled) list(verb, kind, uri string) listed {
	t := c.t
	t.Helper()
	out, _, _ := stationctl(t, "devices", verb, "--json", "--config", c.config)
	var all []listed
	if err := json.Unmarshal([]byte(out), &all); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	at := slices.IndexFunc(all, func(l listed) bool { return l.Kind == kind && l.Identity.URI == uri })
	if at < 0 {
		t.Fatalf("no %s at %s in %s", kind, uri, out)
	}
	return all[at]
}

// told is what is said of an office's devices in words.
func (c *cabled) told(verb string) string {
	c.t.Helper()
	out, _, _ := stationctl(c.t, "devices", verb, "--config", c.config)
	return out
}

// TestGuestDevices takes printer and scanner on cables through the whole of the program: who they are, how they are,
// when they were calibrated, a page printed, a page scanned, and the cable pulled out by the tool that plugged it in.
func TestGuestDevices(t *testing.T) {
	c := newCabled(t)
	when := time.Date(2026, 3, 14, 9, 0, 0, 0, time.UTC)
	c.keep(issuance.Calibration{Kind: issuance.KindPrinter, Serial: "P0001", Firmware: "1.01", Technician: "T-01", Witness: "C-01",
		Time: when.Unix(), OK: true},
		issuance.Calibration{Kind: issuance.KindScanner, Serial: "S0001", Technician: "T-01", Witness: "C-01",
			Time: when.Unix(), Cause: issuance.CauseUnsteady})
	t.Run("who they are", c.whoTheyAre)
	t.Run("how they are", c.howTheyAre)
	t.Run("print and scan", c.printAndScan)
	t.Run("pulled out", c.pulledOut)
}

func (c *cabled) whoTheyAre(t *testing.T) {
	for _, verb := range []string{"list", "test"} {
		for _, want := range []struct{ kind, uri, model string }{
			{"printer", printerURI, "passport printer"}, {"usb", printerURI, "passport printer"},
			{"scanner", scannerURI, "Scanner"}, {"usb", scannerURI, "canner"},
		} {
			got := c.list(verb, want.kind, want.uri)
			id := got.Identity
			if id.Maker != "Padarozhnik" || !strings.Contains(id.Model, want.model) || id.Serial != want.uri[len("usb:1209:0000:"):] ||
				id.Firmware == "" || got.OK != (verb == "list" || want.uri == scannerURI) {
				t.Errorf("%s: %s: %+v", verb, want.kind, got)
			}
			if want.kind == "usb" && !slices.Contains(got.Speaks, "ipp-over-usb") {
				t.Errorf("%s: %+v", verb, got)
			}
			k := got.Calibration
			if k == nil || k.Technician != "T-01" || k.Witness != "C-01" || k.Time != "2026-03-14T09:00:00Z" ||
				k.OK != (want.uri == printerURI) || (k.Cause == issuance.CauseUnsteady) == k.OK {
				t.Errorf("%s: %s %s was calibrated: %+v", verb, want.kind, want.uri, k)
			}
		}
	}
}

func (c *cabled) howTheyAre(t *testing.T) {
	if got := c.list("test", "printer", printerURI); got.OK || !slices.Equal(got.Conditions, []string{"no-booklet"}) {
		t.Errorf("an empty printer: %+v", got)
	}
	fault := filepath.Join(c.dir, "faults", "printer")
	if err := os.WriteFile(fault, []byte("cover-open"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := c.list("test", "usb", printerURI); got.OK || !slices.Contains(got.Conditions, "cover-open") {
		t.Errorf("an open printer: %+v", got)
	}
	words := c.told("test")
	for _, want := range []string{
		"printer  NOT  Padarozhnik virtual passport printer (firmware 1.0) usb:1209:0001:P0001  cover open; calibrated 2026-03-14\n",
		"\n              " + sentence(t, "cover-open") + "\n", "scanner  ok   Padarozhnik Virtual Scanner (firmware 1.02) usb:1209:0002:S0001  calibrated 2026-03-14: unsteady\n",
	} {
		if !strings.Contains(words, want) {
			t.Errorf("nothing says %q:\n%s", want, words)
		}
	}
	t.Logf("\n%s", words)
	if err := os.Remove(fault); err != nil {
		t.Fatal(err)
	}
}

func (c *cabled) printAndScan(t *testing.T) {
	black := filepath.Join(c.dir, "black.png")
	c.picture(black, 0)
	for _, b := range []struct {
		serial string
		at     desk.Place
	}{{"UT0000001", desk.Printer}, {"UT0000002", desk.Scanner}} {
		if _, err := c.desk.AddBook(b.serial); err != nil {
			t.Fatal(err)
		}
		c.picture(c.desk.PagePath(b.serial), 0xff)
		if err := c.desk.Move(b.serial, b.at); err != nil {
			t.Fatal(err)
		}
	}
	if got := c.list("test", "printer", printerURI); !got.OK || len(got.Conditions) > 0 {
		t.Errorf("a printer with a booklet: %+v", got)
	}
	if _, stderr, status := stationctl(t, "print", "--device", printerURI, "--dpi", "150", black); status != 0 {
		t.Errorf("print: %d: %s", status, stderr)
	}
	f, err := os.Open(c.desk.PagePath("UT0000001"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	page, err := png.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	if red, _, _, _ := page.At(300, 300).RGBA(); red > 0x4000 {
		t.Error("no ink on the page")
	}
	out := filepath.Join(c.dir, "scan.jpg")
	if _, stderr, status := stationctl(t, "scan", "--device", scannerURI, "--dpi", "150", "--out", out); status != 0 {
		t.Errorf("scan: %d: %s", status, stderr)
	}
	if info, err := os.Stat(out); err != nil || info.Size() < 1000 {
		t.Errorf("scanned %v, %v", info, err)
	}
}

// picture writes a page of one tone, 125 x 88 mm at 150 dpi.
func (c *cabled) picture(path string, tone uint8) {
	c.t.Helper()
	img := image.NewGray(image.Rect(0, 0, 738, 520))
	for i := range img.Pix {
		img.Pix[i] = tone
	}
	f, err := os.Create(path)
	if err != nil {
		c.t.Fatal(err)
	}
	if err := png.Encode(f, img); err != nil {
		c.t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		c.t.Fatal(err)
	}
}

func (c *cabled) pulledOut(t *testing.T) {
	ports := c.does("usbip", "port")
	if strings.Count(ports, "<Port in Use>") != 2 {
		t.Errorf("ports: %s", ports)
	}
	c.does("usbip", "detach", "-p", "0")
	var got listed
	for deadline := time.Now().Add(30 * time.Second); ; {
		if got = c.list("list", "printer", printerURI); !got.OK || time.Now().After(deadline) {
			break
		}
	}
	if got.OK || !slices.Equal(got.Conditions, []string{"device-unreachable"}) {
		t.Errorf("pulled out: %+v", got)
	}
	if words := c.told("list"); !strings.Contains(words, sentence(t, "device-unreachable")) {
		t.Errorf("nobody says what to do:\n%s", words)
	}
	if s := c.list("test", "scanner", scannerURI); !s.OK {
		t.Errorf("the other one: %+v", s)
	}
}
