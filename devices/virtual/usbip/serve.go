package usbip

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"sync"
	"syscall"
)

// link is one host's connection.
type link struct {
	device *Device
	conn   io.ReadWriteCloser
	ctx    context.Context
	stop   context.CancelFunc
	work   sync.WaitGroup

	write sync.Mutex // of conn

	mu      sync.Mutex
	pending map[uint32]*pending     // guarded by mu; transfers that have not ended
	queues  map[uint8]chan transfer // guarded by mu; of endpoints, by address
}

// pending is a transfer that has not ended.
type pending struct {
	cancel  context.CancelFunc
	address uint8
	unwant  bool // guarded by link.mu; the host wants it no more
}

// transfer is a command with its own end.
type transfer struct {
	command
	ctx context.Context
}

// maxPending bounds the transfers that a host may have on their way.
const maxPending = 256

// Serve carries transfers between a host and the device until the connection ends or ctx does, and closes
// the connection. A host that leaves, and a cable that is pulled, are no errors.
func (d *Device) Serve(ctx context.Context, conn io.ReadWriteCloser) error {
	l := &link{device: d, conn: conn, pending: map[uint32]*pending{}, queues: map[uint8]chan transfer{}}
	l.ctx, l.stop = context.WithCancel(ctx)
	release := context.AfterFunc(l.ctx, func() { _ = conn.Close() })
	d.mu.Lock()
	d.connected[l] = true
	d.mu.Unlock()
	l.open()
	err := l.run()
	ended := l.ctx.Err() != nil
	l.close()
	release()
	d.mu.Lock()
	delete(d.connected, l)
	d.mu.Unlock()
	l.work.Wait()
	d.Restart()
	if ended || left(err) {
		return nil
	}
	return err
}

// left tells whether an error means that the host has gone. Linux resets a connection that it closes with bytes
// unread: so it leaves a device whose answer it did not like.
func left(err error) bool {
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, net.ErrClosed) ||
		errors.Is(err, syscall.ECONNRESET)
}

// close ends the connection and every transfer.
func (l *link) close() {
	l.stop()
	_ = l.conn.Close()
}

// run reads commands until there are no more.
func (l *link) run() error {
	in := bufio.NewReaderSize(l.conn, 64<<10)
	for {
		c, err := readCommand(in)
		if err != nil {
			return err
		}
		if c.code == cmdUnlink {
			l.unlink(c)
			continue
		}
		if err := l.submit(c); err != nil {
			return err
		}
	}
}

// submit lets a transfer begin. Those of one endpoint follow one another.
func (l *link) submit(c command) error {
	address := c.endpoint
	if c.in && c.endpoint != 0 {
		address |= 0x80
	}
	ctx, cancel := context.WithCancel(l.ctx)
	l.mu.Lock()
	if len(l.pending) >= maxPending {
		l.mu.Unlock()
		cancel()
		return errWire
	}
	l.pending[c.seq] = &pending{cancel: cancel, address: address}
	queue := l.queue(address)
	l.mu.Unlock()
	queue <- transfer{c, ctx} // has room for all that may be pending
	return nil
}

// queue is where the transfers of an endpoint wait. The caller holds mu.
func (l *link) queue(address uint8) chan transfer {
	queue, ok := l.queues[address]
	if !ok {
		queue = make(chan transfer, maxPending)
		l.queues[address] = queue
		l.work.Go(func() { l.carry(address, queue) })
	}
	return queue
}

// open lets every endpoint of the device wait for transfers.
func (l *link) open() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.queue(0)
	for n := range l.device.interfaces {
		l.queue(uint8(n + 1))
		l.queue(uint8(n+1) | 0x80)
	}
}

// unlink ends a transfer that is wanted no more. Where the device does not let go of it, the host waits for that.
func (l *link) unlink(c command) {
	l.mu.Lock()
	p := l.pending[c.unlink]
	first := p != nil && !p.unwant
	if first {
		p.unwant = true
	}
	l.mu.Unlock()
	end := func() {
		r := reply{code: retUnlink, seq: c.seq}
		if l.claim(c.unlink) {
			r.status = statusUnlinked
		}
		l.send(r)
	}
	if !first || !l.device.holds(p.address) {
		end()
		return
	}
	l.work.Go(func() {
		l.device.letGo(l.ctx, p.address)
		end()
	})
}

// claim takes a transfer out of those on their way: whoever gets true ends it.
func (l *link) claim(seq uint32) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	p, ok := l.pending[seq]
	if ok {
		delete(l.pending, seq)
		p.cancel()
	}
	return ok
}

// send answers the host.
func (l *link) send(r reply) {
	l.write.Lock()
	defer l.write.Unlock()
	if _, err := l.conn.Write(r.encode()); err != nil {
		l.stop()
	}
}

// carry does the transfers of one endpoint.
func (l *link) carry(address uint8, queue chan transfer) {
	for {
		select {
		case <-l.ctx.Done():
			return
		case t := <-queue:
			switch {
			case t.ctx.Err() != nil: // unlinked while it waited
			case t.endpoint == 0:
				l.end(t, l.controlled(t))
			case t.in:
				l.in(address, t)
			default:
				l.end(t, l.out(address, t))
			}
		}
	}
}

// end answers a transfer, unless it was unlinked.
func (l *link) end(t transfer, r reply) {
	if l.claim(t.seq) {
		l.send(r)
	}
}

// result is a reply with the status of an error.
func (t transfer) result(err error) reply {
	r := reply{code: retSubmit, seq: t.seq}
	switch {
	case err == nil:
	case errors.Is(err, errStall):
		r.status = statusStall
	default:
		r.status = statusProtocol
	}
	return r
}

func (l *link) controlled(t transfer) reply {
	s := parseSetup(t.setup)
	data, err := l.device.control(s)
	r := t.result(err)
	if err != nil {
		return r
	}
	if t.in {
		r.data = data[:min(len(data), int(s.Length), t.length)]
		r.length = len(r.data)
		return r
	}
	r.length = len(t.data)
	return r
}

// out gives the bytes of a transfer to the function, as far as planted faults let them through.
func (l *link) out(address uint8, t transfer) reply {
	f := l.device.function(int(t.endpoint) - 1)
	if f == nil {
		return t.result(errStall)
	}
	sent := 0
	for {
		let, err := l.device.passOut(t.ctx, l, address, len(t.data)-sent)
		if let > 0 {
			if e := f.Out(t.ctx, t.data[sent:sent+let]); e != nil {
				err = errors.Join(err, e)
			}
			sent += let
		}
		if err != nil || sent == len(t.data) {
			r := t.result(err)
			r.length = sent
			return r
		}
	}
}

// in gives what the function has for the host.
func (l *link) in(address uint8, t transfer) {
	f := l.device.function(int(t.endpoint) - 1)
	if f == nil {
		l.end(t, t.result(errStall))
		return
	}
	p, err := l.device.passIn(t.ctx, l, address, f)
	if err != nil {
		if t.ctx.Err() == nil {
			l.end(t, t.result(err))
		}
		return
	}
	if !l.claim(t.seq) {
		return // unlinked meanwhile: nothing was taken out of the function
	}
	r := reply{code: retSubmit, seq: t.seq}
	switch p.kind {
	case Babble:
		r.status = statusBabble
	case WrongLength:
		r.length = t.length + 64
		r.data = make([]byte, r.length)
	default:
		r.data = f.In(min(t.length, p.most))
		l.device.count(address, len(r.data))
		r.length = len(r.data)
	}
	l.send(r)
}
