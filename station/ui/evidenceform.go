package ui

import (
	"slices"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"padarozhnik/station"
)

// evidenceForm lists what the officer saw and adds to it. What an item is worth is the profile's to say.
type evidenceForm struct {
	texts   texts
	rules   station.Rules
	items   []station.Evidence
	list    *fyne.Container
	kind    *widget.Select
	more    *widget.Button
	note    *widget.Entry
	voucher *widget.Entry
	proven  *widget.Check
	lost    *widget.Check
	object  *fyne.Container
}

func newEvidenceForm(t texts, r station.Rules) *evidenceForm {
	f := &evidenceForm{texts: t, rules: r, list: container.NewVBox()}
	labels := make([]string, len(r.Worth))
	for i, k := range r.Kinds() {
		labels[i] = t.word("ui.proof", k)
	}
	f.kind = widget.NewSelect(labels, nil)
	f.kind.PlaceHolder = t.text("ui.proof.choose")
	f.note = widget.NewEntry()
	f.note.SetPlaceHolder(t.text("ui.proof.note"))
	f.voucher = widget.NewEntry()
	f.voucher.SetPlaceHolder(t.text("ui.proof.number"))
	f.proven = widget.NewCheck(t.text("ui.proof.proven"), nil)
	f.lost = widget.NewCheck(t.text("ui.proof.lost"), nil)
	f.more = widget.NewButtonWithIcon(t.text("ui.proof.add"), theme.ContentAddIcon(), f.add)
	f.kind.OnChanged = func(string) { f.chosen() }
	f.object = column(6, f.list, pair(f.kind, f.note), f.voucher, row(10, f.proven, f.lost), f.more)
	f.chosen()
	return f
}

// chosen offers what belongs to the kind that is chosen.
func (f *evidenceForm) chosen() {
	kind := f.chosenKind()
	i := slices.IndexFunc(f.rules.Worth, func(w station.EvidenceRule) bool { return w.Kind == kind })
	visible(kind == station.KindVoucher, f.voucher)
	visible(i >= 0 && f.rules.Worth[i].Proven > 0, f.proven)
	visible(kind == station.KindOldPassport, f.lost)
	able(kind != "", f.more)
}

func (f *evidenceForm) chosenKind() string {
	if i := f.kind.SelectedIndex(); i >= 0 {
		return f.rules.Worth[i].Kind
	}
	return ""
}

func (f *evidenceForm) show(items []station.Evidence) {
	f.items = slices.Clone(items)
	f.list.RemoveAll()
	for i, e := range f.items {
		remove := widget.NewButtonWithIcon("", theme.DeleteIcon(), func() { f.show(slices.Delete(f.items, i, i+1)) })
		remove.Importance = widget.LowImportance
		f.list.Add(container.NewBorder(nil, nil, nil, remove,
			leading(line(evidenceLine(f.texts, f.rules, e), sizeText, false, colourInk))))
	}
	f.list.Refresh()
}

func (f *evidenceForm) add() {
	kind := f.chosenKind()
	if kind == "" {
		return
	}
	e := station.Evidence{Kind: kind, Note: f.note.Text}
	if kind == station.KindVoucher {
		e.Voucher = station.Serial(strings.ToUpper(strings.TrimSpace(f.voucher.Text)))
	}
	e.Proven, e.Lost = f.proven.Visible() && f.proven.Checked, f.lost.Visible() && f.lost.Checked
	f.kind.ClearSelected()
	f.note.SetText("")
	f.voucher.SetText("")
	f.proven.SetChecked(false)
	f.lost.SetChecked(false)
	f.chosen()
	f.show(append(f.items, e))
}
