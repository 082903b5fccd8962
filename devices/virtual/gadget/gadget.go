// Package gadget plugs the kernel's own USB printer in: usb_f_printer on dummy_hcd, a controller whose two sides are
// one machine. Nobody of ours wrote a line of it, so it judges our drivers: it answers the printer class's requests
// (USB Printer Class 1.1, 4.2) and cuts its bulk transfers into packets as a real device does.
//
// It changes the machine that it runs on and wants to be root there, so it belongs into the guest of the tests
// (devices/internal/guest), which has the modules.
package gadget

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"
)

// Identity of the device that Plug plugs in: the Linux Foundation's printer gadget.
const (
	Vendor  = 0x0525
	Product = 0xa4a8
)

// Port status (USB Printer Class 1.1, 4.2.2). The gadget is Selected while its far side is open.
const (
	NotError   = 1 << 3
	Selected   = 1 << 4
	PaperEmpty = 1 << 5
)

// Requests of the device node (linux/usb/g_printer.h).
const (
	getStatus = 0x21<<0 | 'g'<<8 | 1<<16 | 2<<30 // _IOR('g', 0x21, unsigned char)
	setStatus = 0x22<<0 | 'g'<<8 | 1<<16 | 3<<30 // _IOWR('g', 0x22, unsigned char)
)

// patience is how long the kernel may take for its part of plugging; nothing announces the end of it here.
const patience = 10 * time.Second

// root is where configfs keeps gadgets.
const root = "/sys/kernel/config/usb_gadget"

// Printer is one plugged-in printer, seen from its inside. Read returns what the host printed, Write answers on
// the back channel; both block until the host does its part.
type Printer struct {
	*os.File
	dir string
	got []byte // read from the kernel and not yet returned
}

// The kernel's buffers for what the host prints. Linux 6.1 frees one twice that is half read when the cable is pulled, so
// Read always takes all that is there.
const (
	bufferSize  = 8192 // USB_BUFSIZE of f_printer.c
	bufferCount = 10
)

// again is how often a blocked Read asks the kernel anew. A SOFT_RESET of the host takes the gadget's buffers away, and
// only a new call of read(2) gives them back: until then the host finds a printer that takes nothing.
const again = 100 * time.Millisecond

// Read returns what the host printed. It is used by one goroutine at a time, and not while the cable is pulled.
func (p *Printer) Read(b []byte) (int, error) {
	all := make([]byte, bufferSize*bufferCount)
	for len(p.got) == 0 {
		err := p.SetReadDeadline(time.Now().Add(again))
		if err != nil {
			return 0, err
		}
		n, err := p.File.Read(all)
		if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
			return 0, err
		}
		p.got = all[:n]
	}
	n := copy(b, p.got)
	p.got = p.got[n:]
	return n, nil
}

// Plug loads the modules and plugs in a printer with an IEEE 1284 device ID and a serial number.
func Plug(deviceID, serial string) (*Printer, error) {
	if out, err := exec.Command("modprobe", "-a", "dummy_hcd", "usb_f_printer").CombinedOutput(); err != nil {
		return nil, fmt.Errorf("load the gadget's modules: %w: %s", err, out)
	}
	p := &Printer{dir: filepath.Join(root, "printer")}
	if err := p.describe(deviceID, serial); err != nil {
		return nil, errors.Join(err, p.remove())
	}
	if err := p.Connect(); err != nil {
		return nil, errors.Join(err, p.set("UDC", "\n"), p.remove())
	}
	return p, nil
}

// describe writes the gadget's descriptors into configfs (Documentation/usb/gadget_configfs.rst).
func (p *Printer) describe(deviceID, serial string) error {
	for _, d := range []string{"strings/0x409", "configs/c.1", "functions/printer.0"} {
		if err := os.MkdirAll(filepath.Join(p.dir, d), 0o755); err != nil {
			return err
		}
	}
	for _, f := range []struct{ name, value string }{
		{"idVendor", fmt.Sprintf("%#04x", Vendor)}, {"idProduct", fmt.Sprintf("%#04x", Product)},
		{"strings/0x409/manufacturer", "Utopian Presses"}, {"strings/0x409/product", "Kernel Gadget"},
		{"strings/0x409/serialnumber", serial}, {"functions/printer.0/pnp_string", deviceID},
		{"functions/printer.0/q_len", fmt.Sprint(bufferCount)},
	} {
		if err := p.set(f.name, f.value); err != nil {
			return err
		}
	}
	return os.Symlink(filepath.Join(p.dir, "functions/printer.0"), filepath.Join(p.dir, "configs/c.1/printer.0"))
}

func (p *Printer) set(name, value string) error {
	return os.WriteFile(filepath.Join(p.dir, name), []byte(value), 0o644)
}

// Connect plugs the cable in and switches the printer on. It returns when the host has set the configuration.
func (p *Printer) Connect() error {
	controllers, err := filepath.Glob("/sys/class/udc/*")
	if err != nil || len(controllers) == 0 {
		return fmt.Errorf("no device controller: %w", err)
	}
	if err := p.set("UDC", filepath.Base(controllers[0])); err != nil {
		return fmt.Errorf("plug in: %w", err)
	}
	p.got = nil
	for until := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
		p.File, err = os.OpenFile("/dev/g_printer0", os.O_RDWR, 0)
		if !errors.Is(err, unix.ENODEV) || time.Now().After(until) { // until then there is no such device
			return err
		}
	}
}

// Disconnect pulls the cable. Reading and writing on either side ends with an error.
func (p *Printer) Disconnect() error {
	return errors.Join(p.set("UDC", "\n"), p.Close())
}

// Unplug pulls the cable and takes the device away.
func (p *Printer) Unplug() error { return errors.Join(p.Disconnect(), p.remove()) }

// remove undoes describe.
func (p *Printer) remove() error {
	var errs []error
	for _, name := range []string{"configs/c.1/printer.0", "configs/c.1", "functions/printer.0", "strings/0x409", ""} {
		if err := os.Remove(filepath.Join(p.dir, name)); err != nil && !errors.Is(err, os.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// Status is the port status that the host is told.
func (p *Printer) Status() (status byte, err error) {
	err = p.control(func(fd uintptr) error {
		n, err := unix.IoctlGetInt(int(fd), getStatus)
		status = byte(n)
		return err
	})
	return status, err
}

// SetStatus changes what the host is told.
func (p *Printer) SetStatus(status byte) error {
	err := p.control(func(fd uintptr) error {
		if _, _, errno := unix.Syscall(unix.SYS_IOCTL, fd, setStatus, uintptr(status)); errno != 0 {
			return errno
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("set port status: %w", err)
	}
	return nil
}

// control uses the descriptor and leaves it as it is. File.Fd would make reads block, and one that blocks holds a lock
// of the kernel's driver for which the runtime's poller then waits: nothing in this process would move again.
func (p *Printer) control(do func(fd uintptr) error) error {
	raw, err := p.SyscallConn()
	if err != nil {
		return err
	}
	var failed error
	err = raw.Control(func(fd uintptr) { failed = do(fd) })
	return errors.Join(err, failed)
}

// Await returns when something is at a path, say a device node, or no longer. It fails when that takes longer than ten
// seconds: the guest has no udevd that would announce it.
func Await(path string, there bool) error {
	for until := time.Now().Add(patience); time.Now().Before(until); time.Sleep(time.Millisecond) {
		if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) != there {
			return nil
		}
	}
	if there {
		return fmt.Errorf("%s does not appear", path)
	}
	return fmt.Errorf("%s does not go", path)
}
