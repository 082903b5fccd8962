package usbip

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"time"
)

// ErrRefused: the other end does not give the device away: it has none of that name, or another host has it.
var ErrRefused = errors.New("usbip: device refused")

const (
	describedBytes = 312 // of a device in an answer
	maxOffers      = 64  // devices in one listing
	operationTime  = 10 * time.Second
)

// Offer is a device that can be imported.
type Offer struct {
	BusID           string
	Vendor, Product uint16
	Protocols       []uint8 // below 07/01, of its interfaces
}

// Offers asks a machine which devices it has to give.
func Offers(ctx context.Context, address string) ([]Offer, error) {
	conn, err := operate(ctx, address, askList, nil)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	var count [4]byte
	if _, err := io.ReadFull(conn, count[:]); err != nil {
		return nil, fmt.Errorf("usbip: %w", err)
	}
	n := binary.BigEndian.Uint32(count[:])
	if n > maxOffers {
		return nil, fmt.Errorf("usbip: %d devices: %w", n, errWire)
	}
	var out []Offer
	for range n {
		o, err := readOffer(conn)
		if err != nil {
			return nil, fmt.Errorf("usbip: %w", err)
		}
		out = append(out, o)
	}
	return out, nil
}

func readOffer(r io.Reader) (Offer, error) {
	var b [describedBytes]byte
	if _, err := io.ReadFull(r, b[:]); err != nil {
		return Offer{}, err
	}
	o := Offer{BusID: text(b[256:288]), Vendor: binary.BigEndian.Uint16(b[300:]), Product: binary.BigEndian.Uint16(b[302:])}
	for range b[311] {
		var face [4]byte
		if _, err := io.ReadFull(r, face[:]); err != nil {
			return Offer{}, err
		}
		o.Protocols = append(o.Protocols, face[2])
	}
	return o, nil
}

// Import asks a machine for a device, and returns the connection that carries its transfers: for NewHost.
func Import(ctx context.Context, address, busID string) (net.Conn, error) {
	id := make([]byte, 32)
	copy(id, busID)
	conn, err := operate(ctx, address, askImport, id)
	if err != nil {
		return nil, err
	}
	if _, err := io.ReadFull(conn, make([]byte, describedBytes)); err != nil {
		return nil, errors.Join(fmt.Errorf("usbip: %w", err), conn.Close())
	}
	return conn, conn.SetDeadline(time.Time{})
}

// operate dials, asks for one operation and reads whether it was granted.
func operate(ctx context.Context, address string, code uint16, more []byte) (net.Conn, error) {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("usbip: %w", err)
	}
	err = conn.SetDeadline(time.Now().Add(operationTime))
	if err == nil {
		_, err = conn.Write(append(operation(code, 0), more...))
	}
	var head [8]byte
	if err == nil {
		_, err = io.ReadFull(conn, head[:])
	}
	switch {
	case err != nil:
	case binary.BigEndian.Uint16(head[:]) != protocolVersion, binary.BigEndian.Uint16(head[2:]) != code&0xff:
		err = errWire
	case binary.BigEndian.Uint32(head[4:]) != 0:
		err = ErrRefused
	default:
		return conn, nil
	}
	return nil, errors.Join(fmt.Errorf("usbip: %w", err), conn.Close())
}
