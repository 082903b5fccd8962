// Package ber reads BER into a tree that says how each element was written: what a parser that only
// wants values overlooks, such as lengths longer than necessary or a set out of order. It is for
// judging files and knows no structure (ITU-T X.690).
//
// Input may be hostile: depth and number of elements are bounded, lengths are checked against what
// is there, and tags have one byte, as all in certificates and signed data do.
package ber

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
)

// Limits of what is read.
const (
	MaxSize  = 4 << 20
	MaxDepth = 40
	maxNodes = 1 << 16
)

// ErrMalformed is returned for bytes that are no BER, or outside the limits.
var ErrMalformed = errors.New("malformed BER")

// Node is one element. Content is of a primitive one, Children are of a constructed one; both share
// memory with the input.
type Node struct {
	Tag        byte
	Content    []byte
	Children   []*Node
	Indefinite bool // the length was left open
	Padded     bool // the length took more bytes than it needs
}

// Constructed reports whether the element consists of others.
func (n *Node) Constructed() bool { return n.Tag&0x20 != 0 }

// Parse reads one element with nothing behind it.
func Parse(b []byte) (*Node, error) {
	if len(b) > MaxSize {
		return nil, fmt.Errorf("%d bytes: %w", len(b), ErrMalformed)
	}
	r := &reader{}
	n, rest, err := r.element(b, 0)
	if err == nil && len(rest) > 0 {
		err = fmt.Errorf("%d bytes after the element: %w", len(rest), ErrMalformed)
	}
	return n, err
}

type reader struct{ nodes int }

func (r *reader) element(b []byte, depth int) (*Node, []byte, error) {
	r.nodes++
	if depth > MaxDepth || r.nodes > maxNodes || len(b) < 2 || b[0]&0x1F == 0x1F {
		return nil, nil, ErrMalformed
	}
	n := &Node{Tag: b[0]}
	if b[1] == 0x80 {
		if !n.Constructed() {
			return nil, nil, ErrMalformed
		}
		n.Indefinite = true
		return r.open(n, b[2:], depth)
	}
	header, length, ok := n.length(b)
	if !ok || length > len(b)-header {
		return nil, nil, ErrMalformed
	}
	contents, rest := b[header:header+length], b[header+length:]
	if !n.Constructed() {
		n.Content = contents
		return n, rest, nil
	}
	for len(contents) > 0 {
		child, after, err := r.element(contents, depth+1)
		if err != nil {
			return nil, nil, err
		}
		n.Children, contents = append(n.Children, child), after
	}
	return n, rest, nil
}

// open reads the children of an element of indefinite length.
func (r *reader) open(n *Node, b []byte, depth int) (*Node, []byte, error) {
	for {
		if len(b) >= 2 && b[0] == 0 && b[1] == 0 {
			return n, b[2:], nil
		}
		child, rest, err := r.element(b, depth+1)
		if err != nil {
			return nil, nil, err
		}
		n.Children, b = append(n.Children, child), rest
	}
}

// length reads a definite length of up to four bytes.
func (n *Node) length(b []byte) (header, length int, ok bool) {
	first := int(b[1])
	if first < 0x80 {
		return 2, first, true
	}
	count := first & 0x7F
	if count > 4 || len(b) < 2+count {
		return 0, 0, false
	}
	for _, c := range b[2 : 2+count] {
		length = length<<8 | int(c)
	}
	n.Padded = length < 0x80 || b[2] == 0
	return 2 + count, length, length <= MaxSize
}

// Bytes writes the element with definite lengths, as short as can be.
func (n *Node) Bytes() []byte {
	contents := n.Content
	if n.Constructed() {
		contents = nil
		for _, c := range n.Children {
			contents = append(contents, c.Bytes()...)
		}
	}
	out := append([]byte{n.Tag}, lengthOf(len(contents))...)
	return append(out, contents...)
}

func lengthOf(size int) []byte {
	switch {
	case size < 0x80:
		return []byte{byte(size)}
	case size <= 0xFF:
		return []byte{0x81, byte(size)}
	case size <= 0xFFFF:
		return []byte{0x82, byte(size >> 8), byte(size)}
	}
	return []byte{0x83, byte(size >> 16), byte(size >> 8), byte(size)}
}

// At follows the places of children down from n, counting a negative place from the end. It returns
// nil where there is no such element, and may be called on nil.
func (n *Node) At(places ...int) *Node {
	for _, i := range places {
		if n == nil {
			return nil
		}
		if i < 0 {
			i += len(n.Children)
		}
		if i < 0 || i >= len(n.Children) {
			return nil
		}
		n = n.Children[i]
	}
	return n
}

// Universal tags that the rules of DER are about.
const (
	tagBoolean = 0x01
	tagInteger = 0x02
	tagSet     = 0x31
)

// NotDER returns in words the first place that is BER and not DER, or "" (ITU-T X.690, 10 and 11).
func (n *Node) NotDER() string {
	switch {
	case n.Indefinite:
		return "indefinite length"
	case n.Padded:
		return "length longer than necessary"
	case n.Tag == tagBoolean && (len(n.Content) != 1 || n.Content[0] != 0 && n.Content[0] != 0xFF):
		return "boolean that is neither 00 nor FF"
	case n.Tag == tagInteger && paddedInteger(n.Content):
		return "integer longer than necessary"
	case n.Tag == 0x24:
		return "octet string in pieces"
	case n.Tag == tagSet && !n.sorted():
		return "set out of order"
	}
	for _, c := range n.Children {
		if s := c.NotDER(); s != "" {
			return s
		}
	}
	return ""
}

func paddedInteger(b []byte) bool {
	return len(b) == 0 || len(b) > 1 && (b[0] == 0 && b[1] < 0x80 || b[0] == 0xFF && b[1] >= 0x80)
}

func (n *Node) sorted() bool {
	return slices.IsSortedFunc(n.Children, func(a, b *Node) int { return bytes.Compare(a.Bytes(), b.Bytes()) })
}
