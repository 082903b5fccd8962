package ui

import (
	"cmp"
	"context"
	"image"
	"io"

	"padarozhnik/devices"
	"padarozhnik/station"
	"padarozhnik/station/issuance"
	"padarozhnik/station/portrait"
)

// choosePortrait has the officer choose a picture, and lays the frame on it.
func (w *Window) choosePortrait() {
	w.pick(func(r io.ReadCloser) {
		w.layFrame(issuance.FromFile, func(context.Context, devices.Report) (image.Image, error) { return readPicture(r) })
	})
}

// openCamera shows what the camera sees until the officer takes the picture, and lays the frame on that.
func (w *Window) openCamera() {
	d := w.deps.Desk
	w.layFrame(issuance.FromCamera, func(ctx context.Context, r devices.Report) (image.Image, error) {
		if d.Camera == nil {
			return nil, devices.ErrNoCamera
		}
		if err := w.watchCamera(ctx, d.Camera); err != nil {
			return nil, err
		}
		still, err := d.Camera.Still(ctx, r)
		return still.Image, err
	})
}

// watchCamera shows what a camera sees until the officer takes the picture. It is called by a worker, and
// waits for each picture to be drawn: those that come meanwhile are dropped by the camera.
func (w *Window) watchCamera(ctx context.Context, c devices.Camera) error {
	f := w.enrol.portrait
	live, stop := context.WithCancel(ctx)
	defer stop()
	w.tasks.onScreen(func() { w.shutter = stop })
	defer w.tasks.onScreen(func() {
		w.shutter = nil
		f.still()
	})
	err := c.Live(live, func(each devices.Frame) {
		small, drawn := preview(each.Image), make(chan struct{})
		w.tasks.onScreen(func() {
			defer close(drawn)
			if live.Err() == nil {
				f.live(small)
			}
		})
		select {
		case <-drawn:
		case <-live.Done():
		}
	})
	return cmp.Or(err, ctx.Err())
}

// shoot ends what the camera shows live: the picture is taken next.
func (w *Window) shoot() {
	if w.shutter != nil {
		w.shutter()
	}
}

// layFrame gets a picture, finds the face on it and shows both. Nothing is kept yet.
func (w *Window) layFrame(from string, get func(context.Context, devices.Report) (image.Image, error)) {
	if w.seat == nil {
		return
	}
	d, seat, token := w.deps.Desk, *w.seat, w.token
	var img, small image.Image
	var found portrait.Finding
	w.run("picture", func(ctx context.Context, r devices.Report) (err error) {
		if img, err = get(ctx, r); err != nil {
			return err
		}
		if found, err = d.PreviewPortrait(ctx, seat, token, img); err == nil {
			small = preview(img)
		}
		return err
	}, func(err error) {
		if err == nil {
			w.enrol.portrait.examine(img, small, from, found)
			focus(w.enrol.portrait.crop)
		}
	})
}

// takePortrait keeps what the frame holds, with what the officer has seen.
func (w *Window) takePortrait() {
	f := w.enrol.portrait
	img, sitting := f.source, f.sitting()
	var found portrait.Finding
	w.capture("portrait", func(ctx context.Context, s issuance.Seat, t station.CaseToken, _ devices.Report) (err error) {
		found, err = w.deps.Desk.TakePortraitOf(ctx, s, t, img, sitting)
		return err
	}, func(err error) {
		if len(found.Checks) > 0 {
			f.measured(found)
		}
	})
}

// measurePortrait measures again after the frame was moved. One measurement runs at a time; while it does,
// the newest frame waits.
func (w *Window) measurePortrait(crop image.Rectangle) {
	f := w.enrol.portrait
	if f.source == nil {
		return
	}
	if f.measuring {
		f.again = true
		return
	}
	f.measuring = true
	img, was := f.source, f.found
	var found portrait.Finding
	w.tasks.beside(func(context.Context) (err error) {
		found, err = portrait.Reframe(img, was, crop)
		return err
	}, func(err error) {
		f.measuring = false
		if f.source != img {
			return
		}
		if f.again {
			f.again = false
			w.measurePortrait(f.crop.crop)
			return
		}
		if err != nil {
			f.unframed()
			return
		}
		f.measured(found)
	})
}

// scanSignature lifts the signature off a card on the scanner.
func (w *Window) scanSignature() {
	d := w.deps.Desk
	w.capture("signature", func(ctx context.Context, s issuance.Seat, t station.CaseToken, r devices.Report) error {
		if d.Scanner == nil {
			return errNoDevice
		}
		_, err := d.ScanSignature(ctx, s, t, devices.Region{}, r)
		return err
	}, nil)
}

// chooseSignature takes it from a picture.
func (w *Window) chooseSignature() {
	w.pick(func(r io.ReadCloser) {
		w.capture("signature", func(ctx context.Context, s issuance.Seat, t station.CaseToken, _ devices.Report) error {
			img, err := readPicture(r)
			if err != nil {
				return err
			}
			_, err = w.deps.Desk.TakeSignature(ctx, s, t, img)
			return err
		}, nil)
	})
}

func (w *Window) cannotSign(reason string) {
	w.capture("signature", func(ctx context.Context, s issuance.Seat, t station.CaseToken, _ devices.Report) error {
		return w.deps.Desk.CannotSign(ctx, s, t, reason)
	}, nil)
}

// scanPortrait lays the frame on a paper photograph on the scanner.
func (w *Window) scanPortrait() {
	d := w.deps.Desk
	w.layFrame(issuance.FromScan, func(ctx context.Context, r devices.Report) (image.Image, error) {
		if d.Scanner == nil {
			return nil, errNoDevice
		}
		return d.ScanPhoto(ctx, devices.Region{}, r)
	})
}

// today is the desk's date.
func (w *Window) today() station.Date { return station.DateOf(w.deps.Desk.Now()) }
