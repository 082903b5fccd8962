package ui

import (
	"errors"
	"time"

	"padarozhnik/station"
)

// verb names what can be done with a case. Its texts are ui.verb.NAME (on the button),
// ui.verb.NAME.title and ui.verb.NAME.says.
type verb string

const (
	verbEnrol       verb = "enrol" // fill in a draft
	verbSubmit      verb = "submit"
	verbReview      verb = "review" // see the application and decide
	verbApprove     verb = "approve"
	verbReturn      verb = "return"
	verbRefuse      verb = "refuse"
	verbOrder       verb = "order"
	verbSign        verb = "sign"    // with the office's own document signer
	verbPassOn      verb = "pass-on" // leave that to headquarters
	verbPersonalise verb = "personalise"
	verbPreview     verb = "preview" // the page, before ink falls
	verbExamine     verb = "examine"
	verbResolve     verb = "resolve"
	verbSpoil       verb = "spoil"
	verbInspect     verb = "inspect"
	verbHandOver    verb = "handover"
	verbWaste       verb = "waste" // of a finished book
	verbReceipt     verb = "receipt"
	verbClose       verb = "close"
	verbNone        verb = "none"
)

// next is what a case waits for: the verb that moves it on, and what else may be done instead.
type next struct {
	verb    verb
	instead []verb
	may     func(o station.Officer, now time.Time) error // the domain's answer, on a copy
}

// nextOf finds what a case waits for. The stages and states are the domain's; so is the answer who
// may act.
func nextOf(c station.Case, book station.Booklet) next {
	switch c.Stage {
	case station.StageDraft, station.StageReturned:
		return next{verbEnrol, []verb{verbSubmit}, c.Edit}
	case station.StageSubmitted, station.StageSpoiled:
		return next{verbReview, nil, c.MayDecide}
	case station.StageApproved:
		return next{verbOrder, nil, anybody}
	case station.StageOrdered, station.StageProducing:
		return nextOfBooklet(c, book)
	case station.StagePassed:
		return next{verbHandOver, []verb{verbWaste}, c.MayHandOver}
	case station.StageHanded:
		return next{verbClose, []verb{verbReceipt}, anybody}
	case station.StageRefused:
		return next{verbClose, nil, anybody}
	}
	return next{verbNone, nil, nobody}
}

func nextOfBooklet(c station.Case, book station.Booklet) next {
	switch book.State {
	case station.StateInking:
		return next{verbResolve, []verb{verbExamine, verbPreview}, looksAt}
	case station.StatePrinted:
		return next{verbInspect, []verb{verbPreview, verbSpoil}, c.MayInspect}
	}
	produce := next{verbPersonalise, []verb{verbPreview}, func(o station.Officer, now time.Time) error {
		_, err := c.Produce(o, now)
		return err
	}}
	if book.State != station.StateReserved {
		produce.instead = []verb{verbPreview, verbExamine, verbSpoil}
	}
	return produce
}

func anybody(station.Officer, time.Time) error { return nil }

func nobody(station.Officer, time.Time) error { return station.ErrStage }

// looksAt allows those who may resolve what became of a booklet.
func looksAt(o station.Officer, now time.Time) error {
	today := station.DateOf(now)
	if o.May(station.RoleOperate, today) == nil {
		return nil
	}
	return o.May(station.RoleInspect, today)
}

// refusal is the domain's reason why an officer may not do what comes next. A missing role is named
// before a missing second person: it says more.
func (n next) refusal(o *station.Officer, now time.Time) error {
	if o == nil {
		return station.ErrRole
	}
	return n.may(*o, now)
}

// who lists the officers of a charter who may do what comes next.
func (n next) who(c station.Charter, now time.Time) []string {
	var out []string
	for _, o := range c.Officers {
		if n.may(o, now) == nil {
			out = append(out, o.Pseudonym)
		}
	}
	return out
}

// place says where a stage stands among station.Stages, and whether the case has left the straight
// way there.
func place(s station.Stage) (at int, trouble bool) {
	switch s {
	case station.StageReturned:
		s, trouble = station.StageDraft, true
	case station.StageRefused:
		s, trouble = station.StageSubmitted, true
	case station.StageSpoiled:
		s, trouble = station.StageProducing, true
	}
	for i, each := range station.Stages() {
		if each == s {
			return i, trouble
		}
	}
	return 0, true
}

// lacking lists the fields that an error says are missing, or may not be filled.
func lacking(err error) []station.Missing {
	var incomplete *station.IncompleteError
	var unlisted *station.UnlistedError
	switch {
	case errors.As(err, &incomplete):
		return incomplete.Missing
	case errors.As(err, &unlisted):
		return unlisted.Fields
	}
	return nil
}
