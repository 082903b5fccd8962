package issuance_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The recorder sees what a process asks of its files, in order: the kernel stops each system call
// that writes, cuts, syncs, makes or removes a file until the recorder has looked at it
// (SECCOMP_RET_USER_NOTIF, seccomp(2)). No tracer, no other file system and no change of the program
// stand between: what is recorded is what SQLite does in an office.

// deed is one system call of the recorded process on a file of its directory, or a line that it said.
type deed struct {
	what deedKind
	file string // name in the directory; "." is the directory itself
	at   int64
	data []byte
}

type deedKind int

const (
	deedWrite deedKind = iota
	deedCut            // to the length at
	deedSync
	deedMake
	deedRemove
	deedSaid // data: a line on the standard output
)

var recordedCalls = []uint32{
	unix.SYS_WRITE, unix.SYS_PWRITE64, unix.SYS_WRITEV, unix.SYS_PWRITEV, unix.SYS_PWRITEV2, unix.SYS_FTRUNCATE,
	unix.SYS_FSYNC, unix.SYS_FDATASYNC, unix.SYS_OPENAT, unix.SYS_UNLINKAT, unix.SYS_RENAMEAT, unix.SYS_RENAMEAT2,
	unix.SYS_FALLOCATE,
}

// surrender lets the process at the other end of a socket see every recorded call from now on, of
// every thread. It is called by the recorded process.
func surrender(socket int) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	n := len(recordedCalls)
	filter := []unix.SockFilter{{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS}} // the number of the call
	for i, nr := range append(recordedCalls, legacyCalls...) {
		filter = append(filter, unix.SockFilter{
			Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, Jt: uint8(n + len(legacyCalls) - i), K: nr,
		})
	}
	filter = append(filter, unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ALLOW},
		unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_USER_NOTIF})
	program := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return err
	}
	const flags = unix.SECCOMP_FILTER_FLAG_TSYNC | unix.SECCOMP_FILTER_FLAG_TSYNC_ESRCH |
		unix.SECCOMP_FILTER_FLAG_NEW_LISTENER
	listener, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, flags,
		uintptr(unsafe.Pointer(&program)))
	runtime.KeepAlive(filter)
	if errno != 0 {
		return fmt.Errorf("seccomp: %w", errno)
	}
	err := unix.Sendmsg(socket, []byte{1}, unix.UnixRights(int(listener)), nil, 0)
	return errors.Join(err, unix.Close(int(listener)))
}

// notification is struct seccomp_notif, and answer struct seccomp_notif_resp (seccomp_unotify(2)).
type notification struct {
	id    uint64
	pid   uint32
	flags uint32
	nr    int32
	arch  uint32
	ip    uint64
	args  [6]uint64
}

type answer struct {
	id    uint64
	value int64
	err   int32
	flags uint32
}

const answerContinue = 1 // SECCOMP_USER_NOTIF_FLAG_CONTINUE

// record runs a command whose process surrenders on file 3 and returns what it did below dir.
func record(cmd *exec.Cmd, dir string) ([]deed, error) {
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	defer unix.Close(pair[0])
	theirs := os.NewFile(uintptr(pair[1]), "recorder")
	cmd.ExtraFiles = []*os.File{theirs}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	if err := theirs.Close(); err != nil {
		return nil, err
	}
	listener, err := receive(pair[0])
	if err != nil {
		return nil, errors.Join(err, cmd.Wait())
	}
	r := &recorder{dir: dir, listener: listener}
	err = r.run()
	return r.deeds, errors.Join(err, unix.Close(listener), cmd.Wait())
}

func receive(socket int) (int, error) {
	oob := make([]byte, unix.CmsgSpace(4))
	_, n, _, _, err := unix.Recvmsg(socket, make([]byte, 1), oob, 0)
	if err != nil || n == 0 {
		return 0, fmt.Errorf("the process did not surrender: %w", err)
	}
	messages, err := unix.ParseSocketControlMessage(oob[:n])
	if err != nil {
		return 0, err
	}
	fds, err := unix.ParseUnixRights(&messages[0])
	if err != nil {
		return 0, err
	}
	return fds[0], nil
}

type recorder struct {
	dir      string
	listener int
	deeds    []deed
}

func (r *recorder) run() error {
	for {
		poll := []unix.PollFd{{Fd: int32(r.listener), Events: unix.POLLIN}}
		if _, err := unix.Poll(poll, -1); err != nil && !errors.Is(err, unix.EINTR) {
			return err
		}
		if poll[0].Revents&unix.POLLIN == 0 {
			if poll[0].Revents&(unix.POLLHUP|unix.POLLERR) != 0 {
				return nil // the process has ended
			}
			continue
		}
		var n notification
		if errno := r.ioctl(unix.SECCOMP_IOCTL_NOTIF_RECV, unsafe.Pointer(&n)); errno == unix.ENOENT || errno == unix.EINTR {
			continue // killed meanwhile
		} else if errno != 0 {
			return errno
		}
		err := r.look(n)
		a := answer{id: n.id, flags: answerContinue}
		if errno := r.ioctl(unix.SECCOMP_IOCTL_NOTIF_SEND, unsafe.Pointer(&a)); errno != 0 && errno != unix.ENOENT {
			return errno
		}
		if err != nil {
			return err
		}
	}
}

func (r *recorder) ioctl(request uint, at unsafe.Pointer) unix.Errno {
	_, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(r.listener), uintptr(request), uintptr(at))
	return errno
}

// look records one call before it is carried out.
func (r *recorder) look(n notification) error {
	fd := int(int32(n.args[0]))
	switch n.nr {
	case unix.SYS_OPENAT:
		if n.args[2]&unix.O_CREAT == 0 {
			return nil
		}
		return r.path(n, n.args[1], deedMake)
	case unix.SYS_UNLINKAT:
		return r.path(n, n.args[1], deedRemove)
	case unix.SYS_WRITE, unix.SYS_PWRITE64:
		return r.write(n, fd)
	case unix.SYS_FTRUNCATE:
		r.add(n, fd, deed{what: deedCut, at: int64(n.args[1])})
	case unix.SYS_FSYNC, unix.SYS_FDATASYNC:
		r.add(n, fd, deed{what: deedSync})
	default:
		if i := legacyCall(uint32(n.nr)); i != deedSaid {
			return r.path(n, n.args[0], i)
		}
		if name := r.name(n.pid, fd); watched(name) {
			return fmt.Errorf("call %d on %s is not replayed", n.nr, name)
		}
	}
	return nil
}

func (r *recorder) write(n notification, fd int) error {
	if fd != 1 && !watched(r.name(n.pid, fd)) {
		return nil
	}
	data, err := memory(n.pid, n.args[1], int(n.args[2]))
	if err != nil {
		return err
	}
	if fd == 1 {
		r.deeds = append(r.deeds, deed{what: deedSaid, data: data})
		return nil
	}
	at := int64(n.args[3])
	if n.nr == unix.SYS_WRITE {
		if at, err = position(n.pid, fd); err != nil {
			return err
		}
	}
	r.add(n, fd, deed{what: deedWrite, at: at, data: data})
	return nil
}

func (r *recorder) add(n notification, fd int, d deed) {
	if d.file = r.name(n.pid, fd); watched(d.file) {
		r.deeds = append(r.deeds, d)
	}
}

// watched leaves out what a power cut may do with as it likes: the index of the log, which is made
// anew, the reserve, which is empty, and files of other directories.
func watched(name string) bool {
	return name == "." || strings.HasPrefix(name, "station.db") &&
		!strings.HasSuffix(name, "-shm") && !strings.HasSuffix(name, ".reserve")
}

// name is the file behind a descriptor, relative to the directory; "" for one elsewhere.
func (r *recorder) name(pid uint32, fd int) string {
	target, err := os.Readlink(fmt.Sprintf("/proc/%d/fd/%d", pid, fd))
	if err != nil {
		return ""
	}
	return r.relative(target)
}

func (r *recorder) relative(path string) string {
	name, err := filepath.Rel(r.dir, path)
	if err != nil || strings.Contains(name, "/") || name == ".." {
		return ""
	}
	return name
}

func (r *recorder) path(n notification, at uint64, what deedKind) error {
	text, err := memory(n.pid, at, unix.PathMax)
	if err != nil {
		return err
	}
	name := r.relative(unix.ByteSliceToString(text))
	if !watched(name) {
		return nil
	}
	if _, err := os.Lstat(filepath.Join(r.dir, name)); what == deedMake && err == nil {
		return nil // it is there
	}
	r.deeds = append(r.deeds, deed{what: what, file: name})
	return nil
}

// memory reads from a stopped thread; a text at the end of a mapping is shorter than asked for.
func memory(pid uint32, at uint64, n int) ([]byte, error) {
	f, err := os.Open(fmt.Sprintf("/proc/%d/mem", pid))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	out := make([]byte, n)
	got, err := f.ReadAt(out, int64(at))
	if got == 0 && n > 0 {
		return nil, fmt.Errorf("memory of the recorded process: %w", err)
	}
	return out[:got], nil
}

// position is where the next write goes.
func position(pid uint32, fd int) (int64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/fdinfo/%d", pid, fd))
	if err != nil {
		return 0, err
	}
	var at int64
	_, err = fmt.Sscanf(string(text), "pos: %d", &at)
	return at, err
}

// sectors cuts a write into what a disk carries out as a whole.
func sectors(at int64, data []byte) (out []deed) {
	const size = 512
	for len(data) > 0 {
		n := min(len(data), int(size-at%size))
		out = append(out, deed{what: deedWrite, at: at, data: data[:n]})
		at, data = at+int64(n), data[n:]
	}
	return out
}
