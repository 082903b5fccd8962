package devices

import (
	"context"
	"errors"
	"image"
)

// Conditions of cameras.
var (
	// ErrNoCamera: no camera is plugged in at the address, or none is configured.
	ErrNoCamera = errors.New("no camera")
	// ErrCameraDenied: this user may not open the camera.
	ErrCameraDenied = errors.New("no permission to open the camera")
	// ErrCameraInUse: another program has the camera.
	ErrCameraInUse = errors.New("camera in use by another program")
	// ErrNoFrames: the camera runs and sends no picture that can be opened.
	ErrNoFrames = errors.New("camera sends no picture")
)

// CameraMode is one form in which a camera delivers pictures. Format is its four-character code
// (MJPG, YUYV).
type CameraMode struct {
	Format string `json:"format"`
	Width  int    `json:"width"`
	Height int    `json:"height"`
}

// Frame is one picture, upright. It belongs to whoever got it.
type Frame struct {
	Image image.Image
}

// Camera takes pictures of a person. Every call opens the device and has given it back when it returns, so a Live
// that has not returned makes Still return ErrCameraInUse. Calls return ErrNoCamera, ErrCameraDenied, ErrCameraInUse,
// ErrNoFrames, ErrUnsupported where the camera has no form that we read, and ErrUnreachable when it is unplugged.
type Camera interface {
	Identify(ctx context.Context) (Identity, error)
	// Modes lists what the camera delivers and we read, the finest first.
	Modes(ctx context.Context) ([]CameraMode, error)
	// Still takes one picture for keeping, when the exposure has settled.
	Still(ctx context.Context, report Report) (Frame, error)
	// Live calls show with one picture after the other, of a size for looking at, from its own goroutine, and returns
	// nil when ctx ends. Pictures that come while show works are dropped, so what is shown is never late.
	Live(ctx context.Context, show func(Frame)) error
}
