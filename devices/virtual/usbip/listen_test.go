package usbip_test

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"slices"
	"testing"
	"time"

	"padarozhnik/devices/virtual/bounded"
	"padarozhnik/devices/virtual/printer"
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

// TestListen lists and attaches a device as the usbip tool does, and refuses it to a second host.
func TestListen(t *testing.T) {
	to := serve(t)
	offers, err := usbip.Offers(t.Context(), to)
	if err != nil || len(offers) != 1 || offers[0].BusID != "1-1" || offers[0].Vendor != usbip.Vendor ||
		offers[0].Product != usbip.ScannerProduct || !slices.Equal(offers[0].Protocols, []uint8{4, 4}) {
		t.Fatalf("%+v, %v", offers, err)
	}
	conn, err := usbip.Import(t.Context(), to, "1-1")
	if err != nil {
		t.Fatal(err)
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
		if _, err := usbip.Import(t.Context(), to, id); !errors.Is(err, usbip.ErrRefused) {
			t.Errorf("%s was given: %v", id, err)
		}
	}
	if err := host.Close(); err != nil {
		t.Error(err)
	}
}

// submitted is a transfer as a host asks for it, with the data that it sends.
func submitted(seq, in, endpoint, length uint32, setup, data []byte) []byte {
	var b []byte
	for _, v := range []uint32{1, seq, 1<<16 | 1, in, endpoint, 0, length, 0, 0, 0} {
		b = binary.BigEndian.AppendUint32(b, v)
	}
	return append(append(b, append(setup, make([]byte, 8-len(setup))...)...), data...)
}

// FuzzServe: whatever a host sends to printer and scanner behind one cable, they survive it, and take no more memory
// than one transfer may have.
func FuzzServe(f *testing.F) {
	dir := f.TempDir()
	p, err := printer.Open(dir, printer.Options{})
	if err != nil {
		f.Fatal(err)
	}
	describe := submitted(1, 1, 0, 18, []byte{0x80, 6, 0, 1, 0, 0, 18, 0}, nil)
	f.Add(describe)
	f.Add(append(describe[:47:47], make([]byte, 100)...))
	f.Add([]byte{0, 0, 0, 2})
	job := []byte("\x1b%-12345X@PJL\r\n@PJL JOB NAME=\"F\"\r\n@PJL ENTER LANGUAGE=PWGRASTER\r\nRaS2")
	f.Add(submitted(1, 0, 1, uint32(len(job)), nil, job))
	ask := []byte("GET /eSCL/ScannerCapabilities HTTP/1.1\r\nHost: localhost\r\n\r\n")
	f.Add(append(submitted(1, 0, 2, uint32(len(ask)), nil, ask), submitted(2, 1, 2, 4096, nil, nil)...))
	f.Add(submitted(1, 1, 0, 1024, []byte{0xa1, 0, 0, 0, 0, 0, 0, 4}, nil)) // GET_DEVICE_ID
	f.Fuzz(func(t *testing.T, b []byte) {
		d := usbip.Composite(p, scanner.New(scanner.Settings{Dir: dir}), "T1")
		defer d.Close()
		near, far := net.Pipe()
		bounded.Memory(t, len(b), 12<<20, 64<<10/48, func() {
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
