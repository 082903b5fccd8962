package usbip

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
)

// controller is the virtual host controller of the kernel (vhci-hcd).
const controller = "/sys/devices/platform/vhci_hcd.0/"

// ErrNoController: this kernel has no virtual host controller, or this user may not use it.
var ErrNoController = errors.New("no virtual host controller (modprobe vhci-hcd)")

// Attach plugs a device into a port of this machine's kernel and serves it until the cable is pulled or ctx
// ends. plugged, which may be nil, is called when the kernel has the device. It needs root.
func (d *Device) Attach(ctx context.Context, port int, plugged func()) error {
	pair, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("attach: %w", err)
	}
	if err := syscall.SetNonblock(pair[0], true); err != nil {
		return errors.Join(err, syscall.Close(pair[0]), syscall.Close(pair[1]))
	}
	ours := os.NewFile(uintptr(pair[0]), "usbip")
	const highSpeed = 3
	line := fmt.Sprintf("%d %d %d %d", port, pair[1], 1<<16|1, highSpeed)
	err = os.WriteFile(controller+"attach", []byte(line), 0)
	_ = syscall.Close(pair[1]) // the kernel holds its end
	if err != nil {
		return errors.Join(fmt.Errorf("attach to port %d: %w: %w", port, ErrNoController, err), ours.Close())
	}
	if plugged != nil {
		plugged()
	}
	return d.Serve(ctx, ours)
}

// FreePort finds a port of the controller with nothing on it.
func FreePort() (int, error) {
	b, err := os.ReadFile(controller + "status")
	if err != nil {
		return 0, fmt.Errorf("%w: %w", ErrNoController, err)
	}
	const null = 4
	for _, line := range strings.Split(string(b), "\n") {
		var hub string
		var port, status int
		if n, _ := fmt.Sscanf(line, "%s %d %d", &hub, &port, &status); n == 3 && hub == "hs" && status == null {
			return port, nil
		}
	}
	return 0, fmt.Errorf("every port is taken: %w", ErrNoController)
}
