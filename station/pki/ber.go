package pki

import "golang.org/x/crypto/cryptobyte"

// Some signers write EF.SOD in BER: lengths left indefinite, octet strings in pieces. This file
// turns that into DER so far that the strict reading above works. What is DER already stays as it
// is, byte for byte, because certificates and signed attributes are hashed as they stand.

// maxDepth bounds the nesting that is followed; signed data with its certificates needs fewer than
// twenty levels.
const maxDepth = 32

// normalize returns the first element of b in definite lengths, and what follows it.
func normalize(b []byte, depth int) (out, rest []byte, err error) {
	if depth > maxDepth || len(b) < 2 || b[0]&0x1F == 0x1F {
		return nil, nil, malformed("BER")
	}
	tag, isConstructed := b[0], b[0]&0x20 != 0
	if b[1] == 0x80 && isConstructed {
		return normalizeOpen(b, depth)
	}
	header, length, ok := definiteLength(b)
	if !ok {
		return nil, nil, malformed("BER")
	}
	whole, contents, rest := b[:header+length], b[header:header+length], b[header+length:]
	if !isConstructed {
		return whole, rest, nil
	}
	inner, changed, err := normalizeAll(contents, depth+1)
	if err != nil {
		return nil, nil, err
	}
	if !changed && tag != constructedOctets {
		return whole, rest, nil
	}
	out, err = closeElement(tag, inner)
	return out, rest, err
}

// normalizeOpen reads an element of indefinite length up to its end-of-contents octets.
func normalizeOpen(b []byte, depth int) (out, rest []byte, err error) {
	var contents []byte
	for rest = b[2:]; ; {
		if len(rest) < 2 {
			return nil, nil, malformed("BER")
		}
		if rest[0] == 0 && rest[1] == 0 {
			out, err = closeElement(b[0], contents)
			return out, rest[2:], err
		}
		var one []byte
		if one, rest, err = normalize(rest, depth+1); err != nil {
			return nil, nil, err
		}
		contents = append(contents, one...)
	}
}

// normalizeAll reads elements up to the end of b and tells whether any changed. What did not change
// is b itself: a master list of megabytes in DER is walked through and never copied.
func normalizeAll(b []byte, depth int) (out []byte, changed bool, err error) {
	for rest := b; len(rest) > 0; {
		var one []byte
		before := rest
		if one, rest, err = normalize(rest, depth); err != nil {
			return nil, false, err
		}
		same := len(one) == len(before)-len(rest) && &one[0] == &before[0]
		if !same && !changed {
			changed = true
			out = append(make([]byte, 0, len(b)), b[:len(b)-len(before)]...)
		}
		if changed {
			out = append(out, one...)
		}
	}
	if !changed {
		return b, false, nil
	}
	return out, true, nil
}

const constructedOctets = 0x24

// closeElement writes tag, definite length and contents; the pieces of an octet string are joined.
func closeElement(tag byte, contents []byte) ([]byte, error) {
	if tag == constructedOctets {
		var joined []byte
		for s := cryptobyte.String(contents); !s.Empty(); {
			var piece cryptobyte.String
			if !s.ReadASN1(&piece, 4) {
				return nil, malformed("BER octet string")
			}
			joined = append(joined, piece...)
		}
		tag, contents = 4, joined
	}
	return append(appendLength([]byte{tag}, len(contents)), contents...), nil
}

func appendLength(b []byte, n int) []byte {
	switch {
	case n < 0x80:
		return append(b, byte(n))
	case n < 0x100:
		return append(b, 0x81, byte(n))
	case n < 0x10000:
		return append(b, 0x82, byte(n>>8), byte(n))
	case n < 0x1000000:
		return append(b, 0x83, byte(n>>16), byte(n>>8), byte(n))
	}
	return append(b, 0x84, byte(n>>24), byte(n>>16), byte(n>>8), byte(n)) // maxMasterList is below 2^32
}

// definiteLength returns the lengths of header and contents of the element that b begins with, and
// false where b is too short for it.
func definiteLength(b []byte) (header, length int, ok bool) {
	n := int(b[1])
	if n < 0x80 {
		return 2, n, len(b) >= 2+n
	}
	octets := n & 0x7F
	if octets == 0 || octets > 4 || len(b) < 2+octets {
		return 0, 0, false
	}
	for _, o := range b[2 : 2+octets] {
		length = length<<8 | int(o)
	}
	header = 2 + octets
	return header, length, length <= len(b)-header
}
