package client_test

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"padarozhnik/station/hq/client"
	"padarozhnik/station/hq/ledger"
	"padarozhnik/station/journal"
)

// socks is a SOCKS5 server (RFC 1928) without authentication, for CONNECT by name or IPv4 address.
type socks struct {
	net.Listener
	names atomic.Int64 // connections that were asked for by name
	total atomic.Int64
	bytes atomic.Int64 // that the client sent through
}

func newSocks(t *testing.T) *socks {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &socks{Listener: l}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go s.serve(c)
		}
	}()
	t.Cleanup(func() { _ = l.Close() })
	return s
}

func (s *socks) serve(c net.Conn) {
	defer c.Close()
	head := make([]byte, 2)
	if _, err := io.ReadFull(c, head); err != nil || head[0] != 5 {
		return
	}
	_, _ = io.ReadFull(c, make([]byte, head[1]))
	_, _ = c.Write([]byte{5, 0})
	ask := make([]byte, 4)
	if _, err := io.ReadFull(c, ask); err != nil || ask[1] != 1 {
		return
	}
	var host string
	switch ask[3] {
	case 1:
		ip := make([]byte, 4)
		_, _ = io.ReadFull(c, ip)
		host = net.IP(ip).String()
	case 3:
		n := make([]byte, 1)
		_, _ = io.ReadFull(c, n)
		name := make([]byte, n[0])
		_, _ = io.ReadFull(c, name)
		host = string(name)
		s.names.Add(1)
	}
	port := make([]byte, 2)
	_, _ = io.ReadFull(c, port)
	out, err := net.Dial("tcp", net.JoinHostPort(host, strconv.Itoa(int(binary.BigEndian.Uint16(port)))))
	if err != nil {
		_, _ = c.Write([]byte{5, 5, 0, 1, 0, 0, 0, 0, 0, 0})
		return
	}
	defer out.Close()
	s.total.Add(1)
	_, _ = c.Write([]byte{5, 0, 0, 1, 0, 0, 0, 0, 0, 0})
	go func() {
		_, _ = io.Copy(c, out)
		_ = c.Close()
	}()
	n, _ := io.Copy(out, c)
	s.bytes.Add(n)
}

// TestThroughAProxy goes to headquarters by a proxy alone, which is told the name and not an address.
func TestThroughAProxy(t *testing.T) {
	h := serve(t, ledger.Options{})
	s := newSocks(t)
	o := h.options(t, h.issuer, utopia1)
	o.BaseURL = strings.Replace(o.BaseURL, "127.0.0.1", "localhost", 1)
	var err error
	if o.Dial, err = client.SOCKS5("socks5://" + s.Addr().String()); err != nil {
		t.Fatal(err)
	}
	c := dial(t, o)
	if _, _, err := c.Push(t.Context(), journal.Checkpoint{}, chain(t, h.one, "UTO-01", 2, nil)); err != nil {
		t.Fatal(err)
	}
	if s.total.Load() != 1 || s.names.Load() != 1 {
		t.Errorf("%d connections by the proxy, %d of them by name", s.total.Load(), s.names.Load())
	}
}

func TestProxyThatIsNotThere(t *testing.T) {
	h := serve(t, ledger.Options{})
	s := newSocks(t)
	address := s.Addr().String()
	_ = s.Close()
	o := h.options(t, h.issuer, utopia1)
	var err error
	if o.Dial, err = client.SOCKS5("socks5://" + address); err != nil {
		t.Fatal(err)
	}
	if _, err := dial(t, o).Checkpoint(t.Context(), journal.Checkpoint{}); !errors.Is(err, journal.ErrUnreachable) {
		t.Errorf("got %v", err)
	}
	silent, err := net.Listen("tcp", "127.0.0.1:0") // takes connections and says nothing
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	if o.Dial, err = client.SOCKS5("socks5://" + silent.Addr().String()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := dial(t, o).Checkpoint(ctx, journal.Checkpoint{}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a proxy that says nothing: %v", err)
	}
	for _, bad := range []string{"http://127.0.0.1:1", "socks5://127.0.0.1", "127.0.0.1:1080", ""} {
		if _, err := client.SOCKS5(bad); !errors.Is(err, journal.ErrMalformed) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}
