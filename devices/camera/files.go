package camera

import (
	"context"
	"fmt"
	"image"
	_ "image/jpeg" // pictures of the directory
	_ "image/png"
	"os"
	"path/filepath"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"padarozhnik/devices"
)

// Files is a camera that somebody else works: a picture, or a directory into which a photographer's program puts them.
// Still takes one after the other, by name, and begins again after the last; Live shows them in turn.
type Files struct {
	path string

	mu   sync.Mutex
	next int // guarded by mu
}

var _ devices.Camera = (*Files)(nil)

// NewFiles returns the camera of a directory or a picture, which need not be there yet.
func NewFiles(path string) *Files { return &Files{path: filepath.Clean(path)} }

// Identify looks whether the directory or file is there.
func (f *Files) Identify(context.Context) (devices.Identity, error) {
	if _, err := os.Stat(f.path); err != nil {
		return devices.Identity{}, fmt.Errorf("%w: %w", devices.ErrNoCamera, err)
	}
	return devices.Identity{URI: "file:" + f.path, Model: "files"}, nil
}

// Modes is the form of the picture that Still would take.
func (f *Files) Modes(ctx context.Context) ([]devices.CameraMode, error) {
	f.mu.Lock()
	next := f.next
	f.mu.Unlock()
	img, err := f.picture(ctx, next)
	if err != nil {
		return nil, err
	}
	return []devices.CameraMode{{Format: "file", Width: img.Bounds().Dx(), Height: img.Bounds().Dy()}}, nil
}

// Still takes the next picture.
func (f *Files) Still(ctx context.Context, report devices.Report) (devices.Frame, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	img, err := f.picture(ctx, f.next)
	if err != nil {
		return devices.Frame{}, fmt.Errorf("still: %w", err)
	}
	f.next++
	report.At("expose", 1, 1)
	return devices.Frame{Image: img}, nil
}

// pace is the time between two pictures of Live.
const pace = 100 * time.Millisecond

// Live shows every picture in turn until ctx ends.
func (f *Files) Live(ctx context.Context, show func(devices.Frame)) error {
	tick := time.NewTicker(pace)
	defer tick.Stop()
	for n := 0; ctx.Err() == nil; n++ {
		img, err := f.picture(ctx, n)
		if err != nil && ctx.Err() == nil {
			return fmt.Errorf("live: %w", err)
		}
		if err == nil {
			show(devices.Frame{Image: img})
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
		}
	}
	return nil
}

// picture opens the n-th picture, counted over and over.
func (f *Files) picture(ctx context.Context, n int) (image.Image, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	names := []string{f.path}
	info, err := os.Stat(f.path)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", devices.ErrNoCamera, err)
	}
	if info.IsDir() {
		if names, err = filesIn(f.path); err != nil {
			return nil, fmt.Errorf("%w: %w", devices.ErrUnreachable, err)
		}
	}
	for range names { // somebody's other files are passed over
		if img, err := load(names[n%len(names)]); err == nil {
			return img, nil
		}
		n++
	}
	return nil, fmt.Errorf("no picture in %s: %w", f.path, devices.ErrNoFrames)
}

// filesIn lists the regular files of a directory, by name.
func filesIn(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	var names []string
	for _, e := range entries {
		if e.Type().IsRegular() {
			names = append(names, filepath.Join(dir, e.Name()))
		}
	}
	return names, err
}

// load opens one picture, no larger than a camera's.
func load(path string) (image.Image, error) {
	file, err := os.OpenFile(path, os.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	head, _, err := image.DecodeConfig(file)
	if err != nil {
		return nil, err
	}
	if head.Width <= 0 || head.Height <= 0 || head.Width > maxPixels/head.Height {
		return nil, fmt.Errorf("%d x %d pixels: %w", head.Width, head.Height, devices.ErrUnsupported)
	}
	if _, err := file.Seek(0, 0); err != nil {
		return nil, err
	}
	img, _, err := image.Decode(file)
	return img, err
}
