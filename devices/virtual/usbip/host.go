package usbip

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"sync"
)

// What a transfer ended with.
var (
	ErrStall  = errStall
	ErrBabble = errors.New("babble")
	ErrBroken = errors.New("transfer failed")
	ErrGone   = errors.New("device gone")
)

// Host is the other end of a connection: what a kernel does with it, for tests that have none.
type Host struct {
	conn  io.ReadWriteCloser
	write sync.Mutex
	done  chan struct{}

	mu      sync.Mutex
	seq     uint32                // guarded by mu
	waiting map[uint32]chan reply // guarded by mu
	room    map[uint32]int        // guarded by mu; buffers of transfers in
}

// NewHost returns the host of a connection. It lives until the connection ends.
func NewHost(conn io.ReadWriteCloser) *Host {
	h := &Host{conn: conn, done: make(chan struct{}), waiting: map[uint32]chan reply{}, room: map[uint32]int{}}
	go h.listen()
	return h
}

// Close pulls the cable.
func (h *Host) Close() error {
	err := h.conn.Close()
	<-h.done
	return err
}

// Done is closed when the connection has ended.
func (h *Host) Done() <-chan struct{} { return h.done }

// listen hands replies to those who wait for them.
func (h *Host) listen() {
	defer close(h.done)
	defer h.conn.Close()
	in := bufio.NewReaderSize(h.conn, 64<<10)
	for {
		r, err := readReply(in, func(seq uint32) int {
			h.mu.Lock()
			defer h.mu.Unlock()
			if n, ok := h.room[seq]; ok {
				return n
			}
			return -1
		})
		if err != nil {
			return
		}
		h.mu.Lock()
		c := h.waiting[r.seq]
		delete(h.waiting, r.seq)
		delete(h.room, r.seq)
		h.mu.Unlock()
		if c != nil {
			c <- r
		}
	}
}

// send gives a command a number and sends it.
func (h *Host) send(c command) (uint32, chan reply, error) {
	answer := make(chan reply, 1)
	h.mu.Lock()
	h.seq++
	c.seq = h.seq
	h.waiting[c.seq] = answer
	if c.in && c.code == cmdSubmit {
		h.room[c.seq] = c.length
	}
	h.mu.Unlock()
	h.write.Lock()
	_, err := h.conn.Write(c.encode())
	h.write.Unlock()
	if err != nil {
		return 0, nil, ErrGone
	}
	return c.seq, answer, nil
}

// transfer does one transfer; a context that ends unlinks it.
func (h *Host) transfer(ctx context.Context, c command) (reply, error) {
	c.code = cmdSubmit
	seq, answer, err := h.send(c)
	if err != nil {
		return reply{}, err
	}
	select {
	case r := <-answer:
		return r, result(r.status)
	case <-h.done:
		return reply{}, ErrGone
	case <-ctx.Done():
	}
	_, unlinked, err := h.send(command{code: cmdUnlink, unlink: seq})
	if err != nil {
		return reply{}, err
	}
	select {
	case <-unlinked:
	case <-h.done:
		return reply{}, ErrGone
	}
	select {
	case r := <-answer: // it had ended before
		return r, result(r.status)
	default:
		return reply{}, ctx.Err()
	}
}

func result(status int32) error {
	switch status {
	case statusOK:
		return nil
	case statusStall:
		return ErrStall
	case statusBabble:
		return ErrBabble
	}
	return ErrBroken
}

// Control makes a request on the control pipe.
func (h *Host) Control(ctx context.Context, s Setup, data []byte) (int, error) {
	c := command{in: s.Type&0x80 != 0, length: len(data)}
	c.setup[0], c.setup[1] = s.Type, s.Code
	binary.LittleEndian.PutUint16(c.setup[2:], s.Value)
	binary.LittleEndian.PutUint16(c.setup[4:], s.Index)
	binary.LittleEndian.PutUint16(c.setup[6:], uint16(len(data)))
	if !c.in {
		c.data = data
	}
	r, err := h.transfer(ctx, c)
	return copyIn(c, r, data), err
}

// Bulk does a transfer on the pipe of an address: into data, or out of it.
func (h *Host) Bulk(ctx context.Context, address uint8, data []byte) (int, error) {
	c := command{in: address&0x80 != 0, endpoint: address & 0x0f, length: len(data)}
	if !c.in {
		c.data = data
	}
	r, err := h.transfer(ctx, c)
	return copyIn(c, r, data), err
}

func copyIn(c command, r reply, data []byte) int {
	if c.in {
		return copy(data, r.data)
	}
	return r.length
}
