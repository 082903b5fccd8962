package camera

import (
	"context"
	"errors"
	"fmt"
	"image"
	"time"

	"github.com/vladimirvivien/go4vl/v4l2"
	"golang.org/x/sys/unix"

	"padarozhnik/devices"
)

// Limits of a stream.
const (
	silence  = 5 * time.Second        // without a picture that opens: the camera is stuck, or its sensor is dead
	settling = 700 * time.Millisecond // after the first picture, for exposure and white balance
	slots    = 3                      // buffers asked for: one is filled, one is full, one is read
)

// Still takes one picture, when the exposure has settled.
func (c *Camera) Still(ctx context.Context, report devices.Report) (devices.Frame, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var first time.Time
	var last image.Image
	err := c.stream(ctx, stillOf, func(img image.Image) {
		last = img
		if first.IsZero() {
			first = time.Now()
		}
		waited := min(time.Since(first), settling)
		report.At("expose", waited.Milliseconds(), settling.Milliseconds())
		if waited == settling {
			cancel()
		}
	})
	if err == nil && time.Since(first) < settling || last == nil {
		err = errors.Join(err, context.Cause(ctx)) // it was not we who ended it
	}
	if err != nil {
		return devices.Frame{}, fmt.Errorf("still: %w", err)
	}
	return devices.Frame{Image: last}, nil
}

// Live shows pictures until ctx ends.
func (c *Camera) Live(ctx context.Context, show func(devices.Frame)) error {
	err := c.stream(ctx, previewOf, func(img image.Image) { show(devices.Frame{Image: img}) })
	if err != nil && (ctx.Err() == nil || !errors.Is(err, ctx.Err())) {
		return fmt.Errorf("live: %w", err)
	}
	return nil
}

// stream opens the camera in the mode that choose picks and passes every picture on, until ctx ends.
func (c *Camera) stream(
	ctx context.Context, choose func([]devices.CameraMode) devices.CameraMode, pass func(image.Image),
) error {
	node, err := c.node(ctx)
	if err != nil {
		return err
	}
	d, err := open(node)
	if err != nil {
		return err
	}
	defer d.close()
	modes, err := d.modes()
	if err != nil {
		return err
	}
	r, err := d.start(choose(modes))
	if err != nil {
		return fmt.Errorf("%s: %w", node, conditionOf(err))
	}
	defer r.stop()
	if err := r.pass(ctx, pass); err != nil {
		return fmt.Errorf("%s: %w", node, conditionOf(err))
	}
	return nil
}

// run is a device that streams.
type run struct {
	v4l2.StreamingDevice // nil: go4vl's requests ask for the five methods below and no others
	*device
	format v4l2.PixFormat
	count  uint32
	maps   [][]byte
}

// Fd and the following methods are what go4vl wants to know of a stream.
func (r *run) Fd() uintptr              { return uintptr(r.fd) }
func (r *run) MemIOType() v4l2.IOType   { return v4l2.IOTypeMMAP }
func (r *run) BufferType() v4l2.BufType { return v4l2.BufTypeVideoCapture }
func (r *run) BufferCount() uint32      { return r.count }
func (r *run) Buffers() [][]byte        { return r.maps }

// start sets a mode and lets the device stream into buffers that are mapped here. Who else has buffers of the
// device makes it busy.
func (d *device) start(m devices.CameraMode) (*run, error) {
	r := &run{device: d, count: slots}
	want := v4l2.PixFormat{
		Width: uint32(m.Width), Height: uint32(m.Height), PixelFormat: codeOf(m.Format), Field: v4l2.FieldNone,
	}
	if err := v4l2.SetPixFormat(r.Fd(), want); err != nil {
		return nil, err
	}
	var err error
	if r.format, err = v4l2.GetPixFormat(r.Fd()); err != nil { // the driver may have set another
		return nil, err
	}
	if f := r.format; f.PixelFormat != want.PixelFormat || f.Width == 0 || f.Height == 0 || f.Width > maxPixels/f.Height {
		return nil, fmt.Errorf("it offers %v and sets %d x %d: %w", m, f.Width, f.Height, devices.ErrProtocol)
	}
	granted, err := v4l2.InitBuffers(r)
	if err != nil {
		return nil, err
	}
	r.count = granted.Count
	if r.maps, err = v4l2.MapMemoryBuffers(r); err != nil {
		return nil, err
	}
	for i := range r.count {
		if err == nil {
			err = r.giveBack(i)
		}
	}
	if err == nil {
		err = v4l2.StreamOn(r)
	}
	if err != nil {
		r.stop()
		return nil, err
	}
	return r, nil
}

// giveBack hands a buffer to the driver to fill.
func (r *run) giveBack(index uint32) error {
	_, err := v4l2.QueueBuffer(r.Fd(), r.MemIOType(), r.BufferType(), index)
	return err
}

// stop ends the stream. A device that was unplugged refuses, and has ended it.
func (r *run) stop() {
	_ = v4l2.StreamOff(r)
	for _, m := range r.maps {
		_ = unix.Munmap(m)
	}
}

// pass waits for pictures and passes on each that opens, until ctx ends.
func (r *run) pass(ctx context.Context, to func(image.Image)) error {
	wake, err := unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	if err != nil {
		return err
	}
	woken := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(woken)
		_, _ = unix.Write(wake, []byte{1, 0, 0, 0, 0, 0, 0, 0})
	})
	defer func() {
		if !stop() {
			<-woken // it writes to wake
		}
		_ = unix.Close(wake)
	}()
	for last := time.Now(); ctx.Err() == nil; {
		if time.Since(last) > silence {
			return devices.ErrNoFrames
		}
		ready := []unix.PollFd{{Fd: int32(wake), Events: unix.POLLIN}, {Fd: int32(r.fd), Events: unix.POLLIN}}
		if _, err := unix.Poll(ready, int(silence.Milliseconds())/5); err != nil && !errors.Is(err, unix.EINTR) {
			return err
		}
		if ready[1].Revents == 0 || ctx.Err() != nil {
			continue
		}
		img, err := r.newest()
		if err != nil {
			return err
		}
		if img != nil {
			to(img)
			last = time.Now()
		}
	}
	return nil
}

// newest takes the last of the pictures that wait, and gives all their buffers back. It returns nil where none
// waits, or where the last is damaged, as the first of a stream often is.
func (r *run) newest() (image.Image, error) {
	var held *v4l2.Buffer
	for {
		b, err := v4l2.DequeueBuffer(r.Fd(), r.MemIOType(), r.BufferType())
		if errors.Is(err, unix.EAGAIN) {
			break
		}
		if err != nil {
			return nil, err
		}
		if held != nil {
			if err := r.giveBack(held.Index); err != nil {
				return nil, err
			}
		}
		held = &b
	}
	if held == nil {
		return nil, nil
	}
	var img image.Image
	if held.Flags&v4l2.BufFlagError == 0 && int(held.Index) < len(r.maps) && int(held.BytesUsed) <= len(r.maps[held.Index]) {
		img, _ = decode(r.format, r.maps[held.Index][:held.BytesUsed]) // a damaged one is left out
	}
	return img, r.giveBack(held.Index)
}
