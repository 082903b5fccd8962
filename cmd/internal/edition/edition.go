// Package edition tells which build of a program runs: its release, the commit it was made of, and the
// SHA-256 of the very file, which anybody can compare with the one of their own build.
package edition

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync"

	"padarozhnik/resources"
)

// self is the file of the running program, also after another was put in its place.
const self = "/proc/self/exe"

// Edition is one build.
type Edition struct {
	Version  string // of the release
	Commit   string // hexadecimal; "" where the program was built outside the repository
	Modified bool   // the sources were not the commit's
	Go       string // version of the compiler
	Modules  []Module
}

// Module is a library that is linked into the program.
type Module struct{ Path, Version string }

// Read returns the build that runs.
func Read() Edition {
	e := Edition{Version: resources.Version(), Go: runtime.Version()}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return e
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			e.Commit = s.Value
		case "vcs.modified":
			e.Modified = s.Value == "true"
		}
	}
	for _, m := range info.Deps {
		e.Modules = append(e.Modules, Module{m.Path, m.Version})
	}
	slices.SortFunc(e.Modules, func(a, b Module) int { return strings.Compare(a.Path, b.Path) })
	return e
}

// String is what --version says behind the program's name.
func (e Edition) String() string {
	commit := e.Commit
	if commit == "" {
		return fmt.Sprintf("%s (%s)", e.Version, e.Go)
	}
	if commit = commit[:min(12, len(commit))]; e.Modified {
		commit += "+"
	}
	return fmt.Sprintf("%s (%s, %s)", e.Version, commit, e.Go)
}

// Hasher returns a function that gives the SHA-256 of the running program's file. It reads the file at the
// first call, which takes a tenth of a second.
func Hasher() func() ([]byte, error) { return sync.OnceValues(hash) }

func hash() ([]byte, error) {
	f, err := os.Open(self)
	if err != nil {
		return nil, fmt.Errorf("hash of the program: %w", err)
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return nil, fmt.Errorf("hash of the program: %w", err)
	}
	return h.Sum(nil), nil
}

// Long is what --version says: the build, and the hash of the program's file.
func (e Edition) Long() string {
	sum, err := hash()
	if err != nil {
		return e.String()
	}
	return e.String() + "\nsha256 " + hex.EncodeToString(sum)
}
