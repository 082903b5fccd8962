package calibration

import (
	"image"

	"padarozhnik/printing/measure"
)

// seenMM is the radius of what a picture of a scan shows about a mark. The rest stays white: a void page may
// be somebody's spoiled passport, and a technician sees no person's data.
const seenMM = 3.0

// Found is one mark of a target as it was found on a scan.
type Found struct {
	Number int           `json:"number"` // from 1, row by row; the first is the full one
	Place  measure.Point `json:"place"`  // where it should lie, millimetres of the sheet
	Off    measure.Point `json:"off"`    // the way from there to where it lies
	RestMM float64       `json:"restMM"` // what the best map of the whole sheet leaves of that way
}

// Sight is what the scan of a target showed, for a technician's eyes.
type Sight struct {
	Seen  *image.RGBA `json:"-"` // each mark as it was scanned, straightened, with a ring where it was found
	Ways  *image.RGBA `json:"-"` // where marks should lie, and the way to where they lie, ten times as long
	Marks []Found     `json:"marks"`
}

// sighted draws what was found. at are the marks in millimetres of the sheet, in the order of the target;
// frame takes such millimetres to pixels of the scan.
func sighted(s *measure.Scan, frame measure.Affine, t Target, at []measure.Point) Sight {
	out := Sight{Seen: seenMarks(s, frame, t, at), Ways: Findings(t, at)}
	var pairs []measure.Pair
	for i, m := range t.Marks {
		pairs = append(pairs, measure.Pair{From: m.Point, To: at[i]})
		out.Marks = append(out.Marks, Found{Number: i + 1, Place: m.Point, Off: at[i].Sub(m.Point)})
	}
	if best, err := measure.Fit(pairs); err == nil {
		for i, r := range best.Residuals(pairs) {
			out.Marks[i].RestMM = r
		}
	}
	return out
}

// seenMarks draws the surroundings of each mark from the scan, a ring about what was found, and a grey
// cross where the mark should lie.
func seenMarks(s *measure.Scan, frame measure.Affine, t Target, at []measure.Point) *image.RGBA {
	perMM := pictureDPI / 25.4
	img := sheet(t, perMM)
	for i, m := range t.Marks {
		reach := image.Rect(int((at[i].X-seenMM)*perMM), int((at[i].Y-seenMM)*perMM),
			int((at[i].X+seenMM)*perMM)+1, int((at[i].Y+seenMM)*perMM)+1).Intersect(img.Rect)
		for y := reach.Min.Y; y < reach.Max.Y; y++ {
			for x := reach.Min.X; x < reach.Max.X; x++ {
				mm := measure.Point{X: (float64(x) + 0.5) / perMM, Y: (float64(y) + 0.5) / perMM}
				if mm.Sub(at[i]).Length() > seenMM {
					continue
				}
				v := uint8(min(255, max(0, s.Gray.At(frame.Apply(mm)))))
				p := img.Pix[img.PixOffset(x, y):]
				p[0], p[1], p[2] = v, v, v
			}
		}
		for _, way := range []measure.Point{{X: 1.1 * seenMM}, {Y: 1.1 * seenMM}} {
			stroke(img, perMM, m.Sub(way), m.Add(way), 0.15, inkPlace)
		}
		ring(img, perMM, at[i], markRadiusMM+0.4, inkOf(at[i].Sub(m.Point)))
	}
	return img
}
