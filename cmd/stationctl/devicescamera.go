package main

import (
	"context"
	"fmt"

	"padarozhnik/cmd/internal/setup"
	"padarozhnik/devices"
	"padarozhnik/devices/camera"
)

// askCamera asks the configured camera who it is, and in a test for one picture.
func askCamera(ctx context.Context, c setup.Config, test bool) (devices.Identity, string, error) {
	cam, err := setup.OpenCamera(c.Devices.Camera)
	if err != nil {
		return devices.Identity{}, "", err
	}
	id, err := cam.Identify(ctx)
	if err != nil || !test {
		return id, "", err
	}
	frame, err := cam.Still(ctx, nil)
	if err != nil {
		return id, "", err
	}
	size := frame.Image.Bounds().Size()
	return id, fmt.Sprintf("gives a picture of %d x %d pixels", size.X, size.Y), nil
}

// pluggedCameras reports every camera that is plugged in, with the modes that it offers.
func pluggedCameras(ctx context.Context) ([]deviceReport, error) {
	found, err := camera.List(ctx)
	if err != nil {
		return nil, err
	}
	var out []deviceReport
	for _, f := range found {
		r := deviceReport{Kind: "camera", Identity: f.Identity, Detail: fmt.Sprintf("%s, %s", f.Driver, f.Bus)}
		failed := f.Err
		if failed == nil {
			var modes []devices.CameraMode
			if modes, failed = camera.New(f.Node).Modes(ctx); failed == nil {
				r.Detail += fmt.Sprintf(", %d modes up to %d x %d pixels", len(modes), modes[0].Width, modes[0].Height)
			}
		}
		if r.OK = failed == nil; !r.OK {
			r.Detail = failed.Error()
		}
		out = append(out, r)
	}
	return out, nil
}
