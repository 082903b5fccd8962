package utopian_test

import (
	"bytes"
	"image"
	"math"
	"testing"

	"padarozhnik/station/portrait"
	"padarozhnik/station/portrait/utopian"
)

func TestDrawIsDeterministic(t *testing.T) {
	p := utopian.Person{Seed: 7, Age: 40, Hair: utopian.HairLong}
	a := utopian.Draw(p, 210, 270).(*image.RGBA)
	b := utopian.Draw(p, 210, 270).(*image.RGBA)
	if !bytes.Equal(a.Pix, b.Pix) {
		t.Error("two drawings of one person differ")
	}
	p.Seed++
	if c := utopian.Draw(p, 210, 270).(*image.RGBA); bytes.Equal(a.Pix, c.Pix) {
		t.Error("another seed draws the same person")
	}
}

func TestDrawTakesAnySize(t *testing.T) {
	for _, size := range [][2]int{{0, 0}, {-1, 5}, {1, 1}, {40, 10}, {10, 40}} {
		got := utopian.Draw(utopian.Person{Age: 200, Skin: 9, Tone: -3, Jaw: 7, Hair: 99}, size[0], size[1]).Bounds()
		if want := image.Rect(0, 0, max(0, size[0]), max(0, size[1])); got != want {
			t.Errorf("%v: %v", size, got)
		}
	}
}

// TestEveryCitizenIsFound: the finder sees one face in each drawing, and its pupils lie where they
// were drawn within a fifteenth of the distance between them.
func TestEveryCitizenIsFound(t *testing.T) {
	const width, height = 504, 648
	finder, err := portrait.NewFinder()
	if err != nil {
		t.Fatal(err)
	}
	for i, p := range utopian.Citizens(2026, 8) {
		f, err := finder.Examine(utopian.Draw(p, width, height))
		if err != nil {
			t.Errorf("citizen %d: %v", i, err)
			continue
		}
		const half, eyes = 0.31 * height, 0.278
		for _, eye := range []struct {
			at   portrait.Point
			side float64
		}{{f.LeftPupil, -1}, {f.RightPupil, 1}} {
			x, y := width/2+eye.side*eyes*half, height*0.46+0.008*half
			if off := math.Hypot(eye.at.X-x, eye.at.Y-y); off > f.EyeDistance/15 {
				t.Errorf("citizen %d: pupil %.1f px from its place", i, off)
			}
		}
		if f.Outcome() == portrait.Fail {
			t.Errorf("citizen %d fails: %+v", i, f.Checks)
		}
	}
}

func BenchmarkDraw(b *testing.B) {
	p := utopian.Person{Seed: 1, Age: 34, Hair: utopian.HairLong, Tone: 0.3}
	for b.Loop() {
		utopian.Draw(p, 630, 810)
	}
}
