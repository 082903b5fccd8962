package usb

import (
	"context"
	"errors"
	"slices"
	"time"

	"padarozhnik/devices"
)

// WatchEvery is how often a watch looks whether anything was plugged in or out.
const WatchEvery = time.Second

// Event is a device that came, or is gone.
type Event struct {
	Came   bool
	Device Device
}

// changes is a bus that tells cheaply whether anything was plugged in or out.
type changes interface{ Changed() string }

// Watch reports the devices that are there, and then each that comes or goes, until ctx ends, and returns the
// context's error. libusb's own way to learn of it needs udevd, so the bus is looked at every so often; one that
// tells cheaply that nothing changed, as the kernel's does, is not listed again. report is called from this goroutine.
func Watch(ctx context.Context, bus Bus, every time.Duration, report func(Event)) error {
	cheap, _ := bus.(changes)
	known, before := map[string]Device{}, ""
	tick := time.NewTicker(every)
	defer tick.Stop()
	for first := true; ; first = false {
		now := ""
		if cheap != nil {
			now = cheap.Changed()
		}
		if first || cheap == nil || now != before {
			found, err := ListOn(ctx, bus)
			if err != nil && ctx.Err() == nil {
				return err
			}
			if err == nil {
				before = now
				if slices.ContainsFunc(found, func(d Device) bool { return errors.Is(d.Err, devices.ErrHangs) }) {
					before = "" // it may come back, and then says who it is
				}
				compare(known, found, report)
			}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

// compare reports what is different, and notes it.
func compare(known map[string]Device, found []Device, report func(Event)) {
	there := map[string]bool{}
	for _, d := range found {
		there[d.Identity.URI] = true
		if _, ok := known[d.Identity.URI]; !ok {
			known[d.Identity.URI] = d
			report(Event{Came: true, Device: d})
		}
	}
	for uri, d := range known {
		if !there[uri] {
			delete(known, uri)
			report(Event{Device: d})
		}
	}
}
