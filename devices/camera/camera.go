// Package camera takes pictures with a camera of Video for Linux (V4L2), as web cameras are.
//
// The requests to the kernel are those of go4vl's v4l2 package. The loop over the buffers is our own: here the
// goroutine that calls opens, reads, unmaps and closes, and nothing runs on when a call has returned. A picture is
// decoded out of the driver's buffer before that goes back, so a stream of any length takes the memory of its
// buffers and of one picture.
//
// Two forms are read, which every web camera has one of: Motion-JPEG and YUYV (4:2:2).
package camera

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/vladimirvivien/go4vl/v4l2"
	"golang.org/x/sys/unix"

	"padarozhnik/devices"
)

// Sizes of modes. A mode above maxPixels is left out: the driver's buffers would be of that size. Still takes the
// largest up to stillPixels, of which a portrait of 20 kB gains nothing more and which a camera still delivers several of
// in a second; Live takes the smallest from previewPixels up.
const (
	maxPixels     = 16 << 20
	stillPixels   = 4 << 20
	previewPixels = 640 * 480
)

// Camera is one camera. It holds nothing open between calls.
type Camera struct {
	name string // device node, or a part of List's model or serial number
}

var _ devices.Camera = (*Camera)(nil)

// New returns the camera with a device node (/dev/video0), or the one that List shows with a model or serial number. It
// need not be plugged in yet.
func New(name string) *Camera { return &Camera{name: name} }

// node is the device node of the camera now. Numbers change from plug to plug; names do not.
func (c *Camera) node(ctx context.Context) (string, error) {
	if strings.HasPrefix(c.name, "/") {
		return c.name, nil
	}
	found, err := List(ctx)
	if err != nil {
		return "", err
	}
	for _, f := range found {
		if c.name != "" && (f.Identity.Serial == c.name || strings.Contains(f.Identity.Model, c.name)) {
			return f.Node, nil
		}
	}
	return "", fmt.Errorf("camera %q: %w", c.name, devices.ErrNoCamera)
}

// Identify asks the camera who it is.
func (c *Camera) Identify(ctx context.Context) (devices.Identity, error) {
	node, err := c.node(ctx)
	if err != nil {
		return devices.Identity{}, err
	}
	found := look(node)
	return found.Identity, found.Err
}

// Modes lists what the camera delivers and we read, the finest first; of two equally fine ones that which is not
// compressed.
func (c *Camera) Modes(ctx context.Context) ([]devices.CameraMode, error) {
	node, err := c.node(ctx)
	if err != nil {
		return nil, err
	}
	d, err := open(node)
	if err != nil {
		return nil, err
	}
	defer d.close()
	return d.modes()
}

// device is an open device node.
type device struct {
	node string
	fd   int
}

// open opens a node that takes pictures.
func open(node string) (*device, error) {
	fd, err := unix.Open(node, unix.O_RDWR|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", node, conditionOf(err))
	}
	d := &device{node: node, fd: fd}
	can, err := v4l2.GetCapability(uintptr(fd))
	if err == nil && !takesPictures(can) {
		err = fmt.Errorf("takes no pictures: %w", devices.ErrUnsupported)
	}
	if err != nil {
		d.close()
		return nil, fmt.Errorf("open %s: %w", node, conditionOf(err))
	}
	return d, nil
}

func (d *device) close() { _ = unix.Close(d.fd) } // nothing that was written can be lost

// takesPictures tells a camera from its node of metadata and from other devices of the kind.
func takesPictures(c v4l2.Capability) bool {
	const needed = v4l2.CapVideoCapture | v4l2.CapStreaming
	return c.GetCapabilities()&needed == needed
}

// modes lists the forms that we read.
func (d *device) modes() ([]devices.CameraMode, error) {
	var out []devices.CameraMode
	for _, format := range []uint32{v4l2.PixelFmtYUYV, v4l2.PixelFmtMJPEG} {
		sizes, err := v4l2.GetFormatFrameSizes(uintptr(d.fd), format)
		if err != nil && !errors.Is(err, v4l2.ErrorBadArgument) && !errors.Is(err, v4l2.ErrorUnsupported) {
			return nil, fmt.Errorf("%s: %w", d.node, conditionOf(err))
		}
		for _, s := range sizes {
			out = append(out, modesOf(fourCC(format), s)...)
		}
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("%s delivers neither Motion-JPEG nor YUYV: %w", d.node, devices.ErrUnsupported)
	}
	slices.SortStableFunc(out, func(a, b devices.CameraMode) int { return b.Width*b.Height - a.Width*a.Height })
	return out, nil
}

// modesOf are the sizes of an entry: the one that it stands for, or of a range its end, and the size to look at where that
// lies within.
func modesOf(format string, s v4l2.FrameSizeEnum) []devices.CameraMode {
	var out []devices.CameraMode
	if w, h := int(s.Size.MaxWidth), int(s.Size.MaxHeight); w > 0 && h > 0 && w <= maxPixels/h {
		out = append(out, devices.CameraMode{Format: format, Width: w, Height: h})
	}
	const w, h = 640, 480
	if r := s.Size; s.Type != v4l2.FrameSizeTypeDiscrete && r.MinWidth <= w && w < r.MaxWidth && r.MinHeight <= h && h < r.MaxHeight {
		out = append(out, devices.CameraMode{Format: format, Width: w, Height: h})
	}
	return out
}

// stillOf chooses a mode for a picture to keep.
func stillOf(modes []devices.CameraMode) devices.CameraMode {
	for _, m := range modes {
		if m.Width*m.Height <= stillPixels {
			return m
		}
	}
	return modes[len(modes)-1]
}

// previewOf chooses a mode to look at.
func previewOf(modes []devices.CameraMode) devices.CameraMode {
	chosen := modes[0]
	for _, m := range modes {
		if m.Width*m.Height >= previewPixels {
			chosen = m // they come in falling order; of two sizes alike the later is compressed and quick over USB
		}
	}
	return chosen
}

// fourCC writes a format's code as text.
func fourCC(code uint32) string {
	return string([]byte{byte(code), byte(code >> 8), byte(code >> 16), byte(code >> 24)})
}

// codeOf is the opposite of fourCC for the formats that we read.
func codeOf(format string) uint32 {
	if format == "MJPG" {
		return v4l2.PixelFmtMJPEG
	}
	return v4l2.PixelFmtYUYV
}

// conditionOf adds to an error of the kernel what a person can do about it.
func conditionOf(err error) error {
	switch {
	case errors.Is(err, unix.ENOENT), errors.Is(err, unix.ENXIO):
		return fmt.Errorf("%w: %w", devices.ErrNoCamera, err)
	case errors.Is(err, unix.ENODEV), errors.Is(err, v4l2.ErrorSystem): // it was there and is gone
		return fmt.Errorf("%w: %w", devices.ErrUnreachable, err)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("%w: %w", devices.ErrCameraDenied, err)
	case errors.Is(err, unix.EBUSY):
		return fmt.Errorf("%w: %w", devices.ErrCameraInUse, err)
	case errors.Is(err, v4l2.ErrorUnsupported), errors.Is(err, v4l2.ErrorBadArgument):
		return fmt.Errorf("%w: %w", devices.ErrUnsupported, err)
	}
	return err
}

// Found is one camera that is plugged in. Err says why it could not be asked for more than its name.
type Found struct {
	Identity devices.Identity `json:"identity"`
	Node     string           `json:"node"`
	Driver   string           `json:"driver,omitempty"`
	Bus      string           `json:"bus,omitempty"`
	Err      error            `json:"-"`
}

// List returns the cameras that are plugged in now, by number. Nothing of them is claimed: another program may
// be streaming.
func List(ctx context.Context) ([]Found, error) {
	nodes, err := filepath.Glob("/dev/video[0-9]*")
	if err != nil {
		return nil, err
	}
	slices.SortFunc(nodes, func(a, b string) int {
		if len(a) != len(b) {
			return len(a) - len(b)
		}
		return strings.Compare(a, b)
	})
	var out []Found
	for _, n := range nodes {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if f := look(n); !errors.Is(f.Err, devices.ErrUnsupported) && !errors.Is(f.Err, devices.ErrNoCamera) {
			out = append(out, f)
		}
	}
	return out, nil
}

// look reads the names of one node. What sysfs tells is read by everybody, even where the node may not be opened.
func look(node string) Found {
	at := filepath.Join("/sys/class/video4linux", filepath.Base(node))
	f := Found{Node: node, Identity: devices.Identity{URI: "v4l2:" + node, Model: word(at, "name")}}
	// Above the node stands the interface of a USB device, and above that the device.
	if parent, err := filepath.EvalSymlinks(filepath.Join(at, "device")); err == nil {
		if usb := filepath.Dir(parent); word(usb, "idVendor") != "" {
			f.Identity.Maker, f.Identity.Serial = word(usb, "manufacturer"), word(usb, "serial")
			f.Identity.Firmware = word(usb, "bcdDevice")
		}
	}
	d, err := open(node)
	if err != nil {
		f.Err = err
		return f
	}
	defer d.close()
	can, err := v4l2.GetCapability(uintptr(d.fd))
	if err != nil {
		f.Err = fmt.Errorf("%s: %w", node, conditionOf(err))
		return f
	}
	f.Driver, f.Bus = can.Driver, can.BusInfo
	if f.Identity.Model == "" {
		f.Identity.Model = can.Card
	}
	return f
}

// word reads one attribute in sysfs; "" where there is none.
func word(dir, name string) string {
	b, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(b))
}
