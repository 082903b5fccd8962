package station

import (
	"fmt"
	"slices"
	"time"
)

// Custody is where the applicant's old passport went.
type Custody string

// Custodies of an old passport. It stays with its holder unless there is a reason.
const (
	CustodyNone     Custody = "none"     // there was none
	CustodyHolder   Custody = "holder"   // stays with the holder
	CustodyKept     Custody = "kept"     // the office keeps it
	CustodyReturned Custody = "returned" // the office kept it and gave it back
)

// Custodies lists them.
func Custodies() []Custody {
	return []Custody{CustodyNone, CustodyHolder, CustodyKept, CustodyReturned}
}

// Handing is what an officer confirms when a passport is given away.
type Handing struct {
	Present bool    // who collects stands at the desk
	Match   bool    // their face is the chip's picture: of the holder
	Checked bool    // they read the data and found nothing wrong
	Chip    bool    // it was read at the desk and is authentic
	Proxy   string  // number of the document of a registered proxy who collects; "" for the holder
	Old     Custody // of the old passport
}

// check refuses a hand-over of which something was not confirmed. A proxy's face is compared with their
// own document, which is what Match then says.
func (h Handing) check() error {
	for _, need := range []struct {
		field string
		ok    bool
	}{
		{"present", h.Present}, {"match", h.Match}, {"checked", h.Checked}, {"chip", h.Chip},
	} {
		if !need.ok {
			return &IncompleteError{[]Missing{{"handover." + need.field, ErrIncomplete}}}
		}
	}
	if !slices.Contains(Custodies(), h.Old) {
		return fmt.Errorf("old passport: %w", ErrMalformed)
	}
	return nil
}

// MayHandOver allows an officer of the counter who did not make the book.
func (c Case) MayHandOver(by Officer, now time.Time) error {
	if err := c.at("hand over", StagePassed); err != nil {
		return err
	}
	if err := by.May(RoleEnrol, DateOf(now)); err != nil {
		return err
	}
	if by.KeyID == c.Operated {
		return fmt.Errorf("hand over: %w", ErrSamePerson)
	}
	return nil
}

// HandOver gives the passport to its holder, or to a proxy who was registered in person. proxies are
// those of the application.
func (c Case) HandOver(by Officer, h Handing, proxies []Proxy, now time.Time) (Case, error) {
	if err := c.MayHandOver(by, now); err != nil {
		return c, err
	}
	if h.Proxy != "" && !slices.ContainsFunc(proxies, func(x Proxy) bool { return x.Is(h.Proxy) }) {
		return c, fmt.Errorf("hand over: %w", ErrProxy)
	}
	if err := h.check(); err != nil {
		return c, fmt.Errorf("hand over: %w", err)
	}
	c.Stage, c.Handed = StageHanded, by.KeyID
	return c, nil
}

// Uncollected tells whether a finished book has waited for its holder longer than the profile allows.
func (c Case) Uncollected(p Profile, now time.Time) bool {
	return c.Stage == StagePassed && c.Ready != 0 && now.Sub(time.Unix(c.Ready, 0)) > p.CollectTime()
}

// MayWasteFinished allows two officers to make a finished book unusable: one of them inspects or is a
// custodian, and neither does it twice.
func (c Case) MayWasteFinished(first, second Officer, now time.Time) error {
	if err := c.at("spoil the finished book of", StagePassed); err != nil {
		return err
	}
	if first.KeyID == second.KeyID {
		return fmt.Errorf("spoil a finished book: %w", ErrSamePerson)
	}
	today := DateOf(now)
	trusted := false
	for _, o := range []Officer{first, second} {
		if len(o.Roles) == 0 {
			return fmt.Errorf("%s: %w", o.Pseudonym, ErrRole)
		}
		if err := o.May(o.Roles[0], today); err != nil {
			return err
		}
		trusted = trusted || o.May(RoleInspect, today) == nil || o.May(RoleCustody, today) == nil
	}
	if !trusted {
		return fmt.Errorf("spoil a finished book: inspector or custodian: %w", ErrRole)
	}
	return nil
}

// Abandon ends a case whose holder never came for the book.
func (c Case) Abandon() (Case, error) {
	if err := c.at("abandon", StagePassed); err != nil {
		return c, err
	}
	c.Stage = StageRefused
	c.Spoiled = append(slices.Clone(c.Spoiled), c.Serial)
	return c, nil
}

// Correct opens a case again whose finished book was wrong: its application comes back to the officer who
// enrolled, with what is wrong, and another approval and another blank follow.
func (c Case) Correct() (Case, error) {
	if err := c.at("correct", StageSpoiled); err != nil {
		return c, err
	}
	c.Stage, c.Serial, c.Approved, c.Operated, c.Passed, c.Ready = StageReturned, "", "", "", "", 0
	return c, nil
}
