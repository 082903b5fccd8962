package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
)

// jobFile is where the guest finds what to do.
const jobFile = "/guest.json"

// job is one test binary to run.
type job struct {
	Command []string      // absolute program and its arguments
	Dir     string        // where it runs
	Env     []string      // what it finds in its environment
	Left    []string      // files that it may leave and that travel back; directories with all that is in them
	Timeout time.Duration // of the test itself
	Seed    []byte        // to begin the kernel's randomness with
}

// carried are the variables of the host that a test may see, by their beginning.
var carried = []string{"PADAROZHNIK_", "GORACE=", "GODEBUG=", "GOTRACEBACK=", "GOMAXPROCS=", "GOCOVERDIR=", "LANG="}

// leaves are the flags of a test binary that name a file or directory to write.
var leaves = []string{"coverprofile", "cpuprofile", "memprofile", "blockprofile", "mutexprofile", "trace", "gocoverdir", "outputdir"}

// jobOf describes a command as it was given to the runner.
func jobOf(command []string) (job, error) {
	dir, err := os.Getwd()
	if err != nil {
		return job{}, err
	}
	program, err := filepath.Abs(command[0])
	if err != nil {
		return job{}, err
	}
	j := job{Command: append([]string{program}, command[1:]...), Dir: dir, Timeout: 10 * time.Minute, Seed: make([]byte, 64)}
	if _, err := rand.Read(j.Seed); err != nil {
		return job{}, err
	}
	j.Env = []string{"PATH=/bin:/usr/bin:/sbin:/usr/sbin", "HOME=/root", "TMPDIR=/tmp", "PADAROZHNIK_GUEST=1"}
	for _, v := range os.Environ() {
		if slices.ContainsFunc(carried, func(p string) bool { return strings.HasPrefix(v, p) }) {
			j.Env = append(j.Env, v)
		}
	}
	return j, j.read(command[1:])
}

// read finds the time limit and the files to bring back in a test binary's arguments.
func (j *job) read(args []string) error {
	for _, arg := range args {
		name, value, ok := strings.Cut(arg, "=")
		name, test := strings.CutPrefix(strings.TrimPrefix(name, "-"), "test.")
		name = strings.TrimPrefix(name, "-test.")
		switch {
		case !ok || !test:
		case name == "timeout":
			d, err := time.ParseDuration(value)
			if err != nil {
				return fmt.Errorf("time limit of the test: %w", err)
			}
			j.Timeout = d
		case slices.Contains(leaves, name):
			if !filepath.IsAbs(value) {
				value = filepath.Join(j.Dir, value)
			}
			j.Left = append(j.Left, value)
		}
	}
	return nil
}

// listFile, in a package's directory, names what its tests need in the guest besides themselves.
const listFile = "guest.files"

// listed reads the list of a package: a file, program or directory of the host a line, by its absolute path or by the one
// from the package's directory. Empty lines and those that begin with # count for nothing.
func listed(dir string) ([]string, error) {
	text, err := os.ReadFile(filepath.Join(dir, listFile))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var out []string
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if !filepath.IsAbs(line) {
			line = filepath.Join(dir, line)
		}
		if _, err := os.Stat(line); err != nil {
			return nil, fmt.Errorf("%s in %s: %w: run make deps build", listFile, dir, err)
		}
		out = append(out, line)
	}
	return out, nil
}

// pack writes the whole initial archive of a job: the kept one, and behind it what this job needs.
func pack(ctx context.Context, into, kept string, j job, with []string) error {
	if err := copyFile(into, kept); err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	text, err := json.Marshal(j)
	if err != nil {
		return err
	}
	return writeArchive(into, func(a *archive) error {
		a.file("/init", self)
		a.bytes(jobFile, 0o600, string(text))
		a.bytes("/etc/passwd", 0o644, "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/sh\n")
		a.bytes("/etc/group", 0o644, "root:x:0:\nvideo:x:44:\nnogroup:x:65534:\n")
		a.bytes("/etc/hosts", 0o644, "127.0.0.1 localhost\n")
		a.dir(j.Dir)
		a.dir("/root")
		a.dir("/tmp")
		for _, l := range j.Left {
			a.dir(filepath.Dir(l))
			if info, err := os.Stat(l); err == nil && info.IsDir() {
				a.dir(l)
			}
		}
		if _, err := os.Stat(filepath.Join(j.Dir, "testdata")); err == nil {
			a.tree(filepath.Join(j.Dir, "testdata"), filepath.Join(j.Dir, "testdata"))
		}
		for _, p := range append([]string{j.Command[0]}, with...) {
			if err := add(ctx, a, p); err != nil {
				return err
			}
		}
		return nil
	})
}

// add puts a file of the host with the libraries that it wants, or a directory, at its own path.
func add(ctx context.Context, a *archive, path string) error {
	path, err := filepath.Abs(path)
	if err != nil {
		return err
	}
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if info.IsDir() {
		a.tree(path, path)
		return a.err
	}
	a.file(path, path)
	libraries, err := wants(ctx, path)
	if err != nil {
		return err
	}
	for _, l := range libraries {
		a.file(l, l)
	}
	return a.err
}

var library = regexp.MustCompile(`(?m)^\s*(?:\S+ => )?(/\S+) \(0x[0-9a-f]+\)$`)

// wants lists the shared libraries of a program, its loader included. What is no dynamic program has none.
func wants(ctx context.Context, program string) ([]string, error) {
	out, err := output(ctx, "", "ldd", program)
	var refused *exec.ExitError
	if errors.As(err, &refused) {
		return nil, nil // "not a dynamic executable"
	}
	if err != nil {
		return nil, err
	}
	if at := strings.Index(string(out), "not found"); at >= 0 {
		return nil, fmt.Errorf("a library of %s is missing on the host: %s", program, strings.TrimSpace(string(out[:at])))
	}
	var found []string
	for _, m := range library.FindAllSubmatch(out, -1) {
		found = append(found, string(m[1]))
	}
	return found, nil
}

func copyFile(to, from string) (err error) {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	_, err = io.Copy(out, in)
	return err
}
