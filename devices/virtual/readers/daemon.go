package readers

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"padarozhnik/devices"
	"padarozhnik/devices/pcsc"
)

// Where Debian's packages put what is needed.
const (
	daemon    = "/usr/sbin/pcscd"
	driver    = "/usr/lib/pcsc/drivers/serial/libifdvpcd.so"
	processID = "/run/pcscd/pcscd.pid"
)

// entryName is the friendly name of one configured reader.
func entryName(entry int) string { return "Padarozhnik Training " + string(rune('A'+entry)) }

// readerName is what pcscd makes of it: the name, a number among readers of that name, the slot.
func readerName(slot int) string {
	return fmt.Sprintf("%s 00 %02d", entryName(slot/perEntry), slot%perEntry)
}

// configuration writes pcscd's file into dir and returns its path: one entry for each pair of
// slots of the first entries. The driver reads the port from the device's name. It keeps its slots in
// variables of the library, so that entries with one library would all end at the last entry's ports:
// each gets a copy of its own.
func configuration(dir string, entries int) (string, error) {
	library, err := os.ReadFile(driver)
	if err != nil {
		return "", fmt.Errorf("%w: %w", ErrNotInstalled, err)
	}
	var b strings.Builder
	for entry := range entries {
		copied := filepath.Join(dir, fmt.Sprintf("vpcd%d.so", entry))
		if err := os.WriteFile(copied, library, 0o700); err != nil {
			return "", fmt.Errorf("readers: %w", err)
		}
		port := basePort + entry*perEntry
		fmt.Fprintf(&b, "FRIENDLYNAME %q\nDEVICENAME /dev/null:0x%04X\nLIBPATH %s\nCHANNELID 0x%04X\n\n",
			entryName(entry), port, copied, port)
	}
	path := filepath.Join(dir, "reader.conf")
	if err := os.WriteFile(path, []byte(b.String()), 0o600); err != nil {
		return "", fmt.Errorf("readers: %w", err)
	}
	return path, nil
}

// startPrefix begins the name of the directory that one pcscd has its configuration in. It is new
// for each and belongs to who starts it: pcscd runs what it finds there with root's rights.
const startPrefix = "pcscd-"

func (m Machine) startDirectory() (string, error) {
	old, err := filepath.Glob(m.path(startPrefix + "*"))
	if err != nil {
		return "", fmt.Errorf("readers: %w", err)
	}
	for _, dir := range old {
		_ = os.RemoveAll(dir) // of a pcscd that is gone, or of another user
	}
	dir, err := os.MkdirTemp(m.path(""), startPrefix)
	if err != nil {
		return "", fmt.Errorf("readers: %w", err)
	}
	return dir, nil
}

// start runs pcscd as a child in a session of its own and waits until its readers are there. It
// ends by itself a minute after its last user (--auto-exit).
func (m Machine) start(ctx context.Context, entries int) error {
	if _, err := os.Stat(daemon); err != nil {
		return fmt.Errorf("%w: %s", ErrNotInstalled, daemon)
	}
	dir, err := m.startDirectory()
	if err != nil {
		return err
	}
	config, err := configuration(dir, entries)
	if err != nil {
		return err
	}
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		return fmt.Errorf("readers: %w", err)
	}
	defer log.Close() //nolint:errcheck // the child has its own handle
	cmd, err := asRoot(daemon, "--foreground", "--auto-exit", "--error", "--config", config)
	if err != nil {
		return err
	}
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("readers: start pcscd: %w", err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }() // ends with pcscd, or with this process
	return m.await(ctx, entries*perEntry, ended, log.Name())
}

// asRoot runs a program as it is for root, and through sudo without a password for others.
func asRoot(name string, args ...string) (*exec.Cmd, error) {
	if os.Getuid() == 0 {
		return exec.Command(name, args...), nil
	}
	if err := exec.Command("sudo", "-n", "-l", name).Run(); err != nil {
		return nil, ErrNotAllowed
	}
	return exec.Command("sudo", append([]string{"-n", name}, args...)...), nil
}

// await waits until pcscd answers with all readers.
func (m Machine) await(ctx context.Context, wanted int, ended <-chan error, log string) error {
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	service := pcsc.NewService(pcsc.Deadlines{})
	for {
		found, err := m.answers(ctx, service)
		if err == nil && found == wanted {
			return nil
		}
		select {
		case err := <-ended:
			return fmt.Errorf("readers: pcscd ended at once (%v), see %s", err, log)
		case <-ctx.Done():
			return fmt.Errorf("readers: pcscd does not show its readers: %w", errors.Join(err, ctx.Err()))
		case <-time.After(pollEvery):
		}
	}
}

// stop ends the pcscd that this package started and nobody else's, and waits until its socket is dead.
func (m Machine) stop(ctx context.Context) error {
	pid, err := m.terminate()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	for {
		_, err := pcsc.NewService(pcsc.Deadlines{}).Readers(ctx)
		if errors.Is(err, devices.ErrServiceStopped) {
			if _, gone := os.Stat(fmt.Sprintf("/proc/%d", pid)); gone != nil || isZombie(pid) {
				return nil
			}
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("readers: pcscd does not stop: %w", ctx.Err())
		case <-time.After(pollEvery):
		}
	}
}

// terminate tells our pcscd to end: the one whose command line names our configuration. It returns its
// number, or 0 for one that is ending by itself.
func (m Machine) terminate() (pid int, err error) {
	b, err := os.ReadFile(processID)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("readers: stop pcscd: %w", err)
	}
	pid, err = strconv.Atoi(strings.Trim(string(b), " \n\x00"))
	if err != nil || pid < 2 {
		return 0, fmt.Errorf("readers: stop pcscd: process %q", b)
	}
	line, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil || !strings.Contains(string(line), m.path(startPrefix)) {
		return 0, ErrForeign
	}
	kill, err := asRoot("/bin/kill", "-TERM", strconv.Itoa(pid))
	if err != nil {
		return 0, err
	}
	if err := kill.Run(); err != nil {
		return 0, fmt.Errorf("readers: stop pcscd: %w", err)
	}
	return pid, nil
}

// isZombie tells a process that ended and was not yet waited for.
func isZombie(pid int) bool {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return true
	}
	_, rest, ok := strings.Cut(string(b), ") ")
	return ok && strings.HasPrefix(rest, "Z")
}
