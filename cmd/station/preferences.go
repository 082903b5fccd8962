package main

import (
	"slices"

	"fyne.io/fyne/v2"

	"padarozhnik/cmd/internal/edition"
	"padarozhnik/resources"
	"padarozhnik/station/ui"
)

// Keys of what an office likes, in the settings directory of whoever is logged in at the computer.
const (
	likedLanguage = "language"
	likedPercent  = "percent"
	likedContrast = "contrast"
	likedGuided   = "guided"
)

// preferred reads how the window was liked last; language is the configuration's, for the first time.
func preferred(p fyne.Preferences, language string) ui.Preferences {
	out := ui.Preferences{
		Language: p.StringWithFallback(likedLanguage, language),
		Look:     ui.Look{Percent: p.Int(likedPercent), Contrast: p.Bool(likedContrast)},
		Guided:   p.Bool(likedGuided),
	}
	if !slices.Contains(resources.Languages(), out.Language) {
		out.Language = language
	}
	if !slices.Contains(ui.Percents(), out.Look.Percent) {
		out.Look.Percent = 0
	}
	return out
}

// keep writes it down for the next start.
func keep(p fyne.Preferences, liked ui.Preferences) {
	p.SetString(likedLanguage, liked.Language)
	p.SetInt(likedPercent, liked.Look.Percent)
	p.SetBool(likedContrast, liked.Look.Contrast)
	p.SetBool(likedGuided, liked.Guided)
}

// about says which build runs.
func about(hash func() ([]byte, error)) func() (ui.About, error) {
	return func() (ui.About, error) {
		e := edition.Read()
		sum, err := hash()
		out := ui.About{Version: e.Version + " · " + e.Go, Commit: e.Commit, Hash: sum}
		if e.Modified {
			out.Commit += "+"
		}
		for _, m := range e.Modules {
			out.Parts = append(out.Parts, m.Path+" "+m.Version)
		}
		return out, err
	}
}
