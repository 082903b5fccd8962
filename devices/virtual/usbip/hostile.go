package usbip

import (
	"bytes"
	"strings"
)

// Hostilities are the words of BadHTTP.
func Hostilities() []string {
	return []string{
		"garbage", "cut", "endless-header", "endless-body", "huge-length", "negative-length", "bad-chunk", "no-length",
		"continue-storm", "html", "tail",
	}
}

// hostility is an answer that is no decent HTTP, and what makes more of it, where it has no end.
func hostility(word string) ([]byte, func() []byte) {
	const ok = "HTTP/1.1 200 OK\r\n"
	again := func(s string) func() []byte {
		block := bytes.Repeat([]byte(s), 1+4096/len(s))
		return func() []byte { return block }
	}
	switch word {
	case "garbage":
		return bytes.Repeat([]byte{0x00, 0xff, 0x1b, 'X'}, 300), nil
	case "cut":
		return []byte(ok + "Content-Le"), nil
	case "endless-header":
		return []byte(ok), again("X-More: " + strings.Repeat("m", 80) + "\r\n")
	case "endless-body":
		return []byte(ok + "Transfer-Encoding: chunked\r\n\r\n"), again("10\r\n0123456789abcdef\r\n")
	case "huge-length":
		return []byte(ok + "Content-Type: application/ipp\r\nContent-Length: 9223372036854775807\r\n\r\nabc"), nil
	case "negative-length":
		return []byte(ok + "Content-Length: -1\r\n\r\n"), nil
	case "bad-chunk":
		return []byte(ok + "Transfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n"), nil
	case "no-length":
		return []byte(ok + "Content-Type: text/plain\r\n\r\nwithout an end"), nil
	case "continue-storm":
		return nil, again("HTTP/1.1 100 Continue\r\n\r\n")
	case "html":
		return []byte(ok + "Content-Type: text/html\r\nContent-Length: 5\r\n\r\n<br>\n"), nil
	case "tail":
		return []byte(ok + "Content-Length: 0\r\n\r\nand more that belongs to nothing"), nil
	}
	return nil, nil
}
