package ui

import (
	"image"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"padarozhnik/station"
	"padarozhnik/station/issuance"
)

// wizard leads through a calibration: which step is in hand, what the person does, what the scanner saw.
type wizard struct {
	w         *Window
	procedure *issuance.Procedure // nil while none is under way
	steps     *canvas.Text
	says      *widget.Label
	found     *widget.Label
	pictures  *fyne.Container
	page      *widget.Entry
	goOn      *widget.Button
	sign      *widget.Button
	leave     *widget.Button
	object    *fyne.Container
}

func newWizard(w *Window) *wizard {
	z := &wizard{w: w, steps: line("", sizeSmall, true, colourFaint), says: paragraph(""), found: paragraph(""),
		pictures: row(12)}
	z.says.TextStyle.Bold = true
	z.page = widget.NewEntry()
	z.page.SetPlaceHolder(w.texts.text("ui.wizard.page"))
	z.page.OnSubmitted = func(string) { submit(z.goOn) }
	z.goOn = widget.NewButton(w.texts.text("ui.wizard.do"), w.calibrationStep)
	z.goOn.Importance = widget.HighImportance
	z.sign = widget.NewButton(w.texts.text("ui.wizard.sign"), w.askSignCalibration)
	z.sign.Importance = widget.HighImportance
	z.leave = widget.NewButton(w.texts.text("ui.wizard.cancel"), func() { z.drop(); w.grown() })
	z.object = card(w.texts.text("ui.wizard.title"), column(8, z.steps, snug(z.says), z.page, z.pictures, snug(z.found),
		container.NewBorder(nil, nil, roomy(z.leave), row(10, z.goOn, z.sign))))
	z.object.Hide()
	return z
}

// drop ends the calibration that is under way; what was not signed is not kept.
func (z *wizard) drop() {
	if z.procedure != nil {
		z.procedure.Cancel()
	}
	z.procedure = nil
	z.pictures.RemoveAll()
	z.object.Hide()
}

// show fills the wizard from the procedure.
func (z *wizard) show() {
	if z.procedure == nil {
		return
	}
	t, s := z.w.texts, z.procedure.State()
	step := s.Step()
	z.steps.Text = t.text("ui.wizard.step", min(s.Now+1, len(s.Steps)), len(s.Steps))
	z.says.SetText(t.text("ui.wizard." + step.Name))
	visible(step.Name == issuance.StepPrint, z.page)
	visible(step.Name != issuance.StepSign && step.Name != issuance.StepDone, z.goOn)
	visible(step.Name == issuance.StepSign, z.sign)
	z.pictures.RemoveAll()
	for _, p := range []*image.RGBA{s.Sheet, s.Sight.Seen, s.Sight.Ways} {
		if p != nil {
			z.pictures.Add(pictureOf(p, 300, 220))
		}
	}
	z.found.SetText(z.result(s.Result))
	z.found.Hidden = s.Result == nil
	z.object.Show()
	z.object.Refresh()
}

// result says what was measured, and whether it is within its limits.
func (z *wizard) result(c *issuance.Calibration) string {
	if c == nil {
		return ""
	}
	t := z.w.texts
	words := []string{t.text("ui.wizard.good")}
	if !c.OK {
		words = []string{t.text("ui.wizard.cause." + c.Cause)}
	}
	if p := c.Printer; p != nil {
		words = append(words, t.text("ui.wizard.printer", p.OffsetXMM, p.OffsetYMM, p.TurnDeg, p.RestMM, c.VerifyMM))
	}
	return strings.Join(words, " ")
}

// turned shows whether a verb runs.
func (z *wizard) turned(busy bool) { able(!busy, z.goOn, z.sign, z.leave) }

// voidPage reads which page is printed on.
func (z *wizard) voidPage() station.Serial {
	return station.Serial(strings.ToUpper(strings.TrimSpace(z.page.Text)))
}

// pictureOf shows a picture of a test sheet as large as fits.
func pictureOf(img image.Image, width, height float32) fyne.CanvasObject {
	p := canvas.NewImageFromImage(img)
	p.FillMode = canvas.ImageFillContain
	p.SetMinSize(fyne.NewSize(scaled(width), scaled(height)))
	return p
}
