package ocr

import (
	"slices"
)

// track leads along a line of characters: it turns a place in the line, counted in characters,
// into a point of the working picture. Along and across are polynomials of that place, so a track
// follows a zone that the camera saw at a slant or a page that is not flat.
type track struct {
	axis          axis
	along, across [3]float64
	pitch         float64 // pixels of the working picture per character
}

// at returns the point at character c (0 is the left edge of the first), v pitches below the
// middle of the characters.
func (t *track) at(c, v float64) (x, y float64) {
	near := 0.5 * (t.along[1] + 2*c*t.along[2] + t.pitch) // what is nearer is higher, half as much as it is wider
	return t.axis.point(t.along[0]+c*(t.along[1]+c*t.along[2]),
		t.across[0]+c*(t.across[1]+c*t.across[2])+v*near)
}

// moved returns the track whose character 0 is the old one's character c.
func (t track) moved(c float64) track {
	for _, p := range []*[3]float64{&t.along, &t.across} {
		p[0], p[1] = p[0]+c*(p[1]+c*p[2]), p[1]+2*c*p[2]
	}
	return t
}

// strip is a stretch of a line straightened: scale pixels to a character, ink from 0 to 1. Column
// 0 is the left edge of character from, row 0 is half pitches above the middle.
type strip struct {
	w, h  int
	scale int
	from  float64
	half  float64
	pix   []float32
}

// sample straightens the characters from..to of a track and half pitches on both sides of its
// middle, then flattens them.
func (t *track) sample(p *plane, from, to, half float64, scale int) *strip {
	s := &strip{scale: scale, from: from, half: half}
	s.w, s.h = int((to-from)*float64(scale)), int(2*half*float64(scale))
	s.pix = make([]float32, s.w*s.h)
	fine := max(1, int(t.pitch/float64(scale)/1.3+0.5)) // points a pixel's side, against aliasing
	unit := 1 / float64(scale*fine)
	share := 1 / float32(fine*fine)
	for y := range s.h {
		for x := range s.w {
			sum := float32(0)
			for sy := range fine {
				v := -half + (float64(y*fine+sy)+0.5)*unit
				for sx := range fine {
					sum += p.at(t.at(from+(float64(x*fine+sx)+0.5)*unit, v))
				}
			}
			s.pix[y*s.w+x] = sum * share
		}
	}
	s.flatten()
	return s
}

// leastContrast is the difference of paper and print, in grey levels, below which a stretch is
// taken as empty.
const leastContrast = 14

// flatten turns grey levels into ink: paper and print are measured in windows of two characters,
// the print as the middle of five windows.
func (s *strip) flatten() {
	size := 2 * s.scale
	count := max(1, s.w/size)
	light, dark := make([]float32, count), make([]float32, count)
	for i := range count {
		x1 := (i + 1) * size
		if i == count-1 {
			x1 = s.w
		}
		light[i], dark[i] = s.levels(i*size, x1)
	}
	light, dark = middle(light, 1), middle(dark, 2)
	for x := range s.w {
		at := min(max((float64(x)+0.5)/float64(size)-0.5, 0), float64(count-1))
		i := int(at)
		j, f := min(i+1, count-1), float32(at-float64(i))
		white, black := light[i]*(1-f)+light[j]*f, dark[i]*(1-f)+dark[j]*f
		gain := 1 / max(white-black, 1)
		if white-black < leastContrast {
			gain = 0
		}
		for k := x; k < len(s.pix); k += s.w {
			s.pix[k] = ramp((white-s.pix[k])*gain, s.scale)
		}
	}
}

// levels measures paper and print in a range of columns.
func (s *strip) levels(x0, x1 int) (light, dark float32) {
	var all []float32
	rows := int(0.8 * float64(s.scale))
	for y := max(0, s.h/2-rows); y < min(s.h, s.h/2+rows); y++ {
		all = append(all, s.pix[y*s.w+x0:y*s.w+x1]...)
	}
	slices.Sort(all)
	return all[len(all)*65/100], all[len(all)*3/100]
}

// middle returns the running median over 2*reach+1 values.
func middle(v []float32, reach int) []float32 {
	out := make([]float32, len(v))
	for i := range v {
		part := slices.Clone(v[max(0, i-reach):min(len(v), i+reach+1)])
		slices.Sort(part)
		out[i] = part[len(part)/2]
	}
	return out
}

// ramp turns ink into what is matched. Rough matching only asks where characters stand: there a pattern
// below a quarter of the print's darkness vanishes. Close matching keeps proportions, because a weak
// stroke under glare or a blurred corner is what tells two characters apart; what noise adds beyond paper
// and print is cut off.
func ramp(v float32, scale int) float32 {
	if scale != coarse {
		return min(max(v, -0.2), 1.2)
	}
	v = min(max(2*v-0.5, 0), 1)
	return v * v * (3 - 2*v)
}

// rows sums the ink of each row over columns x0..x1.
func (s *strip) rows(x0, x1 int) []float64 {
	sums := make([]float64, s.h)
	for y := range sums {
		for _, v := range s.pix[y*s.w+x0 : y*s.w+x1] {
			sums[y] += float64(v)
		}
	}
	return sums
}

// columns sums the ink of each column over the rows within reach pitches of the middle.
func (s *strip) columns(reach float64) []float64 {
	sums := make([]float64, s.w)
	rows := int(reach * float64(s.scale))
	for y := max(0, s.h/2-rows); y < min(s.h, s.h/2+rows); y++ {
		for x, v := range s.pix[y*s.w : (y+1)*s.w] {
			sums[x] += float64(v)
		}
	}
	return sums
}

// straighten finds the middle of the characters in short stretches of a strip and returns it as a
// line: pitches below the strip's middle at character 0 and per character.
func (s *strip) straighten() (offset, slope float64) {
	step := 5 * s.scale
	height := s.scale // a character is as high as the pitch is wide
	var c, v, weight []float64
	for x := 0; x+step <= s.w; x += step {
		rows := s.rows(x, x+step)
		best, total, at := 0.0, 0.0, 0
		inside := 0.0
		for y, r := range rows {
			total += r
			inside += r
			if y >= height {
				inside -= rows[y-height]
			}
			if y >= height-1 && inside > best {
				best, at = inside, y
			}
		}
		if total <= 0 {
			continue
		}
		centre := float64(at) + 1 - float64(height)/2
		c = append(c, s.from+(float64(x)+float64(step)/2)/float64(s.scale))
		v = append(v, centre/float64(s.scale)-s.half)
		weight = append(weight, best*best/total)
	}
	line := fit(c, v, weight, 1, 0.25)
	return line[0], line[1]
}
