// Package forge rewrites signed structures and signs them again, so that tests can plant one defect
// and leave all else sound. Nothing but tests imports it.
package forge

import (
	"bytes"
	"crypto"
	"crypto/rand"
	_ "crypto/sha1"   // see SHA1
	_ "crypto/sha1"   // signatures of old documents
	_ "crypto/sha256" // of everything else
	"encoding/asn1"
	"slices"
	"testing"

	"padarozhnik/station/lds/internal/ber"
)

// Tree parses bytes that must be BER.
func Tree(t testing.TB, b []byte) *ber.Node {
	t.Helper()
	n, err := ber.Parse(b)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// Edit returns b with its tree changed.
func Edit(t testing.TB, b []byte, change func(*ber.Node)) []byte {
	t.Helper()
	n := Tree(t, b)
	change(n)
	return n.Bytes()
}

// Text returns a primitive element.
func Text(tag byte, content ...byte) *ber.Node { return &ber.Node{Tag: tag, Content: content} }

// Node returns a constructed element.
func Node(tag byte, children ...*ber.Node) *ber.Node { return &ber.Node{Tag: tag, Children: children} }

// OID returns an object identifier.
func OID(t testing.TB, arcs ...int) *ber.Node {
	t.Helper()
	b, err := asn1.Marshal(asn1.ObjectIdentifier(arcs))
	if err != nil {
		t.Fatal(err)
	}
	return Tree(t, b)
}

// Cut removes the child at a place, which counts from the end where it is negative.
func Cut(n *ber.Node, place int) {
	if place < 0 {
		place += len(n.Children)
	}
	n.Children = slices.Delete(slices.Clone(n.Children), place, place+1)
}

// Insert puts a child at a place.
func Insert(n *ber.Node, place int, child *ber.Node) {
	n.Children = slices.Insert(slices.Clone(n.Children), place, child)
}

// Signed changes a certificate or a revocation list and signs it again with SHA-256.
func Signed(t testing.TB, raw []byte, key crypto.Signer, change func(tbs *ber.Node)) []byte {
	t.Helper()
	return Edit(t, raw, func(n *ber.Node) {
		change(n.At(0))
		n.At(2).Content = append([]byte{0}, sign(t, key, crypto.SHA256, n.At(0).Bytes())...)
	})
}

func sign(t testing.TB, key crypto.Signer, hash crypto.Hash, message []byte) []byte {
	t.Helper()
	h := hash.New()
	h.Write(message)
	signature, err := key.Sign(rand.Reader, h.Sum(nil), hash)
	if err != nil {
		t.Fatal(err)
	}
	return signature
}

// CMS changes signed data within its ContentInfo, computes its message digest and signs it again,
// with SHA-256, or with SHA-1 where the change made that the signer's digest algorithm. It follows the
// tree where the change left it whole, and leaves undone what it cannot find.
func CMS(t testing.TB, raw []byte, key crypto.Signer, change func(data *ber.Node)) []byte {
	t.Helper()
	return Edit(t, raw, func(n *ber.Node) {
		data := n.At(1, 0)
		change(data)
		Sign(t, data, key)
	})
}

// SHA1 is the AlgorithmIdentifier of the digest that old documents have.
func SHA1(t testing.TB) *ber.Node {
	t.Helper()
	return Node(0x30, OID(t, 1, 3, 14, 3, 2, 26), Text(5))
}

// Sign signs signed data.
func Sign(t testing.TB, data *ber.Node, key crypto.Signer) {
	t.Helper()
	info, content := data.At(-1, 0), data.At(2, 1, 0)
	if info == nil || content == nil {
		return
	}
	i := slices.IndexFunc(info.Children, func(c *ber.Node) bool { return c.Tag == 0xA0 })
	if i < 0 || len(info.Children) < i+3 {
		return
	}
	hash := crypto.SHA256
	if oid := info.Children[i-1].At(0); oid != nil && bytes.Equal(oid.Content, SHA1(t).At(0).Content) {
		hash = crypto.SHA1
	}
	attrs := info.Children[i]
	for _, a := range attrs.Children {
		if bytes.HasSuffix(a.At(0).Content, []byte{0x0D, 1, 9, 4}) {
			h := hash.New()
			h.Write(content.Content)
			a.At(1, 0).Content = h.Sum(nil)
		}
	}
	set := &ber.Node{Tag: 0x31, Children: attrs.Children}
	info.Children[i+2].Content = sign(t, key, hash, set.Bytes())
}

// Extension returns the extension of a certificate or list by its identifier, nil where absent.
func Extension(t testing.TB, tbs *ber.Node, arcs ...int) *ber.Node {
	t.Helper()
	want := OID(t, arcs...).Content
	for _, e := range tbs.At(-1, 0).Children {
		if bytes.Equal(e.At(0).Content, want) {
			return e
		}
	}
	t.Fatalf("no extension %v", arcs)
	return nil
}

// Drop removes an extension.
func Drop(t testing.TB, tbs *ber.Node, arcs ...int) {
	t.Helper()
	gone, list := Extension(t, tbs, arcs...), tbs.At(-1, 0)
	list.Children = slices.DeleteFunc(slices.Clone(list.Children), func(n *ber.Node) bool { return n == gone })
}

// Add appends an extension with the value given.
func Add(t testing.TB, tbs *ber.Node, critical bool, value []byte, arcs ...int) {
	t.Helper()
	e := Node(0x30, OID(t, arcs...))
	if critical {
		e.Children = append(e.Children, Text(0x01, 0xFF))
	}
	e.Children = append(e.Children, Text(0x04, value...))
	list := tbs.At(-1, 0)
	list.Children = append(slices.Clone(list.Children), e)
}

// Inner changes the value of an extension.
func Inner(t testing.TB, tbs *ber.Node, change func(*ber.Node), arcs ...int) {
	t.Helper()
	value := Extension(t, tbs, arcs...).At(-1)
	value.Content = Edit(t, value.Content, change)
}
