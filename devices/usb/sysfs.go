package usb

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// maxAttribute is more than the kernel writes of a device's name.
const maxAttribute = 1024

// attribute reads a small file of sysfs; what cannot be read is empty.
func attribute(dir, name string) string {
	b, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(b[:min(len(b), maxAttribute)]))
}

// namesWithin is how long a device may take to tell its names.
const namesWithin = 2 * time.Second

// named reads what a device calls itself. The kernel has its names, but gives them only while nobody's call holds the
// device; beside a call that hangs, it lets whoever asks hang too. Such a read is interrupted, so that looking at the bus
// comes to its end and leaves nothing behind.
func (p *Plugged) named(dir string) {
	thread, done := make(chan int, 1), make(chan [3]string, 1)
	var enough atomic.Bool
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		thread <- unix.Gettid()
		var said [3]string
		for n, name := range []string{"manufacturer", "product", "serial"} {
			said[n] = interruptible(filepath.Join(dir, name), &enough)
		}
		done <- said
	}()
	late := time.NewTimer(namesWithin)
	defer late.Stop()
	select {
	case said := <-done:
		p.Maker, p.Model, p.Serial = said[0], said[1], said[2]
		return
	case <-late.C:
	}
	p.Hangs = true
	enough.Store(true)
	for id := <-thread; ; {
		_ = unix.Tgkill(os.Getpid(), id, unix.SIGURG) // which the runtime uses for itself and otherwise does not heed
		select {
		case <-done:
			return
		case <-time.After(time.Millisecond):
		}
	}
}

// interruptible reads an attribute, until a signal comes and it is enough.
func interruptible(path string, enough *atomic.Bool) string {
	for !enough.Load() {
		f, err := unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC, 0)
		if err != nil {
			return ""
		}
		var b [maxAttribute]byte
		n, err := unix.Read(f, b[:])
		_ = unix.Close(f)
		if err == nil {
			return strings.TrimSpace(string(b[:max(n, 0)]))
		}
		if !errors.Is(err, unix.EINTR) {
			return ""
		}
	}
	return ""
}
