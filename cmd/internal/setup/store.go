package setup

import (
	"context"
	"errors"
	"os"

	"padarozhnik/station/issuance"
	"padarozhnik/station/sqlite"
	"padarozhnik/station/token"
)

// OpenStore opens the store of a configuration, which needs no token. A purge that was cut off is
// completed before anything else.
func OpenStore(ctx context.Context, c Config) (*sqlite.Store, error) {
	store, err := sqlite.Open(ctx, c.Store)
	if err != nil {
		return nil, err
	}
	if err := issuance.FinishPurge(ctx, store); err != nil {
		return nil, errors.Join(err, store.Close())
	}
	return store, nil
}

// onStick is a token in a file, which is pulled out when its file is gone: officers carry it on a
// stick.
type onStick struct {
	*token.File
	path string
}

// Present implements issuance.Pluggable.
func (s *onStick) Present() bool {
	_, err := os.Stat(s.path)
	return err == nil
}
