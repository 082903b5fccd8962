package ipp_test

import (
	"bytes"
	"fmt"
	"image"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"padarozhnik/devices"
	"padarozhnik/devices/ipp"
	"padarozhnik/printing/pwg"
)

const ippeveprinter = "/usr/sbin/ippeveprinter"

// TestAgainstIppeveprinter prints on the printer that the makers of CUPS wrote to test clients with.
// It takes no booklets and keeps what it was sent: an envelope (110 x 220 mm) in colour, compared
// pixel for pixel.
func TestAgainstIppeveprinter(t *testing.T) {
	for _, tool := range []string{ippeveprinter, "avahi-daemon", "dbus-daemon"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Fatalf("cups-ipp-utils, avahi-daemon and dbus are not installed, run make deps: %v", err)
		}
	}
	dir := t.TempDir()
	port := freePort(t)
	uri := fmt.Sprintf("ipp://localhost:%d/ipp/print", port)
	env := os.Environ()
	judge := launch(t, env, dir, ippeveprinter, judgeArgs(dir, port)...)
	if !judge.listens(port) {
		env = append(env, "DBUS_SYSTEM_BUS_ADDRESS=unix:path="+bus(t, dir))
		judge = launch(t, env, dir, ippeveprinter, judgeArgs(dir, port)...)
		if !judge.listens(port) {
			t.Fatalf("ippeveprinter does not start: %s", judge.output())
		}
	}
	d, err := ipp.New(uri, nil, ipp.Options{Poll: 100 * time.Millisecond, Job: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	s, err := d.State(t.Context())
	if err != nil || !s.Idle {
		t.Fatalf("state %+v, %v", s, err)
	}
	page := image.NewRGBA(image.Rect(0, 0, 1299, 2598))
	for i := range page.Pix {
		page.Pix[i] = uint8(i / 977)
		if i%4 == 3 {
			page.Pix[i] = 0xff
		}
	}
	if err := d.Print(t.Context(), devices.Sheet{Image: page, DPI: 300, Title: serial}, nil); err != nil {
		t.Fatalf("%v\n%s", err, judge.output())
	}
	kept, err := filepath.Glob(filepath.Join(dir, "*.pwg"))
	if err != nil || len(kept) != 1 {
		t.Fatalf("the judge kept %v, %v", kept, err)
	}
	raw, err := os.ReadFile(kept[0])
	if err != nil {
		t.Fatal(err)
	}
	got, h, err := pwg.NewDecoder(bytes.NewReader(raw), 1<<24).DecodePage()
	if err != nil {
		t.Fatal(err)
	}
	if h.MediaName != "custom_passport_110x220mm" || got.Bounds() != page.Bounds() {
		t.Fatalf("the judge received %+v", h)
	}
	if !bytes.Equal(got.(*image.RGBA).Pix, page.Pix) {
		t.Error("the judge received another picture")
	}
}

func judgeArgs(dir string, port int) []string {
	return []string{"-v", "-k", "-d", dir, "-n", "localhost", "-p", strconv.Itoa(port), "-f", rasterType, "-r", "off",
		"-s", "60,60", "judge"}
}

const rasterType = "image/pwg-raster"

// bus starts a message bus and an mDNS responder of the test's own, which ippeveprinter insists on.
func bus(t *testing.T, dir string) string {
	t.Helper()
	socket := filepath.Join(dir, "bus")
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	config := write("bus.conf", `<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>system</type><listen>unix:path=`+socket+`</listen><auth>EXTERNAL</auth>
<policy context="default"><allow own="*"/><allow send_destination="*"/><allow receive_sender="*"/>
<allow user="*"/></policy>
</busconfig>`)
	mdns := write("avahi.conf", "[server]\nallow-interfaces=lo\nuse-ipv6=no\n")
	env := append(os.Environ(), "DBUS_SYSTEM_BUS_ADDRESS=unix:path="+socket)
	launch(t, env, dir, "dbus-daemon", "--config-file="+config, "--nofork")
	for range 100 {
		if _, err := os.Stat(socket); err == nil {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	launch(t, env, dir, "avahi-daemon", "-f", mdns, "--no-drop-root", "--no-chroot", "--no-rlimits")
	time.Sleep(time.Second)
	return socket
}

// program is a running judge.
type program struct {
	log  string
	done chan struct{}
}

// launch runs a program until the end of the test.
func launch(t *testing.T, env []string, dir, name string, args ...string) *program {
	t.Helper()
	log, err := os.CreateTemp(dir, "log-*")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(name, args...)
	cmd.Env, cmd.Stdout, cmd.Stderr = env, log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p := &program{log: log.Name(), done: make(chan struct{})}
	go func() {
		_ = cmd.Wait()
		close(p.done)
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		select {
		case <-p.done:
		case <-time.After(3 * time.Second):
			_ = cmd.Process.Kill()
			<-p.done
		}
		_ = log.Close()
	})
	return p
}

// listens waits until the port answers, or the program has ended.
func (p *program) listens(port int) bool {
	for range 150 {
		select {
		case <-p.done:
			return false
		default:
		}
		if conn, err := net.Dial("tcp", fmt.Sprintf("localhost:%d", port)); err == nil {
			_ = conn.Close()
			return true
		}
		time.Sleep(50 * time.Millisecond)
	}
	return false
}

func (p *program) output() []byte {
	b, _ := os.ReadFile(p.log)
	return b[max(0, len(b)-2000):]
}

func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}
