package ui_test

import (
	"image"
	"image/color"
	"image/draw"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/test"

	"padarozhnik/devices/chip"
	virtualchip "padarozhnik/devices/virtual/chip"
	"padarozhnik/devices/virtual/chip/chiptest"
	"padarozhnik/station/journal/event"
)

// pictures counts the large pictures that are shown, each with its width on the screen.
func (o *office) pictures() []float32 {
	var out []float32
	shown(o.window.Fyne().Canvas(), func(each fyne.CanvasObject) {
		if img, ok := each.(*canvas.Image); ok && img.Image != nil && img.Image.Bounds().Dx() > 1000 {
			out = append(out, img.Size().Width)
		}
	})
	return out
}

// The page of an order is shown in its proportions before ink falls, and looking at it is an event.
func TestPageIsShownBeforeItIsPrinted(t *testing.T) {
	o := at(t, func(o *office) { o.ordered() }, "I-01", 3)
	views := o.kinds()[event.CaseViewed]
	o.tap("ui.verb.preview")
	if o.kinds()[event.CaseViewed] != views+1 || !o.says(o.text("ui.page.printer.ready")) {
		t.Errorf("looked %d times", o.kinds()[event.CaseViewed]-views)
	}
	before := o.pictures()
	if len(before) != 1 {
		t.Fatalf("%d pages are shown", len(before))
	}
	o.follow("ui.back", "ui.page.smaller", "ui.page.larger", "ui.page.fit", "ui.page.zones")
	test.Tap(o.button("ui.page.larger"))
	if after := o.pictures(); after[0] <= before[0] {
		t.Errorf("enlarged from %v to %v", before, after)
	}
	o.tap("ui.back")
	if len(o.pictures()) != 0 {
		t.Error("the page still stands on the screen")
	}
}

// differing lays the booklet that waits for its inspection on the scanner, with a blot and without a chip.
func (o *office) differing() {
	o.t.Helper()
	o.ordered()
	blank := &virtualchip.Slot{}
	blank.Put(chiptest.Insert(o.t, chiptest.NewBlank(o.t)))
	o.desk.Encoder, o.desk.Hand = must(chip.NewEncoder(blank, chip.Options{}))(o.t), still{}
	seat := must(o.desk.SignIn(o.tokens["I-01"]))(o.t)
	o.lay(glass(must(o.desk.PreviewPage(o.t.Context(), seat, "P3WFG-6TNRS"))(o.t).Page))
}

// A page that differs stands beside its order, and both move together.
func TestDifferentPageStandsBesideItsOrder(t *testing.T) {
	o := at(t, func(o *office) { o.differing() }, "I-01", 3, "ui.verb.inspect")
	o.tickAll()
	o.tap("ui.verb.inspect")
	if !o.says(o.text("cure.inspection")) {
		t.Error("a page with a blot passed")
	}
	o.tap("ui.page.compare")
	before := o.pictures()
	if len(before) != 2 || before[0] != before[1] {
		t.Fatalf("pages are shown %v wide", before)
	}
	o.tap("ui.page.after")
	if after := o.pictures(); after[0] != after[1] || after[0] <= before[0] {
		t.Errorf("the place that differs is not enlarged on both pages: %v, then %v", before, after)
	}
}

// glass is a page with a blot, on the scanner.
func glass(page image.Image) image.Image {
	img := image.NewRGBA(image.Rect(0, 0, 2008, 1535)) // 170 x 130 mm
	draw.Draw(img, img.Bounds(), image.NewUniform(color.Gray{Y: 90}), image.Point{}, draw.Src)
	at := page.Bounds().Add(image.Pt(120, 100))
	draw.Draw(img, at, page, page.Bounds().Min, draw.Src)
	blot := image.Rect(0, 0, 40, 30).Add(at.Min).Add(image.Pt(700, 640))
	draw.Draw(img, blot, image.Black, image.Point{}, draw.Src)
	return img
}
