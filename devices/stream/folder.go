package stream

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"padarozhnik/devices"
)

// Folder is the port of a directory: each page becomes a file there, whole or not at all, under its
// title and a number that no other file has.
type Folder string

// Identify implements Port.
func (f Folder) Identify(context.Context) (devices.Identity, error) {
	return devices.Identity{URI: "file:" + string(f), Model: "folder"}, f.check()
}

// check tells whether the directory is there.
func (f Folder) check() error {
	info, err := os.Stat(string(f))
	if err != nil || !info.IsDir() {
		return fmt.Errorf("folder of a printer: %w", devices.ErrUnreachable)
	}
	return nil
}

// State implements Port.
func (f Folder) State(context.Context) (devices.PrinterState, error) {
	if err := f.check(); err != nil {
		return devices.PrinterState{}, err
	}
	return devices.PrinterState{Idle: true, DPI: []int{300, 600, 1200}}, nil
}

// Begin implements Port.
func (f Folder) Begin(_ context.Context, title, extension string) (Document, error) {
	file, err := os.CreateTemp(string(f), ".page-*")
	if err != nil {
		return nil, fmt.Errorf("%w: %w", devices.ErrUnreachable, err)
	}
	return &sheetFile{file, string(f), plain(title), extension}, nil
}

// plain is a title as a part of a file's name.
func plain(title string) string {
	clean := strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' || r == '-' {
			return r
		}
		return -1
	}, title)
	if clean == "" {
		return "page"
	}
	return clean[:min(len(clean), 60)]
}

// sheetFile is a page that is being written.
type sheetFile struct {
	*os.File
	dir, title, extension string
}

// Finish implements Document: the file gets its name when all of it is on the disk.
func (s *sheetFile) Finish(context.Context) error {
	if err := errors.Join(s.Sync(), s.Close()); err != nil {
		return errors.Join(full(err), os.Remove(s.Name()))
	}
	for n := 1; ; n++ {
		path := filepath.Join(s.dir, fmt.Sprintf("%s-%d%s", s.title, n, s.extension))
		err := os.Link(s.Name(), path) // unlike a rename it takes no other file's place
		if errors.Is(err, os.ErrExist) {
			continue
		}
		if err := errors.Join(err, os.Remove(s.Name())); err != nil {
			return err
		}
		return syncDir(s.dir)
	}
}

// full names a disk without room as a device that takes no more.
func full(err error) error {
	if errors.Is(err, syscall.ENOSPC) {
		return fmt.Errorf("%w: %w", devices.ErrBusy, err)
	}
	return err
}

func syncDir(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// Abort implements Document.
func (s *sheetFile) Abort() error { return errors.Join(s.Close(), os.Remove(s.Name())) }
