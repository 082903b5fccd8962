package devices

import (
	"context"
	"errors"
	"fmt"
	"time"

	"padarozhnik/station/pki"
)

// Persist personalises one chip in up to tries attempts. Where the chip was torn from the field it
// waits until a chip lies on the reader again, tells so through again, and goes on where the bytes
// end. It returns ErrSpoiled, with the last cause, when the tries are used up or the chip says that
// it cannot be brought to its end; every other error is returned as it comes.
func Persist(ctx context.Context, e Encoder, tries int, o ChipOrder, trust *pki.TrustStore, now time.Time,
	report Report, again func(cause error)) (ChipProof, error) {
	for n := 1; ; n++ {
		proof, err := e.Personalise(ctx, o, trust, now, report)
		torn := errors.Is(err, ErrChipRemoved)
		switch {
		case !torn && n > 1 && errors.Is(err, ErrCannotHold):
			return proof, fmt.Errorf("%w: %w", ErrSpoiled, err) // the beginning that lies there is in the way
		case !torn:
			return proof, err
		case n >= tries:
			return proof, fmt.Errorf("%w after %d tries: %w", ErrSpoiled, n, err)
		}
		if again != nil {
			again(err)
		}
		if err := e.Wait(ctx); err != nil {
			return proof, err
		}
	}
}
