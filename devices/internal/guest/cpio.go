package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// archive writes the kernel's "newc" cpio format (Documentation/driver-api/early-userspace/buffer-format.rst):
// 110 bytes of ASCII header, name and data, both padded to four bytes. Names have no leading slash; directories
// above a file are made when it is the first below them.
type archive struct {
	w    io.Writer
	seen map[string]bool
	node int
	err  error // the first; every later call does nothing
}

func newArchive(w io.Writer) *archive { return &archive{w: w, seen: map[string]bool{}} }

// File types in a mode, as in stat(2).
const (
	typeDir  = 0o040000
	typeFile = 0o100000
	typeLink = 0o120000
)

// entry writes one header, its name and size bytes of data.
func (a *archive) entry(name string, mode uint32, size int64, data io.Reader) {
	if a.err != nil {
		return
	}
	if size > 1<<32-1 {
		a.err = fmt.Errorf("%s is too large for an initial archive", name)
		return
	}
	a.node++
	head := fmt.Sprintf("070701%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X",
		a.node, mode, 0, 0, 1, 0, size, 0, 0, 0, 0, len(name)+1, 0) + name + "\x00"
	if _, a.err = io.WriteString(a.w, head+zeros(len(head))); a.err != nil {
		return
	}
	n, err := io.Copy(a.w, io.LimitReader(data, size))
	if err == nil && n != size {
		err = fmt.Errorf("%s has shrunk while it was packed", name)
	}
	if err == nil {
		_, err = io.WriteString(a.w, zeros(int(size&3)))
	}
	a.err = err
}

// zeros pads what is n bytes long to a multiple of four.
func zeros(n int) string { return "\x00\x00\x00"[:-n&3] }

// dir writes a directory and those above it, once each.
func (a *archive) dir(path string) {
	path = strings.Trim(filepath.Clean(path), "/")
	if path == "" || path == "." || a.seen[path] {
		return
	}
	a.dir(filepath.Dir("/" + path))
	a.seen[path] = true
	a.entry(path, typeDir|0o755, 0, strings.NewReader(""))
}

// bytes writes a file with the given content.
func (a *archive) bytes(path string, perm fs.FileMode, data string) {
	if a.first(path) {
		a.entry(strings.TrimPrefix(path, "/"), typeFile|uint32(perm.Perm()), int64(len(data)), strings.NewReader(data))
	}
}

// link writes a symbolic link.
func (a *archive) link(path, to string) {
	if a.first(path) {
		a.entry(strings.TrimPrefix(path, "/"), typeLink|0o777, int64(len(to)), strings.NewReader(to))
	}
}

// first tells whether nothing was written to a path yet, and makes the directories above it.
func (a *archive) first(path string) bool {
	path = strings.TrimPrefix(path, "/")
	if a.seen[path] {
		return false
	}
	a.dir(filepath.Dir("/" + path))
	a.seen[path] = true
	return true
}

// file copies a file of the host, following links, to a path.
func (a *archive) file(path, from string) {
	f, err := os.Open(from)
	if err != nil {
		a.fail(err)
		return
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() {
		a.fail(errors.Join(fmt.Errorf("%s is no regular file", from), err))
		return
	}
	if a.first(path) {
		a.entry(strings.TrimPrefix(path, "/"), typeFile|uint32(info.Mode().Perm()), info.Size(), f)
	}
}

// tree copies a directory of the host to a path, with the links in it as they are.
func (a *archive) tree(path, from string) {
	a.fail(filepath.WalkDir(from, func(name string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		to := filepath.Join(path, strings.TrimPrefix(name, from))
		switch {
		case e.IsDir():
			a.dir(to)
		case e.Type()&fs.ModeSymlink != 0:
			target, err := os.Readlink(name)
			if err != nil {
				return err
			}
			a.link(to, target)
		case e.Type().IsRegular():
			a.file(to, name)
		}
		return a.err
	}))
}

// fail keeps the first error.
func (a *archive) fail(err error) {
	if a.err == nil {
		a.err = err
	}
}

// close writes the end of the archive and returns the first error.
func (a *archive) close() error {
	a.entry("TRAILER!!!", 0, 0, strings.NewReader(""))
	return a.err
}
