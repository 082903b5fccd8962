package ui

import (
	"fmt"
	"image"
	"math"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"padarozhnik/station"
	"padarozhnik/station/issuance"
)

// wizard leads through a calibration: which step is in hand, what the person does, what the scanner saw. While it
// does it has the screen to itself.
type wizard struct {
	w         *Window
	procedure *issuance.Procedure   // nil while none is under way
	former    *issuance.Calibration // that is in force of this device; nil: none
	steps     *canvas.Text
	far       *portion
	bar       *fyne.Container
	says      *widget.Label
	verdict   *widget.Label
	found     *fyne.Container
	pictures  *fyne.Container
	page      *widget.Entry
	goOn      *widget.Button
	sign      *widget.Button
	leave     *widget.Button
	object    *fyne.Container
	shown     func(bool) // called as the wizard comes and goes
}

func newWizard(w *Window, shown func(bool)) *wizard {
	z := &wizard{w: w, steps: line("", sizeSmall, true, colourFaint), says: paragraph(""), verdict: paragraph(""),
		far: &portion{}, found: column(4), pictures: row(12), shown: shown}
	z.bar = container.New(z.far, block(shade(colourEdge)), block(shade(colourAction)))
	z.says.TextStyle.Bold, z.verdict.TextStyle.Bold = true, true
	z.page = widget.NewEntry()
	z.page.SetPlaceHolder(w.texts.text("ui.wizard.page"))
	z.page.OnChanged = func(string) { z.turned(w.tasks.busy) }
	z.page.OnSubmitted = func(string) { submit(z.goOn) }
	z.goOn = widget.NewButton(w.texts.text("ui.wizard.do"), w.calibrationStep)
	z.goOn.Importance = widget.HighImportance
	z.sign = widget.NewButton(w.texts.text("ui.wizard.countersign")+"…", w.askSignCalibration)
	z.sign.Importance = widget.HighImportance
	z.leave = widget.NewButton(w.texts.text("ui.wizard.cancel"), func() { w.calmly(func() { z.drop(); w.grown() }) })
	z.object = card(w.texts.text("ui.wizard.title"), column(8, z.steps, z.bar, snug(z.says), z.page, z.pictures,
		snug(z.verdict), z.found))
	z.object.Hide()
	return z
}

// begin leads through another procedure.
func (z *wizard) begin(p *issuance.Procedure, former *issuance.Calibration) {
	z.drop()
	z.procedure, z.former = p, former
}

// drop ends the calibration that is under way; what was not signed is not kept.
func (z *wizard) drop() {
	if z.procedure != nil {
		z.procedure.Cancel()
	}
	z.procedure, z.former = nil, nil
	z.pictures.RemoveAll()
	z.page.SetText("")
	z.object.Hide()
	z.shown(false)
}

// show fills the wizard from the procedure.
func (z *wizard) show() {
	if z.procedure == nil {
		return
	}
	t, s := z.w.texts, z.procedure.State()
	step := s.Step()
	last := len(s.Steps) - 1 // the one that says that all is done
	z.far.share = float32(s.Now) / float32(last)
	z.bar.Refresh()
	z.steps.Text = t.text("ui.wizard.step", t.text("ui.device.name."+string(s.Kind)), min(s.Now+1, last), last)
	if step.Print > 0 {
		z.steps.Text += " · " + t.text("ui.wizard.print.which", step.Print, prints(s.Steps))
	}
	says := t.text("ui.wizard." + step.Name)
	if step.Verify {
		says = t.text("ui.wizard.verify") + " " + says
	}
	z.says.SetText(says)
	z.steps.Text += " · " + t.text("ui.wizard.left", minutes(z.w.deps.Desk.ServiceLeft()))
	visible(step.Name == issuance.StepPrint, z.page)
	z.pictures.RemoveAll()
	for _, p := range []struct {
		key string
		img *image.RGBA
	}{{"ui.wizard.sheet", s.Sheet}, {"ui.wizard.seen", s.Sight.Seen}, {"ui.wizard.ways", s.Sight.Ways}} {
		if p.img != nil {
			z.pictures.Add(column(4, pictureOf(p.img, 290, 160), line(t.text(p.key), sizeSmall, false, colourFaint)))
		}
	}
	z.showResult(s.Result)
	z.object.Show()
	z.shown(true)
	z.turned(z.w.tasks.busy)
	z.object.Refresh()
}

// prints is how many prints of the target a calibration takes.
func prints(steps []issuance.ProcedureStep) (n int) {
	for _, s := range steps {
		n = max(n, s.Print)
	}
	return n
}

// offers tells which of the foot's buttons the wizard wants: the step, the signature, the way out.
func (z *wizard) offers() (step, sign, leave bool) {
	if z.procedure == nil {
		return false, false, false
	}
	now := z.procedure.State().Step().Name
	return now != issuance.StepSign && now != issuance.StepDone, now == issuance.StepSign, true
}

// showResult says whether what was measured is within its limits, beside the calibration before.
func (z *wizard) showResult(c *issuance.Calibration) {
	t := z.w.texts
	z.found.RemoveAll()
	z.verdict.Hidden = c == nil
	if c == nil {
		return
	}
	says := t.text("ui.wizard.good")
	if !c.OK {
		says = t.text("ui.wizard.cause." + c.Cause)
	}
	z.verdict.SetText(says)
	z.found.Add(figures("", t.text("ui.result.across"), t.text("ui.result.along"), t.text("ui.result.turn"),
		t.text("ui.result.rest")))
	if z.former != nil {
		at := z.w.deps.Desk.Now().Location()
		z.found.Add(measured(t.text("ui.result.former", t.moment(z.former.Time, at)), z.former.Point()))
	}
	z.found.Add(measured(t.text("ui.result.now"), c.Point()))
	if p := c.Point(); p.VerifyMM > 0 {
		z.found.Add(line(t.text("ui.result.verified", p.VerifyMM, issuance.VerifyLimitMM), sizeText, true, colourInk))
	}
}

// measured is one calibration in figures.
func measured(name string, p issuance.HistoryPoint) fyne.CanvasObject {
	mm := func(v float64) string {
		if math.Abs(v) < 0.005 {
			return "0.00"
		}
		return strings.Replace(fmt.Sprintf("%+.2f", v), "-", "−", 1)
	}
	return figures(name, mm(p.XMM), mm(p.YMM), mm(p.TurnDeg), fmt.Sprintf("%.2f", p.RestMM))
}

// minutes is how many begun minutes are left.
func minutes(left time.Duration) int { return int((left + time.Minute - 1) / time.Minute) }

// figures is one line of a table: a name and what was measured, each under its head.
func figures(name string, values ...string) fyne.CanvasObject {
	widths := []float32{0}
	cells := []fyne.CanvasObject{line(name, sizeText, false, colourInk)}
	for _, v := range values {
		widths = append(widths, 125)
		cells = append(cells, line(v, sizeText, name != "", colourInk))
	}
	return container.New(columns{widths, 8}, cells...)
}

// turned shows whether a verb runs. A print waits for the number of its page.
func (z *wizard) turned(busy bool) {
	able(!busy, z.sign, z.leave)
	able(!busy && (z.page.Hidden || z.voidPage() != ""), z.goOn)
}

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
