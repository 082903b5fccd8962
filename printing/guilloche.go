package printing

import (
	"fmt"
	"math"
)

// inkTitle is the dark ink of the maker's texts.
var inkTitle = ink{0x14, 0x46, 0x50}

// Artwork is the background of a page by its parameters: a tint over the whole page, lines that wave
// across it, rosettes, and a compass rose. Colours change over the width of the page, from the first
// by the second to the third. They must be light: what lies over them must stay legible, and under
// the machine readable zone the paper must stay white in the near infrared (ICAO Doc 9303-3, 4.2).
type Artwork struct {
	HairMM   float64   `toml:"hair_mm"` // width of every line
	Tint     [3]string `toml:"tint"`    // #rrggbb, as are the lines
	Lines    [3]string `toml:"lines"`
	Waves    []Waves   `toml:"waves"`
	Rosettes []Rosette `toml:"rosettes"`
	Rose     struct {
		XMM      float64 `toml:"x_mm"`
		YMM      float64 `toml:"y_mm"`
		RadiusMM float64 `toml:"radius_mm"`
		Strength float64 `toml:"strength"`
	} `toml:"rose"`
}

// Waves is a family of lines over the whole page, each shifted against the one above.
type Waves struct {
	PitchMM  float64 `toml:"pitch_mm"` // between lines
	HeightMM float64 `toml:"height_mm"`
	LengthMM float64 `toml:"length_mm"` // of a wave
	Drift    float64 `toml:"drift"`     // radians from line to line
	Strength float64 `toml:"strength"`
	Turned   bool    `toml:"turned"` // colours begin with the third
}

// Rosette is one woven ring: lines whose radius swings about a mean, each a little later.
type Rosette struct {
	XMM        float64 `toml:"x_mm"`
	YMM        float64 `toml:"y_mm"`
	RadiusMM   float64 `toml:"radius_mm"`
	SwingMM    float64 `toml:"swing_mm"`
	Petals     int     `toml:"petals"`
	Lines      int     `toml:"lines"`
	Flattening float64 `toml:"flattening"` // height over width
	Second     float64 `toml:"second"`     // share of a second harmonic
	Strength   float64 `toml:"strength"`
}

// check refuses parameters that would draw nothing, or for hours.
func (a *Artwork) check() error {
	share := func(v float64) bool { return v >= 0 && v <= 1 }
	ok := a.HairMM >= 0.02 && a.HairMM <= 1 && share(a.Rose.Strength) && math.Abs(a.Rose.RadiusMM) <= 100
	for _, w := range a.Waves {
		ok = ok && w.PitchMM >= 0.2 && w.LengthMM >= 2 && math.Abs(w.HeightMM) <= 50 && math.Abs(w.Drift) <= 7 &&
			share(w.Strength)
	}
	for _, r := range a.Rosettes {
		ok = ok && r.Lines >= 0 && r.Lines <= 100 && r.Petals >= 0 && r.Petals <= 200 && math.Abs(r.RadiusMM) <= 100 &&
			math.Abs(r.SwingMM) <= 50 && share(r.Strength) && math.Abs(r.Flattening) <= 4 && math.Abs(r.Second) <= 2
	}
	if !ok || len(a.Waves) > 10 || len(a.Rosettes) > 20 {
		return fmt.Errorf("artwork out of range")
	}
	for _, colours := range [][3]string{a.Tint, a.Lines} {
		if _, err := inks(colours); err != nil {
			return err
		}
	}
	return nil
}

// inks reads three colours.
func inks(texts [3]string) ([3]ink, error) {
	var out [3]ink
	for k, text := range texts {
		i := &out[k]
		if n, err := fmt.Sscanf(text, "#%02x%02x%02x", &i.r, &i.g, &i.b); n != 3 || err != nil || len(text) != 7 {
			return out, fmt.Errorf("colour %q: want #rrggbb", text)
		}
	}
	return out, nil
}

// ribbon appends a line of constant width along points. All ribbons turn the same way, so where
// they cross their coverage adds up and does not cancel.
func (o *outline) ribbon(line []point, widthMM float64) {
	if len(line) < 2 {
		return
	}
	side := func(i int) point {
		a, b := line[max(i-1, 0)], line[min(i+1, len(line)-1)]
		dx, dy := b.x-a.x, b.y-a.y
		d := length(dx, dy)
		if d == 0 {
			return point{}
		}
		return point{-dy / d * widthMM / 2, dx / d * widthMM / 2}
	}
	for i, p := range line {
		n := side(i)
		if q := (point{p.x + n.x, p.y + n.y}); i == 0 {
			o.move(q)
		} else {
			o.line(q)
		}
	}
	for i := len(line) - 1; i >= 0; i-- {
		n := side(i)
		o.line(point{line[i].x - n.x, line[i].y - n.y})
	}
}

func (r Rosette) outline(widthMM float64) outline {
	const steps = 720
	var o outline
	for k := range r.Lines {
		phase := 2 * math.Pi * float64(k) / float64(r.Lines)
		line := make([]point, 0, steps+1)
		for i := range steps + 1 {
			t := 2 * math.Pi * float64(i) / steps
			n := float64(r.Petals)
			wave := cosine(float64(n*t)+phase) + float64(r.Second*cosine(float64(2*n*t)-phase))
			radius := r.RadiusMM + float64(r.SwingMM*wave)
			line = append(line, point{
				r.XMM + float64(radius*cosine(t)), r.YMM + float64(float64(r.Flattening*radius)*sine(t)),
			})
		}
		o.ribbon(line, widthMM)
	}
	return o
}

func (w Waves) outline(page Box, widthMM float64) outline {
	const step = 0.5 // mm
	var o outline
	for k := range int(page.HeightMM/w.PitchMM) + 1 {
		y0 := page.YMM + float64(float64(k)*w.PitchMM)
		var line []point
		for i := 0; float64(i)*step <= page.WidthMM+step; i++ {
			x := float64(i) * step
			a := 2*math.Pi*x/w.LengthMM + float64(w.Drift*float64(k))
			y := y0 + float64(w.HeightMM*(sine(a)+float64(0.3*sine(float64(2*a)+0.7))))
			line = append(line, point{page.XMM + x, y})
		}
		o.ribbon(line, widthMM)
	}
	return o
}

// rose is a compass rose of eight points, the sign of a traveller: each ray is split along its
// middle and only one half is filled.
func rose(centre point, radius float64) outline {
	var o outline
	at := func(r, eighth float64) point {
		t := eighth * math.Pi / 4
		return point{centre.x + float64(r*sine(t)), centre.y - float64(r*cosine(t))}
	}
	for k := range 8 {
		long := radius
		if k%2 == 1 {
			long = radius * 0.62
		}
		o.move(centre)
		o.line(at(long, float64(k)))
		o.line(at(radius*0.24, float64(k)+0.5))
		o.line(centre)
	}
	return o
}

// artwork prints the background over the whole page, to its edges.
func (g *drawing) artwork(l *Layout) {
	a := &l.Artwork
	tints, _ := inks(a.Tint) // checked with the layout
	colours, _ := inks(a.Lines)
	var page outline
	page.rectangle(Box{0, 0, l.WidthMM, l.HeightMM})
	g.fill(page, g.veiled(g.iris(tints[0], tints[1], tints[2]), l.Portrait, 0.3, 0.05), 1)

	lines := g.veiled(g.iris(colours[0], colours[1], colours[2]), l.Portrait, 0.1, 4)
	turned := g.veiled(g.iris(colours[2], colours[0], colours[1]), l.Portrait, 0.1, 4)
	beyond := Box{-1, -2, l.WidthMM + 2, l.HeightMM + 4}
	for _, w := range a.Waves {
		t := lines
		if w.Turned {
			t = turned
		}
		g.fill(w.outline(beyond, a.HairMM), t, w.Strength)
	}
	for _, r := range a.Rosettes {
		g.fill(r.outline(a.HairMM), lines, r.Strength)
	}
	if a.Rose.RadiusMM > 0 {
		g.fill(rose(point{a.Rose.XMM, a.Rose.YMM}, a.Rose.RadiusMM), lines, a.Rose.Strength)
	}
}
