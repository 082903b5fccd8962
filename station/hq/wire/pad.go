package wire

import "padarozhnik/station/journal"

// maxPadHead is what the head of a padding of any length takes: its key and its length.
const maxPadHead = 1 + 5

// Padded is a message of this package with room for zeros.
type Padded interface {
	pad(zeros []byte) any // the same message with them
}

func (m PushRequest) pad(zeros []byte) any        { m.Pad = zeros; return m }
func (m PushResponse) pad(zeros []byte) any       { m.Pad = zeros; return m }
func (m PullResponse) pad(zeros []byte) any       { m.Pad = zeros; return m }
func (m CheckpointResponse) pad(zeros []byte) any { m.Pad = zeros; return m }

// EncodePadded writes a message so that its size is that of a class: who counts the bytes of a
// connection does not learn how many entries an office writes, or is sent.
func EncodePadded(m Padded) ([]byte, error) {
	bare, err := Encode(m.pad(nil))
	if err != nil {
		return nil, err
	}
	for class := journal.SizeClass(len(bare) + maxPadHead + 1); class <= MaxMessage; class = journal.SizeClass(class + 1) {
		if n, ok := padding(class - len(bare)); ok {
			return Encode(m.pad(make([]byte, n)))
		}
	}
	return bare, nil
}

// padding is how many zeros fill a room exactly, their head included. A few rooms cannot be filled:
// one byte more would lengthen the head too.
func padding(room int) (n int, ok bool) {
	for head := 2; head <= maxPadHead; head++ {
		if n = room - head; n >= 0 && padHead(n) == head {
			return n, true
		}
	}
	return 0, false
}

// padHead is how many bytes stand before a padding of n bytes (RFC 8949, 3).
func padHead(n int) int {
	switch {
	case n < 24:
		return 2
	case n < 1<<8:
		return 3
	case n < 1<<16:
		return 4
	}
	return 6
}
