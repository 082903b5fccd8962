package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"

	"padarozhnik/station/issuance"
)

// differenceSize is how large the picture of a page is shown at least, as 125 x 88 mm are.
var differenceSize = fyne.NewSize(500, 352)

// difference is the picture of what differs on an examined page, nil where nothing does. It is drawn once
// for each examination, and lives as long as that is shown.
func (c *casefile) difference(found *issuance.Examination) fyne.CanvasObject {
	if found.OK() || found.Looks == nil {
		c.drawn, c.picture = nil, nil
		return nil
	}
	if c.drawn == found {
		return c.picture
	}
	img := found.Difference()
	if img == nil {
		return nil
	}
	picture := canvas.NewImageFromImage(img)
	picture.FillMode = canvas.ImageFillContain
	picture.SetMinSize(differenceSize)
	c.drawn, c.picture = found, picture
	return picture
}
