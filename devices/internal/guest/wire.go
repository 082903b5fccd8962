package main

import (
	"encoding/binary"
	"fmt"
	"io"
	"sync"
)

// What the guest sends, one kind of frame for each. A frame is its kind (one byte), the length of its content
// (four bytes, big-endian) and the content.
const (
	booted = 'b' // the test begins: no content
	stdout = 'o' // bytes that the test wrote
	stderr = 'e' // the same
	opened = 'f' // a file that the test left: its path; its bytes follow in frames of kind bytes
	filled = 'd' // bytes of the file opened last
	exited = 'x' // the test ended: its exit status in one byte
	sorry  = '!' // the guest could not run the test: why
)

// maxFrame bounds the content of a frame.
const maxFrame = 64 << 10

// sender writes frames. It may be used by several goroutines.
type sender struct {
	mu sync.Mutex
	w  io.Writer // guarded by mu
}

func (s *sender) send(kind byte, content []byte) error {
	frame := append(binary.BigEndian.AppendUint32([]byte{kind}, uint32(len(content))), content...)
	s.mu.Lock()
	defer s.mu.Unlock()
	_, err := s.w.Write(frame)
	return err
}

// stream is a Writer whose bytes become frames of one kind.
type stream struct {
	to   *sender
	kind byte
}

func (s stream) Write(b []byte) (int, error) {
	for at := 0; at < len(b); at += maxFrame {
		if err := s.to.send(s.kind, b[at:min(at+maxFrame, len(b))]); err != nil {
			return at, err
		}
	}
	return len(b), nil
}

// receive reads one frame. The content is valid until the next call with the same buffer, which has room for
// maxFrame bytes.
func receive(r io.Reader, buffer []byte) (kind byte, content []byte, err error) {
	var head [5]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return 0, nil, err
	}
	n := binary.BigEndian.Uint32(head[1:])
	if n > maxFrame {
		return 0, nil, fmt.Errorf("a frame of %d bytes, at most %d are allowed", n, maxFrame)
	}
	if _, err := io.ReadFull(r, buffer[:n]); err != nil {
		return 0, nil, fmt.Errorf("a frame was cut off: %w", err)
	}
	return head[0], buffer[:n], nil
}
