package usbip

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"
)

// Operations of the protocol before a device is attached, and their answers.
const (
	protocolVersion = 0x0111
	askList         = 0x8005
	askImport       = 0x8003
	tellList        = 0x0005
	tellImport      = 0x0003
)

// Exported is a device under the name by which a host asks for it (usbip list, usbip attach).
type Exported struct {
	BusID  string
	Device *Device
}

// Listen serves devices to hosts over TCP until ctx ends, and closes l. A device that is attached is refused to
// others.
func Listen(ctx context.Context, l net.Listener, list []Exported) error {
	release := context.AfterFunc(ctx, func() { _ = l.Close() })
	defer release()
	var work sync.WaitGroup
	defer work.Wait()
	for {
		conn, err := l.Accept()
		if err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return fmt.Errorf("usbip: %w", err)
		}
		work.Go(func() { _ = greet(ctx, conn, list) })
	}
}

// greet answers one operation, and serves the device where that was its import.
func greet(ctx context.Context, conn net.Conn, list []Exported) error {
	defer conn.Close()
	_ = conn.SetReadDeadline(time.Now().Add(10 * time.Second))
	var head [8]byte
	if _, err := io.ReadFull(conn, head[:]); err != nil {
		return err
	}
	if binary.BigEndian.Uint16(head[:]) != protocolVersion {
		return errWire
	}
	switch binary.BigEndian.Uint16(head[2:]) {
	case askList:
		_, err := conn.Write(listing(list))
		return err
	case askImport:
	default:
		return errWire
	}
	var id [32]byte
	if _, err := io.ReadFull(conn, id[:]); err != nil {
		return err
	}
	_ = conn.SetReadDeadline(time.Time{})
	for n, e := range list {
		if text(id[:]) != e.BusID || e.Device.busy() {
			continue
		}
		if _, err := conn.Write(append(operation(tellImport, 0), e.describe(n)...)); err != nil {
			return err
		}
		return e.Device.Serve(ctx, conn)
	}
	_, err := conn.Write(operation(tellImport, 1))
	return errors.Join(err, errWire)
}

// busy tells whether a host has the device.
func (d *Device) busy() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.connected) > 0
}

// text is a name that zeroes fill up.
func text(b []byte) string {
	for n, c := range b {
		if c == 0 {
			return string(b[:n])
		}
	}
	return string(b)
}

func operation(code uint16, status uint32) []byte {
	b := binary.BigEndian.AppendUint16(nil, protocolVersion)
	b = binary.BigEndian.AppendUint16(b, code)
	return binary.BigEndian.AppendUint32(b, status)
}

// listing is the answer to who asks for all devices.
func listing(list []Exported) []byte {
	b := binary.BigEndian.AppendUint32(operation(tellList, 0), uint32(len(list)))
	for n, e := range list {
		b = append(b, e.describe(n)...)
		for _, f := range e.Device.interfaces {
			b = append(b, classPrinter, 1, f.settings[0].Protocol(), 0)
		}
	}
	return b
}

// describe is a device as both answers carry it.
func (e Exported) describe(n int) []byte {
	const highSpeed = 3
	b := make([]byte, 256+32, 312)
	copy(b, "/sys/devices/padarozhnik/"+e.BusID)
	copy(b[256:], e.BusID)
	for _, v := range []uint32{1, uint32(n + 1), highSpeed} {
		b = binary.BigEndian.AppendUint32(b, v)
	}
	s := e.Device.shape
	for _, v := range []uint16{s.Vendor, s.Product, s.Release} {
		b = binary.BigEndian.AppendUint16(b, v)
	}
	return append(b, 0, 0, 0, 1, 1, byte(len(e.Device.interfaces)))
}
