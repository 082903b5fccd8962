//go:build guest

package camera_test

import (
	"context"
	"errors"
	"image"
	"os"
	"os/exec"
	"runtime"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"padarozhnik/devices"
	"padarozhnik/devices/camera"
)

const (
	node  = "/dev/video0"
	named = "vivid"
)

// within is how long one thing may take in an emulated machine that has other work.
const within = 60 * time.Second

// vivid plugs the kernel's own camera in: a web camera that shows colour bars.
func vivid(t *testing.T) {
	t.Helper()
	out, err := exec.Command("modprobe", "vivid", "n_devs=1", "node_types=0x1", "num_inputs=1", "input_types=0").CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	t.Cleanup(func() {
		if out, err := exec.Command("modprobe", "-r", "vivid").CombinedOutput(); err != nil {
			t.Errorf("somebody holds the camera: %v: %s", err, out)
		}
	})
}

func limited(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), within)
	t.Cleanup(cancel)
	return ctx
}

func TestGuestCameraIsListed(t *testing.T) {
	vivid(t)
	found, err := camera.List(t.Context())
	if err != nil || len(found) != 1 {
		t.Fatalf("found %+v: %v", found, err)
	}
	f := found[0]
	if f.Err != nil || f.Node != node || f.Driver != "vivid" || f.Bus != "platform:vivid-000" || f.Identity.URI != "v4l2:"+node {
		t.Errorf("listed as %+v", f)
	}
	for _, name := range []string{node, named} {
		if id, err := camera.New(name).Identify(t.Context()); err != nil || id != f.Identity {
			t.Errorf("%s calls itself %+v: %v", name, id, err)
		}
	}
	for _, name := range []string{"/dev/video77", "Utopian Eye", ""} {
		if _, err := camera.New(name).Still(t.Context(), nil); !errors.Is(err, devices.ErrNoCamera) {
			t.Errorf("a camera %q that is not there gives %v", name, err)
		}
	}
}

func TestGuestCameraTakesPictures(t *testing.T) {
	vivid(t)
	c := camera.New(node)
	modes, err := c.Modes(t.Context())
	if err != nil || len(modes) < 3 || modes[0].Format != "YUYV" {
		t.Fatalf("modes are %v: %v", modes, err)
	}
	for i := range modes[1:] {
		if modes[i].Width*modes[i].Height < modes[i+1].Width*modes[i+1].Height {
			t.Errorf("%v stands before %v", modes[i], modes[i+1])
		}
	}
	var steps int
	still, err := c.Still(limited(t), func(devices.Progress) { steps++ })
	if err != nil {
		t.Fatal(err)
	}
	if size := still.Image.Bounds().Size(); size != image.Pt(1920, 1080) || steps == 0 {
		t.Errorf("still is %v, %d steps of progress", size, steps)
	}
	colourBars(t, still.Image)
}

// colourBars wants the picture that vivid shows: white at the left, then yellow, black at the right.
func colourBars(t *testing.T, img image.Image) {
	t.Helper()
	b := img.Bounds()
	at := func(of int) (r, g, bl int) {
		x := b.Min.X + b.Dx()*(2*of+1)/16
		rr, gg, bb, _ := img.At(x, b.Min.Y+b.Dy()*3/4).RGBA()
		return int(rr >> 8), int(gg >> 8), int(bb >> 8)
	}
	if r, g, bl := at(0); min(r, g, bl) < 185 || max(r, g, bl) > 197 {
		t.Errorf("the first bar is %d %d %d, not white of three quarters", r, g, bl)
	}
	if r, g, bl := at(1); r < 150 || g < 150 || bl > 100 {
		t.Errorf("the second bar is %d %d %d, not yellow", r, g, bl)
	}
	if r, g, bl := at(7); r > 8 || g > 8 || bl > 8 {
		t.Errorf("the last bar is %d %d %d, not black", r, g, bl)
	}
}

// TestGuestLiveEndsCleanly looks at a stream several times. Nothing of it may be left.
func TestGuestLiveEndsCleanly(t *testing.T) {
	vivid(t)
	c := camera.New(named)
	before := -1
	for round := range 4 {
		ctx, cancel := context.WithCancel(limited(t))
		frames := 0
		err := c.Live(ctx, func(f devices.Frame) {
			frames++
			if size := f.Image.Bounds().Size(); size != image.Pt(1280, 720) && size != image.Pt(640, 480) {
				t.Errorf("frames are %v", size)
			}
			if frames == 3 {
				colourBars(t, f.Image)
				cancel()
			}
		})
		cancel()
		if err != nil || frames != 3 {
			t.Fatalf("%d frames: %v", frames, err)
		}
		open, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Fatal(err)
		}
		if before >= 0 && len(open) > before {
			t.Errorf("round %d leaves %d files open, %d before", round, len(open), before)
		}
		before = len(open)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := c.Live(ctx, func(devices.Frame) { t.Error("shown after the end") }); err != nil {
		t.Errorf("live with an ended context: %v", err)
	}
	if _, err := c.Still(ctx, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("still with an ended context: %v", err)
	}
}

// TestGuestCameraHasOneUser opens the camera again while it streams.
func TestGuestCameraHasOneUser(t *testing.T) {
	vivid(t)
	ctx, cancel := context.WithCancel(limited(t))
	defer cancel()
	asked := false
	err := camera.New(node).Live(ctx, func(devices.Frame) {
		if asked {
			return
		}
		asked = true
		if _, err := camera.New(node).Still(ctx, nil); !errors.Is(err, devices.ErrCameraInUse) {
			t.Errorf("a second user gets %v", err)
		}
		if found, err := camera.List(ctx); err != nil || len(found) != 1 || found[0].Err != nil {
			t.Errorf("while it streams it is listed as %+v: %v", found, err)
		}
		cancel()
	})
	if err != nil {
		t.Error(err)
	}
	if _, err := camera.New(node).Still(limited(t), nil); err != nil {
		t.Errorf("after the first user left: %v", err)
	}
}

// TestGuestUnpluggedCamera takes the camera away while it streams, and gives it back.
func TestGuestUnpluggedCamera(t *testing.T) {
	vivid(t)
	bind := func(what string) {
		if err := os.WriteFile("/sys/bus/platform/drivers/vivid/"+what, []byte("vivid.0"), 0); err != nil {
			t.Fatal(err)
		}
	}
	frames := 0
	err := camera.New(node).Live(limited(t), func(devices.Frame) {
		if frames++; frames == 2 {
			bind("unbind")
		}
	})
	if !errors.Is(err, devices.ErrUnreachable) {
		t.Errorf("pulled out in the middle: %v", err)
	}
	if _, err := camera.New(node).Still(t.Context(), nil); !errors.Is(err, devices.ErrNoCamera) {
		t.Errorf("while it is away: %v", err)
	}
	if found, err := camera.List(t.Context()); err != nil || len(found) != 0 {
		t.Errorf("while it is away %v is listed: %v", found, err)
	}
	bind("bind")
	if _, err := camera.New(named).Still(limited(t), nil); err != nil {
		t.Errorf("plugged in again: %v", err)
	}
}

// TestGuestCameraDenied is somebody who does not belong to the group of the cameras.
func TestGuestCameraDenied(t *testing.T) {
	vivid(t)
	const video, nobody = 44, 65534
	if err := errors.Join(os.Chown(node, 0, video), os.Chmod(node, 0o660)); err != nil {
		t.Fatal(err)
	}
	as := func(id int) { // the user of file accesses is a thread's
		_, group := unix.SetfsgidRetGid(id)
		_, user := unix.SetfsuidRetUid(id)
		if err := errors.Join(group, user); err != nil {
			t.Fatal(err)
		}
	}
	runtime.LockOSThread()
	as(nobody)
	_, err := camera.New(node).Still(t.Context(), nil)
	found, listErr := camera.List(t.Context())
	as(0)
	runtime.UnlockOSThread()
	if !errors.Is(err, devices.ErrCameraDenied) {
		t.Errorf("somebody else gets %v", err)
	}
	if listErr != nil || len(found) != 1 || !errors.Is(found[0].Err, devices.ErrCameraDenied) || found[0].Identity.Model == "" {
		t.Errorf("somebody else sees %+v: %v", found, listErr)
	}
}
