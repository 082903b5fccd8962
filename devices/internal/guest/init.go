package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// portName is the virtio port that carries the frames.
const portName = "padarozhnik"

// boot is /init: the first process of the guest. It does not return.
func boot() {
	port, err := begin()
	if err != nil {
		fmt.Println("init:", err) // on the console, whose end the runner shows
		_ = unix.Reboot(unix.LINUX_REBOOT_CMD_RESTART)
	}
	to := &sender{w: port}
	if err := obey(to); err != nil {
		_ = to.send(sorry, []byte(err.Error()))
	}
	for { // the runner stops the machine when it has read the last frame
		unix.Pause()
	}
}

// begin mounts what the kernel offers and opens the way out.
func begin() (*os.File, error) {
	for _, m := range []struct{ kind, at string }{ // the root is memory already, /tmp with it
		{"proc", "/proc"}, {"sysfs", "/sys"}, {"devtmpfs", "/dev"}, {"devpts", "/dev/pts"}, {"tmpfs", "/dev/shm"},
		{"debugfs", "/sys/kernel/debug"},
	} {
		if err := mount(m.kind, m.at); err != nil {
			return nil, err
		}
	}
	if err := os.Setenv("PATH", "/bin"); err != nil {
		return nil, err
	}
	for _, args := range [][]string{
		{"modprobe", "-a", "virtio_pci", "virtio_console", "configfs"}, {"ip", "link", "set", "lo", "up"},
	} {
		if out, err := exec.Command("/bin/"+args[0], args[1:]...).CombinedOutput(); err != nil {
			return nil, fmt.Errorf("%s: %w: %s", strings.Join(args, " "), err, out)
		}
	}
	if err := mount("configfs", "/sys/kernel/config"); err != nil {
		return nil, err
	}
	return openPort()
}

func mount(kind, at string) error {
	if err := os.MkdirAll(at, 0o755); err != nil {
		return err
	}
	if err := unix.Mount(kind, at, kind, 0, ""); err != nil {
		return fmt.Errorf("mount %s: %w", kind, err)
	}
	return nil
}

// openPort waits until the host has announced its port, and opens it.
func openPort() (*os.File, error) {
	for until := time.Now().Add(bootLimit); time.Now().Before(until); time.Sleep(2 * time.Millisecond) {
		names, err := filepath.Glob("/sys/class/virtio-ports/*/name")
		if err != nil {
			return nil, err
		}
		for _, n := range names {
			name, err := os.ReadFile(n)
			if err == nil && strings.TrimSpace(string(name)) == portName {
				return os.OpenFile("/dev/"+filepath.Base(filepath.Dir(n)), os.O_RDWR, 0)
			}
		}
	}
	return nil, errors.New("no virtio port from the host")
}

// obey runs the job.
func obey(to *sender) error {
	text, err := os.ReadFile(jobFile)
	if err != nil {
		return err
	}
	var j job
	if err := json.Unmarshal(text, &j); err != nil {
		return err
	}
	if err := sow(j.Seed); err != nil {
		return err
	}
	// The race detector reserves more than there is.
	if err := os.WriteFile("/proc/sys/vm/overcommit_memory", []byte("1"), 0); err != nil {
		return err
	}
	cmd := exec.Command(j.Command[0], j.Command[1:]...)
	cmd.Dir, cmd.Env = j.Dir, j.Env
	cmd.Stdout, cmd.Stderr = stream{to, stdout}, stream{to, stderr}
	cmd.WaitDelay = 5 * time.Second // for what it started and left running
	if err := to.send(booted, nil); err != nil {
		return err
	}
	err = cmd.Run()
	if cmd.ProcessState == nil {
		return err
	}
	for _, path := range j.Left {
		if err := bring(to, path); err != nil {
			return err
		}
	}
	return to.send(exited, []byte{statusOf(cmd.ProcessState)})
}

// statusOf is a process's exit status as a shell would say it.
func statusOf(p *os.ProcessState) byte {
	if w, ok := p.Sys().(syscall.WaitStatus); ok && w.Signaled() {
		return 128 + byte(w.Signal())
	}
	return byte(p.ExitCode())
}

// sow gives the kernel the host's randomness: a machine without hardware randomness would wait for its own.
func sow(seed []byte) error {
	f, err := os.OpenFile("/dev/random", os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	// struct rand_pool_info (random(4)): bits, bytes, data.
	pool := struct {
		bits, size int32
		data       [64]byte
	}{bits: int32(8 * len(seed)), size: int32(len(seed))}
	copy(pool.data[:], seed)
	if _, _, errno := unix.Syscall(unix.SYS_IOCTL, f.Fd(), unix.RNDADDENTROPY, uintptr(unsafe.Pointer(&pool))); errno != 0 {
		return fmt.Errorf("seed the kernel's randomness: %w", errno)
	}
	return nil
}

// bring sends a file, or every file of a directory, if it is there.
func bring(to *sender, path string) error {
	return filepath.WalkDir(path, func(name string, e fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		f, err := os.Open(name)
		if err != nil {
			return err
		}
		defer f.Close()
		if err := to.send(opened, []byte(name)); err != nil {
			return err
		}
		_, err = io.CopyBuffer(struct{ io.Writer }{stream{to, filled}}, struct{ io.Reader }{f}, make([]byte, maxFrame))
		return err
	})
}
