package client

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"sync"
	"time"
)

// tlsAlert is the operation under which crypto/tls reports an alert of the other side.
const tlsAlert = "remote error"

// lastWord is how long a write that failed waits for the reader to hear why.
const lastWord = time.Second

// dialTLS connects and shakes hands. In TLS 1.3 our side is done before headquarters has judged our
// certificate, so its refusal arrives as an alert while the first request is on its way.
func dialTLS(dial Dial, config func(host string) *tls.Config) Dial {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		host, _, err := net.SplitHostPort(address)
		if err != nil {
			return nil, err
		}
		raw, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		within, cancel := context.WithTimeout(ctx, handshake)
		defer cancel()
		c := tls.Client(raw, config(host))
		if err := c.HandshakeContext(within); err != nil {
			return nil, errors.Join(err, raw.Close())
		}
		return &conn{Conn: c, heard: make(chan struct{})}, nil
	}
}

// conn remembers an alert. Whichever of reader and writer finds the connection broken first, and
// whoever closes it then, the error is what headquarters said and not that the socket is gone.
type conn struct {
	net.Conn
	once  sync.Once
	heard chan struct{} // closed when reading has ended
	alert error         // written before heard is closed
}

func (c *conn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if err == nil {
		return n, nil
	}
	c.once.Do(func() {
		if isAlert(err) {
			c.alert = err
		}
		close(c.heard)
	})
	return n, err
}

func (c *conn) Write(b []byte) (int, error) {
	n, err := c.Conn.Write(b)
	if err == nil {
		return n, nil
	}
	wait := time.NewTimer(lastWord)
	defer wait.Stop()
	select {
	case <-c.heard:
		if c.alert != nil {
			return n, c.alert
		}
	case <-wait.C:
	}
	return n, err
}

func isAlert(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == tlsAlert
}
