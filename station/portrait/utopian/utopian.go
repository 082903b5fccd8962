// Package utopian draws portraits of people who do not exist: the citizens of Utopia on whom the
// station is shown, trained and tested, so that no living person's face is ever needed for it.
//
// A head is modelled as a height field, a skull with soft bumps and hollows for brow, nose, cheeks,
// lips and chin, and lit from the upper left like a studio portrait; eyes, brows, lips, hair and
// clothes are laid on it, and a fine crayon grain over all. The shading is what a face finder looks
// for: pale forehead and cheeks over dark sockets. The same Person always gives the same picture.
package utopian

import (
	"image"
	"image/color"
	"math"
	"runtime"
	"sync"
)

// Hair is a way of wearing it.
type Hair int

// Ways of wearing hair.
const (
	HairShort Hair = iota // cropped, ears free
	HairSwept             // fuller, combed to one side
	HairBob               // to the jaw
	HairLong              // to the shoulders
	HairUp                // drawn back
	hairs
)

// Person says what a Utopian looks like. The zero Person is drawn, too.
type Person struct {
	Seed uint64  // small differences of the features, strands and grain
	Age  int     // years, 16 to 90; beyond, the nearest
	Hair Hair    // way of wearing it
	Tone float64 // colour of the hair, 0 black to 1 fair; age turns it grey
	Skin float64 // 0 pale to 1 dark
	Jaw  float64 // -1 narrow to 1 broad
	Tilt float64 // degrees by which the head leans to the right in the picture
}

// Citizens returns n people who differ in every parameter, derived from seed.
func Citizens(seed uint64, n int) []Person {
	list := make([]Person, n)
	for i := range list {
		r := source(seed ^ uint64(i)*0x9E3779B97F4A7C15)
		list[i] = Person{
			Seed: r.next(), Age: 18 + int(r.unit()*60), Hair: Hair(int(r.unit() * float64(hairs))),
			Tone: r.unit(), Skin: r.unit() * 0.8, Jaw: r.unit()*2 - 1,
		}
		list[i].Tone *= 1 - list[i].Skin
	}
	return list
}

// Draw paints the person before a light ground. Crown to chin takes 62 % of the height, or less on
// a picture narrower than two thirds of its height, so that a portrait can be cut out of it.
func Draw(p Person, width, height int) image.Image {
	img := image.NewRGBA(image.Rect(0, 0, max(0, width), max(0, height)))
	if img.Rect.Empty() {
		return img
	}
	scene := newScene(p)
	half := 0.31 * min(float64(height), float64(width)*1.5)
	cx, cy := float64(width)/2, float64(height)*0.46
	sin, cos := math.Sincos(scene.tilt)
	bands := min(runtime.GOMAXPROCS(0), height)
	var wait sync.WaitGroup
	for band := range bands {
		wait.Go(func() {
			for y := band; y < height; y += bands {
				for x := range width {
					dx, dy := (float64(x)+0.5-cx)/half, (float64(y)+0.5-cy)/half
					at := point{dx, dy, dx*cos + dy*sin, dy*cos - dx*sin, 1 / half}
					img.SetRGBA(x, y, scene.paint(at, x, y))
				}
			}
		})
	}
	wait.Wait()
	return img
}

// point is a place in the picture in units of half a head, origin between crown and chin. u and v
// follow the tilted head, x and y the body. px is the size of a pixel.
type point struct {
	x, y, u, v, px float64
}

// rgb is a linear mix of inks, 0 dark to 1 light.
type rgb struct{ r, g, b float64 }

func (c rgb) times(k float64) rgb { return rgb{c.r * k, c.g * k, c.b * k} }

// over lays a colour on c with the given cover.
func (c rgb) over(top rgb, cover float64) rgb {
	cover = clamp(cover)
	return rgb{c.r + (top.r-c.r)*cover, c.g + (top.g-c.g)*cover, c.b + (top.b-c.b)*cover}
}

func (c rgb) rgba() color.RGBA {
	level := func(v float64) uint8 { return uint8(math.Round(6 + clamp(v)*238)) }
	return color.RGBA{level(c.r), level(c.g), level(c.b), 255}
}

func clamp(v float64) float64 { return max(0, min(1, v)) }

func square(v float64) float64 { return v * v }

func mix(a, b, t float64) float64 { return a + (b-a)*t }

// step rises softly from 0 at a to 1 at b.
func step(a, b, v float64) float64 {
	t := clamp((v - a) / (b - a))
	return t * t * (3 - 2*t)
}

// bell is a soft hill of height 1 around (cu, cv).
func bell(u, v, cu, cv, su, sv float64) float64 {
	a, b := (u-cu)/su, (v-cv)/sv
	d := a*a + b*b
	if d > 12 {
		return 0
	}
	return math.Exp(-d)
}

// source is a small random generator (SplitMix64): the pictures must be the same in every release
// of the standard library.
type source uint64

func (s *source) next() uint64 {
	*s += 0x9E3779B97F4A7C15
	z := uint64(*s)
	z = (z ^ z>>30) * 0xBF58476D1CE4E5B9
	z = (z ^ z>>27) * 0x94D049BB133111EB
	return z ^ z>>31
}

func (s *source) unit() float64 { return float64(s.next()>>11) / (1 << 53) }

// grain is noise between -1 and 1 for a cell of a grid.
func grain(x, y int, seed uint64) float64 {
	s := source(seed ^ uint64(uint32(x))<<32 ^ uint64(uint32(y)))
	return s.unit()*2 - 1
}

// cloud is smooth noise between -1 and 1.
func cloud(x, y float64, seed uint64) float64 {
	fx, fy := math.Floor(x), math.Floor(y)
	tx, ty := step(0, 1, x-fx), step(0, 1, y-fy)
	ix, iy := int(fx), int(fy)
	top := mix(grain(ix, iy, seed), grain(ix+1, iy, seed), tx)
	bottom := mix(grain(ix, iy+1, seed), grain(ix+1, iy+1, seed), tx)
	return mix(top, bottom, ty)
}
