package main_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"padarozhnik/station/pki"
)

// TestKilledCeremony kills a roll-over after each of its lines, at once and a little later: what is
// published is the old state or the new one, whole, and the next ceremony goes on from there.
func TestKilledCeremony(t *testing.T) {
	s := hardware(t)
	old := s.state(t)
	lines := []string{
		"officer present", "keys are in", "making a new key", "new key:", "new root:", "link:", "the new key rests",
		"writing", "both officers sign", "putting it in force", "in force",
	}
	for _, line := range lines {
		for _, later := range []time.Duration{0, 3 * time.Millisecond} {
			mend := s.keepTokens(t)
			s.kill(t, line, later, "roll")
			mend()
			now := s.state(t)
			if now == old {
				continue
			}
			if now.roots != 2 || now.links != 1 {
				t.Fatalf("killed at %q: %+v, before %+v", line, now, old)
			}
			s.afterKill(t, now)
			return
		}
	}
	t.Error("the ceremony went through and changed nothing")
}

// TestKilledInit kills the first ceremony after each of its lines: there is no headquarters or a whole
// one, and keys that were left in the token are named and never taken for those in force.
func TestKilledInit(t *testing.T) {
	s := tokens(t)
	lines := []string{
		"keys are in", "new key: root", "new key: vault", "new key: opener", "new keys: server", "new key: csca",
		"new key: signer", "CSCA:", "both officers sign", "putting it in force", "in force",
	}
	left := 0
	for _, line := range lines {
		for _, later := range []time.Duration{0, 3 * time.Millisecond} {
			mend := s.keepTokens(t)
			s.kill(t, line, later, "init")
			mend()
			if _, err := os.Stat(s.dir); errors.Is(err, fs.ErrNotExist) {
				left++
				s.refused(t, 1, "no headquarters there", "crl")
				continue
			}
			if left == 0 {
				t.Error("no ceremony was cut off")
			}
			out := s.must(t, "crl")
			_, strays, _ := strings.Cut(out, "keys that belong to no certificate: ")
			for _, kind := range []string{"root-", "vault-", "opener-", "csca-", "signer-"} {
				if !strings.Contains(strays, kind) {
					t.Errorf("no key %s of a ceremony that was cut off is named\n%s", kind, out)
				}
			}
			if got, want := s.protocols(t), []string{"init", "crl"}; !slices.Equal(got, want) {
				t.Errorf("protocols of %q", got)
			}
			return
		}
	}
	t.Error("the ceremony went through and left nothing")
}

// keepTokens copies the tokens' files and returns what puts them back where a token is gone, because this
// test is about our own files.
func (s seat) keepTokens(t *testing.T) (mend func()) {
	t.Helper()
	if err := s.soft.Keep(); err != nil {
		t.Fatal(err)
	}
	return func() {
		t.Helper()
		mended, err := s.soft.Mend(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if mended {
			t.Log("SoftHSM2 lost a token when it was killed: its files were put back")
		}
	}
}

// afterKill holds the next ceremony on the state that a killed one left.
func (s seat) afterKill(t *testing.T, was state) {
	t.Helper()
	out := s.must(t, "crl")
	if now := s.state(t); now.roots != was.roots || now.newest != was.newest || now.number != was.number+1 {
		t.Errorf("after the next ceremony: %+v, before %+v\n%s", now, was, out)
	}
	if !strings.Contains(out, "keys that belong to no certificate") {
		t.Errorf("keys of the ceremonies that were cut off are not named:\n%s", out)
	}
	if got, want := s.protocols(t), []string{"init", "roll", "crl"}; !slices.Equal(got, want) {
		t.Errorf("protocols of %q", got)
	}
}

// state is what public/ says, read as a whole.
type state struct {
	roots, links int
	newest       string
	number       int64
}

func (s seat) state(t *testing.T) state {
	t.Helper()
	var out state
	for prefix, count := range map[string]*int{"csca*.der": &out.roots, "link*.der": &out.links} {
		found, err := filepath.Glob(filepath.Join(s.dir, "public", prefix))
		if err != nil {
			t.Fatal(err)
		}
		*count = len(found)
		for _, path := range found {
			s.certificate(t, filepath.Base(path))
		}
	}
	list, err := pki.ParseCRL(s.public(t, "csca.crl"))
	if err != nil {
		t.Fatal(err)
	}
	out.newest, out.number = fmt.Sprintf("%x", s.certificate(t, "csca.der").SerialNumber), list.Number.Int64()
	return out
}

// kill starts a ceremony and kills it a little later than it has printed a line. Its lines go through a
// pipe that holds one of them, so that a ceremony is never further than two lines ahead of its reader,
// however late the signal comes.
func (s seat) kill(t *testing.T, line string, later time.Duration, args ...string) {
	t.Helper()
	cmd := s.command(t, args...)
	r, w := narrowPipe(t)
	defer r.Close()
	var said strings.Builder
	cmd.Stdout, cmd.Stderr = w, &said
	err := cmd.Start()
	_ = w.Close()
	if err != nil {
		t.Fatal(err)
	}
	for scanner := bufio.NewScanner(r); scanner.Scan(); {
		if strings.HasPrefix(scanner.Text(), line) {
			break
		}
	}
	time.Sleep(later)
	_ = cmd.Process.Kill()
	_, _ = io.Copy(io.Discard, r)
	if err := cmd.Wait(); err != nil && cmd.ProcessState.Exited() {
		t.Fatalf("%s failed of itself: %v\n%s", args[0], err, said.String())
	}
}

// narrowPipe is a pipe in which the second write waits until the first has been read: one page in
// packet mode.
func narrowPipe(t *testing.T) (r, w *os.File) {
	t.Helper()
	var ends [2]int
	if err := unix.Pipe2(ends[:], unix.O_CLOEXEC|unix.O_DIRECT); err != nil {
		t.Fatal(err)
	}
	r, w = os.NewFile(uintptr(ends[0]), "lines"), os.NewFile(uintptr(ends[1]), "lines")
	if _, err := unix.FcntlInt(w.Fd(), unix.F_SETPIPE_SZ, os.Getpagesize()); err != nil {
		t.Fatal(err)
	}
	return r, w
}
