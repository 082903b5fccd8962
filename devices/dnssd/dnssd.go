// Package dnssd finds devices on the local network that announce themselves (DNS-SD, RFC 6763, over
// multicast DNS, RFC 6762). It asks one question and listens for a while: it is for a person who sets up a
// desk and says so, and runs at no other time.
//
// Answers come from whoever is on the network. Nothing that they name is opened; what is found is shown,
// and a person writes the address into the configuration.
package dnssd

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

// Services of scanners and printers (Mopria eSCL 2.97, 3; PWG 5100.14, 4.2.1).
const (
	Scanners = "_uscan._tcp.local."
	Printers = "_ipp._tcp.local."
)

// Found is one announced device. Its texts are the device's own: at most 255 bytes each, printable.
type Found struct {
	Name  string // of the instance, without its service
	Host  string
	Addr  netip.Addr // invalid where none came
	Port  uint16
	Texts map[string]string // keys in small letters
}

// URI is the address under which a driver reaches a scanner.
func (f Found) URI() string {
	host := strings.TrimSuffix(f.Host, ".")
	if f.Addr.IsValid() {
		host = f.Addr.String()
	}
	root := strings.Trim(f.Texts["rs"], "/")
	if root == "" {
		root = "eSCL"
	}
	return fmt.Sprintf("http://%s/%s", net.JoinHostPort(host, fmt.Sprint(f.Port)), root)
}

// Bounds of what is listened to.
const (
	maxPacket  = 9000 // RFC 6762, 17
	maxDevices = 64
	maxRecords = 256 // of a packet
)

// group is where multicast DNS is spoken.
var group = netip.AddrPortFrom(netip.AddrFrom4([4]byte{224, 0, 0, 251}), 5353)

// Browse asks for a service and returns what has answered when the time is up, in order of names. The
// socket is not bound to port 5353, so answers come to it alone (RFC 6762, 6.7), and no other program
// that speaks multicast DNS is in the way.
func Browse(ctx context.Context, service string, wait time.Duration) ([]Found, error) {
	return BrowseAt(ctx, group, service, wait)
}

// BrowseAt is Browse at another address.
func BrowseAt(ctx context.Context, at netip.AddrPort, service string, wait time.Duration) ([]Found, error) {
	name, err := dnsmessage.NewName(service)
	if err != nil {
		return nil, fmt.Errorf("browse: %w", err)
	}
	var config net.ListenConfig
	conn, err := config.ListenPacket(ctx, "udp4", ":0")
	if err != nil {
		return nil, fmt.Errorf("browse: %w", err)
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	question := dnsmessage.Message{Questions: []dnsmessage.Question{
		{Name: name, Type: dnsmessage.TypePTR, Class: dnsmessage.ClassINET}}}
	packet, err := question.Pack()
	if err != nil {
		return nil, fmt.Errorf("browse: %w", err)
	}
	if _, err := conn.WriteTo(packet, net.UDPAddrFromAddrPort(at)); err != nil {
		return nil, fmt.Errorf("browse: %w", err)
	}
	if err := conn.SetReadDeadline(time.Now().Add(wait)); err != nil {
		return nil, fmt.Errorf("browse: %w", err)
	}
	return listen(ctx, conn, service)
}

// listen gathers answers until the deadline.
func listen(ctx context.Context, conn net.PacketConn, service string) ([]Found, error) {
	var found []Found
	buffer := make([]byte, maxPacket)
	for {
		n, _, err := conn.ReadFrom(buffer)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		var timeout net.Error
		if errors.As(err, &timeout) && timeout.Timeout() {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("browse: %w", err)
		}
		for _, f := range Parse(buffer[:n], service) {
			known := slices.ContainsFunc(found, func(o Found) bool { return o.Name == f.Name })
			if !known && len(found) < maxDevices {
				found = append(found, f)
			}
		}
	}
	slices.SortFunc(found, func(a, b Found) int { return strings.Compare(a.Name, b.Name) })
	return found, nil
}

// Parse reads the devices of a service out of one answer. What is malformed gives none.
func Parse(packet []byte, service string) []Found {
	var parser dnsmessage.Parser
	head, err := parser.Start(packet)
	if err != nil || !head.Response || parser.SkipAllQuestions() != nil {
		return nil
	}
	var records []dnsmessage.Resource
	for _, next := range []func() (dnsmessage.Resource, error){parser.Answer, parser.Authority, parser.Additional} {
		for len(records) < maxRecords {
			r, err := next()
			if errors.Is(err, dnsmessage.ErrSectionDone) {
				break
			}
			if err != nil {
				return nil
			}
			records = append(records, r)
		}
	}
	return assemble(records, service)
}

// assemble joins the records of each instance that is pointed to.
func assemble(records []dnsmessage.Resource, service string) []Found {
	var found []Found
	for _, r := range records {
		pointer, ok := r.Body.(*dnsmessage.PTRResource)
		if !ok || !strings.EqualFold(r.Header.Name.String(), service) || len(found) >= maxDevices {
			continue
		}
		instance := pointer.PTR.String()
		label, ok := strings.CutSuffix(instance, "."+service)
		if !ok {
			continue
		}
		f := Found{Name: printable(label), Texts: map[string]string{}}
		for _, o := range records {
			if !strings.EqualFold(o.Header.Name.String(), instance) {
				continue
			}
			switch body := o.Body.(type) {
			case *dnsmessage.SRVResource:
				f.Host, f.Port = printable(body.Target.String()), body.Port
			case *dnsmessage.TXTResource:
				f.texts(body.TXT)
			}
		}
		for _, o := range records {
			if a, ok := o.Body.(*dnsmessage.AResource); ok && strings.EqualFold(o.Header.Name.String(), f.Host) {
				f.Addr = netip.AddrFrom4(a.A)
			}
		}
		if f.Port != 0 {
			found = append(found, f)
		}
	}
	return found
}

// texts reads "key=value" pairs (RFC 6763, 6.3); the first of a key counts.
func (f *Found) texts(list []string) {
	for _, t := range list {
		key, value, _ := strings.Cut(t, "=")
		key = strings.ToLower(printable(key))
		if _, had := f.Texts[key]; key != "" && !had {
			f.Texts[key] = printable(value)
		}
	}
}

// printable drops what a terminal would obey.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7F || r >= 0x80 && r < 0xA0 || r == '\uFFFD' {
			return -1
		}
		return r
	}, s)
}
