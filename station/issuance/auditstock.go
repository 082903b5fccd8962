package issuance

import (
	"fmt"

	"padarozhnik/station"
	"padarozhnik/station/journal"
	"padarozhnik/station/journal/event"
)

// ofStock judges where blanks come from and what becomes of those that cannot be used.
func (a *auditor) ofStock(e journal.Entry) error {
	switch e.Kind {
	case event.StockCompared:
		var body event.Compared
		if err := journal.Decode(e.Body, &body); err != nil {
			return err
		}
		if body.Why == "" {
			a.judge(SIManifest, e, len(body.Manifest) > 0, "compared with no manifest")
			return a.known(body.Blanks)
		}
	case event.StockSettled:
		var body event.Resolution
		if err := journal.Decode(e.Body, &body); err != nil {
			return err
		}
		return a.known(body.Released)
	case event.StockWitnessed:
		var body event.Counted
		if err := journal.Decode(e.Body, &body); err != nil {
			return err
		}
		for _, s := range body.Serials {
			a.judge(SIManifest, e, a.manifest[s], fmt.Sprintf("blank %s stands in no manifest that was opened", s))
		}
	case event.StockLost, event.StockSpoiled, event.StockDestroyed:
		return a.removed(e)
	}
	return nil
}

func (a *auditor) known(rows []station.Range) error {
	serials, err := station.Listed(rows)
	for _, s := range serials {
		a.manifest[s] = true
	}
	return err
}

func (a *auditor) removed(e journal.Entry) error {
	var body event.Moved
	if err := journal.Decode(e.Body, &body); err != nil {
		return err
	}
	serials, err := station.Listed(body.Blanks)
	if err != nil {
		return err
	}
	switch e.Kind {
	case event.StockLost:
		a.judge(SILost, e, len(serials) > 0, "a loss without numbers")
	case event.StockDestroyed:
		ok := e.Blob != nil && len(body.Picture) > 0 && len(serials) > 0
		a.judge(SIDestroyed, e, ok, "destroyed without a picture")
	}
	for _, s := range serials {
		b := a.bookOf(string(s))
		b.spoiled = 0
		if e.Kind == event.StockSpoiled {
			b.spoiled, b.row = e.Time, Place(e)
		}
	}
	return nil
}

// ofDay judges the reconciliation: a day is closed before the next is opened, and its figures are those
// that the entries add up to here. A day ends without a close where an emergency took its key away.
func (a *auditor) ofDay(e journal.Entry) error {
	switch e.Kind {
	case event.DayOpened:
		var body event.Day
		if err := journal.Decode(e.Body, &body); err != nil {
			return err
		}
		if a.day != "" {
			a.failAt(SIReconciled, a.dayRow, "the day was not closed before the next was opened")
		}
		a.day, a.dayRow = body.Day, Place(e)
		a.book.begin()
	case event.StationPurged, event.NoticeTaken, event.StationResumed:
		a.day = ""
	case event.DayClosed:
		var body event.Day
		if err := journal.Decode(e.Body, &body); err != nil {
			return err
		}
		adds := a.book.figures
		same := body.Figures != nil && *body.Figures == adds && body.Counted == adds.Closing()
		why := fmt.Sprintf("closed with %d counted; the entries add up to %d", body.Counted, adds.Closing())
		a.judge(SIReconciled, e, same, why)
		a.day = ""
	}
	return nil
}
