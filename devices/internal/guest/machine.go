package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"time"
)

// bootLimit is how long a kernel may take to the beginning of the test, on a machine that has other work;
// graceLimit is how long a test binary that has a time limit of its own may take to die of it.
const (
	bootLimit  = 3 * time.Minute
	graceLimit = time.Minute
)

// errTimeout: the guest did not come to its end in time.
var errTimeout = errors.New("the guest did not come to its end in time")

// machine is one virtual computer.
type machine struct {
	vmlinux, initrd string
	talk            bool // show the kernel's messages
}

// arguments are QEMU's. Descriptor 3 is the console, 4 the port of the frames. The processor is emulated even where
// /dev/kvm opens: in a machine that is virtual itself, KVM has died of instructions that it could not emulate, and
// a test must give the same answer everywhere. The microvm machine hangs, and "-cpu max" is slow.
func (m machine) arguments() []string {
	return []string{"-M", "q35", "-accel", "tcg,thread=multi", "-cpu", "qemu64", "-smp", "2", "-m", "1024",
		"-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
		"-kernel", m.vmlinux, "-initrd", m.initrd,
		"-append", "console=ttyS0 quiet panic=-1 oops=panic rdinit=/init",
		"-chardev", "socket,id=console,fd=3", "-serial", "chardev:console",
		"-device", "virtio-serial-pci", "-chardev", "socket,id=frames,fd=4",
		"-device", "virtserialport,chardev=frames,name=" + portName,
	}
}

// run boots the machine, passes on what the test says and returns its exit status.
func (m machine) run(ctx context.Context, j job) (int, error) {
	runtime.LockOSThread() // the thread whose end takes QEMU along, should the runner be killed
	defer runtime.UnlockOSThread()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	console, theirConsole, err := pair()
	if err != nil {
		return 0, err
	}
	defer console.Close()
	frames, theirFrames, err := pair()
	if err != nil {
		return 0, err
	}
	defer frames.Close()
	cmd := exec.CommandContext(ctx, "qemu-system-x86_64", m.arguments()...)
	complaint := &tail{}
	cmd.Stderr = complaint
	cmd.ExtraFiles = []*os.File{theirConsole, theirFrames}
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
	cmd.WaitDelay = time.Second
	err = cmd.Start()
	theirConsole.Close()
	theirFrames.Close()
	if err != nil {
		return 0, err
	}
	said := &tail{also: m.talk}
	heard := make(chan struct{})
	go func() { defer close(heard); _, _ = io.Copy(said, console) }() // ends with QEMU
	timer := time.AfterFunc(bootLimit, func() { cancel(fmt.Errorf("%w: no test had begun after %s", errTimeout, bootLimit)) })
	defer timer.Stop()
	status, ended, err := m.listen(frames, j, timer, cancel)
	cause := context.Cause(ctx)
	cancel(nil) // QEMU is killed: nothing in it is worth an orderly end
	_ = cmd.Wait()
	<-heard
	switch {
	case ended:
		return status, nil
	case cause != nil:
		err = cause
	case errors.Is(err, io.EOF):
		err = errors.New("the guest stopped before its test ended")
	}
	return 0, fmt.Errorf("%w\n%s%s", err, complaint, said)
}

// listen passes frames on until the test ended. It returns an error when the guest stops before.
func (m machine) listen(frames io.Reader, j job, timer *time.Timer, cancel context.CancelCauseFunc) (int, bool, error) {
	buffer := make([]byte, maxFrame)
	files := homecoming{allowed: j.Left}
	defer files.close()
	for {
		kind, content, err := receive(frames, buffer)
		if err != nil {
			return 0, false, err
		}
		switch kind {
		case booted:
			timer.Stop()
			if limit := j.Timeout + graceLimit; j.Timeout > 0 {
				stop := time.AfterFunc(limit, func() { cancel(fmt.Errorf("%w: %s after its test began", errTimeout, limit)) })
				defer stop.Stop()
			}
		case stdout:
			_, err = os.Stdout.Write(content)
		case stderr:
			_, err = os.Stderr.Write(content)
		case opened:
			err = files.open(string(content))
		case filled:
			err = files.write(content)
		case sorry:
			err = fmt.Errorf("in the guest: %s", content)
		case exited:
			if err := files.close(); err != nil || len(content) != 1 {
				return 0, false, errors.Join(err, errors.New("exit status was cut off"))
			}
			return int(content[0]), true, nil
		default:
			err = fmt.Errorf("the guest sent a frame of unknown kind %q", kind)
		}
		if err != nil {
			return 0, false, err
		}
	}
}

// pair returns two ends of a stream, ours first.
func pair() (*os.File, *os.File, error) {
	fds, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, nil, err
	}
	_ = syscall.SetNonblock(fds[0], true) // so that Close ends a Read
	return os.NewFile(uintptr(fds[0]), "guest"), os.NewFile(uintptr(fds[1]), "qemu"), nil
}

// tail keeps the last of what is written to it.
type tail struct {
	text []byte
	also bool // and passes it on
}

const maxTail = 16 << 10

func (t *tail) Write(b []byte) (int, error) {
	if t.also {
		_, _ = os.Stderr.Write(b)
	}
	t.text = append(t.text, b...)
	t.text = t.text[max(0, len(t.text)-maxTail):]
	return len(b), nil
}

func (t *tail) String() string { return string(t.text) }

// homecoming writes the files that the guest sends, and no others than were asked for.
type homecoming struct {
	allowed []string
	now     *os.File
}

func (h *homecoming) open(path string) error {
	if err := h.close(); err != nil {
		return err
	}
	path = filepath.Clean(path)
	for _, a := range h.allowed {
		if inside, err := filepath.Rel(a, path); err == nil && filepath.IsLocal(inside) {
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				return err
			}
			h.now, err = os.Create(path)
			return err
		}
	}
	return fmt.Errorf("the guest sent a file that nobody asked for: %q", path)
}

func (h *homecoming) write(b []byte) error {
	if h.now == nil {
		return errors.New("the guest sent bytes of no file")
	}
	_, err := h.now.Write(b)
	return err
}

func (h *homecoming) close() error {
	if h.now == nil {
		return nil
	}
	err := h.now.Close()
	h.now = nil
	return err
}
