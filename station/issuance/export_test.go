package issuance

import (
	"context"
	"crypto/ecdsa"

	"padarozhnik/printing/inspection"
	"padarozhnik/station/journal"
)

// KeyOf finds who may sign on the station's chain.
func (d *Desk) KeyOf(e journal.Entry) (*ecdsa.PublicKey, error) { return d.keyOf(e) }

// NoteShift keeps where an inspected page lay.
func (d *Desk) NoteShift(ctx context.Context, p inspection.Position) error {
	return d.noteShift(ctx, p)
}
