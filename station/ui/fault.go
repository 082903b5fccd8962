package ui

import (
	"context"
	"errors"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"padarozhnik/station/issuance"
)

// fault tells a person what to do about an error; what an engineer wants to know is folded below.
type fault struct {
	texts  texts
	says   *widget.Label
	list   *widget.Label
	detail *widget.Label
	fold   *widget.Button
	object *fyne.Container
	grown  func() // called when the panel takes more or less room
}

func newFault(t texts, grown func()) *fault {
	f := &fault{texts: t, says: paragraph(""), list: paragraph(""), detail: paragraph(""), grown: grown}
	f.says.TextStyle.Bold = true
	f.detail.Selectable = true
	f.detail.SizeName = theme.SizeNameCaptionText
	f.fold = widget.NewButton("", f.unfold)
	f.fold.Importance = widget.LowImportance
	dismiss := widget.NewButtonWithIcon("", theme.CancelIcon(), f.clear)
	dismiss.Importance = widget.LowImportance
	panel := filled(colourBlush, colourTrouble, 8, 12, container.NewBorder(nil, nil,
		container.NewVBox(inset(8, 0, 2, 6, alarm())), container.NewVBox(container.NewHBox(f.fold, dismiss)),
		container.NewVBox(f.says, f.list, f.detail)))
	f.object = inset(14, 0, 24, 24, panel)
	f.object.Hide()
	return f
}

// show tells what to do about err, or nothing for nil.
func (f *fault) show(err error) {
	if err == nil && f.object.Hidden {
		return
	}
	f.object.Hidden = err == nil
	if err == nil {
		f.grown()
		return
	}
	f.says.SetText(f.texts.sentence(err))
	var names []string
	for _, m := range lacking(err) {
		names = append(names, f.texts.field(m.Field))
	}
	names = append(names, particulars(f.texts, err)...)
	f.list.Hidden = len(names) == 0
	f.list.SetText(strings.Join(names, " · "))
	f.detail.SetText(err.Error())
	f.detail.Show()
	f.unfold()
}

func (f *fault) clear() { f.show(nil) }

// unfold shows or hides the engineer's detail.
func (f *fault) unfold() {
	f.detail.Hidden = !f.detail.Hidden
	key := "ui.fault.less"
	if f.detail.Hidden {
		key = "ui.fault.more"
	}
	f.fold.SetText(f.texts.text(key))
	f.object.Refresh()
	f.grown()
}

// sentence tells a person what happened and what to do.
func (t texts) sentence(err error) string {
	if key := issuance.Cure(err); key != "other" {
		return t.text("cure." + key)
	}
	if errors.Is(err, context.Canceled) {
		return t.text("ui.stopped")
	}
	return t.text("cure.other")
}

// field names what an application lacks.
func (t texts) field(name string) string {
	family, item, _ := strings.Cut(name, ".")
	if s, ok := t.table["ui.field."+name]; ok {
		return s
	}
	if s, ok := t.table["ui.field."+family]; ok {
		return s + ": " + t.word("ui."+family, item)
	}
	return name
}
