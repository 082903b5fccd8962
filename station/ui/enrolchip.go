package ui

import (
	"context"
	"strings"

	"padarozhnik/station"
	"padarozhnik/station/issuance"
)

// readOldChip reads the chip of the old passport on the reader, and shows what it proves.
func (w *Window) readOldChip() {
	d := w.deps.Desk
	w.capture("old chip", func(ctx context.Context, s issuance.Seat, t station.CaseToken) error {
		if d.Encoder == nil {
			return errNoDevice
		}
		_, err := d.ReadOldChip(ctx, s, t, nil)
		return err
	}, nil)
}

// chipWords says what the old passport's chip proves; nothing where it was not read.
func (e *enrol) chipWords(old *station.OldPassport) string {
	if old == nil || old.Chip == nil {
		return ""
	}
	words := []string{e.texts.word("ui.chip", string(old.Chip.Level))}
	if old.Chip.Reason != "" {
		words = append(words, old.Chip.Reason)
	}
	return "\n" + strings.Join(words, ": ")
}
