package training

import (
	"context"

	"padarozhnik/station"
)

// Clear plays the two officers of headquarters who look at an order that waits because the applicant may
// have another case: in training the same invented person comes again and again. Any two tokens do there.
func (o *Office) Clear(ctx context.Context, token station.CaseToken) error {
	return o.run(ctx, "headquarters", "vault", "review", string(token), "--clear", "training",
		"--officer", o.Token("I-01"), "--officer", o.Token("C-01"))
}
