package ui

import (
	"fmt"
	"image"
	"math"
	"slices"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
	"golang.org/x/image/draw"

	"padarozhnik/station"
	"padarozhnik/station/issuance"
	"padarozhnik/station/portrait"
)

// portraitActions are what the buttons of the portrait's step do.
type portraitActions struct {
	choose, scan, take func()
	camera             func()                // show what it sees
	shoot              func()                // take the picture that it sees
	moved              func(image.Rectangle) // the frame was moved: measure again
}

// portraitForm takes the portrait out of a picture: the frame, what was measured with limits and cures, and
// what the officer has seen that nobody can measure.
type portraitForm struct {
	texts  texts
	today  func() station.Date
	crop   *cropper
	kept   *fyne.Container
	checks *fyne.Container
	ticks  *fyne.Container
	boxes  []*widget.Check
	keys   []string
	says   *widget.Label
	push   []*widget.Button
	take   *widget.Button
	shoot  *widget.Button // while the camera runs
	source image.Image    // the picture that the frame lies on; nil where there is none
	from   string
	found  portrait.Finding

	measuring, again bool // a measurement runs; another frame waits for it
	object           fyne.CanvasObject
}

func newPortraitForm(t texts, today func() station.Date, scanner bool, do portraitActions) *portraitForm {
	f := &portraitForm{texts: t, today: today, kept: row(8), checks: column(5), ticks: column(0), says: paragraph("")}
	f.says.TextStyle.Bold = true
	f.crop = newCropper(do.moved)
	choose := widget.NewButtonWithIcon(t.text("ui.portrait.choose"), theme.FileImageIcon(), do.choose)
	f.push = []*widget.Button{choose}
	camera := widget.NewButtonWithIcon(t.text("ui.portrait.camera"), theme.MediaPhotoIcon(), do.camera)
	f.push = append(f.push, camera)
	devices := container.New(halves{8}, camera)
	if scanner {
		scan := widget.NewButtonWithIcon(t.text("ui.portrait.scan"), theme.DocumentIcon(), do.scan)
		f.push = append(f.push, scan)
		devices.Add(scan)
	}
	sources := column(6, choose, devices)
	f.take = widget.NewButton(t.text("ui.portrait.take"), do.take)
	f.take.Importance = widget.HighImportance
	f.shoot = widget.NewButtonWithIcon(t.text("ui.portrait.shoot"), theme.MediaPhotoIcon(), do.shoot)
	f.shoot.Importance = widget.HighImportance
	f.shoot.Hide()
	left := container.NewBorder(sources, column(6, snug(detail(t.text("ui.portrait.keys"))), container.NewStack(f.take, f.shoot)), nil, nil,
		inset(8, 6, 0, 0, f.crop))
	measured := container.NewBorder(snug(f.says), nil, nil, nil, container.NewVScroll(inset(0, 0, 0, 14, f.checks)))
	right := container.NewBorder(nil, f.kept, nil, nil, container.NewVScroll(f.ticks))
	f.object = container.New(columnsFull{[]float32{290, 0, 330}, 12},
		card(t.text("ui.portrait.title"), left), card(t.text("ui.portrait.checks"), measured),
		card(t.text("ui.portrait.seen"), right))
	return f
}

func (f *portraitForm) content() fyne.CanvasObject { return f.object }

func (f *portraitForm) first() fyne.Focusable { return f.push[0] }

// show forgets the picture and shows the portrait that the application holds.
func (f *portraitForm) show(d draft) {
	f.source, f.found = nil, portrait.Finding{}
	f.crop.show(nil, image.Rectangle{}, image.Rectangle{})
	f.kept.RemoveAll()
	f.checks.RemoveAll()
	key := "ui.portrait.none"
	if d.picture != nil {
		key = "ui.portrait.kept"
		f.kept.Add(column(2, picture(d.picture, 98, 126), centred(line(f.texts.text("ui.portrait.now"), 12, false, colourFaint))))
	}
	if d.oldFace != nil {
		f.kept.Add(column(2, picture(d.oldFace, 98, 126), centred(line(f.texts.text("ui.portrait.old"), 12, false, colourFaint))))
	}
	f.says.SetText(f.texts.text(key))
	for _, c := range d.Checks {
		f.checks.Add(snug(detail(c)))
	}
	f.offerTicks(d)
	f.turned(false)
}

// offerTicks lists what is to be seen on a portrait of a person of this age.
func (f *portraitForm) offerTicks(d draft) {
	f.ticks.RemoveAll()
	f.boxes, f.keys = nil, issuance.SitterOf(d.Application, f.today()).Ticks()
	for _, k := range f.keys {
		box := widget.NewCheck(f.texts.text("tick."+k), nil)
		box.Checked = slices.Contains(d.Ticks, k)
		f.boxes = append(f.boxes, box)
		f.ticks.Add(box)
	}
	f.ticks.Refresh()
}

// sitting is how the portrait is taken out of the picture.
func (f *portraitForm) sitting() issuance.Sitting {
	s := issuance.Sitting{From: f.from, Crop: f.crop.crop}
	for i, b := range f.boxes {
		if b.Checked {
			s.Ticks = append(s.Ticks, f.keys[i])
		}
	}
	return s
}

// previewSide is the longer side of a picture on the screen, in pixels.
const previewSide = 900

// preview makes a picture small enough to be drawn often. It is called by a worker.
func preview(img image.Image) image.Image {
	b := img.Bounds()
	side := max(b.Dx(), b.Dy())
	if side <= previewSide {
		return img
	}
	out := image.NewRGBA(image.Rect(0, 0, max(1, b.Dx()*previewSide/side), max(1, b.Dy()*previewSide/side)))
	draw.ApproxBiLinear.Scale(out, out.Bounds(), img, b, draw.Src, nil)
	return out
}

// examine shows a picture with the frame that the program put on it.
func (f *portraitForm) examine(source, small image.Image, from string, found portrait.Finding) {
	f.source, f.from = source, from
	f.crop.show(small, source.Bounds(), found.Crop)
	f.measured(found)
}

// live shows what the camera sees, until the picture is taken.
func (f *portraitForm) live(small image.Image) {
	if f.shoot.Hidden {
		f.source, f.found = nil, portrait.Finding{}
		f.checks.RemoveAll()
		f.says.SetText(f.texts.text("ui.portrait.live"))
		f.shoot.Show()
		f.take.Hide()
		f.object.Refresh()
		focus(f.shoot)
	}
	f.crop.show(small, small.Bounds(), image.Rectangle{})
}

// still ends what live began.
func (f *portraitForm) still() {
	if f.shoot.Hidden {
		return
	}
	f.shoot.Hide()
	f.take.Show()
	f.says.SetText(f.texts.text("ui.portrait.none"))
	f.crop.show(nil, image.Rectangle{}, image.Rectangle{})
}

// measured shows what a frame measures: what fails first, with its cure.
func (f *portraitForm) measured(found portrait.Finding) {
	f.found = found
	f.checks.RemoveAll()
	sorted := slices.Clone(found.Checks)
	slices.SortStableFunc(sorted, func(a, b portrait.Check) int { return int(b.Outcome) - int(a.Outcome) })
	for _, c := range sorted {
		f.checks.Add(f.check(c))
	}
	key := map[portrait.Outcome]string{
		portrait.Pass: "ui.portrait.good", portrait.Warn: "ui.portrait.doubt", portrait.Fail: "ui.portrait.bad",
	}[found.Outcome()]
	f.says.SetText(f.texts.text(key))
	f.turned(false)
	f.object.Refresh()
	f.object.Refresh() // text that wraps knows its height only once it has a width
}

// unframed says that the frame holds no face.
func (f *portraitForm) unframed() {
	f.checks.RemoveAll()
	f.says.SetText(f.texts.text("ui.portrait.unframed"))
	able(false, f.take)
}

// check is one measure: a sign, its name, value and limit, and where it does not pass what to do.
func (f *portraitForm) check(c portrait.Check) fyne.CanvasObject {
	sign, shade := "✓", colourDone
	switch c.Outcome {
	case portrait.Warn:
		sign, shade = "?", colourAction
	case portrait.Fail:
		sign, shade = "!", colourTrouble
	}
	value := strings.TrimSpace(fmt.Sprintf("%.*f %s", digits(c.Value), c.Value, f.texts.word("ui.unit", c.Unit)))
	says := column(0, container.NewBorder(nil, nil, line(f.texts.word("ui.check", c.Key), sizeText, c.Outcome != portrait.Pass, colourInk),
		line(value, sizeText, false, colourInk)))
	if c.Outcome != portrait.Pass {
		cure := paragraph(f.texts.word("remedy", c.Key))
		says.Add(snug(cure))
	}
	basis := strings.NewReplacer("practice of", f.texts.text("ui.limit.practice"), ", single face present", "").Replace(c.Basis)
	if c.Provisional {
		basis = f.texts.text("ui.portrait.provisional")
	}
	says.Add(snug(ellipsis(f.limit(c.Limit) + " · " + basis)))
	return container.NewBorder(nil, nil, container.NewVBox(atLeast(18, 0, line(sign, sizeText, true, shade))), nil, says)
}

// digits are those after the point: what a person reads at a glance.
func digits(v float64) int {
	if math.Abs(v) < 10 {
		return 2
	}
	return 0
}

// limit says a limit in words: the package writes "at least" and "at most" around numbers.
func (f *portraitForm) limit(s string) string {
	return strings.NewReplacer("at least", f.texts.text("ui.limit.least"), "at most", f.texts.text("ui.limit.most"),
		"second face", f.texts.text("ui.limit.face"), " to ", "–", "<=", "≤", ">=", "≥").Replace(s)
}

// fill implements enrolStep: the portrait is taken by a verb of its own.
func (f *portraitForm) fill(*station.Application) error { return nil }

func (f *portraitForm) turned(busy bool) {
	able(!busy, f.push...)
	able(!busy && f.source != nil && f.found.Outcome() != portrait.Fail, f.take)
}
