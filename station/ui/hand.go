package ui

import (
	"context"
	"sync"

	"padarozhnik/station"
	"padarozhnik/station/issuance"
)

// hand asks the officer at the window to move a booklet. It implements issuance.Hand.
type hand struct{ w *Window }

// Hand returns the hand of an office in which people move booklets: a verb that needs one somewhere
// says so above the status line and goes on when the officer confirms.
func (w *Window) Hand() issuance.Hand { return hand{w} }

// Put implements issuance.Hand. It is called by the goroutine of a verb.
func (h hand) Put(ctx context.Context, serial station.Serial, at issuance.Spot) error {
	return h.w.await(ctx, func(t texts) string { return t.text("ui.put."+string(at), serial) })
}

// await says above the status line what the officer does with their hands, and returns when they say that it is
// done. It is called by the goroutine of a verb.
func (w *Window) await(ctx context.Context, says func(texts) string) error {
	there := make(chan struct{})
	confirm := sync.OnceFunc(func() { close(there) })
	w.tasks.onScreen(func() {
		w.prompt = says(w.texts)
		w.there = func() {
			w.prompt, w.there = "", nil
			w.strip.ask("", nil)
			confirm()
		}
		w.strip.ask(w.prompt, w.there)
	})
	select {
	case <-there:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
