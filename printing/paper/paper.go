// Package paper writes what an office prints for its files: a title, lines, and tables, as a PDF of A4
// pages with Noto Sans embedded, so that Belarusian looks the same everywhere. It knows nothing of what it
// writes.
package paper

import (
	"fmt"
	"io"
	"time"

	"github.com/go-pdf/fpdf"

	"padarozhnik/resources"
)

// Document is one PDF.
type Document struct {
	Title  string
	Banner string // across the head of every page, as of a training office; "" for none
	Lines  []Line
	Tables []Table
	Foot   string // on every page, before its number
	Made   time.Time
}

// Line is a name with its value.
type Line struct{ Name, Value string }

// Table has a heading and columns. Widths are shares of the page's width, one for each column.
type Table struct {
	Heading string
	Columns []string
	Widths  []float64
	Right   []bool // columns of figures; nil: none
	Rows    [][]string
}

// Measures of a page, in millimetres and points.
const (
	margin    = 18.0
	pageWidth = 210 - 2*margin
	rowHeight = 5.2
	textSize  = 9.0
	headSize  = 15.0
	font      = "NotoSans"
)

// Write writes the document. The same document gives the same bytes.
func (d Document) Write(w io.Writer) error {
	pdf := fpdf.New("P", "mm", "A4", "")
	pdf.SetCreationDate(d.Made.UTC())
	pdf.SetModificationDate(d.Made.UTC())
	pdf.SetCatalogSort(true)
	pdf.SetTitle(d.Title, true)
	pdf.SetMargins(margin, margin, margin)
	pdf.SetAutoPageBreak(true, margin)
	pdf.AddUTF8FontFromBytes(font, "", resources.NotoSansRegular)
	pdf.AddUTF8FontFromBytes(font, "B", resources.NotoSansBold)
	pdf.AliasNbPages("{pages}")
	pdf.SetHeaderFunc(func() { d.banner(pdf) })
	pdf.SetFooterFunc(func() {
		pdf.SetY(-margin + 4)
		pdf.SetFont(font, "", 7.5)
		pdf.CellFormat(pageWidth, 4, fmt.Sprintf("%s   %d / {pages}", d.Foot, pdf.PageNo()), "", 0, "R", false, 0, "")
	})
	pdf.AddPage()
	pdf.SetFont(font, "B", headSize)
	pdf.MultiCell(pageWidth, 7.5, d.Title, "", "L", false)
	pdf.Ln(2)
	for _, l := range d.Lines {
		pdf.SetFont(font, "", textSize)
		pdf.CellFormat(pageWidth*0.34, rowHeight, l.Name, "", 0, "L", false, 0, "")
		pdf.SetFont(font, "B", textSize)
		pdf.MultiCell(pageWidth*0.66, rowHeight, l.Value, "", "L", false)
	}
	for _, t := range d.Tables {
		t.write(pdf)
	}
	if err := pdf.Output(w); err != nil {
		return fmt.Errorf("pdf: %w", err)
	}
	return nil
}

func (d Document) banner(pdf *fpdf.Fpdf) {
	if d.Banner == "" {
		return
	}
	pdf.SetFillColor(255, 196, 61)
	pdf.SetFont(font, "B", 11)
	pdf.SetY(6)
	pdf.CellFormat(pageWidth, 7, d.Banner, "", 1, "C", true, 0, "")
	pdf.SetY(margin)
}

func (t Table) write(pdf *fpdf.Fpdf) {
	pdf.Ln(4)
	if pdf.GetY() > 297-margin-4*rowHeight { // a heading is not left alone at the foot of a page
		pdf.AddPage()
	}
	pdf.SetFont(font, "B", textSize+1.5)
	pdf.CellFormat(pageWidth, rowHeight+1, t.Heading, "", 1, "L", false, 0, "")
	pdf.SetFont(font, "B", textSize)
	t.row(pdf, t.Columns, "B")
	pdf.SetFont(font, "", textSize)
	for _, r := range t.Rows {
		t.row(pdf, r, "")
	}
}

// row writes one row, as high as its highest cell.
func (t Table) row(pdf *fpdf.Fpdf, cells []string, border string) {
	lines := make([][]string, len(cells))
	high := 1
	for i, c := range cells {
		lines[i] = pdf.SplitText(c, pageWidth*t.Widths[i]-2)
		high = max(high, len(lines[i]))
	}
	if pdf.GetY()+float64(high)*rowHeight > 297-margin {
		pdf.AddPage()
	}
	x, y := margin, pdf.GetY()
	for i := range cells {
		width := pageWidth * t.Widths[i]
		align := "L"
		if t.Right != nil && t.Right[i] {
			align = "R"
		}
		for n := range high {
			text, edge := "", ""
			if n < len(lines[i]) {
				text = lines[i][n]
			}
			if n == high-1 {
				edge = border
			}
			pdf.SetXY(x, y+float64(n)*rowHeight)
			pdf.CellFormat(width, rowHeight, text, edge, 0, align, false, 0, "")
		}
		x += width
	}
	pdf.SetXY(margin, y+float64(high)*rowHeight)
}
