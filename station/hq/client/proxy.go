package client

import (
	"fmt"
	"net"
	"net/url"
	"time"

	"golang.org/x/net/proxy"

	"padarozhnik/station/journal"
)

// SOCKS5 connects through the proxy at "socks5://[USER:PASSWORD@]HOST:PORT" (RFC 1928). The proxy
// resolves headquarters' name, so that the office's own network does not hear it. TLS goes through
// from end to end.
func SOCKS5(address string) (Dial, error) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "socks5" || u.Port() == "" {
		return nil, fmt.Errorf("proxy: %w: want socks5://HOST:PORT", journal.ErrMalformed)
	}
	var auth *proxy.Auth
	if u.User != nil {
		password, _ := u.User.Password()
		auth = &proxy.Auth{User: u.User.Username(), Password: password}
	}
	d, err := proxy.SOCKS5("tcp", u.Host, auth, &net.Dialer{Timeout: 30 * time.Second})
	if err != nil {
		return nil, fmt.Errorf("proxy: %w", err)
	}
	through, ok := d.(proxy.ContextDialer)
	if !ok {
		return nil, fmt.Errorf("proxy: %w: no way to cancel", journal.ErrMalformed)
	}
	return through.DialContext, nil
}
