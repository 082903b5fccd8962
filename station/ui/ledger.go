package ui

import (
	"fmt"
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"padarozhnik/station"
)

// ledger draws the evidence: every item with its points on each question, what does not count said so, and
// the sums against what the profile asks for. remove, which may be nil, gives what takes an item out.
func ledger(t texts, r station.Rules, a station.Application, remove func(i int) fyne.CanvasObject) []fyne.CanvasObject {
	counted := a.Ledger(r)
	heads := make([]string, len(station.Questions()))
	for i, q := range station.Questions() {
		heads[i] = t.text("ui.question." + string(q))
	}
	lines := []fyne.CanvasObject{ledgerLine("", heads, nil, true)}
	wrote := func(kind string) bool {
		return slices.ContainsFunc(a.Evidence, func(e station.Evidence) bool { return e.Kind == kind })
	}
	if len(counted) > 0 && !wrote(counted[0].Kind) { // read by the desk, not written down
		words := evidenceWords(t, counted[0]) + "  · " + t.text("ui.evidence.read")
		lines = append(lines, ledgerLine(words, pointsOf(r, counted[0]), nil, false))
		counted = counted[1:]
	}
	for i, e := range a.Evidence {
		words, points := evidenceWords(t, e), []string{"—", "—", "—"}
		at := slices.IndexFunc(counted, func(c station.Evidence) bool {
			return c.Kind == e.Kind && c.Note == e.Note && c.Voucher == e.Voucher && c.Proven == e.Proven
		})
		if at >= 0 {
			counted, points = slices.Delete(slices.Clone(counted), at, at+1), pointsOf(r, e)
		} else {
			words += "  · " + t.text("ui.evidence.not-counted")
		}
		var end fyne.CanvasObject
		if remove != nil && e.Kind != station.ChipProof {
			end = remove(i)
		}
		lines = append(lines, ledgerLine(words, points, end, false))
	}
	sums := make([]string, len(station.Questions()))
	for i, q := range station.Questions() {
		mark := "! "
		if a.Enough(r, q) {
			mark = "✓ "
		}
		sums[i] = mark + fmt.Sprint(a.Score(r, q))
	}
	return append(lines, widget.NewSeparator(), ledgerLine(t.text("ui.evidence.sum", max(r.MinPoints, 1)), sums, nil, true))
}

// ledgerLine is one line: words, a cell for each question, and what stands at the end.
func ledgerLine(words string, points []string, end fyne.CanvasObject, strong bool) fyne.CanvasObject {
	if end == nil {
		end = container.NewStack()
	}
	says := paragraph(words)
	says.TextStyle.Bold = strong
	cells := []fyne.CanvasObject{snug(says)}
	for _, p := range points {
		size := float32(sizeText)
		if words == "" {
			size = sizeSmall
		}
		cells = append(cells, centred(line(p, size, strong, colourInk)))
	}
	return container.New(columns{[]float32{0, 90, 90, 90, 36}, 6}, append(cells, end)...)
}

// pointsOf is what an item adds to each question, in the order of station.Questions.
func pointsOf(r station.Rules, e station.Evidence) []string {
	points := make([]string, len(station.Questions()))
	for i, q := range station.Questions() {
		points[i] = fmt.Sprint(r.Points(e, q))
	}
	return points
}

// evidenceWords is one item of evidence without its points. The verdict on a chip stands with its passport.
func evidenceWords(t texts, e station.Evidence) string {
	s := t.word("ui.proof", e.Kind)
	if e.Proven && e.Kind != station.ChipProof {
		s += "  · " + t.text("ui.proof.proven")
	}
	if e.Lost {
		s += "  · " + t.text("ui.proof.lost")
	}
	if e.Voucher != "" {
		s += "  · " + string(e.Voucher)
	}
	if e.Note != "" && e.Kind != station.ChipProof {
		s += "  · " + e.Note
	}
	return s
}
