package pcsc_test

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"padarozhnik/devices/pcsc"
)

// The service of this machine takes no configured reader away while it runs, and so a second one is
// played here, at its socket: as much of pcscd's wire as a watch needs (version 4 of its messages).

const (
	messageEstablish = 0x01
	messageRelease   = 0x02
	messageCancel    = 0x0D
	messageVersion   = 0x11
	messageReaders   = 0x12
	messageWait      = 0x13
	messageStop      = 0x14

	maxReaders      = 16
	readerSize      = 184 // name 128, count, state, sharing, ATR 33 and padding, its length, protocol
	readerStateFree = 2   // SCARD_ABSENT of the daemon
	readerHasCard   = 4   // SCARD_PRESENT
)

// plugged is a service whose readers come and go.
type plugged struct {
	mu      sync.Mutex
	readers map[string]bool       // with or without a chip; guarded by mu
	waiting map[net.Conn]struct{} // guarded by mu
}

// set changes the readers and tells everybody who waits.
func (p *plugged) set(readers map[string]bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.readers = readers
	for conn := range p.waiting {
		_, _ = conn.Write(make([]byte, 8)) // a client that went away
		delete(p.waiting, conn)
	}
}

func (p *plugged) states() []byte {
	out := make([]byte, maxReaders*readerSize)
	i := 0
	for name, card := range p.readers {
		b := out[i*readerSize : (i+1)*readerSize]
		copy(b, name)
		binary.LittleEndian.PutUint32(b[132:], readerStateFree)
		if card {
			binary.LittleEndian.PutUint32(b[132:], readerHasCard)
			copy(b[140:], []byte{0x3B, 0x80, 0x80, 0x01, 0x01})
			binary.LittleEndian.PutUint32(b[176:], 5)
		}
		i++
	}
	return out
}

func (p *plugged) serve(conn net.Conn) {
	defer conn.Close() //nolint:errcheck // the client has what it will get
	for {
		var head [8]byte
		if _, err := io.ReadFull(conn, head[:]); err != nil {
			return
		}
		body := make([]byte, binary.LittleEndian.Uint32(head[:4])&0xFFFF)
		if _, err := io.ReadFull(conn, body); err != nil {
			return
		}
		p.answer(conn, binary.LittleEndian.Uint32(head[4:]), body)
	}
}

func (p *plugged) answer(conn net.Conn, message uint32, body []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch message {
	case messageReaders, messageWait:
		body = p.states()
		if message == messageWait {
			p.waiting[conn] = struct{}{}
		}
	case messageStop:
		if _, ok := p.waiting[conn]; !ok {
			return // it has been told already
		}
		delete(p.waiting, conn)
		body = make([]byte, 8)
	case messageCancel:
		for other := range p.waiting {
			cancelled := binary.LittleEndian.AppendUint32(make([]byte, 4, 8), 0x80100002)
			_, _ = other.Write(cancelled)
			delete(p.waiting, other)
		}
	case messageEstablish:
		binary.LittleEndian.PutUint32(body[4:], 0x1234)
	case messageVersion, messageRelease: // echoed
	}
	_, _ = conn.Write(body) // a client that went away
}

const childVariable = "PADAROZHNIK_TEST_WATCH"

// TestChildWatches is the process that TestReadersArePlugged gives the played service to: the
// library asks for its socket once in a process.
func TestChildWatches(t *testing.T) {
	if os.Getenv(childVariable) == "" {
		return // nobody plays
	}
	err := pcsc.NewService(pcsc.Deadlines{}).Watch(t.Context(), func(e pcsc.Event) {
		fmt.Printf("event %s|%s|%X\n", e.Change, e.Reader, e.ATR)
	})
	fmt.Println("event ended", err)
}

// TestReadersArePlugged pulls readers out and plugs them in, with chips on them, under a watch.
func TestReadersArePlugged(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "pcscd.comm")
	listener, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close() //nolint:errcheck // the test is over
	p := &plugged{readers: map[string]bool{"First 00 00": false}, waiting: map[net.Conn]struct{}{}}
	go func() { // ends with the listener
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go p.serve(conn)
		}
	}()
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestChildWatches$")
	child.Env = append(os.Environ(), childVariable+"=1", "PCSCLITE_CSOCK_NAME="+socket)
	var errs bytes.Buffer
	child.Stderr = &errs
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = child.Process.Kill()
		_ = child.Wait()
	}()
	lines := bufio.NewScanner(out)
	wants := func(want string) {
		t.Helper()
		for lines.Scan() {
			if got, ok := strings.CutPrefix(lines.Text(), "event "); ok {
				if got != want {
					t.Fatalf("event %q, want %q", got, want)
				}
				return
			}
		}
		t.Fatalf("no %q; %s", want, errs.String())
	}
	overdue := time.AfterFunc(25*time.Second, func() { _ = child.Process.Kill() })
	defer overdue.Stop()
	wants("reader came|First 00 00|")
	time.Sleep(100 * time.Millisecond) // the child waits by then
	p.set(map[string]bool{"First 00 00": false, "Second 00 00": true})
	wants("reader came|Second 00 00|")
	wants("chip came|Second 00 00|3B80800101")
	time.Sleep(100 * time.Millisecond)
	p.set(map[string]bool{"First 00 00": true, "Second 00 00": true})
	wants("chip came|First 00 00|3B80800101")
	time.Sleep(100 * time.Millisecond)
	p.set(map[string]bool{"First 00 00": true})
	wants("chip gone|Second 00 00|")
	wants("reader gone|Second 00 00|")
	time.Sleep(100 * time.Millisecond)
	p.set(nil)
	wants("chip gone|First 00 00|")
	wants("reader gone|First 00 00|")
	time.Sleep(100 * time.Millisecond)
	p.set(map[string]bool{"First 00 00": false})
	wants("reader came|First 00 00|")
}
