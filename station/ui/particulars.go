package ui

import (
	"errors"

	"padarozhnik/station"
	"padarozhnik/station/issuance"
)

// particulars are the numbers and figures that an error about the stock names.
func particulars(t texts, err error) []string {
	var out []string
	list := func(key string, serials []station.Serial) {
		if len(serials) > 0 {
			out = append(out, t.text(key, rangesOf(station.Ranges(serials))))
		}
	}
	var day *issuance.ReconciliationError
	var safe *issuance.SafeError
	var count *issuance.CountError
	var twice *station.TwiceError
	switch {
	case errors.As(err, &day):
		out = append(out, equationOf(t, day.Figures), t.text("ui.stock.wrong", t.word("ui.figure", day.Figure), day.Counted))
		list("ui.stock.named", day.Serials)
	case errors.As(err, &safe):
		out = append(out, t.text("ui.stock.differs", safe.Counted, safe.Expected))
		list("ui.stock.missing", safe.Missing)
		list("ui.stock.extra", safe.Extra)
	case errors.As(err, &count):
		list("ui.stock.missing", count.Missing)
		list("ui.stock.extra", count.Extra)
	case errors.As(err, &twice):
		list("ui.stock.twice", twice.Serials)
	}
	return out
}
