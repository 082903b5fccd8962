package issuance_test

import (
	"context"
	"errors"
	"image"
	"os"
	"path/filepath"
	"testing"

	"padarozhnik/devices"
	"padarozhnik/devices/camera"
	"padarozhnik/station/issuance"
	"padarozhnik/station/portrait"
)

// TestPortraitFromTheCamera: the camera's picture goes through the same checks, and the case remembers where it came
// from; what the camera cannot do changes nothing.
func TestPortraitFromTheCamera(t *testing.T) {
	o := newOffice(t, 1)
	d := o.desk(nil)
	seat := o.seat(d, "E")
	token := must(d.Enrol(t.Context(), seat))(t)
	take := func(ctx context.Context) (portrait.Finding, error) {
		return d.CameraPortrait(ctx, seat, token, issuance.Sitting{Ticks: []string{portrait.TickLikeness}}, nil)
	}
	if _, err := take(t.Context()); !errors.Is(err, devices.ErrNoCamera) || issuance.Cure(err) != "no-camera" {
		t.Errorf("without a camera: %v", err)
	}
	dir := t.TempDir()
	d.Camera = camera.NewFiles(dir)
	if _, err := take(t.Context()); !errors.Is(err, devices.ErrNoFrames) {
		t.Errorf("a camera without a picture: %v", err)
	}
	for name, img := range map[string]image.Image{"1-wall.png": image.NewGray(image.Rect(0, 0, 630, 810)), "2-person.png": sitter()} {
		if err := os.WriteFile(filepath.Join(dir, name), pngBytes(t, img), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := take(gone); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if _, err := take(t.Context()); !errors.Is(err, issuance.ErrPortrait) {
		t.Errorf("a picture of a wall: %v", err)
	}
	if a := must(d.Application(t.Context(), seat, token))(t); a.Portrait != nil || a.TakenFrom != "" {
		t.Error("a portrait that failed was kept")
	}
	found, err := take(t.Context())
	if err != nil || found.Outcome() == portrait.Fail {
		t.Fatalf("a person: %v", err)
	}
	a := must(d.Application(t.Context(), seat, token))(t)
	if a.TakenFrom != issuance.FromCamera || len(a.Portrait) == 0 || len(a.Checks) == 0 || len(a.Ticks) != 1 {
		t.Errorf("kept from %q: %d bytes, %d checks, ticks %v", a.TakenFrom, len(a.Portrait), len(a.Checks), a.Ticks)
	}
}
