package usb

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/google/gousb"
	"golang.org/x/sys/unix"

	"padarozhnik/devices"
)

// Kernel is the machine's own bus. It looks through sysfs, where the kernel keeps what it read of each
// device when that was plugged in: so looking opens nothing, wakes no sleeping device and needs no
// permission. It opens devices through libusb.
type Kernel struct {
	sysfs string // /sys/bus/usb/devices
	nodes string // /dev/bus/usb
}

var _ Bus = Kernel{}

// NewKernel returns the machine's bus.
func NewKernel() Kernel { return Kernel{sysfs: "/sys/bus/usb/devices", nodes: "/dev/bus/usb"} }

// Look implements Bus. A machine without USB has no devices.
func (k Kernel) Look(ctx context.Context) ([]Plugged, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(k.sysfs)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list USB devices: %w", err)
	}
	var found []Plugged
	for _, e := range entries {
		if strings.Contains(e.Name(), ":") || strings.HasPrefix(e.Name(), "usb") {
			continue // an interface, or a root hub
		}
		if p, err := k.read(filepath.Join(k.sysfs, e.Name())); err == nil {
			found = append(found, p) // one that goes while it is read is not there
		}
	}
	return found, nil
}

// read takes one device out of its directory.
func (k Kernel) read(dir string) (Plugged, error) {
	descriptors, err := os.ReadFile(filepath.Join(dir, "descriptors"))
	if err != nil {
		return Plugged{}, err
	}
	var p Plugged
	if p.Layout, err = ParseLayout(descriptors); err != nil {
		return p, err
	}
	for name, into := range map[string]*int{"busnum": &p.Bus, "devnum": &p.Number} {
		if *into, err = strconv.Atoi(attribute(dir, name)); err != nil {
			return p, err
		}
	}
	p.named(dir)
	if ids, err := filepath.Glob(filepath.Join(dir, "*:*", "ieee1284_id")); err == nil && len(ids) > 0 {
		p.DeviceID = attribute(filepath.Dir(ids[0]), "ieee1284_id")
	}
	err = unix.Access(k.node(p), unix.R_OK|unix.W_OK)
	p.Denied = errors.Is(err, unix.EACCES) || errors.Is(err, unix.EPERM)
	return p, nil
}

// node is the file through which a device is opened.
func (k Kernel) node(p Plugged) string {
	return filepath.Join(k.nodes, fmt.Sprintf("%03d", p.Bus), fmt.Sprintf("%03d", p.Number))
}

// Changed returns what is different whenever anything was plugged in or out, and costs a listing of one
// directory and a few words.
func (k Kernel) Changed() string {
	entries, err := os.ReadDir(k.sysfs)
	if err != nil {
		return ""
	}
	var b strings.Builder
	for _, e := range entries {
		if !strings.Contains(e.Name(), ":") {
			b.WriteString(e.Name() + "=" + attribute(filepath.Join(k.sysfs, e.Name()), "devnum") + " ")
		}
	}
	return b.String()
}

// handle is a device that libusb opened.
type handle struct {
	usb    *gousb.Context
	device *gousb.Device
	config *gousb.Config

	mu sync.Mutex // control requests go one after another
}

// Open implements Bus. libusb looks at every device when it starts, and the kernel lets it wait for one that hangs: then
// Open does not come back before that one does.
func (k Kernel) Open(p Plugged, config int) (h Handle, err error) {
	var usb *gousb.Context
	defer func() { // gousb panics where libusb cannot start, and over descriptors with an interface twice
		if r := recover(); r != nil {
			err = fmt.Errorf("libusb: %v: %w", r, devices.ErrProtocol)
			if usb != nil {
				err = errors.Join(err, usb.Close())
			}
		}
	}()
	usb = gousb.NewContext()
	found := false // among those whose descriptors libusb can read
	opened, err := usb.OpenDevices(func(d *gousb.DeviceDesc) bool {
		ours := d.Bus == p.Bus && d.Address == p.Number
		found = found || ours
		return ours
	})
	if len(opened) != 1 { // an error beside the one device that we want is another device's
		for _, d := range opened {
			err = errors.Join(err, d.Close())
		}
		_, gone := os.Stat(k.node(p))
		switch {
		case err == nil || gone != nil:
			err = ErrGone
		case !found:
			err = fmt.Errorf("descriptors: %w: %w", devices.ErrProtocol, err)
		default:
			err = meaning(err)
		}
		return nil, errors.Join(err, usb.Close())
	}
	o := &handle{usb: usb, device: opened[0]}
	if err := o.configure(config); err != nil {
		return nil, errors.Join(err, o.Close())
	}
	return o, nil
}

// configure selects a configuration where it is not selected. gousb would take all interfaces away from
// their drivers if it were told before to detach them; told afterwards, libusb takes those that are claimed
// and gives them back.
func (h *handle) configure(config int) error {
	const patience = 5 * time.Second
	h.device.ControlTimeout = patience
	c, err := h.device.Config(config)
	if err != nil {
		return meaning(err)
	}
	h.config = c
	return meaning(h.device.SetAutoDetach(true))
}

// arranged puts interfaces where gousb looks for them, by their number, so that a number beyond the list is
// not its end. gousb selects an alternate setting only where there are several: so each gets one more, or, to
// be left as it is, no more than the one.
func arranged(list []gousb.InterfaceDesc, s Setting, bare bool) []gousb.InterfaceDesc {
	out := make([]gousb.InterfaceDesc, s.Interface+1)
	for n := range out {
		out[n].Number = -1
	}
	for _, d := range list {
		if d.Number != s.Interface {
			continue
		}
		d.AltSettings = slices.DeleteFunc(slices.Clone(d.AltSettings), func(a gousb.InterfaceSetting) bool {
			return a.Alternate != s.Alternate
		})
		if !bare {
			d.AltSettings = append(d.AltSettings, gousb.InterfaceSetting{Number: d.Number, Alternate: -1})
		}
		out[d.Number] = d
	}
	return out
}

// Claim implements Handle.
func (h *handle) Claim(s Setting, bare bool) (Interface, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.config.Desc.Interfaces = arranged(h.device.Desc.Configs[h.config.Desc.Number].Interfaces, s, bare)
	i, err := h.config.Interface(s.Interface, s.Alternate)
	if err != nil {
		return nil, meaning(err)
	}
	c := &claimed{face: i}
	if s.In.Address != 0 {
		c.in, err = i.InEndpoint(int(s.In.Address & 0x0f))
	}
	if err == nil {
		c.out, err = i.OutEndpoint(int(s.Out.Address & 0x0f))
	}
	if err != nil {
		i.Close()
		return nil, fmt.Errorf("%w: %w", devices.ErrProtocol, err)
	}
	return c, nil
}

// Control implements Handle.
func (h *handle) Control(limit time.Duration, r Request, data []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.device.ControlTimeout = max(limit, time.Millisecond)
	n, err := h.device.Control(r.Type, r.Code, r.Value, r.Index, data)
	return max(n, 0), meaning(err)
}

// Reset implements Handle.
func (h *handle) Reset() error {
	if err := h.config.Close(); err != nil {
		return err
	}
	value := h.config.Desc.Number
	h.config = nil
	if err := h.device.Reset(); err != nil {
		return meaning(err)
	}
	return h.configure(value)
}

// Close implements Handle.
func (h *handle) Close() error {
	var err error
	if h.config != nil {
		err = h.config.Close()
	}
	return errors.Join(err, h.device.Close(), h.usb.Close())
}

// claimed is an interface that libusb claimed.
type claimed struct {
	face *gousb.Interface
	in   *gousb.InEndpoint
	out  *gousb.OutEndpoint
}

// Read implements Interface.
func (c *claimed) Read(ctx context.Context, b []byte) (int, error) {
	if c.in == nil {
		return 0, fmt.Errorf("no pipe in: %w", devices.ErrUnsupported)
	}
	n, err := c.in.ReadContext(ctx, b)
	return n, ended(ctx, err)
}

// Write implements Interface.
func (c *claimed) Write(ctx context.Context, b []byte) (int, error) {
	n, err := c.out.WriteContext(ctx, b)
	return n, ended(ctx, err)
}

// Close implements Interface.
func (c *claimed) Close() error {
	c.face.Close()
	return nil
}

// ended names how a transfer ended.
func ended(ctx context.Context, err error) error {
	if errors.Is(err, gousb.TransferCancelled) && ctx.Err() != nil {
		return ctx.Err()
	}
	return meaning(err)
}

// meaning names an error of libusb. gousb hides some behind words alone.
func meaning(err error) error {
	if err == nil {
		return nil
	}
	for _, m := range []struct {
		is   []error
		mean error
	}{
		{[]error{gousb.ErrorAccess}, devices.ErrDenied},
		{[]error{gousb.ErrorBusy}, devices.ErrTaken},
		{[]error{gousb.ErrorNoDevice, gousb.TransferNoDevice, gousb.ErrorNotFound}, ErrGone},
		{[]error{gousb.ErrorPipe, gousb.TransferStall}, ErrStalled},
		{[]error{gousb.ErrorInvalidParam, gousb.ErrorNotSupported}, devices.ErrProtocol},
		{[]error{gousb.ErrorOverflow, gousb.TransferOverflow}, ErrBabble},
		{[]error{gousb.ErrorIO, gousb.TransferError, gousb.ErrorTimeout, gousb.TransferTimedOut}, ErrBroken},
	} {
		for _, is := range m.is {
			if errors.Is(err, is) || strings.Contains(err.Error(), is.Error()) {
				return fmt.Errorf("%w: %w", m.mean, err)
			}
		}
	}
	return err
}
