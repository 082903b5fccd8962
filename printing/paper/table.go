package paper

// Column is one column of a table.
type Column struct {
	Head    string
	WidthMM float64 // 0 shares what the others leave
	Right   bool    // numbers stand at the right
}

// Table writes rows under heads, which are repeated on every page. A row that lacks cells is filled
// with empty ones; a cell that is too long for its column is broken into lines.
func (s *Sheet) Table(columns []Column, rows [][]string) {
	columns = shared(columns)
	s.room(3 * lineMM)
	s.heads(columns)
	s.letters("", textPt-1)
	for _, row := range rows {
		high := s.high(columns, row)
		_, page := s.pdf.GetPageSize()
		if s.pdf.GetY()+high > page-bottomMM {
			s.pdf.AddPage()
			s.heads(columns)
			s.letters("", textPt-1)
		}
		s.row(columns, row, high)
	}
	s.pdf.Ln(2)
}

// shared gives columns without a width an equal part of what is left.
func shared(columns []Column) []Column {
	out := append([]Column(nil), columns...)
	left, open := columnMM, 0
	for _, c := range out {
		left -= c.WidthMM
		if c.WidthMM == 0 {
			open++
		}
	}
	for i := range out {
		if out[i].WidthMM == 0 {
			out[i].WidthMM = max(left/float64(open), 8)
		}
	}
	return out
}

func (s *Sheet) heads(columns []Column) {
	heads := make([]string, len(columns))
	for i, c := range columns {
		heads[i] = c.Head
	}
	s.letters("B", textPt-1)
	s.row(columns, heads, s.high(columns, heads))
}

// high is what the tallest cell of a row needs.
func (s *Sheet) high(columns []Column, row []string) float64 {
	lines := 1
	for i := range min(len(row), len(columns)) {
		lines = max(lines, len(s.pdf.SplitText(row[i], columns[i].WidthMM)))
	}
	return float64(lines) * lineMM
}

func (s *Sheet) row(columns []Column, row []string, high float64) {
	x, y := marginMM, s.pdf.GetY()
	for i, c := range columns {
		if i < len(row) {
			align := "L"
			if c.Right {
				align = "R"
			}
			s.pdf.SetXY(x, y)
			s.pdf.MultiCell(c.WidthMM, lineMM, row[i], "", align, false)
		}
		x += c.WidthMM
	}
	s.pdf.SetDrawColor(200, 200, 200)
	s.pdf.Line(marginMM, y+high, marginMM+columnMM, y+high)
	s.pdf.SetDrawColor(0, 0, 0)
	s.pdf.SetXY(marginMM, y+high+0.4)
}
