package portrait_test

import (
	"bytes"
	"image"
	"image/jpeg"
	"testing"

	"padarozhnik/station/portrait"
	"padarozhnik/station/portrait/utopian"
)

// TestSame tells a copy of a photograph from another one of the same person.
func TestSame(t *testing.T) {
	img := sitterPicture()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: 45}); err != nil {
		t.Fatal(err)
	}
	again, err := jpeg.Decode(&b)
	if err != nil {
		t.Fatal(err)
	}
	someone := func(change func(*utopian.Person)) image.Image {
		p := sitter()
		change(&p)
		return utopian.Draw(p, 630, 810)
	}
	for _, tt := range []struct {
		name string
		img  image.Image
		same bool
	}{
		{"itself", img, true},
		{"written anew", again, true},
		{"a little younger", someone(func(p *utopian.Person) { p.Age -= 12 }), false},
		{"a little tilted", someone(func(p *utopian.Person) { p.Tilt++ }), false},
		{"of another size", utopian.Draw(sitter(), 420, 540), false},
	} {
		if got := portrait.Same(img, tt.img); got != tt.same {
			t.Errorf("%s: same %v", tt.name, got)
		}
	}
}
