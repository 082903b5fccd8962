package usb_test

import (
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"testing"
	"time"
)

// held is what a process holds and can lose.
type held struct{ goroutines, files int }

// holding counts the goroutines that run and the files that are open.
func holding(t *testing.T) held {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	h := held{goroutines: runtime.NumGoroutine()}
	for _, e := range entries {
		if _, err := strconv.Atoi(e.Name()); err != nil {
			continue
		}
		if _, err := os.Readlink(filepath.Join("/proc/self/fd", e.Name())); err == nil { // not the one of ReadDir
			h.files++
		}
	}
	return h
}

// settle waits until no more goroutines and files are held than before: what ends takes a moment.
func (before held) settle(t *testing.T, after string) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(2 * time.Millisecond) {
		now := holding(t)
		if now.goroutines <= before.goroutines && now.files <= before.files {
			return
		}
		if time.Now().After(deadline) {
			stacks := make([]byte, 1<<20)
			t.Fatalf("%s: %+v before, %+v now\n%s", after, before, now, stacks[:runtime.Stack(stacks, true)])
		}
	}
}

// noneLost fails a test that leaves goroutines or open files behind.
func noneLost(t *testing.T) {
	t.Helper()
	if r, w, err := os.Pipe(); err == nil { // now the runtime's poller holds what it will hold for ever
		_ = r.Close()
		_ = w.Close()
	}
	before := holding(t)
	t.Cleanup(func() { before.settle(t, t.Name()) })
}

// TestLossIsSeen: what the tests of this package hold against losses sees a goroutine, a file, and the events of a
// library.
func TestLossIsSeen(t *testing.T) {
	noneLost(t)
	before := holding(t)
	end := make(chan struct{})
	go func() { <-end }()
	if now := holding(t); now.goroutines <= before.goroutines || now.files != before.files {
		t.Errorf("with a goroutine more: %+v, before %+v", now, before)
	}
	close(end)
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	if now := holding(t); now.files != before.files+2 {
		t.Errorf("with a pipe more: %+v, before %+v", now, before)
	}
	_, _ = r.Close(), w.Close()
}
