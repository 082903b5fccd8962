package escl

import (
	"bytes"
	"fmt"
	"regexp"
	"strconv"

	"padarozhnik/devices"
)

// Some scanners answer in nothing but PDF: a file with one JPEG to a page. No PDF is interpreted here: the
// JPEG is cut out by the dictionary that stands before it, and everything else (objects packed into
// streams, fonts, scripts, references, other compressions) is left alone. What cannot be found so is
// devices.ErrUnsupported.

// Bounds of a search.
const (
	maxDictionary = 4096 // bytes before the word stream
	maxStreams    = 1000
)

var (
	pdfMagic  = []byte("%PDF-")
	isPicture = regexp.MustCompile(`/Subtype\s*/Image\b`)
	isJPEG    = regexp.MustCompile(`/Filter\s*(\[\s*)?/DCTDecode\b`)
	hasLength = regexp.MustCompile(`/Length\s+(\d{1,9})\b(\s+\d+\s+R)?`)
)

// pictureOf returns the first JPEG of a PDF file, as a part of it.
func pictureOf(pdf []byte) ([]byte, error) {
	at := 0
	for range maxStreams {
		next := bytes.Index(pdf[at:], []byte("stream"))
		if next < 0 {
			break
		}
		begin := at + next
		at = begin + len("stream")
		if bytes.HasSuffix(pdf[:begin], []byte("end")) {
			continue
		}
		dictionary := pdf[max(0, begin-maxDictionary):begin]
		if opens := bytes.LastIndex(dictionary, []byte(" obj")); opens >= 0 {
			dictionary = dictionary[opens:]
		}
		body := streamBody(pdf[at:], dictionary)
		if isPicture.Match(dictionary) && isJPEG.Match(dictionary) && bytes.HasPrefix(body, []byte("\xff\xd8\xff")) {
			return body, nil
		}
		if len(body) > 0 && bytes.HasPrefix(pdf[at+len(body):], []byte("endstream")) {
			at += len(body)
		}
	}
	return nil, fmt.Errorf("PDF without a JPEG that stands by itself: %w", devices.ErrUnsupported)
}

// streamBody is what follows the word stream: as long as the dictionary says, or up to endstream where the
// length stands elsewhere or leads beyond the file.
func streamBody(b, dictionary []byte) []byte {
	b = bytes.TrimPrefix(b, []byte("\r"))
	b = bytes.TrimPrefix(b, []byte("\n"))
	if m := hasLength.FindSubmatch(dictionary); m != nil && len(m[2]) == 0 {
		if n, err := strconv.Atoi(string(m[1])); err == nil && n <= len(b) {
			return b[:n]
		}
	}
	end := bytes.Index(b, []byte("endstream"))
	if end < 0 {
		return nil
	}
	return bytes.TrimRight(b[:end], "\r\n")
}
