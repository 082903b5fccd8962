package paper

// Banner writes words on an amber band over the head of this page and of every one that follows, as on the
// papers of a training office.
func (s *Sheet) Banner(text string) {
	const topMM, highMM = 6.0, 8.0
	draw := func() {
		x, y := s.pdf.GetXY()
		s.pdf.SetXY(marginMM, topMM)
		s.pdf.SetFillColor(255, 196, 61)
		s.letters("B", textPt)
		s.pdf.CellFormat(columnMM, highMM, text, "", 0, "C", true, 0, "")
		s.pdf.SetXY(x, y)
	}
	draw()
	s.pdf.SetHeaderFunc(draw)
}
