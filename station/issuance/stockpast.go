package issuance

import (
	"padarozhnik/station"
	"padarozhnik/station/journal"
	"padarozhnik/station/journal/event"
)

// takeStock lets entries about the stock move blanks. done is false for entries that are about something
// else.
func (f *foundation) takeStock(e journal.Entry) (done bool, err error) {
	moves := map[string]station.State{
		event.StockSent: station.StateInTransit, event.StockLost: station.StateLost,
		event.StockSpoiled: station.StateSpoiled, event.StockDestroyed: station.StateDestroyed,
	}
	if to, ok := moves[e.Kind]; ok {
		var body event.Moved
		if err := journal.Decode(e.Body, &body); err != nil {
			return true, err
		}
		return true, f.moveAll(body.Blanks, to)
	}
	switch e.Kind {
	case event.StockWitnessed:
		var body event.Counted
		if err := journal.Decode(e.Body, &body); err != nil {
			return true, err
		}
		for _, serial := range body.Serials {
			f.move(serial, station.StateAvailable, "")
		}
		return true, nil
	case event.StockCompared:
		return true, f.compared(e)
	case event.StockSettled:
		var body event.Resolution
		if err := journal.Decode(e.Body, &body); err != nil {
			return true, err
		}
		if err := f.moveAll(body.Released, station.StateReceived); err != nil {
			return true, err
		}
		return true, f.moveAll(body.Lost, station.StateLost)
	case event.StationResumed:
		for serial, b := range f.books {
			if waits(b.State) {
				f.move(serial, station.StateAllocated, "")
			}
		}
		return true, nil
	}
	return false, nil
}

// waits tells whether a blank in this state has to be counted again on new hardware: nobody believes a
// stock whose station was lost.
func waits(s station.State) bool {
	return s == station.StateAvailable || s == station.StateReceived
}

func (f *foundation) moveAll(rows []station.Range, to station.State) error {
	serials, err := station.Listed(rows)
	if err != nil {
		return err
	}
	for _, s := range serials {
		f.move(s, to, f.book(s).Case)
	}
	return nil
}

// compared takes in how a bag came out. A blank that a notice had revoked before stays revoked.
func (f *foundation) compared(e journal.Entry) error {
	var body event.Compared
	if err := journal.Decode(e.Body, &body); err != nil {
		return err
	}
	to := station.StateReceived
	if body.Why != "" {
		to = station.StateQuarantined
	}
	for _, part := range []struct {
		rows  []station.Range
		extra bool
	}{{body.Blanks, false}, {body.Extra, true}} {
		serials, err := station.Listed(part.rows)
		if err != nil {
			return err
		}
		for _, s := range serials {
			known := f.book(s).State
			if part.extra && known != "" || known == station.StateRevoked {
				continue
			}
			f.move(s, to, "")
		}
	}
	return nil
}
