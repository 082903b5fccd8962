package ui

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"
)

// Look is how an officer likes the window to be.
type Look struct {
	Percent  int  // size of type and of what holds it; 0: 100
	Contrast bool // black on white, strong edges
}

// Percents are the sizes of type on offer.
func Percents() []int { return []int{100, 112, 125} }

func (l Look) scale() float32 {
	if l.Percent == 0 {
		return 1
	}
	return float32(l.Percent) / 100
}

// contrasting is the palette of high contrast: every pair of text and ground has at least 7 to 1
// (WCAG 2.2, 1.4.6), every edge of a field and of a card 4.5 to 1. What it does not name is as usual.
func contrasting(n fyne.ThemeColorName) (color.NRGBA, bool) {
	rgb := func(v uint32) (color.NRGBA, bool) {
		return color.NRGBA{R: uint8(v >> 16), G: uint8(v >> 8), B: uint8(v), A: 0xff}, true
	}
	switch n {
	case colourPaper, colourSheet, colourMist, colourBlush, colourOnHead, theme.ColorNameBackground,
		theme.ColorNameInputBackground, theme.ColorNameMenuBackground, theme.ColorNameOverlayBackground,
		theme.ColorNameForegroundOnPrimary, theme.ColorNameForegroundOnError, theme.ColorNameForegroundOnSuccess,
		theme.ColorNameForegroundOnWarning:
		return rgb(0xffffff)
	case colourInk, colourFaint, colourHead, theme.ColorNameForeground,
		theme.ColorNamePlaceHolder, theme.ColorNameHeaderBackground:
		return rgb(0x000000)
	case colourEdge, theme.ColorNameSeparator, theme.ColorNameInputBorder, theme.ColorNameDisabled:
		return rgb(0x595959)
	case colourAction, theme.ColorNamePrimary, theme.ColorNameHyperlink:
		return rgb(0x003f5c)
	case colourDone, theme.ColorNameSuccess:
		return rgb(0x0b4a12)
	case theme.ColorNameWarning:
		return rgb(0x5c3a00)
	case colourTrouble, theme.ColorNameError:
		return rgb(0x8b0000)
	case theme.ColorNameButton, theme.ColorNameDisabledButton:
		return rgb(0xe0e0e0)
	case theme.ColorNameFocus:
		return color.NRGBA{R: 0xff, G: 0xb0, A: 0x48}, true // words on a focused button stay 7 to 1
	}
	return color.NRGBA{}, false
}
