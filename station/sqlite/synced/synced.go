// Package synced counts, for benchmarks, how often a database makes sure that its bytes are on the disk:
// two rates are compared only where both sides sync as often.
package synced

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// Count runs f and counts the calls of fsync and fdatasync that the processes make in the meantime; this
// one where none is named. It needs strace, and the right to trace the processes. dir is for its output.
func Count(dir string, f func() error, pids ...int) (int, error) {
	if len(pids) == 0 {
		pids = []int{os.Getpid()}
		_ = unix.Prctl(unix.PR_SET_PTRACER, unix.PR_SET_PTRACER_ANY, 0, 0, 0) // only Yama asks for it
	}
	out := filepath.Join(dir, "syncs")
	args := []string{"-f", "-e", "trace=fsync,fdatasync", "-e", "signal=none", "-o", out}
	for _, pid := range pids {
		args = append(args, "-p", strconv.Itoa(pid))
	}
	cmd := exec.Command("strace", args...)
	said, err := cmd.StderrPipe()
	if err != nil {
		return 0, err
	}
	if err := cmd.Start(); err != nil {
		return 0, fmt.Errorf("%w: run make deps", err)
	}
	attached := 0
	lines := bufio.NewScanner(said)
	for attached < len(pids) && lines.Scan() {
		if strings.Contains(lines.Text(), " attached") {
			attached++
		}
	}
	if attached < len(pids) {
		return 0, errors.Join(errors.New("strace may not look at the processes"), cmd.Wait())
	}
	err = errors.Join(f(), cmd.Process.Signal(unix.SIGINT))
	for lines.Scan() { // it says which processes it lets go
	}
	_ = cmd.Wait() // ended by our signal
	text, readErr := os.ReadFile(out)
	return bytes.Count(text, []byte("sync(")), errors.Join(err, readErr)
}
