//go:build guest

package gadget_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"os/exec"
	"testing"
	"unsafe"

	"github.com/google/gousb"
	"golang.org/x/sys/unix"

	"padarozhnik/devices/virtual/gadget"
)

const deviceID = "MFG:Utopian Presses;MDL:Kernel Gadget;CMD:PWGRaster,PJL;CLS:PRINTER;"

func plugged(t *testing.T) *gadget.Printer {
	t.Helper()
	p, err := gadget.Plug(deviceID, "UTO-0001")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Unplug(); err != nil {
			t.Error(err)
		}
	})
	return p
}

// host is the printer as libusb sees it.
type host struct {
	device *gousb.Device
	in     *gousb.InEndpoint
	out    *gousb.OutEndpoint
}

// claimed opens the printer and claims its interface; what the claim needs is given back at the end.
func claimed(t *testing.T) host {
	t.Helper()
	usb := gousb.NewContext()
	device, err := usb.OpenDeviceWithVIDPID(gadget.Vendor, gadget.Product)
	if err != nil || device == nil {
		t.Fatalf("libusb does not find the printer: %v", err)
	}
	if err := device.SetAutoDetach(true); err != nil {
		t.Fatal(err)
	}
	config, err := device.Config(1)
	if err != nil {
		t.Fatal(err)
	}
	face, err := config.Interface(0, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		face.Close()
		if err := errors.Join(config.Close(), device.Close(), usb.Close()); err != nil {
			t.Error(err)
		}
	})
	h := host{device: device}
	for _, e := range face.Setting.Endpoints {
		if e.Direction == gousb.EndpointDirectionIn {
			h.in, err = face.InEndpoint(e.Number)
		} else {
			h.out, err = face.OutEndpoint(e.Number)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return h
}

// ask makes a class request to interface 0.
func (h host) ask(t *testing.T, request uint8, room int) []byte {
	t.Helper()
	answer := make([]byte, room)
	n, err := h.device.Control(0xA1, request, 0, 0, answer)
	if err != nil {
		t.Fatal(err)
	}
	return answer[:n]
}

func TestGuestKernelPrinterTellsItsDeviceID(t *testing.T) {
	plugged(t)
	got := claimed(t).ask(t, 0, 1024)
	if !tells(got) || int(binary.BigEndian.Uint16(got)) != len(got) {
		t.Errorf("GET_DEVICE_ID answered %q", got)
	}
}

// tells says whether an answer to GET_DEVICE_ID holds the device's ID. The gadget forgets that the length counts its
// own two bytes, and leaves as many off at the end.
func tells(answer []byte) bool {
	return len(answer) >= len(deviceID) && bytes.HasPrefix([]byte(deviceID+"\n"), answer[2:])
}

func TestGuestKernelPrinterTellsItsPortStatus(t *testing.T) {
	p := plugged(t)
	h := claimed(t)
	for _, want := range []byte{
		gadget.NotError | gadget.Selected,
		gadget.NotError | gadget.PaperEmpty,
		0,
	} {
		if want != gadget.NotError|gadget.Selected { // so it stands when the far side is open
			if err := p.SetStatus(want); err != nil {
				t.Fatal(err)
			}
		}
		if got := h.ask(t, 1, 1); len(got) != 1 || got[0] != want {
			t.Errorf("GET_PORT_STATUS answered %#x, want %#x", got, want)
		}
	}
}

// TestGuestBytesArriveWhole prints jobs that end within, at and behind a packet's boundary. A job that ends with a full
// packet has no end for the device until an empty packet follows, unless the device's buffer is full too.
func TestGuestBytesArriveWhole(t *testing.T) {
	p := plugged(t)
	h := claimed(t)
	for _, size := range []int{1, 511, 512, 513, 1024, 8192, 8193, 256<<10 + 1} {
		sent := bytes.Repeat([]byte("page of a booklet"), size/17+1)[:size]
		failed := make(chan error, 1)
		go func() { failed <- h.print(sent) }()
		got := make([]byte, size)
		_, err := io.ReadFull(p, got)
		if err := errors.Join(err, <-failed); err != nil || !bytes.Equal(got, sent) {
			t.Errorf("%d bytes did not arrive as they were sent: %v", size, err)
		}
	}
}

// print writes a job and marks its end.
func (h host) print(job []byte) error {
	_, err := h.out.Write(job)
	if err == nil && len(job)%h.out.Desc.MaxPacketSize == 0 {
		_, err = h.out.Write(nil)
	}
	return err
}

// TestGuestPacketsEndARead shows what a driver must know of the back channel: a short packet, or an empty one behind
// full packets, ends a read; and a buffer that is no multiple of the packet overflows.
func TestGuestPacketsEndARead(t *testing.T) {
	p := plugged(t)
	h := claimed(t)
	if h.in.Desc.MaxPacketSize != 512 {
		t.Fatalf("packets of %d bytes", h.in.Desc.MaxPacketSize)
	}
	for _, c := range []struct {
		name             string
		size, room, want int
	}{
		{"short packet", 100, 1024, 100},
		{"full and short packet", 700, 1024, 700},
		{"full packet, then an empty one", 512, 1024, 512},
		{"no room for the end", 700, 512, 512},
	} {
		if _, err := p.Write(make([]byte, c.size)); err != nil {
			t.Fatal(err)
		}
		n, err := h.in.Read(make([]byte, c.room))
		if err != nil || n != c.want {
			t.Errorf("%s: read %d bytes, want %d: %v", c.name, n, c.want, err)
		}
		if rest := c.size - c.want; rest > 0 {
			if n, err := h.in.Read(make([]byte, 512)); err != nil || n != rest {
				t.Errorf("%s: the rest is %d bytes, want %d: %v", c.name, n, rest, err)
			}
		}
	}
	if _, err := p.Write(make([]byte, 100)); err != nil {
		t.Fatal(err)
	}
	if _, err := h.in.Read(make([]byte, 10)); !errors.Is(err, gousb.TransferOverflow) {
		t.Errorf("a packet that is larger than the buffer gives %v", err)
	}
}

// TestGuestUsblpPrintsAndGivesWay lets the kernel's own driver print, takes the interface from it and gives it back.
func TestGuestUsblpPrintsAndGivesWay(t *testing.T) {
	const node = "/dev/usb/lp0"
	if out, err := exec.Command("modprobe", "usblp").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	t.Cleanup(func() { _ = exec.Command("modprobe", "-r", "usblp").Run() })
	p := plugged(t)
	if err := gadget.Await(node, true); err != nil {
		t.Fatal(err)
	}
	lp, err := os.OpenFile(node, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	const getDeviceID = 1<<0 | 'P'<<8 | 1024<<16 | 2<<30 // LPIOC_GET_DEVICE_ID(1024)
	var id [1024]byte
	if _, _, errno := unix.Syscall(unix.SYS_IOCTL, lp.Fd(), getDeviceID, uintptr(unsafe.Pointer(&id))); errno != 0 {
		t.Fatal(errno)
	}
	if n := int(binary.BigEndian.Uint16(id[:])); n > len(id) || !tells(id[:n]) {
		t.Errorf("usblp reads the device ID as %q", id[:min(n, len(id))])
	}
	if _, err := lp.Write([]byte("printed by usblp")); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, 64)
	if n, err := p.Read(got); err != nil || string(got[:n]) != "printed by usblp" {
		t.Errorf("the printer got %q: %v", got[:n], err)
	}
	if err := lp.Close(); err != nil {
		t.Fatal(err)
	}
	t.Run("claimed", func(t *testing.T) {
		claimed(t)
		if err := gadget.Await(node, false); err != nil {
			t.Error("usblp still holds the interface:", err)
		}
	})
	if err := gadget.Await(node, true); err != nil {
		t.Error("usblp did not get the interface back:", err)
	}
}

// TestGuestUnplugEndsAWrite pulls the cable while the printer takes nothing, and plugs it in again.
func TestGuestUnplugEndsAWrite(t *testing.T) {
	p := plugged(t)
	t.Run("pulled", func(t *testing.T) {
		h := claimed(t)
		ended := make(chan error, 1)
		go func() {
			_, err := h.out.Write(make([]byte, 1<<20))
			ended <- err
		}()
		if _, err := io.ReadFull(p, make([]byte, 4096)); err != nil { // the job is under way
			t.Fatal(err)
		}
		if err := p.Disconnect(); err != nil {
			t.Fatal(err)
		}
		if err := <-ended; err == nil {
			t.Error("a megabyte is said to be written to a printer that took little of it")
		}
	})
	if err := p.Connect(); err != nil {
		t.Fatal(err)
	}
	if got := claimed(t).ask(t, 0, 1024); !tells(got) {
		t.Errorf("plugged in again, it calls itself %q", got)
	}
}
