package ui_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/widget"

	"padarozhnik/resources"
	"padarozhnik/station/issuance"
	"padarozhnik/station/ui"
)

// TestGate opens the station by its own secret: a wrong one is said and forgotten, an office without a window is
// said too, and what opens lets the gate close.
func TestGate(t *testing.T) {
	a := test.NewTempApp(t)
	var tried []string
	opened := 0
	clock := noon
	now := func(f func()) { f() }
	d := ui.Deps{Language: "be", Go: now, Do: now, Now: func() time.Time { return clock }}
	g := must(ui.NewGate(a, d, func(_ context.Context, secret []byte) error {
		tried = append(tried, string(secret))
		if string(secret) != "right" {
			return issuance.ErrPassphrase
		}
		return nil
	}, func() error {
		if opened++; opened == 1 {
			return issuance.ErrNoToken
		}
		return nil
	}))(t)
	closed := false
	g.Fyne().SetOnClosed(func() { closed = true })
	words := must(resources.Texts("be"))(t)
	var secret *widget.Entry
	says := func(key string) (found bool) {
		shown(g.Fyne().Canvas(), func(each fyne.CanvasObject) {
			switch v := each.(type) {
			case *widget.Label:
				found = found || v.Text == words[key]
			case *widget.Entry:
				secret = v
			}
		})
		return found
	}
	if !says("ui.gate.says") || secret == nil {
		t.Fatal("nothing is asked")
	}
	if g.Fyne().Canvas().Focused() != secret {
		t.Error("nobody can type at once")
	}
	give := func(s string) {
		test.Type(secret, s)
		secret.TypedKey(&fyne.KeyEvent{Name: fyne.KeyReturn})
		clock = clock.Add(time.Minute)
	}
	give("wrong")
	if !says("cure.passphrase") || secret.Text != "" || closed {
		t.Error("a wrong secret is not said, or kept")
	}
	give("right")
	if !says("cure.no-token") || closed {
		t.Error("an office without a window is not said")
	}
	give("right")
	if !closed || !slices.Equal(tried, []string{"wrong", "right", "right"}) {
		t.Errorf("closed %v, tried %q", closed, tried)
	}
}
