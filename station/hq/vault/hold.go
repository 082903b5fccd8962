package vault

import (
	"context"
	"maps"
	"slices"

	"padarozhnik/station"
	"padarozhnik/station/journal"
	"padarozhnik/station/journal/event"
)

// Causes for which an order waits. A station shows the sentence that belongs to the word.
const (
	CauseReview = "review" // two officers of headquarters look at the application
	CauseQuota  = "quota"  // the station has had its orders of the day or the month
)

// hold tells a station that an order has to wait, once.
func (v *Vault) hold(ctx context.Context, o *office, token station.CaseToken, cause string) error {
	if o.held[token] == cause {
		return nil
	}
	body := event.Held{Serial: o.cases[token].serial, Cause: cause}
	err := v.direct(ctx, o, directive{kind: event.OrderHeld, subject: string(token), body: body})
	if err != nil {
		return err
	}
	o.held[token] = cause
	v.Log.Warn("order held", "station", o.Charter.Station, "case", token, "cause", cause)
	return nil
}

// clear tells a station that a held order is on its way.
func (v *Vault) clear(ctx context.Context, o *office, token station.CaseToken) error {
	if _, waits := o.held[token]; !waits {
		return nil
	}
	body := event.Held{Serial: o.cases[token].serial}
	err := v.direct(ctx, o, directive{kind: event.OrderCleared, subject: string(token), body: body})
	if err == nil {
		delete(o.held, token)
	}
	return err
}

// ready lists the held cases whose cause may be over. They are tried again, in order of their tokens,
// and held again without a word if it is not.
func (v *Vault) ready(o *office) []station.CaseToken {
	var out []station.CaseToken
	for _, token := range slices.Sorted(maps.Keys(o.held)) {
		switch o.held[token] {
		case CauseReview:
			if v.Diary.verdictOn(token) == "" {
				continue
			}
		case CauseQuota:
			if o.Charter.Profile.Full(o.made, v.Now()) {
				continue
			}
		}
		out = append(out, token)
	}
	return out
}

// unseal opens a case after the diary says so. It returns the diary's entry.
func (v *Vault) unseal(
	ctx context.Context, o *office, token station.CaseToken, b journal.Blob, why string, into *station.Application,
) (journal.Hash, error) {
	id, err := v.Diary.opened(token, b, o.Charter.Station, why)
	if err != nil {
		return id, err
	}
	return id, v.open(ctx, b, event.PurposeCase, into)
}
