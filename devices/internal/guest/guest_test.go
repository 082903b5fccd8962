package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestArchiveIsReadByBusybox has another program than the kernel unpack what we pack.
func TestArchiveIsReadByBusybox(t *testing.T) {
	if err := tools(); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	from := filepath.Join(dir, "from")
	for name, data := range map[string]string{"a/one": "1", "a/b/five": "12345", "empty": ""} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(from, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(from, name), []byte(data), 0o640); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("one", filepath.Join(from, "a", "link")); err != nil {
		t.Fatal(err)
	}
	packed := filepath.Join(dir, "packed.cpio")
	if err := writeArchive(packed, func(a *archive) error {
		a.tree("/tree", from)
		a.file("/tree/a/one", filepath.Join(from, "empty")) // what came first stays
		a.bytes("/tree/said", 0o600, "four")
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	into := t.TempDir()
	cmd := exec.Command("busybox", "cpio", "-id", "-F", packed)
	cmd.Dir = into
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for name, want := range map[string]string{
		"tree/a/one": "1", "tree/a/link": "1", "tree/a/b/five": "12345", "tree/empty": "", "tree/said": "four",
	} {
		if got, err := os.ReadFile(filepath.Join(into, name)); err != nil || string(got) != want {
			t.Errorf("%s holds %q, want %q: %v", name, got, want, err)
		}
	}
	if info, err := os.Stat(filepath.Join(into, "tree/a/b/five")); err != nil || info.Mode().Perm() != 0o640 {
		t.Errorf("permissions are %v: %v", info.Mode(), err)
	}
}

func TestFramesComeAsTheyWent(t *testing.T) {
	var wire bytes.Buffer
	long := bytes.Repeat([]byte("line\n"), maxFrame/4) // more than one frame
	to := &sender{w: &wire}
	if _, err := (stream{to, stdout}).Write(long); err != nil {
		t.Fatal(err)
	}
	if err := to.send(exited, []byte{7}); err != nil {
		t.Fatal(err)
	}
	buffer := make([]byte, maxFrame)
	var got []byte
	for {
		kind, content, err := receive(&wire, buffer)
		if err != nil {
			t.Fatal(err)
		}
		if kind == exited {
			if !bytes.Equal(got, long) || content[0] != 7 {
				t.Errorf("%d of %d bytes came, status %d", len(got), len(long), content[0])
			}
			return
		}
		got = append(got, content...)
	}
}

// FuzzReceive feeds the host what a broken guest may send.
func FuzzReceive(f *testing.F) {
	f.Add([]byte("o\x00\x00\x00\x02hi"))
	f.Add([]byte("o\xff\xff\xff\xff"))
	f.Add([]byte("x\x00\x00\x00\x01"))
	f.Fuzz(func(t *testing.T, b []byte) {
		buffer := make([]byte, maxFrame)
		for r := bytes.NewReader(b); ; {
			if _, content, err := receive(r, buffer); err != nil {
				return
			} else if len(content) > len(b) {
				t.Fatal("more came than was sent")
			}
		}
	})
}

// TestListenTakesOnlyWhatWasAsked lets a guest send files and ends that it should not.
func TestListenTakesOnlyWhatWasAsked(t *testing.T) {
	dir := t.TempDir()
	wanted := filepath.Join(dir, "cover.out")
	for _, c := range []struct {
		name   string
		send   func(*sender)
		status int
		fails  string
	}{
		{"coverage and status", func(s *sender) {
			_ = s.send(opened, []byte(wanted))
			_ = s.send(filled, []byte("mode: set\n"))
			_ = s.send(exited, []byte{3})
		}, 3, ""},
		{"another file", func(s *sender) { _ = s.send(opened, []byte(dir+"/other")) }, 0, "nobody asked"},
		{"a file above", func(s *sender) { _ = s.send(opened, []byte(wanted+"/../other")) }, 0, "nobody asked"},
		{"bytes of nothing", func(s *sender) { _ = s.send(filled, []byte("x")) }, 0, "no file"},
		{"no status", func(s *sender) { _ = s.send(exited, nil) }, 0, "cut off"},
		{"its reason", func(s *sender) { _ = s.send(sorry, []byte("no such module")) }, 0, "no such module"},
		{"silence", func(*sender) {}, 0, "EOF"},
	} {
		var wire bytes.Buffer
		c.send(&sender{w: &wire})
		timer := time.NewTimer(time.Hour)
		status, ended, err := machine{}.listen(&wire, job{Left: []string{wanted}}, timer, nil)
		timer.Stop()
		if ended != (c.fails == "") || status != c.status || ended != (err == nil) {
			t.Errorf("%s: status %d, ended %t: %v", c.name, status, ended, err)
		}
		if err != nil && !strings.Contains(err.Error(), c.fails) {
			t.Errorf("%s: %v does not say %q", c.name, err, c.fails)
		}
	}
	if got, err := os.ReadFile(wanted); err != nil || string(got) != "mode: set\n" {
		t.Errorf("coverage is %q: %v", got, err)
	}
}

func TestPayloadIsCutOut(t *testing.T) {
	whole := make([]byte, 4096)
	copy(whole[headerMagic:], "HdrS")
	whole[setupSectors] = 1
	binary.LittleEndian.PutUint32(whole[payloadOffset:], 16)
	binary.LittleEndian.PutUint32(whole[payloadLength:], 12)
	copy(whole[2*512+16:], "kernel..SIZE")
	if got, err := payload(whole); err != nil || string(got) != "kernel.." {
		t.Errorf("payload is %q: %v", got, err)
	}
	for name, spoil := range map[string]func([]byte) []byte{
		"empty":     func([]byte) []byte { return nil },
		"no header": func(b []byte) []byte { b[headerMagic] = 0; return b },
		"cut off":   func(b []byte) []byte { return b[:2*512+20] },
		"too long":  func(b []byte) []byte { binary.LittleEndian.PutUint32(b[payloadLength:], 1<<32-1); return b },
		"too short": func(b []byte) []byte { binary.LittleEndian.PutUint32(b[payloadLength:], 3); return b },
		"far away":  func(b []byte) []byte { binary.LittleEndian.PutUint32(b[payloadOffset:], 1<<32-1); return b },
	} {
		if got, err := payload(spoil(bytes.Clone(whole))); err == nil {
			t.Errorf("%s: gives %q", name, got)
		}
	}
}

func TestModulesComeWithWhatTheyNeed(t *testing.T) {
	deps := []byte("kernel/a/usb-common.ko:\nkernel/a/usbcore.ko: kernel/a/usb-common.ko\n" +
		"kernel/b/vhci-hcd.ko: kernel/b/usbip-core.ko kernel/a/usbcore.ko kernel/a/usb-common.ko\nkernel/b/usbip-core.ko:\n")
	got, err := closure(deps, []string{"usbcore", "vhci_hcd"})
	want := []string{"kernel/a/usbcore.ko", "kernel/a/usb-common.ko", "kernel/b/vhci-hcd.ko", "kernel/b/usbip-core.ko"}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("got %v: %v", got, err)
	}
	if _, err := closure(deps, []string{"vivid"}); err == nil || !strings.Contains(err.Error(), "vivid") {
		t.Errorf("a module that is not there gives %v", err)
	}
}

func TestJobReadsATestsFlags(t *testing.T) {
	j := job{Dir: "/here"}
	err := j.read([]string{"-test.timeout=90s", "-test.v=true", "-test.coverprofile=/tmp/c.out", "-test.cpuprofile=cpu",
		"-test.run=^TestGuest", "-test.testlogfile=/tmp/log"})
	if err != nil || j.Timeout != 90*time.Second || !slices.Equal(j.Left, []string{"/tmp/c.out", "/here/cpu"}) {
		t.Errorf("job is %+v: %v", j, err)
	}
	if err := j.read([]string{"-test.timeout=soon"}); err == nil {
		t.Error("a time limit that is none was taken")
	}
}

// TestListedFilesTravel reads what a package wants in the guest, and names what is not there.
func TestListedFilesTravel(t *testing.T) {
	dir := t.TempDir()
	if got, err := listed(dir); err != nil || got != nil {
		t.Errorf("no list gives %v: %v", got, err)
	}
	write := func(text string) {
		if err := os.WriteFile(filepath.Join(dir, listFile), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("# programs\n\n/bin/sh\n../" + filepath.Base(dir) + "/guest.files\n")
	if got, err := listed(dir); err != nil || !slices.Equal(got, []string{"/bin/sh", filepath.Join(dir, listFile)}) {
		t.Errorf("listed %v: %v", got, err)
	}
	write("nowhere/program\n")
	if _, err := listed(dir); err == nil || !strings.Contains(err.Error(), "nowhere/program") {
		t.Errorf("what is missing gives %v", err)
	}
}

// TestMissingToolsAreNamed looks what somebody reads who did not run make deps.
func TestMissingToolsAreNamed(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	err := tools()
	if err == nil || !strings.Contains(err.Error(), "qemu-system-x86") || !strings.Contains(err.Error(), "make deps") {
		t.Errorf("without tools: %v", err)
	}
}

// TestArchiveRefusesWhatShrinks keeps a file that changes while it is packed from spoiling the archive.
func TestArchiveRefusesWhatShrinks(t *testing.T) {
	a := newArchive(io.Discard)
	a.entry("file", typeFile, 10, strings.NewReader("short"))
	if err := a.close(); err == nil {
		t.Error("a file that has shrunk was packed")
	}
	a = newArchive(io.Discard)
	a.file("/dir", t.TempDir())
	if err := a.close(); err == nil || errors.Is(err, io.EOF) {
		t.Errorf("a directory packed as a file gives %v", err)
	}
}
