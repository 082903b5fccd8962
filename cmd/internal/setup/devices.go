package setup

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"padarozhnik/devices"
	"padarozhnik/devices/camera"
	"padarozhnik/devices/chip"
	"padarozhnik/devices/escl"
	"padarozhnik/devices/folder"
	"padarozhnik/devices/ipp"
	"padarozhnik/devices/pcsc"
	"padarozhnik/devices/sane"
	"padarozhnik/devices/stream"
	"padarozhnik/devices/virtual/desk"
	"padarozhnik/devices/watchdog"
	"padarozhnik/station"
	"padarozhnik/station/issuance"
)

// ErrNoDevice: the configuration names no such device.
var ErrNoDevice = errors.New("no device configured")

// OpenScanner returns the scanner at an address.
func OpenScanner(uri string) (devices.Scanner, error) {
	if strings.HasPrefix(uri, "http://") || strings.HasPrefix(uri, "https://") {
		return escl.New(uri, nil, escl.Timing{})
	}
	if path, ok := strings.CutPrefix(uri, "file:"); ok && path != "" {
		return folder.New(path), nil
	}
	if name, ok := strings.CutPrefix(uri, "sane:"); ok {
		return sane.New(name, sane.Options{})
	}
	if strings.HasPrefix(uri, onUSB) {
		return openUSBScanner(uri)
	}
	return nil, unknownAddress("scanner", uri, "http://HOST:PORT/eSCL, usb:VID:PID[:SERIAL], sane:NAME or file:DIR")
}

// Release gives a device back that a program holds, for those who ask for it next. It does nothing for those that
// nobody holds.
func Release(device any) error {
	if held, ok := device.(io.Closer); ok {
		return held.Close()
	}
	return nil
}

// OpenCamera returns the camera at an address.
func OpenCamera(uri string) (devices.Camera, error) {
	if name, ok := strings.CutPrefix(uri, "v4l2:"); ok && name != "" {
		return camera.New(name), nil
	}
	if path, ok := strings.CutPrefix(uri, "file:"); ok && path != "" {
		return camera.NewFiles(path), nil
	}
	return nil, unknownAddress("camera", uri, "v4l2:/dev/video0, v4l2:NAME or file:DIR")
}

// OpenPrinter returns the printer at an address.
func OpenPrinter(uri string) (devices.Printer, error) {
	if strings.HasPrefix(uri, "ipp://") || strings.HasPrefix(uri, "ipps://") {
		return ipp.New(uri, nil, ipp.Options{})
	}
	if dir, ok := strings.CutPrefix(uri, "file:"); ok && dir != "" {
		return stream.New(stream.Folder(dir), stream.PWG{}), nil
	}
	if strings.HasPrefix(uri, onUSB) {
		return openUSBPrinter(uri)
	}
	return nil, unknownAddress("printer", uri, "ipp://HOST:PORT/ipp/print, usb:VID:PID[:SERIAL] or file:DIR")
}

// OpenEncoder returns the chip encoder at an address.
func OpenEncoder(uri string, o chip.Options) (devices.Encoder, error) {
	name, ok := strings.CutPrefix(uri, "pcsc:")
	if !ok || name == "" {
		return nil, unknownAddress("encoder", uri, "pcsc:NAME OF THE READER")
	}
	return chip.NewEncoder(pcsc.NewService(pcsc.Deadlines{}).Reader(name), o)
}

func unknownAddress(what, uri, want string) error {
	if uri == "" {
		return fmt.Errorf("%w: %s: want %s", ErrNoDevice, what, want)
	}
	return fmt.Errorf("%w: %s %q: want %s", ErrConfig, what, uri, want)
}

func (o *Office) devices(d *issuance.Desk, c Config) error {
	var err error
	d.Scanner, d.Camera, d.Printer, d.Encoder = absent{}, absent{}, absent{}, absent{}
	if c.Devices.Scanner != "" {
		s, err := OpenScanner(c.Devices.Scanner)
		if err != nil {
			return err
		}
		d.Scanner = watchdog.NewScanner(s, watchdog.Limits{})
	}
	if c.Devices.Camera != "" {
		if d.Camera, err = OpenCamera(c.Devices.Camera); err != nil {
			return err
		}
	}
	if c.Devices.Printer != "" {
		p, err := OpenPrinter(c.Devices.Printer)
		if err != nil {
			return err
		}
		d.Printer = watchdog.NewPrinter(p, watchdog.Limits{})
	}
	if c.Devices.Encoder != "" {
		if d.Encoder, err = OpenEncoder(c.Devices.Encoder, chip.Options{}); err != nil {
			return err
		}
	}
	if dir, ok := strings.CutPrefix(c.Devices.Hand, handDesk); ok {
		table, err := desk.Open(dir)
		if err != nil {
			return err
		}
		d.Hand = deskHand{table}
		return nil
	}
	d.Hand = askHand{}
	return nil
}

// deskHand moves the books of a training desk.
type deskHand struct{ desk *desk.Desk }

// handTime is what a hand needs to take one book away before it lays down another. Readers look
// for changes about twice a second.
const handTime = 1200 * time.Millisecond

// Put implements issuance.Hand.
func (h deskHand) Put(ctx context.Context, serial station.Serial, at issuance.Spot) error {
	lying, err := h.desk.At(desk.Place(at))
	if err != nil {
		return err
	}
	if lying != "" && lying != string(serial) {
		if err := h.desk.Clear(desk.Place(at)); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(handTime):
		}
	}
	return h.desk.Move(string(serial), desk.Place(at))
}

// askHand asks the person at the terminal.
type askHand struct{}

// Put implements issuance.Hand.
func (askHand) Put(ctx context.Context, serial station.Serial, at issuance.Spot) error {
	return Enter(ctx, fmt.Sprintf("Put booklet %s on the %s", serial, at))
}

// Enter asks the person at the terminal to do something, and returns when they have pressed Enter.
func Enter(ctx context.Context, what string) error {
	fmt.Fprintf(os.Stderr, "%s and press Enter. ", what)
	done := make(chan error, 1)
	go func() {
		_, err := bufio.NewReader(os.Stdin).ReadString('\n')
		done <- err
	}()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}
