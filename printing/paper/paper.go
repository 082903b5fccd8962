// Package paper makes the office's own papers as PDF: receipts, statements, lists, the printed key. It
// knows headings, sentences, named values, tables, QR codes and lines for signatures, sets them on A4
// in Noto Sans, which has the whole Belarusian alphabet, and numbers the pages.
//
// A sheet that was made of the same words at the same time is the same to the byte.
package paper

import (
	"bytes"
	"fmt"
	"io"
	"strconv"
	"time"

	"codeberg.org/go-pdf/fpdf"

	"padarozhnik/resources"
)

// Measures of a sheet of A4, in millimetres, and of its letters, in points.
const (
	widthMM   = 210.0
	marginMM  = 20.0
	bottomMM  = 22.0
	columnMM  = widthMM - 2*marginMM
	nameMM    = 58.0 // of the names in a list of facts
	textPt    = 10.0
	headingPt = 13.0
	titlePt   = 18.0
	footerPt  = 8.0
	lineMM    = 5.2
	font      = "Noto Sans"
)

// Sheet is a paper that is being written, top down. It is used by one goroutine. The first error is
// kept and returned by Bytes.
type Sheet struct {
	pdf *fpdf.Fpdf
	err error
}

// New begins a paper. The title stands on top and in the footer of every page; made is the time that
// the file claims, which is all that it says of its making.
func New(title string, made time.Time) *Sheet {
	f := fpdf.New("P", "mm", "A4", "")
	f.SetMargins(marginMM, marginMM, marginMM)
	f.SetAutoPageBreak(true, bottomMM)
	f.SetCreationDate(made.UTC())
	f.SetModificationDate(made.UTC())
	f.SetCatalogSort(true)
	f.SetProducer("padarozhnik", true)
	f.SetTitle(title, true)
	f.AddUTF8FontFromBytes(font, "", bytes.Clone(resources.NotoSansRegular))
	f.AddUTF8FontFromBytes(font, "B", bytes.Clone(resources.NotoSansBold))
	f.AliasNbPages("")
	f.SetFooterFunc(func() {
		f.SetY(-15)
		f.SetFont(font, "", footerPt)
		f.SetTextColor(90, 90, 90)
		f.CellFormat(columnMM*0.8, lineMM, title, "", 0, "L", false, 0, "")
		f.CellFormat(0, lineMM, strconv.Itoa(f.PageNo())+"/{nb}", "", 0, "R", false, 0, "")
		f.SetTextColor(0, 0, 0)
	})
	f.AddPage()
	s := &Sheet{pdf: f}
	s.letters("B", titlePt)
	f.MultiCell(columnMM, titlePt*0.45, title, "", "L", false)
	f.Ln(3)
	return s
}

func (s *Sheet) letters(style string, points float64) { s.pdf.SetFont(font, style, points) }

// Heading begins a part. It does not stand alone at the foot of a page.
func (s *Sheet) Heading(text string) {
	s.room(4 * lineMM)
	s.pdf.Ln(2)
	s.letters("B", headingPt)
	s.pdf.MultiCell(columnMM, headingPt*0.5, text, "", "L", false)
	s.pdf.Ln(1)
}

// Text writes a paragraph.
func (s *Sheet) Text(text string) {
	s.letters("", textPt)
	s.pdf.MultiCell(columnMM, lineMM, text, "", "L", false)
	s.pdf.Ln(1.5)
}

// Small writes what a machine or an expert reads: digits, keys, codes.
func (s *Sheet) Small(text string) {
	s.letters("", footerPt)
	s.pdf.MultiCell(columnMM, footerPt*0.45, text, "", "L", false)
	s.pdf.Ln(1.5)
}

// Fact writes a named value on a line of its own.
func (s *Sheet) Fact(name, value string) {
	s.letters("", textPt)
	lines := max(len(s.pdf.SplitText(value, columnMM-nameMM)), len(s.pdf.SplitText(name, nameMM)))
	s.room(float64(lines) * lineMM)
	y := s.pdf.GetY()
	s.pdf.SetTextColor(90, 90, 90)
	s.pdf.MultiCell(nameMM, lineMM, name, "", "L", false)
	s.pdf.SetTextColor(0, 0, 0)
	s.pdf.SetXY(marginMM+nameMM, y)
	s.letters("B", textPt)
	s.pdf.MultiCell(columnMM-nameMM, lineMM, value, "", "L", false)
	s.pdf.SetXY(marginMM, y+float64(max(lines, 1))*lineMM+0.6)
}

// Signatures leaves room for signatures by hand, two on a line, each over the words for who signs.
func (s *Sheet) Signatures(who ...string) {
	const lineWidth = columnMM/2 - 8
	for i := 0; i < len(who); i += 2 {
		s.room(26)
		y := s.pdf.GetY() + 17
		for j, name := range who[i:min(i+2, len(who))] {
			x := marginMM + float64(j)*columnMM/2
			s.pdf.Line(x, y, x+lineWidth, y)
			s.letters("", footerPt)
			s.pdf.SetXY(x, y+1)
			s.pdf.CellFormat(lineWidth, lineMM, name, "", 0, "L", false, 0, "")
		}
		s.pdf.SetXY(marginMM, y+8)
	}
}

// room begins a new page where less than heightMM is left on this one.
func (s *Sheet) room(heightMM float64) {
	_, page := s.pdf.GetPageSize()
	if s.pdf.GetY()+heightMM > page-bottomMM {
		s.pdf.AddPage()
	}
}

// Keywords puts words into the file's description, where a program finds them without drawing the
// page. They are of ASCII.
func (s *Sheet) Keywords(words string) { s.pdf.SetKeywords(words, false) }

// WriteTo writes the finished paper.
func (s *Sheet) WriteTo(w io.Writer) (int64, error) {
	raw, err := s.Bytes()
	if err != nil {
		return 0, err
	}
	n, err := w.Write(raw)
	return int64(n), err
}

// Bytes ends the paper and returns the file.
func (s *Sheet) Bytes() ([]byte, error) {
	if s.err != nil {
		return nil, fmt.Errorf("paper: %w", s.err)
	}
	var b bytes.Buffer
	if err := s.pdf.Output(&b); err != nil {
		return nil, fmt.Errorf("paper: %w", err)
	}
	return b.Bytes(), nil
}
