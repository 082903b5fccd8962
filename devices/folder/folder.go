// Package folder is a scanner that somebody else works: a directory into which a copier or a scanning
// program puts its pages, or one picture file. Each Scan takes the next page that was not taken yet, in
// the order of names; a single file is taken every time.
//
// Only regular files that are JPEG or PNG by their bytes are looked at. Links are not followed, and
// nothing is written or removed.
package folder

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"golang.org/x/sys/unix"

	"padarozhnik/devices"
)

// maxPage bounds a file.
const maxPage = 256 << 20

// Scanner is a directory or a file. It may be used by several goroutines.
type Scanner struct {
	path string

	mu    sync.Mutex
	taken []string // names, guarded by mu
}

var _ devices.Scanner = (*Scanner)(nil)

// New returns the scanner of a directory or a file, which need not exist yet.
func New(path string) *Scanner { return &Scanner{path: filepath.Clean(path)} }

// Identify looks whether the directory or file is there.
func (s *Scanner) Identify(context.Context) (devices.Identity, error) {
	if _, err := os.Stat(s.path); err != nil {
		return devices.Identity{}, fmt.Errorf("%w: %w", devices.ErrUnreachable, err)
	}
	return devices.Identity{URI: "file:" + s.path, Model: "files"}, nil
}

// Scan takes the next page as it is. The resolution and the region asked for are not applied: the page
// says its own resolution, and Scan.DPI repeats what was asked for.
func (s *Scanner) Scan(ctx context.Context, want devices.ScanSettings, report devices.Report) (devices.Scan, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	info, err := os.Stat(s.path)
	if err != nil {
		return devices.Scan{}, fmt.Errorf("scan: %w: %w", devices.ErrUnreachable, err)
	}
	if !info.IsDir() {
		return page(ctx, s.path, want, report)
	}
	entries, err := os.ReadDir(s.path)
	if err != nil {
		return devices.Scan{}, fmt.Errorf("scan: %w: %w", devices.ErrUnreachable, err)
	}
	for _, e := range entries {
		if !e.Type().IsRegular() || slices.Contains(s.taken, e.Name()) {
			continue
		}
		scan, err := page(ctx, filepath.Join(s.path, e.Name()), want, report)
		if errors.Is(err, devices.ErrProtocol) {
			continue // somebody's other file
		}
		if err == nil {
			s.taken = append(s.taken, e.Name())
		}
		return scan, err
	}
	return devices.Scan{}, fmt.Errorf("scan: no new page: %w", devices.ErrNothingToScan)
}

// page reads one file.
func page(ctx context.Context, path string, want devices.ScanSettings, report devices.Report) (devices.Scan, error) {
	if err := ctx.Err(); err != nil {
		return devices.Scan{}, err
	}
	f, err := os.OpenFile(path, os.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
	if err != nil {
		return devices.Scan{}, fmt.Errorf("scan: %w: %w", devices.ErrUnreachable, err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() || info.Size() > maxPage {
		return devices.Scan{}, fmt.Errorf("scan: no page: %w", devices.ErrProtocol)
	}
	var head [8]byte
	if _, err := io.ReadFull(f, head[:]); err != nil {
		return devices.Scan{}, fmt.Errorf("scan: no page: %w", devices.ErrProtocol)
	}
	kind := ""
	switch {
	case bytes.HasPrefix(head[:], []byte("\xff\xd8\xff")):
		kind = "image/jpeg"
	case bytes.HasPrefix(head[:], []byte("\x89PNG\r\n\x1a\n")):
		kind = "image/png"
	default:
		return devices.Scan{}, fmt.Errorf("scan: neither JPEG nor PNG: %w", devices.ErrProtocol)
	}
	rest, err := io.ReadAll(io.LimitReader(f, maxPage))
	if err != nil {
		return devices.Scan{}, fmt.Errorf("scan: %w: %w", devices.ErrUnreachable, err)
	}
	data := append(head[:], rest...)
	report.At("scan", int64(len(data)), int64(len(data)))
	return devices.Scan{Data: data, Type: kind, DPI: want.DPI}, nil
}
