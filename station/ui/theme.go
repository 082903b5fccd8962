package ui

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"

	"padarozhnik/resources"
)

// Colours of our own, beside those that Fyne names.
const (
	colourPaper   fyne.ThemeColorName = "padarozhnikPaper"   // behind everything
	colourSheet   fyne.ThemeColorName = "padarozhnikSheet"   // a card on the paper
	colourEdge    fyne.ThemeColorName = "padarozhnikEdge"    // of a card
	colourInk     fyne.ThemeColorName = "padarozhnikInk"     // text
	colourFaint   fyne.ThemeColorName = "padarozhnikFaint"   // text that explains
	colourHead    fyne.ThemeColorName = "padarozhnikHead"    // bar at the top
	colourOnHead  fyne.ThemeColorName = "padarozhnikOnHead"  // text on it
	colourAction  fyne.ThemeColorName = "padarozhnikAction"  // what to do now
	colourDone    fyne.ThemeColorName = "padarozhnikDone"    // a step behind us
	colourAmber   fyne.ThemeColorName = "padarozhnikAmber"   // the band of a training office
	colourTrouble fyne.ThemeColorName = "padarozhnikTrouble" // what went wrong
	colourBlush   fyne.ThemeColorName = "padarozhnikBlush"   // behind it
	colourMist    fyne.ThemeColorName = "padarozhnikMist"    // behind what comes next
)

// Sizes of text of our own.
const (
	sizeTitle   = 26 // the token of a case
	sizeSection = 19
	sizeText    = 16
	sizeSmall   = 14
)

// palette is ink and plantain leaf on warm paper. Every pair of text and ground has a contrast of
// at least 4.5 to 1; a test measures it.
func palette(n fyne.ThemeColorName) (color.NRGBA, bool) {
	rgb := func(v uint32) (color.NRGBA, bool) {
		return color.NRGBA{R: uint8(v >> 16), G: uint8(v >> 8), B: uint8(v), A: 0xff}, true
	}
	switch n {
	case colourPaper, theme.ColorNameBackground:
		return rgb(0xf7f3ea)
	case theme.ColorNameInputBackground:
		return rgb(0xf6f2e8)
	case colourSheet, theme.ColorNameMenuBackground, theme.ColorNameOverlayBackground,
		theme.ColorNameForegroundOnPrimary, theme.ColorNameForegroundOnError, theme.ColorNameForegroundOnSuccess,
		theme.ColorNameForegroundOnWarning:
		return rgb(0xfffdf8)
	case colourEdge, theme.ColorNameSeparator:
		return rgb(0xdcd4c3)
	case theme.ColorNameInputBorder:
		return rgb(0x8b9a99)
	case colourInk, theme.ColorNameForeground:
		return rgb(0x14343b)
	case colourFaint, theme.ColorNamePlaceHolder:
		return rgb(0x52696d)
	case theme.ColorNameDisabled:
		return rgb(0x84928f)
	case colourHead, theme.ColorNameHeaderBackground:
		return rgb(0x14343b)
	case colourOnHead:
		return rgb(0xf7f3ea)
	case colourAction, theme.ColorNamePrimary, theme.ColorNameHyperlink:
		return rgb(0x0b6e69)
	case colourDone, theme.ColorNameSuccess:
		return rgb(0x3b6f3a)
	case colourAmber:
		return rgb(0xf2b134)
	case theme.ColorNameWarning: // of words on paper, which amber would not be legible as
		return rgb(0x7a5200)
	case colourTrouble, theme.ColorNameError:
		return rgb(0x9c2a23)
	case colourBlush:
		return rgb(0xfbe9e3)
	case colourMist:
		return rgb(0xe6f0ec)
	case theme.ColorNameButton:
		return rgb(0xebe4d5)
	case theme.ColorNameDisabledButton:
		return rgb(0xece8df)
	case theme.ColorNameFocus:
		return color.NRGBA{R: 0x0b, G: 0x6e, B: 0x69, A: 0x46}, true
	case theme.ColorNameHover:
		return color.NRGBA{R: 0x14, G: 0x34, B: 0x3b, A: 0x14}, true
	case theme.ColorNameSelection:
		return color.NRGBA{R: 0x0b, G: 0x6e, B: 0x69, A: 0x30}, true
	}
	return color.NRGBA{}, false
}

// shade returns a colour of the theme in force.
func shade(n fyne.ThemeColorName) color.Color { return theme.Color(n) }

// sizeScale is how much larger than usual everything is; 1 is usual.
const sizeScale fyne.ThemeSizeName = "padarozhnikScale"

// scaled is a length in the size of type that is in force.
func scaled(v float32) float32 { return v * theme.Size(sizeScale) }

// Theme is the look of the window: one palette by day and by night, larger text, and Noto Sans as
// the program ships it, whose Cyrillic і keeps its dot.
type Theme struct {
	look          Look
	base          fyne.Theme
	regular, bold fyne.Resource
}

// NewTheme returns the theme of the station in a look.
func NewTheme(look Look) *Theme {
	return &Theme{
		look:    look,
		base:    theme.DefaultTheme(),
		regular: fyne.NewStaticResource("NotoSans-Regular.ttf", resources.NotoSansRegular),
		bold:    fyne.NewStaticResource("NotoSans-Bold.ttf", resources.NotoSansBold),
	}
}

// wear puts the theme of a look in force, unless it is: a change has every font read again.
func wear(app fyne.App, look Look) {
	if have, ok := app.Settings().Theme().(*Theme); !ok || have.look != look {
		app.Settings().SetTheme(NewTheme(look))
	}
}

// Color implements fyne.Theme.
func (t *Theme) Color(n fyne.ThemeColorName, _ fyne.ThemeVariant) color.Color {
	if t.look.Contrast {
		if c, ok := contrasting(n); ok {
			return c
		}
	}
	if c, ok := palette(n); ok {
		return c
	}
	return t.base.Color(n, theme.VariantLight)
}

// Font implements fyne.Theme.
func (t *Theme) Font(style fyne.TextStyle) fyne.Resource {
	switch {
	case style.Symbol:
		return t.base.Font(style)
	case style.Bold:
		return t.bold
	}
	return t.regular
}

// Icon implements fyne.Theme.
func (t *Theme) Icon(n fyne.ThemeIconName) fyne.Resource { return t.base.Icon(n) }

// Size implements fyne.Theme.
func (t *Theme) Size(n fyne.ThemeSizeName) float32 {
	if n == sizeScale {
		return t.look.scale()
	}
	return t.size(n) * t.look.scale()
}

func (t *Theme) size(n fyne.ThemeSizeName) float32 {
	switch n {
	case theme.SizeNameText:
		return sizeText
	case theme.SizeNameCaptionText:
		return sizeSmall
	case theme.SizeNameSubHeadingText:
		return sizeSection
	case theme.SizeNameHeadingText:
		return sizeTitle
	case theme.SizeNameInputRadius, theme.SizeNameSelectionRadius:
		return 7
	case theme.SizeNameScrollBar:
		return 12
	}
	return t.base.Size(n)
}
