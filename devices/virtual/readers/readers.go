// Package readers gives tests and training eight virtual PC/SC readers on one machine.
//
// pcscd is one per machine, because its socket is. This package starts it where it does not run,
// with a configuration of its own: eight slots of vsmartcard's virtual reader, into which a virtual
// chip is put over TCP. Test processes run side by side and lease one reader each; a test that has
// to stop or restart pcscd takes the whole machine. All of it is done with file locks in one
// directory, which the kernel lets go of when a process dies.
//
// The pcscd started here is a child that outlives its starter, and ends by itself a minute after
// its last user. Virtual readers listen on every network address of the machine: this is for tests
// and training, and never to be installed on a station that issues.
package readers

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"padarozhnik/devices"
	"padarozhnik/devices/pcsc"
)

// Errors of the machine.
var (
	// ErrNotInstalled: pcscd or the virtual reader's driver is missing. Cure: install the packages
	// pcscd and vsmartcard-vpcd.
	ErrNotInstalled = errors.New("pcscd with virtual readers is not installed (packages pcscd, vsmartcard-vpcd)")
	// ErrForeign: another pcscd has the machine's socket and none of our readers. Cure: stop it.
	ErrForeign = errors.New("another pcscd runs without the training readers: " +
		"stop it (systemctl stop pcscd.socket pcscd.service) and try again")
	// ErrNotAllowed: this user may neither start pcscd nor use sudo for it.
	ErrNotAllowed = errors.New("pcscd must be started by root: run as root, or allow sudo without a password")
)

// CannotRun tells the errors of a machine that has no virtual readers to give, whatever is waited
// for: a test fails on them and names the cure.
func CannotRun(err error) bool {
	return errors.Is(err, ErrNotInstalled) || errors.Is(err, ErrForeign) || errors.Is(err, ErrNotAllowed)
}

const (
	basePort  = 0x8D04 // 36100, clear of the two slots that Debian configures from 35963 on
	slots     = 8
	perEntry  = 2 // slots of one configured reader
	pollEvery = 25 * time.Millisecond
	startTime = 10 * time.Second
)

// Lease is one reader held for one test. Port is where a virtual chip connects to lie on it.
type Lease struct {
	ReaderName string
	Port       int
}

// Machine is the computer's pcscd and its readers. Dir is where locks and pcscd's log lie; it is
// the same for all processes that share the machine. The zero value uses a directory for temporary
// files.
type Machine struct{ Dir string }

// New is the machine as every test on it sees it.
func New() Machine { return Machine{} }

func (m Machine) path(name string) string {
	dir := m.Dir
	if dir == "" {
		dir = filepath.Join(os.TempDir(), "padarozhnik-readers")
	}
	return filepath.Join(dir, name)
}

func (m Machine) prepare() error {
	dir := filepath.Dir(m.path("x"))
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return fmt.Errorf("readers: %w", err)
	}
	_ = os.Chmod(dir, 0o777|os.ModeSticky) // of another user's directory: it is open already
	return nil
}

// lock takes a file lock, waiting for it as long as ctx lasts. With wait false it returns
// errTaken at once.
func (m Machine) lock(ctx context.Context, name string, how int, wait bool) (unlock func(), err error) {
	f, err := os.OpenFile(m.path(name), os.O_CREATE|os.O_RDWR, 0o666)
	if err != nil {
		return nil, fmt.Errorf("readers: %w", err)
	}
	_ = f.Chmod(0o666) // another user's file is open already
	for {
		err := unix.Flock(int(f.Fd()), how|unix.LOCK_NB)
		if err == nil {
			return func() { _ = f.Close() }, nil
		}
		if !errors.Is(err, unix.EWOULDBLOCK) || !wait {
			_ = f.Close()
			if errors.Is(err, unix.EWOULDBLOCK) {
				err = errTaken
			}
			return nil, err
		}
		select {
		case <-ctx.Done():
			_ = f.Close()
			return nil, fmt.Errorf("readers: wait for %s: %w", name, ctx.Err())
		case <-time.After(pollEvery):
		}
	}
}

var errTaken = errors.New("taken")

const (
	machineLock = "machine.lock"
	startLock   = "start.lock"
)

// Lease holds one reader until release is called, and pcscd with it. It waits while all readers
// are taken or a process has the machine for itself.
func (m Machine) Lease(ctx context.Context) (l *Lease, release func(), err error) {
	if err := m.prepare(); err != nil {
		return nil, nil, err
	}
	freeMachine, err := m.lock(ctx, machineLock, unix.LOCK_SH, true)
	if err != nil {
		return nil, nil, err
	}
	slot, freeSlot, err := m.anySlot(ctx)
	if err != nil {
		freeMachine()
		return nil, nil, err
	}
	keep, err := m.running(ctx)
	if err != nil {
		freeSlot()
		freeMachine()
		return nil, nil, err
	}
	release = func() {
		keep()
		freeSlot()
		freeMachine()
	}
	return &Lease{ReaderName: readerName(slot), Port: basePort + slot}, release, nil
}

func (m Machine) anySlot(ctx context.Context) (slot int, unlock func(), err error) {
	for {
		for slot := range slots {
			unlock, err := m.lock(ctx, fmt.Sprintf("reader%d.lock", slot), unix.LOCK_EX, false)
			if err == nil {
				return slot, unlock, nil
			}
			if !errors.Is(err, errTaken) {
				return 0, nil, err
			}
		}
		select {
		case <-ctx.Done():
			return 0, nil, fmt.Errorf("readers: all taken: %w", ctx.Err())
		case <-time.After(pollEvery):
		}
	}
}

// running makes sure that pcscd answers with our readers, and holds it.
func (m Machine) running(ctx context.Context) (keep func(), err error) {
	unlock, err := m.lock(ctx, startLock, unix.LOCK_EX, true)
	if err != nil {
		return nil, err
	}
	defer unlock()
	service := pcsc.NewService(pcsc.Deadlines{})
	found, err := m.answers(ctx, service)
	switch {
	case errors.Is(err, devices.ErrServiceStopped):
	case err != nil:
		return nil, err
	case found == slots:
		return service.Keep(ctx)
	default: // ours, of a test that was killed while it had few readers, or somebody else's
		if err := m.stop(ctx); err != nil {
			return nil, err
		}
	}
	if err := m.start(ctx, slots/perEntry); err != nil {
		return nil, err
	}
	return service.Keep(ctx)
}

// answers tells how many of our readers the pcscd that runs has.
func (m Machine) answers(ctx context.Context, s *pcsc.Service) (int, error) {
	names, err := s.Readers(ctx)
	if err != nil {
		return 0, err
	}
	found := 0
	for _, n := range names {
		for slot := range slots {
			if n == readerName(slot) {
				found++
			}
		}
	}
	return found, nil
}

// Exclusive is the whole machine, for one test that stops and starts pcscd.
type Exclusive struct {
	Lease
	machine Machine
	few     bool // pcscd was started with few readers
}

// Exclusive waits until nobody else holds a reader and then holds all of them until release is
// called. pcscd runs when it returns. release starts nothing again, the next lease does; it stops a
// pcscd with few readers, so that none is left to another test.
func (m Machine) Exclusive(ctx context.Context) (e *Exclusive, release func(), err error) {
	if err := m.prepare(); err != nil {
		return nil, nil, err
	}
	freeMachine, err := m.lock(ctx, machineLock, unix.LOCK_EX, true)
	if err != nil {
		return nil, nil, err
	}
	keep, err := m.running(ctx)
	if err != nil {
		freeMachine()
		return nil, nil, err
	}
	keep()
	e = &Exclusive{Lease: Lease{ReaderName: readerName(0), Port: basePort}, machine: m}
	return e, func() {
		e.restore()
		freeMachine()
	}, nil
}

// restore stops a pcscd with few readers. What goes wrong is left to the next lease, which tries again.
func (e *Exclusive) restore() {
	if e.few {
		_ = e.Stop(context.Background()) // bounded by itself
	}
}

// Stop ends pcscd and waits until its socket is dead.
func (e *Exclusive) Stop(ctx context.Context) error {
	err := e.machine.stop(ctx)
	e.few = e.few && err != nil
	return err
}

// Start starts pcscd again.
func (e *Exclusive) Start(ctx context.Context) error { return e.machine.start(ctx, slots/perEntry) }

// StartFew starts pcscd with the first two readers alone, as if the others had been pulled out
// meanwhile: pcscd takes no configured reader away while it runs.
func (e *Exclusive) StartFew(ctx context.Context) error {
	e.few = true
	return e.machine.start(ctx, 1)
}

// Other is a reader that StartFew leaves out.
func (e *Exclusive) Other() Lease {
	return Lease{ReaderName: readerName(perEntry), Port: basePort + perEntry}
}
