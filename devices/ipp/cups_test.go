package ipp_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"image"
	"image/png"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"golang.org/x/image/draw"

	"padarozhnik/devices"
	"padarozhnik/devices/ipp"
	"padarozhnik/devices/virtual/desk"
	"padarozhnik/devices/virtual/printer"
	"padarozhnik/printing/pwg"
)

// What CUPS prints driverless at: its own choice of the printer's resolutions.
const (
	cupsDPI    = 600
	cupsWidth  = 2953
	cupsHeight = 2079
)

// cups is a print server of the test's own, with one driverless queue to a virtual passport printer.
type cups struct {
	*office
	port  int
	queue string
	log   string
}

// openCups starts a private cupsd and has it find out by IPP what the virtual printer can.
func openCups(t *testing.T) *cups {
	t.Helper()
	for _, tool := range []string{"/usr/sbin/cupsd", "/usr/sbin/lpadmin", "/usr/bin/lp"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Fatalf("cups-daemon and cups-client are not installed, run make deps: %v", err)
		}
	}
	c := &cups{office: open(t, printer.Options{PrintTime: 20 * time.Millisecond}), port: freePort(t)}
	dir := serverRoot(t, c.port)
	c.log = filepath.Join(dir, "log", "error")
	daemon := launch(t, os.Environ(), dir, "/usr/sbin/cupsd", "-f",
		"-c", filepath.Join(dir, "cupsd.conf"), "-s", filepath.Join(dir, "cups-files.conf"))
	if !daemon.listens(c.port) {
		t.Fatalf("cupsd does not start: %s", daemon.output())
	}
	c.queue = fmt.Sprintf("ipp://127.0.0.1:%d/printers/passports", c.port)
	c.run(t, "/usr/sbin/lpadmin", "-p", "passports", "-E", "-m", "everywhere", "-v", c.uri)
	d := c.driver(t)
	await(t, "queue", func() bool {
		s, err := d.State(t.Context())
		return err == nil && slices.Contains(s.DPI, cupsDPI)
	})
	return c
}

// serverRoot makes the configuration and the directories of a print server. Started by root, it works
// as the user lp, who must be able to reach them.
func serverRoot(t *testing.T, port int) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "cups-test-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	files := ""
	for _, line := range [][2]string{
		{"ServerRoot", "etc"}, {"RequestRoot", "spool"}, {"TempDir", "spool/tmp"}, {"CacheDir", "cache"},
		{"StateDir", "state"}, {"AccessLog", "log/access"}, {"ErrorLog", "log/error"}, {"PageLog", "log/page"},
	} {
		files += fmt.Sprintf("%s %s\n", line[0], filepath.Join(dir, line[1]))
	}
	for _, sub := range []string{"etc/ppd", "spool/tmp", "cache", "state", "log"} {
		if err := os.MkdirAll(filepath.Join(dir, sub), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	server := fmt.Sprintf("LogLevel debug\nListen 127.0.0.1:%d\nBrowsing No\nWebInterface No\nDefaultAuthType None\n"+
		"<Location />\nOrder allow,deny\nAllow from 127.0.0.1\n</Location>\n"+
		"<Policy default>\n<Limit All>\nOrder allow,deny\nAllow from 127.0.0.1\n</Limit>\n</Policy>\n", port)
	for name, text := range map[string]string{"cups-files.conf": files + "User lp\nGroup lp\n", "cupsd.conf": server} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if os.Getuid() == 0 {
		give(t, dir, "lp")
	}
	return dir
}

// give makes a user the owner of a directory and all in it.
func give(t *testing.T, dir, name string) {
	t.Helper()
	u, err := user.Lookup(name)
	if err != nil {
		t.Fatal(err)
	}
	uid, _ := strconv.Atoi(u.Uid)
	gid, _ := strconv.Atoi(u.Gid)
	err = filepath.WalkDir(dir, func(path string, _ os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Chown(path, uid, gid)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// run runs a client of the print server.
func (c *cups) run(t *testing.T, name string, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Env = append(os.Environ(), fmt.Sprintf("CUPS_SERVER=127.0.0.1:%d", c.port))
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s\n%s", name, err, out, c.tail())
	}
}

func (c *cups) tail() []byte {
	b, _ := os.ReadFile(c.log)
	return b[max(0, len(b)-3000):]
}

// driver prints to the queue, not to the printer.
func (c *cups) driver(t *testing.T) *ipp.Printer {
	t.Helper()
	d, err := ipp.New(c.queue, nil, ipp.Options{Poll: 50 * time.Millisecond, Job: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// ejected waits until the printer has printed and laid the book away, and returns document number n.
func (c *cups) ejected(t *testing.T, n int) []byte {
	t.Helper()
	await(t, "booklet", func() bool {
		lies, err := c.desk.At(desk.Printer)
		return err == nil && lies == ""
	})
	raw, err := os.ReadFile(filepath.Join(c.printer.JobsDir(), fmt.Sprintf("%d.pwg", n)))
	if err != nil {
		t.Fatalf("%v\n%s", err, c.tail())
	}
	return raw
}

// await asks until something holds.
func await(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		if holds() {
			return
		}
	}
	t.Fatalf("%s: not within a minute", what)
}

// largeInk is the sheet at the resolution of the queue.
func largeInk() *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, cupsWidth, cupsHeight))
	draw.NearestNeighbor.Scale(img, img.Rect, ink(), ink().Rect, draw.Src, nil)
	return img
}

// encoded is a sheet as the driver sends it.
func encoded(t *testing.T, img image.Image) []byte {
	t.Helper()
	var out bytes.Buffer
	e := pwg.NewEncoder(&out)
	h := pwg.Header{Width: cupsWidth, Height: cupsHeight, DPIX: cupsDPI, DPIY: cupsDPI, Space: pwg.SRGB, Pages: 1,
		MediaName: "custom_passport_88x125mm"}
	if err := e.Begin(h); err != nil {
		t.Fatal(err)
	}
	if err := e.Lines(pwg.Rows(nil, img, pwg.SRGB, 0, cupsHeight)); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// TestThroughCups prints through a queue of CUPS, so through any printer that CUPS has a driver for:
// with our driver, with CUPS' own client from a raster of ours, and from a picture that CUPS turns into
// a raster by itself.
func TestThroughCups(t *testing.T) {
	c := openCups(t)
	page := largeInk()
	want := encoded(t, page)
	again := func() {
		writePNG(t, c.desk.PagePath(serial), paper())
		if err := c.desk.Move(serial, desk.Printer); err != nil {
			t.Fatal(err)
		}
	}
	t.Run("our driver", func(t *testing.T) {
		err := c.driver(t).Print(t.Context(), devices.Sheet{Image: page, DPI: cupsDPI, Title: serial}, nil)
		if err != nil {
			t.Fatalf("%v\n%s", err, c.tail())
		}
		if got := c.ejected(t, 1); sha256.Sum256(got) != sha256.Sum256(want) {
			t.Errorf("%d bytes arrived of %d, or others", len(got), len(want))
		}
	})
	again()
	t.Run("a raster of ours by lp", func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "page.pwg")
		if err := os.WriteFile(file, want, 0o644); err != nil {
			t.Fatal(err)
		}
		c.run(t, "/usr/bin/lp", "-d", "passports", "-o", "PageSize=125x88mm.Borderless", file)
		if got := c.ejected(t, 2); sha256.Sum256(got) != sha256.Sum256(want) {
			t.Errorf("%d bytes arrived of %d, or others", len(got), len(want))
		}
	})
	again()
	t.Run("a picture by lp", func(t *testing.T) {
		var file bytes.Buffer
		if err := png.Encode(&file, page); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(t.TempDir(), "page.png")
		if err := os.WriteFile(path, file.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		c.run(t, "/usr/bin/lp", "-d", "passports", "-o", "PageSize=125x88mm.Borderless", "-o", "print-scaling=fill", path)
		got, h, err := pwg.NewDecoder(bytes.NewReader(c.ejected(t, 3)), 1<<24).DecodePage()
		if err != nil || h.Width != cupsWidth || h.Height != cupsHeight || h.DPIX != cupsDPI || h.Space != pwg.SRGB {
			t.Fatalf("CUPS sent %+v, %v", h, err)
		}
		for _, at := range []image.Point{{300, 300}, {2700, 250}, {1500, 1000}, {200, 1900}, {2800, 1950}} {
			w, g := page.RGBAAt(at.X, at.Y), got.(*image.RGBA).RGBAAt(at.X, at.Y)
			if near := func(a, b uint8) bool { return max(a, b)-min(a, b) < 24 }; !near(w.R, g.R) || !near(w.G, g.G) {
				t.Errorf("at %v CUPS printed %v, want %v", at, g, w)
			}
		}
	})
}
