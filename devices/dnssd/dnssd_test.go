package dnssd_test

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"

	"padarozhnik/devices/dnssd"
)

func name(s string) dnsmessage.Name { return dnsmessage.MustNewName(s) }

// answer announces a scanner.
func answer(t testing.TB, instance string, port uint16) []byte {
	t.Helper()
	head := func(of string, kind dnsmessage.Type) dnsmessage.ResourceHeader {
		return dnsmessage.ResourceHeader{Name: name(of), Type: kind, Class: dnsmessage.ClassINET, TTL: 10}
	}
	full := instance + "." + dnssd.Scanners
	m := dnsmessage.Message{
		Header: dnsmessage.Header{Response: true, Authoritative: true},
		Answers: []dnsmessage.Resource{
			{Header: head(dnssd.Scanners, dnsmessage.TypePTR), Body: &dnsmessage.PTRResource{PTR: name(full)}},
		},
		Additionals: []dnsmessage.Resource{
			{Header: head(full, dnsmessage.TypeSRV), Body: &dnsmessage.SRVResource{Target: name("desk.local."), Port: port}},
			{Header: head(full, dnsmessage.TypeTXT), Body: &dnsmessage.TXTResource{
				TXT: []string{"ty=Utopian Flatbed 300", "RS=/eSCL/", "rs=evil", "note=\x1b[31mred"}}},
			{Header: head("desk.local.", dnsmessage.TypeA), Body: &dnsmessage.AResource{A: [4]byte{192, 0, 2, 7}}},
		},
	}
	packet, err := m.Pack()
	if err != nil {
		t.Fatal(err)
	}
	return packet
}

// network answers each question with some packets.
func network(t *testing.T, packets ...[]byte) netip.AddrPort {
	t.Helper()
	conn, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	t.Cleanup(func() { _ = conn.Close(); <-ended })
	go func() {
		defer close(ended)
		buffer := make([]byte, 2000)
		for {
			n, from, err := conn.ReadFrom(buffer)
			if err != nil {
				return
			}
			var m dnsmessage.Message
			if m.Unpack(buffer[:n]) != nil || len(m.Questions) != 1 || m.Questions[0].Name.String() != dnssd.Scanners {
				continue
			}
			for _, p := range packets {
				_, _ = conn.WriteTo(p, from)
			}
		}
	}()
	return conn.LocalAddr().(*net.UDPAddr).AddrPort()
}

func TestBrowse(t *testing.T) {
	at := network(t, []byte("no DNS at all"), answer(t, "Utopian Flatbed", 8080), answer(t, "Another", 80),
		answer(t, "Utopian Flatbed", 9999))
	found, err := dnssd.BrowseAt(t.Context(), at, dnssd.Scanners, 400*time.Millisecond)
	if err != nil || len(found) != 2 {
		t.Fatalf("%+v, %v", found, err)
	}
	f := found[1]
	if f.Name != "Utopian Flatbed" || f.URI() != "http://192.0.2.7:8080/eSCL" || f.Texts["ty"] != "Utopian Flatbed 300" {
		t.Errorf("%+v, %s", f, f.URI())
	}
	if f.Texts["note"] != "[31mred" {
		t.Errorf("a terminal would obey %q", f.Texts["note"])
	}
}

func TestBrowseEndsWhenAsked(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	at := network(t)
	time.AfterFunc(20*time.Millisecond, cancel)
	if _, err := dnssd.BrowseAt(ctx, at, dnssd.Scanners, time.Minute); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(answer(f, "Utopian Flatbed", 80))
	f.Add([]byte{0, 0, 0x84, 0, 0, 0, 0, 1})
	f.Fuzz(func(t *testing.T, packet []byte) {
		for _, found := range dnssd.Parse(packet, dnssd.Scanners) {
			if found.Port == 0 || len(found.Name) > 255 {
				t.Errorf("%+v", found)
			}
		}
	})
}
