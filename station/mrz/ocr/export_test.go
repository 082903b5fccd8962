package ocr

import (
	"image"
	"strings"

	"padarozhnik/station/mrz/ocr/ocrb"
)

// AcceptedBackwards reads every place of a picture only from its wrong end, where a page that
// stands upright shows its zone upside down, and tells whether any reading would be accepted.
func AcceptedBackwards(img image.Image, dpi int) (tried int, accepted bool) {
	work := grayOf(img, 1)
	pitch := float64(dpi) / 10
	again := max(1, int(float64(dpi)/quick[0].dpi+0.5))
	for _, z := range findZones(work.shrink(again), pitch/float64(again), quick[0]) {
		route := explore(work, z.enlarged(again).turned(), pitch)
		if route.mean < 0 {
			continue
		}
		tried++
		if r := route.read(work); r.accepted {
			return tried, true
		}
	}
	return tried, false
}

// Apart is the distance of two characters' templates.
func Apart(a, b rune) float64 {
	t := fineTemplates()[1]
	return t.apart[strings.IndexRune(ocrb.Alphabet, a)][strings.IndexRune(ocrb.Alphabet, b)]
}
