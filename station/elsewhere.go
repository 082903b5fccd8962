package station

import "time"

// DecidedElsewhere tells whether a charter leaves decisions on its station's cases to another office.
func (c Charter) DecidedElsewhere() bool {
	return c.Profile.Approver != "" && c.Profile.Approver != c.Station
}

// Accept binds a blank to a case that an officer of another office approved. Who that was, headquarters
// knows and has checked.
func (c Case) Accept(blank Serial) (Case, error) {
	if err := c.at("accept", StageSubmitted); err != nil {
		return c, err
	}
	if err := blank.Check(); err != nil {
		return c, err
	}
	c.Stage, c.Serial, c.Operated, c.Passed = StageApproved, blank, "", ""
	return c, nil
}

// Reject ends a case that an officer of another office refused.
func (c Case) Reject() (Case, error) {
	if err := c.at("reject", StageSubmitted); err != nil {
		return c, err
	}
	c.Stage = StageRefused
	return c, nil
}

// Reopen gives a case back to the officer who enrolled: another office returned it, or its finished book
// was wrong.
func (c Case) Reopen() (Case, error) {
	if c.Asked {
		c, err := c.Correct()
		c.Asked = err != nil
		return c, err
	}
	if err := c.at("reopen", StageSubmitted); err != nil {
		return c, err
	}
	c.Stage = StageReturned
	return c, nil
}

// Leave ends a visiting case at the office that decided on it.
func (c Case) Leave(by Officer, reason string, now time.Time) (Case, error) {
	if err := c.MayDecide(by, now); err != nil {
		return c, err
	}
	if err := checkReason(reason); err != nil {
		return c, err
	}
	c.Stage, c.Approved = StageClosed, by.KeyID
	return c, nil
}
