package issuance

import (
	"context"
	"crypto/ecdsa"

	"padarozhnik/station/journal"
)

// KeyOf finds who may sign on the station's chain.
func (d *Desk) KeyOf(e journal.Entry) (*ecdsa.PublicKey, error) { return d.keyOf(e) }

// Join is join, which no Source that keeps its promises can show everything.
var Join = join

// MayTake refuses to take a blank while a count of the safe differs from the record.
func (d *Desk) MayTake(ctx context.Context) error { return d.mayTake(ctx) }
