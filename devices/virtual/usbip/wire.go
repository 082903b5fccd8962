package usbip

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// Commands of a connection that carries transfers (Linux Documentation/usb/usbip_protocol.rst).
const (
	cmdSubmit = 1
	cmdUnlink = 2
	retSubmit = 3
	retUnlink = 4
)

// Results of transfers, as the kernel numbers them.
const (
	statusOK       = 0
	statusStall    = -32  // EPIPE
	statusBabble   = -75  // EOVERFLOW
	statusProtocol = -71  // EPROTO
	statusUnlinked = -104 // ECONNRESET
)

const (
	headerBytes = 48
	// maxTransfer bounds one transfer.
	maxTransfer = 4 << 20
)

// errWire: what came is not of this protocol.
var errWire = errors.New("not the protocol of USB/IP")

// command is a transfer that the host asks for, or wants no more.
type command struct {
	code, seq uint32
	in        bool
	endpoint  uint8
	length    int // of the host's buffer
	setup     [8]byte
	data      []byte // of a transfer out
	unlink    uint32 // sequence number of what is wanted no more
}

// readCommand reads the next command.
func readCommand(r io.Reader) (command, error) {
	var h [headerBytes]byte
	if _, err := io.ReadFull(r, h[:]); err != nil {
		return command{}, err
	}
	word := func(n int) uint32 { return binary.BigEndian.Uint32(h[4*n:]) }
	c := command{code: word(0), seq: word(1), in: word(3) == 1, endpoint: uint8(word(4) & 0x0f)}
	switch c.code {
	case cmdUnlink:
		c.unlink = word(5)
		return c, nil
	case cmdSubmit:
	default:
		return c, fmt.Errorf("command %d: %w", c.code, errWire)
	}
	if word(6) > maxTransfer {
		return c, fmt.Errorf("transfer of %d bytes: %w", word(6), errWire)
	}
	c.length = int(word(6))
	copy(c.setup[:], h[40:])
	if c.in {
		return c, nil
	}
	c.data = make([]byte, c.length)
	_, err := io.ReadFull(r, c.data)
	return c, err
}

// encode is the command as a host sends it.
func (c command) encode() []byte {
	h := make([]byte, headerBytes, headerBytes+len(c.data))
	put := func(n int, v uint32) { binary.BigEndian.PutUint32(h[4*n:], v) }
	put(0, c.code)
	put(1, c.seq)
	put(2, 1<<16|1)
	if c.in {
		put(3, 1)
	}
	put(4, uint32(c.endpoint))
	if c.code == cmdUnlink {
		put(5, c.unlink)
		return h
	}
	put(6, uint32(c.length))
	copy(h[40:], c.setup[:])
	return append(h, c.data...)
}

// reply is the end of a transfer, or of its unlinking.
type reply struct {
	code, seq uint32
	status    int32
	length    int // bytes that went over
	data      []byte
}

func (r reply) encode() []byte {
	h := make([]byte, headerBytes, headerBytes+len(r.data))
	put := func(n int, v uint32) { binary.BigEndian.PutUint32(h[4*n:], v) }
	put(0, r.code)
	put(1, r.seq)
	put(5, uint32(r.status))
	if r.code == retSubmit {
		put(6, uint32(r.length))
	}
	return append(h, r.data...)
}

// readReply reads the next reply. want tells for a sequence number how many bytes of data a transfer in
// may bring; for a transfer out it is -1.
func readReply(in io.Reader, want func(seq uint32) int) (reply, error) {
	var h [headerBytes]byte
	if _, err := io.ReadFull(in, h[:]); err != nil {
		return reply{}, err
	}
	word := func(n int) uint32 { return binary.BigEndian.Uint32(h[4*n:]) }
	r := reply{code: word(0), seq: word(1), status: int32(word(5))}
	if r.code == retUnlink {
		return r, nil
	}
	if r.code != retSubmit {
		return r, fmt.Errorf("reply %d: %w", r.code, errWire)
	}
	r.length = int(word(6))
	most := want(r.seq)
	if most < 0 {
		return r, nil
	}
	if word(6) > uint32(most) {
		return r, fmt.Errorf("%d bytes for a buffer of %d: %w", word(6), most, errWire)
	}
	r.data = make([]byte, r.length)
	_, err := io.ReadFull(in, r.data)
	return r, err
}
