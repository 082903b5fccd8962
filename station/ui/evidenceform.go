package ui

import (
	"slices"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"padarozhnik/station"
)

// evidenceForm is the ledger of what the officer saw, and adds to it. What an item is worth, and whether it
// counts, is the profile's to say.
type evidenceForm struct {
	texts   texts
	rules   station.Rules
	calmly  func(func()) // does what the second half of a double click must not do again
	items   []station.Evidence
	read    station.Application // for what counts
	list    *fyne.Container
	kind    *widget.Select
	more    *widget.Button
	note    *widget.Entry
	voucher *widget.Entry
	proven  *widget.Check
	lost    *widget.Check
	object  fyne.CanvasObject
}

func newEvidenceForm(t texts, r station.Rules, calmly func(func())) *evidenceForm {
	f := &evidenceForm{texts: t, rules: r, calmly: calmly, list: column(4)}
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
	f.note.OnSubmitted = func(string) { f.add() }
	f.voucher.OnSubmitted = func(string) { f.add() }
	f.kind.OnChanged = func(string) { f.chosen() }
	f.object = column(12, card(t.text("ui.evidence.title"), f.list), card(t.text("ui.proof.more"), column(8,
		pair(f.kind, f.note), f.voucher, row(10, f.proven, f.lost), leading(roomy(f.more)))))
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

func (f *evidenceForm) content() fyne.CanvasObject { return f.object }

func (f *evidenceForm) first() fyne.Focusable { return f.kind }

func (f *evidenceForm) turned(bool) {}

// show lists what an application holds.
func (f *evidenceForm) show(d draft) {
	f.read, f.items = d.Application, slices.Clone(d.Evidence)
	f.draw()
}

// draw fills the ledger.
func (f *evidenceForm) draw() {
	a := f.read
	a.Evidence = f.items
	f.list.Objects = ledger(f.texts, f.rules, a, func(i int) fyne.CanvasObject {
		remove := widget.NewButtonWithIcon("", theme.DeleteIcon(), func() {
			f.calmly(func() {
				f.items = slices.Delete(f.items, i, i+1)
				f.draw()
			})
		})
		remove.Importance = widget.LowImportance
		return remove
	})
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
	f.clear()
	f.items = append(f.items, e)
	f.draw()
	focus(f.kind)
}

// clear forgets what was being written down.
func (f *evidenceForm) clear() {
	f.kind.ClearSelected()
	f.note.SetText("")
	f.voucher.SetText("")
	f.proven.SetChecked(false)
	f.lost.SetChecked(false)
	f.chosen()
}

// fill writes the ledger into an application.
func (f *evidenceForm) fill(a *station.Application) error {
	a.Evidence = slices.Clone(f.items)
	return nil
}
