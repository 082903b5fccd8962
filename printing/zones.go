package printing

import (
	"image"
	"math"
	"strings"
)

// Kind is what a zone of the page holds, and so how it is compared with a scan.
type Kind int

// Kinds of zones.
const (
	KindText     Kind = iota // one value of the visual zone
	KindMRZ                  // one line of the machine readable zone
	KindPortrait             // the holder's portrait
	KindGhost                // its small repetition in one ink
	KindStrokes              // the signature
	KindBars                 // the bar code of the serial, printed by the maker of the booklet
)

// Zone is one place of the page and what stands there. Room is where its ink may lie by the layout;
// Ink is where the ink of this page lies, the zero Box where the page leaves the zone empty. Both
// are millimetres from the page's top left corner.
type Zone struct {
	Name string // a Field's name, or mrz_upper, mrz_lower, portrait, ghost, signature, barcode
	Part string // I to VII of the data page (ICAO Doc 9303-4, 4.1); "" for what has no number there
	Kind Kind
	Room Box
	Ink  Box
}

// Empty tells that the page leaves the zone empty.
func (z Zone) Empty() bool { return z.Ink == Box{} }

// Pixels returns the pixels at a resolution that a box touches, whole ones.
func (b Box) Pixels(dpi int) image.Rectangle {
	scale := float64(dpi) / mmPerInch
	return image.Rect(
		int(math.Floor(b.XMM*scale)), int(math.Floor(b.YMM*scale)),
		int(math.Ceil((b.XMM+b.WidthMM)*scale)), int(math.Ceil((b.YMM+b.HeightMM)*scale)))
}

// Grown returns the box with mm more on each side.
func (b Box) Grown(mm float64) Box {
	return Box{b.XMM - mm, b.YMM - mm, b.WidthMM + 2*mm, b.HeightMM + 2*mm}
}

// Zones says where everything of a page stands: the values in the order of the layout, then
// portrait, ghost image, signature, the two lines of the machine readable zone and the bar code of
// the booklet. The overprint lies across all of them and is no zone. It returns the errors of Render
// for a value that cannot be printed.
func (l *Layout) Zones(p Page) ([]Zone, error) {
	l.press.mu.Lock()
	defer l.press.mu.Unlock()
	var zones []Zone
	for _, f := range l.Fields {
		z, err := l.textZone(f, &p)
		if err != nil {
			return nil, err
		}
		zones = append(zones, z)
	}
	portrait := Zone{"portrait", "V", KindPortrait, l.Portrait, l.Portrait}
	ghost := Zone{"ghost", "", KindGhost, l.Ghost, l.Ghost}
	signature := Zone{"signature", "IV", KindStrokes, l.Signature, Box{}}
	if p.Signature != nil && !p.Signature.Bounds().Empty() {
		signature.Ink = l.Signature
	}
	zones = append(zones, portrait, ghost, signature)
	place := l.MRZPlace()
	for i, name := range [2]string{"mrz_upper", "mrz_lower"} {
		if err := checkMRZ(p.MRZ[i]); err != nil {
			return nil, err
		}
		length := float64(mrzLength) * place.PitchMM
		room := Box{place.LeftMM - 0.5, place.CentreMM[i] - 2.15, length + 1, 4.3} // Doc 9303-4, 4.2.3
		const over = 0.15                                                          // round letters rise over capitals and sink below the baseline
		line := Box{place.LeftMM, place.CentreMM[i] - place.CapMM/2 - over, length, place.CapMM + 2*over}
		zones = append(zones, Zone{name, "VII", KindMRZ, room, line})
	}
	return append(zones, Zone{"barcode", "", KindBars, l.Barcode.Box, l.Barcode.Box}), nil
}

// Rows of a text, in ems: how far letters with marks rise above the baseline, and descend below it.
const (
	textRise = 1.05
	textDrop = 0.30
)

// textZone is the zone of one value.
func (l *Layout) textZone(f Field, p *Page) (Zone, error) {
	rows := float64(f.Lines-1) * leading * f.MinSizeMM
	z := Zone{Name: f.Name, Part: f.Zone, Kind: KindText, Room: Box{
		f.XMM, f.YMM - 0.4*rows - textRise*f.SizeMM, f.WidthMM, rows + (textRise+textDrop)*f.SizeMM,
	}}
	value, _ := p.value(f.Name)
	value = strings.Join(strings.Fields(value), " ")
	if value == "" {
		if !f.Optional {
			return z, &MissingError{Field: f.Name}
		}
		return z, nil
	}
	lines, err := l.press.setValue(f, value)
	if err != nil {
		return z, err
	}
	for _, line := range lines {
		z.Ink = joined(z.Ink, line.outline().box())
	}
	return z, nil
}
