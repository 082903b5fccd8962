package setup

import (
	"context"
	"errors"

	"padarozhnik/station"
	"padarozhnik/station/issuance"
	"padarozhnik/station/mrz"
)

// Reported tells whether headquarters has reported the book of a zone lost, by the notices that the
// office carries, and the word for why. It needs no token and no network. known is false for a book of
// another state, of which those notices do not speak.
func Reported(ctx context.Context, c Config, zone mrz.Document) (reason string, lost, known bool, err error) {
	_, charter, err := readCharter(c)
	if err != nil || zone.Issuer != charter.Profile.IssuingState {
		return "", false, false, err
	}
	store, err := OpenStore(ctx, c)
	if err != nil {
		return "", false, false, err
	}
	reason, lost, err = issuance.Reported(ctx, store, station.Serial(zone.Number))
	return reason, lost, true, errors.Join(err, store.Close())
}
