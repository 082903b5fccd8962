package scanner

import (
	"bytes"
	"fmt"
)

// pdfOf wraps a JPEG into a PDF file of one page, as multifunction devices do.
func pdfOf(jpeg []byte, w, h, dpi int) []byte {
	var b bytes.Buffer
	var offsets []int
	object := func(format string, args ...any) {
		offsets = append(offsets, b.Len())
		fmt.Fprintf(&b, "%d 0 obj\n", len(offsets))
		fmt.Fprintf(&b, format, args...)
		b.WriteString("\nendobj\n")
	}
	points := func(pixels int) float64 { return float64(pixels) / float64(dpi) * 72 }
	b.WriteString("%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")
	object("<< /Type /Catalog /Pages 2 0 R >>")
	object("<< /Type /Pages /Kids [3 0 R] /Count 1 >>")
	object("<< /Type /Page /Parent 2 0 R /MediaBox [0 0 %.2f %.2f] /Contents 4 0 R"+
		" /Resources << /XObject << /Im0 5 0 R >> >> >>", points(w), points(h))
	draw := fmt.Sprintf("q %.2f 0 0 %.2f 0 0 cm /Im0 Do Q", points(w), points(h))
	object("<< /Length %d >>\nstream\n%s\nendstream", len(draw), draw)
	object("<< /Type /XObject /Subtype /Image /Width %d /Height %d /ColorSpace /DeviceRGB /BitsPerComponent 8"+
		" /Filter /DCTDecode /Length %d >>\nstream\n%s\nendstream", w, h, len(jpeg), jpeg)
	start := b.Len()
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n", len(offsets)+1)
	for _, o := range offsets {
		fmt.Fprintf(&b, "%010d 00000 n \n", o)
	}
	fmt.Fprintf(&b, "trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n", len(offsets)+1, start)
	return b.Bytes()
}
