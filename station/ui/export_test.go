package ui

import (
	"time"

	"padarozhnik/station"
	"padarozhnik/station/issuance"
)

// NextWithDraft is what a case with the draft of an order waits for, what may be done instead, and
// whether an officer may go on.
func NextWithDraft(c station.Case, d issuance.Draft, o station.Officer, now time.Time) (string, []string, error) {
	n := (&file{Case: c, draft: d}).next()
	var instead []string
	for _, v := range n.instead {
		instead = append(instead, string(v))
	}
	return string(n.verb), instead, n.refusal(&o, now)
}

// AskSign opens the question for the signer's PIN.
func (w *Window) AskSign() { w.askSign() }

// Concurrently has workers run as begin says and hand what they want on the screen to do.
func (w *Window) Concurrently(begin, do func(func())) { w.tasks.begin, w.tasks.onScreen = begin, do }

// Attend looks whether somebody is at work, as the window does by itself every two seconds.
func (w *Window) Attend() { w.attend() }
