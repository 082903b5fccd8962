package station

import (
	"fmt"
	"slices"
	"time"
)

// Withdraw ends a case before anybody decided on it, because its applicant asks for it or because
// it has become too old. The officer who enrolled does it, or one who may approve.
func (c Case) Withdraw(by Officer, now time.Time) (Case, error) {
	if err := c.at("withdraw", StageDraft, StageReturned, StageSubmitted); err != nil {
		return c, err
	}
	if err := by.May(RoleApprove, DateOf(now)); err != nil && by.KeyID != c.Enrolled {
		return c, fmt.Errorf("withdraw: %w", err)
	}
	c.Stage = StageRefused
	return c, nil
}

// Purge ends a case whose keys are being destroyed. It is possible at every stage.
func (c Case) Purge() Case {
	if c.Stage != StageClosed {
		c.Stage = StagePurged
	}
	return c
}

// LoseBlank takes the blank away that a notice of headquarters has revoked. The case waits for
// another one, as after a spoiled booklet.
func (c Case) LoseBlank() (Case, error) {
	if err := c.at("take the blank of", StageApproved, StageOrdered, StageProducing, StagePassed); err != nil {
		return c, err
	}
	c.Stage = StageSpoiled
	c.Spoiled = append(slices.Clone(c.Spoiled), c.Serial)
	return c, nil
}

// Older tells whether the case has been open for longer than the profile allows, at a time that has
// surely come.
func (c Case) Older(p Profile, now time.Time) bool {
	return c.Open() && now.Sub(time.Unix(c.Opened, 0)) > p.CaseAge()
}
