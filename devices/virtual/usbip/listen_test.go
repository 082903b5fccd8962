package usbip_test

import (
	"context"
	"encoding/binary"
	"io"
	"net"
	"testing"
	"time"

	"padarozhnik/devices/virtual/scanner"
	"padarozhnik/devices/virtual/usbip"
)

// serve listens with one scanner and returns the address.
func serve(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	d := usbip.Scanner(scanner.New(scanner.Settings{}), "T1")
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- usbip.Listen(ctx, l, []usbip.Exported{{BusID: "1-1", Device: d}}) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
		d.Close()
	})
	return l.Addr().String()
}

// ask makes one operation and returns the connection and the answer's status.
func ask(t *testing.T, to string, code uint16, busID string) (net.Conn, uint32) {
	t.Helper()
	conn, err := net.Dial("tcp", to)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	b := binary.BigEndian.AppendUint16(nil, 0x0111)
	b = binary.BigEndian.AppendUint16(b, code)
	b = binary.BigEndian.AppendUint32(b, 0)
	if busID != "" {
		b = append(b, append([]byte(busID), make([]byte, 32-len(busID))...)...)
	}
	if _, err := conn.Write(b); err != nil {
		t.Fatal(err)
	}
	var head [8]byte
	if _, err := io.ReadFull(conn, head[:]); err != nil {
		t.Fatal(err)
	}
	return conn, binary.BigEndian.Uint32(head[4:])
}

// TestListen lists and attaches a device as the usbip tool does, and refuses it to a second host.
func TestListen(t *testing.T) {
	to := serve(t)
	conn, status := ask(t, to, 0x8005, "")
	list := make([]byte, 4+312+2*4)
	if _, err := io.ReadFull(conn, list); err != nil || status != 0 {
		t.Fatal(status, err)
	}
	if n := binary.BigEndian.Uint32(list); n != 1 || string(list[4+256:4+259]) != "1-1" ||
		list[4+312] != 7 || list[4+314] != 4 {
		t.Errorf("%d devices, %x", n, list[4+256:])
	}
	conn, status = ask(t, to, 0x8003, "1-1")
	if _, err := io.ReadFull(conn, make([]byte, 312)); err != nil || status != 0 {
		t.Fatal(status, err)
	}
	host := usbip.NewHost(conn)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	text := make([]byte, 64)
	n, err := host.Control(ctx, usbip.Setup{Type: 0x80, Code: 6, Value: 0x0303}, text)
	if err != nil || n != 6 || text[2] != 'T' || text[4] != '1' {
		t.Errorf("serial %x, %v", text[:n], err)
	}
	for _, id := range []string{"1-1", "1-9"} {
		if _, status := ask(t, to, 0x8003, id); status == 0 {
			t.Errorf("%s was given", id)
		}
	}
	if err := host.Close(); err != nil {
		t.Error(err)
	}
}

// FuzzServe: whatever a host sends, the device survives it and keeps no more than it may.
func FuzzServe(f *testing.F) {
	submit := make([]byte, 48)
	submit[3], submit[7], submit[15] = 1, 1, 1
	submit[27] = 18
	copy(submit[40:], []byte{0x80, 6, 0, 1, 0, 0, 18, 0})
	f.Add(submit)
	f.Add(append(submit[:47:47], make([]byte, 100)...))
	f.Add([]byte{0, 0, 0, 2})
	f.Fuzz(func(t *testing.T, b []byte) {
		d := usbip.Scanner(scanner.New(scanner.Settings{}), "T1")
		defer d.Close()
		near, far := net.Pipe()
		done := make(chan struct{})
		go func() {
			defer close(done)
			_ = d.Serve(context.Background(), far)
		}()
		go func() { _, _ = io.Copy(io.Discard, near) }()
		_ = near.SetWriteDeadline(time.Now().Add(5 * time.Second))
		_, _ = near.Write(b)
		_ = near.Close()
		<-done
	})
}

func TestFaultsAreWords(t *testing.T) {
	for _, word := range []string{"stall-out@0", "deaf-in@12", "hold-out@7", "short=3", "slow=5ms", "http=garbage", "shape=loop"} {
		if _, err := usbip.ParseFault(word); err != nil {
			t.Error(err)
		}
	}
	for _, word := range []string{"", "stall-out", "stall-out@-1", "short=0", "slow=x", "http=nice", "unplug=3"} {
		if _, err := usbip.ParseFault(word); err == nil {
			t.Errorf("%q was understood", word)
		}
	}
}
