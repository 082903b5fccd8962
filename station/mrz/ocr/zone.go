package ocr

import (
	"math"
	"slices"

	"padarozhnik/station/mrz/ocr/ocrb"
)

// axis is a straight line on the working picture that runs through the middle of a line of
// characters: from a point, in a direction, with the extent in which characters were seen.
type axis struct {
	x, y          float64
	angle         float64 // of reading, radians clockwise on the picture
	first, behind float64
}

// point returns the place at a distance along and across the axis; across grows towards the foot
// of the characters.
func (a axis) point(along, across float64) (x, y float64) {
	sin, cos := math.Sincos(a.angle)
	return a.x + along*cos - across*sin, a.y + along*sin + across*cos
}

// turned is the axis read from the other end.
func (a axis) turned() axis {
	return axis{x: a.x, y: a.y, angle: a.angle + math.Pi, first: -a.behind, behind: -a.first}
}

// zone is a place where the lines of a machine readable zone may stand, in the order of reading
// if the picture is the right way up.
type zone struct {
	lines []axis
	score float64 // larger is likelier
}

// turned is the zone read upside down.
func (z zone) turned() zone {
	t := zone{score: z.score}
	for _, a := range slices.Backward(z.lines) {
		t.lines = append(t.lines, a.turned())
	}
	return t
}

// search is one way to look for zones.
type search struct {
	dpi   float64 // that the picture is brought near to
	share float64 // of the darkest strokes near by from which on a stroke counts as ink
	dense float64 // share of ink around a stroke that keeps it; 0 keeps all, and the picture as sharp as it is
}

// quick are tried on every page, in turn: the second drowns a background pattern half as dark as the print,
// and with it weak characters.
var quick = []search{{dpi: 95, share: 0.45}, {dpi: 95, share: 0.7}}

// careful is tried where nothing else found a zone: thin strokes under noise or on a pattern, which vanish
// when a coarse scan is reduced, stand as runs of pixels at its full resolution, and specks do not.
var careful = []search{{dpi: 150, share: 0.7, dense: 0.25}}

// prepare takes the finest noise off a picture in which specks are going to be dropped.
func (s search) prepare(small *plane) *plane {
	if s.dense == 0 {
		return small
	}
	return boxed(small, 1)
}

// ink marks the strokes of a picture.
func (s search) ink(small *plane, pitch float64) *plane {
	ink := inkMap(small, pitch, s.share)
	if s.dense > 0 {
		for i, kept := range smear(ink, int(0.6*pitch), int(0.6*pitch), s.dense).pix {
			ink.pix[i] &= kept
		}
	}
	return ink
}

// maxZones bounds how many places of a page are tried.
const maxZones = 6

// findZones looks for sets of long parallel lines at the distance of a machine readable zone's
// (ICAO Doc 9303-4, 4.2.1: 6.35 mm), near the horizontal. small is a reduced picture on which
// characters are about ten pixels apart, pitch their expected distance.
func findZones(small *plane, pitch float64, s search) []zone {
	marks := smear(s.ink(small, pitch), int(2.4*pitch+0.5), int(0.5*pitch+0.5), 0.10)
	lines := joinBars(findBars(marks, pitch), pitch)
	lines = slices.DeleteFunc(lines, func(b bar) bool { return b.behind-b.first < 14*pitch })
	var zones []zone
	for i := range lines {
		paired := false
		for j := range lines {
			if i == j || !below(&lines[i], &lines[j], pitch) {
				continue
			}
			paired = true
			zones = append(zones, zoneOf(pitch, &lines[i], &lines[j]))
			for k := range lines {
				if k != i && k != j && below(&lines[j], &lines[k], pitch) {
					zones = append(zones, zoneOf(pitch, &lines[i], &lines[j], &lines[k]))
				}
			}
		}
		if !paired && lines[i].behind-lines[i].first > 24*pitch {
			zones = append(zones, alone(&lines[i], pitch)...)
		}
	}
	slices.SortStableFunc(zones, func(a, b zone) int { return int(math.Copysign(1, b.score-a.score)) })
	return zones[:min(len(zones), maxZones)]
}

// below says whether b is the line after a.
func below(a, b *bar, pitch float64) bool {
	along, across := a.offset(b.cx, b.cy)
	overlap := min(a.behind, along+b.behind) - max(a.first, along+b.first)
	return math.Abs(across-ocrb.LinePitch*pitch) < 0.6*pitch && math.Abs(a.angle-b.angle) < 0.06 &&
		overlap > 0.5*min(a.behind-a.first, b.behind-b.first)
}

// zoneOf makes a zone of lines. Lines of equal length that fit a format stand out: 44 and 36
// characters in two lines, 30 in three.
func zoneOf(pitch float64, bars ...*bar) zone {
	var z zone
	shortest, longest := math.Inf(1), 0.0
	for _, b := range bars {
		z.lines = append(z.lines, axis{x: b.cx, y: b.cy, angle: b.angle, first: b.first, behind: b.behind})
		shortest, longest = min(shortest, b.behind-b.first), max(longest, b.behind-b.first)
	}
	miss := math.Inf(1)
	for _, f := range shapes {
		if f.lines == len(bars) {
			miss = min(miss, math.Abs(longest/pitch-float64(f.length)-1))
		}
	}
	z.score = 10*float64(len(bars)) - miss - 0.5*(longest-shortest)/pitch
	return z
}

// alone makes the two zones that a single line may belong to, where its neighbour was not seen.
func alone(b *bar, pitch float64) []zone {
	z := zoneOf(pitch, b, b)
	here := z.lines[0]
	other := here
	other.x, other.y = here.point(0, ocrb.LinePitch*pitch)
	under := zone{lines: []axis{here, other}, score: z.score - 20}
	other.x, other.y = here.point(0, -ocrb.LinePitch*pitch)
	over := zone{lines: []axis{other, here}, score: z.score - 20}
	return []zone{under, over}
}

// shape is the number of lines and characters of a format.
type shape struct{ lines, length int }

// shapes are those of TD3 and MRV-A, TD2 and MRV-B, TD1 (ICAO Doc 9303-4 to 9303-7).
var shapes = [...]shape{{2, 44}, {2, 36}, {3, 30}}

// enlarged brings a zone from a picture reduced k times to the picture itself.
func (z zone) enlarged(k int) zone {
	out := zone{score: z.score, lines: slices.Clone(z.lines)}
	f := float64(k)
	for i := range out.lines {
		a := &out.lines[i]
		a.x, a.y = a.x*f+(f-1)/2, a.y*f+(f-1)/2
		a.first, a.behind = a.first*f, a.behind*f
	}
	return out
}

// transposed brings a zone from a picture with rows and columns swapped to the picture itself.
// What lay below lies to the right then, which is above a line that runs down.
func (z zone) transposed() zone {
	out := zone{score: z.score}
	for _, a := range slices.Backward(z.lines) {
		out.lines = append(out.lines, axis{x: a.y, y: a.x, angle: math.Pi/2 - a.angle, first: a.first, behind: a.behind})
	}
	return out
}
