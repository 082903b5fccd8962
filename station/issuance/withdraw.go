package issuance

import (
	"context"
	"fmt"

	"padarozhnik/station"
	"padarozhnik/station/journal/event"
)

// Withdraw ends a case that nobody has decided on: its applicant takes the consent back, or the case
// has become too old. The station's copy and its key are destroyed, and the journal says so.
func (d *Desk) Withdraw(ctx context.Context, seat Seat, token station.CaseToken) error {
	err := d.Store.Update(ctx, func(tx Tx) error {
		f, err := tx.Folder(token)
		if err != nil {
			return err
		}
		if f.Case, err = f.Case.Withdraw(seat.Officer, d.Now()); err != nil {
			return err
		}
		if err := d.shred(tx, seat.Key, &f, event.CauseWithdrawn); err != nil {
			return err
		}
		if err := tx.PutFolder(f); err != nil {
			return err
		}
		return d.record(tx, seat.Key, fact{kind: event.CaseWithdrawn, subject: string(token)})
	})
	if err != nil {
		return fmt.Errorf("withdraw case %s: %w", token, err)
	}
	return d.Store.Scrub(ctx)
}
