package ui

import (
	"image/color"
	"slices"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"padarozhnik/station/issuance"
	"padarozhnik/station/portrait"
)

// doubts asks an officer what each doubtful character of a zone is: its picture beside what it may be.
type doubts struct {
	texts  texts
	read   issuance.PageReading
	rows   []*doubtRow
	list   *fyne.Container
	lines  *fyne.Container
	decide *widget.Button
	again  *widget.Button
	busy   bool
	object *fyne.Container
}

// doubtRow is one of them.
type doubtRow struct {
	doubt   issuance.Doubt
	chosen  rune // 0 while nobody has decided
	choices []*widget.Button
	runes   []rune
	other   *widget.Entry
}

// pictureSide is the height of a character's picture and of a line's, in units of the screen.
const (
	pictureSide = 72
	stripHeight = 34
)

func newDoubts(t texts, decide, again func()) *doubts {
	d := &doubts{texts: t, list: column(8), lines: column(4)}
	d.decide = widget.NewButton(t.text("ui.doubts.take"), decide)
	d.decide.Importance = widget.HighImportance
	d.again = widget.NewButton(t.text("ui.doubts.again"), again)
	d.object = card(t.text("ui.doubts.title"), column(10, snug(paragraph(t.text("ui.doubts.says"))), d.lines, d.list,
		row(10, roomy(d.decide), roomy(d.again))))
	d.object.Hide()
	return d
}

// show asks about a reading, or about nothing where it has no doubt that can be decided.
func (d *doubts) show(read issuance.PageReading) {
	d.read, d.rows = read, nil
	d.list.RemoveAll()
	d.lines.RemoveAll()
	if read.Found && !read.Poor && !read.Accepted {
		for _, s := range read.Strips {
			d.lines.Add(leading(framed(s, stripHeight)))
		}
		for _, each := range read.Doubts {
			d.list.Add(d.ask(each))
		}
	}
	visible(len(d.rows) > 0, d.object)
	d.turned(d.busy)
}

// framed is a picture of ink at a height, as wide as its shape asks for.
func framed(data []byte, height float32) fyne.CanvasObject {
	img, err := portrait.Decode(data)
	if err != nil {
		return container.NewStack()
	}
	b := img.Bounds()
	shown := canvas.NewImageFromImage(img)
	shown.FillMode = canvas.ImageFillContain
	shown.SetMinSize(fyne.NewSize(height*float32(b.Dx())/float32(max(1, b.Dy())), height))
	edge := canvas.NewRectangle(color.Transparent)
	edge.StrokeColor, edge.StrokeWidth = shade(colourEdge), 1
	return container.NewStack(shown, edge)
}

// ask makes the row of one character: where it stands, its picture, what it may be, and an entry for
// whatever else.
func (d *doubts) ask(doubt issuance.Doubt) fyne.CanvasObject {
	r := &doubtRow{doubt: doubt, other: widget.NewEntry()}
	d.rows = append(d.rows, r)
	where := column(0, line(d.texts.word("ui.zone", strings.ReplaceAll(string(doubt.Field), " ", "-")), sizeText, true, colourInk),
		line(d.texts.text("ui.doubts.place", doubt.Line+1, doubt.Column+1), sizeSmall, false, colourFaint))
	r.runes = append([]rune{doubt.Proposed}, slices.DeleteFunc(slices.Clone(doubt.Others), func(c rune) bool {
		return c == doubt.Proposed
	})...)
	choices := row(6)
	for _, c := range r.runes {
		b := widget.NewButton(string(c), func() { d.choose(r, c) })
		r.choices = append(r.choices, b)
		choices.Add(atLeast(48, 42, b))
	}
	r.other.SetPlaceHolder(d.texts.text("ui.doubts.other"))
	r.other.OnChanged = func(s string) {
		s = strings.ToUpper(strings.TrimSpace(s))
		if len(s) == 1 {
			d.choose(r, rune(s[0]))
		}
	}
	return container.New(columns{[]float32{190, 150, 0, 130}, 12}, where,
		container.NewCenter(framed(doubt.Picture, pictureSide)), leading(choices), r.other)
}

// choose decides on one character, and marks the decision by a sign and by weight.
func (d *doubts) choose(r *doubtRow, c rune) {
	r.chosen = c
	for i, b := range r.choices {
		text, importance := string(r.runes[i]), widget.MediumImportance
		if r.runes[i] == c {
			text, importance = "✓ "+text, widget.HighImportance
		}
		b.Importance = importance
		b.SetText(text)
	}
	d.turned(d.busy)
}

// decided lists what the officer decided.
func (d *doubts) decided() []issuance.CharDecision {
	var out []issuance.CharDecision
	for _, r := range d.rows {
		if r.chosen != 0 {
			out = append(out, issuance.CharDecision{Line: r.doubt.Line, Column: r.doubt.Column, Rune: r.chosen})
		}
	}
	return out
}

func (d *doubts) turned(busy bool) {
	d.busy = busy
	able(!busy && len(d.rows) > 0 && len(d.decided()) == len(d.rows), d.decide)
	able(!busy, d.again)
}
